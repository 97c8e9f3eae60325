//! Messages of more than one operation.

use bytes::Bytes;
use campaign_client::Error;
use prost::Message;

#[cfg(feature = "server")]
use super::WireFault;
use super::check_table_name;

/// Reads the messages of a list one after another; the first that lacks a field ends it.
///
/// Read as a whole the list could take a hundred times what was sent: a message without fields has two bytes on the wire.
#[cfg(feature = "server")]
pub(crate) fn each<M: Message + Default, T>(
    messages: Vec<Bytes>,
    read: impl Fn(M) -> Result<T, WireFault>,
) -> Result<Vec<T>, WireFault> {
    messages.into_iter().map(|bytes| read(M::decode(bytes).map_err(WireFault::Malformed)?)).collect()
}

/// A message without fields.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Empty {}

/// The requests that name a table and nothing else.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TableNameRequest {
    #[prost(string, optional, tag = "1")]
    pub(crate) table_name: Option<String>,
}

impl TableNameRequest {
    /// The bytes of the request for this table.
    pub(crate) fn body(table_name: &str) -> campaign_client::Result<Bytes> {
        check_table_name(table_name)?;
        Ok(Self { table_name: Some(table_name.to_owned()) }.encode_to_vec().into())
    }
}

/// The requests that name a transaction and nothing else.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TransactionRequest {
    #[prost(string, optional, tag = "1")]
    pub(crate) transaction_id: Option<String>,
}

impl TransactionRequest {
    /// The bytes of the request for this transaction.
    pub(crate) fn body(transaction_id: &str) -> campaign_client::Result<Bytes> {
        if transaction_id.is_empty() {
            return Err(Error::invalid("a transaction has an id"));
        }
        Ok(Self { transaction_id: Some(transaction_id.to_owned()) }.encode_to_vec().into())
    }
}
