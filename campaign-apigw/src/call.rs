//! [`Call`]: any request to an API.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::ApiGateway;

/// What RFC 3986 calls unreserved stays; the rest is encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The header that makes a repeat a repeat.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Headers that belong to the signature or the transport.
const OWN_HEADERS: [&str; 11] = [
    "x-ca-key",
    "x-ca-nonce",
    "x-ca-signature",
    "x-ca-signature-headers",
    "x-ca-signature-method",
    "x-ca-timestamp",
    "content-md5",
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
];

/// A request to an API behind the gateway, and its whole answer whatever the backend's status.
///
/// It is repeated as its method allows: GET, HEAD, OPTIONS, PUT and DELETE at will, POST and PATCH
/// only if certainly nothing was done; with an [`idempotency_key`](Self::idempotency_key) at will.
/// What the gateway refuses, and a backend's 408, 429 and 5xx, is an error; anything else the backend
/// answers is the output, also 404 or 422.
///
/// ```
/// use campaign_apigw::Call;
/// use campaign_client::{Class, Operation};
///
/// let call = Call::post("/v1/entries").query("campaign", "spring & summer").json(r#"{"name":"Ada"}"#);
/// assert_eq!(call.class(), Class::Once);
/// let call = call.idempotency_key("01JC0000000000000000000001")?;
/// assert_eq!(call.class(), Class::Idempotent);
/// # Ok::<(), campaign_client::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path, encoded: unreserved characters, `/` and percent-encoded bytes. How the gateway signs
    /// others is not known.
    pub path: String,
    /// The parameters of the query, not encoded. A name stands once.
    pub query: Vec<(String, String)>,
    /// The headers. All that begin with `X-Ca-` are signed.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// What a repetition does, if not what the method says.
    pub repetition: Option<Class>,
}

impl Call {
    /// A request with this method, to this encoded path.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        let (query, headers, body) = (Vec::new(), HeaderMap::new(), Bytes::new());
        Self { method, path: path.into(), query, headers, body, repetition: None }
    }

    /// GET of an encoded path.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// POST to an encoded path.
    pub fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    /// Adds a parameter to the query; it is encoded here.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets a header.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if it is no header, or one that
    /// the client sets.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self> {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|e| Error::invalid("the header has no legal name").with_source(e))?;
        if OWN_HEADERS.contains(&name.as_str()) {
            return Err(Error::invalid(format!("the header {name} is set by the client")));
        }
        let value = HeaderValue::from_str(value)
            .map_err(|_| Error::invalid(format!("the value of the header {name} holds a control character")))?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Sets the `Idempotency-Key`: the backend carries the request out once, however often it
    /// arrives with this key, so it may be sent again at will.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if it is not visible ASCII.
    pub fn idempotency_key(self, key: &str) -> Result<Self> {
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::invalid("an idempotency key is visible ASCII and not empty"));
        }
        self.header(IDEMPOTENCY_KEY.as_str(), key)
    }

    /// Sets the body to JSON text.
    #[must_use]
    pub fn json(self, text: impl Into<Bytes>) -> Self {
        self.typed(HeaderValue::from_static("application/json; charset=utf-8"), text.into())
    }

    /// Sets the body to a form; its parameters are signed with those of the query.
    #[must_use]
    pub fn form<N: AsRef<str>, V: AsRef<str>>(self, fields: impl IntoIterator<Item = (N, V)>) -> Self {
        let text = encoded(fields);
        self.typed(HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8"), text.into())
    }

    /// Sets what a repetition does, for a backend that keeps another promise than the method.
    #[must_use]
    pub fn repetition(mut self, class: Class) -> Self {
        self.repetition = Some(class);
        self
    }

    fn typed(mut self, kind: HeaderValue, body: Bytes) -> Self {
        self.headers.insert(CONTENT_TYPE, kind);
        self.body = body;
        self
    }
}

fn encoded<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> String {
    let pair = |(name, value): (N, V)| {
        let encode = |text| utf8_percent_encode(text, ENCODED);
        format!("{}={}", encode(name.as_ref()), encode(value.as_ref()))
    };
    pairs.into_iter().map(pair).collect::<Vec<_>>().join("&")
}

impl Operation for Call {
    type Service = ApiGateway;
    type Output = http::Response<Bytes>;
    const NAME: &'static str = "Call";

    fn class(&self) -> Class {
        self.repetition.unwrap_or_else(|| match self.method {
            Method::GET | Method::HEAD | Method::OPTIONS => Class::Read,
            Method::PUT | Method::DELETE => Class::Idempotent,
            _ if self.headers.contains_key(IDEMPOTENCY_KEY) => Class::Idempotent,
            _ => Class::Once,
        })
    }

    fn request(&self, service: &ApiGateway) -> Result<http::Request<Body>> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte);
        if !self.path.starts_with('/') || !self.path.bytes().all(legal) {
            return Err(Error::invalid(
                "the path begins with / and has unreserved characters and percent-encoded bytes only",
            ));
        }
        let repeated = |at: usize, name: &str| self.query[..at].iter().any(|(other, _)| other == name);
        if self.query.iter().enumerate().any(|(at, (name, _))| repeated(at, name)) {
            return Err(Error::invalid("a parameter is repeated, and only its first value would be signed"));
        }
        let mark = if self.query.is_empty() { "" } else { "?" };
        let query = encoded(self.query.iter().map(|(name, value)| (name, value)));
        use campaign_client::Service as _;
        let uri = service.endpoint().uri(&format!("{}{mark}{query}", self.path))?;
        let mut request = http::Request::new(Body::from(self.body.clone()));
        (*request.method_mut(), *request.uri_mut()) = (self.method.clone(), uri);
        *request.headers_mut() = self.headers.clone();
        Ok(request)
    }

    fn response(&self, response: &response::Parts, body: Bytes) -> Result<http::Response<Bytes>> {
        Ok(http::Response::from_parts(response.clone(), body))
    }
}
