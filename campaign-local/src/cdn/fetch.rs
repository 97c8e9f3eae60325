//! One request to the origin.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::BytesMut;
use campaign_client::Clock;
use campaign_client::transport::Dropped;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderName, Method, Request, StatusCode, Uri, header, response};
use http_body_util::BodyExt as _;
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::domain::Domain;
use super::object::{From, Object, mark, not_modified, unchanged};
use super::policy::lifetime;
use super::refusal::page;
use super::shelf::Ticket;

/// Where the CDN gets what it does not have.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) router: axum::Router,
    pub(super) region: Arc<str>,
    /// Until an answer begins, and from one piece of it to the next.
    pub(super) patience: Duration,
    pub(super) clock: Clock,
    /// Longer ones are passed on unread.
    pub(super) longest: usize,
}

/// What the origin learns of the caller, if there is no cache in it.
const ALWAYS: [HeaderName; 6] = [
    header::USER_AGENT,
    header::REFERER,
    header::ORIGIN,
    header::ACCEPT_LANGUAGE,
    header::ACCESS_CONTROL_REQUEST_METHOD,
    header::ACCESS_CONTROL_REQUEST_HEADERS,
];

/// What it learns besides when its answer is for this caller alone.
const ONCE: [HeaderName; 6] = [
    header::RANGE,
    header::IF_RANGE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
];

/// What belongs to one connection (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [HeaderName; 6] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// What is asked of the CDN.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) domain: Arc<Domain>,
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
}

impl Origin {
    /// Asks the origin for this caller alone.
    pub(super) async fn pass(&self, asked: &Asked) -> Response {
        match self.ask(asked, asked.method.clone(), &[&ALWAYS[..], &ONCE[..]].concat()).await {
            Ok((parts, body)) => passed(parts, body),
            Err(status) => page(status),
        }
    }

    /// Asks the origin with GET for all who wait, and answers the one who asked, with GET or HEAD.
    pub(super) async fn fetch(&self, asked: &Asked, ticket: Ticket) -> Response {
        // Before the request is sent: no byte of the answer is older.
        let since = self.clock.now();
        let (mut parts, mut body) = match self.ask(asked, Method::GET, &ALWAYS).await {
            Ok(answer) => answer,
            Err(status) => return page(status),
        };
        let length = content_length(&parts.headers);
        let Some(lifetime) = lifetime(parts.status, &parts.headers).filter(|_| length.unwrap_or(0) <= self.longest)
        else {
            drop(ticket);
            return self.alone(asked, parts, body);
        };
        let mut read = BytesMut::with_capacity(length.unwrap_or(0));
        loop {
            let frame = match timeout(self.patience, body.frame()).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(None) => break,
                Ok(Some(Err(_))) => return page(StatusCode::BAD_GATEWAY),
                Err(_) => return page(StatusCode::GATEWAY_TIMEOUT),
            };
            read.extend(frame.into_data().ok());
            if read.len() > self.longest {
                drop(ticket);
                let begun = stream::iter([Ok(read.freeze())]);
                return self.alone(asked, parts, Body::from_stream(begun.chain(body.into_data_stream())));
            }
        }
        if length.is_some_and(|length| length != read.len()) {
            // Cut short: nobody may take it for the whole.
            return page(StatusCode::BAD_GATEWAY);
        }
        strip(&mut parts.headers);
        let object = Arc::new(Object::new(parts.headers, read.freeze(), since, lifetime));
        let now = self.clock.now();
        let response = object.answer(&asked.method, &asked.headers, From::Miss, now);
        ticket.keep(object, now);
        response
    }

    /// An answer that is not kept, to a caller whose conditions the origin has not seen.
    fn alone(&self, asked: &Asked, parts: response::Parts, body: Body) -> Response {
        let has_it = parts.status == StatusCode::OK && unchanged(&asked.headers, &parts.headers);
        let mut response = passed(parts, body);
        if has_it {
            not_modified(&mut response);
        } else if asked.method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        response
    }

    /// The origin's answer, or the status that stands for its silence.
    async fn ask(
        &self,
        asked: &Asked,
        method: Method,
        headers: &[HeaderName],
    ) -> Result<(response::Parts, Body), StatusCode> {
        let request = self.request(asked, method, headers).ok_or(StatusCode::BAD_GATEWAY)?;
        let answer = timeout(self.patience, self.router.clone().oneshot(request)).await;
        let response = match answer {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => return Err(StatusCode::GATEWAY_TIMEOUT),
        };
        if response.extensions().get::<Dropped>().is_some() {
            return Err(StatusCode::BAD_GATEWAY);
        }
        Ok(response.into_parts())
    }

    /// The request as the origin gets it: of nobody, and for what is stored, not for a compressed form of it.
    fn request(&self, asked: &Asked, method: Method, headers: &[HeaderName]) -> Option<Request<Body>> {
        let host = format!("{}.oss-{}.aliyuncs.com", asked.domain.bucket, self.region);
        let path = if asked.uri.path().is_empty() { "/" } else { asked.uri.path() };
        let query = asked.uri.query().filter(|_| !asked.domain.ignore_parameters);
        let target = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        let mut request = Request::builder().method(method).uri(target).header(header::HOST, host);
        for name in headers {
            for value in asked.headers.get_all(name) {
                request = request.header(name, value);
            }
        }
        request.body(Body::empty()).ok()
    }
}

fn passed(mut parts: response::Parts, body: Body) -> Response {
    strip(&mut parts.headers);
    mark(&mut parts.headers, From::Miss);
    Response::from_parts(parts, body)
}

fn strip(headers: &mut HeaderMap) {
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
