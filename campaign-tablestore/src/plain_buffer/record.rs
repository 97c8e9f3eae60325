//! Rows of a stream: a change with its place, and what was there before.

use super::decode::{decode_one, owned_change, owned_column, owned_key};
use super::error::DecodeError;
use super::sequence::Sequence;
use super::shape::Shape;
use crate::row::{Column, RowUpdate};

/// A change as a stream holds it, with its place. The columns of a whole row that was put are as many
/// [`CellChange::Put`](crate::CellChange::Put).
///
/// # Errors
///
/// [`DecodeError`] if the buffer is not exactly one such row.
pub fn decode_record(buffer: &[u8]) -> Result<(RowUpdate, Option<Sequence>), DecodeError> {
    decode_one(buffer, Shape::Record, |row, names| {
        let primary_key = owned_key(row, names)?;
        let changes = row.columns().iter().map(|cell| owned_change(cell, names)).collect::<Result<_, _>>()?;
        Ok((RowUpdate { primary_key, changes }, row.sequence()))
    })
}

/// The attribute columns of a row that may lack a primary key: what a stream says was there before a change. A buffer of zero
/// bytes has none.
///
/// # Errors
///
/// [`DecodeError`] if the buffer is not exactly one such row.
pub fn decode_columns(buffer: &[u8]) -> Result<Vec<Column>, DecodeError> {
    if buffer.is_empty() {
        return Ok(Vec::new());
    }
    decode_one(buffer, Shape::Record, |row, names| {
        row.columns().iter().map(|cell| owned_column(cell, names)).collect::<Result<_, _>>()
    })
}
