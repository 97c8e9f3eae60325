//! The load on the partitions of tables: whether one takes a request now, and when it is to be split.
//!
//! Where a table is divided is kept with it; the load is known to this process only. A partition holds whole values of the
//! partition key, so one value alone is never split, however busy it is (service document "Table design").

pub(super) mod split;
pub(super) mod split_points;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Code, KeyValue};

use crate::tablestore::options::TableStoreOptions;

/// Parts of [`TableStoreOptions::split_bytes`] that are written before a partition's size is looked at again.
const LOOKS: u64 = 8;
/// Values of the partition key that are remembered to find the middle of the load.
const RECENT: usize = 64;

/// The loads of all tables.
#[derive(Debug)]
pub(crate) struct Partitions {
    options: TableStoreOptions,
    tables: Mutex<HashMap<String, Shards>>,
}

#[derive(Debug)]
struct Shards {
    ready_at: i64,
    /// At least one, in the order of their begins.
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
struct Part {
    begin: KeyValue,
    /// Bytes written since its size was looked at.
    unmeasured: u64,
    /// The second that the counts are of.
    second: i64,
    writes: u32,
    units: u32,
    recent: Vec<KeyValue>,
    closed_until: i64,
}

impl Part {
    const fn new(begin: KeyValue, closed_until: i64) -> Self {
        Self { begin, unmeasured: 0, second: 0, writes: 0, units: 0, recent: Vec::new(), closed_until }
    }

    fn at(&mut self, now: i64) -> &mut Self {
        let second = now.div_euclid(1000);
        if self.second != second {
            self.second = second;
            (self.writes, self.units) = (0, 0);
        }
        self
    }
}

/// What a write makes due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Due {
    /// To look how large the partition of these bounds is; the first has none below, the last none above.
    Measure(KeyValue, Option<KeyValue>),
    /// To split at this value of the partition key.
    Split(KeyValue),
}

impl Partitions {
    pub(crate) fn new(options: TableStoreOptions) -> Self {
        Self { options, tables: Mutex::default() }
    }

    /// Whether the table is known.
    pub(crate) fn knows(&self, table: &str) -> bool {
        self.tables().contains_key(table)
    }

    /// A table that was made `now` gets ready.
    pub(crate) fn made(&self, table: &str, points: &[KeyValue], now: i64) {
        self.put(table, points, now.saturating_add(milliseconds(self.options.warm_up)));
    }

    /// A table that was made by an earlier process.
    pub(crate) fn found(&self, table: &str, points: &[KeyValue]) {
        self.put(table, points, i64::MIN);
    }

    fn put(&self, table: &str, points: &[KeyValue], ready_at: i64) {
        let begins = std::iter::once(&KeyValue::InfMin).chain(points);
        let parts = begins.map(|begin| Part::new(begin.clone(), i64::MIN)).collect();
        self.tables().insert(table.to_owned(), Shards { ready_at, parts });
    }

    /// A table is gone.
    pub(crate) fn forget(&self, table: &str) {
        self.tables().remove(table);
    }

    /// Refused if the partition of `key` takes nothing `now`. A table that is not known is refused elsewhere.
    pub(crate) fn admit(&self, table: &str, key: &KeyValue, now: i64) -> Result<(), Refusal> {
        let mut tables = self.tables();
        let Some(shards) = tables.get_mut(table) else { return Ok(()) };
        if now < shards.ready_at {
            return Err(Refusal::new(Code::TableNotReady, "The table is not ready."));
        }
        let part = shards.part_of(key).at(now);
        if now < part.closed_until {
            return Err(Refusal::new(Code::PartitionUnavailable, "The partition is not available."));
        }
        if self.options.partition_units_per_second.is_some_and(|most| part.units >= most) {
            return Err(Refusal::new(Code::NotEnoughCapacityUnit, "Remaining capacity unit is not enough."));
        }
        part.units = part.units.saturating_add(1);
        Ok(())
    }

    /// Counts a write of so many bytes and what it consumed beyond the unit that it was admitted with.
    pub(crate) fn wrote(&self, table: &str, key: &KeyValue, bytes: u64, further: u32, now: i64) -> Option<Due> {
        let mut tables = self.tables();
        let shards = tables.get_mut(table)?;
        let part = shards.part_of(key).at(now);
        part.units = part.units.saturating_add(further);
        part.writes += 1;
        if part.recent.len() < RECENT {
            part.recent.push(key.clone());
        } else {
            let at = usize::try_from(part.writes).unwrap_or(0) % RECENT;
            part.recent[at].clone_from(key);
        }
        if part.writes >= self.options.split_writes_per_second {
            part.writes = 0;
            return middle(&part.begin, &mut part.recent).map(Due::Split);
        }
        part.unmeasured = part.unmeasured.saturating_add(bytes);
        if part.unmeasured.saturating_mul(LOOKS) < self.options.split_bytes {
            return None;
        }
        part.unmeasured = 0;
        let begin = part.begin.clone();
        let end = shards.parts.iter().map(|part| &part.begin).find(|other| **other > begin).cloned();
        Some(Due::Measure(begin, end))
    }

    /// A table is divided at `value` from now on.
    pub(crate) fn split(&self, table: &str, value: KeyValue, now: i64) {
        let mut tables = self.tables();
        let Some(shards) = tables.get_mut(table) else { return };
        let at = shards.parts.partition_point(|part| part.begin < value);
        if shards.parts.get(at).is_some_and(|part| part.begin == value) {
            return;
        }
        let closed_until = now.saturating_add(milliseconds(self.options.split_pause));
        if let Some(before) = at.checked_sub(1).and_then(|before| shards.parts.get_mut(before)) {
            *before = Part::new(before.begin.clone(), closed_until);
        }
        shards.parts.insert(at, Part::new(value, closed_until));
    }

    /// From how many bytes a partition is split.
    pub(crate) const fn split_bytes(&self) -> u64 {
        self.options.split_bytes
    }

    fn tables(&self) -> MutexGuard<'_, HashMap<String, Shards>> {
        // Every change is one assignment after another that cannot panic between them.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shards {
    fn part_of(&mut self, key: &KeyValue) -> &mut Part {
        let after = self.parts.partition_point(|part| part.begin <= *key);
        &mut self.parts[after.saturating_sub(1)]
    }
}

/// The value with about half of the recent writes before it; none if all writes are of one value, or of the first.
fn middle(begin: &KeyValue, recent: &mut [KeyValue]) -> Option<KeyValue> {
    recent.sort_unstable();
    let (first, middle) = (recent.first()?, &recent[recent.len() / 2]);
    let value = if middle > first { Some(middle) } else { recent.iter().find(|value| *value > first) };
    value.filter(|value| *value > begin).cloned()
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partitions(options: TableStoreOptions) -> Partitions {
        let partitions = Partitions::new(options);
        partitions.made("t", &[KeyValue::from("m")], 0);
        partitions
    }

    fn code(result: Result<(), Refusal>) -> Option<Code> {
        result.err().map(|refusal| refusal.code)
    }

    #[test]
    fn a_busy_partition_is_split_in_the_middle_of_its_writes() {
        let partitions =
            partitions(TableStoreOptions::default().split_writes_per_second(4).split_pause(Duration::from_millis(5)));
        for key in ["a", "x", "b", "c"] {
            assert_eq!(partitions.wrote("t", &key.into(), 1, 0, 999), None, "{key}");
        }
        assert_eq!(partitions.wrote("t", &"d".into(), 1, 0, 1000), None, "another second");
        for key in ["e", "f"] {
            assert_eq!(partitions.wrote("t", &key.into(), 1, 0, 1000), None);
        }
        let due = partitions.wrote("t", &"g".into(), 1, 0, 1000);
        assert_eq!(due, Some(Due::Split("d".into())), "of a to g");
        partitions.split("t", "d".into(), 1000);
        for key in ["a", "e", "l"] {
            assert_eq!(code(partitions.admit("t", &key.into(), 1004)), Some(Code::PartitionUnavailable));
            assert_eq!(code(partitions.admit("t", &key.into(), 1005)), None);
        }
        assert_eq!(code(partitions.admit("t", &"x".into(), 1000)), None, "the other partition");
    }

    #[test]
    fn one_value_alone_is_never_split() {
        let partitions = partitions(TableStoreOptions::default().split_writes_per_second(2));
        assert!((0..100).all(|_| partitions.wrote("t", &"a".into(), 1, 0, 0).is_none()));
    }

    #[test]
    fn a_partition_gives_its_units_and_no_more_in_a_second() {
        let partitions = partitions(TableStoreOptions::default().partition_units_per_second(3));
        partitions.admit("t", &"a".into(), 0).unwrap();
        partitions.wrote("t", &"a".into(), 1, 2, 0);
        assert_eq!(code(partitions.admit("t", &"b".into(), 999)), Some(Code::NotEnoughCapacityUnit));
        assert_eq!(code(partitions.admit("t", &"z".into(), 999)), None);
        assert_eq!(code(partitions.admit("t", &"b".into(), 1000)), None);
    }

    #[test]
    fn a_partition_is_looked_at_before_it_can_be_too_large() {
        let partitions = partitions(TableStoreOptions::default().split_bytes(800));
        assert_eq!(partitions.wrote("t", &"z".into(), 99, 0, 0), None);
        assert_eq!(partitions.wrote("t", &"z".into(), 1, 0, 0), Some(Due::Measure("m".into(), None)));
        assert_eq!(
            partitions.wrote("t", &"a".into(), 100, 0, 0),
            Some(Due::Measure(KeyValue::InfMin, Some("m".into())))
        );
    }
}
