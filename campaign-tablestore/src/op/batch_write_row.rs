//! BatchWriteRow: writes up to 200 rows of several tables.

use std::collections::HashSet;

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result};
use http::response;

use crate::{
    PrimaryKey, RowWrite, TableStore, Written,
    plain_buffer::decode_row,
    row_results::{RowResults, TablesAnswer},
    wire,
};
#[cfg(feature = "server")]
use crate::{row_write::WireRowWrite, wire::required};

/// The most rows of one call (service document "BatchWriteRow").
pub const MAX_ROWS: usize = 200;

/// Writes up to 200 rows of several tables, 4 MB of data in all, in one call (service document "BatchWriteRow").
///
/// Rows succeed or fail one by one, and the call succeeds although rows of it fail: look at each [result](RowResults). Any
/// number of rows, split and repeated as need be, is written by [`batch::write_rows`](crate::batch::write_rows).
///
/// [`Class::Idempotent`] if each row is, else [`Class::Once`]: the answer that would tell what a repetition met is that of
/// the whole call.
///
/// ```
/// use campaign_tablestore::{BatchWriteRow, Client, PrimaryKey, Row, RowWrite};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let row = |id: &str| Row::new(PrimaryKey::new().with("id", id)).with("state", "new");
/// let written = client.send(&BatchWriteRow::new("entries", [RowWrite::put(row("a")), RowWrite::put(row("b"))])).await?;
/// for failed in written.rows().filter_map(|row| row.as_ref().err()) {
///     println!("{failed}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BatchWriteRow {
    /// The rows of each table; no table twice.
    pub tables: Vec<TableWrites>,
    /// The transaction they are part of.
    pub transaction_id: Option<String>,
    /// Whether all rows of a table are written or none. They must have one partition key.
    pub is_atomic: Option<bool>,
}

/// The rows of one table in a [`BatchWriteRow`].
#[derive(Debug, Clone, PartialEq)]
pub struct TableWrites {
    /// The table.
    pub table_name: String,
    /// Its rows; no key twice, for the service does not say which would win.
    pub rows: Vec<RowWrite>,
}

impl BatchWriteRow {
    /// Writes `rows` of a table.
    pub fn new(table_name: impl Into<String>, rows: impl IntoIterator<Item = RowWrite>) -> Self {
        Self { tables: Vec::new(), transaction_id: None, is_atomic: None }.table(table_name, rows)
    }

    /// The same with `rows` of another table.
    #[must_use]
    pub fn table(mut self, table_name: impl Into<String>, rows: impl IntoIterator<Item = RowWrite>) -> Self {
        self.tables.push(TableWrites { table_name: table_name.into(), rows: rows.into_iter().collect() });
        self
    }

    /// The same writing all rows of a table or none.
    #[must_use]
    pub const fn atomic(mut self) -> Self {
        self.is_atomic = Some(true);
        self
    }

    /// The same inside a transaction.
    #[must_use]
    pub fn transaction_id(mut self, id: impl Into<String>) -> Self {
        self.transaction_id = Some(id.into());
        self
    }
}

impl Operation for BatchWriteRow {
    type Service = TableStore;
    type Output = RowResults<Written>;
    const NAME: &'static str = "BatchWriteRow";

    fn class(&self) -> Class {
        let mut rows = self.tables.iter().flat_map(|table| &table.rows);
        if rows.all(|row| row.class() == Class::Idempotent) { Class::Idempotent } else { Class::Once }
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        check_tables(&self.tables.iter().map(|table| (table.table_name.as_str(), table.rows.len())), MAX_ROWS)?;
        let mut conditions = Vec::with_capacity(self.tables.iter().map(|table| table.rows.len()).sum());
        for table in &self.tables {
            check_keys(table.rows.iter().map(RowWrite::primary_key))?;
            for row in &table.rows {
                conditions.push(row.check()?);
            }
        }
        let body = wire::message(|w| {
            let mut conditions = conditions.iter();
            for table in &self.tables {
                w.nested(1, |w| {
                    w.string(1, &table.table_name);
                    for (row, condition) in table.rows.iter().zip(&mut conditions) {
                        w.nested(2, |w| row.write(condition, w));
                    }
                });
            }
            w.optional_string(2, self.transaction_id.as_deref());
            w.optional_int(3, self.is_atomic.map(i64::from));
        })?;
        wire::post::<Self>(service, body)
    }

    fn response(&self, response: &response::Parts, body: Bytes) -> Result<RowResults<Written>> {
        read_answer(self.tables.iter().map(|table| (table.table_name.as_str(), table.rows.len())), response, body)
    }
}

/// The results in an answer; `sent` are the names of the request's tables and the numbers of their rows.
pub(crate) fn read_answer<'a>(
    sent: impl ExactSizeIterator<Item = (&'a str, usize)>,
    response: &response::Parts,
    body: Bytes,
) -> Result<RowResults<Written>> {
    wire::answered(body, |answer: TablesAnswer| {
        answer.read(sent, response, |row| {
            let returned = row.row.as_ref().map(|row| decode_row(row)).transpose()?.flatten();
            Ok(Written { consumed: row.consumed()?, row: returned })
        })
    })
}

/// Tables and numbers of rows that one call takes.
pub(crate) fn check_tables<'a>(tables: &(impl Iterator<Item = (&'a str, usize)> + Clone), most: usize) -> Result<()> {
    let mut count = 0;
    for (at, (name, rows)) in tables.clone().enumerate() {
        wire::check_table_name(name)?;
        if tables.clone().take(at).any(|(other, _)| other == name) {
            return Err(Error::invalid(format!("the table {name} is there twice: put its rows together")));
        }
        if rows == 0 {
            return Err(Error::invalid(format!("there is no row of the table {name}")));
        }
        count += rows;
    }
    match count {
        0 => Err(Error::invalid("there is no row")),
        count if count > most => Err(Error::invalid(format!("one call takes at most {most} rows, not {count}"))),
        _ => Ok(()),
    }
}

/// No key twice. One whose number the service chooses is never another's.
pub(crate) fn check_keys<'a>(keys: impl ExactSizeIterator<Item = &'a PrimaryKey> + Clone) -> Result<()> {
    // Most callers have them in order, which shows it without a set.
    let mut before = None;
    if keys.clone().all(|key| before.replace(key).is_none_or(|before| before < key)) {
        return Ok(());
    }
    let mut seen = HashSet::with_capacity(keys.len());
    for key in keys.filter(|key| !key.has_auto_increment()) {
        if !seen.insert(key) {
            return Err(Error::invalid("a row is there twice; one call takes a row once"));
        }
    }
    Ok(())
}

#[cfg(feature = "server")]
#[derive(Clone, PartialEq, prost::Message)]
struct BatchWriteRowRequest {
    /// Each a `TableInBatchWriteRowRequest`.
    #[prost(bytes = "bytes", repeated, tag = "1")]
    tables: Vec<Bytes>,
    #[prost(string, optional, tag = "2")]
    transaction_id: Option<String>,
    #[prost(bool, optional, tag = "3")]
    is_atomic: Option<bool>,
}

#[cfg(feature = "server")]
#[derive(Clone, PartialEq, prost::Message)]
struct TableInBatchWriteRowRequest {
    #[prost(string, optional, tag = "1")]
    table_name: Option<String>,
    /// Each a [`WireRowWrite`].
    #[prost(bytes = "bytes", repeated, tag = "2")]
    rows: Vec<Bytes>,
}

#[cfg(feature = "server")]
impl campaign_client::Serve for BatchWriteRow {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: BatchWriteRowRequest| {
            let table = |table: TableInBatchWriteRowRequest| {
                Ok(TableWrites {
                    table_name: required(table.table_name, "table_name")?,
                    rows: wire::each(table.rows, WireRowWrite::read)?,
                })
            };
            Ok(Self {
                tables: wire::each(message.tables, table)?,
                transaction_id: message.transaction_id,
                is_atomic: message.is_atomic,
            })
        })
    }

    fn write_response(&self, output: &RowResults<Written>) -> Result<http::Response<Bytes>> {
        output.write(&self.tables.iter().map(|table| table.table_name.as_str()), |w, written| {
            w.message(3, &written.consumed.to_capacity());
            if let Some(row) = &written.row {
                w.row(4, row);
            }
        })
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::{
        ColumnFilter, Condition, KeyValue, ReturnContent, Row, RowUpdate, schema::CapacityUnit, server::Refusal,
        testing::law,
    };

    fn key(id: &str) -> PrimaryKey {
        PrimaryKey::new().with("id", id)
    }

    fn put(id: &str) -> RowWrite {
        RowWrite::put(Row::new(key(id)).with("n", 1))
    }

    #[test]
    fn the_law_holds() {
        let plain = BatchWriteRow::new("t", [put("a")]);
        law(&plain, &RowResults { tables: vec![vec![Ok(Written::default())]] });
        let pending = ColumnFilter::equal("state", "pending");
        let full = BatchWriteRow::new("t", [put("a").condition(Condition::expect_exist().column(pending))])
            .table(
                "u",
                [
                    RowWrite::update(RowUpdate::new(key("b")).increment("n", 1).delete("x"))
                        .return_content(ReturnContent::after_modify(["n"])),
                    RowWrite::delete(key("c")).return_content(ReturnContent::PrimaryKey),
                ],
            )
            .transaction_id("txn")
            .atomic();
        let busy = Refusal::new(crate::Code::ServerBusy, "Server is busy.").into_row();
        let written = Written { consumed: CapacityUnit::new(1, 2), row: Some(Row::new(key("b"))) };
        law(&full, &RowResults { tables: vec![vec![Err(busy)], vec![Ok(written), Ok(Written::default())]] });
    }

    #[test]
    fn it_may_be_repeated_only_if_every_row_may() {
        let idempotent = BatchWriteRow::new("t", [put("a"), RowWrite::delete(key("b"))]);
        assert_eq!(idempotent.class(), Class::Idempotent);
        for row in [
            put("c").condition(Condition::expect_not_exist()),
            RowWrite::update(RowUpdate::new(key("c")).increment("n", 1)),
            RowWrite::put(Row::new(key("c").with("n", KeyValue::AutoIncrement))),
        ] {
            assert_eq!(idempotent.clone().table("u", [row]).class(), Class::Once);
        }
    }

    #[test]
    fn what_the_service_does_not_take_is_not_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        let many = |count: usize| (0..count).map(|n| put(&n.to_string()));
        let numbered = || RowWrite::put(Row::new(key("c").with("n", KeyValue::AutoIncrement)));
        for bad in [
            BatchWriteRow::new("t", []),
            BatchWriteRow::new("t", many(101)).table("u", many(100)),
            BatchWriteRow::new("t", [put("b"), put("a"), put("b")]),
            BatchWriteRow::new("t", [put("a")]).table("t", [put("b")]),
            BatchWriteRow::new("t", [RowWrite::update(RowUpdate::new(key("a")))]),
            BatchWriteRow::new("t", [RowWrite::put(Row::new(PrimaryKey::new().with("id", KeyValue::InfMin)))]),
        ] {
            assert_eq!(bad.request(&service).unwrap_err().kind(), campaign_client::ErrorKind::Invalid, "{bad:?}");
        }
        for good in [
            BatchWriteRow::new("t", many(100)).table("u", many(100)),
            BatchWriteRow::new("t", [numbered(), numbered()]),
        ] {
            good.request(&service).unwrap();
        }
    }
}
