//! When what is reserved for a table was changed.

use campaign_tablestore::schema::{CapacityUnit, ReservedThroughputDetails};
use campaign_tablestore::server::Refusal;
use chrono::DateTime;

use super::{Table, unreadable};
use crate::store::{View, Write, space};

/// The changes of a table's reserved throughput, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Throughput {
    raised: Option<i64>,
    lowered: Option<i64>,
    changed: Option<i64>,
}

impl Throughput {
    /// What is kept of `table`.
    pub(crate) fn find(view: &impl View, table: &Table) -> Result<Self, Refusal> {
        let Some(bytes) = view.get(&place(table.number))? else { return Ok(Self::default()) };
        let Ok(bytes) = <[u8; 24]>::try_from(bytes) else { return Err(unreadable()) };
        let (times, _) = bytes.as_chunks::<8>();
        let time = |at: usize| Some(i64::from_be_bytes(times[at])).filter(|time| *time != NEVER);
        Ok(Self { raised: time(0), lowered: time(1), changed: time(2) })
    }

    pub(crate) fn keep(&self, write: &mut Write<'_>, table: &Table) {
        let times = [self.raised, self.lowered, self.changed];
        write.put(place(table.number), times.map(|time| time.unwrap_or(NEVER).to_be_bytes()).concat());
    }

    /// When it was changed last, if ever.
    pub(crate) const fn changed(&self) -> Option<i64> {
        self.changed
    }

    /// Notes a change at `now`.
    pub(crate) fn change(&mut self, before: CapacityUnit, after: CapacityUnit, now: i64) {
        if after.read > before.read || after.write > before.write {
            self.raised = Some(now);
        }
        if after.read < before.read || after.write < before.write {
            self.lowered = Some(now);
        }
        self.changed = Some(now);
    }

    /// As it is told; a table counts as raised when it was made.
    pub(crate) fn details(&self, table: &Table) -> ReservedThroughputDetails {
        let time = |milliseconds| DateTime::from_timestamp_millis(milliseconds);
        ReservedThroughputDetails {
            capacity_unit: table.request.reserved_throughput,
            last_increase_time: time(self.raised.unwrap_or(table.created)).unwrap_or_default(),
            last_decrease_time: self.lowered.and_then(time),
        }
    }
}

const NEVER: i64 = i64::MIN;

/// Where it is kept; goes with the table.
pub(crate) fn place(number: u64) -> Vec<u8> {
    [&[space::TABLES, b'c'], number.to_be_bytes().as_slice()].concat()
}
