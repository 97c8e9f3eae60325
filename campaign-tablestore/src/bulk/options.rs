//! How a writer fills its calls.

use std::time::Duration;

use campaign_client::{Error, Result};

use crate::{batch::MAX_BYTES, op::batch_write_row::MAX_ROWS};

/// How a [`BulkWriter`](crate::BulkWriter) fills its calls.
///
/// ```
/// use std::time::Duration;
/// use campaign_tablestore::BulkOptions;
///
/// let options = BulkOptions::default().linger(Duration::from_millis(20)).in_flight(16).ordered();
/// # let _ = options;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkOptions {
    /// How many buckets rows wait in, by their partition key. Default 4.
    pub buckets: usize,
    /// Rows that fill a call; no more than the service takes in one. Default 200.
    pub rows: usize,
    /// Encoded bytes that fill a call. Default, and most, 4 MiB.
    pub bytes: usize,
    /// How long a row waits for others at most. Default 100 ms.
    pub linger: Duration,
    /// Calls under way at once. Default 8.
    pub in_flight: usize,
    /// Bytes of rows that have no result yet; more wait to be accepted. Default 64 MiB. Of small rows no more are accepted than
    /// fill all buckets and all calls at once, twice over: memory does not grow because a service is slow.
    pub buffer: u32,
    /// Whether writes of one row keep their order: then each bucket makes one call at a time. Default no.
    pub ordered: bool,
}

impl Default for BulkOptions {
    fn default() -> Self {
        Self {
            buckets: 4,
            rows: 200,
            bytes: MAX_BYTES,
            linger: Duration::from_millis(100),
            in_flight: 8,
            buffer: 64 << 20,
            ordered: false,
        }
    }
}

impl BulkOptions {
    /// The same with so many buckets.
    #[must_use]
    pub const fn buckets(mut self, buckets: usize) -> Self {
        self.buckets = buckets;
        self
    }

    /// The same with calls of so many rows.
    #[must_use]
    pub const fn rows(mut self, rows: usize) -> Self {
        self.rows = rows;
        self
    }

    /// The same with calls of so many encoded bytes.
    #[must_use]
    pub const fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// The same with rows that wait so long at most.
    #[must_use]
    pub const fn linger(mut self, time: Duration) -> Self {
        self.linger = time;
        self
    }

    /// The same with so many calls at once.
    #[must_use]
    pub const fn in_flight(mut self, calls: usize) -> Self {
        self.in_flight = calls;
        self
    }

    /// The same with room for so many bytes of rows.
    #[must_use]
    pub const fn buffer(mut self, bytes: u32) -> Self {
        self.buffer = bytes;
        self
    }

    /// The same keeping the order of writes of one row.
    #[must_use]
    pub const fn ordered(mut self) -> Self {
        self.ordered = true;
        self
    }

    /// The room that a row takes at least, so that not too many small ones wait.
    pub(super) fn least_room(&self) -> u32 {
        let calls = self.buckets.saturating_add(self.in_flight);
        let rows = calls.saturating_mul(self.rows.min(MAX_ROWS)).saturating_mul(2);
        self.buffer / u32::try_from(rows).unwrap_or(u32::MAX).max(1)
    }

    /// Refuses numbers that cannot work.
    pub(super) fn check(&self) -> Result<()> {
        const MOST: usize = 1024;
        let one = [self.buckets, self.rows, self.bytes, self.in_flight];
        if one.contains(&0) || self.buffer == 0 {
            return Err(Error::invalid("bulk options: each number must be at least 1"));
        }
        if self.buckets > MOST || self.in_flight > MOST || self.bytes > MAX_BYTES {
            return Err(Error::invalid("bulk options: at most 1024 buckets, 1024 calls at once, 4 MiB a call"));
        }
        Ok(())
    }
}
