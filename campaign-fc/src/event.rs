//! The event by which API Gateway calls an event function, and the HTTP request it stands for.
//!
//! Source: "Use Function Compute as a backend service of API Gateway", request format. Real events
//! carry POST bodies in Base64 even for JSON, and `isBase64Encoded` with an empty body may say
//! either.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use crate::{BadEvent, lenient};

/// What may not stand as it is in a path; `%` is handled apart.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
/// RFC 3986 unreserved characters stay, all else is encoded.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Headers that describe one connection or the coded body, not the request.
const NOT_OF_THE_REQUEST: [HeaderName; 6] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// The parts of the path that matched `{names}` of the route; in the extensions of a request made
/// of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathParameters(pub Vec<(String, String)>);

/// An API Gateway event: one HTTP request as JSON.
///
/// ```
/// let event = br#"{"path":"/a","httpMethod":"POST","headers":{"X-A":"1"},"queryParameters":{"q":"x y"},
///     "pathParameters":{},"body":"e30=","isBase64Encoded":"true"}"#;
/// let request = campaign_fc::GatewayEvent::read(event)?.into_request()?;
/// assert_eq!(request.uri(), "/a?q=x%20y");
/// assert_eq!(request.body(), "{}");
/// # Ok::<(), campaign_fc::BadEvent>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GatewayEvent {
    /// The path, percent-encoded or not.
    pub path: String,
    /// The method in capital letters.
    pub http_method: String,
    /// The headers, one value for each name.
    pub headers: Vec<(String, String)>,
    /// The decoded query, one value for each name.
    pub query_parameters: Vec<(String, String)>,
    /// What matched the `{names}` of the route.
    pub path_parameters: Vec<(String, String)>,
    /// The body, decoded.
    pub body: Bytes,
}

impl GatewayEvent {
    /// Reads an event.
    ///
    /// # Errors
    /// [`BadEvent`] if the bytes are no API Gateway event.
    pub fn read(bytes: &[u8]) -> Result<Self, BadEvent> {
        let Ok(Value::Object(object)) = serde_json::from_slice(bytes) else {
            return Err(BadEvent::NotAnObject);
        };
        let string = |field| match object.get(field) {
            Some(Value::String(text)) => Ok(text.as_str()),
            Some(_) => Err(BadEvent::Type { field, expected: "a string" }),
            None => Err(BadEvent::Missing(field)),
        };
        let headers = object.get("headers").ok_or(BadEvent::Missing("headers"))?;
        Ok(Self {
            path: string("path")?.to_owned(),
            http_method: string("httpMethod")?.to_owned(),
            headers: lenient::texts(headers)
                .ok_or(BadEvent::Type { field: "headers", expected: "a map of strings" })?,
            query_parameters: optional_map(&object, "queryParameters")?,
            path_parameters: optional_map(&object, "pathParameters")?,
            body: body(
                if object.contains_key("body") { string("body")? } else { "" },
                lenient::flag(&object, "isBase64Encoded")
                    .ok_or(BadEvent::Type { field: "isBase64Encoded", expected: "true or false" })?,
            )?,
        })
    }

    /// The event by which the gateway passes `request` on; `path_parameters` are what its route
    /// matched. The body goes in Base64, as the gateway does. A header or a query parameter with
    /// several values keeps the first, a header value that is no text is left out.
    #[must_use]
    pub fn from_request(request: &Request<Bytes>, path_parameters: Vec<(String, String)>) -> Self {
        let mut headers = Vec::with_capacity(request.headers().keys_len());
        for name in request.headers().keys() {
            if let Some(Ok(value)) = request.headers().get(name).map(HeaderValue::to_str) {
                headers.push((name.to_string(), value.to_owned()));
            }
        }
        Self {
            path: request.uri().path().to_owned(),
            http_method: request.method().to_string(),
            headers,
            query_parameters: query_parameters(request.uri().query().unwrap_or_default()),
            path_parameters,
            body: request.body().clone(),
        }
    }

    /// The request this event stands for. Headers of Function Compute (`x-fc-…`) and of a
    /// connection are not taken over: from an event they can only come from the caller.
    ///
    /// # Errors
    /// [`BadEvent`] if method, path or headers cannot stand in an HTTP request, or if the event
    /// carries a backend signature.
    pub fn into_request(self) -> Result<Request<Bytes>, BadEvent> {
        if self.http_method.is_empty() || !self.http_method.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(BadEvent::Method);
        }
        let mut request = Request::new(self.body);
        *request.method_mut() = Method::from_bytes(self.http_method.as_bytes()).map_err(|_| BadEvent::Method)?;
        *request.uri_mut() = uri(&self.path, &self.query_parameters)?;
        *request.headers_mut() = headers(&self.headers)?;
        request.extensions_mut().insert(PathParameters(self.path_parameters));
        Ok(request)
    }
}

impl Serialize for GatewayEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(7))?;
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("httpMethod", &self.http_method)?;
        map.serialize_entry("headers", &Pairs(&self.headers))?;
        map.serialize_entry("queryParameters", &Pairs(&self.query_parameters))?;
        map.serialize_entry("pathParameters", &Pairs(&self.path_parameters))?;
        map.serialize_entry("body", &STANDARD.encode(&self.body))?;
        map.serialize_entry("isBase64Encoded", &!self.body.is_empty())?;
        map.end()
    }
}

/// Says what kind of request it is, nothing of what a visitor typed.
impl std::fmt::Debug for GatewayEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GatewayEvent")
            .field("http_method", &self.http_method)
            .field("headers", &self.headers.len())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

pub(crate) struct Pairs<'a>(pub(crate) &'a [(String, String)]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

fn optional_map(object: &Map<String, Value>, field: &'static str) -> Result<Vec<(String, String)>, BadEvent> {
    match object.get(field) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(value) => lenient::texts(value).ok_or(BadEvent::Type { field, expected: "a map of strings" }),
    }
}

fn body(text: &str, base64: bool) -> Result<Bytes, BadEvent> {
    if !base64 {
        return Ok(Bytes::from(text.to_owned()));
    }
    STANDARD.decode(text).map(Bytes::from).map_err(|_| BadEvent::Base64)
}

fn query_parameters(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name);
        if pairs.iter().all(|(known, _)| *known != name) {
            pairs.push((name, decode(value)));
        }
    }
    pairs
}

fn uri(path: &str, query: &[(String, String)]) -> Result<Uri, BadEvent> {
    if !path.starts_with('/') {
        return Err(BadEvent::Path("does not start with /"));
    }
    if path.chars().any(char::is_control) {
        return Err(BadEvent::Path("has control characters"));
    }
    let plain = path.to_ascii_lowercase().replace("%2e", ".");
    // A backslash counts as a separator: some servers take it for one.
    if plain.split(['/', '\\']).any(|segment| segment == "." || segment == "..") {
        return Err(BadEvent::Path("has . or .. segments"));
    }
    let mut text = encode_path(path);
    for (index, (name, value)) in query.iter().enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        text.extend(utf8_percent_encode(name, QUERY));
        text.push('=');
        text.extend(utf8_percent_encode(value, QUERY));
    }
    text.parse().map_err(|_| BadEvent::Path("cannot stand in an HTTP request"))
}

/// Encodes what is not encoded yet: a `%` before two hexadecimal digits stays.
fn encode_path(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        let (before, after) = rest.split_at(at);
        text.extend(utf8_percent_encode(before, PATH));
        let digits = after.as_bytes().get(1..3);
        let encoded = digits.is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        text.push_str(if encoded { "%" } else { "%25" });
        rest = &after[1..];
    }
    text.extend(utf8_percent_encode(rest, PATH));
    text
}

fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, BadEvent> {
    let mut headers = HeaderMap::with_capacity(pairs.len());
    for (name, value) in pairs {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| BadEvent::Header)?;
        if name.as_str().starts_with("x-ca-proxy-signature") {
            return Err(BadEvent::BackendSignature);
        }
        if NOT_OF_THE_REQUEST.contains(&name) || name.as_str().starts_with("x-fc-") {
            continue;
        }
        let value = HeaderValue::from_str(value)
            .or_else(|_| HeaderValue::from_bytes(value.as_bytes()))
            .map_err(|_| BadEvent::Header)?;
        headers.append(name, value);
    }
    Ok(headers)
}
