//! What can be wrong with a message.

use thiserror::Error;

use crate::{FilterError, plain_buffer::DecodeError};

/// Why a message of the service (or, on a server, of a client) cannot be read. It is the source of the call's error.
///
/// It never shows content.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WireFault {
    /// The message is longer than the service ever sends.
    #[error("the message is longer than 8 MiB")]
    TooLong,
    /// The bytes are not a protobuf message of this type.
    #[error("the bytes are not the message")]
    Malformed(#[source] prost::DecodeError),
    /// A required field is missing.
    #[error("the required field {0} is missing")]
    Missing(&'static str),
    /// A field has a value that is not in its range or enumeration.
    #[error("the field {field} has the value {value}, which it cannot have")]
    OutOfRange {
        /// The field.
        field: &'static str,
        /// Its value.
        value: i64,
    },
    /// A field is of another kind than it should be, such as a number for a text.
    #[error("the field {0} is of another kind")]
    WrongKind(&'static str),
    /// A text is not UTF-8.
    #[error("the field {0} is not UTF-8")]
    NotUtf8(&'static str),
    /// Messages are nested too deep.
    #[error("the message is nested deeper than 32")]
    TooDeep,
    /// The fields contradict each other or the request.
    #[error("the message contradicts itself or its request: {0}")]
    Contradiction(&'static str),
    /// A row or key in the message is not a PlainBuffer that can stand there.
    #[error("a row in the message cannot be read")]
    Row(#[from] DecodeError),
    /// A filter or condition in the message cannot be read.
    #[error("a filter in the message cannot be read")]
    Filter(#[from] FilterError),
}

/// The value of a required field.
pub(crate) fn required<T>(field: Option<T>, name: &'static str) -> Result<T, WireFault> {
    field.ok_or(WireFault::Missing(name))
}

/// A number that cannot be negative.
pub(crate) fn positive(value: i32, field: &'static str) -> Result<u32, WireFault> {
    u32::try_from(value).map_err(|_| WireFault::OutOfRange { field, value: value.into() })
}
