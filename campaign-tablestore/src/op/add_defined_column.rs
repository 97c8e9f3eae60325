//! AddDefinedColumn: gives attribute columns of a table a type, so that indexes can refer to them.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result, Settle, Settled};
use http::response;
use prost::Message;

use super::describe_table::DescribeTable;
#[cfg(feature = "server")]
use crate::wire::required;
use crate::{
    Code, TableStore,
    schema::{ColumnType, DefinedColumnSchema, proto},
    wire::{self, Empty},
};

/// Adds defined columns to a table (service document "AddDefinedColumn"); a table has at most 32.
///
/// [`Class::Conditional`]: if its answer was lost and the columns are there when it is sent again, the call succeeded.
///
/// ```
/// use campaign_tablestore::{AddDefinedColumn, Client, schema::ColumnType};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// client.send(&AddDefinedColumn::new("orders").column("city", ColumnType::String)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddDefinedColumn {
    /// The table.
    pub table_name: String,
    /// The columns, at least one.
    pub columns: Vec<DefinedColumnSchema>,
}

impl AddDefinedColumn {
    /// Adds nothing to the table of this name; see [`column`](Self::column).
    pub fn new(table_name: impl Into<String>) -> Self {
        Self { table_name: table_name.into(), columns: Vec::new() }
    }

    /// The same adding another column.
    #[must_use]
    pub fn column(mut self, name: impl Into<String>, kind: ColumnType) -> Self {
        self.columns.push(DefinedColumnSchema::new(name, kind));
        self
    }
}

#[derive(Clone, PartialEq, Message)]
struct AddDefinedColumnRequest {
    #[prost(string, optional, tag = "1")]
    table_name: Option<String>,
    #[prost(message, repeated, tag = "2")]
    columns: Vec<proto::DefinedColumnSchema>,
}

impl Operation for AddDefinedColumn {
    type Service = TableStore;
    type Output = ();
    const NAME: &'static str = "AddDefinedColumn";

    fn class(&self) -> Class {
        Class::Conditional
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_table_name(&self.table_name)?;
        if self.columns.is_empty() {
            return Err(Error::invalid("AddDefinedColumn names at least one column"));
        }
        self.columns.iter().try_for_each(|column| wire::check_column_name(&column.name))?;
        let message = AddDefinedColumnRequest {
            table_name: Some(self.table_name.clone()),
            columns: self.columns.iter().map(DefinedColumnSchema::to_wire).collect(),
        };
        wire::post::<Self>(service, message.encode_to_vec().into())
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<()> {
        wire::answered(body, |Empty {}| Ok(()))
    }

    fn settle(&self, conflict: &Error) -> Option<Settle<Self>> {
        // No document says which of the two it is for columns that are there.
        Code::of(conflict).filter(|code| matches!(code, Code::ObjectAlreadyExist | Code::ParameterInvalid))?;
        let wanted = self.columns.clone();
        Some(Settle::by(DescribeTable::new(self.table_name.clone()), move |table| {
            let there = table?.table_meta.defined_columns;
            let ours = wanted.iter().all(|column| there.contains(column));
            Ok(if ours { Settled::Ours(()) } else { Settled::Theirs })
        }))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for AddDefinedColumn {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: AddDefinedColumnRequest| {
            Ok(Self {
                table_name: required(message.table_name, "table_name")?,
                columns: message.columns.into_iter().map(DefinedColumnSchema::from_wire).collect::<Result<_, _>>()?,
            })
        })
    }

    fn write_response(&self, (): &()) -> Result<http::Response<Bytes>> {
        wire::respond(Bytes::new())
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::testing::law;

    #[test]
    fn the_law_holds() {
        let one = AddDefinedColumn::new("orders").column("city", ColumnType::String);
        law(&one, &());
        law(&one.column("total", ColumnType::Double).column("photo", ColumnType::Binary), &());
    }

    #[test]
    fn the_body_is_the_message_of_the_service_document() {
        // Written by hand from the field numbers: 1 = "t", 2 = {1 = "b", 2 = DCT_BLOB (7)}.
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        let request = AddDefinedColumn::new("t").column("b", ColumnType::Binary).request(&service).unwrap();
        assert_eq!(request.uri().path(), "/AddDefinedColumn");
        assert_eq!(request.body().bytes().unwrap().as_ref(), b"\x0a\x01t\x12\x05\x0a\x01b\x10\x07");
    }

    #[test]
    fn nothing_to_add_is_not_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        for bad in [AddDefinedColumn::new("t"), AddDefinedColumn::new("t").column("", ColumnType::String)] {
            assert_eq!(bad.request(&service).unwrap_err().kind(), campaign_client::ErrorKind::Invalid);
        }
    }
}
