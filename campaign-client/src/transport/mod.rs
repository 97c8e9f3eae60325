//! How a request gets to a service and its answer back.
//!
//! A [`Transport`] sends one request once. It is stored as an object, so that a client can be given
//! an HTTP stack (`transport::Hyper`, feature `hyper`, or `transport::Reqwest`, feature `reqwest`), a router in the same process
//! (`transport::InProcess`, feature `server`), or a decorator around either: a `Transport` that
//! holds another and changes what goes through.

#[cfg(feature = "hyper")]
mod hyper;
#[cfg(feature = "server")]
mod in_process;
#[cfg(any(feature = "hyper", feature = "reqwest"))]
mod network;
#[cfg(feature = "reqwest")]
mod reqwest;

use std::{borrow::Cow, error::Error as StdError, fmt, sync::Arc};

use async_trait::async_trait;

#[cfg(feature = "hyper")]
pub use self::hyper::Hyper;
#[cfg(feature = "server")]
pub use self::in_process::{Dropped, InProcess};
#[cfg(feature = "reqwest")]
pub use self::reqwest::Reqwest;
use crate::{Body, Download, Error, ErrorKind, Verdict};

/// Sends one request and gives back the answer, whatever its status.
///
/// ```
/// use std::sync::Arc;
/// use async_trait::async_trait;
/// use campaign_client::{Body, Download, Transport, TransportError};
///
/// /// Counts what goes through.
/// #[derive(Debug)]
/// struct Counted(Arc<dyn Transport>, std::sync::atomic::AtomicU64);
///
/// #[async_trait]
/// impl Transport for Counted {
///     async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
///         self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
///         self.0.send(request).await
///     }
/// }
/// ```
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends `request` once. Redirects are not followed and nothing is repeated, except what was
    /// certainly not sent.
    ///
    /// # Errors
    /// If no answer begins; its kind says whether the request may have arrived.
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError>;
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Arc<T> {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        (**self).send(request).await
    }
}

/// How far a request got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No byte of it was taken: name not found, refused, connect timeout, closed before writing.
    Unsent,
    /// The connection could not be made safe. It would fail again.
    Insecure,
    /// It was sent, or partly, and the answer was cut off or never came.
    Lost,
    /// The answer is longer than allowed.
    TooLong,
    /// The request cannot be sent at all.
    Invalid,
}

/// Why no whole answer came.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    message: Cow<'static, str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// An error of `kind`; `message` must not hold a URL's query or a header's value.
    pub fn new(kind: TransportErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// The same with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// How far the request got.
    #[must_use]
    pub const fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        let (kind, verdict) = match error.kind {
            TransportErrorKind::Unsent => (ErrorKind::Unreachable, Verdict::UNEXECUTED),
            TransportErrorKind::Insecure => (ErrorKind::Insecure, Verdict::Final),
            TransportErrorKind::Lost => (ErrorKind::Interrupted, Verdict::AMBIGUOUS),
            // It would be as long again, and whether a write took effect is not known.
            TransportErrorKind::TooLong => (ErrorKind::Unreadable, Verdict::Final),
            TransportErrorKind::Invalid => (ErrorKind::Invalid, Verdict::Final),
        };
        Self::new(kind).with_verdict(verdict).with_message(error.message.clone()).with_source(error)
    }
}
