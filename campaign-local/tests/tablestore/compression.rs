//! Compressed requests and answers.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use campaign_client::{Body, Clock, Download, ErrorKind, Retry, Transport, TransportError};
use campaign_tablestore::{Client, GetRange, GetRow, PutRow, Row, TableStore};
use chrono::DateTime;
use futures_util::TryStreamExt;
use http::{HeaderMap, HeaderValue};

use crate::{Bed, START, bed_with_table, key, put, signed};

/// Notes the headers and the length of bodies that pass, and may change an answer.
#[derive(Debug, Clone)]
struct Tap<T> {
    to: T,
    requests: Arc<Mutex<Vec<(HeaderMap, usize)>>>,
    answers: Arc<Mutex<Vec<(HeaderMap, usize)>>>,
    size: Option<&'static str>,
}

#[async_trait]
impl<T: Transport + Clone> Transport for Tap<T> {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        let length = request.body().bytes().unwrap().len();
        self.requests.lock().unwrap().push((request.headers().clone(), length));
        let (mut parts, body) = self.to.send(request).await?.into_parts();
        let body = body.collect(8 << 20).await?;
        self.answers.lock().unwrap().push((parts.headers.clone(), body.len()));
        if let Some(size) = self.size {
            parts.headers.insert("x-ots-response-compress-size", HeaderValue::from_static(size));
        }
        Ok(http::Response::from_parts(parts, body.into()))
    }
}

fn tapped(bed: &Bed, size: Option<&'static str>) -> (Client, Tap<impl Transport + Clone>) {
    let to = Arc::new(bed.cloud.table_store_transport());
    let tap = Tap { to, requests: Arc::default(), answers: Arc::default(), size };
    let service = TableStore::new("http://127.0.0.1", &bed.cloud.settings().instance).unwrap();
    let client = Client::builder(service.deflate_requests().deflate_answers())
        .credentials(bed.cloud.credentials())
        .transport(tap.clone())
        .clock(Clock::fixed(DateTime::from_timestamp_millis(START).unwrap()))
        .retry(Retry::never())
        .build()
        .unwrap();
    (client, tap)
}

fn large(id: &str) -> Row {
    Row::new(key(id)).with("text", "many words, the same ones ".repeat(4000))
}

#[tokio::test]
async fn large_requests_and_answers_go_compressed_and_small_ones_as_they_are() {
    let bed = bed_with_table().await;
    let (client, tap) = tapped(&bed, None);
    client.send(&PutRow::new("t", large("a"))).await.unwrap();
    client.send(&put("b")).await.unwrap();
    assert_eq!(
        client.send(&GetRow::new("t", key("a"))).await.unwrap().row.unwrap().get("text"),
        large("a").get("text")
    );
    let rows: Vec<Row> = GetRange::all("t", ["id"]).rows(&client).try_collect().await.unwrap();
    assert_eq!(rows.len(), 2);

    let requests = tap.requests.lock().unwrap();
    let (headers, length) = &requests[0];
    assert!(*length < 5000, "{length}");
    assert_eq!(headers["x-ots-request-compress-type"], "deflate");
    let size: usize = headers["x-ots-request-compress-size"].to_str().unwrap().parse().unwrap();
    assert!(size > 104_000, "{size}");
    assert!(requests[1..].iter().all(|(headers, _)| !headers.contains_key("x-ots-request-compress-type")));
    assert!(requests.iter().all(|(headers, _)| headers["x-ots-response-compress-type"] == "deflate"));
    let answers = tap.answers.lock().unwrap();
    let compressed: Vec<_> =
        answers.iter().map(|(headers, _)| headers.contains_key("x-ots-response-compress-size")).collect();
    assert_eq!(compressed, [false, false, true, true]);
    assert!(answers.iter().all(|(_, length)| *length < 5000));
}

#[tokio::test]
async fn an_answer_that_lies_about_its_length_is_refused() {
    let bed = bed_with_table().await;
    bed.client.send(&PutRow::new("t", large("a"))).await.unwrap();
    for size in ["10", "999999999", "104050", "-1", "x"] {
        let (client, _) = tapped(&bed, Some(size));
        let error = client.send(&GetRow::new("t", key("a"))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable, "{size}");
        assert!(error.to_string().contains("inflated"), "{error}");
    }
}

#[tokio::test]
async fn a_request_that_is_not_what_it_says_is_refused() {
    let bed = bed_with_table().await;
    let transport = bed.cloud.table_store_transport();
    let refused = async |size: &'static str, body: &'static [u8]| {
        let request = signed(&bed, &put("a"), |request| {
            request.headers_mut().insert("x-ots-request-compress-type", HeaderValue::from_static("deflate"));
            request.headers_mut().insert("x-ots-request-compress-size", HeaderValue::from_static(size));
            *request.body_mut() = Body::Bytes(body.into());
        });
        let (parts, body) = transport.send(request).await.unwrap().into_parts();
        (parts.status.as_u16(), String::from_utf8_lossy(&body.collect(1 << 20).await.unwrap()).into_owned())
    };
    let (status, text) = refused("2000", b"not deflate").await;
    assert!(status == 400 && text.contains("Decompress request body failed: it is broken."), "{status} {text}");
    let (status, text) = refused("6000000", b"not deflate").await;
    assert!(status == 413 && text.contains("OTSRequestBodyTooLarge"), "{status} {text}");
    assert_eq!(bed.get("a").await, None);
}
