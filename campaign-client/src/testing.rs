//! A service and a transport for this crate's own tests.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use http::response;

use crate::{
    Body, Download, Endpoint, Error, Result, Service, ServiceError, Signing, Transport, TransportError, Verdict,
};

/// A service that signs with a header and reads errors of the form `CODE` from the body.
#[derive(Debug)]
pub(crate) struct Echo(Endpoint);

impl Default for Echo {
    fn default() -> Self {
        Self("http://127.0.0.1:9".parse().unwrap())
    }
}

impl Echo {
    pub(crate) fn at(endpoint: &str) -> Self {
        Self(Endpoint::insecure(endpoint).unwrap())
    }
}

impl Service for Echo {
    const NAME: &'static str = "Echo";

    fn endpoint(&self) -> &Endpoint {
        &self.0
    }

    fn sign(&self, request: &mut http::Request<Body>, signing: &Signing<'_>) -> Result<()> {
        let value = format!("{} {} {}", signing.credentials.access_key_id(), signing.now.timestamp(), signing.nonce);
        request.headers_mut().insert("signed", value.parse().unwrap());
        Ok(())
    }

    fn verify(&self, _: &http::Request<Body>, _: &response::Parts, body: &Bytes, _: &Signing<'_>) -> Result<()> {
        if body.as_ref() == b"forged" { Err(Error::unreadable("forged")) } else { Ok(()) }
    }

    fn read_error(&self, response: &response::Parts, body: &[u8]) -> ServiceError {
        let code = String::from_utf8_lossy(body).into_owned();
        let error = ServiceError::new(response.status, code.clone(), "");
        match code.as_str() {
            "Skewed" => {
                let time = response.headers.get("time").and_then(|v| v.to_str().ok()).and_then(|t| t.parse().ok());
                error.with_meaning(crate::ErrorKind::Denied, Verdict::Skewed).with_server_time(time)
            }
            "Expired" => error.with_meaning(crate::ErrorKind::Denied, Verdict::Expired),
            "Moving" => error.with_meaning(crate::ErrorKind::Unavailable, Verdict::MOVING),
            _ => error,
        }
    }
}

type Step =
    Box<dyn FnOnce(http::Request<Body>) -> BoxFuture<'static, Result<http::Response<Download>, TransportError>> + Send>;

/// A transport that plays its steps in order and keeps the headers of what was sent.
#[derive(Clone, Default)]
pub(crate) struct Script {
    steps: Arc<Mutex<VecDeque<Step>>>,
    sent: Arc<Mutex<Vec<http::HeaderMap>>>,
}

impl Script {
    pub(crate) fn then(
        self,
        step: impl FnOnce(http::Request<Body>) -> BoxFuture<'static, Result<http::Response<Download>, TransportError>>
        + Send
        + 'static,
    ) -> Self {
        self.steps.lock().unwrap().push_back(Box::new(step));
        self
    }

    pub(crate) fn answer(self, status: u16, body: &'static str) -> Self {
        self.answer_with(status, body, &[])
    }

    pub(crate) fn answer_with(self, status: u16, body: &'static str, headers: &[(&'static str, &str)]) -> Self {
        let mut response = http::Response::new(Download::from(Bytes::from_static(body.as_bytes())));
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
        for (name, value) in headers {
            response.headers_mut().insert(*name, value.parse().unwrap());
        }
        self.then(move |_| async move { Ok(response) }.boxed())
    }

    pub(crate) fn fail(self, kind: crate::TransportErrorKind) -> Self {
        self.then(move |_| async move { Err(TransportError::new(kind, "scripted")) }.boxed())
    }

    pub(crate) fn hang(self) -> Self {
        self.then(|_| std::future::pending().boxed())
    }

    /// The `signed` header of each request sent.
    pub(crate) fn signed(&self) -> Vec<String> {
        self.sent.lock().unwrap().iter().map(|h| h["signed"].to_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn sent(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    pub(crate) fn left(&self) -> usize {
        self.steps.lock().unwrap().len()
    }
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Script")
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        self.sent.lock().unwrap().push(request.headers().clone());
        let step = self.steps.lock().unwrap().pop_front().expect("the script has a step for each request");
        step(request).await
    }
}
