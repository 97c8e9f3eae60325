//! DescribeStream: the shards of a stream.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Paginate, Result};
use http::response;
use prost::Message;

use crate::{
    TableStore, WireFault,
    wire::{self, enumeration, positive, required},
};

/// Tells what a stream is and lists its shards (service document "DescribeStream").
///
/// One answer is a page; [`Client::pages`](campaign_client::Client::pages) follows the pages. A shard may be read only when
/// its parents have been read to their ends, or changes of one row would be seen out of order;
/// [`StreamReader`](crate::StreamReader) sees to that.
///
/// ```
/// use campaign_tablestore::{Client, DescribeStream};
///
/// # async fn example(client: &Client, stream_id: String) -> campaign_client::Result<()> {
/// let stream = client.send(&DescribeStream::new(stream_id)).await?;
/// println!("{} keeps changes for {} hours", stream.table_name, stream.expiration_hours);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeStream {
    /// The stream.
    pub stream_id: String,
    /// The shard to begin with; the first if absent.
    pub inclusive_start_shard_id: Option<String>,
    /// The most shards of one page.
    pub shard_limit: Option<u32>,
}

impl DescribeStream {
    /// Tells what the stream of this id is.
    pub fn new(stream_id: impl Into<String>) -> Self {
        Self { stream_id: stream_id.into(), inclusive_start_shard_id: None, shard_limit: None }
    }

    /// The same from this shard on.
    #[must_use]
    pub fn inclusive_start_shard_id(mut self, shard_id: impl Into<String>) -> Self {
        self.inclusive_start_shard_id = Some(shard_id.into());
        self
    }

    /// The same with at most this many shards in a page.
    #[must_use]
    pub const fn shard_limit(mut self, shards: u32) -> Self {
        self.shard_limit = Some(shards);
        self
    }
}

enumeration! {
    /// Whether a stream can be read.
    #[non_exhaustive]
    pub enum StreamStatus {
        /// It is being switched on.
        Enabling = 1,
        /// It can.
        Active = 2,
    }
}

/// A part of a stream: the changes of one partition of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamShard {
    /// Its id.
    pub shard_id: String,
    /// The shard that it came from when a partition was divided, or the first of the two when two were merged.
    pub parent_id: Option<String>,
    /// The second of two shards that were merged.
    pub parent_sibling_id: Option<String>,
}

/// What a stream is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamDescription {
    /// Its id.
    pub stream_id: String,
    /// How long changes are kept, in hours.
    pub expiration_hours: u32,
    /// The table whose changes it holds.
    pub table_name: String,
    /// When it was switched on, in microseconds since 1970-01-01 UTC.
    pub creation_time: i64,
    /// Whether it can be read.
    pub stream_status: StreamStatus,
    /// Its shards, or a page of them.
    pub shards: Vec<StreamShard>,
    /// The first shard after this page; `None` after the last.
    pub next_shard_id: Option<String>,
}

#[cfg(feature = "server")]
#[derive(Clone, PartialEq, Message)]
struct DescribeStreamRequest {
    #[prost(string, optional, tag = "1")]
    stream_id: Option<String>,
    #[prost(string, optional, tag = "2")]
    inclusive_start_shard_id: Option<String>,
    #[prost(int32, optional, tag = "3")]
    shard_limit: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct WireShard {
    #[prost(string, optional, tag = "1")]
    shard_id: Option<String>,
    #[prost(string, optional, tag = "2")]
    parent_id: Option<String>,
    #[prost(string, optional, tag = "3")]
    parent_sibling_id: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct DescribeStreamResponse {
    #[prost(string, optional, tag = "1")]
    stream_id: Option<String>,
    #[prost(int32, optional, tag = "2")]
    expiration_time: Option<i32>,
    #[prost(string, optional, tag = "3")]
    table_name: Option<String>,
    #[prost(int64, optional, tag = "4")]
    creation_time: Option<i64>,
    #[prost(int32, optional, tag = "5")]
    stream_status: Option<i32>,
    #[prost(message, repeated, tag = "6")]
    shards: Vec<WireShard>,
    #[prost(string, optional, tag = "7")]
    next_shard_id: Option<String>,
}

/// The service sends an empty text for none.
fn named(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

impl StreamShard {
    fn from_wire(shard: WireShard) -> Result<Self, WireFault> {
        Ok(Self {
            shard_id: required(named(shard.shard_id), "shard_id")?,
            parent_id: named(shard.parent_id),
            parent_sibling_id: named(shard.parent_sibling_id),
        })
    }

    #[cfg(feature = "server")]
    fn to_wire(&self) -> WireShard {
        WireShard {
            shard_id: Some(self.shard_id.clone()),
            parent_id: self.parent_id.clone(),
            parent_sibling_id: self.parent_sibling_id.clone(),
        }
    }
}

impl Operation for DescribeStream {
    type Service = TableStore;
    type Output = StreamDescription;
    const NAME: &'static str = "DescribeStream";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        if self.stream_id.is_empty() {
            return Err(Error::invalid("a stream has an id; ListStream tells it"));
        }
        if self.shard_limit.is_some_and(|shards| shards == 0 || i32::try_from(shards).is_err()) {
            return Err(Error::invalid("shard_limit must be 1 to 2147483647"));
        }
        let body = wire::message(|w| {
            w.string(1, &self.stream_id);
            w.optional_string(2, self.inclusive_start_shard_id.as_deref());
            w.optional_int(3, self.shard_limit.map(i64::from));
        })?;
        wire::post::<Self>(service, body)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<StreamDescription> {
        wire::answered(body, |answer: DescribeStreamResponse| {
            let status = required(answer.stream_status, "stream_status")?;
            Ok(StreamDescription {
                stream_id: required(answer.stream_id, "stream_id")?,
                expiration_hours: positive(required(answer.expiration_time, "expiration_time")?, "expiration_time")?,
                table_name: required(answer.table_name, "table_name")?,
                creation_time: required(answer.creation_time, "creation_time")?,
                stream_status: StreamStatus::from_number(status, "stream_status")?,
                shards: answer.shards.into_iter().map(StreamShard::from_wire).collect::<Result<_, _>>()?,
                next_shard_id: named(answer.next_shard_id),
            })
        })
    }
}

impl Paginate for DescribeStream {
    fn next(&self, page: &StreamDescription) -> Result<Option<Self>> {
        let Some(start) = page.next_shard_id.clone() else { return Ok(None) };
        Ok(Some(Self { inclusive_start_shard_id: Some(start), ..self.clone() }))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for DescribeStream {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: DescribeStreamRequest| {
            Ok(Self {
                stream_id: required(message.stream_id, "stream_id")?,
                inclusive_start_shard_id: message.inclusive_start_shard_id,
                shard_limit: message.shard_limit.map(|shards| positive(shards, "shard_limit")).transpose()?,
            })
        })
    }

    fn write_response(&self, stream: &StreamDescription) -> Result<http::Response<Bytes>> {
        let message = DescribeStreamResponse {
            stream_id: Some(stream.stream_id.clone()),
            expiration_time: Some(i32::try_from(stream.expiration_hours).unwrap_or(i32::MAX)),
            table_name: Some(stream.table_name.clone()),
            creation_time: Some(stream.creation_time),
            stream_status: Some(stream.stream_status.number()),
            shards: stream.shards.iter().map(StreamShard::to_wire).collect(),
            next_shard_id: stream.next_shard_id.clone(),
        };
        wire::respond(message.encode_to_vec())
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::testing::law;

    fn page(next: Option<&str>) -> StreamDescription {
        let shard = |id: &str, parent: Option<&str>, sibling: Option<&str>| StreamShard {
            shard_id: id.to_owned(),
            parent_id: parent.map(str::to_owned),
            parent_sibling_id: sibling.map(str::to_owned),
        };
        StreamDescription {
            stream_id: "s".to_owned(),
            expiration_hours: 24,
            table_name: "orders".to_owned(),
            creation_time: 1_768_465_845_000_000,
            stream_status: StreamStatus::Active,
            shards: vec![shard("a", None, None), shard("b", Some("a"), None), shard("d", Some("b"), Some("c"))],
            next_shard_id: next.map(str::to_owned),
        }
    }

    #[test]
    fn the_law_holds() {
        let enabling = StreamDescription { shards: Vec::new(), stream_status: StreamStatus::Enabling, ..page(None) };
        law(&DescribeStream::new("s"), &enabling);
        law(&DescribeStream::new("s").inclusive_start_shard_id("a").shard_limit(3), &page(Some("e")));
    }

    #[test]
    fn the_next_page_begins_with_the_shard_that_the_answer_names() {
        let describe = DescribeStream::new("s").shard_limit(3);
        let next = describe.next(&page(Some("e"))).unwrap().unwrap();
        assert_eq!(next, describe.clone().inclusive_start_shard_id("e"));
        assert_eq!(describe.next(&page(None)).unwrap(), None);
    }

    #[test]
    fn an_empty_text_is_no_shard() {
        let empty = StreamDescription { next_shard_id: Some(String::new()), ..page(None) };
        let describe = DescribeStream::new("s");
        let (parts, body) = campaign_client::Serve::write_response(&describe, &empty).unwrap().into_parts();
        assert_eq!(describe.response(&parts, body).unwrap().next_shard_id, None);
    }

    #[test]
    fn what_cannot_be_asked_is_not_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        for bad in [DescribeStream::new(""), DescribeStream::new("s").shard_limit(0)] {
            assert_eq!(bad.request(&service).unwrap_err().kind(), campaign_client::ErrorKind::Invalid);
        }
    }
}
