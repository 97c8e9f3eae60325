//! How the emulator hurts like the cloud; by default it does not.

use std::time::Duration;

/// What an [`Emulator`](super::Emulator) does to its callers beside what is asked for by faults.
///
/// A table begins as one partition, or as those it was made with. A partition is split when it is too large or too busy;
/// splitting alone hurts nobody, and only DescribeTable tells.
///
/// ```
/// use std::time::Duration;
/// use campaign_local::tablestore::TableStoreOptions;
///
/// let small = TableStoreOptions::like_the_cloud().split_bytes(64 << 20).warm_up(Duration::from_millis(100));
/// # let _ = small;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableStoreOptions {
    /// How long a new table answers `OTSTableNotReady` to everything that touches its rows. Zero: not at all.
    pub warm_up: Duration,
    /// How long a new index rests after each 500 rows of those that were there before it.
    pub index_pause: Duration,
    /// Bytes from which a partition is split.
    pub split_bytes: u64,
    /// Writes within one second of the emulator's clock from which a partition is split.
    pub split_writes_per_second: u32,
    /// How long the two halves of a split partition answer `OTSPartitionUnavailable`. Zero: not at all.
    pub split_pause: Duration,
    /// Capacity units that a partition gives within one second of the emulator's clock, after which it answers
    /// `OTSNotEnoughCapacityUnit`; none: as many as are asked for.
    pub partition_units_per_second: Option<u32>,
    /// Whether a write of a row that another request is writing at the same moment is answered `OTSRowOperationConflict`; otherwise
    /// such writes are done one after another.
    pub row_conflicts: bool,
    /// Bytes of one row that an answer has, but one cell at least: a row of more is read in pieces, with `next_token`.
    pub row_piece_bytes: usize,
}

/// The size that the service's documents advise against exceeding in one partition key, 10 GB.
const SPLIT_BYTES: u64 = 10 << 30;
/// What GetRange reads in one call (service document "General limits"); no document has a number for one row.
const ROW_PIECE_BYTES: usize = 4 << 20;
/// Twice the writes per second up to which the service's documents see no hot spot.
const SPLIT_WRITES: u32 = 2_000;

impl Default for TableStoreOptions {
    fn default() -> Self {
        Self {
            warm_up: Duration::ZERO,
            index_pause: Duration::ZERO,
            split_bytes: SPLIT_BYTES,
            split_writes_per_second: SPLIT_WRITES,
            split_pause: Duration::ZERO,
            partition_units_per_second: None,
            row_conflicts: false,
            row_piece_bytes: ROW_PIECE_BYTES,
        }
    }
}

impl TableStoreOptions {
    /// As the service may do it: a table is ready after two seconds, the halves of a split are away for half a second, a
    /// partition gives 10,000 capacity units a second, a row takes one write at a time (service documents "Table design" and
    /// "Error codes").
    #[must_use]
    pub fn like_the_cloud() -> Self {
        Self::default()
            .warm_up(Duration::from_secs(2))
            .split_pause(Duration::from_millis(500))
            .partition_units_per_second(10_000)
            .row_conflicts(true)
    }

    /// The same with tables that are not ready for so long.
    #[must_use]
    pub const fn warm_up(mut self, time: Duration) -> Self {
        self.warm_up = time;
        self
    }

    /// The same with new indexes that rest so long after each piece.
    #[must_use]
    pub const fn index_pause(mut self, time: Duration) -> Self {
        self.index_pause = time;
        self
    }

    /// The same with partitions that are split from so many bytes.
    #[must_use]
    pub const fn split_bytes(mut self, bytes: u64) -> Self {
        self.split_bytes = bytes;
        self
    }

    /// The same with partitions that are split from so many writes in a second.
    #[must_use]
    pub const fn split_writes_per_second(mut self, writes: u32) -> Self {
        self.split_writes_per_second = writes;
        self
    }

    /// The same with halves that are not there for so long.
    #[must_use]
    pub const fn split_pause(mut self, time: Duration) -> Self {
        self.split_pause = time;
        self
    }

    /// The same with partitions that give so many capacity units in a second.
    #[must_use]
    pub const fn partition_units_per_second(mut self, units: u32) -> Self {
        self.partition_units_per_second = Some(units);
        self
    }

    /// The same with rows that take one write at a time, or not.
    #[must_use]
    pub const fn row_conflicts(mut self, conflicts: bool) -> Self {
        self.row_conflicts = conflicts;
        self
    }

    /// The same with answers that have so many bytes of one row.
    #[must_use]
    pub const fn row_piece_bytes(mut self, bytes: usize) -> Self {
        self.row_piece_bytes = bytes;
        self
    }
}
