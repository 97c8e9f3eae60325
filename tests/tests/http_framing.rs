//! The cases of `bad-inputs.json`, category `http-framing`: bytes written to a socket of the
//! gateway. Each is refused with its status, nothing reaches the function, the connection is closed
//! where its framing is unsure, and the next client is served.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use campaign_fc::{Runtime, handler};
use campaign_local::fault::Faults;
use campaign_local::function::{FunctionSpec, Functions, HostOptions, InProcess};
use campaign_local::gateway::{Gateway, GatewayOptions, Route, Routes};
use campaign_local::serve::{Limits, Server};
use http::{Request, Response, StatusCode, header};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

const GOOD: &str = "POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
/// Time for what is slow on purpose.
const SLOW: Duration = Duration::from_millis(400);
/// By then every case has been answered.
const PATIENCE: Duration = Duration::from_secs(30);

struct Submit {
    address: SocketAddr,
    entries: Arc<AtomicUsize>,
}

/// A gateway with the limits of the file and one route, whose function takes JSON only: what a page
/// of another site can send without being asked is not JSON.
async fn start(limits: Limits) -> Submit {
    let entries = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&entries);
    let submit = handler(move |request: Request<Bytes>| {
        let json = request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
        let status = if json { StatusCode::CREATED } else { StatusCode::UNSUPPORTED_MEDIA_TYPE };
        if json {
            count.fetch_add(1, Ordering::SeqCst);
        }
        async move { Response::builder().status(status).body(Bytes::new()) }
    });
    let functions = Functions::new(HostOptions::default());
    functions.set(FunctionSpec::in_process("submit", InProcess::new(Runtime::new(submit)))).await.unwrap();
    let routes = Routes::new();
    routes.set(Route::new("POST", "/submit", "submit")).unwrap();
    let gateway = Gateway::new(routes, functions, Faults::new(), GatewayOptions::default());
    let limits = Limits { body: 65_536, ..limits };
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), false, limits).unwrap().host("x");
    let address = server.address();
    tokio::spawn(server.run(gateway, std::future::pending()));
    Submit { address, entries }
}

impl Submit {
    /// Sends bytes, and reads until the server closes the connection; fails if it does not.
    async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The server may have said no before it has read everything.
        let _ = stream.write_all(bytes).await;
        read_to_end(&mut stream).await
    }

    /// Sends the head, then a byte at a time for longer than the server should bear.
    async fn slowly(&self, head: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(head).await.unwrap();
        let start = Instant::now();
        while start.elapsed() < 4 * SLOW {
            if stream.write_all(b"x").await.is_err() {
                break;
            }
            sleep(SLOW / 10).await;
        }
        read_to_end(&mut stream).await
    }

    async fn serves(&self) -> bool {
        let before = self.entries.load(Ordering::SeqCst);
        let answer = self.raw(GOOD.as_bytes()).await;
        answer.starts_with("HTTP/1.1 201 ") && self.entries.load(Ordering::SeqCst) == before + 1
    }

    async fn answer(&self, input: &Value) -> String {
        if let Some(raw) = input["raw_http"].as_str() {
            // Each character stands for the byte of that number.
            let bytes: Vec<u8> = raw.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(&bytes).await.unwrap();
            // A case without a body to come says that it wants the connection closed; those whose
            // framing is unsure are closed without being asked.
            return read_answer(&mut stream).await;
        }
        let gen_ = &input["gen"];
        let number = |name: &str| usize::try_from(gen_[name].as_u64().unwrap()).unwrap();
        match gen_["op"].as_str().unwrap() {
            "http_header" => {
                let value = "a".repeat(number("value_bytes"));
                self.raw(format!("GET / HTTP/1.1\r\nHost: x\r\nX-A: {value}\r\n\r\n").as_bytes()).await
            }
            "http_target" => {
                let target = "a".repeat(number("bytes"));
                self.raw(format!("GET /{target} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await
            }
            "slow_headers" => self.slowly(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ").await,
            "slow_body" => {
                self.slowly(post(&format!("Content-Length: {}\r\n\r\n", number("declared"))).as_bytes()).await
            }
            "short_body" => {
                let mut stream = TcpStream::connect(self.address).await.unwrap();
                let head = post(&format!("Content-Length: {}\r\n\r\n", number("declared")));
                stream.write_all(head.as_bytes()).await.unwrap();
                stream.write_all(&vec![b'x'; number("sent")]).await.unwrap();
                stream.shutdown().await.unwrap();
                read_to_end(&mut stream).await
            }
            "tiny_chunks" => {
                let mut bytes = post("Transfer-Encoding: chunked\r\n\r\n").into_bytes();
                bytes.extend(b"1\r\nx\r\n".repeat(number("total")));
                bytes.extend(b"0\r\n\r\n");
                self.raw(&bytes).await
            }
            other => panic!("no such generator: {other}"),
        }
    }
}

fn post(rest: &str) -> String {
    format!("POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{rest}")
}

/// Whatever comes until the end of the connection; a reset ends it too.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "the connection was not closed: {}", String::from_utf8_lossy(&answer));
    String::from_utf8_lossy(&answer).into_owned()
}

/// The head of the answer; and to the end of the connection if the answer announces it.
async fn read_answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = timeout(PATIENCE, stream.read_buf(&mut answer)).await;
        if read.unwrap().unwrap() == 0 {
            break;
        }
    }
    let mut answer = String::from_utf8_lossy(&answer).into_owned();
    if answer.to_ascii_lowercase().contains("\r\nconnection: close") {
        answer.push_str(&read_to_end(stream).await);
    }
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bad_request_is_refused_and_the_next_client_is_served() {
    let cases = campaign_tests::bad_inputs("http-framing");
    assert_eq!(cases.len(), 29);
    let patient = start(Limits::default()).await;
    let impatient = start(Limits { head_time: SLOW, body_time: SLOW, ..Limits::default() }).await;
    for case in cases.iter().filter(|case| case["input"]["gen"]["op"] != "pipeline") {
        let id = &case["id"];
        let slow = matches!(case["input"]["gen"]["op"].as_str(), Some("slow_headers" | "slow_body"));
        let submit = if slow { &impatient } else { &patient };
        let before = submit.entries.load(Ordering::SeqCst);
        let answer = submit.answer(&case["input"]).await;
        assert_eq!(submit.entries.load(Ordering::SeqCst), before, "{id} reached the function");
        match case["expect"]["http"].as_u64() {
            Some(status) => {
                assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{id}: {status} is not {answer:?}");
                let unsure = matches!(status, 400 | 408 | 413 | 414 | 431);
                let closes = answer.to_ascii_lowercase().contains("\r\nconnection: close");
                assert!(closes || !unsure, "{id} leaves the connection open: {answer:?}");
            }
            None => assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{id}: {answer:?}"),
        }
        assert!(submit.serves().await, "{id}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pipelined_requests_take_bounded_memory_and_leave_others_their_turn() {
    let cases = campaign_tests::bad_inputs("http-framing");
    let case = cases.iter().find(|case| case["input"]["gen"]["op"] == "pipeline").unwrap();
    let count = usize::try_from(case["input"]["gen"]["count"].as_u64().unwrap()).unwrap();
    let submit = start(Limits::default()).await;
    assert!(submit.serves().await);
    let before = resident_bytes();

    let stream = TcpStream::connect(submit.address).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let writer = tokio::spawn(async move {
        for _ in 0..count {
            if write.write_all(request).await.is_err() {
                break;
            }
        }
        write
    });
    // Nobody reads the answers: the server must stop taking requests instead of keeping them.
    sleep(Duration::from_millis(500)).await;
    assert!(submit.serves().await);
    // 100,000 requests with their answers are over 20 MB.
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes");
    let mut answers = 0;
    let mut buffer = vec![0; 1 << 16];
    while answers < 5000 {
        let length = timeout(PATIENCE, read.read(&mut buffer)).await.unwrap().unwrap();
        assert_ne!(length, 0, "the connection was closed after {answers} answers");
        answers += buffer[..length].windows(9).filter(|part| part == b"HTTP/1.1 ").count();
    }
    assert!(submit.serves().await);
    drop(read);
    writer.abort();
    assert!(submit.serves().await);
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes");
}

#[cfg(target_os = "linux")]
fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}
