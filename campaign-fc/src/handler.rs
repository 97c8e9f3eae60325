//! An `async fn` as a service.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower_service::Service;

use crate::Body;
use crate::runtime::into_bytes;

/// A service made of a function, by [`handler`].
#[derive(Debug, Clone)]
pub struct Handler<F>(F);

/// Makes a service for [`run`](crate::run) of an `async fn` that takes the whole request and gives
/// the whole response. An error it returns is answered as a failed invocation (500).
pub fn handler<F, Fut, B, E>(function: F) -> Handler<F>
where
    F: Fn(Request<Bytes>) -> Fut,
    Fut: Future<Output = Result<Response<B>, E>>,
    B: Into<Bytes>,
{
    Handler(function)
}

impl<F, Fut, B, E> Service<Request<Body>> for Handler<F>
where
    F: Fn(Request<Bytes>) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<Response<B>, E>> + Send + 'static,
    B: Into<Bytes>,
    E: 'static,
{
    type Response = Response<Body>;
    type Error = E;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), E>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let function = self.0.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let request = Request::from_parts(parts, into_bytes(body).await);
            Ok(function(request).await?.map(|body| Full::new(body.into())))
        })
    }
}
