//! How a search is made, and its rows as a stream.

use campaign_client::{Error, Result};
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;

use super::scan::until_error;
use super::{Aggregation, ColumnsToGet, GroupBy, Highlight, Query, SearchPage, Sort, SortOrder, Sorter};
use crate::op::search::{Collapse, Search, SearchFilter, SearchQuery};
use crate::wire::setters;
use crate::{Client, PrimaryKey, Row, Token};

impl Search {
    /// Finds rows that fit `query`.
    pub fn new(table_name: impl Into<String>, index_name: impl Into<String>, query: impl Into<Query>) -> Self {
        let search_query = SearchQuery {
            offset: None,
            limit: None,
            query: query.into(),
            collapse: None,
            sort: None,
            get_total_count: None,
            token: None,
            aggregations: Vec::new(),
            group_bys: Vec::new(),
            highlight: None,
            track_total_count: None,
            filter: None,
        };
        Self {
            table_name: table_name.into(),
            index_name: index_name.into(),
            columns_to_get: None,
            search_query,
            routing_values: Vec::new(),
            timeout_ms: None,
        }
    }

    setters! {
        /// The same with these columns.
        columns_to_get: ColumnsToGet,
        /// The same within so many milliseconds.
        timeout_ms: i32,
    }

    /// The same with at most this many rows in a page, 10 unless it is said: up to 100, or 1,000 if all columns that are
    /// asked for are in the index. With 0, only numbers and groups (service document "Search index limits").
    #[must_use]
    pub const fn limit(mut self, rows: i32) -> Self {
        self.search_query.limit = Some(rows);
        self
    }

    /// The same leaving out so many rows first; with the limit together 100,000 at most. For more, see
    /// [`token`](Self::token).
    #[must_use]
    pub const fn offset(mut self, rows: i32) -> Self {
        self.search_query.offset = Some(rows);
        self
    }

    /// The same in this order.
    #[must_use]
    pub fn sort_by<S: Into<Sorter>>(mut self, sorters: impl IntoIterator<Item = S>) -> Self {
        self.search_query.sort = Some(sorters.into_iter().collect());
        self
    }

    /// The same counting all rows that fit.
    #[must_use]
    pub const fn count_hits(mut self) -> Self {
        self.search_query.get_total_count = Some(true);
        self
    }

    /// The same with one row for each value of `field`, the first in the order. Pages of it have no token.
    #[must_use]
    pub fn collapse(mut self, field: impl Into<String>) -> Self {
        self.search_query.collapse = Some(Collapse { field: field.into() });
        self
    }

    /// The same with words that were found highlighted: up to 10 fields and 500 fragments, those of inner hits counted (service
    /// document "Search index limits").
    #[must_use]
    pub fn highlight(mut self, highlight: Highlight) -> Self {
        self.search_query.highlight = Some(highlight);
        self
    }

    /// The same with a number about all rows that fit; up to five.
    #[must_use]
    pub fn aggregation(mut self, aggregation: Aggregation) -> Self {
        self.search_query.aggregations.push(aggregation);
        self
    }

    /// The same with groups of all rows that fit; up to five group-bys.
    #[must_use]
    pub fn group_by(mut self, group_by: GroupBy) -> Self {
        self.search_query.group_bys.push(group_by);
        self
    }

    /// The same telling only those of the rows that fit which fit `query`, too; numbers and groups are about all of them.
    #[must_use]
    pub fn filter(mut self, query: impl Into<Query>) -> Self {
        self.search_query.filter = Some(SearchFilter { query: query.into() });
        self
    }

    /// The same reading only the part of the index that these values of its routing columns are in; another call adds
    /// another part.
    #[must_use]
    pub fn routing_value(mut self, columns: PrimaryKey) -> Self {
        self.routing_values.push(columns);
        self
    }

    /// The same going on where an answer's `next_token` says. The token holds the order, so none is sent with it.
    #[must_use]
    pub fn token(mut self, token: impl Into<Token>) -> Self {
        self.search_query.token = Some(token.into());
        self.search_query.sort = None;
        self
    }

    /// The rows, one page read after the other: a page is read when its first row is asked for, so that one page is in
    /// memory and a stream that is dropped asks for no more. Numbers and groups are not asked for.
    ///
    /// The stream ends after its first error, and a page that lacks the rows of some part of the index is one. The service
    /// gives a token only for orders that it can go on in; a search without an order is read in that of the keys.
    ///
    /// To go on in another process, read [`Client::pages`] and keep the
    /// [`next_token`](SearchPage::next_token) of the last page that was dealt with for [`token`](Self::token).
    ///
    /// # Errors
    /// The stream's items: what [`Client::send`] fails with, and
    /// [`ErrorKind::Unreadable`](campaign_client::ErrorKind::Unreadable) for a page that is not whole or not readable.
    pub fn rows(self, client: &Client) -> impl Stream<Item = Result<Row>> + Send + Unpin + use<> {
        self.items(client, SearchPage::rows)
    }

    /// The same as values of a type: an [`Entity`](crate::Entity), or any struct of the columns that are asked for. A row
    /// that does not fit the type is an error that names the column.
    ///
    /// ```
    /// use campaign_tablestore::{Client, Search};
    /// use campaign_tablestore::search::{ColumnsToGet, Query, ReturnType};
    /// use futures_util::TryStreamExt;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Entry { id: String, age: Option<u32> }
    ///
    /// # async fn example(client: &Client) -> campaign_client::Result<()> {
    /// let search = Search::new("entries", "by_state", Query::term("state", "open"))
    ///     .columns_to_get(ColumnsToGet::of(ReturnType::AllFromIndex))
    ///     .limit(100);
    /// let mut entries = search.rows_as::<Entry>(client);
    /// while let Some(entry) = entries.try_next().await? {
    ///     println!("{} {:?}", entry.id, entry.age);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub fn rows_as<T>(self, client: &Client) -> impl Stream<Item = Result<T>> + Send + Unpin + use<T>
    where
        T: DeserializeOwned + Send + 'static,
    {
        self.items(client, |page| page.rows_as())
    }

    fn items<T: Send + 'static>(
        mut self,
        client: &Client,
        read: fn(&SearchPage) -> Result<Vec<T>>,
    ) -> impl Stream<Item = Result<T>> + Send + Unpin + use<T> {
        let query = &mut self.search_query;
        query.aggregations.clear();
        query.group_bys.clear();
        if query.sort.is_none() && query.token.is_none() {
            query.sort = Some(Sort::from_iter([Sorter::primary_key(SortOrder::Asc)]));
        }
        let rows = move |page: SearchPage| Ok(stream::iter(whole(&page, read)?.into_iter().map(Ok)));
        until_error(client.pages(self).map(move |page| page.and_then(rows)).try_flatten())
    }
}

fn whole<T>(page: &SearchPage, read: fn(&SearchPage) -> Result<Vec<T>>) -> Result<Vec<T>> {
    if !page.is_all_succeeded {
        return Err(Error::unreadable("the answer lacks the rows of some part of the index"));
    }
    read(page)
}
