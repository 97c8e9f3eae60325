//! The service's error codes: the one table of what each means.

use campaign_client::{Effect, Error, ErrorKind, Pace, Verdict, codes};
use http::StatusCode;

use ErrorKind::{Conflict, Denied, Interrupted, NotFound, Refused, Throttled, Unavailable};
use Verdict::Final;

const UNEXECUTED: Verdict = Verdict::UNEXECUTED;
const AMBIGUOUS: Verdict = Verdict::AMBIGUOUS;
const THROTTLED: Verdict = Verdict::THROTTLED;
const MOVING: Verdict = Verdict::MOVING;
/// The partition is being moved, and what the attempt did is not known.
const MOVING_AMBIGUOUS: Verdict = Verdict::Again { effect: Effect::Ambiguous, pace: Pace::Moving };

// Sources of the rows. [page]: service document "Error codes", its column "Retry" and its description. [sdk]: the retry
// policies of the official SDKs, which agree where no name is given; "any operation" there means that the service did
// nothing, "idempotent operations" that nobody knows. Statuses that no document states are 400 for refusals and 503 else.
codes! {
    /// An error code of Table Store.
    ///
    /// ```
    /// use campaign_tablestore::Code;
    ///
    /// fn is_taken(error: &campaign_client::Error) -> bool {
    ///     Code::of(error) == Some(Code::ConditionCheckFail)
    /// }
    /// ```
    pub enum Code;

    // Certainly nothing done; the service asks for less.
    /// The partition is overloaded.
    ServerBusy = "OTSServerBusy", 503, Throttled, THROTTLED; // [page] yes; [sdk] any operation
    /// The reserved capacity is used up.
    NotEnoughCapacityUnit = "OTSNotEnoughCapacityUnit", 403, Throttled, THROTTLED; // [sdk] any operation
    /// The same under its newer name.
    CapacityUnitExhausted = "OTSCapacityUnitExhausted", 403, Throttled, THROTTLED; // [page] no, against [sdk C++]
    /// Too many operations.
    OperationThrottled = "OTSOperationThrottled", 503, Throttled, THROTTLED; // [sdk Python, Node] any operation
    /// The storage behind the partition is overloaded.
    StorageServerBusy = "OTSStorageServerBusy", 503, Throttled, THROTTLED; // [sdk Go] any operation
    /// Too many requests.
    FlowControl = "OTSFlowControl", 429, Throttled, THROTTLED; // [page] 429; nothing is done under flow control
    /// Reserved throughput was changed a moment ago.
    TooFrequentReservedThroughputAdjustment =
        "OTSTooFrequentReservedThroughputAdjustment", 403, Throttled, THROTTLED; // [page] yes; [sdk C++]

    // Certainly nothing done; the table or partition is being made or moved.
    /// The partition is being loaded elsewhere.
    PartitionUnavailable = "OTSPartitionUnavailable", 503, Unavailable, MOVING; // [page] yes; [sdk] any operation
    /// The table was just made.
    TableNotReady = "OTSTableNotReady", 404, Unavailable, MOVING; // [page] yes; [sdk] any operation

    // Certainly nothing done; somebody else was faster.
    /// The row is being changed by another request.
    RowOperationConflict = "OTSRowOperationConflict", 409, Conflict, UNEXECUTED; // [page] yes; [sdk] any operation
    /// The transaction's last request is still being done.
    SessionBusy = "OTSSessionBusy", 409, Conflict, UNEXECUTED; // [page] of local transactions; status not documented
    /// The operation met another.
    OperationConflict = "OTSOperationConflict", 409, Conflict, UNEXECUTED; // [sdk Python] any operation

    // Nobody knows.
    /// The operation took too long inside the service.
    Timeout = "OTSTimeout", 503, Unavailable, AMBIGUOUS; // [page] yes; [sdk] idempotent operations
    /// An error inside the service.
    InternalServerError = "OTSInternalServerError", 500, Unavailable, AMBIGUOUS; // [page] yes; [sdk] idempotent operations
    /// The server of the partition is not available.
    ServerUnavailable = "OTSServerUnavailable", 503, Unavailable, MOVING_AMBIGUOUS; // [page] yes; [sdk] idempotent operations
    /// The request took too long to arrive.
    RequestTimeout = "OTSRequestTimeout", 408, Interrupted, AMBIGUOUS; // [page] no, against [sdk Java writer]

    // Final.
    /// A parameter is wrong.
    ParameterInvalid = "OTSParameterInvalid", 400, Refused, Final; // [page] no
    /// The primary key is not that of the table.
    InvalidPk = "OTSInvalidPK", 400, Refused, Final; // [page] no
    /// The row is too large.
    OutOfRowSizeLimit = "OTSOutOfRowSizeLimit", 400, Refused, Final; // [page] no
    /// A transaction wrote more than 4 MB.
    OutOfTransactionDataSizeLimit =
        "OTSOutOfTransactionDataSizeLimit", 400, Refused, Final; // [page] of local transactions; status not documented
    /// The row has too many columns.
    OutOfColumnCountLimit = "OTSOutOfColumnCountLimit", 400, Refused, Final; // [page] no
    /// The instance has no reserved throughput to change.
    ForbiddenUpdateCapacityUnit = "OTSForbiddenUpdateCapacityUnit", 400, Refused, Final; // [page] no
    /// The method is not POST.
    MethodNotAllowed = "OTSMethodNotAllowed", 405, Refused, Final; // [page] no
    /// The request is longer than 5 MB.
    RequestBodyTooLarge = "OTSRequestBodyTooLarge", 413, Refused, Final; // [page] no
    /// The operation is not supported.
    UnsupportOperation = "OTSUnsupportOperation", 400, Refused, Final; // [page] no
    /// The rows of an atomic batch have different partition keys, or a row is outside its transaction.
    DataOutOfRange = "OTSDataOutOfRange", 400, Refused, Final; // [sdk] functional tests; status not documented
    /// Signature, key, date or instance is refused. Two of its messages mean more: a clock that is off, a token that ended.
    AuthFailed = "OTSAuthFailed", 403, Denied, Final; // [page] no
    /// The caller lacks the permission.
    NoPermissionAccess = "OTSNoPermissionAccess", 403, Denied, Final; // [page] no
    /// The caller lacks the permission.
    PermissionDenied = "OTSPermissionDenied", 403, Denied, Final; // [sdk]; status not documented
    /// A quota is used up. One of its messages means "too fast".
    QuotaExhausted = "OTSQuotaExhausted", 403, Refused, Final; // [page] no, save for the one message
    /// The condition of a write does not hold; nothing was changed.
    ConditionCheckFail = "OTSConditionCheckFail", 403, Conflict, Final; // [page] no
    /// There is no such table.
    ObjectNotExist = "OTSObjectNotExist", 404, NotFound, Final; // [page] no
    /// There is such a table already.
    ObjectAlreadyExist = "OTSObjectAlreadyExist", 409, Conflict, Final; // [page] no
    /// There is no such search index.
    MetaNotMatch = "OTSMetaNotMatch", 400, NotFound, Final; // [sdk] functional tests
    /// There is no such transaction, or it ended.
    SessionNotExist = "OTSSessionNotExist", 400, NotFound, Final; // [sdk] functional tests; status not documented
    /// Changes that were asked for are kept no longer, or the stream is gone.
    TrimmedDataAccess = "OTSTrimmedDataAccess", 404, NotFound, Final; // [sdk Java] tests of its stream and tunnel clients
    /// The transaction has expired.
    SessionExpired = "OTSSessionExpired", 400, NotFound, Final; // [sdk]; status not documented
}

/// The only message of OTSQuotaExhausted that is worth another attempt (official SDKs, all four).
pub(crate) const TOO_FREQUENT: &str = "Too frequent table operations.";
/// Begins the message of OTSAuthFailed to a clock that is off; the request's date follows (service document "Error codes").
pub(crate) const SKEWED: &str = "Mismatch between system time and x-ots-date";

impl Code {
    /// The code that the service answered `error` with; `None` if the error is not an answer of the service.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        error.service_error().filter(|answer| !answer.code.is_empty()).map(|answer| Self::from_text(&answer.code))
    }

    /// What an answer with this code, `message` and `status` means.
    pub(crate) fn meaning_of(self, message: &str, status: StatusCode) -> (ErrorKind, Verdict) {
        match self {
            Self::AuthFailed if message.starts_with(SKEWED) => (Denied, Verdict::Skewed),
            Self::AuthFailed if codes::is_expired_token(message) => (Denied, Verdict::Expired),
            Self::QuotaExhausted if message == TOO_FREQUENT => (Throttled, THROTTLED),
            _ => self.meaning(status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_text_and_its_status_agrees_with_its_kind() {
        for code in Code::ALL {
            assert_eq!(Code::from_text(code.as_str()), *code);
            assert!(code.status().is_client_error() || code.status().is_server_error(), "{code:?}");
            assert!(code.as_str().starts_with("OTS"), "{code:?}");
        }
        assert_eq!(Code::from_text("OTSNew"), Code::Other);
    }

    #[test]
    fn the_quota_is_a_throttle_only_with_the_exact_message() {
        let meaning = |message| Code::QuotaExhausted.meaning_of(message, StatusCode::FORBIDDEN);
        assert_eq!(meaning(TOO_FREQUENT), (Throttled, THROTTLED));
        assert_eq!(meaning("Number of tables exceeded the quota."), (Refused, Final));
        assert_eq!(meaning("Too frequent table operations"), (Refused, Final));
    }

    #[test]
    fn a_clock_that_is_off_and_a_token_that_ended_get_one_more_attempt() {
        let meaning = |message| Code::AuthFailed.meaning_of(message, StatusCode::FORBIDDEN).1;
        assert_eq!(meaning("Mismatch between system time and x-ots-date: 2026-01-15T08:30:45.000Z."), Verdict::Skewed);
        assert_eq!(meaning("The security token has expired."), Verdict::Expired);
        assert_eq!(meaning("Signature mismatch."), Final);
    }

    #[test]
    fn an_unknown_code_means_what_its_status_means() {
        let meaning = |status| Code::Other.meaning_of("", StatusCode::from_u16(status).unwrap());
        assert_eq!(meaning(503), (Unavailable, AMBIGUOUS));
        assert_eq!(meaning(400), (Refused, Final));
        assert_eq!(meaning(200), (Unavailable, AMBIGUOUS));
    }
}
