//! DeleteDefinedColumn: takes the type of attribute columns away; what the rows hold stays.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result, Settle, Settled};
use http::response;
use prost::Message;

use super::describe_table::DescribeTable;
#[cfg(feature = "server")]
use crate::wire::required;
use crate::{
    Code, TableStore,
    wire::{self, Empty},
};

/// Takes defined columns from a table (service document "DeleteDefinedColumn"). Columns that an index refers to cannot go.
///
/// [`Class::Conditional`]: if its answer was lost and the columns are gone when it is sent again, the call succeeded.
///
/// ```
/// use campaign_tablestore::{Client, DeleteDefinedColumn};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// client.send(&DeleteDefinedColumn::new("orders", ["city"])).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteDefinedColumn {
    /// The table.
    pub table_name: String,
    /// The names of the columns, at least one.
    pub columns: Vec<String>,
}

impl DeleteDefinedColumn {
    /// Takes these columns from the table of this name.
    pub fn new<C: Into<String>>(table_name: impl Into<String>, columns: impl IntoIterator<Item = C>) -> Self {
        Self { table_name: table_name.into(), columns: columns.into_iter().map(Into::into).collect() }
    }
}

#[derive(Clone, PartialEq, Message)]
struct DeleteDefinedColumnRequest {
    #[prost(string, optional, tag = "1")]
    table_name: Option<String>,
    #[prost(string, repeated, tag = "2")]
    columns: Vec<String>,
}

impl Operation for DeleteDefinedColumn {
    type Service = TableStore;
    type Output = ();
    const NAME: &'static str = "DeleteDefinedColumn";

    fn class(&self) -> Class {
        Class::Conditional
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_table_name(&self.table_name)?;
        if self.columns.is_empty() {
            return Err(Error::invalid("DeleteDefinedColumn names at least one column"));
        }
        self.columns.iter().try_for_each(|column| wire::check_column_name(column))?;
        let message =
            DeleteDefinedColumnRequest { table_name: Some(self.table_name.clone()), columns: self.columns.clone() };
        wire::post::<Self>(service, message.encode_to_vec().into())
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<()> {
        wire::answered(body, |Empty {}| Ok(()))
    }

    fn settle(&self, conflict: &Error) -> Option<Settle<Self>> {
        // No document says which of the two it is for columns that are not there.
        Code::of(conflict).filter(|code| matches!(code, Code::ObjectNotExist | Code::ParameterInvalid))?;
        let unwanted = self.columns.clone();
        Some(Settle::by(DescribeTable::new(self.table_name.clone()), move |table| {
            let there = table?.table_meta.defined_columns;
            let gone = there.iter().all(|column| !unwanted.contains(&column.name));
            Ok(if gone { Settled::Ours(()) } else { Settled::Theirs })
        }))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for DeleteDefinedColumn {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: DeleteDefinedColumnRequest| {
            Ok(Self { table_name: required(message.table_name, "table_name")?, columns: message.columns })
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
        law(&DeleteDefinedColumn::new("orders", ["city", "total"]), &());
    }

    #[test]
    fn the_body_is_the_message_of_the_service_document() {
        // Written by hand from the field numbers: 1 = "t", 2 = "a", 2 = "b".
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        let request = DeleteDefinedColumn::new("t", ["a", "b"]).request(&service).unwrap();
        assert_eq!(request.uri().path(), "/DeleteDefinedColumn");
        assert_eq!(request.body().bytes().unwrap().as_ref(), b"\x0a\x01t\x12\x01a\x12\x01b");
    }

    #[test]
    fn nothing_to_delete_is_not_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        for bad in [DeleteDefinedColumn::new("t", [""; 0]), DeleteDefinedColumn::new("t", [""])] {
            assert_eq!(bad.request(&service).unwrap_err().kind(), campaign_client::ErrorKind::Invalid);
        }
    }
}
