//! Why a data folder was refused.

use std::io;
use std::path::PathBuf;

use crate::store::OpenError;

/// Why a data folder was refused. Every message names the folder and says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// It holds files of something else.
    #[error("{} is not a data folder of campaign-local (it holds {found:?}); name an empty or a new folder", folder.display())]
    NotOurs {
        /// The folder.
        folder: PathBuf,
        /// One of the foreign names.
        found: String,
    },
    /// Another process uses it.
    #[error("{} is in use by another process{}; stop that one, or name another folder", folder.display(), process(pid))]
    Locked {
        /// The folder.
        folder: PathBuf,
        /// The other's process id, if it could be read.
        pid: Option<u32>,
    },
    /// It was written by a later version of this program.
    #[error("{} has format {found}, and this version knows up to {known}; use the version that wrote it", folder.display())]
    Newer {
        /// The folder.
        folder: PathBuf,
        /// Its format.
        found: u64,
        /// The latest format this version knows.
        known: u64,
    },
    /// Its settings file cannot be trusted.
    #[error("{} is damaged ({reason}); restore it from a copy, or name a new folder", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong with it; nothing of its content.
        reason: String,
    },
    /// One of its two files is missing, and the other shows that it was there.
    #[error("{} is missing, and the folder has been in use; restore it from a copy, or name a new folder", file.display())]
    Missing {
        /// The missing file.
        file: PathBuf,
    },
    /// Its store cannot be opened.
    #[error("the store {}: {source}", file.display())]
    Store {
        /// The store's file.
        file: PathBuf,
        /// Why.
        source: OpenError,
    },
    /// The operating system refused.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

fn process(pid: &Option<u32>) -> String {
    pid.map(|pid| format!(" ({pid})")).unwrap_or_default()
}
