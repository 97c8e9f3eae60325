//! The place that a row is written to: bytes of exactly its length.
//!
//! A place holds what is left of it, so that a loop over cells keeps both its ends in registers; a `Vec` that grows would
//! load and store its length, and ask its capacity, with every append.

/// Bytes that are written from front to back, as many as [`Encode::encoded_len`](super::Encode::encoded_len) says.
#[derive(Debug)]
pub struct Place<'a>(&'a mut [u8]);

/// Why writing cannot fail.
const EXACT: &str = "a place is as long as what is written to it";

impl<'a> Place<'a> {
    /// The last `len` bytes of `out`, which grows by them.
    pub(super) fn at_end(out: &'a mut Vec<u8>, len: usize) -> Self {
        let start = out.len();
        out.resize(start + len, 0);
        Self(out.split_at_mut(start).1)
    }

    /// Writes bytes whose number is known when the program is compiled.
    #[inline(always)]
    pub(super) fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        let (to, rest) = std::mem::take(&mut self.0).split_first_chunk_mut().expect(EXACT);
        *to = bytes;
        self.0 = rest;
    }

    /// Writes any bytes.
    #[inline(always)]
    pub(super) fn put_slice(&mut self, bytes: &[u8]) {
        let (to, rest) = std::mem::take(&mut self.0).split_at_mut_checked(bytes.len()).expect(EXACT);
        to.copy_from_slice(bytes);
        self.0 = rest;
    }

    /// To be called after the last byte.
    #[inline(always)]
    pub(super) fn end(self) {
        debug_assert!(self.0.is_empty(), "{EXACT}");
    }
}
