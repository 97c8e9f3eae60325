//! Why a refresh did not come to its end.

use std::time::Duration;

use campaign_client::Error;

use crate::{Code, RefreshTask};

/// Why a [`Refresh`](crate::Refresh) did not come to its end.
///
/// None of them makes a site unreachable: the old files are served until they expire by themselves.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// It is more than is left of today; nothing was submitted.
    ///
    /// # Troubleshooting
    /// Refresh a directory instead of many files, wait for tomorrow, or ask the service for a larger quota.
    #[error(
        "nothing is refreshed: it takes {files} addresses and {directories} directories, and today {files_left} and \
         {directories_left} are left"
    )]
    Quota {
        /// Files that were to be refreshed.
        files: usize,
        /// Files that may be.
        files_left: usize,
        /// Directories that were to be refreshed.
        directories: usize,
        /// Directories that may be.
        directories_left: usize,
    },
    /// A call failed.
    #[error("after {submitted} addresses were submitted: {error}")]
    Call {
        /// Why.
        #[source]
        error: Error,
        /// How many addresses the service has taken before; these are refreshed.
        submitted: usize,
    },
    /// The service could not refresh these.
    #[error("{} addresses could not be refreshed", .0.len())]
    Failed(Vec<RefreshTask>),
    /// The tasks are still running.
    ///
    /// # Troubleshooting
    /// They go on by themselves; [`DescribeRefreshTasks`](crate::DescribeRefreshTasks) shows them for three days.
    #[error("{} tasks were not complete within {within:?}", task_ids.len())]
    Unfinished {
        /// The tasks.
        task_ids: Vec<String>,
        /// How long they were waited for.
        within: Duration,
    },
}

impl RefreshError {
    pub(super) const fn call(error: Error, submitted: usize) -> Self {
        Self::Call { error, submitted }
    }

    /// True if the day's quota is the reason, whether told before or by a call.
    #[must_use]
    pub fn is_quota(&self) -> bool {
        match self {
            Self::Quota { .. } => true,
            Self::Call { error, .. } => Code::of(error) == Some(Code::QuotaExceededRefresh),
            Self::Failed(_) | Self::Unfinished { .. } => false,
        }
    }
}
