//! The service's error codes: the one table of what each means.

use campaign_client::{Error, ErrorKind, Verdict};
use http::StatusCode;

use ErrorKind::{Denied, NotFound, Refused, Throttled, Unavailable};
use Verdict::{Expired, Final, Skewed};

const UNEXECUTED: Verdict = Verdict::UNEXECUTED;
const AMBIGUOUS: Verdict = Verdict::AMBIGUOUS;
const THROTTLED: Verdict = Verdict::THROTTLED;

/// Makes the enum and the lookups from the table.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal, $kind:expr, $verdict:expr;)*) => {
        /// An error code of the CDN's management interface.
        ///
        /// ```
        /// use campaign_cdn::Code;
        ///
        /// fn is_used_up(error: &campaign_cdn::client::Error) -> bool {
        ///     Code::of(error) == Some(Code::QuotaExceededRefresh)
        /// }
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name,)*
            /// A code that this version does not know; its text is in [`Error::service_error`].
            Other,
        }

        impl Code {
            /// Every code of the table, without [`Code::Other`].
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code of this text. `Throttling.User`, `Throttling.Api` and their like are [`Code::Throttling`].
            #[must_use]
            pub fn from_text(text: &str) -> Self {
                match text {
                    $($text => Self::$name,)*
                    _ if text.starts_with("Throttling.") => Self::Throttling,
                    _ => Self::Other,
                }
            }

            /// The text on the wire; empty for [`Code::Other`].
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* Self::Other => "" }
            }

            /// The status that the service answers it with.
            #[must_use]
            pub fn status(self) -> StatusCode {
                let status: u16 = match self { $(Self::$name => $status,)* Self::Other => 500 };
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// What it means; `None` for [`Code::Other`].
            const fn meaning(self) -> Option<(ErrorKind, Verdict)> {
                match self { $(Self::$name => Some(($kind, $verdict)),)* Self::Other => None }
            }
        }
    };
}

// Sources of the rows. [page]: the tables of error codes of the CDN calls. [common]: service document "Common error codes" of
// the OpenAPI. Neither says what is worth another attempt: that is read from the description.
codes! {
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

impl Code {
    /// The code that the service answered `error` with; `None` if the error is not an answer of the service.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        error.service_error().filter(|answer| !answer.code.is_empty()).map(|answer| Self::from_text(&answer.code))
    }

    /// What an answer with this code and `status` means.
    pub(crate) fn meaning_of(self, status: StatusCode) -> (ErrorKind, Verdict) {
        self.meaning().unwrap_or_else(|| {
            if status.is_success() {
                // An error that came as a success: whatever it was, it may have been done.
                (Unavailable, AMBIGUOUS)
            } else {
                campaign_client::retry::by_status(status)
            }
        })
    }
}

#[cfg(test)]
mod tests {
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
            let meaning = Code::from_text(text).meaning_of(StatusCode::BAD_REQUEST);
            assert_eq!(meaning, (Throttled, THROTTLED), "{text}");
        }
        assert_eq!(Code::from_text("ThrottlingX"), Code::Other);
    }

    #[test]
    fn a_days_quota_is_not_worth_another_attempt() {
        let meaning = Code::from_text("QuotaExceeded.Refresh").meaning_of(StatusCode::BAD_REQUEST);
        assert_eq!(meaning, (Throttled, Final));
    }

    #[test]
    fn an_unknown_code_means_what_its_status_means() {
        let meaning = |status| Code::Other.meaning_of(StatusCode::from_u16(status).unwrap());
        assert_eq!(meaning(503), (Unavailable, AMBIGUOUS));
        assert_eq!(meaning(400), (Refused, Final));
        assert_eq!(meaning(200), (Unavailable, AMBIGUOUS));
    }
}
