//! One request of Function Compute: what it is for, and its answer.

use std::convert::Infallible;
use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, TRANSFER_ENCODING};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use tokio::sync::{Notify, mpsc};
use tower_service::Service;

use crate::{BadEvent, Clock, Context, GatewayEvent, GatewayResult, header};

/// The body of a request given to the service: whole, in memory. It is an `http_body::Body`, so an
/// axum `Router` takes it.
pub type Body = Full<Bytes>;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;
pub(crate) type Hook = Arc<dyn Fn(Context) -> Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>> + Send + Sync>;

/// The largest answer: the service's own limit for synchronous calls.
const ANSWER_LIMIT: usize = 32 * 1024 * 1024;
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// What every request needs to know of the runtime it came to.
#[derive(Clone)]
pub(crate) struct Server<S> {
    pub(crate) service: S,
    pub(crate) body_limit: usize,
    pub(crate) clock: Clock,
    pub(crate) initialize: Option<Hook>,
    pub(crate) pre_stop: Option<Hook>,
    pub(crate) stop: Arc<Notify>,
    pub(crate) busy: mpsc::Sender<Infallible>,
}

enum Purpose {
    Http,
    Invoke,
    Initialize,
    PreStop,
}

impl Purpose {
    /// The header decides, so that a visitor's `POST /initialize` stays a visitor's request. A
    /// caller that sends no such header, as on a laptop, is understood by path and method.
    fn of<B>(request: &Request<B>) -> Self {
        let control = request.headers().get(header::CONTROL_PATH).and_then(|value| value.to_str().ok());
        let method = request.method();
        match control.unwrap_or(request.uri().path()) {
            header::CONTROL_INVOKE if control.is_some() || method == Method::POST => Self::Invoke,
            header::CONTROL_INITIALIZE if control.is_some() || method == Method::POST => Self::Initialize,
            header::CONTROL_PRE_STOP if control.is_some() || method == Method::GET => Self::PreStop,
            _ => Self::Http,
        }
    }
}

/// Why there is no answer of the handler.
enum Failure {
    BadEvent(BadEvent),
    BodyTooLarge(usize),
    BodyUnreadable,
    Handler,
    Panic,
}

impl From<BoxError> for Failure {
    fn from(error: BoxError) -> Self {
        error.downcast::<BadEvent>().map_or(Self::Handler, |bad| Self::BadEvent(*bad))
    }
}

pub(crate) async fn answer<S, B, R>(server: Server<S>, request: Request<R>) -> Result<Response<Body>, Infallible>
where
    R: http_body::Body<Data = Bytes> + Send,
    R::Error: Into<BoxError>,
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let head = request.method() == Method::HEAD;
    let mut response = match handle(server, request).await {
        Ok(response) => response,
        Err(failure) => failed(&failure),
    };
    let headers = response.headers_mut();
    if !headers.contains_key(header::STATUS) {
        headers.insert(header::STATUS, HeaderValue::from_static(header::STATUS_OK));
    }
    // These are the connection's business, and Function Compute forbids functions to set them. The
    // length of an answer to HEAD is that of the body which is not sent.
    for name in [CONNECTION, KEEP_ALIVE, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    if !head {
        headers.remove(CONTENT_LENGTH);
    }
    Ok(response)
}

async fn handle<S, B, R>(server: Server<S>, request: Request<R>) -> Result<Response<Body>, Failure>
where
    R: http_body::Body<Data = Bytes> + Send,
    R::Error: Into<BoxError>,
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let purpose = Purpose::of(&request);
    let (mut parts, body) = request.into_parts();
    // First of all, so that no way out leaves keys in the headers.
    let context = Context::take(&mut parts.headers, server.clock.now());
    let body = read(body, server.body_limit).await?;
    let context = context.map_err(Failure::BadEvent)?;
    let request_id = context.request_id().to_owned();
    let busy = server.busy.clone();
    let work = async move {
        // Held to the end: the runtime waits for it before it leaves.
        let _busy = busy;
        match purpose {
            Purpose::Http => {
                parts.extensions.insert(context);
                let request = Request::from_parts(parts, body);
                Ok(call(server.service, request).await?.map(Full::new))
            }
            Purpose::Invoke => {
                let mut request =
                    GatewayEvent::read(&body).and_then(GatewayEvent::into_request).map_err(Failure::BadEvent)?;
                request.extensions_mut().insert(context);
                let response = call(server.service, request).await?;
                Ok(json(GatewayResult::from_response(response).write()))
            }
            Purpose::Initialize => hook(server.initialize, context).await,
            Purpose::PreStop => {
                let done = hook(server.pre_stop, context).await;
                server.stop.notify_one();
                done
            }
        }
    };
    apart(work, &request_id).await
}

/// Runs `work` in a task of its own: it goes on when the caller does not wait, and its panic ends
/// there.
async fn apart<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
    request_id: &str,
) -> Result<T, Failure> {
    let done = tokio::spawn(work).await.unwrap_or(Err(Failure::Panic));
    match &done {
        Err(Failure::Panic) => tracing::error!(request_id, "the handler panicked"),
        Err(Failure::Handler) => tracing::error!(request_id, "the handler failed"),
        Err(Failure::BadEvent(bad)) => tracing::warn!(request_id, %bad, "a bad event"),
        _ => {}
    }
    done
}

async fn read<R>(body: R, limit: usize) -> Result<Bytes, Failure>
where
    R: http_body::Body<Data = Bytes>,
    R::Error: Into<BoxError>,
{
    // A body that says it is too large is refused before any of it is read.
    if usize::try_from(body.size_hint().lower()).is_ok_and(|length| length > limit) {
        return Err(Failure::BodyTooLarge(limit));
    }
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Failure::BodyTooLarge(limit)),
        Err(_) => Err(Failure::BodyUnreadable),
    }
}

async fn call<S, B>(mut service: S, request: Request<Bytes>) -> Result<Response<Bytes>, Failure>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    poll_fn(|task| service.poll_ready(task)).await.map_err(|error| Failure::from(error.into()))?;
    let response = service.call(request.map(Full::new)).await.map_err(|error| Failure::from(error.into()))?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, ANSWER_LIMIT).collect().await.map_err(|_| Failure::Handler)?;
    Ok(Response::from_parts(parts, body.to_bytes()))
}

async fn hook(hook: Option<Hook>, context: Context) -> Result<Response<Body>, Failure> {
    if let Some(hook) = hook {
        hook(context).await?;
    }
    Ok(Response::new(Full::default()))
}

fn json(body: Bytes) -> Response<Body> {
    let mut response = Response::new(Full::new(body));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// The answer for a failure, in the form Function Compute itself uses for failed functions.
fn failed(failure: &Failure) -> Response<Body> {
    let (status, kind, message) = match failure {
        Failure::BadEvent(bad) => (bad.status(), "BadEvent", bad.to_string()),
        Failure::BodyTooLarge(limit) => {
            (StatusCode::PAYLOAD_TOO_LARGE, "BodyTooLarge", format!("the body is larger than {limit} bytes"))
        }
        Failure::BodyUnreadable => (StatusCode::BAD_REQUEST, "BodyUnreadable", "the body ended early".to_owned()),
        Failure::Handler => (StatusCode::INTERNAL_SERVER_ERROR, "HandlerError", "the handler failed".to_owned()),
        Failure::Panic => (StatusCode::INTERNAL_SERVER_ERROR, "Panic", "the handler panicked".to_owned()),
    };
    let body = serde_json::json!({ "errorMessage": message, "errorType": kind });
    let mut response = json(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    let status = HeaderValue::from_static(header::STATUS_FAILED);
    response.headers_mut().insert(header::STATUS, status);
    response
}
