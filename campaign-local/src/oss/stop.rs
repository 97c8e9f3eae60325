//! Why a request has no answer of its operation, and the refusals that several operations share.

use campaign_oss::Code;
use campaign_oss::server::Refusal;

use super::content::NotReceived;
use crate::store::StoreError;

/// Why a request has no answer of its operation.
pub(super) type Stop = crate::stop::Stop<Refusal>;

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Refused(unavailable(&error))
    }
}

impl From<NotReceived> for Stop {
    fn from(why: NotReceived) -> Self {
        Self::Refused(match why {
            NotReceived::TooLong => too_large(),
            NotReceived::CutOff => Refusal::new(
                Code::RequestTimeout,
                "Your socket connection to the server was not read from or written to within the timeout period.",
            ),
            NotReceived::Store(error) => unavailable(&error),
        })
    }
}

/// The store's failure as the service says it.
pub(super) fn unavailable(error: &StoreError) -> Refusal {
    tracing::error!(%error, "a request could not be served");
    Refusal::new(Code::ServiceUnavailable, error.to_string())
}

/// A failure of this program.
pub(super) fn internal(error: &campaign_client::Error) -> Refusal {
    tracing::error!(%error, "a message could not be written");
    Refusal::new(Code::InternalError, "We encountered an internal error. Please try again.")
}

pub(super) fn no_bucket(name: &str) -> Refusal {
    Refusal::new(Code::NoSuchBucket, "The specified bucket does not exist.").with("BucketName", name)
}

pub(super) fn no_key(key: &str) -> Refusal {
    Refusal::new(Code::NoSuchKey, "The specified key does not exist.").with("Key", key)
}

pub(super) fn too_large() -> Refusal {
    Refusal::new(Code::EntityTooLarge, "Your proposed upload exceeds the maximum allowed object size.")
}

pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(Code::InvalidArgument, message)
}

/// What the service has and this emulator has not.
pub(super) fn not_emulated(what: &str) -> Refusal {
    let message = format!("A header or parameter you provided implies functionality that is not implemented: {what}.");
    Refusal::new(Code::NotImplemented, message)
}
