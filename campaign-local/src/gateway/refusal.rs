//! The gateway's own answers.

use axum::body::Body;
use axum::response::Response;
use campaign_apigw::{Code, header};
use chrono::{DateTime, Utc};
use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::cors::Cors;
use crate::serve::Dropped;

/// The message is cut after this many characters.
const MESSAGE: usize = 256;

/// An answer that the gateway makes itself.
#[derive(Debug)]
pub(super) struct Refusal {
    code: Code,
    message: HeaderValue,
    retry_after: Option<u64>,
    /// The time it is, for a caller whose clock is wrong.
    date: Option<HeaderValue>,
}

impl Refusal {
    pub(super) fn new(code: Code, detail: &str) -> Self {
        Self { code, message: in_a_header(&code.message(detail)), retry_after: None, date: None }
    }

    /// Why a signed request is not let through.
    pub(super) fn signed(refused: &campaign_apigw::Refusal, now: DateTime<Utc>) -> Self {
        let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        Self {
            code: refused.code(),
            message: refused.message(),
            retry_after: refused.retry_after().map(|wait| wait.as_secs()),
            date: HeaderValue::from_str(&date).ok(),
        }
    }

    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub(super) fn response(&self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.code.status();
        let headers = response.headers_mut();
        let code = HeaderValue::from_str(self.code.as_str()).expect("codes are letters and digits");
        headers.insert(header::ERROR_CODE, code);
        headers.insert(header::ERROR_MESSAGE, self.message.clone());
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(date) = &self.date {
            headers.insert(DATE, date.clone());
        }
        response
    }
}

/// A dropped connection, as the socket layer and the in-process transport understand it.
pub(super) fn dropped() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.extensions_mut().insert(Dropped);
    response
}

/// Puts on an answer that the socket layer makes before the gateway saw the request what the gateway's
/// own answers have, so that any page can read it; it has not said yet which page it is.
pub(crate) fn dress(status: StatusCode, headers: &mut HeaderMap) {
    headers.insert(header::REQUEST_ID, request_id());
    let code = match status {
        StatusCode::PAYLOAD_TOO_LARGE => Some(Code::I413RL),
        StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Some(Code::I413UL),
        StatusCode::METHOD_NOT_ALLOWED => Some(Code::I405UM),
        StatusCode::FORBIDDEN => Some(Code::I404DO),
        // A request that took too long has no code, and what is no HTTP none either.
        _ => None,
    };
    if let Some(code) = code {
        headers.insert(header::ERROR_CODE, HeaderValue::from_str(code.as_str()).expect("codes are letters and digits"));
        headers.insert(header::ERROR_MESSAGE, in_a_header(&code.message("")));
    }
    Cors::default().answer(&HeaderValue::from_static("null"), headers);
}

/// Whatever a header cannot hold, or not everywhere, becomes a question mark.
fn in_a_header(text: &str) -> HeaderValue {
    let plain = |c: char| if c == ' ' || c.is_ascii_graphic() { c } else { '?' };
    let text: String = text.chars().take(MESSAGE).map(plain).collect();
    HeaderValue::from_str(&text).expect("visible ASCII is a header value")
}
/// A new request id.
pub(super) fn request_id() -> HeaderValue {
    HeaderValue::from_str(&crate::uuid::new()).expect("a UUID is a header value")
}
