//! One request from its arrival to its answer.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use campaign_cdn::Code;
use campaign_cdn::server::Refusal;
use campaign_client::transport::Dropped;
use campaign_client::{Clock, Credentials};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::actions::{Cloud, find};
use super::admit::admit;
use super::nonces::Nonces;
use super::tasks::{RefreshOptions, Tasks};
use crate::cdn::Cdn;
use crate::fault::{Fault, Faults, Hop, Moment};

/// Bytes of a request: 1,000 addresses of 1,024 characters, each encoded as three.
pub const MAX_REQUEST_BYTES: usize = 4 << 20;

/// Whose answers these are.
const HOST_ID: &str = "cdn.aliyuncs.com";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-acs-request-id");

/// The management calls. A clone is the same service.
#[derive(Clone, Debug)]
pub struct OpenApi {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    cloud: Cloud,
    keys: Vec<Credentials>,
    nonces: Nonces,
    faults: Faults,
}

impl OpenApi {
    /// The calls of `cdn`, for whoever signs with one of `keys`; hurt by `faults`.
    ///
    /// # Errors
    /// Never with the service's own endpoint; it is the client's check of it.
    pub fn new(
        cdn: Cdn,
        keys: impl IntoIterator<Item = Credentials>,
        faults: Faults,
        clock: Clock,
        options: RefreshOptions,
    ) -> campaign_client::Result<Self> {
        // Calls are read and written as this service's; it is never called.
        let service = campaign_cdn::Cdn::new(campaign_cdn::Cdn::ENDPOINT)?;
        let cloud = Cloud { service, cdn, tasks: Tasks::new(options), clock };
        let inner = Inner { cloud, keys: keys.into_iter().collect(), nonces: Nonces::default(), faults };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The service: all paths and methods are its own to judge.
    pub fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    /// The answer, or `None` where a fault cuts the connection.
    async fn run(
        &self,
        parts: &Parts,
        body: Bytes,
        request_id: &str,
    ) -> Result<Option<http::Response<Bytes>>, Refusal> {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let action = header("x-acs-action");
        let Some(run) = find(action).filter(|_| parts.uri.path() == "/") else {
            let text = "Specified api is not found, please check your url and method.";
            return Err(Refusal::new(Code::InvalidActionNotFound, text));
        };
        if header("x-acs-version") != campaign_cdn::Cdn::VERSION {
            return Err(Refusal::new(Code::InvalidVersion, "Specified parameter Version is not valid."));
        }
        let Inner { cloud, keys, nonces, faults } = &*self.inner;
        admit(parts, &body, keys, nonces, cloud.clock.now())?;
        // A repeated request asks for the same.
        let about = [parts.uri.query().unwrap_or_default().as_bytes(), &body].concat();
        let fault = faults.decide(Hop::Openapi, action, &about);
        match fault {
            Some(Fault::Cut(Moment::BeforeHandling | Moment::BeforeCommit)) => return Ok(None),
            Some(Fault::Busy { retry_after }) => {
                let mut response = unavailable().response(request_id, HOST_ID);
                response.headers_mut().insert(header::RETRY_AFTER, retry_after.into());
                return Ok(Some(response));
            }
            Some(Fault::Stall(time)) => tokio::time::sleep(time).await,
            Some(Fault::Cut(Moment::AfterCommit)) | None => {}
        }
        let response = run(cloud, parts, body, request_id)?;
        Ok(Some(response).filter(|_| fault != Some(Fault::Cut(Moment::AfterCommit))))
    }
}

fn unavailable() -> Refusal {
    Refusal::new(Code::ServiceUnavailable, "The request has failed due to a temporary failure of the server.")
}

async fn answer(State(api): State<OpenApi>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = crate::uuid::new();
    let result = match to_bytes(body, MAX_REQUEST_BYTES).await {
        Ok(body) => api.run(&parts, body, &request_id).await,
        Err(_) => {
            let refusal = Refusal::new(Code::InvalidParameter, "The request is too large.");
            Err(Refusal { status: StatusCode::PAYLOAD_TOO_LARGE, ..refusal })
        }
    };
    let mut response = match result {
        Ok(Some(response)) => response,
        Ok(None) => {
            let mut response = Response::new(Body::empty());
            response.extensions_mut().insert(Dropped);
            return response;
        }
        Err(refusal) => {
            tracing::debug!(%refusal, "an OpenAPI request was refused");
            refusal.response(&request_id, HOST_ID)
        }
    };
    let date = api.inner.cloud.clock.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    for (name, value) in [(header::DATE, date), (REQUEST_ID, request_id)] {
        let value = HeaderValue::try_from(value).expect("a date and a UUID are header values");
        response.headers_mut().insert(name, value);
    }
    response.map(Body::from)
}
