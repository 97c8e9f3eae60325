//! An [`EntryStore`] in memory, for tests and first steps.

use std::{
    collections::BTreeMap,
    fmt,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use super::{Entry, EntryStore, Inserted, StoreError, Stored};
use crate::RowKey;

/// A table in memory. Clones share the rows; all is gone with the last clone.
///
/// ```
/// use campaign_core::store::MemoryStore;
///
/// let store = MemoryStore::new();
/// assert!(store.is_empty());
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore {
    rows: Arc<Mutex<BTreeMap<RowKey, Stored>>>,
}

impl MemoryStore {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many rows there are, tombstones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows().is_empty()
    }

    /// No call leaves the map half changed, so a panic elsewhere does not spoil it.
    fn rows(&self) -> MutexGuard<'_, BTreeMap<RowKey, Stored>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("rows", &self.len()).finish()
    }
}

#[async_trait]
impl EntryStore for MemoryStore {
    async fn insert(&self, key: &RowKey, entry: &Entry) -> Result<Inserted, StoreError> {
        let mut rows = self.rows();
        if rows.contains_key(key) {
            return Ok(Inserted::Exists);
        }
        rows.insert(key.clone(), Stored::Entry(entry.clone()));
        Ok(Inserted::Created)
    }

    async fn find(&self, key: &RowKey) -> Result<Option<Stored>, StoreError> {
        Ok(self.rows().get(key).cloned())
    }

    async fn erase(&self, key: &RowKey) -> Result<(), StoreError> {
        if let Some(row) = self.rows().get_mut(key) {
            *row = Stored::Erased;
        }
        Ok(())
    }

    async fn page(&self, after: Option<&RowKey>, limit: usize) -> Result<Vec<(RowKey, Stored)>, StoreError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.rows();
        let page = rows.range::<RowKey, _>((from, Bound::Unbounded)).take(limit);
        Ok(page.map(|(key, row)| (key.clone(), row.clone())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(digit: char) -> RowKey {
        digit.to_string().repeat(64).parse().unwrap()
    }

    fn entry(id: &str) -> Entry {
        Entry {
            id: id.parse().unwrap(),
            digest: "a".repeat(64).parse().unwrap(),
            call: "b".repeat(32).parse().unwrap(),
            received_at: "2026-11-11T00:00:00Z".parse().unwrap(),
            fields: [("name", "Ada")].into_iter().collect(),
        }
    }

    #[tokio::test]
    async fn a_row_is_written_once() {
        let store = MemoryStore::new();
        assert_eq!(store.insert(&key('1'), &entry("first-id")).await.unwrap(), Inserted::Created);
        assert_eq!(store.insert(&key('1'), &entry("other-id")).await.unwrap(), Inserted::Exists);
        assert_eq!(store.find(&key('1')).await.unwrap(), Some(Stored::Entry(entry("first-id"))));
        assert_eq!(store.find(&key('2')).await.unwrap(), None);
    }

    #[tokio::test]
    async fn an_erased_row_stays_and_an_absent_one_is_not_made() {
        let store = MemoryStore::new();
        store.insert(&key('1'), &entry("first-id")).await.unwrap();
        for digit in ['1', '1', '2'] {
            store.erase(&key(digit)).await.unwrap();
        }
        assert_eq!(store.find(&key('1')).await.unwrap(), Some(Stored::Erased));
        assert_eq!(store.insert(&key('1'), &entry("other-id")).await.unwrap(), Inserted::Exists);
        assert_eq!(store.len(), 1);
    }

    #[tokio::test]
    async fn pages_follow_one_another_in_key_order() {
        let store = MemoryStore::new();
        for digit in "5a0f3".chars() {
            store.insert(&key(digit), &entry("first-id")).await.unwrap();
        }
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let page = store.page(after.as_ref(), 2).await.unwrap();
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            seen.extend(page.into_iter().map(|(key, _)| key));
        }
        assert_eq!(seen, "035af".chars().map(key).collect::<Vec<_>>());
    }
}
