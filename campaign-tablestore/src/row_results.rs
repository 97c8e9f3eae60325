//! What became of each row of a call of many: BatchGetRow, BatchWriteRow, BulkImport.
//!
//! Such a call succeeds although rows of it fail; each row has a result of its own. The answer must have the tables and as
//! many rows as the request, in its order: nothing else says which result is whose.

use bytes::Bytes;
use campaign_client::ServiceError;
use http::response;
use prost::Message;

#[cfg(feature = "server")]
use crate::wire::Writer;
use crate::{
    Code, WireFault,
    schema::{CapacityUnit, proto},
    sign::header,
    wire::{ErrorMessage, required},
};

/// What became of a row: what the call has of it, or the service's error. Make a call's error of it by
/// [`Error::from_service`](campaign_client::Error::from_service).
pub type RowResult<T> = Result<T, ServiceError>;

/// What became of the rows of a call, by table and row as in the request.
#[derive(Debug, Clone, PartialEq)]
pub struct RowResults<T> {
    /// The results of each table's rows.
    pub tables: Vec<Vec<RowResult<T>>>,
}

impl<T> RowResults<T> {
    /// The results of all rows, in the order of the request.
    pub fn rows(&self) -> impl Iterator<Item = &RowResult<T>> {
        self.tables.iter().flatten()
    }

    /// The same, owned.
    pub fn into_rows(self) -> impl Iterator<Item = RowResult<T>> {
        self.tables.into_iter().flatten()
    }

    /// Whether no row failed.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.rows().all(Result::is_ok)
    }
}

/// `BatchGetRowResponse` and `BatchWriteRowResponse`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TablesAnswer {
    #[prost(message, repeated, tag = "1")]
    tables: Vec<TableAnswer>,
}

/// `TableInBatchGetRowResponse`, `TableInBatchWriteRowResponse` and `BulkImportResponse`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TableAnswer {
    #[prost(string, optional, tag = "1")]
    table_name: Option<String>,
    /// Rows are read only once their number is known to be right: an empty one takes two bytes on the wire, and many in memory.
    #[prost(bytes = "bytes", repeated, tag = "2")]
    rows: Vec<Bytes>,
}

/// `RowInBatchGetRowResponse`; the other calls have its first fields.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RowAnswer {
    #[prost(bool, optional, tag = "1")]
    is_ok: Option<bool>,
    #[prost(message, optional, tag = "2")]
    error: Option<ErrorMessage>,
    #[prost(message, optional, tag = "3")]
    pub(crate) consumed: Option<proto::Capacity>,
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub(crate) row: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "5")]
    pub(crate) next_token: Option<Bytes>,
}

impl RowAnswer {
    /// What the row consumed; nothing if it does not say.
    pub(crate) fn consumed(self) -> Result<CapacityUnit, WireFault> {
        match self.consumed {
            Some(consumed) => CapacityUnit::from_capacity(Some(consumed), "consumed"),
            None => Ok(CapacityUnit::default()),
        }
    }
}

impl TablesAnswer {
    /// The results; `sent` are the names of the request's tables and the numbers of their rows, `read` reads a row that did
    /// not fail.
    pub(crate) fn read<'a, T>(
        self,
        sent: impl ExactSizeIterator<Item = (&'a str, usize)>,
        response: &response::Parts,
        read: impl Fn(RowAnswer) -> Result<T, WireFault>,
    ) -> Result<RowResults<T>, WireFault> {
        if self.tables.len() != sent.len() {
            return Err(WireFault::Contradiction("the answer has not the request's tables"));
        }
        let tables = self.tables.into_iter().zip(sent).map(|(table, sent)| table.read(sent, response, &read));
        Ok(RowResults { tables: tables.collect::<Result<_, _>>()? })
    }
}

impl TableAnswer {
    /// The results of one table.
    pub(crate) fn read<T>(
        self,
        (name, count): (&str, usize),
        response: &response::Parts,
        read: impl Fn(RowAnswer) -> Result<T, WireFault>,
    ) -> Result<Vec<RowResult<T>>, WireFault> {
        if required(self.table_name, "table_name")? != name {
            return Err(WireFault::Contradiction("the answer has not the request's tables"));
        }
        if self.rows.len() != count {
            return Err(WireFault::Contradiction("the answer has not as many rows as the request"));
        }
        let request_id = response.headers.get(header::REQUEST_ID).and_then(|id| id.to_str().ok());
        let row = |bytes: Bytes| {
            let row = RowAnswer::decode(bytes).map_err(WireFault::Malformed)?;
            match (required(row.is_ok, "is_ok")?, &row.error) {
                (true, None) => read(row).map(Ok),
                (true, Some(_)) => Err(WireFault::Contradiction("a row succeeded and has an error")),
                (false, None) => Err(WireFault::Contradiction("a row failed and has no error")),
                (false, Some(error)) => service_error(error, request_id).map(Err),
            }
        };
        self.rows.into_iter().map(row).collect()
    }
}

/// The error of a row. It has no status of its own: it is that of its code.
fn service_error(error: &ErrorMessage, request_id: Option<&str>) -> Result<ServiceError, WireFault> {
    let code = error.code.as_deref().filter(|code| !code.is_empty()).ok_or(WireFault::Missing("code"))?;
    let message = error.message.as_deref().unwrap_or_default();
    let known = Code::from_text(code);
    let (kind, verdict) = known.meaning_of(message, known.status());
    Ok(ServiceError::new(known.status(), code, message).with_request_id(request_id).with_meaning(kind, verdict))
}

/// The results of one table; `write` writes the fields of a row that did not fail.
#[cfg(feature = "server")]
pub(crate) fn write_rows<T>(w: &mut Writer, name: &str, rows: &[RowResult<T>], write: impl Fn(&mut Writer, &T) + Copy) {
    w.string(1, name);
    for row in rows {
        w.nested(2, |w| match row {
            Ok(value) => {
                w.int(1, 1);
                write(w, value);
            }
            Err(error) => {
                w.int(1, 0);
                let (code, message) = (Some(error.code.clone()), Some(error.message.clone()));
                w.message(2, &ErrorMessage { code, message });
            }
        });
    }
}

#[cfg(feature = "server")]
impl<T> RowResults<T> {
    /// The answer; `sent` are the names of the request's tables.
    pub(crate) fn write<'a>(
        &self,
        sent: &(impl Iterator<Item = &'a str> + Clone),
        write: impl Fn(&mut Writer, &T) + Copy,
    ) -> campaign_client::Result<http::Response<Bytes>> {
        crate::wire::respond(crate::wire::message(|w| {
            for (table, name) in self.tables.iter().zip(sent.clone()) {
                w.nested(1, |w| write_rows(w, name, table, write));
            }
        })?)
    }
}

#[cfg(feature = "server")]
impl crate::server::Refusal {
    /// What a refused row is in an answer.
    #[must_use]
    pub fn into_row(self) -> ServiceError {
        let (kind, verdict) = self.code.meaning_of(&self.message, self.status);
        ServiceError::new(self.status, self.code.as_str(), self.message).with_meaning(kind, verdict)
    }
}
