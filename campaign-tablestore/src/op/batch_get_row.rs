//! BatchGetRow: reads up to 100 rows of several tables.

use std::fmt;

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result};
use http::response;

use super::{
    batch_write_row::{check_keys, check_tables},
    get_row::GetRowOutput,
};
use crate::{
    Filter, Name, PrimaryKey, TableStore, TimeRange, Token, WireFault,
    plain_buffer::decode_row,
    read::{WireTimeRange, filter_bytes, wanted_setters},
    row_results::{RowResults, TablesAnswer},
    wire,
};
#[cfg(feature = "server")]
use crate::{
    plain_buffer::decode_key,
    read,
    wire::{positive, required},
};

/// The most rows of one call (service document "BatchGetRow").
pub const MAX_ROWS: usize = 100;

/// Reads up to 100 rows of several tables in one call (service document "BatchGetRow").
///
/// Rows succeed or fail one by one, and the call succeeds although rows of it fail: look at each [result](RowResults). Any
/// number of rows, split and repeated as need be, is read by [`batch::get_rows`](crate::batch::get_rows).
///
/// ```
/// use campaign_tablestore::{BatchGetRow, Client, PrimaryKey, TableReads};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let keys = ["a", "b"].map(|id| PrimaryKey::new().with("id", id));
/// let found = client.send(&BatchGetRow::new(TableReads::new("entries", keys).column("state"))).await?;
/// for row in found.rows().filter_map(|row| row.as_ref().ok()?.row.as_ref()) {
///     println!("{:?}", row.key("id"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BatchGetRow {
    /// The rows of each table; no table twice.
    pub tables: Vec<TableReads>,
}

impl BatchGetRow {
    /// Reads rows of a table.
    #[must_use]
    pub fn new(table: TableReads) -> Self {
        Self { tables: vec![table] }
    }

    /// The same with rows of another table.
    #[must_use]
    pub fn table(mut self, table: TableReads) -> Self {
        self.tables.push(table);
        self
    }
}

/// The rows of one table in a [`BatchGetRow`], and what of them is read.
#[derive(Clone, PartialEq)]
pub struct TableReads {
    /// The table.
    pub table_name: String,
    /// The rows; no key twice.
    pub primary_keys: Vec<PrimaryKey>,
    /// Where to go on in wide rows: one for each key and empty for a row read from its beginning, or none at all.
    pub tokens: Vec<Bytes>,
    /// The columns to return; all if empty. At most 128.
    pub columns_to_get: Vec<Name>,
    /// The times of the versions to return.
    pub time_range: Option<TimeRange>,
    /// How many versions of a column to return; this or `time_range` must be there.
    pub max_versions: Option<u32>,
    /// What a row must pass, or which page of its columns to return.
    pub filter: Option<Filter>,
    /// The first column to return.
    pub start_column: Option<Name>,
    /// The column after the last to return.
    pub end_column: Option<Name>,
}

impl fmt::Debug for TableReads {
    /// Shows of tokens what [`Token`] shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableReads")
            .field("table_name", &self.table_name)
            .field("primary_keys", &self.primary_keys)
            .field("tokens", &self.tokens.iter().cloned().map(Token::from).collect::<Vec<_>>())
            .field("columns_to_get", &self.columns_to_get)
            .field("time_range", &self.time_range)
            .field("max_versions", &self.max_versions)
            .field("filter", &self.filter)
            .field("start_column", &self.start_column)
            .field("end_column", &self.end_column)
            .finish()
    }
}

impl TableReads {
    /// Reads the newest version of all columns of the rows of these keys.
    pub fn new(table_name: impl Into<String>, primary_keys: impl IntoIterator<Item = PrimaryKey>) -> Self {
        Self {
            table_name: table_name.into(),
            primary_keys: primary_keys.into_iter().collect(),
            tokens: Vec::new(),
            columns_to_get: Vec::new(),
            time_range: None,
            max_versions: Some(1),
            filter: None,
            start_column: None,
            end_column: None,
        }
    }

    /// The same with a wide row that goes on where an answer's `next_token` says.
    #[must_use]
    pub fn go_on(mut self, primary_key: PrimaryKey, token: impl Into<Token>) -> Self {
        self.tokens.resize(self.primary_keys.len(), Bytes::new());
        self.primary_keys.push(primary_key);
        self.tokens.push(token.into().into_bytes());
        self
    }

    wanted_setters!();

    fn check(&self) -> Result<()> {
        self.check_versions()?;
        if !self.tokens.is_empty() && self.tokens.len() != self.primary_keys.len() {
            return Err(Error::invalid("there must be one token for each key, or none"));
        }
        check_keys(self.primary_keys.iter())?;
        self.primary_keys.iter().try_for_each(wire::check_key)
    }
}

impl Operation for BatchGetRow {
    type Service = TableStore;
    type Output = RowResults<GetRowOutput>;
    const NAME: &'static str = "BatchGetRow";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        check_tables(&self.tables.iter().map(|table| (table.table_name.as_str(), table.primary_keys.len())), MAX_ROWS)?;
        let mut filters = Vec::with_capacity(self.tables.len());
        for table in &self.tables {
            table.check()?;
            filters.push(filter_bytes(table.filter.as_ref())?);
        }
        let body = wire::message(|w| {
            for (table, filter) in self.tables.iter().zip(&filters) {
                let time_range: Option<WireTimeRange> = table.time_range.map(TimeRange::to_wire);
                w.nested(1, |w| {
                    w.string(1, &table.table_name);
                    table.primary_keys.iter().for_each(|key| w.row(2, key));
                    table.tokens.iter().for_each(|token| w.bytes(3, token));
                    w.strings(4, &table.columns_to_get);
                    w.optional_message(5, time_range.as_ref());
                    w.optional_int(6, table.max_versions.map(i64::from));
                    w.optional_bytes(8, filter.as_deref());
                    w.optional_string(9, table.start_column.as_deref());
                    w.optional_string(10, table.end_column.as_deref());
                });
            }
        })?;
        wire::post::<Self>(service, body)
    }

    fn response(&self, response: &response::Parts, body: Bytes) -> Result<RowResults<GetRowOutput>> {
        wire::answered(body, |answer: TablesAnswer| {
            let sent = self.tables.iter().map(|table| (table.table_name.as_str(), table.primary_keys.len()));
            answer.read(sent, response, |row| {
                Ok(GetRowOutput {
                    row: decode_row(row.row.as_ref().ok_or(WireFault::Missing("row"))?)?,
                    next_token: row.next_token.clone().filter(|token| !token.is_empty()).map(Token::from),
                    consumed: row.consumed()?,
                })
            })
        })
    }
}

#[cfg(feature = "server")]
#[derive(Clone, PartialEq, prost::Message)]
struct BatchGetRowRequest {
    /// Each a `TableInBatchGetRowRequest`.
    #[prost(bytes = "bytes", repeated, tag = "1")]
    tables: Vec<Bytes>,
}

#[cfg(feature = "server")]
#[derive(Clone, PartialEq, prost::Message)]
struct TableInBatchGetRowRequest {
    #[prost(string, optional, tag = "1")]
    table_name: Option<String>,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    primary_key: Vec<Bytes>,
    #[prost(bytes = "bytes", repeated, tag = "3")]
    token: Vec<Bytes>,
    #[prost(string, repeated, tag = "4")]
    columns_to_get: Vec<String>,
    #[prost(message, optional, tag = "5")]
    time_range: Option<WireTimeRange>,
    #[prost(int32, optional, tag = "6")]
    max_versions: Option<i32>,
    #[prost(bytes = "bytes", optional, tag = "8")]
    filter: Option<Bytes>,
    #[prost(string, optional, tag = "9")]
    start_column: Option<String>,
    #[prost(string, optional, tag = "10")]
    end_column: Option<String>,
}

#[cfg(feature = "server")]
impl TableInBatchGetRowRequest {
    fn read(self) -> Result<TableReads, WireFault> {
        if !self.token.is_empty() && self.token.len() != self.primary_key.len() {
            return Err(WireFault::Contradiction("There must be one token for each primary key, or none"));
        }
        Ok(TableReads {
            table_name: required(self.table_name, "table_name")?,
            primary_keys: self.primary_key.iter().map(|key| decode_key(key)).collect::<Result<_, _>>()?,
            tokens: self.token,
            columns_to_get: read::names(self.columns_to_get),
            time_range: self.time_range.as_ref().map(TimeRange::from_wire).transpose()?,
            max_versions: self.max_versions.map(|n| positive(n, "max_versions")).transpose()?,
            filter: self.filter.map(Filter::decode_bytes).transpose()?,
            start_column: self.start_column.map(Name::from),
            end_column: self.end_column.map(Name::from),
        })
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for BatchGetRow {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: BatchGetRowRequest| {
            Ok(Self { tables: wire::each(message.tables, TableInBatchGetRowRequest::read)? })
        })
    }

    fn write_response(&self, output: &RowResults<GetRowOutput>) -> Result<http::Response<Bytes>> {
        output.write(&self.tables.iter().map(|table| table.table_name.as_str()), |w, found| {
            w.message(3, &found.consumed.to_capacity());
            match &found.row {
                Some(row) => w.row(4, row),
                None => w.bytes(4, &[]),
            }
            w.optional_bytes(5, found.next_token.as_deref());
        })
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::{ColumnFilter, Row, schema::CapacityUnit, server::Refusal, testing::law};

    fn key(id: &str) -> PrimaryKey {
        PrimaryKey::new().with("id", id)
    }

    #[test]
    fn the_law_holds() {
        let plain = BatchGetRow::new(TableReads::new("t", [key("a")]));
        law(&plain, &RowResults { tables: vec![vec![Ok(GetRowOutput::default())]] });
        let wide = TableReads::new("u", [key("b")])
            .go_on(key("a"), &b"\xaa\xbb"[..])
            .columns(["name", "age"])
            .time_range(TimeRange::Between { start: 0, end: i64::MAX })
            .max_versions(3)
            .filter(ColumnFilter::equal("state", "pending"))
            .start_column("a")
            .end_column("z");
        let found = GetRowOutput {
            consumed: CapacityUnit::new(1, 0),
            row: Some(Row::new(key("b")).with_version("name", "李", 5)),
            next_token: Some(Token::from("more")),
        };
        let moved = Refusal::new(crate::Code::PartitionUnavailable, "Partition is not available.").into_row();
        let results = vec![vec![Ok(GetRowOutput::default())], vec![Ok(found), Err(moved)]];
        law(&plain.table(wide), &RowResults { tables: results });
    }

    #[test]
    fn what_the_service_does_not_take_is_not_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        let many = |table: &str, count: usize| TableReads::new(table, (0..count).map(|n| key(&n.to_string())));
        let one_token = TableReads { tokens: vec![Bytes::new()], ..many("t", 2) };
        for bad in [
            BatchGetRow { tables: Vec::new() },
            BatchGetRow::new(many("t", 0)),
            BatchGetRow::new(many("t", 51)).table(many("u", 50)),
            BatchGetRow::new(many("t", 1)).table(many("t", 1)),
            BatchGetRow::new(TableReads::new("t", [key("a"), key("a")])),
            BatchGetRow::new(TableReads { max_versions: None, ..many("t", 1) }),
            BatchGetRow::new(one_token),
        ] {
            assert_eq!(bad.request(&service).unwrap_err().kind(), campaign_client::ErrorKind::Invalid, "{bad:?}");
        }
        BatchGetRow::new(many("t", 50)).table(many("u", 50)).request(&service).unwrap();
    }
}
