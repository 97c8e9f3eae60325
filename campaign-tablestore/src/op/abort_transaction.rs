//! AbortTransaction: ends a transaction without its writes.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
use http::response;

#[cfg(feature = "server")]
use crate::wire::required;
use crate::{
    TableStore,
    wire::{self, Empty, TransactionRequest},
};

/// Ends a transaction; none of its writes is ever seen (service document "AbortTransaction").
///
/// [`Class::Idempotent`]: if its answer was lost, the repetition finds no such transaction any more and fails with
/// [`Code::SessionNotExist`](crate::Code::SessionNotExist).
///
/// ```
/// use campaign_tablestore::{AbortTransaction, Client};
///
/// # async fn example(client: &Client, id: String) -> campaign_client::Result<()> {
/// client.send(&AbortTransaction::new(id)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbortTransaction {
    /// The transaction, as StartLocalTransaction answered.
    pub transaction_id: String,
}

impl AbortTransaction {
    /// Ends the transaction of this id.
    pub fn new(transaction_id: impl Into<String>) -> Self {
        Self { transaction_id: transaction_id.into() }
    }
}

impl Operation for AbortTransaction {
    type Service = TableStore;
    type Output = ();
    const NAME: &'static str = "AbortTransaction";

    fn class(&self) -> Class {
        Class::Idempotent
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::post::<Self>(service, TransactionRequest::body(&self.transaction_id)?)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<()> {
        wire::answered(body, |_: Empty| Ok(()))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for AbortTransaction {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: TransactionRequest| {
            Ok(Self { transaction_id: required(message.transaction_id, "transaction_id")? })
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
        law(&AbortTransaction::new("txn-2"), &());
    }

    #[test]
    fn an_empty_id_is_not_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        let error = AbortTransaction::new("").request(&service).unwrap_err();
        assert_eq!(error.kind(), campaign_client::ErrorKind::Invalid);
    }
}
