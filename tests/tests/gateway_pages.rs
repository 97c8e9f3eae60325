//! What a page of another origin can read when it is refused: by a route, by no route, by the socket.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use campaign_apigw::{Code, GatewayError};
use campaign_client::{Body, Download, Transport as _};
use campaign_local::gateway::{Cors, Route};
use campaign_local::{Local, Running};
use http::{Request, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const ORIGIN: &str = "https://page.example";
/// What a page must be able to read beside the body.
const EXPOSED: [&str; 5] =
    ["Retry-After", "Idempotency-Replayed", "X-Ca-Request-Id", "X-Ca-Error-Code", "X-Ca-Error-Message"];

async fn send(cloud: &Local, method: &str, path: &str, headers: &[(&str, &str)]) -> Response<Download> {
    let mut request = Request::builder().method(method).uri(format!("http://127.0.0.1:1{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    cloud.gateway_transport().send(request.body(Body::empty()).unwrap()).await.unwrap()
}

fn assert_readable(headers: &http::HeaderMap) {
    assert_eq!(headers["access-control-allow-origin"], "*", "{headers:?}");
    let exposed = headers["access-control-expose-headers"].to_str().unwrap();
    for name in EXPOSED {
        assert!(exposed.split(", ").any(|one| one == name), "{name}: {exposed}");
    }
    assert_eq!(headers["x-ca-request-id"].len(), 36);
}

#[tokio::test]
async fn a_page_reads_that_there_is_no_route_and_no_such_method() {
    let cloud = Local::builder().start().await.unwrap();
    cloud.routes().set(Route::new("POST", "/a", "none").cors(Cors::default())).unwrap();
    cloud
        .routes()
        .set(Route::new("POST", "/b", "none").cors(Cors::default().origins(["https://other.example"])))
        .unwrap();
    let origin = [("origin", ORIGIN)];
    for (method, path, code) in
        [("POST", "/none", Code::I404NF), ("GET", "/a/%FF", Code::I400PA), ("GET", "/a", Code::I405UM)]
    {
        let response = send(&cloud, method, path, &origin).await;
        assert_readable(response.headers());
        assert_eq!(GatewayError::from_response(&response).unwrap().code(), Some(code), "{method} {path}");
    }
    // The route's word on who may read holds for its other methods too.
    let response = send(&cloud, "GET", "/b", &origin).await;
    assert!(!response.headers().contains_key("access-control-allow-origin"), "{response:?}");
    // Without an origin there is no page.
    let response = send(&cloud, "POST", "/none", &[]).await;
    assert!(!response.headers().contains_key("access-control-allow-origin"), "{response:?}");
}

#[tokio::test]
async fn a_page_that_asks_first_is_let_through_to_the_refusal() {
    let cloud = Local::builder().start().await.unwrap();
    let asks = [("origin", ORIGIN), ("access-control-request-method", "POST")];
    let response = send(&cloud, "OPTIONS", "/none", &asks).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["access-control-allow-methods"], "POST");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    let allowed = response.headers()["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.contains("Idempotency-Key") && allowed.contains("Content-Type"), "{allowed}");
}

/// The answer to these bytes: its status line and headers.
async fn raw(address: &str, bytes: &[u8]) -> (u16, http::HeaderMap) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may have said no before it has read everything.
    drop(stream.write_all(bytes).await);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let text = String::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = http::HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        headers.append(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    assert_eq!(headers["content-length"].to_str().unwrap(), body.len().to_string());
    (status, headers)
}

#[tokio::test]
async fn a_page_reads_what_the_socket_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let cloud = Running::start(folder.path().join("data"), None, false).await.unwrap();
    let ready: serde_json::Value = serde_json::from_str(&cloud.ready_line()).unwrap();
    let address = |service: &str| ready[service].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    let gateway = address("gateway");
    let long = "x".repeat(5000);
    for (request, status, code) in [
        (format!("POST /{long} HTTP/1.1\r\nHost: {gateway}\r\n\r\n"), 414, Some("I413UL")),
        (format!("POST / HTTP/1.1\r\nHost: {gateway}\r\nX-A: {long}{long}\r\n\r\n"), 431, Some("I413UL")),
        (format!("POST / HTTP/1.1\r\nHost: {gateway}\r\nContent-Length: 99999999\r\n\r\n"), 413, Some("I413RL")),
        ("POST / HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_owned(), 403, Some("I404DO")),
        (format!("TRACE / HTTP/1.1\r\nHost: {gateway}\r\n\r\n"), 405, Some("I405UM")),
        (format!("POST / HTTP/9.9\r\nHost: {gateway}\r\n\r\n"), 400, None),
        // The body never comes.
        (format!("POST / HTTP/1.1\r\nHost: {gateway}\r\nContent-Length: 10\r\n\r\n{{"), 408, None),
    ] {
        let (got, headers) = raw(&gateway, request.as_bytes()).await;
        assert_eq!(got, status, "{headers:?}");
        assert_readable(&headers);
        assert_eq!(headers.get("x-ca-error-code").map(|code| code.to_str().unwrap()), code);
        assert_eq!(headers["connection"], "close");
    }
    // No page reads another service's.
    let table_store = address("tablestore");
    let (status, headers) = raw(&table_store, b"POST / HTTP/1.1\r\nHost: evil.example\r\n\r\n").await;
    assert_eq!((status, headers.contains_key("access-control-allow-origin")), (403, false));
    cloud.stop().await;
}
