//! What can be wrong with a document.

use campaign_client::Error;
use thiserror::Error;

/// Why a document of the service (or, on a server, of a client) cannot be read. It is the source of the call's error.
///
/// It never shows content.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum XmlFault {
    /// The document is longer than the service ever sends.
    #[error("the document is longer than 16 MiB")]
    TooLong,
    /// Elements stand inside each other more than 32 deep.
    #[error("elements are nested more than 32 deep")]
    TooDeep,
    /// The bytes are not UTF-8, or the document says that they are something else.
    #[error("the document is not UTF-8")]
    NotUtf8,
    /// The text is not well-formed XML.
    #[error("the text is not well-formed XML")]
    Malformed,
    /// It holds what OSS never sends and nobody should resolve: a document type, a processing instruction, an entity.
    #[error("the document holds {0}, which is never resolved")]
    Forbidden(&'static str),
    /// The outermost element is another one.
    #[error("the document is no {0}")]
    NotA(&'static str),
    /// A required element is missing.
    #[error("the element {0} is missing")]
    Missing(&'static str),
    /// The text of an element is not of its kind, or stands where none can.
    #[error("the element {0} has a value it cannot have")]
    Value(&'static str),
    /// There are more of an element than were asked for.
    #[error("there are more {0} than were asked for")]
    TooMany(&'static str),
    /// The document contradicts itself or the request.
    #[error("the document contradicts itself or its request: {0}")]
    Contradiction(&'static str),
}

/// The value of a required element.
pub(crate) fn required<T>(value: Option<T>, name: &'static str) -> Result<T, XmlFault> {
    value.ok_or(XmlFault::Missing(name))
}

/// The error of an answer whose body has `fault`.
pub(crate) fn unreadable(fault: XmlFault) -> Error {
    Error::unreadable(format!("the answer is not one to this call: {fault}")).with_source(fault)
}
