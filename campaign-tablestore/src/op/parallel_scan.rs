//! ParallelScan: reads a part of a search index.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Paginate, Result};
use http::response;

use crate::{
    TableStore, Token,
    search::{ColumnsToGet, Query, ScanPage},
    wire::{self, messages, setters},
};

messages! {
    /// Reads a part of a search index, page by page (service document "ParallelScan").
    /// [`IndexScan`](crate::search::IndexScan) reads all parts; this is for programs that read each part on another machine.
    ///
    /// ```
    /// use campaign_tablestore::{Client, ComputeSplits, ParallelScan};
    /// use campaign_tablestore::search::Query;
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(client: &Client) -> campaign_client::Result<()> {
    /// let session = client.send(&ComputeSplits::new("entries", "by_state")).await?;
    /// let scan = ParallelScan::new("entries", "by_state", Query::all()).session_id(session.session_id);
    /// let mut first = scan.part(0, session.splits_size).rows(client);
    /// while let Some(row) = first.try_next().await? {
    ///     println!("{:?}", row.key("id"));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub struct ParallelScan {
        /// The table.
        pub table_name: String = 1,
        /// The index.
        pub index_name: String = 2,
        /// Which columns of the rows.
        pub columns_to_get: Option<ColumnsToGet> = 3,
        /// The session, as ComputeSplits opened it.
        pub session_id: Option<Bytes> = 4,
        /// Which rows.
        pub scan_query: ScanQuery = 5,
        /// Milliseconds that the service may take.
        pub timeout_ms: Option<i32> = 6,
    }

    /// Which rows of a part.
    pub struct ScanQuery {
        /// The query.
        pub query: Query = 1,
        /// Rows of a page, 2,000 at most.
        pub limit: Option<i32> = 2,
        /// Seconds for which the session is kept after this page.
        pub alive_time: Option<i32> = 3,
        /// Where to go on.
        pub token: Option<Token> = 4,
        /// Which part, from 0.
        pub current_parallel_id: Option<i32> = 5,
        /// Into how many parts the scan is divided.
        pub max_parallel: Option<i32> = 6,
    }

    struct Answer {
        rows: Vec<Bytes> = 1,
        next_token: Option<Token> = 2,
    }
}

impl ParallelScan {
    /// The only part of an index.
    pub fn new(table_name: impl Into<String>, index_name: impl Into<String>, query: impl Into<Query>) -> Self {
        let scan_query = ScanQuery {
            query: query.into(),
            limit: None,
            alive_time: Some(60),
            token: None,
            current_parallel_id: Some(0),
            max_parallel: Some(1),
        };
        Self {
            table_name: table_name.into(),
            index_name: index_name.into(),
            columns_to_get: None,
            session_id: None,
            scan_query,
            timeout_ms: None,
        }
    }

    setters! {
        /// The same with these columns, which the index must hold.
        columns_to_get: ColumnsToGet,
        /// The same in a session, as ComputeSplits opened it.
        session_id: Bytes,
    }

    /// The same with at most this many rows in a page, 1 to 2,000 (service document "Search index limits").
    #[must_use]
    pub const fn limit(mut self, rows: i32) -> Self {
        self.scan_query.limit = Some(rows);
        self
    }

    /// The same with the session kept for so many seconds after each page.
    #[must_use]
    pub const fn alive_time(mut self, seconds: i32) -> Self {
        self.scan_query.alive_time = Some(seconds);
        self
    }

    /// The same for part `id`, from 0, of `parts`.
    #[must_use]
    pub const fn part(mut self, id: i32, parts: i32) -> Self {
        self.scan_query.current_parallel_id = Some(id);
        self.scan_query.max_parallel = Some(parts);
        self
    }

    /// The same going on where an answer's `next_token` says.
    #[must_use]
    pub fn token(mut self, token: impl Into<Token>) -> Self {
        self.scan_query.token = Some(token.into());
        self
    }
}

impl Operation for ParallelScan {
    type Service = TableStore;
    type Output = ScanPage;
    const NAME: &'static str = "ParallelScan";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_table_name(&self.table_name)?;
        wire::post::<Self>(service, wire::sent(self)?)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<ScanPage> {
        wire::told(body, |answer: Answer| {
            Ok(ScanPage { rows: answer.rows, next_token: answer.next_token.filter(|token| !token.is_empty()) })
        })
    }
}

impl Paginate for ParallelScan {
    fn next(&self, page: &ScanPage) -> Result<Option<Self>> {
        Ok(page.next_token.clone().map(|token| self.clone().token(token)))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for ParallelScan {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::requested(request, body)
    }

    fn write_response(&self, page: &ScanPage) -> Result<http::Response<Bytes>> {
        wire::respond(wire::sent(&Answer { rows: page.rows.clone(), next_token: page.next_token.clone() })?)
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::{PrimaryKey, Row, search::ReturnType, testing::law};

    #[test]
    fn the_law_holds_and_the_next_page_goes_on_where_the_answer_says() {
        let scan = ParallelScan::new("t", "i", Query::all());
        law(&scan, &ScanPage::default());
        let full = scan.session_id("s").limit(5).part(1, 2).columns_to_get(ColumnsToGet::of(ReturnType::None));
        let rows = [Row::new(PrimaryKey::new().with("id", 1)).with_version("n", 1, 5)];
        let page = ScanPage { next_token: Some(Token::from("x")), ..ScanPage::default() }.with_rows(&rows);
        law(&full, &page);
        law(&ParallelScan { timeout_ms: Some(500), ..full.clone().alive_time(7).token(&b"\x00\xff"[..]) }, &page);
        assert_eq!(page.rows().unwrap(), rows);
        let next = full.next(&page).unwrap().unwrap();
        assert_eq!(next, full.clone().token("x"));
        assert_eq!(next.next(&ScanPage::default()).unwrap(), None);
    }

    #[test]
    fn an_answer_may_lack_rows_and_an_empty_token_is_none() {
        let read = |body: &'static [u8]| {
            let (parts, ()) = http::Response::new(()).into_parts();
            ParallelScan::new("t", "i", Query::all()).response(&parts, Bytes::from_static(body))
        };
        let end = read(b"").unwrap();
        assert_eq!((end.row_count(), end.next_token), (0, None));
        assert_eq!(read(b"\x12\x00").unwrap().next_token, None);
        // What comes besides rows and token is skipped: a field 15 here.
        let goes_on = read(b"\x12\x01x\x78\x01").unwrap();
        assert_eq!((goes_on.row_count(), goes_on.next_token.as_deref()), (0, Some(&b"x"[..])));
        for no_answer in [&b"\x0a\xff"[..], b"\x08\x01", b"\x10\x01", b"\xff"] {
            assert_eq!(read(no_answer).unwrap_err().kind(), campaign_client::ErrorKind::Unreadable, "{no_answer:?}");
        }
        // A row is looked at when it is asked for, and so is one that is none.
        let damaged = read(b"\x0a\x01?").unwrap();
        assert_eq!(damaged.row_count(), 1);
        assert_eq!(damaged.rows().unwrap_err().kind(), campaign_client::ErrorKind::Unreadable);
    }
}
