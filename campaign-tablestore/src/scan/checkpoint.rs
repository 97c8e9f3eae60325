//! How far a scan has come, as a value that can be kept.

use serde::{Deserialize, Serialize};

use super::cursor::RangeCursor;
use crate::GetRange;

/// What a scan of a table has still to read: the parts that are left, each from where it stands.
///
/// With serde it can be kept, as JSON for example, and be gone on with by [`TableScan::resume`](crate::TableScan::resume).
/// It holds keys of rows, as text; `Debug` does not show them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanCheckpoint {
    pub(super) parts: Vec<Part>,
}

/// A part that is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) from: RangeCursor,
    /// Where it ends, exclusive.
    pub(super) to: RangeCursor,
}

impl ScanCheckpoint {
    pub(super) fn of(rest: impl Iterator<Item = GetRange>) -> Self {
        let part = |range: GetRange| {
            let cursor = |key| RangeCursor { table_name: range.table_name.clone(), direction: range.direction, key };
            Part { from: cursor(range.inclusive_start_primary_key), to: cursor(range.exclusive_end_primary_key) }
        };
        Self { parts: rest.map(part).collect() }
    }

    /// How many parts are left; 0 when all has been read.
    #[must_use]
    pub const fn parts_left(&self) -> usize {
        self.parts.len()
    }
}
