//! The wire between the client and the emulator: it counts what is sent and injects what is scripted.

use std::{
    collections::VecDeque,
    marker::PhantomData,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use campaign_client::{Body, Download, Transport, TransportError, TransportErrorKind};
use campaign_local::fault::{Fault, FaultSettings, Faults, Moment, Scripted};
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};

use super::subject::{Subject, Word};

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
    Refused(Word),
}

/// What happens to an answer on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// It names another checksum than that of what was stored or sent.
    Checksum,
}

/// An answer that the service, or something before it, writes instead.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    text: Text,
    status: Option<u16>,
    retry_after: Option<u32>,
    date: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy)]
enum Text {
    /// The service's own error.
    Word(Word),
    /// A page of a proxy.
    Page(&'static str),
}

impl Answer {
    /// The service's own error.
    pub(crate) const fn word(word: Word) -> Self {
        Self { text: Text::Word(word), status: None, retry_after: None, date: None }
    }

    /// A page of a proxy.
    pub(crate) const fn page(status: u16, page: &'static str) -> Self {
        Self { text: Text::Page(page), status: Some(status), retry_after: None, date: None }
    }

    /// The same with another status.
    pub(crate) const fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The same asking for a wait, in seconds.
    pub(crate) const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The same with the headers of the service, sent at this time.
    pub(crate) const fn sent_at(mut self, date: DateTime<Utc>) -> Self {
        self.date = Some(date);
        self
    }

    /// False if the service has no such error.
    pub(crate) fn is_said_by<S: Subject>(&self) -> bool {
        match self.text {
            Text::Word(word) => S::says(word).is_some(),
            Text::Page(_) => true,
        }
    }

    fn response<S: Subject>(self, method: &http::Method, path: &str) -> http::Response<Download> {
        let mut response = match self.text {
            Text::Word(word) => {
                let response = S::says(word).expect("the service has such an error");
                if method == http::Method::HEAD { S::without_body(response) } else { response }
            }
            Text::Page(page) => http::Response::new(Bytes::from_static(page.as_bytes())),
        };
        if let Some(status) = self.status {
            *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
        }
        if let Some(date) = self.date {
            S::sent_at(&mut response, path, date);
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
}

/// The wire. Steps are for requests of one operation; all others go through.
#[derive(Debug)]
pub(crate) struct Wire<S> {
    server: Arc<dyn Transport>,
    faults: Faults,
    operation: &'static str,
    steps: Mutex<VecDeque<Step>>,
    sent: Mutex<Vec<Sent>>,
    open: AtomicUsize,
    service: PhantomData<S>,
}

/// A connection in use.
struct Open<'a>(&'a AtomicUsize);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl<S: Subject> Wire<S> {
    pub(crate) fn new(server: Arc<dyn Transport>, faults: Faults, operation: &'static str, steps: Vec<Step>) -> Self {
        Self {
            server,
            faults,
            operation,
            steps: Mutex::new(steps.into()),
            sent: Mutex::default(),
            open: AtomicUsize::new(0),
            service: PhantomData,
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
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        match step {
            Step::Pass => self.server.send(request).await,
            Step::Never { kind, after } => {
                tokio::time::sleep(after).await;
                Err(TransportError::new(kind, "injected"))
            }
            Step::Cut(moment) => {
                let script = vec![Scripted { hop: S::HOP, operation: None, key: None, fault: Fault::Cut(moment) }];
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
                Ok(answer.response::<S>(&method, &path))
            }
            Step::Damage(damage) => {
                let response = self.server.send(request).await?;
                assert!(response.status().is_success(), "nothing was done: {response:?}");
                let (parts, body) = response.into_parts();
                let body = body.collect(u64::MAX).await?;
                Ok(damaged(damage, http::Response::from_parts(parts, body)))
            }
            Step::Refused(word) => {
                let response = self.server.send(request).await?;
                let status = S::says(word).expect("the service has such an error").status();
                assert_eq!(response.status(), status, "it was to be refused with {word:?}");
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
        Damage::Checksum => {
            let value = response.headers_mut().get_mut("x-oss-hash-crc64ecma").expect("objects have a checksum");
            *value = "1".parse().expect("a value");
            Download::from(whole)
        }
    };
    response.map(|_| download)
}

#[async_trait]
impl<S: Subject> Transport for Wire<S> {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        let operation = S::operation_of(&request);
        self.sent.lock().unwrap().push(Sent { operation: operation.clone() });
        self.open.fetch_add(1, Ordering::SeqCst);
        let _open = Open(&self.open);
        let step = if operation == self.operation { self.steps.lock().unwrap().pop_front() } else { None };
        self.hurt(step.unwrap_or(Step::Pass), request).await
    }
}
