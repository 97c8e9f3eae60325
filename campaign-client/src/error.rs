//! The one error of every client: what was being done, what went wrong, what to do.

use std::{borrow::Cow, error::Error as StdError, fmt};

use crate::{ServiceError, Verdict};

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as a program has to care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The arguments or the configuration cannot work. Nothing was sent. Correct the call.
    Invalid,
    /// No usable credentials. The source of the error names the provider and what is missing.
    Credentials,
    /// Too many requests wait inside this client already. Send fewer at once or raise the limit.
    Overloaded,
    /// The request never left: the name did not resolve, the connection was refused or timed out.
    /// Check endpoint, network and proxy.
    Unreachable,
    /// The connection is not safe (certificate, protocol). Nothing was sent; it is not tried again.
    Insecure,
    /// The request was sent and its answer did not arrive whole, in time. See
    /// [`Error::outcome_unknown`].
    Interrupted,
    /// The answer arrived but its digest, signature or date is wrong, or it cannot be read.
    Unreadable,
    /// The service refuses the caller: wrong key or secret, no permission, a clock too far off.
    Denied,
    /// The thing named does not exist.
    NotFound,
    /// The state of the thing named forbids the call: it exists already, a condition does not
    /// hold, or somebody else is changing it.
    Conflict,
    /// The service asks for less. Wait (see [`Error::retry_after`]) or raise the quota.
    Throttled,
    /// The service is not able to answer now.
    Unavailable,
    /// The service refuses the request itself: a parameter, a size, an operation it lacks.
    Refused,
}

impl ErrorKind {
    const fn describe(self) -> &'static str {
        match self {
            Self::Invalid => "the call cannot work as given",
            Self::Credentials => "no usable credentials",
            Self::Overloaded => "too many requests wait in this client",
            Self::Unreachable => "the service could not be reached",
            Self::Insecure => "the connection is not safe",
            Self::Interrupted => "the answer did not arrive",
            Self::Unreadable => "the answer cannot be trusted or read",
            Self::Denied => "the service denies access",
            Self::NotFound => "not found",
            Self::Conflict => "the state of the resource forbids it",
            Self::Throttled => "the service asks for fewer requests",
            Self::Unavailable => "the service is not available",
            Self::Refused => "the service refuses the request",
        }
    }
}

/// One attempt of a call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// What went wrong.
    pub kind: ErrorKind,
    /// The service's code, when it answered with one.
    pub code: Option<String>,
}

/// What a call failed with.
///
/// Match on [`kind`](Self::kind) or ask a predicate; log the rest. It never carries a secret, a
/// signature or a query string.
///
/// ```
/// use campaign_client::{Error, ErrorKind};
///
/// fn retry_later(error: &Error) -> bool {
///     error.is_transient() && !error.outcome_unknown()
/// }
/// let error = Error::invalid("limit must be at least 1");
/// assert_eq!(error.kind(), ErrorKind::Invalid);
/// assert!(!retry_later(&error));
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: Option<&'static str>,
    message: Option<Cow<'static, str>>,
    service: Option<ServiceError>,
    verdict: Verdict,
    attempts: Vec<Attempt>,
    outcome_unknown: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind` that is not worth another attempt.
    #[must_use]
    pub fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: None,
            message: None,
            service: None,
            verdict: Verdict::Final,
            attempts: Vec::new(),
            outcome_unknown: false,
            source: None,
        }))
    }

    /// The arguments cannot work; `message` says which and what would.
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Invalid).with_message(message)
    }

    /// An answer that cannot be read or trusted. It may be worth another attempt.
    pub fn unreadable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unreadable).with_message(message).with_verdict(Verdict::AMBIGUOUS)
    }

    /// An error answered by the service.
    #[must_use]
    pub fn from_service(service: ServiceError) -> Self {
        let mut error = Self::new(service.kind).with_verdict(service.verdict);
        error.0.service = Some(service);
        error
    }

    /// The same with a sentence that says what was wrong. It must hold no secret.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.0.message = Some(message.into());
        self
    }

    /// The same with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same with what it means for another attempt.
    #[must_use]
    pub fn with_verdict(mut self, verdict: Verdict) -> Self {
        self.0.verdict = verdict;
        self
    }

    /// The same for this operation, in the service's own name.
    #[must_use]
    pub fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation = Some(operation);
        self
    }

    /// The same after these attempts, the last one included.
    #[must_use]
    pub fn with_attempts(mut self, attempts: Vec<Attempt>) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// The same saying whether anything may have been done in spite of it.
    #[must_use]
    pub fn with_outcome_unknown(mut self, unknown: bool) -> Self {
        self.0.outcome_unknown = unknown;
        self
    }

    /// What it is in the list of [attempts](Self::attempts).
    #[must_use]
    pub fn as_attempt(&self) -> Attempt {
        Attempt { kind: self.kind(), code: self.service_error().map(|e| e.code.clone()) }
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation that failed, in the service's own name; `None` before one began.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// What the service answered, if it answered with an error.
    #[must_use]
    pub fn service_error(&self) -> Option<&ServiceError> {
        self.0.service.as_ref()
    }

    /// The request id of the service's answer: what its support asks for.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.service_error().and_then(|e| e.request_id.as_deref())
    }

    /// Every attempt that failed, the last one included, in order.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.attempts
    }

    /// What this error means for another attempt.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.0.verdict
    }

    /// How long the service asks to wait, if it said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<std::time::Duration> {
        self.service_error().and_then(|e| e.retry_after)
    }

    /// True if the service may or may not have done what was asked.
    ///
    /// # Troubleshooting
    /// A write reached the service, or may have, and no trustworthy answer came back. Read the
    /// thing back before you write again, or make the write idempotent (a condition, a key of
    /// your own, a fixed timestamp): the client then settles it by itself.
    #[must_use]
    pub fn outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// True if the same call may succeed later without a change.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.0.verdict, Verdict::Again { .. }) || self.kind() == ErrorKind::Overloaded
    }

    /// True if the service certainly did nothing.
    #[must_use]
    pub fn is_unexecuted(&self) -> bool {
        !self.outcome_unknown() && self.0.verdict.effect() != Some(crate::Effect::Ambiguous)
    }

    /// True if the thing named does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.kind() == ErrorKind::NotFound
    }

    /// True if the thing exists already, a condition did not hold or it is being changed.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.kind() == ErrorKind::Conflict
    }

    /// True if the service asks for fewer requests.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.kind() == ErrorKind::Throttled
    }

    /// True if the service answered with this code, for example `OTSConditionCheckFail`.
    #[must_use]
    pub fn is_code(&self, code: &str) -> bool {
        self.service_error().is_some_and(|e| e.code == code)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.operation() {
            write!(f, "{operation}: ")?;
        }
        match (self.service_error(), &self.0.message) {
            (Some(service), None) => write!(f, "{service}")?,
            (Some(service), Some(message)) => write!(f, "{message}: {service}")?,
            (None, Some(message)) => f.write_str(message)?,
            (None, None) => f.write_str(self.kind().describe())?,
        }
        if self.attempts().len() > 1 {
            write!(f, " (after {} attempts)", self.attempts().len())?;
        }
        if self.outcome_unknown() {
            f.write_str("; whether it took effect is not known")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("operation", &self.0.operation)
            .field("message", &self.0.message)
            .field("service", &self.0.service)
            .field("verdict", &self.0.verdict)
            .field("attempts", &self.0.attempts)
            .field("outcome_unknown", &self.0.outcome_unknown)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
