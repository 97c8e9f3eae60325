//! One request from its arrival to its answer.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use campaign_client::Clock;
use chrono::{DateTime, Utc};
use http::{Method, Request, StatusCode, header, request::Parts};
use tokio::sync::watch;
use tower::Service;

use super::domain::Domains;
use super::fetch::{Asked, Origin};
use super::key::{Key, parts};
use super::object::From;
use super::refusal::{bad_method, busy, dropped, no_domain, page};
use super::shelf::{Fetched, Found, Shelf, Target, Ticket};
use crate::fault::{Fault, Faults, Hop, Moment};

/// What the CDN bears. The numbers are the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CdnOptions {
    /// Bytes of all that is kept. 64 MiB.
    pub total: usize,
    /// Bytes of one thing; what is longer is passed on unread. 8 MiB.
    pub object: usize,
    /// Things fetched at once; more are passed on unread. 32.
    pub fetches: usize,
    /// For the origin, until its answer begins and from one piece of it to the next. 30 s.
    pub patience: Duration,
}

impl Default for CdnOptions {
    fn default() -> Self {
        Self { total: 64 << 20, object: 8 << 20, fetches: 32, patience: Duration::from_secs(30) }
    }
}

/// The CDN. A clone is the same CDN.
///
/// ```
/// use axum::{Router, body::Body, routing::get};
/// use campaign_local::{cdn::{Cdn, CdnOptions, Domain, Domains}, fault::Faults};
/// use campaign_client::Clock;
/// use http::{Request, header};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let origin = Router::new().route("/", get(async || ([(header::CACHE_CONTROL, "max-age=60")], "hello")));
/// let domains = Domains::new();
/// domains.set("page", Domain::new("*", "double11-site")).expect("a domain");
/// let cdn = Cdn::new(domains, origin, "cn-hangzhou", Faults::new(), Clock::system(), CdnOptions::default());
///
/// let ask = || Request::get("/").header("host", "127.0.0.1").body(Body::empty()).expect("a request");
/// assert_eq!(cdn.handle(ask()).await.headers()["x-cache"], "MISS");
/// assert_eq!(cdn.handle(ask()).await.headers()["x-cache"], "HIT");
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Cdn {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    domains: Domains,
    shelf: Shelf,
    origin: Origin,
    faults: Faults,
    clock: Clock,
}

impl Cdn {
    /// A CDN that shows `domains` from `origin`, which is asked as `BUCKET.oss-REGION.aliyuncs.com`; hurt by `faults`.
    #[must_use]
    pub fn new(
        domains: Domains,
        origin: Router,
        region: &str,
        faults: Faults,
        clock: Clock,
        options: CdnOptions,
    ) -> Self {
        let origin = Origin {
            router: origin,
            region: region.into(),
            patience: options.patience,
            clock: clock.clone(),
            longest: options.object,
        };
        let shelf = Shelf::new(options.total, options.fetches);
        Self { inner: Arc::new(Inner { domains, shelf, origin, faults, clock }) }
    }

    /// True if a domain has the host of `address`, a whole URL.
    #[must_use]
    pub fn serves(&self, address: &str) -> bool {
        self.target(address, false).is_some()
    }

    /// Takes the `address`, or with `directory` everything below it, out of the cache at the time `at`; at once if that is not to
    /// come. An address of no domain changes nothing.
    pub fn refresh(&self, address: &str, directory: bool, at: DateTime<Utc>) {
        let targets = self.target(address, directory).into_iter().collect();
        self.inner.shelf.refresh(targets, at, self.inner.clock.now());
    }

    /// Does every refresh that is due, and says by which time.
    #[must_use]
    pub fn settled(&self) -> DateTime<Utc> {
        let now = self.inner.clock.now();
        self.inner.shelf.settle(now);
        now
    }

    fn target(&self, address: &str, directory: bool) -> Option<Target> {
        let (authority, path, query) = parts(address)?;
        let domain = self.inner.domains.find(authority)?;
        let key = Key::new(&domain, path, query);
        Some(if directory { Target::Directory(key) } else { Target::File(key) })
    }

    /// Answers one request.
    pub async fn handle(&self, request: Request<Body>) -> Response {
        let (parts, _) = request.into_parts();
        let fault = self.inner.faults.decide(Hop::Cdn, parts.method.as_str(), parts.uri.path().as_bytes());
        match fault {
            Some(Fault::Cut(Moment::BeforeHandling | Moment::BeforeCommit)) => return dropped(),
            Some(Fault::Busy { retry_after }) => return busy(retry_after),
            Some(Fault::Stall(time)) => tokio::time::sleep(time).await,
            Some(Fault::Cut(Moment::AfterCommit)) | None => {}
        }
        let response = self.respond(parts).await;
        if fault == Some(Fault::Cut(Moment::AfterCommit)) { dropped() } else { response }
    }

    async fn respond(&self, parts: Parts) -> Response {
        let authority = parts.uri.authority().map(|authority| authority.as_str().to_owned());
        let host = || parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
        let domain = authority.or_else(host).and_then(|host| self.inner.domains.find(&host));
        let Some(domain) = domain else { return no_domain() };
        let asked = Asked { domain, method: parts.method, uri: parts.uri, headers: parts.headers };
        let key = Key::of(&asked.domain, &asked.uri);
        match asked.method {
            // A part is not worth fetching the whole for.
            Method::GET if asked.headers.contains_key(header::RANGE) => self.part(&asked, &key).await,
            Method::GET | Method::HEAD => self.whole(asked, &key).await,
            Method::OPTIONS => self.inner.origin.pass(&asked).await,
            _ => bad_method(),
        }
    }

    /// From what is kept, or from the origin for this caller alone.
    async fn part(&self, asked: &Asked, key: &Key) -> Response {
        let now = self.inner.clock.now();
        match self.inner.shelf.peek(key, now) {
            Some(object) => object.answer(&asked.method, &asked.headers, From::Hit, now),
            None => self.inner.origin.pass(asked).await,
        }
    }

    /// From what is kept, or from what is being fetched, or fetched.
    async fn whole(&self, asked: Asked, key: &Key) -> Response {
        let now = self.inner.clock.now();
        match self.inner.shelf.find(key, now) {
            Found::Object(object) => object.answer(&asked.method, &asked.headers, From::Hit, now),
            Found::Wait(told) => match wait(told).await {
                Fetched::Object(object) => {
                    object.answer(&asked.method, &asked.headers, From::Hit, self.inner.clock.now())
                }
                Fetched::Nothing => self.inner.origin.pass(&asked).await,
            },
            Found::Fetch(ticket) => self.fetch(asked, ticket).await,
            Found::Pass => self.inner.origin.pass(&asked).await,
        }
    }

    /// In a task of its own: whoever goes away takes it from nobody else.
    async fn fetch(&self, asked: Asked, ticket: Ticket) -> Response {
        let origin = self.inner.origin.clone();
        let fetched = tokio::spawn(async move { origin.fetch(&asked, ticket).await }).await;
        fetched.unwrap_or_else(|error| {
            tracing::error!(panicked = error.is_panic(), "the origin did not answer");
            page(StatusCode::BAD_GATEWAY)
        })
    }
}

/// What was fetched. A ticket tells before it goes, so the channel does not end silent.
async fn wait(mut told: watch::Receiver<Option<Fetched>>) -> Fetched {
    let told = told.wait_for(Option::is_some).await;
    told.ok().and_then(|told| told.clone()).unwrap_or(Fetched::Nothing)
}

impl Service<Request<Body>> for Cdn {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let cdn = self.clone();
        Box::pin(async move { Ok(cdn.handle(request).await) })
    }
}
