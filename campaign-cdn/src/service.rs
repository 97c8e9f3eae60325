//! The CDN's management interface as a service of the shared client.

use bytes::Bytes;
use campaign_client::{Body, Endpoint, Error, Result, Service, ServiceError, Signing, acs3};
use chrono::{DateTime, Utc};
use http::{HeaderMap, response};

use crate::{Code, wire::ErrorBody};

/// Where Alibaba Cloud CDN is managed: its endpoint, how requests are signed, what its errors mean.
///
/// Requests are signed with ACS3-HMAC-SHA256. Answers carry no signature or digest: what TLS delivers is believed, and read
/// strictly.
///
/// ```
/// use campaign_cdn::Cdn;
///
/// let mainland = Cdn::new(Cdn::ENDPOINT)?;
/// let overseas = Cdn::new("https://cdn.ap-southeast-1.aliyuncs.com")?;
/// # let _ = (mainland, overseas);
/// # Ok::<(), campaign_cdn::client::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Cdn {
    endpoint: Endpoint,
}

impl Cdn {
    /// The endpoint for accounts of the mainland (service document "Endpoints").
    pub const ENDPOINT: &'static str = "https://cdn.aliyuncs.com";

    /// The version of the interface (service document "CDN, 2018-05-10").
    pub const VERSION: &'static str = "2018-05-10";

    /// The service at `endpoint`.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if `endpoint` is not one (see [`Endpoint::new`]).
    pub fn new(endpoint: &str) -> Result<Self> {
        Endpoint::new(endpoint).map(Self::at)
    }

    /// The service at an endpoint that was made before, for example by [`Endpoint::insecure`].
    #[must_use]
    pub const fn at(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }
}

impl Service for Cdn {
    const NAME: &'static str = "CDN";

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn sign(&self, request: &mut http::Request<Body>, signing: &Signing<'_>) -> Result<()> {
        acs3::sign(request, signing)
    }

    fn verify(&self, _: &http::Request<Body>, _: &response::Parts, _: &Bytes, _: &Signing<'_>) -> Result<(), Error> {
        Ok(())
    }

    /// A proxy may have made an error a success: no answer to a call has a `Code`.
    fn is_error(&self, response: &response::Parts, body: &[u8]) -> bool {
        !response.status.is_success() || ErrorBody::read(body).is_some()
    }

    fn read_error(&self, response: &response::Parts, body: &[u8]) -> ServiceError {
        let status = response.status;
        let header = |name: &str| response.headers.get(name).and_then(|value| value.to_str().ok());
        let Some(error) = ErrorBody::read(body) else {
            let message = if status.is_redirection() {
                "a redirect, which is never followed"
            } else {
                "the answer is not an error of the CDN; something between may have written it"
            };
            return ServiceError::new(status, "", message).with_request_id(header("x-acs-request-id"));
        };
        let (kind, verdict) = Code::from_text(&error.code).meaning(status);
        ServiceError::new(status, error.code, error.message.unwrap_or_default())
            .with_request_id(error.request_id.as_deref().or(header("x-acs-request-id")))
            .with_meaning(kind, verdict)
            .with_server_time(server_time(&response.headers))
    }
}

/// The service's clock. RFC 9110 §5.6.7: the preferred form of an HTTP date is a fixed-length RFC 5322 date in GMT.
fn server_time(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let text = headers.get(http::header::DATE)?.to_str().ok()?;
    Some(DateTime::parse_from_rfc2822(text).ok()?.to_utc())
}

#[cfg(test)]
mod tests {
    use campaign_client::{ErrorKind, Verdict};
    use http::{HeaderValue, StatusCode};

    use super::*;

    fn read(status: u16, body: &str) -> ServiceError {
        let mut response = http::Response::new(());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response.headers_mut().insert("date", HeaderValue::from_static("Wed, 11 Nov 2026 00:00:07 GMT"));
        response.headers_mut().insert("x-acs-request-id", HeaderValue::from_static("R-HEADER"));
        Cdn::new(Cdn::ENDPOINT).unwrap().read_error(&response.into_parts().0, body.as_bytes())
    }

    #[test]
    fn an_error_has_code_message_request_id_and_the_services_time() {
        let body = r#"{"RequestId":"R-1","HostId":"cdn.aliyuncs.com","Code":"InvalidTimeStamp.Expired",
            "Message":"Specified time stamp or date value is expired.","Recommend":"https://example.com"}"#;
        let error = read(400, body);
        assert_eq!((error.code.as_str(), error.request_id.as_deref()), ("InvalidTimeStamp.Expired", Some("R-1")));
        assert_eq!((error.kind, error.verdict), (ErrorKind::Denied, Verdict::Skewed));
        assert_eq!(error.server_time.unwrap().to_rfc3339(), "2026-11-11T00:00:07+00:00");
    }

    #[test]
    fn a_page_of_a_proxy_is_read_by_its_status_alone() {
        for body in ["<html>502 Bad Gateway</html>", "", "{}", "[1]", "{\"Code\":7}", "null", "\u{0}"] {
            let error = read(502, body);
            assert_eq!((error.code.as_str(), error.request_id.as_deref()), ("", Some("R-HEADER")), "{body:?}");
            assert_eq!((error.kind, error.verdict), (ErrorKind::Unavailable, Verdict::AMBIGUOUS), "{body:?}");
        }
    }

    #[test]
    fn an_error_that_came_as_a_success_is_an_error() {
        let response = http::Response::new(()).into_parts().0;
        let service = Cdn::new(Cdn::ENDPOINT).unwrap();
        assert!(service.is_error(&response, br#"{"Code":"InternalError","Message":"m","RequestId":"R"}"#));
        assert!(!service.is_error(&response, br#"{"RefreshTaskId":"1","RequestId":"R"}"#));
        assert!(!service.is_error(&response, b"not json"));
    }
}
