//! SQLQuery: runs an SQL statement.

use std::fmt;

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result};
use http::response;
use prost::Message;

use crate::{
    TableStore, WireFault,
    schema::{CapacityUnit, proto},
    sql::{self, SqlRows},
    wire::{self, enumeration, required},
};

/// Runs an SQL statement over tables that have been bound to SQL (service document "SQLQuery").
///
/// Texts in a statement stand between single quotes, quotes in them twice: [`text`](Self::text) writes one so. A `SELECT` or
/// another statement that reads is repeated like every read; one that changes a table's binding is sent once.
///
/// ```
/// use campaign_tablestore::{Client, SqlQuery};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct PerCity { city: Option<String>, entries: i64 }
///
/// # async fn example(client: &Client, since: &str) -> campaign_client::Result<()> {
/// let query = format!(
///     "SELECT city, COUNT(*) AS entries FROM entries WHERE day >= {} GROUP BY city",
///     SqlQuery::text(since)
/// );
/// for row in client.send(&SqlQuery::new(query)).await?.rows.rows_as::<PerCity>()? {
///     println!("{:?}: {}", row.city, row.entries);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SqlQuery {
    /// The statement.
    pub query: String,
    /// The version of the SQL dialect; the service's own choice if absent.
    pub sql_version: Option<i64>,
    /// Where to go on in a long answer.
    pub search_token: Option<String>,
}

impl fmt::Debug for SqlQuery {
    /// Shows nothing of the statement, which holds the values that it compares with.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlQuery")
            .field("query", &format_args!("{} bytes", self.query.len()))
            .field("sql_version", &self.sql_version)
            .field("goes_on", &self.search_token.is_some())
            .finish()
    }
}

impl SqlQuery {
    /// Runs this statement.
    pub fn new(query: impl Into<String>) -> Self {
        Self { query: query.into(), sql_version: None, search_token: None }
    }

    /// The same in this version of the dialect.
    #[must_use]
    pub const fn sql_version(mut self, version: i64) -> Self {
        self.sql_version = Some(version);
        self
    }

    /// The same going on where an answer's `next_search_token` says.
    #[must_use]
    pub fn search_token(mut self, token: impl Into<String>) -> Self {
        self.search_token = Some(token.into());
        self
    }

    /// A text as a statement has it: between single quotes, with quotes and backslashes in it escaped.
    #[must_use]
    pub fn text(text: &str) -> String {
        format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
    }

    /// Whether the statement only reads.
    fn reads(&self) -> bool {
        let first = self.query.split_ascii_whitespace().next().unwrap_or_default();
        ["select", "show", "describe", "desc"].iter().any(|word| first.eq_ignore_ascii_case(word))
    }
}

enumeration! {
    /// What a statement was.
    #[non_exhaustive]
    pub enum SqlStatement {
        /// SELECT.
        Select = 1,
        /// CREATE TABLE: binds a table.
        CreateTable = 2,
        /// SHOW TABLES.
        ShowTable = 3,
        /// DESCRIBE.
        DescribeTable = 4,
        /// DROP MAPPING TABLE.
        DropTable = 5,
        /// ALTER TABLE.
        AlterTable = 6,
    }
}

/// What a statement answers.
#[derive(Clone, Default, PartialEq)]
pub struct SqlAnswer {
    /// What was consumed of each table.
    pub consumed: Vec<(String, CapacityUnit)>,
    /// What the statement was, if the service says so.
    pub statement: Option<SqlStatement>,
    /// The rows.
    pub rows: SqlRows,
    /// Where a long answer goes on.
    pub next_search_token: Option<String>,
}

impl fmt::Debug for SqlAnswer {
    /// Shows of a token only that there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlAnswer")
            .field("consumed", &self.consumed)
            .field("statement", &self.statement)
            .field("rows", &self.rows)
            .field("goes_on", &self.next_search_token.is_some())
            .finish()
    }
}

/// `SQL_FLAT_BUFFERS`, the only form that the official clients ask for.
const FLAT_BUFFERS: i32 = 2;

#[derive(Clone, PartialEq, Message)]
struct SqlQueryRequest {
    #[prost(string, optional, tag = "1")]
    query: Option<String>,
    #[prost(int32, optional, tag = "2")]
    version: Option<i32>,
    #[prost(int64, optional, tag = "3")]
    sql_version: Option<i64>,
    #[prost(string, optional, tag = "5")]
    search_token: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct TableConsumed {
    #[prost(string, optional, tag = "1")]
    table_name: Option<String>,
    #[prost(message, optional, tag = "2")]
    consumed: Option<proto::Capacity>,
}

#[derive(Clone, PartialEq, Message)]
struct SqlQueryResponse {
    #[prost(message, repeated, tag = "1")]
    consumes: Vec<TableConsumed>,
    #[prost(bytes = "bytes", optional, tag = "2")]
    rows: Option<Bytes>,
    #[prost(int32, optional, tag = "3")]
    version: Option<i32>,
    #[prost(int32, optional, tag = "4")]
    kind: Option<i32>,
    #[prost(string, optional, tag = "8")]
    next_search_token: Option<String>,
}

impl Operation for SqlQuery {
    type Service = TableStore;
    type Output = SqlAnswer;
    const NAME: &'static str = "SQLQuery";

    fn class(&self) -> Class {
        if self.reads() { Class::Read } else { Class::Once }
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        if self.query.trim().is_empty() {
            return Err(Error::invalid("an SQL statement is not empty"));
        }
        let message = SqlQueryRequest {
            query: Some(self.query.clone()),
            version: Some(FLAT_BUFFERS),
            sql_version: self.sql_version,
            search_token: self.search_token.clone(),
        };
        wire::post::<Self>(service, message.encode_to_vec().into())
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<SqlAnswer> {
        wire::answered(body, |answer: SqlQueryResponse| {
            let rows = answer.rows.unwrap_or_default();
            if let Some(value) = answer.version.filter(|version| *version != FLAT_BUFFERS && !rows.is_empty()) {
                return Err(WireFault::OutOfRange { field: "version", value: value.into() });
            }
            let consumed = |table: TableConsumed| {
                let units = match table.consumed {
                    Some(capacity) => CapacityUnit::from_capacity(Some(capacity), "consumed")?,
                    None => CapacityUnit::default(),
                };
                Ok::<_, WireFault>((required(table.table_name, "table_name")?, units))
            };
            Ok(SqlAnswer {
                consumed: answer.consumes.into_iter().map(consumed).collect::<Result<_, _>>()?,
                statement: answer.kind.map(|kind| SqlStatement::from_number(kind, "type")).transpose()?,
                rows: sql::read(&rows)
                    .ok_or(WireFault::Contradiction("the rows are not the columns of an SQL answer"))?,
                next_search_token: answer.next_search_token.filter(|token| !token.is_empty()),
            })
        })
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for SqlQuery {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: SqlQueryRequest| {
            if let Some(value) = message.version.filter(|version| *version != FLAT_BUFFERS) {
                return Err(WireFault::OutOfRange { field: "version", value: value.into() });
            }
            Ok(Self {
                query: required(message.query, "query")?,
                sql_version: message.sql_version,
                search_token: message.search_token,
            })
        })
    }

    fn write_response(&self, answer: &SqlAnswer) -> Result<http::Response<Bytes>> {
        let consumes = answer.consumed.iter().map(|(table, units)| TableConsumed {
            table_name: Some(table.clone()),
            consumed: Some(units.to_capacity()),
        });
        let message = SqlQueryResponse {
            consumes: consumes.collect(),
            rows: Some(sql::write(&answer.rows).into()),
            version: Some(FLAT_BUFFERS),
            kind: answer.statement.map(SqlStatement::number),
            next_search_token: answer.next_search_token.clone(),
        };
        wire::respond(message.encode_to_vec())
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::{SqlColumn, testing::law};

    #[test]
    fn the_law_holds() {
        law(&SqlQuery::new("show tables"), &SqlAnswer::default());
        let column = |name: &str, values| SqlColumn { name: name.into(), values };
        let rows = SqlRows {
            columns: vec![
                column("n", vec![Some(1.into()), None, Some(i64::MIN.into())]),
                column("城市", vec![None, Some("杭州".into()), Some("".into())]),
                column("d", vec![Some(0.5.into()), Some((-0.0).into()), None]),
                column("b", vec![Some(true.into()), None, Some(false.into())]),
                column("photo", vec![Some([1, 2].into()), None, Some([].into())]),
            ],
        };
        let answer = SqlAnswer {
            consumed: vec![("entries".into(), CapacityUnit::new(3, 0))],
            statement: Some(SqlStatement::Select),
            rows,
            next_search_token: Some("more".into()),
        };
        law(&SqlQuery::new("select 1").sql_version(1).search_token("t"), &answer);
    }

    #[test]
    fn only_a_statement_that_reads_is_repeated() {
        for query in ["select 1", " \n SELECT * from t", "Show tables", "DESC t"] {
            assert_eq!(SqlQuery::new(query).class(), Class::Read, "{query}");
        }
        for query in ["create table t (a bigint)", "drop mapping table t", "selection"] {
            assert_eq!(SqlQuery::new(query).class(), Class::Once, "{query}");
        }
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        assert!(SqlQuery::new("  ").request(&service).is_err());
    }

    #[test]
    fn a_text_cannot_end_its_quotes() {
        assert_eq!(SqlQuery::text("it's"), "'it''s'");
        assert_eq!(SqlQuery::text(r"\' OR 1=1 --"), r"'\\'' OR 1=1 --'");
    }
}
