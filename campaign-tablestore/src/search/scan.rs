//! All rows of an index that fit a query, read in parallel.

use campaign_client::Result;
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{ColumnsToGet, Query, ReturnType};
use crate::{Client, Row, op::compute_splits::ComputeSplits, op::parallel_scan::ParallelScan};

/// All rows of an index that fit a query, in no order, read in as many parts as the service offers (service documents
/// "ComputeSplits" and "ParallelScan").
///
/// ```
/// use campaign_tablestore::Client;
/// use campaign_tablestore::search::{IndexScan, Query};
/// use futures_util::TryStreamExt;
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let scan = IndexScan::new("entries", "by_state", Query::term("state", "open"));
/// let mut rows = std::pin::pin!(scan.rows(client).await?);
/// while let Some(row) = rows.try_next().await? {
///     println!("{:?}", row.key("id"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct IndexScan {
    /// The table.
    pub table_name: String,
    /// The index.
    pub index_name: String,
    /// Which rows.
    pub query: Query,
    /// Which columns; those the index holds.
    pub columns_to_get: ColumnsToGet,
    /// Rows of a page, at most.
    pub limit: i32,
    /// Seconds for which the service keeps the session after each page.
    pub alive_time: i32,
}

impl IndexScan {
    /// Rows that fit `query`, with all columns that the index holds.
    pub fn new(table_name: impl Into<String>, index_name: impl Into<String>, query: impl Into<Query>) -> Self {
        Self {
            table_name: table_name.into(),
            index_name: index_name.into(),
            query: query.into(),
            columns_to_get: ColumnsToGet::of(ReturnType::AllFromIndex),
            limit: 1000,
            alive_time: 60,
        }
    }

    /// The same with these columns.
    #[must_use]
    pub fn columns_to_get(mut self, columns: ColumnsToGet) -> Self {
        self.columns_to_get = columns;
        self
    }

    /// The same with at most this many rows in a page; the service takes 2,000 at most.
    #[must_use]
    pub const fn limit(mut self, rows: i32) -> Self {
        self.limit = rows;
        self
    }

    /// Opens a session and reads its parts side by side. A session that ended while the stream was not read gives
    /// `OTSSessionExpired`; then begin again.
    ///
    /// # Errors
    /// If the session cannot be opened. The stream ends after its first error.
    pub async fn rows(self, client: &Client) -> Result<impl Stream<Item = Result<Row>> + Send + use<>> {
        let session = client.send(&ComputeSplits::new(&self.table_name, &self.index_name)).await?;
        let parts: Vec<_> = (0..session.splits_size)
            .map(|part| {
                ParallelScan::new(&self.table_name, &self.index_name, self.query.clone())
                    .session_id(session.session_id.clone())
                    .columns_to_get(self.columns_to_get.clone())
                    .limit(self.limit)
                    .alive_time(self.alive_time)
                    .part(part, session.splits_size)
                    .rows(client)
                    .boxed()
            })
            .collect();
        let mut failed = false;
        Ok(stream::select_all(parts).take_while(move |row| {
            let goes_on = !failed;
            failed = row.is_err();
            std::future::ready(goes_on)
        }))
    }
}

impl ParallelScan {
    /// The rows of this part, one page read after the other. The stream ends after its first error.
    pub fn rows(self, client: &Client) -> impl Stream<Item = Result<Row>> + Send + use<> {
        client.pages(self).and_then(async |page| Ok(stream::iter(page.rows()?.into_iter().map(Ok)))).try_flatten()
    }
}
