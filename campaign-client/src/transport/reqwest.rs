//! The transport over [`reqwest`](https://docs.rs/reqwest).

use std::{error::Error as StdError, io, time::Duration};

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt};

use super::{Transport, TransportError, TransportErrorKind};
use crate::{Body, Download};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Shorter than the services keep a connection open, so that few requests meet a closing one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
const IDLE_PER_HOST: usize = 64;
const KEEPALIVE: Duration = Duration::from_secs(30);

/// An HTTP/1.1 client with a pool of connections. Clones share the pool: make one for all clients
/// of a program.
///
/// It follows no redirect (a signature and a token would travel with it), repeats nothing and uses
/// no proxy from the environment.
///
/// ```
/// use campaign_client::transport::Reqwest;
///
/// let transport = Reqwest::new()?;
/// # Ok::<(), campaign_client::TransportError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Reqwest(reqwest::Client);

impl Reqwest {
    /// A transport with the connect timeout, pool and limits of this crate.
    ///
    /// # Errors
    /// If the TLS library cannot be set up.
    pub fn new() -> Result<Self, TransportError> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .tcp_keepalive(KEEPALIVE)
            .tcp_nodelay(true)
            .build()
            .map_err(|e| {
                TransportError::new(TransportErrorKind::Invalid, "the HTTP client cannot be set up").with_source(e)
            })?;
        Ok(Self(client))
    }
}

#[async_trait]
impl Transport for Reqwest {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        let request = request.map(|body| match body {
            Body::Bytes(bytes) => reqwest::Body::from(bytes),
            Body::Replayable(body) => reqwest::Body::wrap_stream(body.open()),
        });
        let request = reqwest::Request::try_from(request).map_err(translate)?;
        let response = self.0.execute(request).await.map_err(translate)?;
        let length = response.content_length();
        let mut answer = http::Response::new(());
        *answer.status_mut() = response.status();
        *answer.version_mut() = response.version();
        *answer.headers_mut() = response.headers().clone();
        let chunks = response.bytes_stream().map_err(translate).boxed();
        Ok(answer.map(|()| Download::new(length, chunks)))
    }
}

/// Sorts an error by how far the request got. The URL is taken out: its query may be a signature.
fn translate(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    let (kind, message) = if error.is_builder() {
        (TransportErrorKind::Invalid, "the request cannot be sent")
    } else if is_tls(&error) {
        (TransportErrorKind::Insecure, "the TLS connection could not be made")
    } else if error.is_connect() {
        (TransportErrorKind::Unsent, "no connection could be made")
    } else {
        (TransportErrorKind::Lost, "the connection broke before the answer was whole")
    };
    TransportError::new(kind, message).with_source(error)
}

/// A failed handshake (a certificate, most often) is a connect error too, but would fail again. The
/// TLS library gives it as an I/O error of the kind `InvalidData`, inside others.
fn is_tls(error: &reqwest::Error) -> bool {
    fn within(error: &(dyn StdError + 'static)) -> bool {
        let inner = match error.downcast_ref::<io::Error>() {
            Some(error) if error.kind() == io::ErrorKind::InvalidData => return true,
            // An I/O error's `source` is that of the error inside it, which is passed over so.
            Some(error) => error.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => error.source(),
        };
        inner.is_some_and(within)
    }
    error.is_connect() && within(error)
}
