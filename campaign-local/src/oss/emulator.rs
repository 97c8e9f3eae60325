//! From an HTTP request to an HTTP answer.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use campaign_client::transport::Dropped;
use campaign_client::{Clock, Credentials};
use campaign_oss::server::{Caller as Signer, Known, Refusal, admit};
use campaign_oss::{Code, Oss};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header, request};

use super::access::Caller;
use super::address::Address;
use super::body::drain;
use super::content;
use super::get_object::browse;
use super::operations::{Asked, Cloud, find, is_read};
use super::stop::{Stop, invalid};
use crate::fault::Faults;
use crate::store::{Store, StoreError};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-oss-request-id");
const SERVER_TIME: HeaderName = HeaderName::from_static("x-oss-server-time");
const ERROR_CODE: HeaderName = HeaderName::from_static("x-oss-ec");

/// The emulated service: OSS in one region, of one owner.
#[derive(Clone, Debug)]
pub struct Emulator {
    cloud: Arc<Cloud>,
    keys: Arc<[Credentials]>,
}

impl Emulator {
    /// OSS in `region` over `store`; whoever signs with one of `keys` is the owner of all buckets.
    ///
    /// # Errors
    /// When `region` is not the id of one.
    pub fn new(
        region: &str,
        keys: impl IntoIterator<Item = Credentials>,
        store: Store,
        faults: Faults,
        clock: Clock,
    ) -> campaign_client::Result<Self> {
        let service = Oss::new("http://127.0.0.1", region)?;
        let cloud = Arc::new(Cloud { service, store, faults, clock });
        Ok(Self { cloud, keys: keys.into_iter().collect() })
    }

    /// Ends what an earlier process began: the contents of uploads that were cut off and of objects
    /// that are gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn restore(&self) -> Result<(), StoreError> {
        content::remove_all_loose(&self.cloud.store).await
    }

    /// The service: all hosts, paths and methods are its own to judge.
    pub fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    fn known(&self, id: &str) -> Known {
        let found = self.keys.iter().find(|key| key.access_key_id() == id);
        found.map_or(Known::No, |key| Known::Key(key.clone()))
    }

    async fn run(&self, mut parts: request::Parts, body: Body, address: Address) -> Result<Response, Stop> {
        let Address { resource, base, .. } = address;
        spaces(&mut parts)?;
        let admitted = match Refusal::of_name(&resource) {
            Some(refusal) => Err(refusal),
            None => {
                let known = |id: &str| self.known(id);
                admit(&resource, &parts, Some(self.cloud.service.region()), self.cloud.clock.now(), known)
            }
        };
        let caller = match admitted {
            Ok(Signer::Anonymous) => Caller::Anonymous,
            Ok(Signer::Signed { .. }) => Caller::Owner,
            Err(refusal) => {
                tracing::debug!(%refusal, "an OSS request was not admitted");
                drain(body).await;
                return Err(refusal.into());
            }
        };
        parts.extensions.insert(resource.clone());
        let mut asked = Asked { parts, resource, caller, base };
        let is_page = caller == Caller::Anonymous && is_read(&asked.parts.method) && asked.resource.bucket.is_some();
        if is_page && !asked.is_call() {
            asked = match browse(&self.cloud, asked).await? {
                Ok(response) => return Ok(response),
                Err(asked) => asked,
            };
        }
        match find(&asked) {
            Ok(run) => run(Arc::clone(&self.cloud), asked, body).await,
            Err(refusal) => {
                drain(body).await;
                Err(refusal.into())
            }
        }
    }
}

/// Writes a space in the query in the one way that is signed: oss2 sends `+` and signs a space, and a
/// plus is `%2B` for every client.
fn spaces(parts: &mut request::Parts) -> Result<(), Refusal> {
    let Some(query) = parts.uri.query().filter(|query| query.contains('+')) else { return Ok(()) };
    let whole = format!("{}?{}", parts.uri.path(), query.replace('+', "%20"));
    parts.uri = whole.parse().map_err(|_| invalid("The query is not valid."))?;
    Ok(())
}

async fn answer(State(emulator): State<Emulator>, request: Request) -> Response {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let (method, id) = (parts.method.clone(), request_id());
    let (result, host) = match Address::of(&parts) {
        Ok(address) => {
            let host = address.host.clone();
            (emulator.run(parts, body, address).await, host)
        }
        Err(_) => {
            drain(body).await;
            let refusal = Refusal::new(Code::InvalidObjectName, "The specified object is not valid.");
            (Err(refusal.into()), String::new())
        }
    };
    let mut response = match result {
        Ok(response) => response,
        Err(Stop::Refused(refusal)) => refused(refusal, &method, &id, &host),
        Err(Stop::Busy { retry_after }) => {
            let refusal = Refusal::new(Code::SlowDown, "Please reduce your request rate.");
            let mut response = refused(refusal, &method, &id, &host);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
            response
        }
        Err(Stop::Cut) => {
            let mut response = Response::new(Body::empty());
            response.extensions_mut().insert(Dropped);
            return response;
        }
    };
    let date = httpdate::fmt_http_date(emulator.cloud.clock.now().into());
    let headers = response.headers_mut();
    headers.insert(header::SERVER, HeaderValue::from_static("AliyunOSS"));
    put(headers, header::DATE, &date);
    put(headers, REQUEST_ID, &id);
    put(headers, SERVER_TIME, &began.elapsed().as_millis().to_string());
    response
}

/// An error, with the number that the service gives it, where one is known.
fn refused(refusal: Refusal, method: &Method, id: &str, host: &str) -> Response {
    let Some(number) = number(refusal.code) else { return refusal.response(method, id, host).map(Body::from) };
    let mut response = refusal.with("EC", number).response(method, id, host);
    put(response.headers_mut(), ERROR_CODE, number);
    response.map(Body::from)
}

/// The number of an error, diagnostic only (seen in the tests of the official Go client).
fn number(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::NoSuchKey => "0026-00000001",
        Code::NoSuchBucket => "0015-00000101",
        Code::BucketAlreadyExists => "0015-00000104",
        Code::BucketNotEmpty => "0015-00000301",
        Code::SignatureDoesNotMatch | Code::InvalidAccessKeyId => "0002-00000040",
        Code::RequestTimeTooSkewed => "0002-00000504",
        Code::AccessDenied => "0003-00000001",
        _ => return None,
    })
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // All are of visible characters; one that is not is better left out than the answer.
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// An id that no other request has, as the service writes it.
fn request_id() -> String {
    let mut id = [0_u8; 12];
    // Without random numbers the id says nothing; the request is none the worse.
    let _ = getrandom::fill(&mut id);
    id.iter().map(|byte| format!("{byte:02X}")).collect()
}
