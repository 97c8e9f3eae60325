//! GetShardIterator: where to begin reading a shard.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Paginate, Result};
use http::response;
use prost::Message;

use crate::{
    TableStore, WireFault,
    wire::{self, required},
};

/// Answers an iterator that stands at the beginning of a shard, or at a time (service document "GetShardIterator").
///
/// The answer to a time may not be final: then it holds a token, and the call is made again with it.
/// [`Client::pages`](campaign_client::Client::pages) does that; the last page counts.
///
/// ```
/// use campaign_tablestore::{Client, GetShardIterator};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let start = client.send(&GetShardIterator::new("stream-id", "shard-id")).await?;
/// println!("read from {}", start.shard_iterator);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetShardIterator {
    /// The stream.
    pub stream_id: String,
    /// The shard.
    pub shard_id: String,
    /// Changes from this time on, in microseconds since 1970-01-01 UTC; all that are kept if absent.
    pub timestamp: Option<i64>,
    /// Where to go on, as the answer before said.
    pub token: Option<String>,
}

impl GetShardIterator {
    /// Asks for the beginning of a shard.
    pub fn new(stream_id: impl Into<String>, shard_id: impl Into<String>) -> Self {
        Self { stream_id: stream_id.into(), shard_id: shard_id.into(), timestamp: None, token: None }
    }

    /// The same for the changes from `timestamp` on, in microseconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn timestamp(mut self, timestamp: i64) -> Self {
        self.timestamp = Some(timestamp);
        self
    }
}

/// A place in a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardIterator {
    /// For [`GetStreamRecord`](crate::GetStreamRecord).
    pub shard_iterator: String,
    /// There is a later answer.
    pub next_token: Option<String>,
}

#[cfg(feature = "server")]
#[derive(Clone, PartialEq, Message)]
struct GetShardIteratorRequest {
    #[prost(string, optional, tag = "1")]
    stream_id: Option<String>,
    #[prost(string, optional, tag = "2")]
    shard_id: Option<String>,
    #[prost(int64, optional, tag = "3")]
    timestamp: Option<i64>,
    #[prost(string, optional, tag = "4")]
    token: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct GetShardIteratorResponse {
    #[prost(string, optional, tag = "1")]
    shard_iterator: Option<String>,
    #[prost(string, optional, tag = "2")]
    next_token: Option<String>,
}

impl Operation for GetShardIterator {
    type Service = TableStore;
    type Output = ShardIterator;
    const NAME: &'static str = "GetShardIterator";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        if self.stream_id.is_empty() || self.shard_id.is_empty() {
            return Err(Error::invalid("a stream and a shard have ids; DescribeStream tells them"));
        }
        let body = wire::message(|w| {
            w.string(1, &self.stream_id);
            w.string(2, &self.shard_id);
            w.optional_int(3, self.timestamp);
            w.optional_string(4, self.token.as_deref());
        })?;
        wire::post::<Self>(service, body)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<ShardIterator> {
        wire::answered(body, |answer: GetShardIteratorResponse| {
            let next_token = answer.next_token.filter(|token| !token.is_empty());
            let shard_iterator = required(answer.shard_iterator, "shard_iterator")?;
            if shard_iterator.is_empty() && next_token.is_none() {
                return Err(WireFault::Contradiction("an iterator that is final is not empty"));
            }
            Ok(ShardIterator { shard_iterator, next_token })
        })
    }
}

impl Paginate for GetShardIterator {
    fn next(&self, answer: &ShardIterator) -> Result<Option<Self>> {
        let token = answer.next_token.clone();
        Ok(token.map(|token| Self { token: Some(token), ..self.clone() }))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for GetShardIterator {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: GetShardIteratorRequest| {
            Ok(Self {
                stream_id: required(message.stream_id, "stream_id")?,
                shard_id: required(message.shard_id, "shard_id")?,
                timestamp: message.timestamp,
                token: message.token,
            })
        })
    }

    fn write_response(&self, answer: &ShardIterator) -> Result<http::Response<Bytes>> {
        let message = GetShardIteratorResponse {
            shard_iterator: Some(answer.shard_iterator.clone()),
            next_token: answer.next_token.clone(),
        };
        wire::respond(message.encode_to_vec())
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::testing::law;

    fn at(iterator: &str, token: Option<&str>) -> ShardIterator {
        ShardIterator { shard_iterator: iterator.to_owned(), next_token: token.map(str::to_owned) }
    }

    #[test]
    fn the_law_holds() {
        law(&GetShardIterator::new("s", "a"), &at("i", None));
        let from = GetShardIterator { token: Some("t".to_owned()), ..GetShardIterator::new("s", "a").timestamp(-1) };
        law(&from, &at("", Some("u")));
    }

    #[test]
    fn a_token_is_followed_until_there_is_none() {
        let from = GetShardIterator::new("s", "a").timestamp(5);
        assert_eq!(from.next(&at("i", Some("u"))).unwrap().unwrap().token.as_deref(), Some("u"));
        assert_eq!(from.next(&at("i", None)).unwrap(), None);
    }

    #[test]
    fn a_final_answer_without_an_iterator_is_unreadable() {
        let get = GetShardIterator::new("s", "a");
        let (parts, body) = campaign_client::Serve::write_response(&get, &at("", None)).unwrap().into_parts();
        assert_eq!(get.response(&parts, body).unwrap_err().kind(), campaign_client::ErrorKind::Unreadable);
    }

    #[test]
    fn an_empty_id_is_not_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        for bad in [GetShardIterator::new("", "a"), GetShardIterator::new("s", "")] {
            assert_eq!(bad.request(&service).unwrap_err().kind(), campaign_client::ErrorKind::Invalid);
        }
    }
}
