//! Writing rows: the exact length first, then one pass.

use super::cell::{CellOp, ValueRef};
use super::{crc8, tag, variant};
use crate::row::{CellChange, Column, PrimaryKey, Row, RowUpdate};
use crate::{KeyValue, Name, Value};

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

    /// Appends the bytes to `out`.
    fn encode(&self, out: &mut Vec<u8>);

    /// The bytes in a buffer of their own.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.encoded_len());
        self.encode(&mut out);
        out
    }
}

/// The row of a DeleteRow: a key with the delete marker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeletedRow<'a>(pub &'a PrimaryKey);

const HEADER_LEN: usize = 4;
/// Tag of the row's checksum and the checksum.
const ROW_CHECKSUM_LEN: usize = 2;

impl Encode for PrimaryKey {
    fn encoded_len(&self) -> usize {
        HEADER_LEN + key_len(self) + ROW_CHECKSUM_LEN
    }

    fn encode(&self, out: &mut Vec<u8>) {
        write_header(out);
        let crc = write_key(self, out);
        write_row_end(crc, out);
    }
}

impl Encode for DeletedRow<'_> {
    fn encoded_len(&self) -> usize {
        HEADER_LEN + key_len(self.0) + 1 + ROW_CHECKSUM_LEN
    }

    fn encode(&self, out: &mut Vec<u8>) {
        write_header(out);
        let crc = write_key(self.0, out);
        out.push(tag::DELETE_MARKER);
        out.extend_from_slice(&[tag::ROW_CHECKSUM, crc8::push(crc, 1)]);
    }
}

impl Encode for Row {
    fn encoded_len(&self) -> usize {
        HEADER_LEN + row_len(self)
    }

    fn encode(&self, out: &mut Vec<u8>) {
        write_header(out);
        write_row(self, out);
    }
}

impl Encode for [Row] {
    fn encoded_len(&self) -> usize {
        if self.is_empty() { 0 } else { HEADER_LEN + self.iter().map(row_len).sum::<usize>() }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        if !self.is_empty() {
            write_header(out);
        }
        for row in self {
            write_row(row, out);
        }
    }
}

impl Encode for RowUpdate {
    fn encoded_len(&self) -> usize {
        let cells = self.changes.iter().map(|change| Cell::from(change).encoded_len());
        HEADER_LEN + key_len(&self.primary_key) + section_len(cells) + ROW_CHECKSUM_LEN
    }

    fn encode(&self, out: &mut Vec<u8>) {
        write_header(out);
        let crc = write_key(&self.primary_key, out);
        let crc = write_changes(&self.changes, crc, out);
        write_row_end(crc, out);
    }
}

/// A cell to be written.
struct Cell<'a> {
    name: &'a Name,
    value: Option<ValueRef<'a>>,
    op: Option<CellOp>,
    timestamp: Option<i64>,
}

impl<'a> Cell<'a> {
    fn new(name: &'a Name, value: impl Into<ValueRef<'a>>) -> Self {
        Self { name, value: Some(value.into()), op: None, timestamp: None }
    }

    fn encoded_len(&self) -> usize {
        let value = match self.value {
            Some(value) => 1 + 4 + variant::encoded_len(value),
            None => 0,
        };
        let op = if self.op.is_some() { 2 } else { 0 };
        let timestamp = if self.timestamp.is_some() { 1 + 8 } else { 0 };
        1 + 1 + 4 + self.name.len() + value + op + timestamp + 2
    }

    /// Writes the cell; gives its checksum, which the row's checksum is made of.
    fn write(&self, out: &mut Vec<u8>) -> u8 {
        let mut crc = write_name(self.name, out);
        if let Some(value) = self.value {
            crc = variant::write_cell(value, crc, out);
        }
        if let Some(op) = self.op {
            out.extend_from_slice(&[tag::CELL_OP, op.tag()]);
        }
        // On the wire the operation stands before the timestamp; the checksum has them the other way round.
        crc = write_timestamp(self.timestamp, crc, out);
        if let Some(op) = self.op {
            crc = crc8::push(crc, op.tag());
        }
        write_checksum(crc, out)
    }
}

impl<'a> From<&'a Column> for Cell<'a> {
    fn from(column: &'a Column) -> Self {
        Self { timestamp: column.timestamp, ..Self::new(&column.name, &column.value) }
    }
}

impl<'a> From<&'a CellChange> for Cell<'a> {
    fn from(change: &'a CellChange) -> Self {
        match change {
            CellChange::Put(column) => Self::from(column),
            CellChange::DeleteAll { name } => {
                Self { name, value: None, op: Some(CellOp::DeleteAllVersions), timestamp: None }
            }
            CellChange::DeleteVersion { name, timestamp } => {
                Self { name, value: None, op: Some(CellOp::DeleteOneVersion), timestamp: Some(*timestamp) }
            }
            CellChange::Increment { name, by } => {
                Self { name, value: Some(ValueRef::Integer(*by)), op: Some(CellOp::Increment), timestamp: None }
            }
        }
    }
}

fn key_cells(key: &PrimaryKey) -> impl Iterator<Item = Cell<'_>> {
    key.columns().iter().map(|column| Cell::new(&column.name, &column.value))
}

fn key_len(key: &PrimaryKey) -> usize {
    section_len(key_cells(key).map(|cell| cell.encoded_len()))
}

fn row_len(row: &Row) -> usize {
    let cells = row.columns.iter().map(|column| Cell::from(column).encoded_len());
    key_len(&row.primary_key) + section_len(cells) + ROW_CHECKSUM_LEN
}

/// The tag and the cells; a section without cells is left out.
fn section_len(cells: impl Iterator<Item = usize>) -> usize {
    let cells: usize = cells.sum();
    if cells == 0 { 0 } else { 1 + cells }
}

fn write_header(out: &mut Vec<u8>) {
    out.extend_from_slice(&tag::HEADER.to_le_bytes());
}

fn write_row(row: &Row, out: &mut Vec<u8>) {
    let mut crc = write_key(&row.primary_key, out);
    if !row.columns.is_empty() {
        out.push(tag::ROW_DATA);
    }
    for column in &row.columns {
        crc = crc8::push(crc, write_column(column, out));
    }
    write_row_end(crc, out);
}

/// A cell that is a plain value, as most are, without the detour by [`Cell`]; gives its checksum.
#[inline(always)]
fn write_column(column: &Column, out: &mut Vec<u8>) -> u8 {
    let crc = write_name(&column.name, out);
    let crc = match &column.value {
        Value::String(text) => variant::write_string_cell(text, crc, out),
        Value::Integer(number) => variant::write_integer_cell(*number, crc, out),
        value => variant::write_cell(value.into(), crc, out),
    };
    let crc = write_timestamp(column.timestamp, crc, out);
    write_checksum(crc, out)
}

/// Writes the section of a key; gives the row's checksum so far.
fn write_key(key: &PrimaryKey, out: &mut Vec<u8>) -> u8 {
    if !key.is_empty() {
        out.push(tag::ROW_KEY);
    }
    key.columns().iter().fold(0, |crc, column| {
        let cell = write_name(&column.name, out);
        let cell = match &column.value {
            KeyValue::String(text) => variant::write_string_cell(text, cell, out),
            KeyValue::Integer(number) => variant::write_integer_cell(*number, cell, out),
            value => variant::write_cell(value.into(), cell, out),
        };
        crc8::push(crc, write_checksum(cell, out))
    })
}

/// Writes the section of changes; gives the row's checksum so far.
fn write_changes(changes: &[CellChange], crc: u8, out: &mut Vec<u8>) -> u8 {
    if !changes.is_empty() {
        out.push(tag::ROW_DATA);
    }
    changes.iter().fold(crc, |crc, change| crc8::push(crc, Cell::from(change).write(out)))
}

/// Begins a cell; gives the checksum of its name.
///
/// Tags are written together with the fixed bytes beside them: each append is a check of the capacity.
#[inline(always)]
fn write_name(name: &Name, out: &mut Vec<u8>) -> u8 {
    let [n0, n1, n2, n3] = variant::wire_len(name.len()).to_le_bytes();
    out.extend_from_slice(&[tag::CELL, tag::CELL_NAME, n0, n1, n2, n3]);
    out.extend_from_slice(name.as_bytes());
    name.checksum()
}

#[inline(always)]
fn write_timestamp(timestamp: Option<i64>, crc: u8, out: &mut Vec<u8>) -> u8 {
    let Some(timestamp) = timestamp else { return crc };
    let bytes @ [t0, t1, t2, t3, t4, t5, t6, t7] = timestamp.to_le_bytes();
    out.extend_from_slice(&[tag::CELL_TIMESTAMP, t0, t1, t2, t3, t4, t5, t6, t7]);
    crc8::step(crc, bytes)
}

/// Ends a cell; gives its checksum.
#[inline(always)]
fn write_checksum(crc: u8, out: &mut Vec<u8>) -> u8 {
    out.extend_from_slice(&[tag::CELL_CHECKSUM, crc]);
    crc
}

/// The end of a row without delete marker.
fn write_row_end(crc: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(&[tag::ROW_CHECKSUM, crc8::push(crc, 0)]);
}
