//! One connection: its requests, their bodies, their answers.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use campaign_client::transport::Dropped;
use http::{Request, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tower::{Service, ServiceExt};

use super::bind::Dress;
use super::head::{Hosts, Refusal};
use super::paced::Paced;
use super::stream::{Busy, BusyGuard, Strict};
use super::{Limits, Spawned};

/// The service's way of telling the HTTP library to drop the connection.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut")]
struct Cut;

/// In the extensions of a request that came with neither `Content-Length` nor `Transfer-Encoding`: it has
/// no body, and a service may want to be told so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unframed;

/// Time and bytes granted to a client that still sends while it is being refused; closing at once
/// would reset the connection and could destroy the answer on its way.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_BYTES: u64 = 1 << 20;

/// Serves one connection to its end.
pub(super) async fn serve<S>(
    stream: TcpStream,
    service: S,
    limits: Limits,
    dress: Dress,
    hosts: Arc<Hosts>,
    mut ended: watch::Receiver<()>,
) where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + Unpin + 'static,
    S::Future: Send,
{
    // Answers are small: sent at once. A failure costs only that.
    drop(stream.set_nodelay(true));
    let busy = Busy::default();
    let strict = Strict::new(stream, limits, hosts, busy.clone());
    let handle = service_fn(move |request| {
        let guard = busy.begin();
        let service = Spawned::new(service.clone());
        Box::pin(async move {
            let response = answer(request, service, limits, dress).await;
            if response.extensions().get::<Dropped>().is_some() {
                return Err(Cut);
            }
            Ok(response.map(|body| Guarded { body, _guard: guard }))
        })
    });
    let mut connection = http1::Builder::new()
        // Heads and their times are `Strict`'s.
        .header_read_timeout(None)
        .max_headers(limits.headers)
        .max_buf_size(limits.target + limits.headers_total + (8 << 10))
        .serve_connection(TokioIo::new(strict), handle);
    let mut ending = false;
    let result = loop {
        tokio::select! {
            result = poll_fn(|context| connection.poll_without_shutdown(context)) => break result,
            _ = ended.changed(), if !ending => {
                ending = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    let (mut stream, refusal) = connection.into_parts().io.into_inner().into_parts();
    match (refusal, result) {
        (Some(refusal), _) => {
            tracing::debug!(status = refusal.status, reason = refusal.text, "a request was refused");
            if stream.write_all(&refusal.answer(dress)).await.is_ok() {
                linger(stream).await;
            }
        }
        (None, Ok(())) => linger(stream).await,
        // Cut on purpose, idle for too long, or the client went away.
        (None, Err(_)) => {}
    }
}

/// Says that nothing more comes, and takes what the client was still sending.
async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_ok() {
        let mut rest = stream.take(LINGER_BYTES);
        let drain = async {
            let mut chunk = [0; 4096];
            while rest.read(&mut chunk).await.is_ok_and(|count| count > 0) {}
        };
        // Whether it ended or took too long, the connection is dropped next.
        drop(tokio::time::timeout(LINGER, drain).await);
    }
}

/// Reads the body, unless it is handed over as it comes, and has the request handled.
async fn answer<S>(request: Request<Incoming>, service: Spawned<S>, limits: Limits, dress: Dress) -> Response
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let (mut parts, body) = request.into_parts();
    let framing = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING];
    if !framing.iter().any(|name| parts.headers.contains_key(name)) {
        parts.extensions.insert(Unframed);
    }
    let body = if limits.streamed {
        Body::new(Paced::new(body, limits.body_time))
    } else {
        match read_body(body, &limits).await {
            Ok(body) => Body::from(body),
            Err(refusal) => return refusal.response(dress).map(Body::from),
        }
    };
    let chunked = parts.headers.contains_key(header::TRANSFER_ENCODING);
    let Ok(mut response) = service.oneshot(Request::from_parts(parts, body)).await;
    if chunked {
        response.headers_mut().insert(header::CONNECTION, http::HeaderValue::from_static("close"));
    }
    response
}

async fn read_body(body: Incoming, limits: &Limits) -> Result<Bytes, Refusal> {
    use http_body::Body as _;
    if body.size_hint().lower() > limits.body as u64 {
        return Err(Refusal::BODY_TOO_LARGE);
    }
    let body = Limited::new(body, limits.body).collect();
    match tokio::time::timeout(limits.body_time, body).await {
        Err(_) => Err(Refusal::SLOW_BODY),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::BODY_TOO_LARGE),
        Ok(Err(_)) => Err(Refusal::CUT_BODY),
        Ok(Ok(body)) => Ok(body.to_bytes()),
    }
}

/// A response body that keeps its connection busy until it is sent.
struct Guarded {
    body: Body,
    _guard: BusyGuard,
}

impl http_body::Body for Guarded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}
