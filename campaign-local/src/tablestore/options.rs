//! How the emulator hurts like the cloud; by default it does not.

use std::time::Duration;

/// What an [`Emulator`](super::Emulator) does to its callers beside what is asked for by faults.
///
/// ```
/// use std::time::Duration;
/// use campaign_local::tablestore::TableStoreOptions;
///
/// let slow_to_start = TableStoreOptions { warm_up: Duration::from_secs(2), ..Default::default() };
/// # let _ = slow_to_start;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableStoreOptions {
    /// How long a new table answers `OTSTableNotReady` to everything that touches its rows. Zero: not at all.
    pub warm_up: Duration,
    /// How long a new index rests after each 500 rows of those that were there before it.
    pub index_pause: Duration,
}

impl Default for TableStoreOptions {
    fn default() -> Self {
        Self { warm_up: Duration::ZERO, index_pause: Duration::ZERO }
    }
}
