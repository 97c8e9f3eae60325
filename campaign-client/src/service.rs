//! What one cloud service adds to the shared client: its endpoint, its signature, its errors.

use std::{fmt, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::response;

use crate::{Body, Credentials, Download, Endpoint, ErrorKind, Result, Retry, Verdict};

/// Where a signature goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// Into the request's headers.
    Header,
    /// Into the URL, which then works without further headers until it expires.
    Url {
        /// How long the URL stays valid from the moment of signing.
        expires: Duration,
    },
}

/// What a signature is made from besides the request.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// Whose request it is.
    pub credentials: &'a Credentials,
    /// The time that is signed.
    pub now: DateTime<Utc>,
    /// A text never used before; services without a nonce leave it out.
    pub nonce: &'a str,
    /// Where the signature goes.
    pub place: Place,
}

/// One cloud service: pure functions over messages, no clock and no I/O.
pub trait Service: fmt::Debug + Send + Sync + 'static {
    /// The service's name, for messages.
    const NAME: &'static str;

    /// Where requests go.
    fn endpoint(&self) -> &Endpoint;

    /// Signs `request`. A second call replaces the first signature, so that an attempt can be
    /// signed afresh. The URI is signed as it stands and never rewritten, except to carry the
    /// signature of [`Place::Url`].
    ///
    /// # Errors
    /// If the request cannot be signed as asked.
    fn sign(&self, request: &mut http::Request<Body>, signing: &Signing<'_>) -> Result<()>;

    /// Checks that a successful answer is the service's own and undamaged: its digest, signature
    /// and date, as far as the service sends them.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`] if it is not.
    fn verify(
        &self,
        request: &http::Request<Body>,
        response: &response::Parts,
        body: &Bytes,
        signing: &Signing<'_>,
    ) -> Result<()>;

    /// What the body of an answer holds, if the service sends it in a form of its own, compressed for example; at most `limit`
    /// bytes. [`is_error`](Self::is_error), [`read_error`](Self::read_error) and the operation are given it;
    /// [`verify`](Self::verify) is given the body as it came.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`] if it cannot be had. Of an answer that is an error by its status, this is passed over: it is
    /// read as if its body were empty.
    fn content(&self, response: &response::Parts, body: &Bytes, limit: u64) -> Result<Bytes> {
        let _ = (response, limit);
        Ok(body.clone())
    }

    /// True if the answer is an error, whatever its status says.
    fn is_error(&self, response: &response::Parts, body: &[u8]) -> bool {
        let _ = body;
        !response.status.is_success()
    }

    /// Reads an error answer. It must cope with any bytes: a proxy may have written them.
    fn read_error(&self, response: &response::Parts, body: &[u8]) -> ServiceError;

    /// Wraps a download that is handed over unread, to check its checksum at the end.
    fn guard(&self, response: &response::Parts, download: Download) -> Download {
        let _ = response;
        download
    }

    /// How calls to this service are repeated unless the client says otherwise.
    fn retry(&self) -> Retry {
        Retry::default()
    }
}

/// The error that a service answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceError {
    /// The service's own code, for example `OTSParameterInvalid`; empty if it sent none.
    pub code: String,
    /// The service's own words.
    pub message: String,
    /// The id of the request, for the service's support.
    pub request_id: Option<String>,
    /// The HTTP status.
    pub status: http::StatusCode,
    /// What it means to the caller.
    pub kind: ErrorKind,
    /// What it means for another attempt.
    pub verdict: Verdict,
    /// How long the service asks to wait.
    pub retry_after: Option<Duration>,
    /// The service's time, when the answer tells it.
    pub server_time: Option<DateTime<Utc>>,
}

/// Messages are cut to this many characters: an answer is not ours to trust.
const MESSAGE_CHARS: usize = 1024;

impl ServiceError {
    /// An error with what every service sends; `kind` and `verdict` follow the status until the
    /// service, which knows its codes, sets them.
    #[must_use]
    pub fn new(status: http::StatusCode, code: impl Into<String>, message: impl Into<String>) -> Self {
        let (kind, verdict) = crate::retry::by_status(status);
        Self {
            code: printable(&code.into()),
            message: printable(&message.into()),
            request_id: None,
            status,
            kind,
            verdict,
            retry_after: None,
            server_time: None,
        }
    }

    /// The same with the request's id.
    #[must_use]
    pub fn with_request_id(mut self, id: Option<&str>) -> Self {
        self.request_id = id.map(printable);
        self
    }

    /// The same with what it means.
    #[must_use]
    pub fn with_meaning(mut self, kind: ErrorKind, verdict: Verdict) -> Self {
        (self.kind, self.verdict) = (kind, verdict);
        self
    }

    /// The same with the service's time.
    #[must_use]
    pub fn with_server_time(mut self, time: Option<DateTime<Utc>>) -> Self {
        self.server_time = time;
        self
    }

    /// The same with the wait that the answer's `Retry-After` asks for.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.code.is_empty() {
            write!(f, "HTTP {}", self.status)?;
        } else {
            write!(f, "{} ({})", self.code, self.status.as_u16())?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " [request id {id}]")?;
        }
        Ok(())
    }
}

/// One line, cut short: control and line-separating characters would forge log lines.
fn printable(text: &str) -> String {
    text.chars()
        .take(MESSAGE_CHARS)
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect()
}
