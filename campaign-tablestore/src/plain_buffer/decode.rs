//! Owned rows from buffers.
//!
//! Values are copied, so that a kept row does not keep a whole answer in memory; column names are allocated once per
//! answer and shared by its rows.

use super::cell::{CellOp, CellRef, RowRef, ValueRef};
use super::error::{DecodeError, DecodeFault};
use super::names::Names;
use super::reader::RowReader;
use super::shape::Shape;
use crate::row::{CellChange, Column, KeyColumn, PrimaryKey, Row, RowUpdate};

/// The rows of an answer, in its order. A buffer of zero bytes has none.
///
/// # Errors
///
/// [`DecodeError`] if the buffer is not one the service can answer with.
pub fn decode_rows(buffer: &[u8]) -> Result<Vec<Row>, DecodeError> {
    let mut reader = RowReader::new(buffer, Shape::Answer)?;
    let mut names = Names::default();
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row()? {
        let row = owned_row(&row, &mut names).map_err(|fault| reader.error(fault))?;
        if rows.is_empty() {
            rows.reserve(1 + reader.expected());
        }
        rows.push(row);
    }
    Ok(rows)
}

/// The row of an answer, or `None` for a buffer of zero bytes, which says that there is no such row.
///
/// # Errors
///
/// [`DecodeError`] if the buffer is not one the service can answer with, or holds several rows.
pub fn decode_row(buffer: &[u8]) -> Result<Option<Row>, DecodeError> {
    if buffer.is_empty() {
        return Ok(None);
    }
    decode_one(buffer, Shape::Answer, owned_row).map(Some)
}

/// A key to read, a bound of a range, or the key a range goes on from.
///
/// # Errors
///
/// [`DecodeError`] if the buffer is not exactly one such key.
pub fn decode_key(buffer: &[u8]) -> Result<PrimaryKey, DecodeError> {
    decode_one(buffer, Shape::Key, owned_key)
}

/// The row of PutRow.
///
/// # Errors
///
/// [`DecodeError`] if the buffer is not exactly one row of plain values.
pub fn decode_put(buffer: &[u8]) -> Result<Row, DecodeError> {
    decode_one(buffer, Shape::Put, owned_row)
}

/// The row of UpdateRow.
///
/// # Errors
///
/// [`DecodeError`] if the buffer is not exactly one row of changes.
pub fn decode_update(buffer: &[u8]) -> Result<RowUpdate, DecodeError> {
    decode_one(buffer, Shape::Update, |row, names| {
        let primary_key = owned_key(row, names)?;
        let changes = row.columns().iter().map(|cell| owned_change(cell, names)).collect::<Result<_, _>>()?;
        Ok(RowUpdate { primary_key, changes })
    })
}

/// The key of DeleteRow.
///
/// # Errors
///
/// [`DecodeError`] if the buffer is not exactly one key with a delete marker.
pub fn decode_delete(buffer: &[u8]) -> Result<PrimaryKey, DecodeError> {
    decode_one(buffer, Shape::Delete, owned_key)
}

pub(super) fn decode_one<'a, T>(
    buffer: &'a [u8],
    shape: Shape,
    owned: impl FnOnce(&RowRef<'_, 'a>, &mut Names<'a>) -> Result<T, DecodeFault>,
) -> Result<T, DecodeError> {
    let mut reader = RowReader::new(buffer, shape)?;
    let Some(row) = reader.next_row()? else {
        return Err(DecodeError::new(DecodeFault::NotOneRow, 0));
    };
    let value = owned(&row, &mut Names::default()).map_err(|fault| reader.error(fault))?;
    if reader.next_row()?.is_some() {
        return Err(reader.error(DecodeFault::NotOneRow));
    }
    Ok(value)
}

/// The row with values of its own, its names shared with those before it.
pub(crate) fn owned_row<'a>(row: &RowRef<'_, 'a>, names: &mut Names<'a>) -> Result<Row, DecodeFault> {
    names.start_row();
    let primary_key = owned_key(row, names)?;
    let mut columns = Vec::with_capacity(row.columns().len());
    for cell in row.columns() {
        columns.push(owned_column(cell, names)?);
    }
    Ok(Row { primary_key, columns })
}

/// The key with values of its own.
pub(crate) fn owned_key<'a>(row: &RowRef<'_, 'a>, names: &mut Names<'a>) -> Result<PrimaryKey, DecodeFault> {
    let column = |cell: &CellRef<'a>| {
        let value = cell.value.ok_or(DecodeFault::ValueMismatch)?;
        let value = value.to_key_value().ok_or(DecodeFault::BadValueType(value.type_tag()))?;
        Ok(KeyColumn { name: names.share(cell.name), value })
    };
    row.primary_key().iter().map(column).collect()
}

pub(super) fn owned_column<'a>(cell: &CellRef<'a>, names: &mut Names<'a>) -> Result<Column, DecodeFault> {
    let value = cell.value.ok_or(DecodeFault::ValueMismatch)?;
    let value = value.to_value().ok_or(DecodeFault::BadValueType(value.type_tag()))?;
    Ok(Column { name: names.share(cell.name), value, timestamp: cell.timestamp })
}

pub(super) fn owned_change<'a>(cell: &CellRef<'a>, names: &mut Names<'a>) -> Result<CellChange, DecodeFault> {
    match (cell.op, cell.value, cell.timestamp) {
        (None, ..) => Ok(CellChange::Put(owned_column(cell, names)?)),
        (Some(CellOp::DeleteAllVersions), ..) => Ok(CellChange::DeleteAll { name: names.share(cell.name) }),
        (Some(CellOp::DeleteOneVersion), _, Some(timestamp)) => {
            Ok(CellChange::DeleteVersion { name: names.share(cell.name), timestamp })
        }
        // A timestamp beside an increment, which some SDKs send, has no meaning for the service.
        (Some(CellOp::Increment), Some(ValueRef::Integer(by)), _) => {
            Ok(CellChange::Increment { name: names.share(cell.name), by })
        }
        _ => Err(DecodeFault::ValueMismatch),
    }
}
