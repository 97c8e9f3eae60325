//! What can go wrong: when a store is opened, and when it is used.

use std::io;
use std::sync::Arc;

/// Why a store could not be opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file is open elsewhere.
    #[error("the store is open in another process; stop that one first")]
    Locked,
    /// The file's checksums do not hold, or it is not a store of this program.
    ///
    /// # Troubleshooting
    /// A store that was cut off (power, SIGKILL) repairs itself; this is damage from outside, or
    /// another program's file. Restore the data folder from a copy, or start with a fresh one.
    #[error("the store is damaged ({0}); restore the data folder from a copy, or use a fresh one")]
    Damaged(String),
    /// The file was written by a version of redb that this one cannot read.
    #[error("the store has file format {0}, which this version cannot read; use the version that wrote it")]
    Format(u8),
    /// The operating system refused.
    #[error("the store cannot be opened")]
    Io(#[source] io::Error),
}

impl From<redb::Error> for OpenError {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::DatabaseAlreadyOpen => Self::Locked,
            redb::Error::UpgradeRequired(version) => Self::Format(version),
            // redb says so of a file that is too short, or that does not begin with its magic.
            redb::Error::Io(source)
                if matches!(source.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) =>
            {
                Self::Damaged(source.to_string())
            }
            redb::Error::Io(source) => Self::Io(source),
            other => Self::Damaged(other.to_string()),
        }
    }
}

/// Why a write or a read had no effect that may be relied on. Services answer both with 503.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A sync or a read of the file failed, or the store was closed: nothing is acknowledged any
    /// more until it is opened again. The write may or may not be there then.
    #[error("the store has stopped ({0}); restart it on the same data folder")]
    Stopped(Arc<str>),
    /// The closure panicked; its write was left out, the others of the commit were kept.
    #[error("a request's work on the store panicked; nothing of it was stored")]
    Panicked,
}

impl StoreError {
    pub(super) fn stopped(why: impl std::fmt::Display) -> Self {
        Self::Stopped(why.to_string().into())
    }
}
