//! GetRow: reads a row.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
use http::response;
use prost::Message;

use crate::{
    Filter, Name, PrimaryKey, Row, TableStore, TimeRange, Token,
    plain_buffer::decode_row,
    read::{WireTimeRange, filter_bytes, read_setters},
    schema::{CapacityUnit, proto},
    wire::{self, required},
};
#[cfg(feature = "server")]
use crate::{plain_buffer::decode_key, read, wire::positive};

/// Reads a row (service document "GetRow"). A row that does not exist, and one that the filter or the named columns leave
/// nothing of, is `None` in the output.
///
/// ```
/// use campaign_tablestore::{Client, GetRow, PrimaryKey, Value};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let found = client.send(&GetRow::new("entries", PrimaryKey::new().with("id", "e-1")).column("name")).await?;
/// let name = found.row.as_ref().and_then(|row| row.get("name")).and_then(Value::as_str);
/// # let _ = name;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GetRow {
    /// The table.
    pub table_name: String,
    /// The row.
    pub primary_key: PrimaryKey,
    /// The columns to return; all if empty. At most 128.
    pub columns_to_get: Vec<Name>,
    /// The times of the versions to return.
    pub time_range: Option<TimeRange>,
    /// How many versions of a column to return; this or `time_range` must be there.
    pub max_versions: Option<u32>,
    /// What the row must pass, or which page of its columns to return.
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

impl GetRow {
    /// Reads the newest version of all columns of the row of this key.
    pub fn new(table_name: impl Into<String>, primary_key: PrimaryKey) -> Self {
        Self {
            table_name: table_name.into(),
            primary_key,
            columns_to_get: Vec::new(),
            time_range: None,
            max_versions: Some(1),
            filter: None,
            start_column: None,
            end_column: None,
            token: None,
            transaction_id: None,
        }
    }

    read_setters!();
}

/// What GetRow found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GetRowOutput {
    /// What the read consumed.
    pub consumed: CapacityUnit,
    /// The row, if there is one and something of it was asked for.
    pub row: Option<Row>,
    /// Where to go on in a wide row, if there is more of it.
    pub next_token: Option<Token>,
}

#[cfg(feature = "server")]
#[derive(Clone, PartialEq, Message)]
struct GetRowRequest {
    #[prost(string, optional, tag = "1")]
    table_name: Option<String>,
    #[prost(bytes = "bytes", optional, tag = "2")]
    primary_key: Option<Bytes>,
    #[prost(string, repeated, tag = "3")]
    columns_to_get: Vec<String>,
    #[prost(message, optional, tag = "4")]
    time_range: Option<WireTimeRange>,
    #[prost(int32, optional, tag = "5")]
    max_versions: Option<i32>,
    #[prost(bytes = "bytes", optional, tag = "7")]
    filter: Option<Bytes>,
    #[prost(string, optional, tag = "8")]
    start_column: Option<String>,
    #[prost(string, optional, tag = "9")]
    end_column: Option<String>,
    #[prost(bytes = "bytes", optional, tag = "10")]
    token: Option<Bytes>,
    #[prost(string, optional, tag = "11")]
    transaction_id: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct GetRowResponse {
    #[prost(message, optional, tag = "1")]
    consumed: Option<proto::Capacity>,
    #[prost(bytes = "bytes", optional, tag = "2")]
    row: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "3")]
    next_token: Option<Bytes>,
}

impl Operation for GetRow {
    type Service = TableStore;
    type Output = GetRowOutput;
    const NAME: &'static str = "GetRow";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_table_name(&self.table_name)?;
        wire::check_key(&self.primary_key)?;
        self.check_versions()?;
        let time_range: Option<WireTimeRange> = self.time_range.map(TimeRange::to_wire);
        let filter = filter_bytes(self.filter.as_ref())?;
        let body = wire::message(|w| {
            w.string(1, &self.table_name);
            w.row(2, &self.primary_key);
            w.strings(3, &self.columns_to_get);
            w.optional_message(4, time_range.as_ref());
            w.optional_int(5, self.max_versions.map(i64::from));
            w.optional_bytes(7, filter.as_deref());
            w.optional_string(8, self.start_column.as_deref());
            w.optional_string(9, self.end_column.as_deref());
            w.optional_bytes(10, self.token.as_deref());
            w.optional_string(11, self.transaction_id.as_deref());
        })?;
        wire::post::<Self>(service, body)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<GetRowOutput> {
        wire::answered(body, |answer: GetRowResponse| {
            Ok(GetRowOutput {
                consumed: CapacityUnit::from_capacity(answer.consumed, "consumed")?,
                row: decode_row(&required(answer.row, "row")?)?,
                next_token: answer.next_token.filter(|token| !token.is_empty()).map(Token::from),
            })
        })
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for GetRow {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: GetRowRequest| {
            Ok(Self {
                table_name: required(message.table_name, "table_name")?,
                primary_key: decode_key(&required(message.primary_key, "primary_key")?)?,
                columns_to_get: read::names(message.columns_to_get),
                time_range: message.time_range.as_ref().map(TimeRange::from_wire).transpose()?,
                max_versions: message.max_versions.map(|n| positive(n, "max_versions")).transpose()?,
                filter: message.filter.map(Filter::decode_bytes).transpose()?,
                start_column: message.start_column.map(Name::from),
                end_column: message.end_column.map(Name::from),
                token: message.token.map(Token::from),
                transaction_id: message.transaction_id,
            })
        })
    }

    fn write_response(&self, output: &GetRowOutput) -> Result<http::Response<Bytes>> {
        wire::respond(wire::message(|w| {
            w.message(1, &output.consumed.to_capacity());
            match &output.row {
                Some(row) => w.row(2, row),
                None => w.bytes(2, &[]),
            }
            w.optional_bytes(3, output.next_token.as_deref());
        })?)
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::{ColumnFilter, testing::law};

    fn key() -> PrimaryKey {
        PrimaryKey::new().with("id", "e-1")
    }

    #[test]
    fn the_law_holds() {
        law(&GetRow::new("entries", key()), &GetRowOutput::default());
        let full = GetRow::new("entries", key())
            .columns(["name", "age"])
            .time_range(TimeRange::Between { start: 0, end: i64::MAX })
            .max_versions(3)
            .filter(ColumnFilter::equal("state", "pending"))
            .start_column("a")
            .end_column("z")
            .token(&b"\x00\xff"[..])
            .transaction_id("txn");
        let row = Row::new(key()).with_version("name", "李", 1_700_000_000_000);
        let output =
            GetRowOutput { consumed: CapacityUnit::new(1, 0), row: Some(row), next_token: Some(Token::from("more")) };
        law(&full, &output);
        law(&full.time_range(TimeRange::At(5)), &output);
    }

    #[test]
    fn one_time_is_asked_for_without_a_number_of_versions() {
        assert_eq!(GetRow::new("entries", key()).time_range(TimeRange::At(5)).max_versions, None);
        let between = TimeRange::Between { start: 0, end: 5 };
        assert_eq!(GetRow::new("entries", key()).time_range(between).max_versions, Some(1));
    }

    #[test]
    fn a_read_that_says_nothing_of_versions_is_not_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        let unsaid = GetRow { max_versions: None, ..GetRow::new("entries", key()) };
        for bad in [unsaid, GetRow::new("entries", key()).max_versions(0), GetRow::new("entries", PrimaryKey::new())] {
            assert_eq!(bad.request(&service).unwrap_err().kind(), campaign_client::ErrorKind::Invalid);
        }
    }
}
