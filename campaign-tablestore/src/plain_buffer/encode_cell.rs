//! Writing cells: columns of keys, attribute columns, and the changes of UpdateRow.
//!
//! Everything here is inlined into the loop over the cells of a row, which is most of what a request costs.

use super::cell::{CellOp, ValueRef};
use super::place::Place;
use super::{crc8, tag, variant};
use crate::row::{CellChange, Column, KeyColumn};
use crate::{KeyValue, Name, Value};

/// Tag of a row's or a cell's checksum and the checksum.
pub(super) const CHECKSUM_LEN: usize = 2;
/// Tag of a cell's operation and the operation.
const OP_LEN: usize = 2;
/// Tag of a cell's timestamp and the timestamp.
const TIMESTAMP_LEN: usize = 1 + 8;

/// What is written as one cell.
pub(super) trait Cell {
    /// The exact number of bytes that [`write`](Self::write) writes.
    fn len(&self) -> usize;

    /// Writes the cell; gives its checksum, which the row's checksum is made of.
    fn write(&self, place: &mut Place<'_>) -> u8;
}

impl Cell for KeyColumn {
    #[inline(always)]
    fn len(&self) -> usize {
        name_len(&self.name) + value_len((&self.value).into()) + CHECKSUM_LEN
    }

    #[inline(always)]
    fn write(&self, place: &mut Place<'_>) -> u8 {
        let crc = write_name(&self.name, place);
        let crc = match &self.value {
            KeyValue::Integer(number) => variant::write_fixed_cell(tag::INTEGER, number.to_le_bytes(), crc, place),
            KeyValue::String(text) => variant::write_sized_cell(tag::STRING, text.as_bytes(), crc, place),
            KeyValue::Binary(bytes) => variant::write_sized_cell(tag::BLOB, bytes, crc, place),
            KeyValue::InfMin => variant::write_empty_cell(tag::INF_MIN, crc, place),
            KeyValue::InfMax => variant::write_empty_cell(tag::INF_MAX, crc, place),
            KeyValue::AutoIncrement => variant::write_empty_cell(tag::AUTO_INCREMENT, crc, place),
        };
        write_checksum(crc, place)
    }
}

impl Cell for Column {
    #[inline(always)]
    fn len(&self) -> usize {
        let timestamp = if self.timestamp.is_some() { TIMESTAMP_LEN } else { 0 };
        name_len(&self.name) + value_len((&self.value).into()) + timestamp + CHECKSUM_LEN
    }

    #[inline(always)]
    fn write(&self, place: &mut Place<'_>) -> u8 {
        let mut crc = write_name(&self.name, place);
        crc = match &self.value {
            Value::Integer(number) => variant::write_fixed_cell(tag::INTEGER, number.to_le_bytes(), crc, place),
            Value::Double(number) => variant::write_fixed_cell(tag::DOUBLE, number.to_le_bytes(), crc, place),
            Value::Boolean(truth) => variant::write_boolean_cell(*truth, crc, place),
            Value::String(text) => variant::write_sized_cell(tag::STRING, text.as_bytes(), crc, place),
            Value::Binary(bytes) => variant::write_sized_cell(tag::BLOB, bytes, crc, place),
        };
        if let Some(timestamp) = self.timestamp {
            crc = write_timestamp(timestamp, crc, place);
        }
        write_checksum(crc, place)
    }
}

impl Cell for CellChange {
    #[inline(always)]
    fn len(&self) -> usize {
        match self {
            Self::Put(column) => column.len(),
            Self::DeleteAll { name } => name_len(name) + OP_LEN + CHECKSUM_LEN,
            Self::DeleteVersion { name, .. } => name_len(name) + OP_LEN + TIMESTAMP_LEN + CHECKSUM_LEN,
            Self::Increment { name, by } => name_len(name) + value_len(ValueRef::Integer(*by)) + OP_LEN + CHECKSUM_LEN,
        }
    }

    #[inline(always)]
    fn write(&self, place: &mut Place<'_>) -> u8 {
        let (name, op) = match self {
            Self::Put(column) => return column.write(place),
            Self::DeleteAll { name } => (name, CellOp::DeleteAllVersions),
            Self::DeleteVersion { name, .. } => (name, CellOp::DeleteOneVersion),
            Self::Increment { name, .. } => (name, CellOp::Increment),
        };
        let mut crc = write_name(name, place);
        if let Self::Increment { by, .. } = self {
            crc = variant::write_fixed_cell(tag::INTEGER, by.to_le_bytes(), crc, place);
        }
        // On the wire the operation stands before the timestamp; the checksum has them the other way round.
        place.put([tag::CELL_OP, op.tag()]);
        if let Self::DeleteVersion { timestamp, .. } = self {
            crc = write_timestamp(*timestamp, crc, place);
        }
        write_checksum(crc8::push(crc, op.tag()), place)
    }
}

/// Length of a cell's beginning: two tags, the name and its length.
#[inline(always)]
fn name_len(name: &Name) -> usize {
    1 + 1 + 4 + name.len()
}

/// Length of a cell's value: its tag, the length of what follows, type and content.
#[inline(always)]
fn value_len(value: ValueRef<'_>) -> usize {
    1 + 4 + variant::encoded_len(value)
}

/// Begins a cell; gives the checksum of its name.
#[inline(always)]
fn write_name(name: &Name, place: &mut Place<'_>) -> u8 {
    let [n0, n1, n2, n3] = variant::wire_len(name.len()).to_le_bytes();
    place.put([tag::CELL, tag::CELL_NAME, n0, n1, n2, n3]);
    place.put_slice(name.as_bytes());
    name.checksum()
}

#[inline(always)]
fn write_timestamp(timestamp: i64, crc: u8, place: &mut Place<'_>) -> u8 {
    let bytes @ [t0, t1, t2, t3, t4, t5, t6, t7] = timestamp.to_le_bytes();
    place.put([tag::CELL_TIMESTAMP, t0, t1, t2, t3, t4, t5, t6, t7]);
    crc8::step(crc, &bytes)
}

/// Ends a cell; gives its checksum.
#[inline(always)]
fn write_checksum(crc: u8, place: &mut Place<'_>) -> u8 {
    place.put([tag::CELL_CHECKSUM, crc]);
    crc
}
