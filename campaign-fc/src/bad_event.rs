//! What can be wrong with what Function Compute hands to the function.

use http::StatusCode;

/// An event or a request's context that cannot be used. No message quotes the event's content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadEvent {
    /// The body of `/invoke` is not a JSON object.
    #[error("the event is not a JSON object")]
    NotAnObject,
    /// A field that every API Gateway event has is absent.
    #[error("the event has no field {0}: it is not an API Gateway event")]
    Missing(&'static str),
    /// A field has another type than in an API Gateway event.
    #[error("the event's field {field} is not {expected}")]
    Type {
        /// Name of the field.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// `isBase64Encoded` is true and the body is not Base64.
    #[error("the event's body is not Base64 although isBase64Encoded says so")]
    Base64,
    /// The path does not start with `/`, or has `.` or `..` segments or control characters.
    #[error("the event's path {0}")]
    Path(&'static str),
    /// The method is not written in capital letters.
    #[error("the event's httpMethod is not a method in capital letters")]
    Method,
    /// A header's name or value cannot stand in an HTTP request.
    #[error("the event has a header that cannot stand in an HTTP request")]
    Header,
    /// The event carries headers of the gateway's backend signature. The gateway signs requests to
    /// HTTP backends, never events to Function Compute, so a caller made them up.
    #[error("the event carries a backend signature, which API Gateway does not put into events")]
    BackendSignature,
    /// A header of the request's context is not a number where one is expected.
    #[error("the request header {0} is not a whole number")]
    NotANumber(&'static str),
    /// The deadline is over: the caller has gone.
    #[error("the deadline in x-fc-function-deadline is over")]
    DeadlineOver,
    /// The handler asked for a deadline and the request tells none.
    #[error("the request has neither x-fc-function-deadline nor x-fc-function-timeout")]
    NoDeadline,
    /// The handler asked for the role's keys and the request has none, or not all three parts.
    #[error(
        "the request has no complete set of x-fc-access-key-id, x-fc-access-key-secret and \
         x-fc-security-token: give the function a role"
    )]
    NoCredentials,
}

impl BadEvent {
    /// The status to answer with: 400 for the event (the caller's doing), 500 for the context
    /// (the platform's).
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotANumber(_) | Self::DeadlineOver | Self::NoDeadline | Self::NoCredentials => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            _ => StatusCode::BAD_REQUEST,
        }
    }
}
