//! BulkExport: reads rows in the order of their keys, as a matrix.

use std::fmt;

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Paginate, Result};
use http::response;
use prost::Message;

#[cfg(feature = "server")]
use crate::read;
use crate::{
    Filter, Name, PrimaryKey, Row, TableStore, WireFault,
    plain_buffer::{decode_key, decode_rows},
    read::filter_bytes,
    row_matrix::RowMatrix,
    schema::{CapacityUnit, proto},
    wire::{self, enumeration, required},
};

enumeration! {
    /// How the rows of an answer are written (`DataBlockType`).
    pub enum DataBlockType {
        /// As everywhere else, with versions.
        PlainBuffer = 0,
        /// As a matrix of the columns that were asked for, one version of each and no timestamps.
        SimpleRowMatrix = 1,
    }
}

/// Reads rows in the order of their keys, the newest version of the named columns, as a matrix: for less capacity and fewer
/// bytes than [`GetRange`](crate::GetRange) (official SDK for Java, "BulkExport").
///
/// One answer is a page; [`Client::pages`](campaign_client::Client::pages) follows the pages.
///
/// ```
/// use campaign_tablestore::{BulkExport, Client};
/// use futures_util::TryStreamExt;
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let mut pages = client.pages(BulkExport::all("entries", ["id"]).column("state"));
/// while let Some(page) = pages.try_next().await? {
///     for row in page.rows()? {
///         println!("{:?}", row.key("id"));
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BulkExport {
    /// The table.
    pub table_name: String,
    /// The columns to return; all if empty.
    pub columns_to_get: Vec<Name>,
    /// Where to begin; with all columns of the key, bounds allowed.
    pub inclusive_start_primary_key: PrimaryKey,
    /// Where to end; not returned.
    pub exclusive_end_primary_key: PrimaryKey,
    /// What a row must pass. A page may be empty and yet not the last.
    pub filter: Option<Filter>,
    /// How the rows are to be written; the service may answer otherwise.
    pub data_block_type_hint: Option<DataBlockType>,
}

impl BulkExport {
    /// Reads the rows from `start` on, before `end`, as a matrix.
    pub fn new(table_name: impl Into<String>, start: PrimaryKey, end: PrimaryKey) -> Self {
        Self {
            table_name: table_name.into(),
            columns_to_get: Vec::new(),
            inclusive_start_primary_key: start,
            exclusive_end_primary_key: end,
            filter: None,
            data_block_type_hint: Some(DataBlockType::SimpleRowMatrix),
        }
    }

    /// Reads all rows of a table whose primary key has these columns.
    pub fn all<N: Into<Name>>(table_name: impl Into<String>, key: impl IntoIterator<Item = N>) -> Self {
        let (start, end) = PrimaryKey::bounds(key);
        Self::new(table_name, start, end)
    }

    /// The same returning this column; without any, all are returned.
    #[must_use]
    pub fn column(mut self, name: impl Into<Name>) -> Self {
        self.columns_to_get.push(name.into());
        self
    }

    /// The same returning these columns as well.
    #[must_use]
    pub fn columns<N: Into<Name>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.columns_to_get.extend(names.into_iter().map(Into::into));
        self
    }

    /// The same returning only rows that pass the filter.
    #[must_use]
    pub fn filter(mut self, filter: impl Into<Filter>) -> Self {
        self.filter = Some(filter.into());
        self
    }
}

/// A page of BulkExport.
#[derive(Clone, PartialEq)]
pub struct ExportPage {
    /// What the page consumed.
    pub consumed: CapacityUnit,
    /// Where the next page begins, if there is one.
    pub next_start_primary_key: Option<PrimaryKey>,
    /// How its rows are written.
    pub data_block_type: DataBlockType,
    rows: Bytes,
}

impl fmt::Debug for ExportPage {
    /// Shows nothing of what the rows hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportPage")
            .field("consumed", &self.consumed)
            .field("next_start_primary_key", &self.next_start_primary_key)
            .field("data_block_type", &self.data_block_type)
            .field("bytes", &self.rows.len())
            .finish()
    }
}

impl ExportPage {
    /// A page of `rows` as a matrix with a column for each of the `primary_key` and the `columns`, for a server. Of several
    /// versions the first is taken; names that are not among them are left out.
    #[cfg(feature = "server")]
    #[must_use]
    pub fn matrix(
        consumed: CapacityUnit,
        primary_key: &[Name],
        columns: &[Name],
        rows: &[Row],
        next_start_primary_key: Option<PrimaryKey>,
    ) -> Self {
        let rows = crate::row_matrix::encode(primary_key, columns, rows).into();
        Self { consumed, next_start_primary_key, data_block_type: DataBlockType::SimpleRowMatrix, rows }
    }

    /// The same as PlainBuffer.
    #[cfg(feature = "server")]
    #[must_use]
    pub fn plain_buffer(consumed: CapacityUnit, rows: &[Row], next_start_primary_key: Option<PrimaryKey>) -> Self {
        let rows = crate::plain_buffer::Encode::to_bytes(rows).into();
        Self { consumed, next_start_primary_key, data_block_type: DataBlockType::PlainBuffer, rows }
    }

    /// The rows, each with values of its own. Those of a matrix have no timestamps.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`](campaign_client::ErrorKind::Unreadable) if one of them cannot be read.
    pub fn rows(&self) -> Result<Vec<Row>> {
        let rows = match self.data_block_type {
            DataBlockType::PlainBuffer => decode_rows(&self.rows),
            DataBlockType::SimpleRowMatrix => RowMatrix::new(&self.rows).and_then(RowMatrix::into_rows),
        };
        rows.map_err(|error| {
            Error::unreadable("the rows of the answer cannot be read").with_source(WireFault::from(error))
        })
    }

    /// The rows of a matrix one after another, borrowed from the answer; `None` if the service answered with PlainBuffer.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`](campaign_client::ErrorKind::Unreadable) if they are no matrix.
    pub fn reader(&self) -> Result<Option<RowMatrix<'_>>> {
        match self.data_block_type {
            DataBlockType::PlainBuffer => Ok(None),
            DataBlockType::SimpleRowMatrix => RowMatrix::new(&self.rows).map(Some).map_err(|error| {
                Error::unreadable("the rows of the answer cannot be read").with_source(WireFault::from(error))
            }),
        }
    }
}

#[cfg(feature = "server")]
#[derive(Clone, PartialEq, Message)]
struct BulkExportRequest {
    #[prost(string, optional, tag = "1")]
    table_name: Option<String>,
    #[prost(string, repeated, tag = "2")]
    columns_to_get: Vec<String>,
    #[prost(bytes = "bytes", optional, tag = "3")]
    inclusive_start_primary_key: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "4")]
    exclusive_end_primary_key: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "5")]
    filter: Option<Bytes>,
    #[prost(int32, optional, tag = "6")]
    data_block_type_hint: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct BulkExportResponse {
    #[prost(message, optional, tag = "1")]
    consumed: Option<proto::Capacity>,
    #[prost(bytes = "bytes", optional, tag = "2")]
    rows: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "3")]
    next_start_primary_key: Option<Bytes>,
    #[prost(int32, optional, tag = "4")]
    data_block_type: Option<i32>,
}

impl Operation for BulkExport {
    type Service = TableStore;
    type Output = ExportPage;
    const NAME: &'static str = "BulkExport";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_table_name(&self.table_name)?;
        let (start, end) = (&self.inclusive_start_primary_key, &self.exclusive_end_primary_key);
        wire::check_key(start)?;
        wire::check_key(end)?;
        if start >= end {
            return Err(Error::invalid("the range is empty: its start does not stand before its end"));
        }
        let filter = filter_bytes(self.filter.as_ref())?;
        let body = wire::message(|w| {
            w.string(1, &self.table_name);
            w.strings(2, &self.columns_to_get);
            w.row(3, start);
            w.row(4, end);
            w.optional_bytes(5, filter.as_deref());
            w.optional_int(6, self.data_block_type_hint.map(|kind| kind.number().into()));
        })?;
        wire::post::<Self>(service, body)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<ExportPage> {
        wire::answered(body, |answer: BulkExportResponse| {
            let next = answer.next_start_primary_key.filter(|key| !key.is_empty());
            let next = next.map(|key| decode_key(&key)).transpose()?;
            // A page that leads back would never end.
            if next.as_ref().is_some_and(|next| *next <= self.inclusive_start_primary_key) {
                return Err(WireFault::Contradiction("the next page does not stand after this one"));
            }
            Ok(ExportPage {
                consumed: CapacityUnit::from_capacity(answer.consumed, "consumed")?,
                next_start_primary_key: next,
                data_block_type: match answer.data_block_type {
                    Some(kind) => DataBlockType::from_number(kind, "data_block_type")?,
                    None => DataBlockType::PlainBuffer,
                },
                rows: required(answer.rows, "rows")?,
            })
        })
    }
}

impl Paginate for BulkExport {
    fn next(&self, page: &ExportPage) -> Result<Option<Self>> {
        let next = page.next_start_primary_key.as_ref().filter(|start| **start < self.exclusive_end_primary_key);
        Ok(next.map(|start| Self { inclusive_start_primary_key: start.clone(), ..self.clone() }))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for BulkExport {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: BulkExportRequest| {
            let key = |bytes: Option<Bytes>, name| Ok::<_, WireFault>(decode_key(&required(bytes, name)?)?);
            let hint = message.data_block_type_hint;
            Ok(Self {
                table_name: required(message.table_name, "table_name")?,
                columns_to_get: read::names(message.columns_to_get),
                inclusive_start_primary_key: key(message.inclusive_start_primary_key, "inclusive_start_primary_key")?,
                exclusive_end_primary_key: key(message.exclusive_end_primary_key, "exclusive_end_primary_key")?,
                filter: message.filter.map(Filter::decode_bytes).transpose()?,
                data_block_type_hint: hint
                    .map(|kind| DataBlockType::from_number(kind, "data_block_type_hint"))
                    .transpose()?,
            })
        })
    }

    fn write_response(&self, page: &ExportPage) -> Result<http::Response<Bytes>> {
        wire::respond(wire::message(|w| {
            w.message(1, &page.consumed.to_capacity());
            w.bytes(2, &page.rows);
            if let Some(key) = &page.next_start_primary_key {
                w.row(3, key);
            }
            w.int(4, page.data_block_type.number().into());
        })?)
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use campaign_client::Serve;

    use super::*;
    use crate::{ColumnFilter, testing::law};

    fn key(id: &str) -> PrimaryKey {
        PrimaryKey::new().with("id", id)
    }

    fn page(next: Option<&str>) -> ExportPage {
        let rows = [Row::new(key("b")).with_version("n", 1, 5), Row::new(key("c")).with_version("m", "x", 6)];
        let (id, columns) = (Name::from("id"), ["m".into(), "n".into()]);
        ExportPage::matrix(CapacityUnit::new(1, 0), &[id], &columns, &rows, next.map(key))
    }

    #[test]
    fn the_law_holds() {
        law(&BulkExport::all("t", ["id", "n"]), &ExportPage::plain_buffer(CapacityUnit::default(), &[], None));
        let full = BulkExport::new("t", key("a"), key("z"))
            .column("m")
            .columns(["n"])
            .filter(ColumnFilter::equal("state", "pending"));
        law(&full, &page(Some("d")));
        law(&BulkExport { data_block_type_hint: None, ..full }, &page(None));
    }

    #[test]
    fn rows_are_read_from_either_kind_of_block() {
        let rows = [Row::new(key("b")).with("n", 1), Row::new(key("c")).with("m", "x")];
        assert_eq!(page(None).rows().unwrap(), rows);
        let versioned = [Row::new(key("b")).with_version("n", 1, 5)];
        let plain = ExportPage::plain_buffer(CapacityUnit::default(), &versioned, None);
        assert_eq!(plain.rows().unwrap(), versioned);
        assert!(plain.reader().unwrap().is_none());
    }

    #[test]
    fn the_next_page_begins_where_the_answer_says_and_never_before() {
        let export = BulkExport::new("t", key("a"), key("z"));
        assert_eq!(export.next(&page(Some("d"))).unwrap(), Some(BulkExport::new("t", key("d"), key("z"))));
        assert_eq!(export.next(&page(None)).unwrap(), None);
        let parts = http::Response::new(()).into_parts().0;
        let back = export.write_response(&page(Some("a"))).unwrap().into_body();
        assert_eq!(export.response(&parts, back).unwrap_err().kind(), campaign_client::ErrorKind::Unreadable);
        let empty = BulkExport::new("t", key("z"), key("a"));
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        assert_eq!(empty.request(&service).unwrap_err().kind(), campaign_client::ErrorKind::Invalid);
    }
}
