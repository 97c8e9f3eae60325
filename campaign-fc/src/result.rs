//! What an event function answers to API Gateway, and the HTTP response it stands for.
//!
//! Source: "Use Function Compute as a backend service of API Gateway", response format. The
//! vendor's own samples write `statusCode` as a text and `body` as an object; this module writes
//! what the format says and reads what the samples do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{HeaderName, HeaderValue, SET_COOKIE};
use http::{Response, StatusCode};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::event::Pairs;
use crate::lenient;

/// The answer of an event function: one HTTP response as JSON.
///
/// ```
/// let result = campaign_fc::GatewayResult::from_response(http::Response::new("hi".into()));
/// let json = r#"{"isBase64Encoded":false,"statusCode":200,"headers":{},"body":"hi"}"#;
/// assert_eq!(String::from_utf8_lossy(&result.write()), json);
/// assert_eq!(campaign_fc::GatewayResult::read(json.as_bytes())?, result);
/// # Ok::<(), campaign_fc::BadResult>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GatewayResult {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers, one value for each name.
    pub headers: Vec<(String, String)>,
    /// The body, decoded.
    pub body: Bytes,
}

/// A function's answer that API Gateway cannot turn into a response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadResult {
    /// Not a JSON object.
    #[error("the function's answer is not a JSON object")]
    NotAnObject,
    /// `statusCode` is absent or no HTTP status.
    #[error("the function's answer has no statusCode from 100 to 999")]
    Status,
    /// `headers` is no map of texts, or one cannot stand in a response.
    #[error("the function's answer has headers that cannot stand in an HTTP response")]
    Headers,
    /// The body is not Base64 although `isBase64Encoded` says so, or the flag is no flag.
    #[error("the body of the function's answer is not what isBase64Encoded says")]
    Body,
}

impl GatewayResult {
    /// The result for a response. Several values of a header are joined by commas; of several
    /// `Set-Cookie` only the first is kept, for the format has room for one and cookies cannot be
    /// joined. A body that is not UTF-8 goes in Base64.
    #[must_use]
    pub fn from_response(response: Response<Bytes>) -> Self {
        let (parts, body) = response.into_parts();
        let mut headers: Vec<(String, String)> = Vec::with_capacity(parts.headers.keys_len());
        for (name, value) in &parts.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            match headers.last_mut() {
                Some((last, _)) if last == name.as_str() && name == SET_COOKIE => {}
                Some((last, joined)) if last == name.as_str() => {
                    joined.push_str(", ");
                    joined.push_str(&value);
                }
                _ => headers.push((name.to_string(), value.into_owned())),
            }
        }
        Self { status: parts.status, headers, body }
    }

    /// The result as the JSON the gateway wants: number, map, text.
    #[must_use]
    pub fn write(&self) -> Bytes {
        Bytes::from(serde_json::to_vec(self).expect("a map of texts and numbers is always JSON"))
    }

    /// Reads a function's answer as the gateway does: the status may be a text, headers may be
    /// null, numbers or flags, the body may be JSON, which is then written compactly.
    ///
    /// # Errors
    /// [`BadResult`], for which the gateway answers `D502FC`.
    pub fn read(bytes: &[u8]) -> Result<Self, BadResult> {
        let Ok(Value::Object(object)) = serde_json::from_slice(bytes) else {
            return Err(BadResult::NotAnObject);
        };
        let status = match object.get("statusCode") {
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => text.parse().ok(),
            _ => None,
        };
        let status = status
            .and_then(|status| u16::try_from(status).ok())
            .and_then(|status| StatusCode::from_u16(status).ok())
            .ok_or(BadResult::Status)?;
        let headers = match object.get("headers") {
            None | Some(Value::Null) => Vec::new(),
            Some(value) => lenient::texts(value).ok_or(BadResult::Headers)?,
        };
        let base64 = lenient::flag(&object, "isBase64Encoded").ok_or(BadResult::Body)?;
        let body = match object.get("body") {
            None | Some(Value::Null) => Bytes::new(),
            Some(Value::String(text)) if base64 => Bytes::from(STANDARD.decode(text).map_err(|_| BadResult::Body)?),
            Some(Value::String(text)) => Bytes::from(text.clone()),
            Some(other) => Bytes::from(other.to_string()),
        };
        Ok(Self { status, headers, body })
    }

    /// The response this result stands for.
    ///
    /// # Errors
    /// [`BadResult::Headers`] if a header cannot stand in a response.
    pub fn into_response(self) -> Result<Response<Bytes>, BadResult> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| BadResult::Headers)?;
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| BadResult::Headers)?;
            response.headers_mut().append(name, value);
        }
        Ok(response)
    }
}

impl Serialize for GatewayResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = std::str::from_utf8(&self.body);
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("isBase64Encoded", &text.is_err())?;
        map.serialize_entry("statusCode", &self.status.as_u16())?;
        map.serialize_entry("headers", &Pairs(&self.headers))?;
        match text {
            Ok(text) => map.serialize_entry("body", text)?,
            Err(_) => map.serialize_entry("body", &STANDARD.encode(&self.body))?,
        }
        map.end()
    }
}

/// Says what kind of answer it is, nothing of its content.
impl std::fmt::Debug for GatewayResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GatewayResult")
            .field("status", &self.status)
            .field("headers", &self.headers.len())
            .field("body_bytes", &self.body.len())
            .finish()
    }
}
