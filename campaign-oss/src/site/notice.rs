//! What a person should hear of before a site is published.

use std::fmt;

use serde::Serialize;

/// Something that is published, and may not be meant so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "warning", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Warning {
    /// The site has no index document, so that its first address shows an error.
    NoIndex {
        /// The name that is missing.
        key: String,
    },
    /// A file holds what looks like an AccessKey or a private key.
    SecretLooking {
        /// Under the prefix.
        key: String,
    },
    /// A file has a second name, which may be outside the folder.
    HardLink {
        /// Under the prefix.
        key: String,
    },
    /// A text is not UTF-8, so that its charset is not told.
    NotUtf8 {
        /// Under the prefix.
        key: String,
    },
    /// An object that browsers keep for ever has another content: some will show the old one for as long.
    ImmutableChanged {
        /// Under the prefix.
        key: String,
    },
    /// An object was published from here, then changed by somebody else, and is gone from the folder: it is left alone.
    LeftAlone {
        /// Under the prefix.
        key: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoIndex { key } => write!(f, "there is no {key}: the site's first address shows an error"),
            Self::SecretLooking { key } => write!(f, "{key} holds what looks like an AccessKey or a private key"),
            Self::HardLink { key } => write!(f, "{key} has a second name, which may be outside the folder"),
            Self::NotUtf8 { key } => write!(f, "{key} is not UTF-8: it is served without a charset"),
            Self::ImmutableChanged { key } => {
                write!(f, "{key} changes although browsers were told that it never does: give it another name")
            }
            Self::LeftAlone { key } => {
                write!(f, "{key} is gone from the folder, but somebody else changed it in the bucket: it stays")
            }
        }
    }
}

/// Something that is not published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "skipped", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Skipped {
    /// Its name begins with a dot, and it is not `.well-known`.
    Hidden {
        /// Under the folder.
        path: String,
    },
    /// A pattern excludes it.
    Excluded {
        /// Under the folder.
        path: String,
    },
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hidden { path } => write!(f, "{path:?} is hidden"),
            Self::Excluded { path } => write!(f, "{path:?} is excluded"),
        }
    }
}
