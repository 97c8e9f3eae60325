//! Reading an error of the gateway from a response.

use std::fmt;

use http::{HeaderMap, HeaderName, Response, StatusCode};

use crate::code::Code;
use crate::{Class, header};

/// Texts longer than this many characters are cut in `Debug` and `Display`.
const SHOWN: usize = 200;

/// Messages of classic instances, which send no code: how they begin, the code that means the same
/// on newer instances, and the class where there is no such code ("Error codes", classic table).
const CLASSIC: &[(&str, Result<Code, Class>)] = &[
    ("Throttled by API", Ok(Code::T429PA)),
    ("Throttled by DOMAIN", Ok(Code::T429ID)),
    ("Throttled by GROUP", Ok(Code::T429GR)),
    ("Throttled by", Err(Class::Unexecuted)),
    ("Invalid Signature", Ok(Code::A403IS)),
    ("Empty Signature", Err(Class::Never)),
    ("Invalid AppKey", Ok(Code::A400IK)),
    ("Invalid Content-MD5", Ok(Code::I400I5)),
    ("Invalid Domain", Ok(Code::I404DO)),
    ("Invalid HttpMethod", Ok(Code::I405UM)),
    ("Invalid Request Body", Ok(Code::I400BD)),
    ("Invalid Url", Ok(Code::I404NF)),
    ("API Not Found", Ok(Code::I404NF)),
    ("Nonce Used", Ok(Code::S403NU)),
    ("Timestamp Expired", Ok(Code::S403TE)),
    ("Unauthorized", Ok(Code::I403AA)),
    ("Internal Error", Ok(Code::X500ER)),
    ("Failed To Invoke Backend Service", Err(Class::Ambiguous)),
    ("Service Unavailable", Err(Class::Ambiguous)),
    ("Async Service", Err(Class::Ambiguous)),
];

/// An answer that the gateway made itself, not the backend.
///
/// `Debug` and `Display` leave out the string to sign, which holds the caller's parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct GatewayError {
    status: StatusCode,
    code: Option<Code>,
    class: Class,
    message: String,
    request_id: String,
}

impl GatewayError {
    /// Reads the error from a response: by its code, or by the beginning of its message if a
    /// classic instance sent no code. `None` if the backend made the response.
    #[must_use]
    pub fn from_response<B>(response: &Response<B>) -> Option<Self> {
        Self::from_head(response.status(), response.headers())
    }

    pub(crate) fn from_head(status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        let message = text(headers, &header::ERROR_MESSAGE);
        let (code, class) = match headers.get(header::ERROR_CODE) {
            Some(code) => {
                let code: Option<Code> = code.to_str().ok().and_then(|code| code.parse().ok());
                (code, code.map_or_else(|| by_status(status), |code| code.class()))
            }
            None => classic(message.as_deref()?, status),
        };
        let request_id = text(headers, &header::REQUEST_ID).unwrap_or_default();
        Some(Self { status, code, class, message: message.unwrap_or_default(), request_id })
    }

    /// The HTTP status of the response. A classic instance answers some errors with another status
    /// than [`Code::status`] tells, for example 403 when it throttles.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The code; for a classic instance the code that means the same, if there is one.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        self.code
    }

    /// Whether the request may be sent again.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// The message in full. That of `A403IS` holds the string the gateway expected to be signed,
    /// with `#` for every line feed, and so the caller's parameters: not for a log.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Id of the request, to name in a ticket; empty if there is none.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    pub(crate) fn shown_message(&self) -> String {
        let end = self.message.find("StringToSign").unwrap_or(self.message.len());
        self.message[..end].chars().take(SHOWN).flat_map(char::escape_debug).collect()
    }
}

impl fmt::Display for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "API Gateway answered {}", self.status.as_u16())?;
        if let Some(code) = self.code {
            write!(f, " {code}")?;
        }
        write!(f, ": {} (request {})", self.shown_message(), self.request_id.escape_debug())
    }
}

impl fmt::Debug for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayError")
            .field("status", &self.status)
            .field("code", &self.code)
            .field("class", &self.class)
            .field("message", &self.shown_message())
            .field("request_id", &self.request_id)
            .finish()
    }
}

impl std::error::Error for GatewayError {}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn classic(message: &str, status: StatusCode) -> (Option<Code>, Class) {
    match CLASSIC.iter().find(|(start, _)| message.starts_with(start)) {
        Some((_, Ok(code))) => (Some(*code), code.class()),
        Some((_, Err(class))) => (None, *class),
        None => (None, by_status(status)),
    }
}

fn by_status(status: StatusCode) -> Class {
    if status == StatusCode::TOO_MANY_REQUESTS {
        Class::Unexecuted
    } else if status.is_server_error() {
        Class::Ambiguous
    } else {
        Class::Never
    }
}
