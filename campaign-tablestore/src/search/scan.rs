//! All rows of an index that fit a query, read in parallel.

use campaign_client::{Error, Operation, Result};
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;

use super::{ColumnsToGet, Query, ReturnType, ScanPage};
use crate::{Client, Row, op::compute_splits::ComputeSplits, op::parallel_scan::ParallelScan};

/// Parts that are read at once unless it is said otherwise.
const AT_ONCE: usize = 16;

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
/// let mut rows = scan.rows(client).await?;
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
    /// Parts that are read at once, at least 1.
    pub at_once: usize,
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
            at_once: AT_ONCE,
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

    /// The same with the session kept for so many seconds after each page, 60 unless it is said otherwise: longer than it
    /// takes to deal with the rows of a page.
    #[must_use]
    pub const fn alive_time(mut self, seconds: i32) -> Self {
        self.alive_time = seconds;
        self
    }

    /// The same reading so many parts at once, 16 unless it is said otherwise, at least 1. Each has one page in memory.
    #[must_use]
    pub fn at_once(mut self, parts: usize) -> Self {
        self.at_once = parts.max(1);
        self
    }

    /// Opens a session and reads its parts side by side, each page when its rows are asked for: a stream that is dropped
    /// asks for no more.
    ///
    /// The service forgets a session that is not read from for as long as [`alive_time`](Self::alive_time) says. The stream
    /// then ends with `OTSSessionExpired` ([`Code::SessionExpired`](crate::Code::SessionExpired)): begin again, and all rows
    /// come again.
    ///
    /// # Errors
    /// What [`Client::send`] fails with if the session cannot be opened, and the same as the stream's last item;
    /// [`ErrorKind::Unreadable`](campaign_client::ErrorKind::Unreadable) if the service offers no part.
    pub async fn rows(self, client: &Client) -> Result<impl Stream<Item = Result<Row>> + Send + Unpin + use<>> {
        self.items(client, ScanPage::rows).await
    }

    /// The same as values of a type: an [`Entity`](crate::Entity), or any struct of the columns that are asked for. A row
    /// that does not fit the type is an error that names the column.
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub async fn rows_as<T>(self, client: &Client) -> Result<impl Stream<Item = Result<T>> + Send + Unpin + use<T>>
    where
        T: DeserializeOwned + Send + 'static,
    {
        self.items(client, |page| page.rows_as()).await
    }

    async fn items<T: Send + 'static>(
        self,
        client: &Client,
        read: fn(&ScanPage) -> Result<Vec<T>>,
    ) -> Result<impl Stream<Item = Result<T>> + Send + Unpin + use<T>> {
        let session = client.send(&ComputeSplits::new(&self.table_name, &self.index_name)).await?;
        let parts = session.splits_size;
        if parts < 1 {
            return Err(Error::unreadable("the session has no part").with_operation(ComputeSplits::NAME));
        }
        let scan = ParallelScan::new(self.table_name, self.index_name, self.query)
            .session_id(session.session_id)
            .columns_to_get(self.columns_to_get)
            .limit(self.limit)
            .alive_time(self.alive_time);
        let client = client.clone();
        let of_part = move |part| scan.clone().part(part, parts).items(&client, read).boxed();
        let rows = stream::iter(0..parts).map(of_part).flatten_unordered(self.at_once);
        Ok(until_error(rows))
    }
}

impl ParallelScan {
    /// The rows of this part, each page read when its first row is asked for. The stream ends after its first error.
    ///
    /// # Errors
    /// The stream's items: what [`Client::send`] fails with, and
    /// [`ErrorKind::Unreadable`](campaign_client::ErrorKind::Unreadable) for a row that cannot be read.
    pub fn rows(self, client: &Client) -> impl Stream<Item = Result<Row>> + Send + Unpin + use<> {
        self.items(client, ScanPage::rows)
    }

    /// The same as values of a type.
    ///
    /// # Errors
    /// As [`rows`](Self::rows), and for a row that does not fit the type.
    pub fn rows_as<T>(self, client: &Client) -> impl Stream<Item = Result<T>> + Send + Unpin + use<T>
    where
        T: DeserializeOwned + Send + 'static,
    {
        self.items(client, |page| page.rows_as())
    }

    fn items<T: Send + 'static>(
        self,
        client: &Client,
        read: fn(&ScanPage) -> Result<Vec<T>>,
    ) -> impl Stream<Item = Result<T>> + Send + Unpin + use<T> {
        let rows = move |page: ScanPage| Ok(stream::iter(read(&page)?.into_iter().map(Ok)));
        until_error(client.pages(self).map(move |page| page.and_then(rows)).try_flatten())
    }
}

/// The same, over after its first error: what is left is dropped, and no page is asked for any more.
pub(super) fn until_error<T: Send + 'static>(
    rows: impl Stream<Item = Result<T>> + Send + 'static,
) -> impl Stream<Item = Result<T>> + Send + Unpin {
    // Polled once more after its end, it has ended.
    Box::pin(stream::try_unfold(rows.boxed(), async |mut rows| Ok(rows.try_next().await?.map(|row| (row, rows)))))
}

#[cfg(all(test, feature = "server"))]
mod tests;
