//! What a writer did.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use campaign_client::Result;

use crate::Written;

/// What a [`BulkWriter`](crate::BulkWriter) has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkStats {
    /// Rows that were accepted.
    pub accepted: u64,
    /// Rows that succeeded.
    pub succeeded: u64,
    /// Rows that failed.
    pub failed: u64,
    /// Of those that failed, rows that were perhaps written.
    pub outcome_unknown: u64,
    /// Calls that were filled; repeated ones count once.
    pub calls: u64,
}

impl BulkStats {
    /// Rows that have no result yet.
    #[must_use]
    pub const fn waiting(&self) -> u64 {
        self.accepted.saturating_sub(self.succeeded + self.failed)
    }
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    accepted: AtomicU64,
    succeeded: AtomicU64,
    failed: AtomicU64,
    outcome_unknown: AtomicU64,
    calls: AtomicU64,
}

impl Counts {
    pub(super) fn accepted(&self) {
        self.accepted.fetch_add(1, Relaxed);
    }

    pub(super) fn called(&self) {
        self.calls.fetch_add(1, Relaxed);
    }

    pub(super) fn ended(&self, result: &Result<Written>) {
        match result {
            Ok(_) => {
                self.succeeded.fetch_add(1, Relaxed);
            }
            Err(error) => {
                self.outcome_unknown.fetch_add(u64::from(error.outcome_unknown()), Relaxed);
                self.failed.fetch_add(1, Relaxed);
            }
        }
    }

    pub(super) fn shown(&self) -> BulkStats {
        BulkStats {
            // Ends before begins, so that no row seems to have ended that was not accepted.
            succeeded: self.succeeded.load(Relaxed),
            failed: self.failed.load(Relaxed),
            outcome_unknown: self.outcome_unknown.load(Relaxed),
            calls: self.calls.load(Relaxed),
            accepted: self.accepted.load(Relaxed),
        }
    }
}
