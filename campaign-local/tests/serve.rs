//! The socket layer, spoken to in raw bytes.

#![expect(clippy::unwrap_used, reason = "a test: a panic is a finding")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use campaign_local::serve::{BindError, Dropped, Limits, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

async fn bug() -> &'static str {
    panic!("a bug in a handler")
}

struct Running {
    address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    server: tokio::task::JoinHandle<()>,
    finished: Arc<AtomicUsize>,
}

async fn start(limits: Limits) -> Running {
    let finished = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&finished);
    let slow = move || {
        let counter = Arc::clone(&counter);
        async move {
            tokio::time::sleep(Duration::from_millis(150)).await;
            counter.fetch_add(1, Ordering::SeqCst);
            "done"
        }
    };
    let router = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/echo", post(|body: String| async move { body }))
        .route("/slow", post(slow))
        .route("/large", get(|| async { vec![7_u8; 32 << 20] }))
        .route("/panic", get(bug))
        .route("/cut", get(|| async { (axum::Extension(Dropped), "never seen").into_response() }));
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), false, limits).unwrap().host("x");
    let address = server.address();
    let (end, ended) = oneshot::channel::<()>();
    let server = tokio::spawn(server.run(router, async move { drop(ended.await) }));
    Running { address, end: Some(end), server, finished }
}

/// Sends `bytes` and reads to the end of the connection.
async fn exchange(address: SocketAddr, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes.as_ref()).await.unwrap();
    read_all(&mut stream).await
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
    // A reset is an end too.
    drop(read.expect("the connection was left open"));
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> u16 {
    answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0)
}

const CLOSE: &str = "Connection: close\r\n\r\n";

#[tokio::test]
async fn what_is_not_one_plain_request_is_refused_and_the_connection_closed() {
    let running = start(Limits { target: 64, ..Limits::default() }).await;
    let post = |rest: &str| format!("POST /echo HTTP/1.1\r\nHost: x\r\n{rest}");
    let cases = [
        ("two framings", 400, post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
        ("two framings, other order", 400, post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n")),
        ("two lengths", 400, post("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x")),
        ("a length with a sign", 400, post("Content-Length: +2\r\n\r\n{}")),
        ("a length list", 400, post("Content-Length: 2, 2\r\n\r\n{}")),
        ("a length beyond 64 bits", 400, post("Content-Length: 18446744073709551616\r\n\r\n")),
        ("another coding", 400, post("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")),
        ("space before the colon", 400, "GET / HTTP/1.1\r\nHost : x\r\n\r\n".to_owned()),
        ("folding", 400, "GET / HTTP/1.1\r\nHost: x\r\nX-A: a\r\n b\r\n\r\n".to_owned()),
        ("bare line feed in the headers", 400, "GET / HTTP/1.1\r\nHost: x\nX-A: a\r\n\r\n".to_owned()),
        ("bare line feeds only", 400, "GET / HTTP/1.1\nHost: x\n\n".to_owned()),
        ("bare carriage return", 400, "GET / HTTP/1.1\r\nHost: x\r\nX-A: a\rb\r\n\r\n".to_owned()),
        ("no host", 400, "GET / HTTP/1.1\r\n\r\n".to_owned()),
        ("two hosts", 400, "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n".to_owned()),
        ("a foreign host", 403, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_owned()),
        ("another port", 403, "GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n".to_owned()),
        ("a foreign target", 400, "GET http://evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n".to_owned()),
        ("another version", 400, "GET / HTTP/3.7\r\nHost: x\r\n\r\n".to_owned()),
        ("TRACE", 405, "TRACE / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned()),
        ("a TLS hello", 400, "\u{16}\u{3}\u{1}\u{2}".to_owned()),
        ("noise", 400, "\0\u{1}\u{2}\r\n\r\n".to_owned()),
        ("a chunk size beyond 64 bits", 400, post("Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFF\r\n")),
        ("a negative chunk size", 400, post("Transfer-Encoding: chunked\r\n\r\n-1\r\n")),
        ("a chunk without its end", 400, post("Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n")),
        ("a long target", 414, format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(100))),
        ("an endless target", 414, format!("GET /{}", "a".repeat(65536))),
        ("an endless header", 431, format!("GET / HTTP/1.1\r\nHost: x\r\nX-A: {}", "a".repeat(65536))),
        ("many headers", 431, format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-A: a\r\n".repeat(100))),
    ];
    for (what, expected, request) in cases {
        let answer = exchange(running.address, request).await;
        assert_eq!(status(&answer), expected, "{what}: {answer}");
        assert!(answer.to_ascii_lowercase().contains("connection: close"), "{what}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 4").count(), 1, "{what} was answered twice: {answer}");
    }
    for own in ["x", "127.0.0.1", "LOCALHOST", "[::1]", &running.address.to_string()] {
        let good = exchange(running.address, format!("GET / HTTP/1.1\r\nHost: {own}\r\n{CLOSE}")).await;
        assert_eq!(status(&good), 200, "{own}: {good}");
    }
}

#[tokio::test]
async fn a_connection_serves_one_request_after_another_also_when_they_come_at_once() {
    let running = start(Limits::default()).await;
    let requests = format!(
        "POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n\
         POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nfirst\
         POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nsecond\
         POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nthird\r\n0\r\n\r\n\
         GET / HTTP/1.1\r\nHost: x\r\n{CLOSE}"
    );
    let answer = exchange(running.address, requests).await;
    let bodies: Vec<_> = ["done", "first", "second", "third"].iter().map(|body| answer.find(body)).collect();
    assert!(bodies.iter().all(Option::is_some) && bodies.is_sorted(), "{answer}");
    // The chunked one ends the connection: what follows it is not looked for.
    assert!(!answer.contains("hello"), "{answer}");
}

#[tokio::test]
async fn time_runs_out_for_slow_heads_slow_bodies_and_idle_connections() {
    let short = Duration::from_millis(100);
    let limits = Limits { head_time: short, body_time: short, idle_time: short * 3, ..Limits::default() };
    let running = start(limits).await;
    assert_eq!(status(&exchange(running.address, "GET / HT").await), 408);
    let body = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nfour";
    assert_eq!(status(&exchange(running.address, body).await), 408);
    assert_eq!(exchange(running.address, "").await, "", "an idle connection is closed without a word");
    // A handler may take longer than all of them.
    let slow = "POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(status(&exchange(running.address, slow).await), 200);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_and_while_it_is_read() {
    let running = start(Limits { body: 1000, ..Limits::default() }).await;
    let declared = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n";
    assert_eq!(status(&exchange(running.address, declared).await), 413);
    let chunks = "1\r\na\r\n".repeat(20_000);
    let chunked = format!("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
    assert_eq!(status(&exchange(running.address, chunked).await), 413);
}

#[tokio::test]
async fn a_cut_answer_is_a_closed_connection_and_a_panic_is_an_answer() {
    let running = start(Limits::default()).await;
    assert_eq!(exchange(running.address, "GET /cut HTTP/1.1\r\nHost: x\r\n\r\n").await, "");
    let panic = exchange(running.address, format!("GET /panic HTTP/1.1\r\nHost: x\r\n{CLOSE}")).await;
    assert_eq!(status(&panic), 500);
}

#[tokio::test]
async fn work_is_finished_when_the_client_goes_away() {
    let running = start(Limits::default()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(stream);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(running.finished.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_end_lets_a_request_under_way_finish_and_takes_no_new_one() {
    let mut running = start(Limits::default()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(running.end.take());
    assert_eq!(status(&read_all(&mut stream).await), 200);
    tokio::time::timeout(Duration::from_secs(5), &mut running.server).await.unwrap().unwrap();
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn connections_over_the_limit_wait_for_a_place() {
    let running = start(Limits { connections: 2, ..Limits::default() }).await;
    let first = TcpStream::connect(running.address).await.unwrap();
    let _second = TcpStream::connect(running.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let third = exchange(running.address, format!("GET / HTTP/1.1\r\nHost: x\r\n{CLOSE}"));
    let mut third = std::pin::pin!(third);
    let early = tokio::time::timeout(Duration::from_millis(200), third.as_mut()).await;
    assert!(early.is_err(), "a third connection was served");
    drop(first);
    assert_eq!(status(&third.await), 200);
}

#[tokio::test]
async fn an_address_that_others_can_reach_needs_to_be_allowed() {
    let open = "0.0.0.0:0".parse().unwrap();
    let refused = Server::bind(open, false, Limits::default());
    assert!(matches!(refused, Err(BindError::NotLoopback(_))));
    assert!(Server::bind(open, true, Limits::default()).is_ok());
    let taken = Server::bind("127.0.0.1:0".parse().unwrap(), false, Limits::default()).unwrap();
    let again = Server::bind(taken.address(), false, Limits::default());
    assert!(matches!(again, Err(BindError::Refused { .. })));
}

#[tokio::test]
async fn names_under_localhost_are_for_those_who_ask_for_them() {
    let ask = |host: &str| format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    for (asked, status) in [(true, "HTTP/1.1 200"), (false, "HTTP/1.1 403")] {
        let running = start(Limits { names_under_localhost: asked, ..Limits::default() }).await;
        let port = running.address.port();
        let answer = exchange(running.address, ask(&format!("bucket.localhost:{port}"))).await;
        assert!(answer.starts_with(status), "{answer}");
        for host in [
            format!("localhost.example.com:{port}"),
            format!("bucket.localhost.example.com:{port}"),
            format!("bucketlocalhost:{port}"),
            format!(".localhost:{port}"),
            format!("a..localhost:{port}"),
            format!("a b.localhost:{port}"),
            "bucket.localhost:1".to_owned(),
            "bucket.localhost".to_owned(),
        ] {
            let answer = exchange(running.address, ask(&host)).await;
            assert!(answer.starts_with("HTTP/1.1 403"), "{host}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_streamed_body_has_no_limit_but_the_time_between_its_pieces() {
    let limits = Limits { streamed: true, body: 10, body_time: Duration::from_millis(300), ..Limits::default() };
    let running = start(limits).await;
    let head = "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 60\r\n\r\n";
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        stream.write_all(b"0123456789").await.unwrap();
    }
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("0123456789"), "{answer}");

    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(format!("{head}0123456789").as_bytes()).await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "the echo cannot read it: {answer}");
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_answer_is_left() {
    let limits = Limits { send_time: Duration::from_millis(200), connections: 1, ..Limits::default() };
    let running = start(limits).await;
    let mut stalled = TcpStream::connect(running.address).await.unwrap();
    stalled.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    // The only place is free again, though the first client never went away.
    let next = exchange(running.address, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let next = tokio::time::timeout(Duration::from_secs(10), next).await.expect("the place was never given back");
    assert!(next.ends_with("hello"), "{next}");
    let mut taken = Vec::new();
    let _ = stalled.read_to_end(&mut taken).await;
    assert!(taken.len() < 32 << 20, "it was sent whole");
}
