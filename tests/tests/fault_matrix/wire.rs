//! The wire between the client and the emulator: it counts what is sent and injects what is scripted.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use campaign_client::{Body, Download, Transport, TransportError, TransportErrorKind};
use campaign_local::fault::{Fault, FaultSettings, Faults, Hop, Moment, Scripted};
use campaign_tablestore::{
    Code,
    server::{Refusal, complete},
};
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};

/// What happens to one request.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Nothing.
    Pass,
    /// It does not arrive; after a while the transport says why.
    Never { kind: TransportErrorKind, after: Duration },
    /// The emulator cuts the connection at this moment.
    Cut(Moment),
    /// It arrives, is done or not, and no answer comes.
    Silence { done: bool },
    /// It arrives, is done or not, and this is answered in its place.
    Answer { done: bool, answer: Answer },
    /// It arrives and is done; its answer is damaged on the way.
    Damage(Damage),
    /// It arrives, and the emulator itself refuses it so.
    Refused(Code),
}

/// What happens to an answer on its way.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Damage {
    /// It ends before its length is reached.
    Short,
    /// The connection breaks in the middle.
    Broken,
    /// It stops in the middle and goes on never.
    Stalled,
    /// A bit of its body is turned over.
    Body,
    /// It is signed with another key.
    Signature,
}

/// An answer that the service, or something before it, writes instead.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: u16,
    body: Bytes,
    retry_after: Option<u32>,
    date: Option<DateTime<Utc>>,
}

impl Answer {
    /// The service's own error.
    pub(crate) fn code(code: Code, message: &str) -> Self {
        let response = Refusal::new(code, message).response();
        Self { status: response.status().as_u16(), body: response.into_body(), retry_after: None, date: None }
    }

    /// A page of a proxy.
    pub(crate) fn page(status: u16, page: &'static str) -> Self {
        Self { status, body: Bytes::from_static(page.as_bytes()), retry_after: None, date: None }
    }

    /// The same with another status.
    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same asking for a wait, in seconds.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The same with the headers of the service, sent at this time.
    pub(crate) fn sent_at(mut self, date: DateTime<Utc>) -> Self {
        self.date = Some(date);
        self
    }

    fn response(self, path: &str) -> http::Response<Download> {
        let mut response = http::Response::builder().status(self.status).body(self.body).expect("a status");
        if let Some(date) = self.date {
            complete(&mut response, path, None, "injected", date);
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
        }
        response.map(Download::from)
    }
}

/// One request that was sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sent {
    pub(crate) operation: String,
    pub(crate) access_key_id: String,
}

/// The wire. Steps are for requests of one operation; all others go through.
#[derive(Debug)]
pub(crate) struct Wire {
    server: Arc<dyn Transport>,
    faults: Faults,
    operation: &'static str,
    steps: Mutex<VecDeque<Step>>,
    sent: Mutex<Vec<Sent>>,
    open: AtomicUsize,
}

/// A connection in use.
struct Open<'a>(&'a AtomicUsize);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Wire {
    pub(crate) fn new(server: Arc<dyn Transport>, faults: Faults, operation: &'static str, steps: Vec<Step>) -> Self {
        Self {
            server,
            faults,
            operation,
            steps: Mutex::new(steps.into()),
            sent: Mutex::default(),
            open: AtomicUsize::new(0),
        }
    }

    /// What was sent, in order.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// Steps that were not used.
    pub(crate) fn left(&self) -> usize {
        self.steps.lock().unwrap().len()
    }

    /// Connections in use.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    async fn hurt(&self, step: Step, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        let path = request.uri().path().to_owned();
        match step {
            Step::Pass => self.server.send(request).await,
            Step::Never { kind, after } => {
                tokio::time::sleep(after).await;
                Err(TransportError::new(kind, "injected"))
            }
            Step::Cut(moment) => {
                let script =
                    vec![Scripted { hop: Hop::TableStore, operation: None, key: None, fault: Fault::Cut(moment) }];
                self.faults.set(FaultSettings { plan: None, script }).expect("one entry");
                let cut = self.server.send(request).await;
                assert!(self.faults.settings().script.is_empty(), "the emulator's fault was not used");
                assert!(cut.is_err(), "the emulator answered instead of cutting the connection");
                cut
            }
            Step::Silence { done } => {
                self.arrive(done, request).await;
                std::future::pending().await
            }
            Step::Answer { done, answer } => {
                self.arrive(done, request).await;
                Ok(answer.response(&path))
            }
            Step::Damage(damage) => {
                let response = self.server.send(request).await?;
                assert!(response.status().is_success(), "nothing was done: {response:?}");
                let (parts, body) = response.into_parts();
                let body = body.collect(u64::MAX).await?;
                Ok(damaged(damage, http::Response::from_parts(parts, body)))
            }
            Step::Refused(code) => {
                let response = self.server.send(request).await?;
                assert_eq!(response.status(), code.status(), "it was to be refused with {code:?}");
                Ok(response)
            }
        }
    }

    async fn arrive(&self, done: bool, request: http::Request<Body>) {
        if done {
            let response = self.server.send(request).await.expect("the emulator answers");
            assert!(response.status().is_success(), "nothing was done: {response:?}");
        }
    }
}

fn damaged(damage: Damage, mut response: http::Response<Bytes>) -> http::Response<Download> {
    let (whole, half) = (response.body().clone(), response.body().slice(..response.body().len() / 2));
    let length = Some(whole.len() as u64);
    let download = match damage {
        // An empty body has no half: one byte was promised and none came.
        Damage::Short => Download::new(length.max(Some(1)), stream::iter([Ok(half)])),
        Damage::Broken => {
            let broken = TransportError::new(TransportErrorKind::Lost, "injected");
            Download::new(length, stream::iter([Ok(half), Err(broken)]))
        }
        Damage::Stalled => Download::new(length, stream::iter([Ok(half)]).chain(stream::pending())),
        Damage::Body => {
            let mut bytes = whole.to_vec();
            match bytes.last_mut() {
                Some(last) => *last ^= 0x10,
                None => bytes.push(0),
            }
            Download::from(Bytes::from(bytes))
        }
        Damage::Signature => {
            let value = response.headers_mut().get_mut(http::header::AUTHORIZATION).expect("answers are signed");
            *value = "OTS key:c2lnbmVkIHdpdGggYW5vdGhlciBrZXk=".parse().expect("a value");
            Download::from(whole)
        }
    };
    response.map(|_| download)
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        let operation = request.uri().path().trim_start_matches('/').to_owned();
        let id = request.headers().get("x-ots-accesskeyid").and_then(|id| id.to_str().ok()).unwrap_or_default();
        self.sent.lock().unwrap().push(Sent { operation: operation.clone(), access_key_id: id.to_owned() });
        self.open.fetch_add(1, Ordering::SeqCst);
        let _open = Open(&self.open);
        let step = if operation == self.operation { self.steps.lock().unwrap().pop_front() } else { None };
        self.hurt(step.unwrap_or(Step::Pass), request).await
    }
}
