//! GetRange: reads rows in the order of their keys.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Paginate, Result};
use http::response;
use prost::Message;
use serde::de::DeserializeOwned;

use crate::{
    Client, Filter, Name, PrimaryKey, RangeCursor, Row, Rows, TableStore, TimeRange, Token, WireFault,
    plain_buffer::decode_key,
    read::{WireTimeRange, filter_bytes, read_setters},
    schema::{CapacityUnit, proto},
    wire::{self, enumeration, required},
};
#[cfg(feature = "server")]
use crate::{read, wire::positive};

pub use crate::range_page::RangePage;

enumeration! {
    /// Which way a range is read.
    pub enum Direction {
        /// From the least key to the greatest.
        Forward = 0,
        /// From the greatest key to the least.
        Backward = 1,
    }
}

/// Reads rows in the order of their keys (service document "GetRange").
///
/// One answer is a page of at most 5,000 rows or 4 MB. [`Client::pages`](campaign_client::Client::pages) follows the pages,
/// [`rows`](Self::rows) the rows.
///
/// ```
/// use campaign_tablestore::{Client, GetRange};
/// use futures_util::TryStreamExt;
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let mut rows = GetRange::all("entries", ["id"]).rows(client);
/// while let Some(row) = rows.try_next().await? {
///     println!("{:?}", row.key("id"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GetRange {
    /// The table.
    pub table_name: String,
    /// Which way.
    pub direction: Direction,
    /// The columns to return; all if empty. At most 128.
    pub columns_to_get: Vec<Name>,
    /// The times of the versions to return.
    pub time_range: Option<TimeRange>,
    /// How many versions of a column to return; this or `time_range` must be there.
    pub max_versions: Option<u32>,
    /// The most rows of one page.
    pub limit: Option<u32>,
    /// Where to begin; with all columns of the key, bounds allowed.
    pub inclusive_start_primary_key: PrimaryKey,
    /// Where to end; not returned.
    pub exclusive_end_primary_key: PrimaryKey,
    /// What a row must pass, or which page of its columns to return. A page may be empty and yet not the last.
    pub filter: Option<Filter>,
    /// The first column to return.
    pub start_column: Option<Name>,
    /// The column after the last to return.
    pub end_column: Option<Name>,
    /// Where to go on in a wide row.
    pub token: Option<Token>,
    /// The transaction it is part of.
    pub transaction_id: Option<String>,
}

impl GetRange {
    /// Reads the newest version of all columns of the rows from `start` on, before `end`.
    pub fn new(table_name: impl Into<String>, start: PrimaryKey, end: PrimaryKey) -> Self {
        Self {
            table_name: table_name.into(),
            direction: Direction::Forward,
            columns_to_get: Vec::new(),
            time_range: None,
            max_versions: Some(1),
            limit: None,
            inclusive_start_primary_key: start,
            exclusive_end_primary_key: end,
            filter: None,
            start_column: None,
            end_column: None,
            token: None,
            transaction_id: None,
        }
    }

    /// Reads all rows of a table whose primary key has these columns.
    pub fn all<N: Into<Name>>(table_name: impl Into<String>, key: impl IntoIterator<Item = N>) -> Self {
        let (start, end) = PrimaryKey::bounds(key);
        Self::new(table_name, start, end)
    }

    /// The same from the greatest key to the least; `start` is the greater bound.
    #[must_use]
    pub const fn backward(mut self) -> Self {
        self.direction = Direction::Backward;
        self
    }

    /// The same with at most this many rows in a page.
    #[must_use]
    pub const fn limit(mut self, rows: u32) -> Self {
        self.limit = Some(rows);
        self
    }

    read_setters!();

    /// The rows in order. While those of one page are handed out, the next page is read.
    ///
    /// # Errors
    /// The stream's last item, if it is one: what [`Client::send`](campaign_client::Client::send) fails with, and
    /// [`ErrorKind::Unreadable`](campaign_client::ErrorKind::Unreadable) for a row that cannot be read.
    pub fn rows(self, client: &Client) -> Rows<Row> {
        Rows::untyped(client, self)
    }

    /// The same as values of a type: an [`Entity`](crate::Entity), or any struct for the columns that are asked for. A row
    /// that does not fit the type is an error that names the column.
    ///
    /// # Errors
    /// As [`rows`](Self::rows), and for a row that does not fit the type.
    pub fn rows_as<T: DeserializeOwned>(self, client: &Client) -> Rows<T> {
        Rows::typed(client, self)
    }

    /// The same going on where a stream of [`rows`](Self::rows) stood, perhaps in another process.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if the cursor is of another table, another direction or a
    /// place outside this range.
    pub fn resume(mut self, cursor: &RangeCursor) -> Result<Self> {
        let place = &cursor.key;
        let before = self.is_before(place, &self.inclusive_start_primary_key);
        let names = |key: &PrimaryKey| key.columns().iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        if cursor.table_name != self.table_name
            || cursor.direction != self.direction
            || names(place) != names(&self.inclusive_start_primary_key)
            || before
            || !self.is_before(place, &self.exclusive_end_primary_key)
        {
            return Err(Error::invalid("the cursor is of another range"));
        }
        self.inclusive_start_primary_key = place.clone();
        self.token = None;
        Ok(self)
    }

    /// True if `a` stands before `b` in the order of reading.
    pub(crate) fn is_before(&self, a: &PrimaryKey, b: &PrimaryKey) -> bool {
        match self.direction {
            Direction::Forward => a < b,
            Direction::Backward => a > b,
        }
    }
}

#[cfg(feature = "server")]
#[derive(Clone, PartialEq, Message)]
struct GetRangeRequest {
    #[prost(string, optional, tag = "1")]
    table_name: Option<String>,
    #[prost(int32, optional, tag = "2")]
    direction: Option<i32>,
    #[prost(string, repeated, tag = "3")]
    columns_to_get: Vec<String>,
    #[prost(message, optional, tag = "4")]
    time_range: Option<WireTimeRange>,
    #[prost(int32, optional, tag = "5")]
    max_versions: Option<i32>,
    #[prost(int32, optional, tag = "6")]
    limit: Option<i32>,
    #[prost(bytes = "bytes", optional, tag = "7")]
    inclusive_start_primary_key: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "8")]
    exclusive_end_primary_key: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "10")]
    filter: Option<Bytes>,
    #[prost(string, optional, tag = "11")]
    start_column: Option<String>,
    #[prost(string, optional, tag = "12")]
    end_column: Option<String>,
    #[prost(bytes = "bytes", optional, tag = "13")]
    token: Option<Bytes>,
    #[prost(string, optional, tag = "14")]
    transaction_id: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct GetRangeResponse {
    #[prost(message, optional, tag = "1")]
    consumed: Option<proto::Capacity>,
    #[prost(bytes = "bytes", optional, tag = "2")]
    rows: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "3")]
    next_start_primary_key: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "4")]
    next_token: Option<Bytes>,
    /// 0 is PlainBuffer; nothing else is asked for.
    #[prost(int32, optional, tag = "5")]
    data_block_type: Option<i32>,
}

impl Operation for GetRange {
    type Service = TableStore;
    type Output = RangePage;
    const NAME: &'static str = "GetRange";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_table_name(&self.table_name)?;
        self.check_versions()?;
        if self.limit.is_some_and(|rows| rows == 0 || i32::try_from(rows).is_err()) {
            return Err(Error::invalid("limit must be 1 to 2147483647"));
        }
        let (start, end) = (&self.inclusive_start_primary_key, &self.exclusive_end_primary_key);
        wire::check_key(start)?;
        wire::check_key(end)?;
        if !self.is_before(start, end) {
            return Err(Error::invalid("the range is empty: its start does not stand before its end"));
        }
        let time_range: Option<WireTimeRange> = self.time_range.map(TimeRange::to_wire);
        let filter = filter_bytes(self.filter.as_ref())?;
        let body = wire::message(|w| {
            w.string(1, &self.table_name);
            w.int(2, self.direction.number().into());
            w.strings(3, &self.columns_to_get);
            w.optional_message(4, time_range.as_ref());
            w.optional_int(5, self.max_versions.map(i64::from));
            w.optional_int(6, self.limit.map(i64::from));
            w.row(7, start);
            w.row(8, end);
            w.optional_bytes(10, filter.as_deref());
            w.optional_string(11, self.start_column.as_deref());
            w.optional_string(12, self.end_column.as_deref());
            w.optional_bytes(13, self.token.as_deref());
            w.optional_string(14, self.transaction_id.as_deref());
        })?;
        wire::post::<Self>(service, body)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<RangePage> {
        wire::answered(body, |answer: GetRangeResponse| {
            if let Some(value) = answer.data_block_type.filter(|kind| *kind != 0) {
                return Err(WireFault::OutOfRange { field: "data_block_type", value: value.into() });
            }
            let next = answer.next_start_primary_key.filter(|key| !key.is_empty());
            let next = next.map(|key| decode_key(&key)).transpose()?;
            let token = answer.next_token.filter(|token| !token.is_empty()).map(Token::from);
            // A page that leads back would never end. Only a wide row goes on where it began.
            let start = &self.inclusive_start_primary_key;
            let goes_on = |next: &PrimaryKey| self.is_before(start, next) || (token.is_some() && next == start);
            if next.as_ref().is_some_and(|next| !goes_on(next)) {
                return Err(WireFault::Contradiction("the next page does not stand after this one"));
            }
            Ok(RangePage {
                consumed: CapacityUnit::from_capacity(answer.consumed, "consumed")?,
                rows: required(answer.rows, "rows")?,
                next_start_primary_key: next,
                next_token: token,
            })
        })
    }
}

impl Paginate for GetRange {
    fn next(&self, page: &RangePage) -> Result<Option<Self>> {
        let Some(start) = &page.next_start_primary_key else { return Ok(None) };
        if !self.is_before(start, &self.exclusive_end_primary_key) {
            return Ok(None);
        }
        let (inclusive_start_primary_key, token) = (start.clone(), page.next_token.clone());
        Ok(Some(Self { inclusive_start_primary_key, token, ..self.clone() }))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for GetRange {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: GetRangeRequest| {
            let key = |bytes: Option<Bytes>, name| Ok::<_, WireFault>(decode_key(&required(bytes, name)?)?);
            Ok(Self {
                table_name: required(message.table_name, "table_name")?,
                direction: Direction::from_number(required(message.direction, "direction")?, "direction")?,
                columns_to_get: read::names(message.columns_to_get),
                time_range: message.time_range.as_ref().map(TimeRange::from_wire).transpose()?,
                max_versions: message.max_versions.map(|n| positive(n, "max_versions")).transpose()?,
                limit: message.limit.map(|n| positive(n, "limit")).transpose()?,
                inclusive_start_primary_key: key(message.inclusive_start_primary_key, "inclusive_start_primary_key")?,
                exclusive_end_primary_key: key(message.exclusive_end_primary_key, "exclusive_end_primary_key")?,
                filter: message.filter.map(Filter::decode_bytes).transpose()?,
                start_column: message.start_column.map(Name::from),
                end_column: message.end_column.map(Name::from),
                token: message.token.map(Token::from),
                transaction_id: message.transaction_id,
            })
        })
    }

    fn write_response(&self, page: &RangePage) -> Result<http::Response<Bytes>> {
        wire::respond(wire::message(|w| {
            w.message(1, &page.consumed.to_capacity());
            w.bytes(2, &page.rows);
            if let Some(key) = &page.next_start_primary_key {
                w.row(3, key);
            }
            w.optional_bytes(4, page.next_token.as_deref());
        })?)
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::{ColumnFilter, testing::law};

    fn key(id: &str) -> PrimaryKey {
        PrimaryKey::new().with("id", id)
    }

    fn page(next: Option<&str>) -> RangePage {
        let rows = [Row::new(key("b")).with_version("n", 1, 5), Row::new(key("c")).with_version("n", 2, 6)];
        RangePage::new(CapacityUnit::new(1, 0), &rows, next.map(key))
    }

    #[test]
    fn the_law_holds() {
        law(&GetRange::all("entries", ["id", "n"]), &RangePage::default());
        let full = GetRange::new("entries", key("z"), key("a"))
            .backward()
            .limit(5)
            .column("name")
            .time_range(TimeRange::At(5))
            .filter(ColumnFilter::equal("state", "pending"))
            .start_column("a")
            .end_column("z")
            .token(&b"\x00\xff"[..])
            .transaction_id("txn");
        law(&full, &page(Some("c")));
    }

    #[test]
    fn the_next_page_begins_where_the_answer_says_and_the_last_has_none() {
        let range = GetRange::new("entries", key("a"), key("z"));
        let next = range.next(&page(Some("d"))).unwrap().unwrap();
        assert_eq!(next, GetRange::new("entries", key("d"), key("z")));
        assert_eq!(range.next(&page(None)).unwrap(), None);
        assert_eq!(range.next(&page(Some("z"))).unwrap(), None, "the end is not part of the range");
    }

    #[test]
    fn a_page_that_leads_back_is_refused() {
        let answer = |range: &GetRange, next: &str| {
            let (parts, body) = campaign_client::Serve::write_response(range, &page(Some(next))).unwrap().into_parts();
            range.response(&parts, body).map_err(|e| e.kind())
        };
        let forward = GetRange::new("entries", key("b"), key("z"));
        let backward = GetRange::new("entries", key("y"), key("a")).backward();
        assert!(answer(&forward, "c").is_ok() && answer(&backward, "c").is_ok());
        for (range, back) in [(&forward, "a"), (&forward, "b"), (&backward, "z"), (&backward, "y")] {
            assert_eq!(answer(range, back).unwrap_err(), campaign_client::ErrorKind::Unreadable);
        }
    }

    #[test]
    fn only_the_row_a_page_began_with_is_gone_on_with() {
        let range = GetRange::new("entries", key("b"), key("z"));
        let answer = |next: &str| {
            let page = RangePage { next_token: Some(Token::from("more")), ..page(Some(next)) };
            let (parts, body) = campaign_client::Serve::write_response(&range, &page).unwrap().into_parts();
            range.response(&parts, body).map_err(|e| e.kind())
        };
        assert!(answer("b").is_ok() && answer("c").is_ok());
        assert_eq!(answer("a").unwrap_err(), campaign_client::ErrorKind::Unreadable);
    }

    #[test]
    fn rows_are_borrowed_from_the_page_or_made_when_asked_for() {
        let page = page(None);
        let mut reader = page.reader().unwrap();
        assert_eq!(reader.next_row().unwrap().unwrap().get("n"), Some(crate::plain_buffer::ValueRef::Integer(1)));
        assert_eq!(page.rows().unwrap().len(), 2);
    }

    #[test]
    fn an_empty_range_is_not_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        for bad in [
            GetRange::new("t", key("a"), key("a")),
            GetRange::new("t", key("a"), key("b")).backward(),
            GetRange::new("t", key("a"), key("b")).limit(0),
            GetRange::new("t", PrimaryKey::new(), key("b")),
        ] {
            assert_eq!(bad.request(&service).unwrap_err().kind(), campaign_client::ErrorKind::Invalid);
        }
    }
}
