//! Table Store for tests without an emulator: a client with a fixed clock, answers signed as the service signs them, and a
//! transport that plays a script.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use campaign_client::{
    Body, Client, Clock, Credentials, Download, Place, Retry, Service, Signing, Transport, TransportError,
};
use campaign_tablestore::{
    TableStore,
    server::{Caller, Known, admit, complete},
};
use chrono::{DateTime, Utc};

/// The instance.
pub const INSTANCE: &str = "campaign";

/// The time of all clocks: the beginning of 2026-11-11.
///
/// # Panics
/// Never.
#[must_use]
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_794_355_200, 0).expect("a time")
}

/// The key that requests and answers are signed with.
#[must_use]
pub fn credentials() -> Credentials {
    Credentials::new("key", "secret")
}

/// The service at `endpoint`.
///
/// # Panics
/// If it is none.
#[must_use]
pub fn service(endpoint: &str) -> TableStore {
    TableStore::new(endpoint, INSTANCE).expect("an endpoint")
}

/// A client over `transport` that repeats calls as `retry` says.
///
/// # Panics
/// If `retry` cannot work.
#[must_use]
pub fn client(endpoint: &str, transport: impl Transport, retry: Retry) -> Client<TableStore> {
    let builder = Client::builder(service(endpoint)).transport(transport).credentials(credentials());
    builder.clock(Clock::fixed(now())).retry(retry).build().expect("settings that work")
}

/// Who sent a request that was signed with `credentials`, as the service knows it from then on.
fn caller(credentials: &Credentials) -> Caller {
    let service = service("http://127.0.0.1:1");
    let mut request = http::Request::new(Body::empty());
    *request.method_mut() = http::Method::POST;
    let signing = Signing { credentials, now: now(), nonce: "", place: Place::Header };
    service.sign(&mut request, &signing).expect("a request that can be signed");
    let (parts, _) = request.into_parts();
    admit(INSTANCE, &parts, b"", now(), |_| Known::Key(credentials.clone())).expect("a request that is admitted")
}

/// An answer to a request to `path`, complete and signed with `credentials` at `date`.
///
/// # Panics
/// If `status` is none.
#[must_use]
pub fn answer(
    path: &str,
    status: u16,
    body: impl Into<Bytes>,
    credentials: &Credentials,
    date: DateTime<Utc>,
) -> http::Response<Bytes> {
    let mut response = http::Response::builder().status(status).body(body.into()).expect("a status");
    complete(&mut response, path, Some(&caller(credentials)), "0005-request", date);
    response
}

/// An answer to a request to `path` as the service gives it.
#[must_use]
pub fn signed(path: &str, status: u16, body: impl Into<Bytes>) -> http::Response<Bytes> {
    answer(path, status, body, &credentials(), now())
}

/// A transport that gives its answers in order.
#[derive(Debug, Clone)]
pub struct Script(Arc<Mutex<Play>>);

#[derive(Debug)]
struct Play {
    answers: VecDeque<http::Response<Download>>,
    sent: Vec<http::Request<Body>>,
}

impl Script {
    /// A script of these answers.
    pub fn new<B: Into<Download>>(answers: impl IntoIterator<Item = http::Response<B>>) -> Self {
        let answers = answers.into_iter().map(|answer| answer.map(Into::into)).collect();
        Self(Arc::new(Mutex::new(Play { answers, sent: Vec::new() })))
    }

    /// The requests that were sent.
    #[must_use]
    pub fn sent(&self) -> Vec<http::Request<Body>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).sent.clone()
    }

    /// How many answers were not asked for.
    #[must_use]
    pub fn left(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).answers.len()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        let mut play = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        play.sent.push(request);
        Ok(play.answers.pop_front().expect("the script has an answer to each request"))
    }
}
