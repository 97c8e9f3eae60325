//! The runtime over real sockets: what Function Compute sends and what it must get back.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use campaign_fc::{Context, PathParameters, Runtime, handler, header};
use http::{Request, Response};
use serde_json::Value;
use support::{Client, Started};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

type Answer = Result<Response<String>, std::io::Error>;

/// Says back what it was given; some paths go wrong.
async fn echo(request: Request<Bytes>) -> Answer {
    match request.uri().path() {
        "/panic" => panic!("{}", String::from_utf8_lossy(request.body())),
        "/error" => return Err(std::io::Error::other("broken")),
        _ => {}
    }
    let context: &Context = request.extensions().get().unwrap();
    let parameters = request.extensions().get::<PathParameters>();
    let text = format!(
        "{} {} {} {:?} {:?}",
        request.method(),
        request.uri(),
        request.body().len(),
        context.request_id(),
        parameters.map(|parameters| &parameters.0),
    );
    Ok(Response::builder().status(201).header("x-own", "1").body(text).unwrap())
}

#[tokio::test]
async fn an_http_request_passes_through_unchanged() {
    let runtime = Started::new(handler(echo)).await;
    let mut client = Client::connect(runtime.address).await;
    let headers = [("x-fc-control-path", "/http-invoke"), ("x-fc-request-id", "r1")];
    let answer = client.send("PATCH", "/a%20b?c=d", &headers, "12345").await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.body, r#"PATCH /a%20b?c=d 5 "r1" None"#);
    assert_eq!(answer.headers["x-own"], "1");
    assert_eq!(answer.headers[header::STATUS], header::STATUS_OK);
}

#[tokio::test]
async fn a_visitors_request_to_a_control_path_is_not_a_control_request() {
    let runtime = Started::new(handler(echo)).await;
    let mut client = Client::connect(runtime.address).await;
    for path in ["/invoke", "/initialize"] {
        let http = [("x-fc-control-path", "/http-invoke")];
        assert_eq!(client.send("POST", path, &http, "").await.status, 201, "{path}");
    }
    assert_eq!(client.send("GET", "/invoke", &[], "").await.status, 201);
}

#[tokio::test]
async fn an_event_is_handled_as_the_request_it_stands_for() {
    let runtime = Started::new(handler(echo)).await;
    let mut client = Client::connect(runtime.address).await;
    let event = r#"{"path":"/c/x","httpMethod":"POST","headers":{"X-Ca-Api-Gateway":"g"},
        "queryParameters":{"n":7},"pathParameters":{"id":"x"},"body":"e30=","isBase64Encoded":"true"}"#;
    let answer = client.send("POST", "/invoke", &[("x-fc-request-id", "r2")], event).await;
    assert_eq!(answer.status, 200);
    let result: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(result["statusCode"], 201);
    assert_eq!(result["body"], r#"POST /c/x?n=7 2 "r2" Some([("id", "x")])"#);
    assert_eq!(result["headers"]["x-own"], "1");
    assert_eq!(result["isBase64Encoded"], false);
}

#[tokio::test]
async fn keys_are_in_the_context_and_nowhere_else() {
    let seen = handler(async |request: Request<Bytes>| {
        let context: &Context = request.extensions().get().unwrap();
        let keys = context.credentials().unwrap();
        use secrecy::ExposeSecret as _;
        assert_eq!(keys.access_key_secret().expose_secret(), "CANARY-S");
        assert_eq!(keys.security_token().expose_secret(), "CANARY-T");
        Ok::<_, std::io::Error>(Response::new(format!("{request:?}")))
    });
    let runtime = Started::new(seen).await;
    let mut client = Client::connect(runtime.address).await;
    let headers = [
        ("x-fc-access-key-id", "CANARY-I"),
        ("x-fc-access-key-secret", "CANARY-S"),
        ("x-fc-security-token", "CANARY-T"),
    ];
    let answer = client.send("POST", "/", &headers, "").await;
    let dump = String::from_utf8_lossy(&answer.body);
    assert!(dump.contains("POST"), "{dump}");
    assert!(!dump.contains("CANARY"), "{dump}");
}

#[tokio::test]
async fn a_panic_or_an_error_is_reported_and_the_connection_goes_on() {
    let runtime = Started::new(handler(echo)).await;
    let mut client = Client::connect(runtime.address).await;
    for (path, kind) in [("/panic", "Panic"), ("/error", "HandlerError")] {
        let answer = client.send("POST", path, &[], "CANARY").await;
        assert_eq!(answer.status, 500);
        assert_eq!(answer.headers[header::STATUS], header::STATUS_FAILED);
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(body.contains(kind) && !body.contains("CANARY"), "{body}");
        assert_eq!(client.send("GET", "/", &[], "").await.status, 201);
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_by_its_length_and_by_its_bytes() {
    let runtime = Started::with(Runtime::new(handler(echo)).body_limit(4)).await;
    for head in ["content-length: 5\r\n\r\n", "transfer-encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n"] {
        let mut stream = TcpStream::connect(runtime.address).await.unwrap();
        stream.write_all(format!("POST / HTTP/1.1\r\nhost: f\r\n{head}").as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 413");
    }
    let mut client = Client::connect(runtime.address).await;
    assert_eq!(client.send("POST", "/", &[], "1234").await.status, 201);
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_stop_the_handler() {
    let finished = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&finished);
    let (entered, mut entering) = tokio::sync::mpsc::channel(1);
    let slow = handler(move |_: Request<Bytes>| {
        let (count, entered) = (Arc::clone(&count), entered.clone());
        async move {
            entered.send(()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
            count.fetch_add(1, Ordering::SeqCst);
            Ok::<_, std::io::Error>(Response::new(""))
        }
    });
    let runtime = Started::new(slow).await;
    let mut stream = TcpStream::connect(runtime.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: f\r\n\r\n").await.unwrap();
    entering.recv().await.unwrap();
    drop(stream);
    runtime.end.send(()).unwrap();
    // Ending waits for the handler too, though its connection has gone.
    runtime.ended.await.unwrap();
    assert_eq!(finished.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn initialize_runs_its_hook_and_reports_its_failure() {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let runtime = Runtime::new(handler(echo)).on_initialize(move |context: Context| {
        let call = count.fetch_add(1, Ordering::SeqCst);
        async move {
            assert_eq!(context.function_name(), "f");
            if call == 1 { Err(std::io::Error::other("no")) } else { Ok(()) }
        }
    });
    let runtime = Started::with(runtime).await;
    let mut client = Client::connect(runtime.address).await;
    let headers = [("x-fc-control-path", "/initialize"), ("x-fc-function-name", "f")];
    let first = client.send("POST", "/initialize", &headers, "").await;
    assert_eq!((first.status.as_u16(), &first.headers[header::STATUS]), (200, &"200".parse().unwrap()));
    let second = client.send("POST", "/initialize", &headers, "").await;
    assert_eq!((second.status.as_u16(), &second.headers[header::STATUS]), (500, &"404".parse().unwrap()));
    // The third has no function name: the hook's assertion panics, the runtime does not.
    assert_eq!(client.send("POST", "/initialize", &headers[..1], "").await.status, 500);
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn pre_stop_runs_its_hook_answers_and_ends_the_runtime() {
    let (stopped, stopping) = std::sync::mpsc::channel();
    let runtime = Runtime::new(handler(echo)).on_pre_stop(move |_| {
        let sent = stopped.send(());
        async move { sent }
    });
    let runtime = Started::with(runtime).await;
    let mut client = Client::connect(runtime.address).await;
    assert_eq!(client.send("GET", "/pre-stop", &[], "").await.status, 200);
    stopping.recv().unwrap();
    runtime.ended.await.unwrap();
    assert!(TcpStream::connect(runtime.address).await.is_err());
}

#[tokio::test]
async fn a_connection_idle_for_longer_than_hypers_header_timeout_is_still_served() {
    let runtime = Started::new(handler(echo)).await;
    let mut stream = TcpStream::connect(runtime.address).await.unwrap();
    stream.write_all(b"GET /a HTTP/1.1\r\n").await.unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(900)).await;
    tokio::time::resume();
    stream.write_all(b"host: f\r\n\r\n").await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 201");
}

#[tokio::test]
async fn a_request_is_answered_without_a_socket_as_with_one() {
    let runtime = Runtime::new(handler(echo)).body_limit(4);
    let request = |body: &'static str| {
        let request = Request::builder().uri("/a").header("x-fc-control-path", "/http-invoke");
        request.body(Bytes::from_static(body.as_bytes())).unwrap()
    };
    let answer = runtime.clone().answer(request("1234")).await;
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()[header::STATUS], header::STATUS_OK);
    assert_eq!(runtime.answer(request("12345")).await.status(), 413);
}
