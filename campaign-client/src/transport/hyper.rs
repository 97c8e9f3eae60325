//! The transport over [`hyper`](https://docs.rs/hyper) and the pool of
//! [`hyper-util`](https://docs.rs/hyper-util): what reqwest is made of, without what a signed
//! request has no use for (URLs parsed again, redirects, proxies, cookies).

mod connect;

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;
use http::uri::Scheme;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};

use self::connect::Connect;
use super::{
    Transport, TransportError, TransportErrorKind,
    network::{CONNECT_TIMEOUT, IDLE_PER_HOST, IDLE_TIMEOUT, KEEPALIVE, broken},
};
use crate::{Body, Download, body::ByteStream};

/// An HTTP/1.1 client with a pool of connections. Clones share the pool: make one for all clients
/// of a program.
///
/// It follows no redirect (a signature and a token would travel with it), repeats nothing that may
/// have been sent, uses no proxy from the environment and sends the URI as it stands. `https` needs
/// the feature `rustls`.
///
/// ```
/// use campaign_client::transport::Hyper;
///
/// let transport = Hyper::new()?;
/// # Ok::<(), campaign_client::TransportError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Hyper(Client<Connect, Sending>);

impl Hyper {
    /// A transport with the connect timeout, pool and limits of this crate.
    ///
    /// # Errors
    /// If the TLS library cannot be set up.
    pub fn new() -> Result<Self, TransportError> {
        let mut http = HttpConnector::new();
        http.set_connect_timeout(Some(CONNECT_TIMEOUT));
        http.set_keepalive(Some(KEEPALIVE));
        http.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .build(Connect::new(http)?);
        Ok(Self(client))
    }
}

#[async_trait]
impl Transport for Hyper {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        let invalid = |why: &'static str| Err(TransportError::new(TransportErrorKind::Invalid, why));
        match request.uri().scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => {}
            Some(scheme) if *scheme == Scheme::HTTPS && cfg!(feature = "rustls") => {}
            Some(scheme) if *scheme == Scheme::HTTPS => return invalid("https needs the feature `rustls`"),
            _ => return invalid("the URI has no scheme and host, or another than http and https"),
        }
        let sent = self.0.request(request.map(Sending::from)).await;
        let response = sent.map_err(|error| {
            let connecting = error.is_connect();
            broken(error, connecting)
        })?;
        Ok(response.map(|body| Download::new(body.size_hint().exact(), Receiving(body))))
    }
}

/// The body of a request on its way.
enum Sending {
    Whole(Option<Bytes>),
    Opened(Opened),
}

/// A body that is read as it goes out. Its length has been promised, so more or fewer bytes are an error.
struct Opened {
    chunks: ByteStream,
    /// Bytes that are still to be read.
    left: u64,
    /// The last chunk, kept until the stream has ended after it: who has had the promised bytes asks for no more.
    last: Option<Bytes>,
}

impl From<Body> for Sending {
    fn from(body: Body) -> Self {
        match body {
            Body::Bytes(bytes) => Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty())),
            Body::Replayable(body) => Self::Opened(Opened { chunks: body.open(), left: body.len(), last: None }),
        }
    }
}

impl Opened {
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            let Some(chunk) = ready!(self.chunks.as_mut().poll_next(context)).transpose()? else {
                return Poll::Ready(if self.left == 0 {
                    self.last.take().map(Ok)
                } else {
                    Some(Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the body is shorter than it said")))
                });
            };
            let Some(left) = self.left.checked_sub(chunk.len() as u64) else {
                return Poll::Ready(Some(Err(io::Error::other("the body is longer than it said"))));
            };
            if chunk.is_empty() {
                continue;
            }
            self.left = left;
            if left > 0 {
                return Poll::Ready(Some(Ok(chunk)));
            }
            self.last = Some(chunk);
        }
    }
}

impl http_body::Body for Sending {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let chunk = match &mut *self {
            Self::Whole(bytes) => bytes.take().map(Ok),
            Self::Opened(opened) => ready!(opened.poll_chunk(context)),
        };
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.size_hint().exact() == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Whole(bytes) => bytes.as_ref().map_or(0, |bytes| bytes.len() as u64),
            Self::Opened(opened) => opened.left + opened.last.as_ref().map_or(0, |last| last.len() as u64),
        })
    }
}

/// The body of an answer as it comes.
struct Receiving(Incoming);

impl Stream for Receiving {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            // Known from the length already, which saves asking the connection.
            if self.0.is_end_stream() {
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut self.0).poll_frame(context)) {
                // Trailers say nothing that a service here sends.
                Some(Ok(frame)) => {
                    if let Ok(chunk) = frame.into_data() {
                        return Poll::Ready(Some(Ok(chunk)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(broken(error, false)))),
                None => return Poll::Ready(None),
            }
        }
    }
}
