//! StartLocalTransaction: begins a transaction over the rows of one partition key.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result};
use http::response;
use prost::Message;

use crate::{KeyValue, PrimaryKey, TableStore, WireFault, wire};
#[cfg(feature = "server")]
use crate::{plain_buffer::decode_key, wire::required};

/// Begins a transaction over the rows of one partition key and answers its id (service document "StartLocalTransaction").
///
/// The table must have been made with [`enable_local_txn`](crate::CreateTable::enable_local_txn) and without an
/// auto-increment column. Until the transaction is committed or aborted, or 60 seconds have passed, nobody else can write
/// rows of this partition key; others read what was there before. [`Transaction`](crate::Transaction) begins one and ends it
/// when it is dropped.
///
/// [`Class::Idempotent`]: a transaction that began although its answer was lost has written nothing and ends by itself. A
/// repetition meets it and fails with `OTSRowOperationConflict`, up to 60 seconds long (service document "Local
/// transactions").
///
/// ```
/// use campaign_tablestore::{Client, CommitTransaction, PrimaryKey, PutRow, Row, StartLocalTransaction};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let team = PrimaryKey::new().with("team", "red");
/// let id = client.send(&StartLocalTransaction::new("teams", team.clone())).await?;
/// let member = Row::new(team.with("member", "Li")).with("points", 3);
/// client.send(&PutRow::new("teams", member).transaction_id(&*id)).await?;
/// client.send(&CommitTransaction::new(id)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartLocalTransaction {
    /// The table.
    pub table_name: String,
    /// The partition key: the first column of the primary key and no other.
    pub key: PrimaryKey,
}

impl StartLocalTransaction {
    /// Begins a transaction over the rows whose first key column is that of `key`.
    pub fn new(table_name: impl Into<String>, key: PrimaryKey) -> Self {
        Self { table_name: table_name.into(), key }
    }
}

#[cfg(feature = "server")]
#[derive(Clone, PartialEq, Message)]
struct StartLocalTransactionRequest {
    #[prost(string, optional, tag = "1")]
    table_name: Option<String>,
    #[prost(bytes = "bytes", optional, tag = "2")]
    key: Option<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
struct StartLocalTransactionResponse {
    #[prost(string, optional, tag = "1")]
    transaction_id: Option<String>,
}

impl Operation for StartLocalTransaction {
    type Service = TableStore;
    type Output = String;
    const NAME: &'static str = "StartLocalTransaction";

    fn class(&self) -> Class {
        Class::Idempotent
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_table_name(&self.table_name)?;
        wire::check_key(&self.key)?;
        let [column] = self.key.columns() else {
            return Err(Error::invalid("a transaction is over the first column of the primary key and no other"));
        };
        if matches!(column.value, KeyValue::InfMin | KeyValue::InfMax | KeyValue::AutoIncrement) {
            return Err(Error::invalid("a transaction is over one value of the partition key"));
        }
        let body = wire::message(|w| {
            w.string(1, &self.table_name);
            w.row(2, &self.key);
        })?;
        wire::post::<Self>(service, body)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<String> {
        wire::answered(body, |answer: StartLocalTransactionResponse| {
            let id = answer.transaction_id.filter(|id| !id.is_empty());
            id.ok_or(WireFault::Missing("transaction_id"))
        })
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for StartLocalTransaction {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: StartLocalTransactionRequest| {
            Ok(Self {
                table_name: required(message.table_name, "table_name")?,
                key: decode_key(&required(message.key, "key")?)?,
            })
        })
    }

    fn write_response(&self, id: &String) -> Result<http::Response<Bytes>> {
        wire::respond(StartLocalTransactionResponse { transaction_id: Some(id.clone()) }.encode_to_vec())
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use campaign_client::ErrorKind;

    use super::*;
    use crate::testing::law;

    fn key() -> PrimaryKey {
        PrimaryKey::new().with("team", "red")
    }

    #[test]
    fn the_law_holds() {
        law(&StartLocalTransaction::new("teams", key()), &"txn-1".to_owned());
        law(&StartLocalTransaction::new("teams", PrimaryKey::new().with("n", 7)), &"t".to_owned());
    }

    #[test]
    fn only_a_whole_partition_key_is_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        for bad in [PrimaryKey::new(), key().with("member", "Li"), PrimaryKey::new().with("team", KeyValue::InfMin)] {
            let error = StartLocalTransaction::new("teams", bad).request(&service).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
    }

    #[test]
    fn an_answer_without_an_id_is_unreadable() {
        let start = StartLocalTransaction::new("teams", key());
        for answer in [Bytes::new(), Bytes::from_static(b"\x0a\x00")] {
            let (parts, ()) = http::Response::new(()).into_parts();
            assert_eq!(start.response(&parts, answer).unwrap_err().kind(), ErrorKind::Unreadable);
        }
    }
}
