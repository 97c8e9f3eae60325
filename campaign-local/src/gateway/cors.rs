//! Which pages may call a route from a browser ("CORS plug-in").

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::{Deserialize, Serialize};

use super::bad_route::BadRoute;

/// The settings of the CORS plug-in. The default lets any page send an entry and read the answer:
/// what the submission page sends and reads, and what the gateway itself adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Cors {
    /// Origins like `https://a.example`, with at most one `*` each, or `*` for all.
    pub allow_origins: Vec<String>,
    /// Request headers that a page may set.
    pub allow_headers: Vec<String>,
    /// Response headers that a page may read.
    pub expose_headers: Vec<String>,
    /// Whether cookies may be sent; not together with the origin `*`.
    pub allow_credentials: bool,
    /// How long a browser may keep the permission, in seconds; 172,800 as in the vendor's examples.
    pub max_age: u32,
}

impl Default for Cors {
    fn default() -> Self {
        let texts = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            allow_origins: texts(&["*"]),
            allow_headers: texts(&[
                "Content-Type",
                "Idempotency-Key",
                "Accept",
                "Content-MD5",
                "X-Requested-With",
                "X-Ca-Key",
                "X-Ca-Nonce",
                "X-Ca-Request-Mode",
                "X-Ca-Signature",
                "X-Ca-Signature-Headers",
                "X-Ca-Signature-Method",
                "X-Ca-Stage",
                "X-Ca-Timestamp",
            ]),
            expose_headers: texts(&[
                "Retry-After",
                "Idempotency-Replayed",
                "X-Ca-Request-Id",
                "X-Ca-Error-Code",
                "X-Ca-Error-Message",
            ]),
            allow_credentials: false,
            max_age: 172_800,
        }
    }
}

impl Cors {
    /// Allows these origins instead of all.
    #[must_use]
    pub fn origins<T: Into<String>>(mut self, origins: impl IntoIterator<Item = T>) -> Self {
        self.allow_origins = origins.into_iter().map(Into::into).collect();
        self
    }

    pub(super) fn check(&self) -> Result<(), BadRoute> {
        let name = |name: &String| HeaderName::from_bytes(name.as_bytes()).is_ok();
        let headers = self.allow_headers.iter().chain(&self.expose_headers).all(name);
        let origin = |origin: &String| HeaderValue::from_str(origin).is_ok() && origin.matches('*').count() <= 1;
        let everybody = self.allow_origins.iter().any(|origin| origin == "*");
        if !headers || !self.allow_origins.iter().all(origin) || (everybody && self.allow_credentials) {
            return Err(BadRoute::Cors);
        }
        Ok(())
    }

    pub(super) fn allows(&self, origin: &HeaderValue) -> bool {
        let Ok(origin) = origin.to_str() else { return false };
        self.allow_origins.iter().any(|allowed| match allowed.split_once('*') {
            None => allowed == origin,
            Some(("", "")) => true,
            Some((start, end)) => origin
                .strip_prefix(start)
                .and_then(|rest| rest.strip_suffix(end))
                .is_some_and(|middle| !middle.is_empty() && !middle.contains('/')),
        })
    }

    /// The headers by which a browser lets a page read an answer. For an origin that is allowed.
    pub(super) fn answer(&self, origin: &HeaderValue, headers: &mut HeaderMap) {
        let ours = headers.keys().filter(|name| name.as_str().starts_with("access-control-"));
        for name in ours.cloned().collect::<Vec<_>>() {
            headers.remove(name);
        }
        self.allow_origin(origin, headers);
        if !self.expose_headers.is_empty() {
            set(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, &self.expose_headers.join(", "));
        }
    }

    /// The headers by which a browser lets a page send a request.
    pub(super) fn preflight(&self, origin: &HeaderValue, methods: &[Method], headers: &mut HeaderMap) {
        self.allow_origin(origin, headers);
        let methods: Vec<&str> = methods.iter().map(Method::as_str).collect();
        set(headers, header::ACCESS_CONTROL_ALLOW_METHODS, &methods.join(", "));
        set(headers, header::ACCESS_CONTROL_ALLOW_HEADERS, &self.allow_headers.join(", "));
        set(headers, header::ACCESS_CONTROL_MAX_AGE, &self.max_age.to_string());
    }

    fn allow_origin(&self, origin: &HeaderValue, headers: &mut HeaderMap) {
        if self.allow_origins.iter().any(|allowed| allowed == "*") {
            set(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        } else {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            // A cache must not give one origin's permission to another.
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        if self.allow_credentials {
            set(headers, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    headers.insert(name, HeaderValue::from_str(value).expect("checked when the route was set"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(allowed: &str, origin: &'static str) -> bool {
        Cors::default().origins([allowed]).allows(&HeaderValue::from_static(origin))
    }

    #[test]
    fn an_origin_is_allowed_exactly_or_by_one_wildcard() {
        assert!(allows("*", "https://a.example"));
        assert!(allows("https://a.example", "https://a.example"));
        assert!(!allows("https://a.example", "https://a.example.evil.example"));
        assert!(!allows("https://a.example", "http://a.example"));
        assert!(allows("https://*.a.example", "https://b.a.example"));
        assert!(!allows("https://*.a.example", "https://a.example"));
        assert!(!allows("https://*.a.example", "https://evil.example/.a.example"));
        assert!(!allows("https://a.example", "null"));
    }
}
