//! A table read in several parts at once.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use campaign_client::{Error, Result};
use futures_core::Stream;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::{checkpoint::ScanCheckpoint, decode::Decode, rows::Rows};
use crate::{
    Client, ComputeSplitPointsBySize, Direction, GetRange, PrimaryKey, Row,
    op::compute_split_points_by_size::MIN_UNIT_BYTES, schema::CapacityUnit,
};

/// Parts that are read at once unless it is said otherwise.
const AT_ONCE: usize = 8;

/// A range, most often a whole table, to be read in several parts at once.
///
/// The rows of a part come in the order of their keys, those of different parts mixed. What a scan has still to read is a
/// [`ScanCheckpoint`]; a scan that goes on there hands out no row again that was handed out before the checkpoint was taken.
///
/// ```
/// use campaign_tablestore::{Client, GetRange, ScanCheckpoint, TableScan};
/// use futures_util::TryStreamExt;
///
/// # async fn example(client: &Client, kept: Option<ScanCheckpoint>) -> campaign_client::Result<()> {
/// let all = GetRange::all("entries", ["id"]);
/// let scan = match &kept {
///     None => TableScan::plan(client, &all, 100 << 20).await?, // parts of about 100 MiB
///     Some(checkpoint) => TableScan::resume(&all, checkpoint)?,
/// };
/// let mut rows = scan.at_once(4).rows(client);
/// while let Some(row) = rows.try_next().await? {
///     println!("{:?}", row.key("id"));
///     let keep: ScanCheckpoint = rows.checkpoint();
///     # let _ = keep;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TableScan {
    parts: VecDeque<GetRange>,
    at_once: usize,
}

impl TableScan {
    /// Reads these parts, in about this order.
    pub fn new(parts: impl IntoIterator<Item = GetRange>) -> Self {
        Self { parts: parts.into_iter().collect(), at_once: AT_ONCE }
    }

    /// Divides `range` into parts of about so many bytes, as the service sees its table
    /// ([`ComputeSplitPointsBySize`]), at least 1 MiB each.
    ///
    /// # Errors
    /// What the call fails with.
    pub async fn plan(client: &Client, range: &GetRange, part_bytes: u64) -> Result<Self> {
        let size = part_bytes.div_ceil(MIN_UNIT_BYTES).max(1);
        let call = ComputeSplitPointsBySize::new(&range.table_name, size).unit_bytes(MIN_UNIT_BYTES);
        let splits = client.send(&call).await?;
        Ok(Self::new(splits.ranges().filter_map(|(low, high)| part(range, low, high))))
    }

    /// Goes on with what is left of a scan of `range`, which says what is read of the rows.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if the checkpoint is of another table, another direction
    /// or places outside the range.
    pub fn resume(range: &GetRange, checkpoint: &ScanCheckpoint) -> Result<Self> {
        let part = |part: &super::checkpoint::Part| {
            let mut left = range.clone().resume(&part.from)?;
            // The end is checked as a place of its own, unless it is the range's.
            if part.to.key != range.exclusive_end_primary_key {
                range.clone().resume(&part.to)?;
            }
            left.exclusive_end_primary_key = part.to.key.clone();
            if !left.is_before(&left.inclusive_start_primary_key, &left.exclusive_end_primary_key) {
                return Err(Error::invalid("the checkpoint has a part that ends before it begins"));
            }
            Ok(left)
        };
        Ok(Self::new(checkpoint.parts.iter().map(part).collect::<Result<Vec<_>>>()?))
    }

    /// The same reading so many parts at once, 8 by default, at least 1. Each has two pages of up to 4 MB in memory.
    #[must_use]
    pub fn at_once(mut self, parts: usize) -> Self {
        self.at_once = parts.max(1);
        self
    }

    /// The parts, for a program that reads them its own way: on several machines, or in order.
    pub fn parts(&self) -> impl Iterator<Item = &GetRange> {
        self.parts.iter()
    }

    /// The rows.
    pub fn rows(self, client: &Client) -> ScanRows<Row> {
        ScanRows::new(client, self, Decode::untyped())
    }

    /// The rows as values of a type; see [`GetRange::rows_as`].
    pub fn rows_as<T: DeserializeOwned>(self, client: &Client) -> ScanRows<T> {
        ScanRows::new(client, self, Decode::typed())
    }
}

/// What of `range` lies from `low` up to `high`, if there is such a part.
pub(super) fn part(range: &GetRange, low: PrimaryKey, high: PrimaryKey) -> Option<GetRange> {
    // The bound that is left out is the upper one forward and the lower one backward: either way parts meet and do not
    // overlap.
    let (start, end) = match range.direction {
        Direction::Forward => (low, high),
        Direction::Backward => (high, low),
    };
    let start = later(range, &range.inclusive_start_primary_key, start);
    let end = if range.is_before(&range.exclusive_end_primary_key, &end) {
        range.exclusive_end_primary_key.clone()
    } else {
        end
    };
    let part = GetRange { inclusive_start_primary_key: start, exclusive_end_primary_key: end, ..range.clone() };
    part.is_before(&part.inclusive_start_primary_key, &part.exclusive_end_primary_key).then_some(part)
}

/// The bound that is read later.
fn later(range: &GetRange, a: &PrimaryKey, b: PrimaryKey) -> PrimaryKey {
    if range.is_before(&b, a) { a.clone() } else { b }
}

/// The rows of a scan, made by [`TableScan::rows`] and [`TableScan::rows_as`]. The stream ends after its first error;
/// [`checkpoint`](Self::checkpoint) then still says what is left.
pub struct ScanRows<T> {
    client: Client,
    decode: Decode<T>,
    waiting: VecDeque<GetRange>,
    active: Vec<Rows<T>>,
    at_once: usize,
    /// The part that is asked first.
    first: usize,
    ended: bool,
    consumed: CapacityUnit,
}

// Nothing is pinned inside.
impl<T> Unpin for ScanRows<T> {}

impl<T> ScanRows<T> {
    fn new(client: &Client, scan: TableScan, decode: Decode<T>) -> Self {
        Self {
            client: client.clone(),
            decode,
            waiting: scan.parts,
            active: Vec::new(),
            at_once: scan.at_once,
            first: 0,
            ended: false,
            consumed: CapacityUnit::default(),
        }
    }

    /// What is left to read: all rows that have not been handed out.
    #[must_use]
    pub fn checkpoint(&self) -> ScanCheckpoint {
        let active = self.active.iter().filter_map(Rows::rest);
        ScanCheckpoint::of(active.chain(self.waiting.iter().cloned()))
    }

    /// The capacity units of all pages read so far.
    #[must_use]
    pub fn consumed(&self) -> CapacityUnit {
        self.active.iter().fold(self.consumed, |sum, rows| add(sum, rows.consumed()))
    }

    fn begin_parts(&mut self) {
        while self.active.len() < self.at_once {
            let Some(range) = self.waiting.pop_front() else { return };
            let mut rows = Rows::new(&self.client, range, self.decode);
            rows.start();
            self.active.push(rows);
        }
    }
}

const fn add(a: CapacityUnit, b: CapacityUnit) -> CapacityUnit {
    CapacityUnit::new(a.read.saturating_add(b.read), a.write.saturating_add(b.write))
}

impl<T> Stream for ScanRows<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        this.begin_parts();
        let mut asked = 0;
        while asked < this.active.len() {
            let at = this.first % this.active.len();
            let Some(rows) = this.active.get_mut(at) else { break };
            match rows.poll_next_unpin(context) {
                // The part stays first: what it has at hand is handed out before others are asked.
                Poll::Ready(Some(row)) => {
                    this.ended = row.is_err();
                    return Poll::Ready(Some(row));
                }
                Poll::Ready(None) => {
                    this.consumed = add(this.consumed, this.active.swap_remove(at).consumed());
                    this.begin_parts();
                    asked = 0;
                }
                Poll::Pending => {
                    this.first = at + 1;
                    asked += 1;
                }
            }
        }
        if this.active.is_empty() { Poll::Ready(None) } else { Poll::Pending }
    }
}

impl<T> fmt::Debug for ScanRows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanRows")
            .field("waiting", &self.waiting.len())
            .field("active", &self.active)
            .field("consumed", &self.consumed())
            .finish_non_exhaustive()
    }
}
