//! The service's side of the protocol, for emulators: error answers.
//!
//! Who may call is for [`acs3::verify`](campaign_client::acs3::verify); what the operation asks for is read by
//! [`Serve`](campaign_client::Serve).

use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};

use crate::{Code, wire::ErrorBody};

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

    /// The answer to the request of this id, from `host`.
    #[must_use]
    pub fn response(&self, request_id: &str, host: &str) -> http::Response<Bytes> {
        let error = ErrorBody {
            code: self.code.as_str().to_owned(),
            message: Some(self.message.clone()),
            request_id: Some(request_id.to_owned()),
            host_id: Some(host.to_owned()),
            recommend: Some(format!("https://api.aliyun.com/troubleshoot?q={}&product=Cdn", self.code.as_str())),
        };
        let body = serde_json::to_vec(&error).expect("texts are always JSON");
        let mut response = http::Response::new(Bytes::from(body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json;charset=utf-8"));
        response
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for Refusal {}
