//! Headers and bodies in requests and answers.

use base64::{Engine, engine::general_purpose::STANDARD};
use campaign_client::{Body, Error, Result};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use md5::{Digest, Md5};

use crate::sign::{date, header};

/// A request without headers.
pub(crate) fn request(method: Method, uri: Uri, body: Body) -> http::Request<Body> {
    let mut request = http::Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    request
}

/// A request with an XML document, its type and its digest.
pub(crate) fn document(method: Method, uri: Uri, xml: String) -> http::Request<Body> {
    let digest = HeaderValue::try_from(content_md5(xml.as_bytes())).expect("base64 is visible ASCII");
    let mut request = request(method, uri, Body::from(xml));
    let headers = request.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    headers.insert(header::CONTENT_MD5, digest);
    request
}

/// A successful answer without a body.
#[cfg(feature = "server")]
pub(crate) fn respond(status: http::StatusCode) -> http::Response<bytes::Bytes> {
    let mut response = http::Response::new(bytes::Bytes::new());
    *response.status_mut() = status;
    response
}

/// A successful answer with an XML document.
#[cfg(feature = "server")]
pub(crate) fn respond_xml(xml: String) -> http::Response<bytes::Bytes> {
    let mut response = http::Response::new(bytes::Bytes::from(xml));
    response.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

/// Base64 of the MD5 of `body`, as `Content-MD5` has it.
pub(crate) fn content_md5(body: &[u8]) -> String {
    STANDARD.encode(Md5::digest(body))
}

/// Sets a header to a text of the caller.
///
/// Text beyond ASCII goes as UTF-8, as the service stores it. White space at the ends would be lost on the way.
pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) -> Result<()> {
    let legal = HeaderValue::from_bytes(value.as_bytes()).ok().filter(|_| value.trim_ascii() == value);
    let Some(legal) = legal else {
        return Err(Error::invalid(format!(
            "the value of the header {name} holds a control character, or white space at an end"
        )));
    };
    headers.insert(name, legal);
    Ok(())
}

/// The same, if there is one.
pub(crate) fn maybe(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) -> Result<()> {
    value.map_or(Ok(()), |value| set(headers, name, value))
}

/// Sets a header to a point in time, in seconds.
pub(crate) fn set_date(headers: &mut HeaderMap, name: HeaderName, at: DateTime<Utc>) {
    headers.insert(name, HeaderValue::from_bytes(&date::http(at)).expect("a date is visible ASCII"));
}

/// The text of a header; `None` if it is absent or not UTF-8.
pub(crate) fn get<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
}

/// The text of a header, for a field.
pub(crate) fn owned(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    get(headers, name).map(str::to_owned)
}

/// The point in time of a header; `None` if it is absent or none.
pub(crate) fn get_date(headers: &HeaderMap, name: &HeaderName) -> Option<DateTime<Utc>> {
    get(headers, name).and_then(date::parse_http)
}
