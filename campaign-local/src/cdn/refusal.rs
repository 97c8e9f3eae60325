//! The CDN's own answers. The texts are those of its server, Tengine; no document lists them.

use axum::body::Body;
use axum::response::Response;
use campaign_client::transport::Dropped;
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::object::{From, mark};

/// Says why the CDN refuses (service document "URL signing", which has some of its texts).
const X_TENGINE_ERROR: HeaderName = HeaderName::from_static("x-tengine-error");

/// An answer with an error page.
pub(super) fn page(status: StatusCode) -> Response {
    let title = match status {
        StatusCode::METHOD_NOT_ALLOWED => "405 Not Allowed",
        StatusCode::BAD_GATEWAY => "502 Bad Gateway",
        StatusCode::SERVICE_UNAVAILABLE => "503 Service Temporarily Unavailable",
        StatusCode::GATEWAY_TIMEOUT => "504 Gateway Time-out",
        _ => "403 Forbidden",
    };
    let text = format!(
        "<html>\n<head><title>{title}</title></head>\n<body>\n<center><h1>{title}</h1></center>\n<hr>Powered by Tengine\n</body>\n</html>\n"
    );
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    mark(headers, From::Miss);
    response
}

/// No domain has the host.
pub(super) fn no_domain() -> Response {
    let mut response = page(StatusCode::FORBIDDEN);
    response.headers_mut().insert(X_TENGINE_ERROR, HeaderValue::from_static("non-existent domain"));
    response
}

/// The method is none that the CDN takes.
pub(super) fn bad_method() -> Response {
    let mut response = page(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    response
}

/// A fault: nobody is at the gate.
pub(super) fn busy(retry_after: u64) -> Response {
    let mut response = page(StatusCode::SERVICE_UNAVAILABLE);
    response.headers_mut().insert(header::RETRY_AFTER, retry_after.into());
    response
}

/// A fault: the connection is cut.
pub(super) fn dropped() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Dropped);
    response
}
