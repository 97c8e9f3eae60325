//! DeleteTable: deletes a table with all its rows.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, ErrorKind, Operation, Result, Settle, Settled};
use http::response;

use super::describe_table::DescribeTable;
#[cfg(feature = "server")]
use crate::wire::required;
use crate::{
    Code, TableStore,
    wire::{self, Empty, TableNameRequest},
};

/// Deletes a table with all its rows (service document "DeleteTable").
///
/// [`Class::Conditional`]: if its answer was lost and there is no such table when it is sent again, the call succeeded.
///
/// ```
/// use campaign_tablestore::{Client, DeleteTable};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// client.send(&DeleteTable::new("entries")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteTable {
    /// The table.
    pub table_name: String,
}

impl DeleteTable {
    /// Deletes the table of this name.
    pub fn new(table_name: impl Into<String>) -> Self {
        Self { table_name: table_name.into() }
    }
}

impl Operation for DeleteTable {
    type Service = TableStore;
    type Output = ();
    const NAME: &'static str = "DeleteTable";

    fn class(&self) -> Class {
        Class::Conditional
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::post::<Self>(service, TableNameRequest::body(&self.table_name)?)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<()> {
        wire::answered(body, |Empty {}| Ok(()))
    }

    fn settle(&self, conflict: &Error) -> Option<Settle<Self>> {
        if Code::of(conflict) != Some(Code::ObjectNotExist) {
            return None;
        }
        Some(Settle::by(DescribeTable::new(self.table_name.clone()), |found| match found {
            Err(error) if error.is_not_found() => Ok(Settled::Ours(())),
            Ok(_) => Err(Error::new(ErrorKind::Conflict).with_message("a table of this name has been made since")),
            Err(error) => Err(error),
        }))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for DeleteTable {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: TableNameRequest| {
            Ok(Self { table_name: required(message.table_name, "table_name")? })
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
        law(&DeleteTable::new("entries"), &());
    }
}
