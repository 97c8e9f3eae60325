//! How the rows of a page become what a stream hands out.

use campaign_client::Result;
use serde::de::DeserializeOwned;

use crate::{
    EntityError, RangePage, Row, from_row, from_row_ref,
    plain_buffer::{DecodeError, DecodeFault, Names, RowRef, owned_row},
};

/// Makes values of rows.
pub(super) struct Decode<T> {
    /// Of a row in a page.
    pub(super) of_ref: for<'r, 'a> fn(&RowRef<'r, 'a>, &mut Names<'a>) -> Result<T>,
    /// Of a row that was put together from several pages.
    pub(super) of_row: fn(Row) -> Result<T>,
}

impl<T> Clone for Decode<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Decode<T> {}

impl Decode<Row> {
    pub(super) fn untyped() -> Self {
        Self { of_ref: row, of_row: Ok }
    }
}

impl<T: DeserializeOwned> Decode<T> {
    pub(super) fn typed() -> Self {
        Self {
            of_ref: |row, _| from_row_ref(row).map_err(EntityError::unreadable),
            of_row: |row| from_row(&row).map_err(EntityError::unreadable),
        }
    }
}

/// The row with values of its own.
pub(super) fn row<'a>(row: &RowRef<'_, 'a>, names: &mut Names<'a>) -> Result<Row> {
    owned_row(row, names).map_err(fault)
}

pub(super) fn fault(fault: DecodeFault) -> campaign_client::Error {
    RangePage::unreadable(DecodeError::new(fault, 0))
}
