//! Reading bytes in order. A length is checked against what is left before it is used for anything.

use std::fmt;

use super::error::{DecodeError, DecodeFault};

#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
    length: usize,
}

impl fmt::Debug for Cursor<'_> {
    /// Shows the place and nothing of what is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor").field("left", &self.rest.len()).field("length", &self.length).finish()
    }
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(buffer: &'a [u8]) -> Self {
        Self { rest: buffer, length: buffer.len() }
    }

    /// Begins at `offset`, which may be the end and nothing behind it.
    pub(crate) fn at(buffer: &'a [u8], offset: usize) -> Result<Self, DecodeError> {
        match buffer.get(offset..) {
            Some(rest) => Ok(Self { rest, length: buffer.len() }),
            None => Err(DecodeError::new(DecodeFault::UnexpectedEnd, buffer.len())),
        }
    }

    pub(crate) const fn offset(&self) -> usize {
        self.length - self.rest.len()
    }

    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Goes on at `offset`, if that is ahead.
    pub(super) fn skip_to(&mut self, offset: usize) {
        let ahead = offset.saturating_sub(self.offset());
        self.rest = self.rest.get(ahead..).unwrap_or_default();
    }

    /// Leaves nothing to be read.
    pub(super) const fn finish(&mut self) {
        self.rest = &[];
    }

    pub(crate) const fn error(&self, fault: DecodeFault) -> DecodeError {
        DecodeError::new(fault, self.offset())
    }

    /// The next byte, without taking it.
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Takes the next byte if it is `tag`.
    pub(crate) fn take_if(&mut self, tag: u8) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == tag => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Takes the next byte, which must be `tag`.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<(), DecodeError> {
        match self.rest.split_first() {
            Some((first, rest)) if *first == tag => {
                self.rest = rest;
                Ok(())
            }
            Some((first, _)) => Err(self.error(DecodeFault::UnexpectedTag(*first))),
            None => Err(self.error(DecodeFault::UnexpectedEnd)),
        }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.rest.split_first_chunk::<N>() {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(*bytes)
            }
            None => Err(self.error(DecodeFault::UnexpectedEnd)),
        }
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// Takes bytes that follow their length.
    pub(super) fn sized(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.u32()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// Takes so many bytes.
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        match self.rest.split_at_checked(length) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => Err(self.error(DecodeFault::UnexpectedEnd)),
        }
    }
}
