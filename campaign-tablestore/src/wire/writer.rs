//! Writes a message with rows in it in one pass.

use bytes::Bytes;
use campaign_client::{Error, Result};
use prost::{
    Message,
    encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len},
};

use crate::plain_buffer::{Encode, append};

/// Writes the fields of a message, or counts what they take.
///
/// Fields must be written in the order of their numbers: that is how the official SDKs send them.
pub(crate) struct Writer {
    out: Option<Vec<u8>>,
    len: usize,
    lengths: Lengths,
}

/// The lengths of the rows and messages inside the message, in the order in which they begin: counted in the first pass,
/// taken in the second. Most messages have one, and allocate nothing for it.
#[derive(Default)]
struct Lengths {
    first: Option<usize>,
    others: Vec<usize>,
    taken: usize,
}

impl Lengths {
    /// Keeps a place for the next one.
    fn begin(&mut self) -> usize {
        self.taken += 1;
        if self.taken == 1 {
            self.first = Some(0);
        } else {
            self.others.push(0);
        }
        self.taken - 1
    }

    fn end(&mut self, place: usize, len: usize) {
        match place.checked_sub(1) {
            None => self.first = Some(len),
            Some(place) => {
                if let Some(kept) = self.others.get_mut(place) {
                    *kept = len;
                }
            }
        }
    }

    /// The next one.
    fn take(&mut self) -> usize {
        self.taken += 1;
        match self.taken.checked_sub(2) {
            None => self.first.unwrap_or_default(),
            Some(place) => self.others.get(place).copied().unwrap_or_default(),
        }
    }
}

/// The longest message that the service takes, in bytes (service document "Limits").
const MAX_MESSAGE_BYTES: usize = 5 << 20;

/// The bytes of the message whose fields `fields` writes: once to count, once into a buffer of that size.
pub(crate) fn message(fields: impl Fn(&mut Writer)) -> Result<Bytes> {
    let mut counter = Writer { out: None, len: 0, lengths: Lengths::default() };
    fields(&mut counter);
    if counter.len > MAX_MESSAGE_BYTES {
        return Err(Error::invalid(format!("the message has {} bytes; Table Store takes at most 5 MB", counter.len)));
    }
    let lengths = Lengths { taken: 0, ..counter.lengths };
    let mut writer = Writer { out: Some(Vec::with_capacity(counter.len)), len: 0, lengths };
    fields(&mut writer);
    let out = writer.out.unwrap_or_default();
    debug_assert_eq!(out.len(), counter.len, "both passes write the same");
    Ok(out.into())
}

impl Writer {
    /// A text.
    #[inline]
    pub(crate) fn string(&mut self, tag: u32, text: &str) {
        self.bytes(tag, text.as_bytes());
    }

    /// A text, if there is one.
    #[inline]
    pub(crate) fn optional_string(&mut self, tag: u32, text: Option<&str>) {
        self.optional_bytes(tag, text.map(str::as_bytes));
    }

    /// Texts, a field each.
    pub(crate) fn strings<T: AsRef<str>>(&mut self, tag: u32, texts: &[T]) {
        for text in texts {
            self.string(tag, text.as_ref());
        }
    }

    /// Bytes.
    #[inline]
    pub(crate) fn bytes(&mut self, tag: u32, bytes: &[u8]) {
        self.sized(tag, bytes.len(), |out| out.extend_from_slice(bytes));
    }

    /// Bytes, if there are any given.
    #[inline]
    pub(crate) fn optional_bytes(&mut self, tag: u32, bytes: Option<&[u8]>) {
        if let Some(bytes) = bytes {
            self.bytes(tag, bytes);
        }
    }

    /// A row or key as PlainBuffer.
    #[inline]
    pub(crate) fn row<R: Encode + ?Sized>(&mut self, tag: u32, row: &R) {
        let len = if self.out.is_some() {
            self.lengths.take()
        } else {
            let (place, len) = (self.lengths.begin(), row.encoded_len());
            self.lengths.end(place, len);
            len
        };
        self.sized(tag, len, |out| append(row, len, out));
    }

    /// A message whose fields `fields` writes.
    pub(crate) fn nested(&mut self, tag: u32, fields: impl FnOnce(&mut Self)) {
        if self.out.is_some() {
            let len = self.lengths.take();
            self.sized(tag, len, |_| {});
            fields(self);
        } else {
            let (place, before) = (self.lengths.begin(), self.len);
            fields(self);
            let len = self.len - before;
            self.lengths.end(place, len);
            self.len = before;
            self.sized(tag, len, |_| {});
        }
    }

    /// A message.
    #[inline]
    pub(crate) fn message(&mut self, tag: u32, message: &impl Message) {
        self.sized(tag, message.encoded_len(), |out| message.encode_raw(out));
    }

    /// A message, if there is one.
    pub(crate) fn optional_message(&mut self, tag: u32, message: Option<&impl Message>) {
        if let Some(message) = message {
            self.message(tag, message);
        }
    }

    /// A number, if there is one.
    pub(crate) fn optional_int(&mut self, tag: u32, value: Option<i64>) {
        if let Some(value) = value {
            self.int(tag, value);
        }
    }

    /// A number or the number of an enum value.
    pub(crate) fn int(&mut self, tag: u32, value: i64) {
        // Negative numbers take ten bytes, as proto2 has it.
        let bits = value.cast_unsigned();
        match &mut self.out {
            None => self.len += key_len(tag) + encoded_len_varint(bits),
            Some(out) => {
                encode_key(tag, WireType::Varint, out);
                encode_varint(bits, out);
            }
        }
    }

    #[inline]
    fn sized(&mut self, tag: u32, len: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let Some(out) = &mut self.out else {
            self.len += key_len(tag) + encoded_len_varint(len as u64) + len;
            return;
        };
        let tag = (u64::from(tag) << 3) | WireType::LengthDelimited as u64;
        match (u8::try_from(tag), u8::try_from(len)) {
            // Most numbers here take one byte.
            (Ok(tag @ 0..0x80), Ok(len @ 0..0x80)) => out.extend_from_slice(&[tag, len]),
            _ => {
                encode_varint(tag, out);
                encode_varint(len as u64, out);
            }
        }
        write(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_those_of_protobuf() {
        let bytes = message(|w| {
            w.string(1, "ab");
            w.int(2, 150);
            w.int(3, -1);
            w.optional_string(4, None);
            w.strings(5, &["x", "y"]);
        })
        .unwrap();
        assert_eq!(
            &bytes[..],
            [
                0x0a, 2, b'a', b'b', 0x10, 0x96, 1, 0x18, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0x2a, 1,
                b'x', 0x2a, 1, b'y'
            ]
        );
    }

    #[test]
    fn messages_inside_messages_have_their_lengths_before_them() {
        let key = crate::PrimaryKey::new().with("id", "a");
        let row = key.to_bytes();
        let long = "x".repeat(200);
        let bytes = message(|w| {
            w.nested(1, |w| {
                w.row(1, &key);
                w.nested(2, |w| w.string(1, &long));
                w.nested(3, |_| {});
            });
            w.row(2, &key);
        })
        .unwrap();
        let field = |tag: u8, content: &[u8]| {
            let mut out = vec![tag << 3 | 2];
            encode_varint(content.len() as u64, &mut out);
            out.extend_from_slice(content);
            out
        };
        let inner = [field(1, &row), field(2, &field(1, long.as_bytes())), field(3, b"")].concat();
        assert_eq!(bytes, [field(1, &inner), field(2, &row)].concat());
    }

    #[test]
    fn a_message_that_the_service_would_not_take_is_not_built() {
        let megabyte = vec![0; 1 << 20];
        let build = |times: u32| message(|w| (0..times).for_each(|_| w.bytes(1, &megabyte)));
        assert!(build(4).is_ok());
        assert_eq!(build(5).unwrap_err().kind(), campaign_client::ErrorKind::Invalid);
    }
}
