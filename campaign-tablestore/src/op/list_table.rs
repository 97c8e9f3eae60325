//! ListTable: the names of the tables.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
use http::response;
use prost::Message;

use crate::{
    TableStore, WireFault,
    wire::{self, MAX_NAME_BYTES},
};

/// Lists the names of the instance's tables (service document "ListTable").
///
/// ```
/// use campaign_tablestore::{Client, ListTable};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// for name in client.send(&ListTable).await? {
///     println!("{name}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListTable;

#[derive(Clone, PartialEq, Message)]
struct ListTableRequest {}

#[derive(Clone, PartialEq, Message)]
struct ListTableResponse {
    #[prost(string, repeated, tag = "1")]
    table_names: Vec<String>,
}

impl Operation for ListTable {
    type Service = TableStore;
    type Output = Vec<String>;
    const NAME: &'static str = "ListTable";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::post::<Self>(service, ListTableRequest {}.encode_to_vec().into())
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<Vec<String>> {
        wire::answered(body, |answer: ListTableResponse| {
            let fits = |name: &String| (1..=MAX_NAME_BYTES).contains(&name.len());
            if answer.table_names.iter().all(fits) {
                Ok(answer.table_names)
            } else {
                Err(WireFault::Contradiction("the name of a table is 1 to 255 bytes"))
            }
        })
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for ListTable {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |_: ListTableRequest| Ok(Self))
    }

    fn write_response(&self, names: &Vec<String>) -> Result<http::Response<Bytes>> {
        wire::respond(ListTableResponse { table_names: names.clone() }.encode_to_vec())
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::testing::law;

    #[test]
    fn the_law_holds() {
        law(&ListTable, &Vec::new());
        law(&ListTable, &vec!["a".to_owned(), "中".to_owned()]);
    }
}
