//! The service's error codes: the one table of what each means.

use campaign_client::{Error, ErrorKind, Verdict, codes};

use ErrorKind::{Denied, NotFound, Refused, Throttled, Unavailable};
use Verdict::{Expired, Final, Skewed};

const UNEXECUTED: Verdict = Verdict::UNEXECUTED;
const AMBIGUOUS: Verdict = Verdict::AMBIGUOUS;
const THROTTLED: Verdict = Verdict::THROTTLED;

// Sources of the rows. [page]: the tables of error codes of the CDN calls. [common]: service document "Common error codes" of
// the OpenAPI. Neither says what is worth another attempt: that is read from the description.
codes! {
    /// An error code of the CDN's management interface.
    ///
    /// ```
    /// use campaign_cdn::Code;
    ///
    /// fn is_used_up(error: &campaign_cdn::client::Error) -> bool {
    ///     Code::of(error) == Some(Code::QuotaExceededRefresh)
    /// }
    /// ```
    pub enum Code or any_throttling;

    // Certainly nothing done; the service asks for less.
    /// Too many calls a second.
    Throttling = "Throttling", 503, Throttled, THROTTLED; // [page]
    /// Too many addresses of one domain within a minute.
    QuotaPerMinuteExceededRefresh = "QuotaPerMinuteExceeded.Refresh", 400, Throttled, THROTTLED; // [page] "later"
    /// The queue of tasks is full.
    TooManyRefresh = "TooMany.Refresh", 400, Throttled, THROTTLED; // [page] "later"
    /// The service is not able to answer now.
    ServiceUnavailable = "ServiceUnavailable", 503, Unavailable, UNEXECUTED; // [common]

    // Nobody knows.
    /// An error inside the service.
    InternalError = "InternalError", 500, Unavailable, AMBIGUOUS; // [common]
    /// The nonce was used before. A client never uses one twice, so an earlier copy of this very request arrived: something
    /// between has sent it again.
    SignatureNonceUsed = "SignatureNonceUsed", 400, Denied, AMBIGUOUS; // [common]

    // Nothing done; one attempt with something else may be made.
    /// The date is more than 15 minutes off.
    InvalidTimeStampExpired = "InvalidTimeStamp.Expired", 400, Denied, Skewed; // [common]
    /// The security token has expired.
    InvalidSecurityTokenExpired = "InvalidSecurityToken.Expired", 400, Denied, Expired; // [common]

    // Final.
    /// The addresses or directories of today are used up (see [`DescribeRefreshQuota`](crate::DescribeRefreshQuota)).
    QuotaExceededRefresh = "QuotaExceeded.Refresh", 400, Throttled, Final; // [page]
    /// An address is not one, or the directory does not end with `/`.
    InvalidObjectPathMalformed = "InvalidObjectPath.Malformed", 400, Refused, Final; // [page]
    /// More than 1,000 addresses in one call.
    InvalidObjectPathSizeMalformed = "InvalidObjectPath.Size.Malformed", 400, Refused, Final; // [page]
    /// There is no such type.
    InvalidObjectTypeMalformed = "InvalidObjectType.Malformed", 400, Refused, Final; // [page]
    /// The addresses are missing.
    MissingObjectPath = "MissingObjectPath", 400, Refused, Final; // [common] "Missing" and the parameter's name
    /// Wildcard domains cannot be refreshed.
    InvalidExtensiveDomainValueNotSupported = "InvalidExtensiveDomain.ValueNotSupported", 400, Refused, Final; // [page]
    /// The domain is not the caller's.
    InvalidDomainNotFound = "InvalidDomain.NotFound", 404, NotFound, Final; // [page]
    /// The domain is switched off.
    InvalidDomainOffline = "InvalidDomain.Offline", 404, NotFound, Final; // [page]
    /// A parameter is wrong.
    InvalidParameter = "InvalidParameter", 400, Refused, Final; // [common]
    /// The endpoint has no such call: a wrong endpoint, or an operation that an emulator lacks.
    InvalidActionNotFound = "InvalidAction.NotFound", 404, Refused, Final; // [common]
    /// The endpoint has no such version.
    InvalidVersion = "InvalidVersion", 400, Refused, Final; // [common]
    /// The signature's parts are not all there.
    IncompleteSignature = "IncompleteSignature", 400, Denied, Final; // [common]
    /// Another signature was expected: a wrong secret, or a request changed on the way.
    SignatureDoesNotMatch = "SignatureDoesNotMatch", 400, Denied, Final; // [common]
    /// The date is not one.
    InvalidTimeStampFormat = "InvalidTimeStamp.Format", 400, Denied, Final; // [common]
    /// There is no such AccessKey id.
    InvalidAccessKeyIdNotFound = "InvalidAccessKeyId.NotFound", 404, Denied, Final; // [common]
    /// The AccessKey id is switched off.
    InvalidAccessKeyIdInactive = "InvalidAccessKeyId.Inactive", 400, Denied, Final; // [common]
    /// The security token is not that of the AccessKey id.
    InvalidSecurityTokenMismatchWithAccessKey =
        "InvalidSecurityToken.MismatchWithAccessKey", 400, Denied, Final; // [common]
    /// The security token is not one.
    InvalidSecurityTokenMalformed = "InvalidSecurityToken.Malformed", 400, Denied, Final; // [common]
    /// The caller lacks the permission.
    ForbiddenRam = "Forbidden.RAM", 403, Denied, Final; // [common]
    /// The CDN is not opened or suspended for the account.
    OperationDenied = "OperationDenied", 403, Denied, Final; // [page]
    /// The domain is not one that may be worked on.
    IllegalOperation = "IllegalOperation", 403, Denied, Final; // [page]
}

/// `Throttling.User`, `Throttling.Api` and their like are all [`Code::Throttling`].
fn any_throttling(text: &str) -> Code {
    if text.starts_with("Throttling.") { Code::Throttling } else { Code::Other }
}

impl Code {
    /// The code that the service answered `error` with; `None` if the error is not an answer of the service.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        error.service_error().filter(|answer| !answer.code.is_empty()).map(|answer| Self::from_text(&answer.code))
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn every_code_is_found_by_its_text_and_its_status_is_an_error() {
        for code in Code::ALL {
            assert_eq!(Code::from_text(code.as_str()), *code);
            assert!(code.status().is_client_error() || code.status().is_server_error(), "{code:?}");
        }
        assert_eq!(Code::from_text("Domain.New"), Code::Other);
    }

    #[test]
    fn every_kind_of_throttling_is_throttling() {
        for text in ["Throttling", "Throttling.User", "Throttling.Api", "Throttling.Unheard"] {
            let meaning = Code::from_text(text).meaning(StatusCode::BAD_REQUEST);
            assert_eq!(meaning, (Throttled, THROTTLED), "{text}");
        }
        assert_eq!(Code::from_text("ThrottlingX"), Code::Other);
    }

    #[test]
    fn a_days_quota_is_not_worth_another_attempt() {
        let meaning = Code::from_text("QuotaExceeded.Refresh").meaning(StatusCode::BAD_REQUEST);
        assert_eq!(meaning, (Throttled, Final));
    }

    #[test]
    fn an_unknown_code_means_what_its_status_means() {
        let meaning = |status| Code::Other.meaning(StatusCode::from_u16(status).unwrap());
        assert_eq!(meaning(503), (Unavailable, AMBIGUOUS));
        assert_eq!(meaning(400), (Refused, Final));
        assert_eq!(meaning(200), (Unavailable, AMBIGUOUS));
    }
}
