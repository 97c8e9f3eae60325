//! DropIndex: deletes a secondary index.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, ErrorKind, Operation, Result, Settle, Settled};
use http::response;
use prost::Message;

use super::describe_table::DescribeTable;
#[cfg(feature = "server")]
use crate::wire::required;
use crate::{
    Code, TableStore,
    wire::{self, Empty},
};

/// Deletes a secondary index of a table (service document "DropIndex"). The table's rows stay.
///
/// [`Class::Conditional`]: if its answer was lost and there is no such index when it is sent again, the call succeeded.
///
/// ```
/// use campaign_tablestore::{Client, DropIndex};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// client.send(&DropIndex::new("orders", "orders_by_city")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropIndex {
    /// The table.
    pub table_name: String,
    /// The index.
    pub index_name: String,
}

impl DropIndex {
    /// Deletes the index of this name.
    pub fn new(table_name: impl Into<String>, index_name: impl Into<String>) -> Self {
        Self { table_name: table_name.into(), index_name: index_name.into() }
    }
}

#[derive(Clone, PartialEq, Message)]
struct DropIndexRequest {
    #[prost(string, optional, tag = "1")]
    main_table_name: Option<String>,
    #[prost(string, optional, tag = "2")]
    index_name: Option<String>,
}

impl Operation for DropIndex {
    type Service = TableStore;
    type Output = ();
    const NAME: &'static str = "DropIndex";

    fn class(&self) -> Class {
        Class::Conditional
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_table_name(&self.table_name)?;
        wire::check_table_name(&self.index_name)?;
        let message = DropIndexRequest {
            main_table_name: Some(self.table_name.clone()),
            index_name: Some(self.index_name.clone()),
        };
        wire::post::<Self>(service, message.encode_to_vec().into())
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<()> {
        wire::answered(body, |Empty {}| Ok(()))
    }

    fn settle(&self, conflict: &Error) -> Option<Settle<Self>> {
        if Code::of(conflict) != Some(Code::ObjectNotExist) {
            return None;
        }
        let name = self.index_name.clone();
        Some(Settle::by(DescribeTable::new(self.table_name.clone()), move |table| {
            // A table that is not there was not there for this call either: the error stands.
            if table?.index_metas.iter().all(|index| index.name != name) {
                return Ok(Settled::Ours(()));
            }
            Err(Error::new(ErrorKind::Conflict).with_message("an index of this name has been made since"))
        }))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for DropIndex {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: DropIndexRequest| {
            Ok(Self {
                table_name: required(message.main_table_name, "main_table_name")?,
                index_name: required(message.index_name, "index_name")?,
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
        law(&DropIndex::new("orders", "by_total"), &());
    }

    #[test]
    fn names_that_no_table_has_are_not_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        for bad in [DropIndex::new("", "i"), DropIndex::new("t", "1")] {
            assert_eq!(bad.request(&service).unwrap_err().kind(), ErrorKind::Invalid);
        }
    }
}
