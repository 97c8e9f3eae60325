//! ListStream: the streams of an instance or of one table.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
use http::response;
use prost::Message;

use crate::{
    TableStore,
    wire::{self, TableNameRequest, required},
};

/// Lists the streams of changes of all tables, or of one (service document "ListStream").
///
/// ```
/// use campaign_tablestore::{Client, ListStream};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// for stream in client.send(&ListStream::of("orders")).await? {
///     println!("{} has the stream {}", stream.table_name, stream.stream_id);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListStream {
    /// The table; all tables if absent.
    pub table_name: Option<String>,
}

impl ListStream {
    /// Lists the streams of all tables.
    #[must_use]
    pub const fn all() -> Self {
        Self { table_name: None }
    }

    /// Lists the streams of the table of this name.
    pub fn of(table_name: impl Into<String>) -> Self {
        Self { table_name: Some(table_name.into()) }
    }
}

/// A stream and its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableStream {
    /// The stream's id.
    pub stream_id: String,
    /// The table whose changes it holds.
    pub table_name: String,
    /// When it was switched on, in microseconds since 1970-01-01 UTC.
    pub creation_time: i64,
}

#[derive(Clone, PartialEq, Message)]
struct WireStream {
    #[prost(string, optional, tag = "1")]
    stream_id: Option<String>,
    #[prost(string, optional, tag = "2")]
    table_name: Option<String>,
    #[prost(int64, optional, tag = "3")]
    creation_time: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct ListStreamResponse {
    #[prost(message, repeated, tag = "1")]
    streams: Vec<WireStream>,
}

impl Operation for ListStream {
    type Service = TableStore;
    type Output = Vec<TableStream>;
    const NAME: &'static str = "ListStream";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        let body = match &self.table_name {
            Some(table_name) => TableNameRequest::body(table_name)?,
            None => Bytes::new(),
        };
        wire::post::<Self>(service, body)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<Vec<TableStream>> {
        wire::answered(body, |answer: ListStreamResponse| {
            let stream = |stream: WireStream| {
                Ok(TableStream {
                    stream_id: required(stream.stream_id, "stream_id")?,
                    table_name: required(stream.table_name, "table_name")?,
                    creation_time: required(stream.creation_time, "creation_time")?,
                })
            };
            answer.streams.into_iter().map(stream).collect()
        })
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for ListStream {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: TableNameRequest| Ok(Self { table_name: message.table_name }))
    }

    fn write_response(&self, streams: &Vec<TableStream>) -> Result<http::Response<Bytes>> {
        let stream = |stream: &TableStream| WireStream {
            stream_id: Some(stream.stream_id.clone()),
            table_name: Some(stream.table_name.clone()),
            creation_time: Some(stream.creation_time),
        };
        wire::respond(ListStreamResponse { streams: streams.iter().map(stream).collect() }.encode_to_vec())
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::testing::law;

    #[test]
    fn the_law_holds() {
        let stream =
            TableStream { stream_id: "s-1".to_owned(), table_name: "orders".to_owned(), creation_time: 1_768_465_845 };
        law(&ListStream::all(), &Vec::new());
        law(&ListStream::of("orders"), &vec![stream.clone(), stream]);
    }

    #[test]
    fn a_stream_without_an_id_is_unreadable() {
        let (parts, ()) = http::Response::new(()).into_parts();
        let answer = Bytes::from_static(b"\x0a\x05\x12\x01t\x18\x01");
        let error = ListStream::all().response(&parts, answer).unwrap_err();
        assert_eq!(error.kind(), campaign_client::ErrorKind::Unreadable);
    }
}
