//! A page of a range, read when it is asked for.

use std::fmt;

use bytes::Bytes;
use campaign_client::{Error, Result};
use serde::Deserialize;

#[cfg(feature = "server")]
use crate::plain_buffer::Encode;
use crate::{
    EntityError, PrimaryKey, Row, Token, WireFault, from_row_ref,
    plain_buffer::{DecodeError, RowReader, Shape, decode_rows},
    schema::CapacityUnit,
};

/// A page of rows. The rows stay as they came until they are asked for.
#[derive(Clone, Default, PartialEq)]
pub struct RangePage {
    /// What the read consumed.
    pub consumed: CapacityUnit,
    /// The first row after this page; `None` after the last.
    pub next_start_primary_key: Option<PrimaryKey>,
    /// Where to go on in a wide row, if there is more of it.
    pub next_token: Option<Token>,
    /// A PlainBuffer.
    pub(crate) rows: Bytes,
}

impl fmt::Debug for RangePage {
    /// Shows nothing of what the rows hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RangePage")
            .field("consumed", &self.consumed)
            .field("next_start_primary_key", &self.next_start_primary_key)
            .field("goes_on_in_a_row", &self.next_token.is_some())
            .field("bytes", &self.rows.len())
            .finish()
    }
}

impl RangePage {
    /// A page of `rows`, for a server.
    #[cfg(feature = "server")]
    #[must_use]
    pub fn new(consumed: CapacityUnit, rows: &[Row], next_start_primary_key: Option<PrimaryKey>) -> Self {
        Self { consumed, next_start_primary_key, next_token: None, rows: rows.to_bytes().into() }
    }

    /// The rows one after another, borrowed from the answer.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`](campaign_client::ErrorKind::Unreadable) if they are no PlainBuffer; so is each of
    /// [`RowReader::next_row`]'s errors, which [`unreadable`](Self::unreadable) makes one of.
    pub fn reader(&self) -> Result<RowReader<'_>> {
        RowReader::new(&self.rows, Shape::Answer).map_err(Self::unreadable)
    }

    /// The rows, each with values of its own.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`](campaign_client::ErrorKind::Unreadable) if one of them cannot be read.
    pub fn rows(&self) -> Result<Vec<Row>> {
        decode_rows(&self.rows).map_err(Self::unreadable)
    }

    /// The rows as values of a type, which may borrow text and bytes from the answer.
    ///
    /// ```
    /// # use campaign_tablestore::{Client, GetRange};
    /// #[derive(serde::Deserialize)]
    /// struct Visit<'a> { page: &'a str, visitors: u32 }
    ///
    /// # async fn example(client: &Client) -> campaign_client::Result<()> {
    /// let page = client.send(&GetRange::all("visits", ["page"])).await?;
    /// let visits: Vec<Visit<'_>> = page.rows_as()?;
    /// # let _ = visits;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`](campaign_client::ErrorKind::Unreadable) if one of them cannot be read or does not fit the
    /// type.
    pub fn rows_as<'p, T: Deserialize<'p>>(&'p self) -> Result<Vec<T>> {
        let mut reader = self.reader()?;
        let mut rows = Vec::new();
        while let Some(row) = reader.next_row().map_err(Self::unreadable)? {
            let value = from_row_ref(&row).map_err(EntityError::unreadable)?;
            if rows.is_empty() {
                rows.reserve(1 + reader.expected());
            }
            rows.push(value);
        }
        Ok(rows)
    }

    /// The error of a call whose answer holds a row that cannot be read.
    #[must_use]
    pub fn unreadable(error: DecodeError) -> Error {
        Error::unreadable("the rows of the answer cannot be read").with_source(WireFault::from(error))
    }
}
