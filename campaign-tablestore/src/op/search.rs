//! Search: rows of a search index that fit a query, and numbers about them.
//!
//! Its round-trip law goes over every kind of query, sort, aggregation and group-by, and so stands in `search/tests.rs`.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Paginate, Result};
use http::response;

use crate::{
    PrimaryKey, TableStore, Token,
    schema::CapacityUnit,
    search::{
        Aggregation, AggregationResult, ColumnsToGet, GroupBy, GroupByResult, Highlight, Query, SearchHit, SearchPage,
        Sort,
    },
    wire::{self, messages},
};

messages! {
    /// Finds rows of a search index (service document "Search").
    ///
    /// An answer is a page of at most 100 rows, or 1,000 if the index holds all columns that are asked for.
    /// [`rows`](Self::rows) follows the pages. What is found may lag behind the table by some seconds.
    ///
    /// The queries of one search, those inside others counted, are 1,024 at most. This and the other numbers of the service
    /// document "Search index limits" are said where they belong and left to the service to hold: it has raised them before, and
    /// raises some for whoever asks. A search that no service takes is not sent: a negative limit or offset, a sort beside a token.
    ///
    /// ```
    /// use campaign_tablestore::{Client, Search};
    /// use campaign_tablestore::search::{Aggregation, Query, Sorter};
    ///
    /// # async fn example(client: &Client) -> campaign_client::Result<()> {
    /// let search = Search::new("entries", "by_state", Query::term("state", "open"))
    ///     .sort_by([Sorter::descending("age")])
    ///     .aggregation(Aggregation::avg("age", "age"))
    ///     .limit(20)
    ///     .count_hits();
    /// let page = client.send(&search).await?;
    /// println!("{:?} rows fit; {} are here", page.total_hits, page.row_count());
    /// # Ok(())
    /// # }
    /// ```
    pub struct Search {
        /// The table.
        pub table_name: String = 1,
        /// The index.
        pub index_name: String = 2,
        /// Which columns of the rows; without it, the key.
        pub columns_to_get: Option<ColumnsToGet> = 3,
        /// Which rows, in which order, and which numbers about them.
        pub search_query: SearchQuery = 4,
        /// Values of the routing fields: only the parts of the index that they decide are read.
        pub routing_values: Vec<PrimaryKey> = 5,
        /// Milliseconds that the service may take.
        pub timeout_ms: Option<i32> = 6,
    }

    /// Which rows, in which order, and which numbers about them.
    pub struct SearchQuery {
        /// How many rows are left out first; `offset` and `limit` together are 100,000 at most.
        pub offset: Option<i32> = 1,
        /// Rows of a page.
        pub limit: Option<i32> = 2,
        /// Which rows.
        pub query: Query = 4,
        /// One row for each value of a field.
        pub collapse: Option<Collapse> = 5,
        /// Their order.
        pub sort: Option<Sort> = 6,
        /// Whether all rows that fit are counted, as the Python and Go clients ask.
        pub get_total_count: Option<bool> = 8,
        /// Where to go on.
        pub token: Option<Token> = 9,
        /// Numbers about all rows that fit.
        pub aggregations: Vec<Aggregation> = list 10,
        /// Groups of all rows that fit.
        pub group_bys: Vec<GroupBy> = list 11,
        /// What is highlighted.
        pub highlight: Option<Highlight> = 12,
        /// Up to how many rows that fit are counted, as the Java client asks; -1 for not at all.
        pub track_total_count: Option<i32> = 13,
        /// Which of the rows that fit are told; numbers and groups are about all of them.
        pub filter: Option<SearchFilter> = 14,
    }

    /// One row for each value of a field.
    #[derive(Eq)]
    pub struct Collapse {
        /// The field.
        pub field: String = 1,
    }

    /// Which of the rows that fit are told.
    pub struct SearchFilter {
        /// The query.
        pub query: Query = 1,
    }

    struct Capacity {
        unit: Option<Unit> = 1,
    }

    struct Unit {
        read: Option<u32> = 1,
        write: Option<u32> = 2,
    }

    struct Answer {
        total_hits: Option<i64> = 1,
        rows: Vec<Bytes> = 2,
        is_all_succeeded: bool = 3,
        hits: Vec<SearchHit> = 5,
        next_token: Option<Token> = 6,
        aggregations: Vec<AggregationResult> = list 7,
        group_bys: Vec<GroupByResult> = list 8,
        consumed: Option<Capacity> = 9,
        reserved_consumed: Option<Capacity> = 10,
    }
}

impl Capacity {
    fn told(self) -> CapacityUnit {
        let unit = self.unit.unwrap_or(Unit { read: None, write: None });
        CapacityUnit::new(unit.read.unwrap_or_default(), unit.write.unwrap_or_default())
    }

    #[cfg(feature = "server")]
    const fn of(unit: CapacityUnit) -> Self {
        Self { unit: Some(Unit { read: Some(unit.read), write: Some(unit.write) }) }
    }
}

impl Operation for Search {
    type Service = TableStore;
    type Output = SearchPage;
    const NAME: &'static str = "Search";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_table_name(&self.table_name)?;
        let query = &self.search_query;
        if query.token.is_some() && query.sort.is_some() {
            return Err(Error::invalid("a token holds the order; send no sort with it"));
        }
        if query.limit.is_some_and(|rows| rows < 0) || query.offset.is_some_and(|rows| rows < 0) {
            return Err(Error::invalid("limit and offset must not be negative"));
        }
        wire::post::<Self>(service, wire::sent(self)?)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<SearchPage> {
        wire::told(body, |answer: Answer| {
            if !answer.hits.is_empty() && answer.hits.len() != answer.rows.len() {
                return Err(crate::WireFault::Contradiction("there are as many hits as rows, or none"));
            }
            Ok(SearchPage {
                // Not counted is -1.
                total_hits: answer.total_hits.filter(|hits| *hits >= 0),
                rows: answer.rows,
                is_all_succeeded: answer.is_all_succeeded,
                hits: answer.hits,
                next_token: answer.next_token.filter(|token| !token.is_empty()),
                aggregations: answer.aggregations,
                group_bys: answer.group_bys,
                consumed: answer.consumed.map(Capacity::told),
                reserved_consumed: answer.reserved_consumed.map(Capacity::told),
            })
        })
    }
}

impl Paginate for Search {
    fn next(&self, page: &SearchPage) -> Result<Option<Self>> {
        let Some(token) = page.next_token.clone() else { return Ok(None) };
        if self.search_query.token.as_ref() == Some(&token) {
            return Err(Error::unreadable("the answer's token leads to the same page again"));
        }
        let mut next = self.clone().token(token);
        next.search_query.offset = None;
        Ok(Some(next))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for Search {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::requested(request, body)
    }

    fn write_response(&self, page: &SearchPage) -> Result<http::Response<Bytes>> {
        let answer = Answer {
            total_hits: Some(page.total_hits.unwrap_or(-1)),
            rows: page.rows.clone(),
            is_all_succeeded: page.is_all_succeeded,
            hits: page.hits.clone(),
            next_token: page.next_token.clone(),
            aggregations: page.aggregations.clone(),
            group_bys: page.group_bys.clone(),
            consumed: page.consumed.map(Capacity::of),
            reserved_consumed: page.reserved_consumed.map(Capacity::of),
        };
        wire::respond(wire::sent(&answer)?)
    }
}
