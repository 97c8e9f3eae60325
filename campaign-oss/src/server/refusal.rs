//! Error answers.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};

use crate::{Code, Resource, error_body, resource};

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// The code.
    pub code: Code,
    /// The service's words.
    pub message: String,
    /// Elements besides code, message, request id and host, for example `BucketName`.
    pub details: Vec<(&'static str, String)>,
}

impl Refusal {
    /// An error with the status that the service answers `code` with.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { status: code.status(), code, message: message.into(), details: Vec::new() }
    }

    /// The same with an element that explains it.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    /// The refusal of a name that no bucket or object has; `None` if both can be.
    #[must_use]
    pub fn of_name(named: &Resource) -> Option<Self> {
        if let Some(bucket) = named.bucket.as_deref().filter(|bucket| resource::check_bucket(bucket).is_err()) {
            return Some(
                Self::new(Code::InvalidBucketName, "The specified bucket is not valid.").with("BucketName", bucket),
            );
        }
        let key = named.key.as_deref().filter(|key| resource::check_key(key).is_err())?;
        Some(Self::new(Code::InvalidObjectName, "The specified object is not valid.").with("ObjectName", key))
    }

    /// The answer to a request with `method` at `host`. The answer to a HEAD has no body: the document stands in the header
    /// `x-oss-err`.
    #[must_use]
    pub fn response(&self, method: &Method, request_id: &str, host: &str) -> http::Response<Bytes> {
        let mut response = http::Response::new(Bytes::new());
        *response.status_mut() = self.status;
        // RFC 9110 §15.4.5: a 304 has no body.
        if self.status == StatusCode::NOT_MODIFIED {
            return response;
        }
        let xml = error_body::write(self.code.as_str(), &self.message, request_id, host, &self.details);
        if method == Method::HEAD {
            let encoded = HeaderValue::try_from(STANDARD.encode(xml)).expect("base64 is visible ASCII");
            response.headers_mut().insert("x-oss-err", encoded);
        } else {
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
            *response.body_mut() = xml.into();
        }
        response
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for Refusal {}
