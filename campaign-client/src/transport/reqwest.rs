//! The transport over [`reqwest`](https://docs.rs/reqwest).

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt};

use super::{
    Transport, TransportError, TransportErrorKind,
    network::{CONNECT_TIMEOUT, IDLE_PER_HOST, IDLE_TIMEOUT, KEEPALIVE, broken},
};
use crate::{Body, Download};

/// An HTTP/1.1 client with a pool of connections. Clones share the pool: make one for all clients
/// of a program.
///
/// For a program that has a [`reqwest::Client`] already, with its proxy or its certificates: see
/// [`From`]. Otherwise [`Hyper`](super::Hyper) does the same with less.
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

/// A client of the program's own. It must follow no redirect and read no compressed answers: a
/// signature would travel with the one, and a digest is of the bytes as they were sent. Nor should it repeat anything: one
/// layer does.
///
/// ```
/// use campaign_client::transport::Reqwest;
///
/// # fn main() -> Result<(), reqwest::Error> {
/// let http = reqwest::Client::builder()
///     .proxy(reqwest::Proxy::https("http://proxy.example.com:3128")?)
///     .redirect(reqwest::redirect::Policy::none())
///     .retry(reqwest::retry::never())
///     .build()?;
/// let transport = Reqwest::from(http);
/// # let _ = transport;
/// # Ok(())
/// # }
/// ```
impl From<reqwest::Client> for Reqwest {
    fn from(client: reqwest::Client) -> Self {
        Self(client)
    }
}

#[async_trait]
impl Transport for Reqwest {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        let request = request.map(|body| match body {
            Body::Bytes(bytes) => reqwest::Body::from(bytes),
            Body::Replayable(body) => reqwest::Body::wrap_stream(body.open()),
        });
        let path = request.uri().path().to_owned();
        let request = reqwest::Request::try_from(request).map_err(translate)?;
        if request.url().path() != path {
            // The URL standard resolves `.` and `..`; what was signed would not be what is sent.
            let why = "the path holds a segment . or .., which the HTTP client cannot send as it is";
            return Err(TransportError::new(TransportErrorKind::Invalid, why));
        }
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

fn translate(error: reqwest::Error) -> TransportError {
    // Its query may be a signature.
    let error = error.without_url();
    if error.is_builder() {
        return TransportError::new(TransportErrorKind::Invalid, "the request cannot be sent").with_source(error);
    }
    let connecting = error.is_connect();
    broken(error, connecting)
}
