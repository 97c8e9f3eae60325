//! One request from its arrival to its answer.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use campaign_apigw::{Code, header};
use campaign_client::Clock;
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::time::{Instant, sleep, timeout};
use tower::Service;

use super::apps::Apps;
use super::breaker::{BreakerOptions, Breakers};
use super::cors::Cors;
use super::forward::{answer, failed, forward, mark};
use super::refusal::{Refusal, dropped, request_id};
use super::route::Auth;
use super::routes::{Found, Match, Ready, Routes};
use crate::fault::{Fault, Faults, Hop, Moment};
use crate::function::{Functions, InvokeError};

/// The only stage that routes are in; it is meant where none is named.
const STAGE: &str = "RELEASE";

/// What a gateway bears ("API Gateway: limits").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct GatewayOptions {
    /// Bytes of the request target and all headers together: 8 KiB.
    pub head: usize,
    /// Bytes of a request's body: 8 MiB, a serverless instance's.
    pub body: usize,
    /// Bytes of a function's answer: 6 MiB.
    pub answer: usize,
    /// When a function that times out is left alone.
    pub breaker: BreakerOptions,
}

impl Default for GatewayOptions {
    fn default() -> Self {
        Self { head: 8 << 10, body: 8 << 20, answer: 6 << 20, breaker: BreakerOptions::default() }
    }
}

/// The gateway. A clone is the same gateway.
///
/// It finishes what it began only as long as its future is polled: a caller that may go away wraps
/// it in [`Spawned`](crate::serve::Spawned), as the socket layer does.
#[derive(Debug, Clone)]
pub struct Gateway {
    routes: Routes,
    functions: Functions,
    faults: Faults,
    apps: Apps,
    options: GatewayOptions,
    breakers: Arc<Breakers>,
}

impl Gateway {
    /// A gateway that calls `functions` by `routes`, hurt by `faults`. It knows no app.
    #[must_use]
    pub fn new(routes: Routes, functions: Functions, faults: Faults, options: GatewayOptions) -> Self {
        let (apps, breakers) = (Apps::new(Clock::system()), Arc::new(Breakers::new(options.breaker)));
        Self { routes, functions, faults, apps, options, breakers }
    }

    /// The same, knowing these apps.
    #[must_use]
    pub fn apps(mut self, apps: Apps) -> Self {
        self.apps = apps;
        self
    }

    /// Answers one request.
    pub async fn handle(&self, request: Request<Body>) -> Response {
        let request_id = request_id();
        let mut response = self.respond(request, &request_id).await;
        response.headers_mut().insert(header::REQUEST_ID, request_id);
        response
    }

    async fn respond(&self, request: Request<Body>, request_id: &HeaderValue) -> Response {
        let (parts, body) = request.into_parts();
        if let Some(stage) = parts.headers.get(header::STAGE).filter(|stage| *stage != STAGE) {
            let stage = String::from_utf8_lossy(stage.as_bytes());
            return unrouted(&parts, &Refusal::new(Code::I404NF, &format!("in stage {stage}")));
        }
        let routes = match self.routes.find(parts.uri.path()) {
            Match::BadPath => return unrouted(&parts, &Refusal::new(Code::I400PA, "")),
            Match::NotFound => return unrouted(&parts, &Refusal::new(Code::I404NF, &format!("in stage {STAGE}"))),
            Match::Found(routes) => routes,
        };
        if let Some(response) = preflight(&parts, &routes) {
            return response;
        }
        let origin = parts.headers.get(http::header::ORIGIN).cloned();
        let Some(place) = routes.iter().position(|found| found.ready.method == parts.method) else {
            let mut response = Refusal::new(Code::I405UM, parts.method.as_str()).response();
            // No route of this method says who may read this; the others of the path do.
            let cors = routes.iter().filter_map(|found| found.ready.route.cors.as_ref());
            if let Some((cors, origin)) = origin.and_then(|o| cors.into_iter().find(|c| c.allows(&o)).map(|c| (c, o))) {
                cors.answer(&origin, response.headers_mut());
            }
            return response;
        };
        let Found { ready, parameters } = routes.into_iter().nth(place).expect("it was found there");
        let mut response = match (&ready.route.cors, &origin) {
            (Some(cors), Some(origin)) if !cors.allows(origin) => Err(Refusal::new(Code::A403CO, "")),
            _ => self.hurt(&ready, parts, body, parameters, request_id).await,
        }
        .unwrap_or_else(|refusal| refusal.response());
        // The gateway's own refusals too: a page must be able to read why.
        if let (Some(cors), Some(origin)) = (&ready.route.cors, origin)
            && cors.allows(&origin)
        {
            cors.answer(&origin, response.headers_mut());
        }
        response
    }

    /// Injects the fault decided for this request, and handles it.
    async fn hurt(
        &self,
        ready: &Ready,
        parts: Parts,
        body: Body,
        parameters: Vec<(String, String)>,
        request_id: &HeaderValue,
    ) -> Result<Response, Refusal> {
        let key = parts.headers.get("idempotency-key").unwrap_or(request_id);
        let operation = format!("{} {}", ready.route.method, ready.route.path);
        let fault = self.faults.decide(Hop::Gateway, &operation, key.as_bytes());
        match fault {
            Some(Fault::Cut(Moment::BeforeHandling)) => return Ok(dropped()),
            Some(Fault::Busy { retry_after }) => return Err(Refusal::new(Code::D503BB, "").retry_after(retry_after)),
            Some(Fault::Stall(time)) => sleep(time).await,
            Some(Fault::Cut(_)) | None => {}
        }
        let request = self.accept(ready, parts, body, request_id).await?;
        if fault == Some(Fault::Cut(Moment::BeforeCommit)) {
            return Ok(dropped());
        }
        let response = self.call(ready, request, parameters).await?;
        if fault == Some(Fault::Cut(Moment::AfterCommit)) {
            return Ok(dropped());
        }
        Ok(response)
    }

    /// Checks a request against the limits, its signature and the model.
    async fn accept(
        &self,
        ready: &Ready,
        parts: Parts,
        body: Body,
        request_id: &HeaderValue,
    ) -> Result<Request<Bytes>, Refusal> {
        let headers: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
        if headers + target > self.options.head {
            return Err(Refusal::new(Code::I413UL, ""));
        }
        let body = match Limited::new(body, self.options.body).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Err(Refusal::new(Code::I413RL, "")),
            Err(_) => return Err(Refusal::new(Code::I400BD, "it ended early")),
        };
        let mut request = Request::from_parts(parts, body);
        if ready.route.auth == Auth::App {
            self.apps.admit(&request, &ready.route.apps).await?;
        }
        if let Some(check) = &ready.check {
            check.check(request.headers(), request.body())?;
        }
        mark(request.headers_mut(), request_id);
        Ok(request)
    }

    /// Calls the function, unless it is left alone.
    async fn call(
        &self,
        ready: &Ready,
        request: Request<Bytes>,
        parameters: Vec<(String, String)>,
    ) -> Result<Response, Refusal> {
        let route = &ready.route;
        if let Some(rest) = self.breakers.open(&route.function, Instant::now()) {
            let seconds = rest.as_secs() + u64::from(rest.subsec_nanos() > 0);
            return Err(Refusal::new(Code::D503CB, "").retry_after(seconds));
        }
        let called = timeout(route.timeout, forward(&self.functions, route, request, parameters)).await;
        let response = match called.unwrap_or_else(|_| Err(InvokeError::Timeout(route.function.clone()))) {
            Ok(response) => response,
            Err(error) => {
                tracing::warn!(%error, "a call failed");
                if matches!(error, InvokeError::Timeout(_)) {
                    self.breakers.timed_out(&route.function, Instant::now());
                }
                return Err(failed(&error));
            }
        };
        Ok(answer(response, self.options.answer)?.map(Body::from))
    }
}

impl Service<Request<Body>> for Gateway {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let gateway = self.clone();
        Box::pin(async move { Ok(gateway.handle(request).await) })
    }
}

/// The answer to a browser that asks whether a page may send a request; `None` if this is not such
/// a question. The route of the method it asks for answers, else any of the path.
fn preflight(parts: &Parts, routes: &[Found]) -> Option<Response> {
    let origin = parts.headers.get(http::header::ORIGIN)?;
    let method = parts.headers.get(http::header::ACCESS_CONTROL_REQUEST_METHOD)?;
    if parts.method != Method::OPTIONS {
        return None;
    }
    let asked = |found: &&Found| found.ready.method.as_str().as_bytes() == method.as_bytes();
    let cors = routes.iter().find(asked).or(routes.first())?.ready.route.cors.as_ref()?;
    if !cors.allows(origin) {
        return Some(Refusal::new(Code::A403CO, "").response());
    }
    let shared = routes.iter().filter(|found| found.ready.route.cors.is_some());
    let methods: Vec<Method> = shared.map(|found| found.ready.method.clone()).collect();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::OK;
    cors.preflight(origin, &methods, response.headers_mut());
    Some(response)
}

/// The refusal of a request that leads to no route, as any page can read it: there is nobody to say
/// which may. What the cloud does without a CORS plug-in is not known.
fn unrouted(parts: &Parts, refusal: &Refusal) -> Response {
    let Some(origin) = parts.headers.get(http::header::ORIGIN) else { return refusal.response() };
    let asked = parts.headers.get(http::header::ACCESS_CONTROL_REQUEST_METHOD);
    let asked = asked.and_then(|method| Method::from_bytes(method.as_bytes()).ok());
    if let Some(method) = asked.filter(|_| parts.method == Method::OPTIONS) {
        // A browser shows the page nothing of a refused question, so the request itself is refused.
        let mut response = Response::new(Body::empty());
        Cors::default().preflight(origin, &[method], response.headers_mut());
        return response;
    }
    let mut response = refusal.response();
    Cors::default().answer(origin, response.headers_mut());
    response
}
