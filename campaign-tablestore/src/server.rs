//! The service's side of the protocol, for emulators: who may call, and what every answer carries.
//!
//! [`admit`] checks a request as the service does, [`Refusal`] is an error answer, and [`complete`] puts the common headers
//! and the signature on any answer. What the operation asks for is read by [`Serve`](campaign_client::Serve).
//!
//! Sources: service documents "Error codes" and "Signature"; the order of the checks is the one that fits the documented
//! messages, no document states it.

use std::fmt;

use bytes::Bytes;
use campaign_client::Credentials;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, request::Parts};
use prost::Message;
use subtle::ConstantTimeEq;

use crate::{
    Code, DeflateFault,
    code::SKEWED,
    deflate,
    sign::{self, MAX_SKEW, SigningKey, header},
    wire::ErrorMessage,
};

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// The code.
    pub code: Code,
    /// The service's words.
    pub message: String,
}

impl Refusal {
    /// An error with the status that the service answers `code` with.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { status: code.status(), code, message: message.into() }
    }

    /// The answer, without the common headers (see [`complete`]).
    #[must_use]
    pub fn response(&self) -> http::Response<Bytes> {
        let message = ErrorMessage { code: Some(self.code.as_str().to_owned()), message: Some(self.message.clone()) };
        let mut response = http::Response::new(Bytes::from(message.encode_to_vec()));
        *response.status_mut() = self.status;
        response
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for Refusal {}

/// What a server knows of an AccessKey id.
#[derive(Debug, Clone)]
pub enum Known {
    /// It may sign.
    Key(Credentials),
    /// It may not sign any more.
    Disabled,
    /// There is none.
    No,
}

/// Who sent an admitted request, and how its answer is signed.
#[derive(Debug, Clone)]
pub struct Caller {
    access_key_id: HeaderValue,
    key: SigningKey,
}

/// Checks a request to `instance` that arrived at `now`: method, headers, date, key, instance, digest, signature. `known`
/// looks an AccessKey id up.
///
/// # Errors
/// The first [`Refusal`] in that order.
pub fn admit(
    instance: &str,
    request: &Parts,
    body: &[u8],
    now: DateTime<Utc>,
    known: impl FnOnce(&str) -> Known,
) -> Result<Caller, Refusal> {
    if request.method != Method::POST {
        return Err(Refusal::new(Code::MethodNotAllowed, "Only POST method for requests is supported."));
    }
    let headers = &request.headers;
    let v4 = headers.contains_key(header::SIGNATURE_V4);
    let date = text(headers, &header::DATE)?;
    text(headers, &header::VERSION)?;
    let id = text(headers, &header::ACCESS_KEY_ID)?;
    let named = text(headers, &header::INSTANCE)?;
    let digest = text(headers, &header::CONTENT_MD5)?;
    let place = if v4 { header::SIGNATURE_V4 } else { header::SIGNATURE };
    let signature = text(headers, &place)?;
    let scope =
        if v4 { Some((text(headers, &header::SIGN_DATE)?, text(headers, &header::SIGN_REGION)?)) } else { None };

    let Some(at) = sign::parse_date(date) else {
        return Err(Refusal::new(Code::ParameterInvalid, format!("Invalid date format: {date}.")));
    };
    if (at - now).abs() > MAX_SKEW {
        return Err(denied(format!("{SKEWED}: {date}.")));
    }
    let credentials = match known(id) {
        Known::Key(credentials) => credentials,
        Known::Disabled => return Err(denied("The AccessKeyID is disabled.")),
        Known::No => return Err(denied("The AccessKeyID does not exist.")),
    };
    if named != instance {
        return Err(denied("The instance is not found."));
    }
    if !same(digest, &sign::content_md5(body)) {
        return Err(denied("Mismatch between MD5 value of request body and x-ots-contentmd5 in header."));
    }
    let key = match scope {
        None => SigningKey::v2(credentials.secret()),
        Some((day, region)) => SigningKey::v4(credentials.secret(), day, region),
    };
    let expected = key.sign_request(&sign::string_to_sign(request.uri.path(), headers));
    // A key of another day would outlive its day; around midnight the key and the date may be made on either side of it.
    let days = [at - MAX_SKEW, at, at + MAX_SKEW];
    let today = scope.is_none_or(|(day, _)| days.iter().any(|at| at.format("%Y%m%d").to_string() == day));
    // A token that is not the key's own is no token.
    let token = headers.get(header::STS_TOKEN).map(HeaderValue::as_bytes);
    let own_token = match (token, credentials.token()) {
        (None, None) => true,
        (Some(sent), Some(own)) => bool::from(sent.ct_eq(own.as_bytes())),
        _ => false,
    };
    if !same(signature, &expected) || !today || !own_token {
        return Err(denied("Signature mismatch."));
    }
    if credentials.expires().is_some_and(|end| end <= now) {
        return Err(denied("The security token has expired."));
    }
    let access_key_id = headers.get(header::ACCESS_KEY_ID).cloned();
    Ok(Caller { access_key_id: access_key_id.unwrap_or_else(|| HeaderValue::from_static("")), key })
}

/// The body of an admitted request as its operation is to read it: inflated, if it came compressed, up to `limit` bytes.
///
/// # Errors
/// A [`Refusal`] if it is not what its headers say. The texts are this crate's own; no document has them.
pub fn inflate_request(request: &Parts, body: Bytes, limit: u64) -> Result<Bytes, Refusal> {
    let Some(kind) = request.headers.get(header::REQUEST_COMPRESSION) else { return Ok(body) };
    deflate::inflate(&body, kind, request.headers.get(header::REQUEST_SIZE), limit).map_err(|fault| match fault {
        DeflateFault::TooLong => Refusal::new(Code::RequestBodyTooLarge, "The request body is larger than 5 MB."),
        fault => Refusal::new(Code::ParameterInvalid, format!("Decompress request body failed: {fault}.")),
    })
}

/// Compresses an answer if the request asks for it and it becomes smaller. To be called before [`complete`], whose digest is
/// of the body as sent.
pub fn deflate_answer(request: &HeaderMap, response: &mut http::Response<Bytes>) {
    if request.get(header::RESPONSE_COMPRESSION).is_none_or(|kind| kind != deflate::NAME) {
        return;
    }
    if let Some(deflated) = deflate::deflate(response.body()) {
        let size = HeaderValue::from(response.body().len());
        *response.body_mut() = deflated;
        response.headers_mut().insert(header::RESPONSE_COMPRESSION, HeaderValue::from_static(deflate::NAME));
        response.headers_mut().insert(header::RESPONSE_SIZE, size);
    }
}

/// Puts the headers that every answer has on `response`, and the signature if the `caller` was admitted: a refused one
/// may not have the key that would verify it.
pub fn complete(
    response: &mut http::Response<Bytes>,
    path: &str,
    caller: Option<&Caller>,
    request_id: &str,
    now: DateTime<Utc>,
) {
    let md5 = sign::content_md5(response.body());
    let date = now.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
    let headers = response.headers_mut();
    for (name, value) in [(header::CONTENT_MD5, md5), (header::DATE, date), (header::REQUEST_ID, request_id.to_owned())]
    {
        // A request id that is no header value is the caller's mistake, and an empty one better than none.
        headers.insert(name, HeaderValue::try_from(value).unwrap_or_else(|_| HeaderValue::from_static("")));
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("protocol buffer"));
    let Some(caller) = caller else { return };
    let signature = caller.key.sign_answer(&sign::answer_string_to_sign(path, headers));
    let value = [b"OTS ", caller.access_key_id.as_bytes(), b":", signature.as_bytes()].concat();
    if let Ok(value) = HeaderValue::from_bytes(&value) {
        headers.insert(http::header::AUTHORIZATION, value);
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str, Refusal> {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.ok_or_else(|| Refusal::new(Code::ParameterInvalid, format!("Missing header: {name}.")))
}

fn denied(message: impl Into<String>) -> Refusal {
    Refusal::new(Code::AuthFailed, message)
}

fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

#[cfg(test)]
mod tests;
