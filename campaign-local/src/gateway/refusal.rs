//! The gateway's own answers.

use axum::body::Body;
use axum::response::Response;
use campaign_apigw::{Code, header};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

use crate::serve::Dropped;

/// The message is cut after this many characters.
const MESSAGE: usize = 256;

/// An answer that the gateway makes itself.
#[derive(Debug)]
pub(super) struct Refusal {
    code: Code,
    message: String,
    retry_after: Option<u64>,
}

impl Refusal {
    pub(super) fn new(code: Code, detail: &str) -> Self {
        Self { code, message: code.message(detail), retry_after: None }
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
        headers.insert(header::ERROR_MESSAGE, in_a_header(&self.message));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
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

/// Whatever a header cannot hold, or not everywhere, becomes a question mark.
fn in_a_header(text: &str) -> HeaderValue {
    let plain = |c: char| if c == ' ' || c.is_ascii_graphic() { c } else { '?' };
    let text: String = text.chars().take(MESSAGE).map(plain).collect();
    HeaderValue::from_str(&text).expect("visible ASCII is a header value")
}
