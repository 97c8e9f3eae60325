//! How a store fails.

use std::{error::Error, fmt, time::Duration};

type Source = Box<dyn Error + Send + Sync>;

/// A store call that did not answer with a result.
///
/// Match on the variant to decide what to do; log the source. A source given by an implementation
/// must hold no personal data and no secret: the intake hands it on to logs.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// Refused, not executed, because of load.
    Throttled {
        /// How long the store asks to wait, if it says so.
        retry_after: Option<Duration>,
        /// What the store's client reported.
        source: Option<Source>,
    },
    /// Executed or not: nobody knows. For a read it means just "not answered".
    Ambiguous {
        /// What the store's client reported.
        source: Option<Source>,
    },
    /// Not executed; another try may succeed.
    Unavailable {
        /// What the store's client reported.
        source: Option<Source>,
    },
    /// Not executed, and will not be until somebody mends it: no such table, refused credentials,
    /// a row that is not an entry.
    Permanent {
        /// What the store's client reported.
        source: Option<Source>,
    },
}

impl StoreError {
    /// Refused because of load; wait `retry_after` if given.
    #[must_use]
    pub fn throttled(retry_after: Option<Duration>) -> Self {
        Self::Throttled { retry_after, source: None }
    }

    /// The outcome is unknown.
    #[must_use]
    pub fn ambiguous() -> Self {
        Self::Ambiguous { source: None }
    }

    /// Not executed; another try may succeed.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::Unavailable { source: None }
    }

    /// Not executed; another try will not succeed.
    #[must_use]
    pub fn permanent() -> Self {
        Self::Permanent { source: None }
    }

    /// Adds the error of the store's client. It must hold no personal data and no secret.
    #[must_use]
    pub fn with_source(mut self, error: impl Into<Source>) -> Self {
        match &mut self {
            Self::Throttled { source, .. }
            | Self::Ambiguous { source }
            | Self::Unavailable { source }
            | Self::Permanent { source } => {
                *source = Some(error.into());
            }
        }
        self
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throttled { .. } => "the entry store refused the call because of load",
            Self::Ambiguous { .. } => "the entry store did not answer; the call may have been executed",
            Self::Unavailable { .. } => "the entry store is not available; the call was not executed",
            Self::Permanent { .. } => "the entry store refused the call for good",
        })
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Throttled { source, .. }
            | Self::Ambiguous { source }
            | Self::Unavailable { source }
            | Self::Permanent { source } => source.as_deref().map(|source| source as _),
        }
    }
}
