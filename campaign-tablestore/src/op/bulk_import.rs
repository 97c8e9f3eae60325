//! BulkImport: writes up to 200 rows of one table without conditions.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
use http::response;

use super::batch_write_row::{MAX_ROWS, check_keys, check_tables};
use crate::{
    Condition, RowChange, RowResult, TableStore,
    row_results::{RowAnswer, TableAnswer},
    schema::CapacityUnit,
    wire,
};
#[cfg(feature = "server")]
use crate::{row_results::write_rows, row_write::WireRowWrite, wire::required};

/// Writes up to 200 rows of one table, without conditions (official SDK for Java, "BulkImport").
///
/// It is for filling tables: the same as [`BatchWriteRow`](crate::BatchWriteRow) without conditions, for less capacity. Rows
/// succeed or fail one by one; the output has what each consumed, in the order of the rows.
///
/// [`Class::Idempotent`] if each row is, else [`Class::Once`].
///
/// ```
/// use campaign_tablestore::{BulkImport, Client, PrimaryKey, Row};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let rows = (0..200).map(|n| Row::new(PrimaryKey::new().with("id", n)).with("square", n * n));
/// let imported = client.send(&BulkImport::new("numbers", rows)).await?;
/// println!("{} failed", imported.iter().filter(|row| row.is_err()).count());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BulkImport {
    /// The table.
    pub table_name: String,
    /// The rows; no key twice.
    pub rows: Vec<RowChange>,
}

impl BulkImport {
    /// Writes `rows`.
    pub fn new<R: Into<RowChange>>(table_name: impl Into<String>, rows: impl IntoIterator<Item = R>) -> Self {
        Self { table_name: table_name.into(), rows: rows.into_iter().map(Into::into).collect() }
    }
}

impl Operation for BulkImport {
    type Service = TableStore;
    type Output = Vec<RowResult<CapacityUnit>>;
    const NAME: &'static str = "BulkImport";

    fn class(&self) -> Class {
        let repeats = |row: &RowChange| row.class(&Condition::ignore()) == Class::Idempotent;
        if self.rows.iter().all(repeats) { Class::Idempotent } else { Class::Once }
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        check_tables(&std::iter::once((self.table_name.as_str(), self.rows.len())), MAX_ROWS)?;
        check_keys(self.rows.iter().map(RowChange::primary_key))?;
        self.rows.iter().try_for_each(RowChange::check)?;
        let body = wire::message(|w| {
            w.string(1, &self.table_name);
            self.rows.iter().for_each(|row| w.nested(2, |w| row.write_fields(w)));
        })?;
        wire::post::<Self>(service, body)
    }

    fn response(&self, response: &response::Parts, body: Bytes) -> Result<Self::Output> {
        wire::answered(body, |answer: TableAnswer| {
            answer.read((&self.table_name, self.rows.len()), response, RowAnswer::consumed)
        })
    }
}

#[cfg(feature = "server")]
#[derive(Clone, PartialEq, prost::Message)]
struct BulkImportRequest {
    #[prost(string, optional, tag = "1")]
    table_name: Option<String>,
    /// Each a [`WireRowWrite`].
    #[prost(bytes = "bytes", repeated, tag = "2")]
    rows: Vec<Bytes>,
}

#[cfg(feature = "server")]
impl campaign_client::Serve for BulkImport {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: BulkImportRequest| {
            Ok(Self {
                table_name: required(message.table_name, "table_name")?,
                rows: wire::each(message.rows, |row: WireRowWrite| row.change())?,
            })
        })
    }

    fn write_response(&self, output: &Self::Output) -> Result<http::Response<Bytes>> {
        wire::respond(wire::message(|w| {
            write_rows(w, &self.table_name, output, |w, consumed| w.message(3, &consumed.to_capacity()));
        })?)
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::{PrimaryKey, Row, RowUpdate, server::Refusal, testing::law};

    fn key(id: &str) -> PrimaryKey {
        PrimaryKey::new().with("id", id)
    }

    #[test]
    fn the_law_holds() {
        let rows = [
            RowChange::Put(Row::new(key("a")).with("n", 1)),
            RowChange::Update(RowUpdate::new(key("b")).delete("n")),
            RowChange::Delete(key("c")),
        ];
        let busy = Refusal::new(crate::Code::ServerBusy, "Server is busy.").into_row();
        law(&BulkImport::new("t", rows), &vec![Ok(CapacityUnit::new(0, 1)), Err(busy), Ok(CapacityUnit::default())]);
    }

    #[test]
    fn an_increment_among_the_rows_makes_it_one_that_is_sent_once() {
        let plain = BulkImport::new("t", [Row::new(key("a"))]);
        assert_eq!(plain.class(), Class::Idempotent);
        assert_eq!(BulkImport::new("t", [RowUpdate::new(key("a")).increment("n", 1)]).class(), Class::Once);
    }

    #[test]
    fn what_the_service_does_not_take_is_not_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        let many = |count: usize| BulkImport::new("t", (0..count).map(|n| Row::new(key(&n.to_string()))));
        for bad in [many(0), many(201), BulkImport::new("t", [Row::new(key("a")), Row::new(key("a"))])] {
            assert_eq!(bad.request(&service).unwrap_err().kind(), campaign_client::ErrorKind::Invalid);
        }
        many(200).request(&service).unwrap();
    }
}
