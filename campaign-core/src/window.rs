//! The window: from when until when entries are taken.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::form::DefinitionError;

/// Longest grace.
const MAX_GRACE: Duration = Duration::from_secs(24 * 60 * 60);

/// When entries are taken: from `opens` up to, but not including, `closes` plus the grace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    opens: DateTime<Utc>,
    closes: DateTime<Utc>,
    /// The announced end and the grace.
    ends: DateTime<Utc>,
}

/// Where a moment lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Before the opening.
    Early,
    /// Entries are taken.
    Open,
    /// After the closing and its grace.
    Closed,
}

impl Window {
    /// A window between two instants, without grace.
    ///
    /// # Errors
    /// `closes` is not after `opens`.
    pub fn new(opens: DateTime<Utc>, closes: DateTime<Utc>) -> Result<Self, DefinitionError> {
        if closes <= opens {
            return Err(DefinitionError::new("window: closes is not after opens"));
        }
        Ok(Self { opens, closes, ends: closes })
    }

    /// Takes entries for that much longer than announced: for those that were sent in time and came
    /// late, and for retries.
    ///
    /// # Errors
    /// `grace` is longer than a day.
    pub fn grace(mut self, grace: Duration) -> Result<Self, DefinitionError> {
        let ends = TimeDelta::from_std(grace).ok().and_then(|grace| self.closes.checked_add_signed(grace));
        self.ends = ends
            .filter(|_| grace <= MAX_GRACE)
            .ok_or_else(|| DefinitionError::new("window: the grace is longer than a day"))?;
        Ok(self)
    }

    /// The first instant at which entries are taken.
    #[must_use]
    pub fn opens(&self) -> DateTime<Utc> {
        self.opens
    }

    /// The announced end.
    #[must_use]
    pub fn closes(&self) -> DateTime<Utc> {
        self.closes
    }

    /// For how long entries are still taken after the announced end.
    #[must_use]
    pub fn grace_period(&self) -> Duration {
        (self.ends - self.closes).to_std().unwrap_or_default()
    }

    /// Where `at` lies.
    #[must_use]
    pub fn phase(&self, at: DateTime<Utc>) -> Phase {
        if at < self.opens {
            Phase::Early
        } else if at < self.ends {
            Phase::Open
        } else {
            Phase::Closed
        }
    }

    /// From the opening to the last entry.
    pub(crate) fn length(&self) -> TimeDelta {
        self.ends - self.opens
    }
}
