//! A server in the same process as a transport: real signing and retrying, no socket.

use std::{error::Error as StdError, fmt};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use http_body_util::{BodyExt, BodyStream, Full};
use tower_service::Service;

use super::{Transport, TransportError, TransportErrorKind};
use crate::{Body, Download};

/// Put into an answer's extensions, it says that the server drops the connection instead of
/// sending the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped;

/// A `tower` service, for example an axum router, as a [`Transport`].
///
/// The service runs in a task of its own: an answer that nobody waits for any more does not stop
/// the work, as it would not on a real server.
#[derive(Clone)]
pub struct InProcess<S>(S);

impl<S> InProcess<S> {
    /// A transport to `service`.
    pub const fn new(service: S) -> Self {
        Self(service)
    }
}

impl<S> fmt::Debug for InProcess<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

#[async_trait]
impl<S, B> Transport for InProcess<S>
where
    S: Service<http::Request<Full<Bytes>>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>> + Send,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>> + Send,
{
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        let (parts, body) = request.into_parts();
        let body = match body {
            Body::Bytes(bytes) => bytes,
            Body::Replayable(body) => {
                let chunks: Vec<Bytes> = body.open().try_collect().await.map_err(|e| {
                    TransportError::new(TransportErrorKind::Lost, "the body could not be read").with_source(e)
                })?;
                chunks.concat().into()
            }
        };
        let mut service = self.0.clone();
        let work = tokio::spawn(async move {
            std::future::poll_fn(|context| service.poll_ready(context)).await?;
            service.call(http::Request::from_parts(parts, Full::new(body))).await
        });
        let lost = |why: &'static str| TransportError::new(TransportErrorKind::Lost, why);
        let response = work
            .await
            .map_err(|e| lost("the service ended without an answer").with_source(e))?
            .map_err(|e| lost("the service failed").with_source(e))?;
        if response.extensions().get::<Dropped>().is_some() {
            return Err(lost("the connection was reset"));
        }
        Ok(response.map(|body| {
            let length = body.size_hint().exact();
            let chunks = BodyStream::new(body.map_err(move |e| lost("the answer was cut off").with_source(e)))
                .filter_map(async |frame| match frame {
                    Ok(frame) => frame.into_data().ok().map(Ok),
                    Err(error) => Some(Err(error)),
                });
            Download::new(length, chunks)
        }))
    }
}
