//! Why a buffer is refused.

use thiserror::Error;

/// A buffer is not what it must be at its place in the protocol.
///
/// The message has the place and the fault, never a name or value of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("PlainBuffer refused at byte {offset}: {fault}")]
pub struct DecodeError {
    fault: DecodeFault,
    offset: usize,
}

impl DecodeError {
    pub(crate) const fn new(fault: DecodeFault, offset: usize) -> Self {
        Self { fault, offset }
    }

    /// What is wrong.
    #[must_use]
    pub const fn fault(&self) -> DecodeFault {
        self.fault
    }

    /// Where, in bytes from the start of the buffer. For faults of a whole row, where the row ends.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

/// What is wrong with a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeFault {
    /// The buffer is longer than [`MAX_BUFFER_BYTES`](super::MAX_BUFFER_BYTES).
    #[error("the buffer is longer than 16 MiB")]
    TooLarge,
    /// The buffer ends where more must follow; also a length that points past its end.
    #[error("the buffer ends too early")]
    UnexpectedEnd,
    /// The buffer does not start with 0x75.
    #[error("the header is not 0x75")]
    BadHeader,
    /// Another tag was due.
    #[error("unexpected tag {0:#04x}")]
    UnexpectedTag(u8),
    /// The length of a value disagrees with its type and content, or that of an extension with its parts.
    #[error("a length disagrees with the content")]
    BadLength,
    /// The checksum of a cell is wrong.
    #[error("the checksum of a cell is wrong")]
    CellChecksum,
    /// The checksum of a row is wrong.
    #[error("the checksum of a row is wrong")]
    RowChecksum,
    /// The type of a value is not known, or cannot stand here.
    #[error("a value of type {0:#04x} cannot stand here")]
    BadValueType(u8),
    /// A boolean is neither 0 nor 1.
    #[error("a boolean is neither 0 nor 1")]
    BadBoolean,
    /// A name or a string is not UTF-8.
    #[error("text is not UTF-8")]
    NotUtf8,
    /// A column has no name.
    #[error("a column has no name")]
    EmptyName,
    /// The operation of a cell is not known, or cannot stand here.
    #[error("a cell with operation {0:#04x} cannot stand here")]
    BadOperation(u8),
    /// A cell has neither a value nor an operation that needs none, or a value beside an operation that takes none.
    #[error("value and operation of a cell do not fit")]
    ValueMismatch,
    /// A timestamp is negative.
    #[error("a timestamp is negative")]
    NegativeTimestamp,
    /// One version is to be deleted, and its timestamp is missing.
    #[error("the timestamp of the version to delete is missing")]
    MissingTimestamp,
    /// A timestamp stands where none can be.
    #[error("a timestamp is out of place")]
    UnexpectedTimestamp,
    /// A row has no primary key.
    #[error("a row has no primary key")]
    NoPrimaryKey,
    /// A primary key has more than four columns.
    #[error("a primary key has more than four columns")]
    TooManyKeyColumns,
    /// A primary key has two columns of one name.
    #[error("a primary key has two columns of one name")]
    RepeatedKeyColumn,
    /// A row has two columns of one name and one timestamp.
    #[error("a row has the same version of a column twice")]
    RepeatedColumn,
    /// A row has attribute columns where only a primary key can stand.
    #[error("attribute columns cannot stand here")]
    UnexpectedColumns,
    /// A row has a delete marker where none can stand, or none where one must.
    #[error("the delete marker is missing or out of place")]
    BadDeleteMarker,
    /// There is not exactly one row where one must be.
    #[error("exactly one row must stand here")]
    NotOneRow,
}
