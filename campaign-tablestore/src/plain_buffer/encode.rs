//! Writing rows: the exact length first, then one pass.

use super::encode_cell::{CHECKSUM_LEN, Cell};
use super::place::Place;
use super::{crc8, tag};
use crate::row::{PrimaryKey, Row, RowUpdate};

/// What can be written as a PlainBuffer.
///
/// | type | place |
/// |---|---|
/// | [`PrimaryKey`] | keys to read, bounds of ranges, the key a range goes on from |
/// | [`Row`] | PutRow, the row of an answer |
/// | [`RowUpdate`] | UpdateRow |
/// | [`DeletedRow`] | DeleteRow |
/// | `[Row]` | the rows of an answer; no rows are zero bytes |
///
/// The caller compares [`encoded_len`](Self::encoded_len) with what may be sent (bodies of 5 MB) before it writes.
///
/// ```
/// use campaign_tablestore::PrimaryKey;
/// use campaign_tablestore::plain_buffer::{Encode, decode_key};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = PrimaryKey::new().with("id", "a");
/// let bytes = key.to_bytes();
/// assert_eq!(bytes.len(), key.encoded_len());
/// assert_eq!(decode_key(&bytes)?, key);
/// # Ok(())
/// # }
/// ```
pub trait Encode {
    /// The exact number of bytes that [`encode`](Self::encode) writes.
    fn encoded_len(&self) -> usize;

    /// Writes the bytes to a place of that length. Only this crate can make such a place.
    #[doc(hidden)]
    fn write(&self, place: Place<'_>);

    /// Appends the bytes to `out`.
    fn encode(&self, out: &mut Vec<u8>) {
        append(self, self.encoded_len(), out);
    }

    /// The bytes in a buffer of their own.
    fn to_bytes(&self) -> Vec<u8> {
        let len = self.encoded_len();
        let mut out = Vec::with_capacity(len);
        append(self, len, &mut out);
        out
    }
}

/// Appends the bytes of `row`, whose length is `len`, to `out`.
pub(crate) fn append<R: Encode + ?Sized>(row: &R, len: usize, out: &mut Vec<u8>) {
    row.write(Place::at_end(out, len));
}

/// The row of a DeleteRow: a key with the delete marker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeletedRow<'a>(pub &'a PrimaryKey);

const HEADER_LEN: usize = 4;

impl Encode for PrimaryKey {
    fn encoded_len(&self) -> usize {
        HEADER_LEN + key_len(self) + CHECKSUM_LEN
    }

    fn write(&self, mut place: Place<'_>) {
        write_header(&mut place);
        let crc = write_key(self, &mut place);
        write_row_end(crc, &mut place);
        place.end();
    }
}

impl Encode for DeletedRow<'_> {
    fn encoded_len(&self) -> usize {
        HEADER_LEN + key_len(self.0) + 1 + CHECKSUM_LEN
    }

    fn write(&self, mut place: Place<'_>) {
        write_header(&mut place);
        let crc = write_key(self.0, &mut place);
        place.put([tag::DELETE_MARKER, tag::ROW_CHECKSUM, crc8::push(crc, 1)]);
        place.end();
    }
}

impl Encode for Row {
    fn encoded_len(&self) -> usize {
        HEADER_LEN + row_len(self)
    }

    fn write(&self, mut place: Place<'_>) {
        write_header(&mut place);
        write_row(self, &mut place);
        place.end();
    }
}

impl Encode for [Row] {
    fn encoded_len(&self) -> usize {
        if self.is_empty() { 0 } else { HEADER_LEN + self.iter().map(row_len).sum::<usize>() }
    }

    fn write(&self, mut place: Place<'_>) {
        if !self.is_empty() {
            write_header(&mut place);
        }
        for row in self {
            write_row(row, &mut place);
        }
        place.end();
    }
}

impl Encode for RowUpdate {
    fn encoded_len(&self) -> usize {
        HEADER_LEN + key_len(&self.primary_key) + section_len(&self.changes) + CHECKSUM_LEN
    }

    fn write(&self, mut place: Place<'_>) {
        write_header(&mut place);
        let crc = write_key(&self.primary_key, &mut place);
        let crc = write_section(tag::ROW_DATA, &self.changes, crc, &mut place);
        write_row_end(crc, &mut place);
        place.end();
    }
}

fn key_len(key: &PrimaryKey) -> usize {
    section_len(key.columns())
}

fn row_len(row: &Row) -> usize {
    key_len(&row.primary_key) + section_len(&row.columns) + CHECKSUM_LEN
}

/// The tag and the cells; a section without cells is left out.
#[inline(always)]
fn section_len<C: Cell>(cells: &[C]) -> usize {
    if cells.is_empty() { 0 } else { 1 + cells.iter().map(Cell::len).sum::<usize>() }
}

#[inline(always)]
fn write_header(place: &mut Place<'_>) {
    place.put(tag::HEADER.to_le_bytes());
}

#[inline(always)]
fn write_row(row: &Row, place: &mut Place<'_>) {
    let crc = write_key(&row.primary_key, place);
    let crc = write_section(tag::ROW_DATA, &row.columns, crc, place);
    write_row_end(crc, place);
}

/// Writes the section of a key; gives the row's checksum so far.
#[inline(always)]
fn write_key(key: &PrimaryKey, place: &mut Place<'_>) -> u8 {
    write_section(tag::ROW_KEY, key.columns(), 0, place)
}

/// Writes a section, which is left out if there is no cell; gives the row's checksum so far, which is made of the cells'.
#[inline(always)]
fn write_section<C: Cell>(tag: u8, cells: &[C], mut crc: u8, place: &mut Place<'_>) -> u8 {
    if !cells.is_empty() {
        place.put([tag]);
    }
    for cell in cells {
        crc = crc8::push(crc, cell.write(place));
    }
    crc
}

/// The end of a row without delete marker.
#[inline(always)]
fn write_row_end(crc: u8, place: &mut Place<'_>) {
    place.put([tag::ROW_CHECKSUM, crc8::push(crc, 0)]);
}
