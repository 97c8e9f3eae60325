//! The answers of Search and ParallelScan, their rows read when they are asked for.

use std::fmt;

use bytes::Bytes;
use campaign_client::{Error, Result};
use serde::Deserialize;

use super::{AggregationResult, GroupByResult, SearchHit};
#[cfg(feature = "server")]
use crate::plain_buffer::Encode;
use crate::plain_buffer::{RowReader, Shape, decode_row};
use crate::schema::CapacityUnit;
use crate::{EntityError, Row, Token, WireFault, from_row_ref};

/// A page of rows that were found.
#[derive(Clone, Default, PartialEq)]
pub struct SearchPage {
    /// How many rows fit in all, if the search asked to count them.
    pub total_hits: Option<i64>,
    /// The rows as they came.
    pub(crate) rows: Vec<Bytes>,
    /// Whether every part of the index was read. The service may answer with the rows of some parts only.
    pub is_all_succeeded: bool,
    /// What is told of each row besides its columns, in the order of the rows; empty if the service tells nothing.
    pub hits: Vec<SearchHit>,
    /// Where to go on; `None` after the last page and where the order allows no token.
    pub next_token: Option<Token>,
    /// The results of the aggregations.
    pub aggregations: Vec<AggregationResult>,
    /// The results of the group-bys.
    pub group_bys: Vec<GroupByResult>,
    /// What the search consumed, if the service says.
    pub consumed: Option<CapacityUnit>,
    /// What of that was reserved, if the service says.
    pub reserved_consumed: Option<CapacityUnit>,
}

/// A page of a parallel scan.
#[derive(Clone, Default, PartialEq)]
pub struct ScanPage {
    /// The rows as they came.
    pub(crate) rows: Vec<Bytes>,
    /// Where to go on; `None` after the last page.
    pub next_token: Option<Token>,
}

impl fmt::Debug for SearchPage {
    /// Shows nothing of what the rows hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchPage")
            .field("total_hits", &self.total_hits)
            .field("rows", &self.rows.len())
            .field("is_all_succeeded", &self.is_all_succeeded)
            .field("hits", &self.hits)
            .field("goes_on", &self.next_token.is_some())
            .field("aggregations", &self.aggregations)
            .field("group_bys", &self.group_bys)
            .field("consumed", &self.consumed)
            .field("reserved_consumed", &self.reserved_consumed)
            .finish()
    }
}

impl fmt::Debug for ScanPage {
    /// Shows nothing of what the rows hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let goes_on = self.next_token.is_some();
        f.debug_struct("ScanPage").field("rows", &self.rows.len()).field("goes_on", &goes_on).finish()
    }
}

macro_rules! rows {
    ($($name:ident),+) => {$(
        impl $name {
            /// How many rows the page has.
            #[must_use]
            pub fn row_count(&self) -> usize {
                self.rows.len()
            }

            /// The rows.
            ///
            /// # Errors
            /// [`ErrorKind::Unreadable`](campaign_client::ErrorKind::Unreadable) if one of them cannot be read.
            pub fn rows(&self) -> Result<Vec<Row>> {
                self.rows.iter().map(|row| owned(row)).collect()
            }

            /// The rows as values of a type, which may borrow text and bytes from the answer: an
            /// [`Entity`](crate::Entity), or any struct of the columns that are asked for. Without
            /// [`ColumnsToGet`](super::ColumnsToGet) a row has only its key.
            ///
            /// ```
            /// # use campaign_tablestore::{Client, Search};
            /// # use campaign_tablestore::search::{ColumnsToGet, Query};
            /// #[derive(serde::Deserialize)]
            /// struct Entry<'a> { id: &'a str, age: Option<u32> }
            ///
            /// # async fn example(client: &Client) -> campaign_client::Result<()> {
            /// let open = Search::new("entries", "by_state", Query::term("state", "open"));
            /// let page = client.send(&open.columns_to_get(ColumnsToGet::named(["age"]))).await?;
            /// for (entry, hit) in page.rows_as::<Entry<'_>>()?.iter().zip(&page.hits) {
            ///     println!("{} {:?} {:?}", entry.id, entry.age, hit.score);
            /// }
            /// # Ok(())
            /// # }
            /// ```
            ///
            /// # Errors
            /// [`ErrorKind::Unreadable`](campaign_client::ErrorKind::Unreadable) if one of them cannot be read or does not
            /// fit the type; the source names the column.
            pub fn rows_as<'p, T: Deserialize<'p>>(&'p self) -> Result<Vec<T>> {
                self.rows.iter().map(|row| typed(row)).collect()
            }

            /// The same page with these rows, for a server.
            #[cfg(feature = "server")]
            #[must_use]
            pub fn with_rows(mut self, rows: &[Row]) -> Self {
                self.rows = rows.iter().map(|row| row.to_bytes().into()).collect();
                self
            }
        }
    )+};
}
rows!(SearchPage, ScanPage);

fn owned(row: &[u8]) -> Result<Row> {
    decode_row(row).map_err(unreadable)?.ok_or_else(|| unreadable(WireFault::Missing("rows")))
}

fn typed<'p, T: Deserialize<'p>>(row: &'p [u8]) -> Result<T> {
    let mut reader = RowReader::new(row, Shape::Answer).map_err(unreadable)?;
    let row = reader.next_row().map_err(unreadable)?.ok_or_else(|| unreadable(WireFault::Missing("rows")))?;
    from_row_ref(&row).map_err(EntityError::unreadable)
}

fn unreadable(fault: impl Into<WireFault>) -> Error {
    Error::unreadable("a row of the answer cannot be read").with_source(fault.into())
}

impl SearchPage {
    /// The result of the aggregation of this name.
    #[must_use]
    pub fn aggregation(&self, name: &str) -> Option<&AggregationResult> {
        self.aggregations.iter().find(|result| result.name == name)
    }

    /// The result of the group-by of this name.
    #[must_use]
    pub fn group_by(&self, name: &str) -> Option<&GroupByResult> {
        self.group_bys.iter().find(|result| result.name == name)
    }
}
