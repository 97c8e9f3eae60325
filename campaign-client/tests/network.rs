//! The transports over a network against real sockets that misbehave.
#![cfg(any(feature = "hyper", feature = "reqwest"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use bytes::Bytes;
use campaign_client::{Body, Transport, TransportError, TransportErrorKind, body::Replayable};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// Answers one connection with `answer` and closes it; gives the address.
async fn server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = socket.read(&mut request).await.unwrap();
        socket.write_all(answer).await.unwrap();
    });
    address
}

/// Every transport that is built in.
fn transports() -> Vec<Arc<dyn Transport>> {
    vec![
        #[cfg(feature = "hyper")]
        Arc::new(campaign_client::transport::Hyper::new().unwrap()),
        #[cfg(feature = "reqwest")]
        Arc::new(campaign_client::transport::Reqwest::new().unwrap()),
    ]
}

async fn send(transport: &dyn Transport, address: &str) -> Result<http::Response<Bytes>, TransportError> {
    send_body(transport, address, Body::from("hello")).await
}

async fn send_body(
    transport: &dyn Transport,
    address: &str,
    body: Body,
) -> Result<http::Response<Bytes>, TransportError> {
    let request = http::Request::post(format!("http://{address}/x?signature=CANARY")).body(body).unwrap();
    let (parts, download) = transport.send(request).await?.into_parts();
    Ok(http::Response::from_parts(parts, download.collect(1 << 20).await?))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error} {error:?}");
    if let Some(source) = error.source() {
        text.push_str(&chain(source));
    }
    text
}

#[tokio::test]
async fn an_answer_of_any_status_is_an_answer() {
    for transport in transports() {
        let address = server(b"HTTP/1.1 503 Busy\r\nx-a: b\r\ncontent-length: 2\r\n\r\nno").await;
        let response = send(&*transport, &address).await.unwrap();
        assert_eq!((response.status().as_u16(), response.headers()["x-a"].as_bytes()), (503, b"b".as_slice()));
        assert_eq!(response.body(), "no");
    }
}

#[tokio::test]
async fn an_answer_in_chunks_or_until_the_end_is_read_whole() {
    for transport in transports() {
        for answer in [
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhal\r\n1\r\nf\r\n0\r\n\r\n".as_slice(),
            b"HTTP/1.1 200 OK\r\n\r\nhalf",
        ] {
            let address = server(answer).await;
            assert_eq!(send(&*transport, &address).await.unwrap().body(), "half");
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for transport in transports() {
        let answer = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        let address = server(answer).await;
        assert_eq!(send(&*transport, &address).await.unwrap().status(), 302);
    }
}

#[tokio::test]
async fn a_refused_connection_is_known_to_be_unsent() {
    for transport in transports() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let error = send(&*transport, &address).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Unsent);
        assert!(!chain(&error).contains("CANARY"));
    }
}

#[tokio::test]
async fn a_host_that_has_no_address_is_known_to_be_unsent() {
    for transport in transports() {
        let error = send(&*transport, "no-such-host.invalid:1").await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Unsent);
    }
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_or_within_it_is_lost() {
    for transport in transports() {
        for answer in [b"".as_slice(), b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", b"nonsense\r\n\r\n"] {
            let address = server(answer).await;
            let error = send(&*transport, &address).await.unwrap_err();
            assert_eq!(error.kind(), TransportErrorKind::Lost, "{error:?}");
            assert!(!chain(&error).contains("CANARY"), "{}", chain(&error));
        }
    }
}

/// A body of `length` bytes by its word that is opened as these chunks.
fn replayable(length: u64, chunks: &'static [&'static str]) -> Body {
    let open = move || -> campaign_client::body::ByteStream {
        Box::pin(futures_util::stream::iter(chunks.iter().map(|chunk| Ok(Bytes::from_static(chunk.as_bytes())))))
    };
    Body::Replayable(Replayable::new(length, open))
}

#[cfg(feature = "hyper")]
#[tokio::test]
async fn a_body_that_is_opened_is_sent_with_its_length() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let seen = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = String::new();
        while !request.ends_with("hello") {
            let mut some = [0; 4096];
            let read = socket.read(&mut some).await.unwrap();
            request.push_str(std::str::from_utf8(&some[..read]).unwrap());
        }
        socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        request
    });
    let transport = campaign_client::transport::Hyper::new().unwrap();
    let body = replayable(5, &["he", "", "llo"]);
    assert_eq!(send_body(&transport, &address, body).await.unwrap().status(), 204);
    let request = seen.await.unwrap();
    assert!(request.starts_with("POST /x?signature=CANARY HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("content-length: 5\r\n") && !request.contains("transfer-encoding"), "{request}");
    assert!(request.contains(&format!("host: {address}\r\n")), "{request}");
}

#[cfg(feature = "hyper")]
#[tokio::test]
async fn a_body_that_is_not_as_long_as_it_said_is_an_error() {
    let transport = campaign_client::transport::Hyper::new().unwrap();
    for chunks in [&["hell"][..], &["hello", "", "!"], &["hello!"], &[]] {
        let address = server(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        let error = send_body(&transport, &address, replayable(5, chunks)).await.unwrap_err();
        assert!(error.kind() == TransportErrorKind::Lost && chain(&error).contains("than it said"), "{error:?}");
    }
}

#[cfg(feature = "hyper")]
#[tokio::test]
async fn a_uri_that_cannot_be_sent_is_refused() {
    let transport = campaign_client::transport::Hyper::new().unwrap();
    for uri in ["/x", "ftp://127.0.0.1/", "127.0.0.1:1"] {
        let request = http::Request::get(uri).body(Body::empty()).unwrap();
        let error = transport.send(request).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Invalid, "{uri}: {error:?}");
    }
}

#[tokio::test]
async fn a_path_with_dots_is_sent_as_it_stands_or_refused() {
    for transport in transports() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/a/../b", listener.local_addr().unwrap());
        let sent = transport.send(http::Request::get(uri).body(Body::empty()).unwrap());
        let seen = async {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let length = socket.read(&mut request).await.unwrap();
            socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        };
        tokio::select! {
            biased;
            refused = sent => assert_eq!(refused.unwrap_err().kind(), TransportErrorKind::Invalid),
            request = seen => assert!(request.starts_with("GET /a/../b HTTP/1.1\r\n"), "{request}"),
        }
    }
}

#[cfg(feature = "hyper")]
#[tokio::test]
async fn one_connection_serves_calls_that_follow_one_another() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        // Only one connection is ever taken.
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        while socket.read(&mut request).await.unwrap() > 0 {
            socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        }
    });
    let transport = campaign_client::transport::Hyper::new().unwrap();
    for _ in 0..3 {
        assert_eq!(send(&transport, &address).await.unwrap().body(), "ok");
    }
}
