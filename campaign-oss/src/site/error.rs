//! Why a site cannot be published.

use std::{io, path::PathBuf};

use crate::site::folder::MAX_SIZE;

/// Why a site cannot be published, or not further.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// The folder given is not one.
    #[error("{path:?} is not a folder")]
    NotADirectory {
        /// What was given.
        path: PathBuf,
    },
    /// The folder given is the root of the disk, the home folder or one that holds it.
    #[error("{path:?} is no folder to publish: it holds everything of its owner. Give the folder of the site")]
    RefusedRoot {
        /// What was given.
        path: PathBuf,
    },
    /// There is no file to publish.
    #[error("{path:?} holds nothing to publish")]
    NothingToPublish {
        /// The folder.
        path: PathBuf,
    },
    /// A symbolic link. It may lead out of the folder, so none is followed.
    #[error("{path:?} is a symbolic link. Put the file itself there, or exclude it")]
    SymlinkRefused {
        /// Under the folder.
        path: PathBuf,
    },
    /// A pipe, a socket or a device.
    #[error("{path:?} is neither a file nor a folder. Exclude it")]
    NotARegularFile {
        /// Under the folder.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("{path:?} cannot be read")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file was written to between being looked at and being sent. Nothing of it was stored. Publish again.
    #[error("{path:?} changed while it was being published. Publish again when nothing writes to it")]
    FileChanged {
        /// The file.
        path: PathBuf,
    },
    /// A file is larger than one request puts.
    #[error("{path:?} has {size} bytes, and an object of one request at most {MAX_SIZE}")]
    TooLarge {
        /// Under the folder.
        path: PathBuf,
        /// In bytes.
        size: u64,
    },
    /// More files than a site may have.
    #[error("the folder holds more than {limit} files")]
    TooManyFiles {
        /// Most files.
        limit: usize,
    },
    /// A name or prefix that cannot be an object's address.
    #[error("the name {name:?} {why}")]
    BadKey {
        /// At most its first 200 characters.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A pattern that is no glob, or a rule whose header cannot be sent.
    #[error("the pattern {pattern:?} cannot be used: {why}")]
    BadPattern {
        /// What was given.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
    /// A base address that cannot stand before a key.
    #[error("{address:?} is not the address of a site, such as https://www.example.com/")]
    BadAddress {
        /// What was given.
        address: String,
    },
    /// More objects would be deleted than allowed. Nothing was sent.
    #[error(
        "{stale} objects would be deleted, and at most {limit} may be. Is it the right folder? Then raise the limit"
    )]
    RefusedMassDelete {
        /// How many.
        stale: usize,
        /// How many may be.
        limit: usize,
    },
    /// The manifest in the bucket was not made by this version, or is damaged. Nothing was sent.
    #[error("the manifest {key:?} cannot be used: {why}. Rebuild to publish as if there were none")]
    Manifest {
        /// Its whole key.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// The bucket's listing cannot be what stands under the prefix.
    #[error("the listing of the bucket cannot be used: {why}")]
    Listing {
        /// What is wrong with it.
        why: &'static str,
    },
    /// Some files were not put. Those after them in the order were not tried: no page refers to anything that is missing.
    /// The manifest says which are there; publish again to complete.
    #[error("{} of the files could not be put; first {}", failed.len(), first(failed))]
    Incomplete {
        /// Every file that was tried and not put, with its key.
        failed: Vec<(String, Self)>,
    },
    /// The service did not delete some objects and did not say why.
    #[error("{} objects were not deleted, among them {:?}", keys.len(), keys.first().map_or("", String::as_str))]
    NotDeleted {
        /// Their keys.
        keys: Vec<String>,
    },
    /// A call failed.
    #[error(transparent)]
    Call(#[from] campaign_client::Error),
}

fn first(failed: &[(String, SiteError)]) -> String {
    failed.first().map_or_else(String::new, |(key, error)| format!("{key:?}: {error}"))
}
