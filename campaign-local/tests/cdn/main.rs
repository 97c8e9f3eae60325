//! The CDN in front of an origin that a test plays, and the OpenAPI that refreshes it, called through the client.

#![expect(clippy::unwrap_used, reason = "a test: a panic is a finding")]

mod cloud;
mod law;
mod openapi;
mod origin;
mod refreshing;
mod serving;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use campaign_client::transport::InProcess;
use campaign_client::{Clock, Credentials, Retry};
use campaign_local::cdn::{Cdn, CdnOptions, Domain, Domains};
use campaign_local::fault::Faults;
use campaign_local::openapi::{OpenApi, RefreshOptions};
use chrono::DateTime;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, Request};

pub(crate) const START: i64 = 1_794_355_200;

/// What the origin does with a request.
type Play = Box<dyn FnMut(&http::request::Parts) -> BoxFuture<'static, Response> + Send>;

/// A CDN whose clock is moved by hand, and what its origin was asked.
pub(crate) struct Bed {
    pub(crate) cdn: Cdn,
    pub(crate) openapi: OpenApi,
    pub(crate) client: campaign_cdn::Client,
    pub(crate) faults: Faults,
    pub(crate) domains: Domains,
    pub(crate) now: Arc<AtomicI64>,
    asked: Arc<Mutex<Vec<http::request::Parts>>>,
    play: Arc<Mutex<Play>>,
}

/// An answer of the CDN, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status, where it comes from, body.
    pub(crate) fn told(&self) -> (u16, &str, &str) {
        (self.status, self.header("x-cache"), &self.body)
    }
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new("key", "secret")
}

pub(crate) fn bed() -> Bed {
    bed_with(CdnOptions::default(), RefreshOptions::default())
}

pub(crate) fn bed_with(options: CdnOptions, refresh: RefreshOptions) -> Bed {
    let now = Arc::new(AtomicI64::new(START));
    let shown = Arc::clone(&now);
    let clock = Clock::new(move || DateTime::from_timestamp(shown.load(Ordering::SeqCst), 0).unwrap());
    let asked: Arc<Mutex<Vec<http::request::Parts>>> = Arc::default();
    let play: Play = Box::new(|_| Box::pin(async { page("max-age=60", "old") }));
    let play = Arc::new(Mutex::new(play));
    let (log, script) = (Arc::clone(&asked), Arc::clone(&play));
    let origin = Router::new().fallback(move |request: Request<Body>| {
        let (parts, _) = request.into_parts();
        let answer = (script.lock().unwrap())(&parts);
        log.lock().unwrap().push(parts);
        answer
    });
    let domains = Domains::new();
    domains.set("any", Domain::new("*", "site")).unwrap();
    let faults = Faults::new();
    let cdn = Cdn::new(domains.clone(), origin, "cn-hangzhou", faults.clone(), clock.clone(), options);
    let openapi = OpenApi::new(cdn.clone(), [credentials()], faults.clone(), clock.clone(), refresh).unwrap();
    let client = campaign_cdn::Client::builder(campaign_cdn::Cdn::new("http://127.0.0.1:1").unwrap())
        .transport(InProcess::new(openapi.router()))
        .credentials(credentials())
        .clock(clock)
        .retry(Retry::never())
        .build()
        .unwrap();
    Bed { cdn, openapi, client, faults, domains, now, asked, play }
}

/// What an origin answers: 200 with this Cache-Control.
pub(crate) fn page(cache_control: &str, body: &str) -> Response {
    let mut response = Response::new(Body::from(body.to_owned()));
    if !cache_control.is_empty() {
        response.headers_mut().insert("cache-control", cache_control.parse().unwrap());
    }
    response.headers_mut().insert("content-type", "text/html".parse().unwrap());
    response.headers_mut().insert("etag", format!("\"{body}\"").parse().unwrap());
    response
}

impl Bed {
    /// The origin answers so from now on.
    pub(crate) fn origin(
        &self,
        play: impl FnMut(&http::request::Parts) -> BoxFuture<'static, Response> + Send + 'static,
    ) {
        *self.play.lock().unwrap() = Box::new(play);
    }

    /// The origin shows this page from now on.
    pub(crate) fn shows(&self, cache_control: &'static str, body: &'static str) {
        self.origin(move |_| Box::pin(async move { page(cache_control, body) }));
    }

    /// How often the origin was asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// What the origin was asked last.
    pub(crate) fn last(&self) -> http::request::Parts {
        self.asked.lock().unwrap().last().unwrap().clone()
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.ask(Method::GET, target, &[]).await
    }

    pub(crate) async fn ask(&self, method: Method, target: &str, headers: &[(&str, &str)]) -> Answer {
        read(self.cdn.handle(request(method, target, headers)).await).await
    }
}

pub(crate) fn request(method: Method, target: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(target);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "127.0.0.1:8091");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

pub(crate) async fn read(response: Response) -> Answer {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
}
