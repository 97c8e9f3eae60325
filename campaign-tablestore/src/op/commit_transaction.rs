//! CommitTransaction: makes the writes of a transaction take effect, all of them at once.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result, Settle, Settled};
use http::response;

use super::put_row::PutRow;
#[cfg(feature = "server")]
use crate::wire::required;
use crate::{
    Code, TableStore,
    wire::{self, Empty, TransactionRequest},
};

/// Makes the writes of a transaction take effect, all of them at once (service document "CommitTransaction").
///
/// [`Class::Conditional`]: if its answer was lost, the repetition may find no such transaction, for it was committed, or for
/// its 60 seconds were over and it was not. A [`witness`](Self::witness) settles that: it is read back, and the commit
/// succeeded if it is there. Without one the error is
/// [`outcome_unknown`](campaign_client::Error::outcome_unknown).
///
/// ```
/// use campaign_tablestore::{Client, CommitTransaction};
///
/// # async fn example(client: &Client, id: String) -> campaign_client::Result<()> {
/// client.send(&CommitTransaction::new(id)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CommitTransaction {
    /// The transaction, as StartLocalTransaction answered.
    pub transaction_id: String,
    /// A write of this transaction that no other makes. It is not sent.
    pub witness: Option<PutRow>,
}

impl CommitTransaction {
    /// Commits the transaction of this id.
    pub fn new(transaction_id: impl Into<String>) -> Self {
        Self { transaction_id: transaction_id.into(), witness: None }
    }

    /// The same with a witness: a row that this transaction put last and that nothing else puts, for it holds an id of this
    /// attempt.
    #[must_use]
    pub fn witness(mut self, put: PutRow) -> Self {
        self.witness = Some(put);
        self
    }
}

impl Operation for CommitTransaction {
    type Service = TableStore;
    type Output = ();
    const NAME: &'static str = "CommitTransaction";

    fn class(&self) -> Class {
        Class::Conditional
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::post::<Self>(service, TransactionRequest::body(&self.transaction_id)?)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<()> {
        wire::answered(body, |_: Empty| Ok(()))
    }

    fn settle(&self, conflict: &Error) -> Option<Settle<Self>> {
        if Code::of(conflict) != Some(Code::SessionNotExist) {
            return None;
        }
        let witness = PutRow { transaction_id: None, ..self.witness.clone()? };
        Some(Settle::by(witness.read_back(), move |found| match found?.row {
            Some(row) if witness.is_in(&row) => Ok(Settled::Ours(())),
            // It was never committed, or the row was changed since.
            _ => Err(Error::new(campaign_client::ErrorKind::NotFound)
                .with_message("the transaction is over and its witness is not there")),
        }))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for CommitTransaction {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: TransactionRequest| {
            Ok(Self::new(required(message.transaction_id, "transaction_id")?))
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
        law(&CommitTransaction::new("txn-1"), &());
    }

    #[test]
    fn an_empty_id_is_not_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        let error = CommitTransaction::new("").request(&service).unwrap_err();
        assert_eq!(error.kind(), campaign_client::ErrorKind::Invalid);
    }
}
