//! The reqwest transport against real sockets that misbehave.
#![cfg(feature = "reqwest")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use campaign_client::{Body, Transport, TransportError, TransportErrorKind, transport::Reqwest};
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

async fn send(address: &str) -> Result<http::Response<Bytes>, TransportError> {
    let request =
        http::Request::post(format!("http://{address}/x?signature=CANARY")).body(Body::from("hello")).unwrap();
    let (parts, download) = Reqwest::new()?.send(request).await?.into_parts();
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
    let address = server(b"HTTP/1.1 503 Busy\r\nx-a: b\r\ncontent-length: 2\r\n\r\nno").await;
    let response = send(&address).await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["x-a"]), (503, &http::HeaderValue::from_static("b")));
    assert_eq!(response.body(), "no");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let address = server(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(send(&address).await.unwrap().status(), 302);
}

#[tokio::test]
async fn a_refused_connection_is_known_to_be_unsent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = send(&address).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Unsent);
    assert!(!chain(&error).contains("CANARY"));
}

#[tokio::test]
async fn a_host_that_has_no_address_is_known_to_be_unsent() {
    let error = send("no-such-host.invalid:1").await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Unsent);
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_or_within_it_is_lost() {
    for answer in [b"".as_slice(), b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", b"nonsense\r\n\r\n"] {
        let address = server(answer).await;
        let error = send(&address).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Lost, "{error:?}");
        assert!(!chain(&error).contains("CANARY"), "{}", chain(&error));
    }
}
