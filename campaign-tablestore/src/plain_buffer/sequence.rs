//! The place of a change in its stream, which a row carries in its extension.

use super::cursor::Cursor;
use super::error::{DecodeError, DecodeFault};
use super::tag;

/// The place of a change among the changes of its shard: later ones are greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence {
    /// Counts up when the shard moves to another server.
    pub epoch: i32,
    /// When it was made, in microseconds since 1970-01-01 UTC.
    pub timestamp: i64,
    /// Its number among the rows that one request changed.
    pub row_index: i32,
}

impl Sequence {
    /// Reads the parts of an extension; those that nobody knows are passed over.
    pub(super) fn read(extension: &[u8]) -> Result<Option<Self>, DecodeError> {
        let mut parts = Cursor::new(extension);
        let mut sequence = None;
        while parts.peek().is_some() {
            let is_sequence = parts.u8()? == tag::SEQUENCE;
            let part = parts.sized()?;
            if is_sequence {
                sequence = Some(Self::read_part(part)?);
            }
        }
        Ok(sequence)
    }

    fn read_part(part: &[u8]) -> Result<Self, DecodeError> {
        let mut part = Cursor::new(part);
        part.expect(tag::SEQUENCE_EPOCH)?;
        let epoch = i32::from_le_bytes(part.array()?);
        part.expect(tag::SEQUENCE_TIMESTAMP)?;
        let timestamp = i64::from_le_bytes(part.array()?);
        part.expect(tag::SEQUENCE_ROW_INDEX)?;
        let row_index = i32::from_le_bytes(part.array()?);
        if part.peek().is_some() {
            return Err(part.error(DecodeFault::BadLength));
        }
        Ok(Self { epoch, timestamp, row_index })
    }

    /// Puts the extension into `row`, a buffer of exactly one row without one. No checksum covers it.
    #[cfg(feature = "server")]
    pub(crate) fn put_into(self, row: &mut Vec<u8>) {
        let end = row.split_off(row.len().saturating_sub(ROW_END));
        let (epoch, timestamp, row_index) =
            (self.epoch.to_le_bytes(), self.timestamp.to_le_bytes(), self.row_index.to_le_bytes());
        row.push(tag::EXTENSION);
        row.extend_from_slice(&(1 + 4 + PART).to_le_bytes());
        row.push(tag::SEQUENCE);
        row.extend_from_slice(&PART.to_le_bytes());
        for (tag, bytes) in [
            (tag::SEQUENCE_EPOCH, epoch.as_slice()),
            (tag::SEQUENCE_TIMESTAMP, timestamp.as_slice()),
            (tag::SEQUENCE_ROW_INDEX, row_index.as_slice()),
        ] {
            row.push(tag);
            row.extend_from_slice(bytes);
        }
        row.extend_from_slice(&end);
    }
}

/// Bytes of the sequence in an extension: three tags, two numbers of four bytes and one of eight.
#[cfg(feature = "server")]
const PART: u32 = 3 + 4 + 8 + 4;

/// Bytes behind the extension: the tag of the row's checksum and the checksum.
#[cfg(feature = "server")]
const ROW_END: usize = 2;

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::plain_buffer::{Encode, decode_record};
    use crate::{PrimaryKey, RowUpdate};

    const SEQUENCE: Sequence = Sequence { epoch: -1, timestamp: i64::MAX, row_index: 7 };

    fn record() -> Vec<u8> {
        let mut bytes = RowUpdate::new(PrimaryKey::new().with("id", "a")).put("n", 1).to_bytes();
        SEQUENCE.put_into(&mut bytes);
        bytes
    }

    #[test]
    fn a_sequence_is_read_as_it_was_put_and_parts_that_nobody_knows_are_passed_over() {
        assert_eq!(decode_record(&record()).unwrap().1, Some(SEQUENCE));
        assert_eq!(Sequence::read(&[]), Ok(None));
        let unknown = [&[0x1f, 2, 0, 0, 0, 9, 9], extension().as_slice()].concat();
        assert_eq!(Sequence::read(&unknown), Ok(Some(SEQUENCE)));
    }

    /// The extension's parts, without its tag and length.
    fn extension() -> Vec<u8> {
        let bytes = record();
        let end = bytes.len() - ROW_END;
        bytes[end - usize::try_from(1 + 4 + PART).unwrap()..end].to_vec()
    }

    #[test]
    fn an_extension_that_is_cut_off_or_changed_in_its_form_is_refused() {
        let whole = extension();
        for end in 1..whole.len() {
            assert!(Sequence::read(&whole[..end]).is_err(), "cut off at {end}");
        }
        // The tags, and the lowest byte of the length.
        for at in [1, 5, 10, 19] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(Sequence::read(&changed).is_err(), "changed at {at}");
        }
    }
}
