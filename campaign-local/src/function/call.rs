//! The headers of a call, and what may come back.

use bytes::Bytes;
use campaign_fc::header;
use http::header::{CONNECTION, CONTENT_LENGTH, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use secrecy::ExposeSecret as _;

use super::options::HostOptions;
use super::spec::FunctionSpec;

/// The largest answer of a function ("Function Compute: limits", synchronous calls).
pub(super) const ANSWER_LIMIT: usize = 32 * 1024 * 1024;
/// The largest total of an answer's headers (the same).
const ANSWER_HEADERS: usize = 8 * 1024;

/// Headers that belong to one connection; Function Compute does not pass them either way.
const OF_THE_CONNECTION: [HeaderName; 7] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Why a function did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvokeError {
    /// There is no function of this name.
    #[error("there is no function {0}")]
    NotFound(String),
    /// The program could not be started, did not listen in time, or failed in `/initialize`. The
    /// request was not handed to it.
    #[error("function {name} did not start: {reason}")]
    NotStarted {
        /// The function.
        name: String,
        /// What went wrong.
        reason: String,
    },
    /// The program ended, or closed the connection, before it had answered.
    #[error("function {0}: process exited unexpectedly before completing request")]
    Exited(String),
    /// There was no answer within the function's time limit.
    #[error("function {0} did not answer within its time limit")]
    Timeout(String),
    /// The answer is one that Function Compute does not pass on, or reports a failure.
    #[error("function {name} answered badly: {reason}")]
    BadAnswer {
        /// The function.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// A request to `path` as Function Compute sends it itself.
pub(super) fn control(method: Method, path: &'static str, body: Bytes) -> Request<Bytes> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = http::Uri::from_static(path);
    request.headers_mut().insert(header::CONTROL_PATH, HeaderValue::from_static(path));
    let octets = HeaderValue::from_static("application/octet-stream");
    request.headers_mut().insert(http::header::CONTENT_TYPE, octets);
    request
}

/// Makes a caller's request one of Function Compute: nothing `x-fc-…` of the caller's stays.
pub(super) fn from_caller(mut request: Request<Bytes>) -> Request<Bytes> {
    clean(request.headers_mut());
    request.headers_mut().remove(CONTENT_LENGTH);
    let control = HeaderValue::from_static(header::CONTROL_HTTP);
    request.headers_mut().insert(header::CONTROL_PATH, control);
    request
}

/// Sets the common headers; see [`header`] for each.
pub(super) fn sign(request: &mut Request<Bytes>, spec: &FunctionSpec, options: &HostOptions, request_id: &str) {
    let headers = request.headers_mut();
    let mut set = |name, value: &str, secret| {
        // What is configured may hold characters a header cannot; such a header is left out.
        if let Ok(mut value) = HeaderValue::from_str(value) {
            value.set_sensitive(secret);
            headers.insert(name, value);
        }
    };
    set(header::REQUEST_ID, request_id, false);
    set(header::FUNCTION_NAME, &spec.name, false);
    set(header::FUNCTION_HANDLER, "index.handler", false);
    set(header::FUNCTION_MEMORY, &spec.memory_mb.to_string(), false);
    // Whole seconds, at least one: less is an option of ours that the header cannot tell.
    set(header::FUNCTION_TIMEOUT, &spec.timeout.as_secs().max(1).to_string(), false);
    set(header::REGION, &options.region, false);
    set(header::ACCOUNT_ID, &options.account_id, false);
    set(header::QUALIFIER, "LATEST", false);
    set(header::RETRY_COUNT, "0", false);
    if let Some(keys) = &options.credentials {
        set(header::ACCESS_KEY_ID, keys.access_key_id(), true);
        set(header::ACCESS_KEY_SECRET, keys.access_key_secret().expose_secret(), true);
        set(header::SECURITY_TOKEN, keys.security_token().expose_secret(), true);
    }
}

/// Whether the function itself says that it did its work.
pub(super) fn succeeded(response: &Response<Bytes>) -> bool {
    let status = response.headers().get(header::STATUS);
    response.status().is_success() && status.is_none_or(|status| status != header::STATUS_FAILED)
}

/// The answer as Function Compute passes it on.
pub(super) fn to_caller(mut response: Response<Bytes>, name: &str) -> Result<Response<Bytes>, InvokeError> {
    let size: usize = response.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > ANSWER_HEADERS {
        return Err(InvokeError::BadAnswer { name: name.to_owned(), reason: "its headers are over 8 KB" });
    }
    clean(response.headers_mut());
    // The connection on which it goes on sets its own.
    for name in [http::header::DATE, http::header::SERVER] {
        response.headers_mut().remove(name);
    }
    Ok(response)
}

fn clean(headers: &mut HeaderMap) {
    let ours: Vec<HeaderName> = headers.keys().filter(|name| name.as_str().starts_with("x-fc-")).cloned().collect();
    for name in ours.iter().chain(&OF_THE_CONNECTION) {
        headers.remove(name);
    }
}
