//! Calls through the shared client and through the transport that signs.
#![cfg(feature = "transport")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use campaign_apigw::{ApiGateway, App, Call, Client, Explanation, Signed, Signer, Verifier};
use campaign_client::body::Replayable;
use campaign_client::{
    Body, Clock, Credentials, Download, ErrorKind, Retry, Transport, TransportError, TransportErrorKind,
};
use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, Response};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_794_355_200, 0).unwrap()
}

fn app() -> App {
    App::new("203753385", "secret").unwrap()
}

/// Answers in order, and keeps what was sent.
#[derive(Debug, Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Response<Bytes>>>>,
    sent: Arc<Mutex<Vec<Request<Bytes>>>>,
}

impl Script {
    fn then(self, status: u16, headers: &[(&'static str, &str)], body: &'static str) -> Self {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        self.answers.lock().unwrap().push_back(response.body(Bytes::from_static(body.as_bytes())).unwrap());
        self
    }

    fn sent(&self) -> Vec<Request<Bytes>> {
        self.sent.lock().unwrap().clone()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request<Body>) -> Result<Response<Download>, TransportError> {
        let request = request.map(|body| body.bytes().cloned().unwrap_or_default());
        self.sent.lock().unwrap().push(request);
        Ok(self.answers.lock().unwrap().pop_front().expect("an answer is left").map(Download::from))
    }
}

fn client(script: &Script) -> Client {
    Client::builder(ApiGateway::new("http://127.0.0.1:1").unwrap())
        .credentials(Credentials::new("203753385", "secret"))
        .transport(script.clone())
        .clock(Clock::fixed(now()))
        .build()
        .unwrap()
}

fn valid(request: &Request<Bytes>, at: DateTime<Utc>) -> bool {
    Verifier::new().verify(request, at, |_| Some(app())).is_ok()
}

#[tokio::test(start_paused = true)]
async fn each_attempt_is_signed_afresh() {
    let script = Script::default().then(503, &[("x-ca-error-code", "D503BB")], "").then(201, &[], "made");
    let call = Call::post("/v1/entries").query("a b", "&=").json(r#"{"a":1}"#);
    let answer = client(&script).send(&call).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (201, b"made".as_slice()));
    let sent = script.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].uri(), "http://127.0.0.1:1/v1/entries?a%20b=%26%3D");
    for request in &sent {
        let verify = Verifier::new().ambiguous_parameters();
        assert!(verify.verify(request, now(), |_| Some(app())).is_ok());
    }
    assert_ne!(sent[0].headers()["x-ca-nonce"], sent[1].headers()["x-ca-nonce"]);
}

#[tokio::test]
async fn the_backends_own_word_is_the_output_whatever_its_status() {
    for status in [200, 302, 400, 404, 409, 422] {
        let script = Script::default().then(status, &[("x-ca-request-id", "R")], "word");
        let answer = client(&script).send(&Call::get("/a")).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (status, b"word".as_slice()));
    }
}

#[tokio::test]
async fn a_long_refusal_of_the_backend_arrives_whole() {
    let long: &'static str = "x".repeat(100 << 10).leak();
    let script = Script::default().then(422, &[], long);
    assert_eq!(client(&script).send(&Call::get("/a")).await.unwrap().body().len(), long.len());
}

#[tokio::test]
async fn what_the_gateway_refuses_is_an_error_with_its_code() {
    let refusal = |code| Script::default().then(code, &[("x-ca-request-id", "R-1")], "");
    let unavailable = client(&refusal(500)).with_retry(Retry::never()).send(&Call::post("/a")).await.unwrap_err();
    assert_eq!((unavailable.kind(), unavailable.outcome_unknown()), (ErrorKind::Unavailable, true));
    assert_eq!(unavailable.request_id(), Some("R-1"));
    for (code, status, kind) in [
        ("I404NF", 404, ErrorKind::NotFound),
        ("I403AA", 403, ErrorKind::Denied),
        ("A400MA", 400, ErrorKind::Refused),
        ("T429PA", 429, ErrorKind::Throttled),
    ] {
        let script = Script::default().then(status, &[("x-ca-error-code", code), ("x-ca-error-message", "text")], "");
        let error = client(&script).with_retry(Retry::never()).send(&Call::post("/a")).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome_unknown(), error.is_code(code)), (kind, false, true), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_once_by_the_date_of_the_answer() {
    let date = [("x-ca-error-code", "S403TE"), ("date", "Wed, 11 Nov 2026 01:00:00 GMT")];
    let script = Script::default().then(403, &date, "").then(200, &[], "");
    client(&script).send(&Call::post("/a")).await.unwrap();
    let sent = script.sent();
    let server = DateTime::from_timestamp(1_794_358_800, 0).unwrap();
    assert!(!valid(&sent[0], server) && valid(&sent[1], server), "{sent:?}");
}

#[tokio::test]
async fn a_refused_signature_is_explained_and_not_sent_again() {
    let script = Script::default().then(200, &[], "");
    client(&script).send(&Call::get("/a").query("b", "c")).await.unwrap();
    let request = script.sent().remove(0);
    // What a gateway with another secret answers to just this request, and one that reads another path.
    let other = |_: &str| Some(App::new("203753385", "canary").unwrap());
    let refusal = Verifier::new().verify(&request, now(), other).unwrap_err();
    let message = refusal.message().to_str().unwrap().to_owned();
    for (message, expected) in [
        (message.clone(), "the AppSecret is wrong"),
        (message.replace("/a?b=c", "/b?b=c"), "signed `/a`, the gateway computed `/b`"),
        (message.replace("x-ca-timestamp:1", "x-ca-timestamp:2"), "header x-ca-timestamp: signed"),
    ] {
        let headers = [("x-ca-error-code", "A403IS"), ("x-ca-error-message", message.as_str())];
        let script = Script::default().then(403, &headers, "");
        let error = client(&script).send(&Call::get("/a").query("b", "c")).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::Denied, 1));
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}

#[tokio::test]
async fn a_digest_that_the_backend_sends_is_checked() {
    let headers = [("content-md5", "gjgNHiY7YJPzx1NWkPzddQ==")];
    let script = Script::default().then(200, &headers, r#"{"ok":true}"#);
    assert!(client(&script).send(&Call::get("/a")).await.is_ok());
    let script = Script::default().then(200, &headers, r#"{"ok":no}"#);
    let error = client(&script).with_retry(Retry::never()).send(&Call::get("/a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreadable);
}

#[tokio::test]
async fn nobody_signs_nothing() {
    let script = Script::default().then(200, &[], "");
    let client = Client::builder(ApiGateway::new("http://127.0.0.1:1").unwrap())
        .credentials(Credentials::anonymous())
        .transport(script.clone())
        .build()
        .unwrap();
    client.send(&Call::get("/a")).await.unwrap();
    assert!(script.sent()[0].headers().keys().all(|name| !name.as_str().starts_with("x-ca-")));
}

#[tokio::test]
async fn whatever_goes_through_the_transport_is_signed_with_a_nonce_of_its_own() {
    let wrong = [("x-ca-error-code", "A403IS"), ("x-ca-error-message", "Invalid Signature")];
    let script = Script::default().then(200, &[], "").then(200, &[], "").then(403, &wrong, "");
    let transport = Signed::new(Signer::new(app()), script.clone()).clock(Clock::fixed(now()));
    let request = || Request::post("http://127.0.0.1:1/a?b=c").body(Body::from("text")).unwrap();
    for _ in 0..2 {
        assert!(transport.send(request()).await.unwrap().extensions().get::<Explanation>().is_none());
    }
    let sent = script.sent();
    assert!(sent.iter().all(|request| valid(request, now())));
    assert_ne!(sent[0].headers()["x-ca-nonce"], sent[1].headers()["x-ca-nonce"]);
    let refused = transport.send(request()).await.unwrap();
    assert_eq!(refused.extensions().get(), Some(&Explanation::NotTold));
}

#[tokio::test]
async fn a_body_that_is_not_in_memory_needs_its_digest() {
    let body = || Body::Replayable(Replayable::new(4, || Box::pin(futures_util::stream::empty())));
    let script = Script::default().then(200, &[], "");
    let transport = Signed::new(Signer::new(app()), script.clone());
    let send = |headers: &[(&str, &str)]| {
        let mut request = Request::post("http://127.0.0.1:1/a");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        transport.send(request.body(body()).unwrap())
    };
    let form = [("content-type", "application/x-www-form-urlencoded"), ("content-md5", "x")];
    for headers in [&[][..], &form] {
        assert_eq!(send(headers).await.unwrap_err().kind(), TransportErrorKind::Invalid);
    }
    assert!(send(&[("content-md5", "gjgNHiY7YJPzx1NWkPzddQ==")]).await.is_ok());
    assert_eq!(script.sent().len(), 1);
}

#[tokio::test]
async fn what_no_header_or_path_can_hold_is_refused_before_anything_is_sent() {
    // header-injection-004, -006, -009, -010, -011 and -014 of the corpus, as they concern a call to the gateway.
    let invalid = |result: Result<Call, campaign_client::Error>| result.unwrap_err().kind() == ErrorKind::Invalid;
    assert!(invalid(Call::get("/a").header("X-Trace", "a\nb")));
    assert!(invalid(Call::get("/a").header("", "a")));
    assert!(invalid(Call::get("/a").header("X:Y", "a")));
    for own in ["X-Ca-Signature", "x-ca-key", "X-Ca-Timestamp", "Content-MD5", "Host", "Transfer-Encoding"] {
        assert!(invalid(Call::get("/a").header(own, "a")), "{own}");
    }
    assert!(invalid(Call::get("/a").idempotency_key("a\r\nb")) && invalid(Call::get("/a").idempotency_key("")));
    let script = Script::default();
    let cr = Client::builder(ApiGateway::new("http://127.0.0.1:1").unwrap())
        .credentials(Credentials::new("LTAI\r", "secret"))
        .transport(script.clone())
        .build()
        .unwrap();
    let error = cr.send(&Call::get("/a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    for path in ["", "a", "/a b", "/a\r\nHost: evil", "/a?b", "/\u{676d}"] {
        let error = client(&script).send(&Call::get(path)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{path:?}");
    }
    let twice = Call::get("/a").query("b", "1").query("b", "2");
    assert_eq!(client(&script).send(&twice).await.unwrap_err().kind(), ErrorKind::Invalid);
    let both = Call::post("/a").query("b", "1").form([("b", "2")]);
    assert_eq!(client(&script).send(&both).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert!(script.sent().is_empty());
    let script = script.then(200, &[], "");
    client(&script).send(&Call::get("/a").query("prefix", "a\r\nHost: evil")).await.unwrap();
    assert_eq!(script.sent()[0].uri().query(), Some("prefix=a%0D%0AHost%3A%20evil"));
}

#[tokio::test]
async fn an_app_that_was_taken_back_is_asked_for_once_more() {
    #[derive(Debug)]
    struct Two;
    #[async_trait]
    impl campaign_client::ProvideCredentials for Two {
        async fn credentials(
            &self,
            refused: Option<&Credentials>,
        ) -> Result<Credentials, campaign_client::CredentialsError> {
            Ok(Credentials::new(if refused.is_some() { "203753385" } else { "old" }, "secret"))
        }
    }
    for code in ["A400IK", "A403EP"] {
        let status = code[1..4].parse().unwrap();
        let script = Script::default().then(status, &[("x-ca-error-code", code)], "").then(200, &[], "");
        let client = Client::builder(ApiGateway::new("http://127.0.0.1:1").unwrap())
            .credentials(Two)
            .transport(script.clone())
            .clock(Clock::fixed(now() + TimeDelta::seconds(1)))
            .build()
            .unwrap();
        client.send(&Call::post("/a")).await.unwrap();
        let keys: Vec<_> = script.sent().iter().map(|request| request.headers()["x-ca-key"].clone()).collect();
        assert_eq!(keys, ["old", "203753385"]);
    }
}
