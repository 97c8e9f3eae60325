//! [`Spawned`]: a task for each request.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{Request, StatusCode};
use tower::{Service, ServiceExt};

/// Handles each request in a task of its own: who drops the answer's future loses the answer, and the
/// work is finished all the same, as in the cloud. A panic is answered with 500 and concerns nobody
/// else.
#[derive(Clone, Debug)]
pub struct Spawned<S> {
    service: S,
}

impl<S> Spawned<S> {
    /// Puts `service` behind a task per request.
    #[must_use]
    pub fn new(service: S) -> Self {
        Self { service }
    }
}

impl<S> Service<Request<Body>> for Spawned<S>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let task = tokio::spawn(self.service.clone().oneshot(request));
        Box::pin(async move {
            match task.await {
                Ok(response) => response,
                Err(error) => {
                    tracing::error!(panicked = error.is_panic(), "a request was not finished");
                    Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response())
                }
            }
        })
    }
}
