//! A service in the same process as a transport.
#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use campaign_client::{
    Body, Transport, TransportErrorKind,
    transport::{Dropped, InProcess},
};
use http_body_util::{BodyExt, Full};
use tower_service::Service;

/// Sends the body back; `/drop` drops the connection.
#[derive(Clone)]
struct Mirror;

impl Service<http::Request<Full<Bytes>>> for Mirror {
    type Response = http::Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Full<Bytes>>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let mut response = http::Response::new(body);
        if parts.uri.path() == "/drop" {
            response.extensions_mut().insert(Dropped);
        }
        ready(Ok(response))
    }
}

fn request(path: &str) -> http::Request<Body> {
    http::Request::post(format!("http://127.0.0.1{path}")).body(Body::from("hello")).unwrap()
}

#[tokio::test]
async fn a_body_goes_there_and_back() {
    let response = InProcess::new(Mirror).send(request("/")).await.unwrap();
    assert_eq!(response.into_body().collect(5).await.unwrap(), "hello");
}

#[tokio::test]
async fn an_answer_marked_as_dropped_is_a_lost_connection() {
    let error = InProcess::new(Mirror).send(request("/drop")).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Lost);
}

/// Takes a second, then says that it is done.
#[derive(Clone)]
struct Slow(Arc<AtomicBool>);

impl Service<http::Request<Full<Bytes>>> for Slow {
    type Response = http::Response<Full<Bytes>>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, std::io::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), std::io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Full<Bytes>>) -> Self::Future {
        let done = Arc::clone(&self.0);
        Box::pin(async move {
            let body = request.into_body().collect().await.map_err(std::io::Error::other)?;
            tokio::time::sleep(Duration::from_secs(1)).await;
            done.store(true, Ordering::SeqCst);
            Ok(http::Response::new(Full::new(body.to_bytes())))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn work_goes_on_when_nobody_waits_for_its_answer() {
    let done = Arc::new(AtomicBool::new(false));
    let transport = InProcess::new(Slow(Arc::clone(&done)));
    let left = tokio::time::timeout(Duration::from_millis(1), transport.send(request("/"))).await;
    assert!(left.is_err() && !done.load(Ordering::SeqCst));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(done.load(Ordering::SeqCst));
}
