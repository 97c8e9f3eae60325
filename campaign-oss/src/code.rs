//! The service's error codes: the one table of what each means.

use campaign_client::{Error, ErrorKind, Verdict, codes};
use http::StatusCode;

use ErrorKind::{Conflict, Denied, Interrupted, NotFound, Refused, Throttled, Unavailable};
use Verdict::{Expired, Final, Skewed};

const UNEXECUTED: Verdict = Verdict::UNEXECUTED;
const AMBIGUOUS: Verdict = Verdict::AMBIGUOUS;
const THROTTLED: Verdict = Verdict::THROTTLED;
const MOVING: Verdict = Verdict::MOVING;

// Sources: service document "Error responses" and the error table of oss2. Which are worth another attempt: the official Go SDK
// (v2), save that 400 BadRequest and 401 are final here, since the same request would be refused again. (U): the status or the
// name is general knowledge, no document at hand has it.
codes! {
    /// An error code of OSS.
    ///
    /// ```
    /// use campaign_oss::Code;
    ///
    /// fn is_unchanged(error: &campaign_client::Error) -> bool {
    ///     Code::of(error) == Some(Code::NotModified)
    /// }
    /// ```
    pub enum Code;

    // The service asks for less.
    /// Too many requests.
    SlowDown = "SlowDown", 503, Throttled, THROTTLED; // (U)
    /// Too many requests of one account.
    QpsLimitExceeded = "QpsLimitExceeded", 503, Throttled, THROTTLED; // (U)
    /// Too much is downloaded at once.
    DownloadTrafficRateLimitExceeded = "DownloadTrafficRateLimitExceeded", 503, Throttled, THROTTLED; // (U)
    /// Too much is uploaded at once.
    UploadTrafficRateLimitExceeded = "UploadTrafficRateLimitExceeded", 503, Throttled, THROTTLED; // (U)

    // Nobody knows what was done.
    /// An internal error.
    InternalError = "InternalError", 500, Unavailable, AMBIGUOUS;
    /// The service cannot answer now.
    ServiceUnavailable = "ServiceUnavailable", 503, Unavailable, AMBIGUOUS; // (U)
    /// The service is busy.
    ServiceBusy = "ServiceBusy", 503, Unavailable, AMBIGUOUS; // (U)
    /// The body did not arrive within the service's patience.
    RequestTimeout = "RequestTimeout", 400, Interrupted, AMBIGUOUS;

    // The caller.
    /// The caller lacks the permission, or the bucket answers elsewhere: the message then names the endpoint.
    AccessDenied = "AccessDenied", 403, Denied, Final;
    /// The signature is another than the service makes of the request.
    SignatureDoesNotMatch = "SignatureDoesNotMatch", 403, Denied, Final;
    /// There is no such AccessKey.
    InvalidAccessKeyId = "InvalidAccessKeyId", 403, Denied, Final;
    /// The security token is none.
    InvalidSecurityToken = "InvalidSecurityToken", 403, Denied, Final;
    /// The security token has ended.
    SecurityTokenExpired = "SecurityTokenExpired", 403, Denied, Expired; // (U)
    /// The security token belongs to another AccessKey.
    AccessKeyIdAndSecurityTokenNotMatch = "AccessKeyIdAndSecurityTokenNotMatch", 403, Denied, Final;
    /// The clock is off by more than 15 minutes.
    RequestTimeTooSkewed = "RequestTimeTooSkewed", 403, Denied, Skewed;
    /// No rule of the bucket allows the cross-origin request.
    AccessForbidden = "AccessForbidden", 403, Denied, Final;
    /// The bucket must stand before the host: no path style here.
    SecondLevelDomainForbidden = "SecondLevelDomainForbidden", 403, Denied, Final;
    /// The host is not one that the bucket answers to.
    NonStandardHostForbidden = "NonStandardHostForbidden", 403, Denied, Final;
    /// The bucket is in another region: the message names the endpoint.
    PermanentRedirect = "PermanentRedirect", 403, Denied, Final;
    /// The account is disabled.
    UserDisable = "UserDisable", 403, Denied, Final;
    /// The account owes money.
    InDebt = "InDebt", 403, Denied, Final;
    /// The account owes money for too long.
    InDebtOverdue = "InDebtOverdue", 403, Denied, Final;
    /// The bucket is disabled.
    BucketDisable = "BucketDisable", 403, Denied, Final;
    /// The bucket belongs to somebody else.
    BucketNotBelongTo = "BucketNotBelongTo", 403, Denied, Final;
    /// The custom domain is not allowed.
    CnameDenied = "CnameDenied", 403, Denied, Final;
    /// The account has no key management.
    KmsServiceNotEnabled = "KmsServiceNotEnabled", 403, Denied, Final;
    /// The object must be restored before it is read.
    InvalidObjectState = "InvalidObjectState", 403, Conflict, Final;

    // The thing named.
    /// There is no such bucket. A name that somebody else gives up can be taken by anybody.
    NoSuchBucket = "NoSuchBucket", 404, NotFound, Final;
    /// There is no such object.
    NoSuchKey = "NoSuchKey", 404, NotFound, Final;
    /// There is no such version.
    NoSuchVersion = "NoSuchVersion", 404, NotFound, Final; // (U)
    /// There is no such multipart upload.
    NoSuchUpload = "NoSuchUpload", 404, NotFound, Final;
    /// The link leads nowhere.
    SymlinkTargetNotExist = "SymlinkTargetNotExist", 404, NotFound, Final;
    /// The bucket has no website configuration.
    NoSuchWebsiteConfiguration = "NoSuchWebsiteConfiguration", 404, NotFound, Final;
    /// The bucket has no cross-origin rules.
    NoSuchCorsConfiguration = "NoSuchCORSConfiguration", 404, NotFound, Final;
    /// The bucket has no lifecycle rules.
    NoSuchLifecycle = "NoSuchLifecycle", 404, NotFound, Final;
    /// The bucket has no policy.
    NoSuchBucketPolicy = "NoSuchBucketPolicy", 404, NotFound, Final;
    /// The bucket has no encryption rule.
    NoSuchServerSideEncryptionRule = "NoSuchServerSideEncryptionRule", 404, NotFound, Final;

    // Its state.
    /// The object is the one that the caller has.
    NotModified = "NotModified", 304, Conflict, Final;
    /// A condition of the request does not hold.
    PreconditionFailed = "PreconditionFailed", 412, Conflict, Final;
    /// The object exists and must not be overwritten.
    FileAlreadyExists = "FileAlreadyExists", 409, Conflict, Final;
    /// The object is under a retention rule.
    FileImmutable = "FileImmutable", 409, Conflict, Final;
    /// The name of the bucket is taken, by the caller or by somebody else.
    BucketAlreadyExists = "BucketAlreadyExists", 409, Conflict, Final;
    /// There are objects or uploads in the bucket.
    BucketNotEmpty = "BucketNotEmpty", 409, Conflict, Final;
    /// Somebody else is changing the bucket.
    OperationAborted = "OperationAborted", 409, Conflict, MOVING; // (U)
    /// The object cannot be appended to.
    ObjectNotAppendable = "ObjectNotAppendable", 409, Conflict, Final;
    /// The object's length is another than the position given.
    PositionNotEqualToLength = "PositionNotEqualToLength", 409, Conflict, Final;
    /// The object is being restored.
    RestoreAlreadyInProgress = "RestoreAlreadyInProgress", 409, Conflict, Final;
    /// There are too many buckets.
    TooManyBuckets = "TooManyBuckets", 400, Conflict, Final;

    // The request.
    /// An argument is wrong; the message says which.
    InvalidArgument = "InvalidArgument", 400, Refused, Final;
    /// An argument is missing.
    MissingArgument = "MissingArgument", 400, Refused, Final; // (U)
    /// That is no bucket's name.
    InvalidBucketName = "InvalidBucketName", 400, Refused, Final;
    /// That is no object's key.
    InvalidObjectName = "InvalidObjectName", 400, Refused, Final;
    /// The body is not the one whose digest was sent.
    InvalidDigest = "InvalidDigest", 400, Refused, UNEXECUTED; // damaged on its way: the same bytes may arrive next time
    /// The request makes no sense.
    InvalidRequest = "InvalidRequest", 400, Refused, Final;
    /// The request makes no sense.
    BadRequest = "BadRequest", 400, Refused, Final;
    /// The document is not the one that belongs to the call.
    MalformedXml = "MalformedXML", 400, Refused, Final;
    /// The object is too large for one request.
    EntityTooLarge = "EntityTooLarge", 400, Refused, Final;
    /// The object or part is too small.
    EntityTooSmall = "EntityTooSmall", 400, Refused, Final; // (U)
    /// A part is missing or another than was named.
    InvalidPart = "InvalidPart", 400, Refused, Final; // (U)
    /// Parts are not in order.
    InvalidPartOrder = "InvalidPartOrder", 400, Refused, Final; // (U)
    /// The kind of the link's target cannot be one.
    InvalidTargetType = "InvalidTargetType", 400, Refused, Final;
    /// The object or bucket is of a kind that does not have the operation.
    OperationNotSupported = "OperationNotSupported", 400, Refused, Final;
    /// The service does not have it.
    NotImplemented = "NotImplemented", 501, Refused, Final; // 400 in the table of oss2
    /// The method is another one.
    MethodNotAllowed = "MethodNotAllowed", 405, Refused, Final; // (U)
    /// The request says neither its length nor that it comes in chunks.
    MissingContentLength = "MissingContentLength", 411, Refused, Final;
    /// The object has no such range.
    InvalidRange = "InvalidRange", 416, Refused, Final;
    /// The object was stored, and the callback failed.
    CallbackFailed = "CallbackFailed", 203, Refused, Final;
}

impl Code {
    /// The code that the service answered `error` with; `None` if the error is not an answer of the service.
    ///
    /// An answer without a body (304, and answers to HEAD of servers that send no error header) is taken by its status:
    /// [`Code::NotModified`], [`Code::PreconditionFailed`], else [`Code::Other`].
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        let answer = error.service_error()?;
        Some(if answer.code.is_empty() { Self::of_status(answer.status) } else { Self::from_text(&answer.code) })
    }

    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_MODIFIED => Self::NotModified,
            StatusCode::PRECONDITION_FAILED => Self::PreconditionFailed,
            _ => Self::Other,
        }
    }

    /// What an answer with this code, `message` and `status` means.
    pub(crate) fn meaning_of(self, message: &str, status: StatusCode) -> (ErrorKind, Verdict) {
        match self {
            Self::InvalidSecurityToken | Self::AccessDenied if codes::is_expired_token(message) => (Denied, Expired),
            _ => self.meaning(status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_text_and_no_two_have_one() {
        for code in Code::ALL {
            assert_eq!(Code::from_text(code.as_str()), *code);
            assert!(code.status().as_u16() >= 400 || matches!(code.status().as_u16(), 203 | 304), "{code:?}");
        }
        assert_eq!(Code::from_text("New"), Code::Other);
    }

    #[test]
    fn an_unknown_code_means_what_its_status_means() {
        let meaning = |status| Code::Other.meaning_of("", StatusCode::from_u16(status).unwrap());
        assert_eq!(meaning(503), (Unavailable, AMBIGUOUS));
        assert_eq!(meaning(429), (Throttled, THROTTLED));
        assert_eq!(meaning(404), (NotFound, Final));
        assert_eq!(meaning(200), (Unavailable, AMBIGUOUS));
    }

    #[test]
    fn a_clock_that_is_off_and_a_token_that_ended_get_one_more_attempt() {
        let meaning = |code: Code, message| code.meaning_of(message, StatusCode::FORBIDDEN).1;
        assert_eq!(meaning(Code::RequestTimeTooSkewed, ""), Skewed);
        assert_eq!(meaning(Code::SecurityTokenExpired, ""), Expired);
        assert_eq!(meaning(Code::InvalidSecurityToken, "The security token you provided has expired."), Expired);
        assert_eq!(meaning(Code::InvalidSecurityToken, "The security token is invalid."), Final);
        assert_eq!(meaning(Code::AccessDenied, "Request has expired."), Final);
    }
}
