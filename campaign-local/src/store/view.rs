//! What a closure sees of the store: the committed state, and for a write its own changes over it.
//!
//! A write's changes stand in an overlay that is merged into the commit only when its closure
//! returned `Ok`: that is how one bad write fails alone.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

use redb::{ReadableTable, Table};

use super::StoreError;

/// Which end of a range comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Ascending keys.
    Forward,
    /// Descending keys.
    Backward,
}

/// What is called with each key and value of a scan.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// Reading, the same in [`Read`] and [`Write`].
pub trait View {
    /// The value of `key`.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] when the file cannot be read.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Calls `visit` with every key and value of the half-open `range`, from the end that `order`
    /// says, until it answers `Break`. An empty or reversed range visits nothing.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] when the file cannot be read.
    fn scan(&self, range: Range<&[u8]>, order: Order, visit: &mut Visit<'_>) -> Result<(), StoreError>;
}

impl<V: View + ?Sized> View for &V {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).get(key)
    }

    fn scan(&self, range: Range<&[u8]>, order: Order, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        (**self).scan(range, order, visit)
    }
}

/// The committed state at one moment.
pub struct Read {
    table: redb::ReadOnlyTable<&'static [u8], &'static [u8]>,
}

impl Read {
    pub(super) fn new(table: redb::ReadOnlyTable<&'static [u8], &'static [u8]>) -> Self {
        Self { table }
    }
}

impl View for Read {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        get(&self.table, key)
    }

    fn scan(&self, range: Range<&[u8]>, order: Order, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        if range.start >= range.end {
            return Ok(());
        }
        let entries = self.table.range::<&[u8]>(range).map_err(StoreError::stopped)?;
        let mut visit = |entry: Result<Entry<'_>, redb::StorageError>| {
            let (key, value) = entry.map_err(StoreError::stopped)?;
            Ok(visit(key.value(), value.value()))
        };
        match order {
            Order::Forward => until_break(entries, &mut visit),
            Order::Backward => until_break(entries.rev(), &mut visit),
        }
    }
}

/// A key's new value, or none if it goes.
type Change = Option<Vec<u8>>;

/// The state inside a commit: what is committed, what earlier writes of the same commit did, and
/// what this one did so far.
pub struct Write<'a> {
    table: &'a Table<'a, &'static [u8], &'static [u8]>,
    changes: BTreeMap<Vec<u8>, Change>,
    /// What each change since the outermost open [`nested`](Self::nested) replaced, to take it back.
    replaced: Vec<(Vec<u8>, Option<Change>)>,
    /// How many [`nested`](Self::nested) are open.
    depth: usize,
    /// The first failure to read the file: the commit must not go on, whatever the closure made of it.
    failed: RefCell<Option<StoreError>>,
}

impl<'a> Write<'a> {
    pub(super) fn new(table: &'a Table<'a, &'static [u8], &'static [u8]>) -> Self {
        Self { table, changes: BTreeMap::new(), replaced: Vec::new(), depth: 0, failed: RefCell::default() }
    }

    /// Sets `key` to `value`.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.change(key.into(), Some(value.into()));
    }

    /// Removes `key`; one that is not there stays so.
    pub fn delete(&mut self, key: impl Into<Vec<u8>>) {
        self.change(key.into(), None);
    }

    /// Runs `work`; its changes stay if it is `Ok` and are taken back if not.
    ///
    /// # Errors
    /// What `work` returned.
    pub fn nested<T, E>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let mark = self.replaced.len();
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        if result.is_err() {
            for (key, before) in self.replaced.drain(mark..).rev() {
                match before {
                    Some(change) => self.changes.insert(key, change),
                    None => self.changes.remove(&key),
                };
            }
        }
        if self.depth == 0 {
            self.replaced.clear();
        }
        result
    }

    fn change(&mut self, key: Vec<u8>, change: Change) {
        if self.depth == 0 {
            self.changes.insert(key, change);
        } else {
            let before = self.changes.insert(key.clone(), change);
            self.replaced.push((key, before));
        }
    }

    /// The changes made so far to keys that begin with `prefix`, in their order; none for a key that goes.
    pub fn changes_under<'s>(&'s self, prefix: &'s [u8]) -> impl Iterator<Item = (&'s [u8], Option<&'s [u8]>)> + 's {
        let from = (std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded);
        let changes = self.changes.range::<[u8], _>(from).take_while(|(key, _)| key.starts_with(prefix));
        changes.map(|(key, change)| (key.as_slice(), change.as_deref()))
    }

    /// The changes made so far, or the failure to read that forbids to go on.
    pub(super) fn into_changes(self) -> Result<BTreeMap<Vec<u8>, Change>, StoreError> {
        self.failed.into_inner().map_or(Ok(self.changes), Err)
    }

    fn noting_failure<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &result {
            self.failed.borrow_mut().get_or_insert_with(|| error.clone());
        }
        result
    }
}

impl View for Write<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.changes.get(key) {
            Some(change) => Ok(change.clone()),
            None => self.noting_failure(get(self.table, key)),
        }
    }

    fn scan(&self, range: Range<&[u8]>, order: Order, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        if range.start >= range.end {
            return Ok(());
        }
        let base = self.table.range::<&[u8]>(range.clone()).map_err(StoreError::stopped);
        let base = self.noting_failure(base)?;
        let changes = self
            .changes
            .range::<[u8], _>((std::ops::Bound::Included(range.start), std::ops::Bound::Excluded(range.end)));
        let result = match order {
            Order::Forward => merge(base, changes, |a, b| a < b, visit),
            Order::Backward => merge(base.rev(), changes.rev(), |a, b| a > b, visit),
        };
        self.noting_failure(result)
    }
}

impl std::fmt::Debug for Read {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Read").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Write<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Write").field("changes", &self.changes.len()).finish_non_exhaustive()
    }
}

type Entry<'a> = (redb::AccessGuard<'a, &'static [u8]>, redb::AccessGuard<'a, &'static [u8]>);

fn get(table: &impl ReadableTable<&'static [u8], &'static [u8]>, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    let value = table.get(key).map_err(StoreError::stopped)?;
    Ok(value.map(|value| value.value().to_vec()))
}

fn until_break<I: Iterator>(
    items: I,
    visit: &mut dyn FnMut(I::Item) -> Result<ControlFlow<()>, StoreError>,
) -> Result<(), StoreError> {
    for item in items {
        if visit(item)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// Visits the two sorted sequences as one; where both have a key the change wins, and a change of
/// `None` hides it.
fn merge<'a, 'b>(
    base: impl Iterator<Item = Result<Entry<'a>, redb::StorageError>>,
    changes: impl Iterator<Item = (&'b Vec<u8>, &'b Change)>,
    before: impl Fn(&[u8], &[u8]) -> bool,
    visit: &mut Visit<'_>,
) -> Result<(), StoreError> {
    let mut changes = changes.peekable();
    for entry in base {
        let (key, value) = entry.map_err(StoreError::stopped)?;
        let key = key.value();
        while let Some((changed, new)) = changes.next_if(|(changed, _)| before(changed.as_slice(), key)) {
            if let Some(new) = new
                && visit(changed, new).is_break()
            {
                return Ok(());
            }
        }
        let flow = match changes.next_if(|(changed, _)| changed.as_slice() == key) {
            Some((_, Some(new))) => visit(key, new),
            Some((_, None)) => ControlFlow::Continue(()),
            None => visit(key, value.value()),
        };
        if flow.is_break() {
            return Ok(());
        }
    }
    for (changed, new) in changes {
        if let Some(new) = new
            && visit(changed, new).is_break()
        {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic fails the test, which is all that is asked of it")]

    use super::super::{Store, StoreError};
    use super::*;

    #[tokio::test]
    async fn a_nested_part_that_fails_leaves_nothing_and_the_rest_stays() {
        let store = Store::in_memory().unwrap();
        let first = |write: &mut Write<'_>| {
            write.put("kept", "1");
            write.put("gone", "1");
            Ok::<_, StoreError>(())
        };
        store.write(first).await.unwrap();
        let second = |write: &mut Write<'_>| {
            write.put("kept", "2");
            let failed = write.nested(|write| {
                write.put("kept", "3");
                write.put("kept", "4");
                write.delete("gone");
                write.put("new", "3");
                write.nested(|write| {
                    write.put("inner", "3");
                    Ok::<_, StoreError>(())
                })?;
                assert_eq!(write.get(b"inner")?.as_deref(), Some(b"3".as_slice()));
                Err::<(), _>(StoreError::Panicked)
            });
            assert!(matches!(failed, Err(StoreError::Panicked)));
            write.nested(|write| {
                let failed = write.nested(|write| {
                    write.put("added", "5");
                    Err::<(), _>(StoreError::Panicked)
                });
                assert!(matches!(failed, Err(StoreError::Panicked)));
                write.put("also", "5");
                Ok::<_, StoreError>(())
            })
        };
        store.write(second).await.unwrap();
        let mut found = Vec::new();
        let all = |read: &Read| {
            read.scan(b"a".as_slice()..b"z".as_slice(), Order::Forward, &mut |key, value| {
                found.push(format!("{} {}", String::from_utf8_lossy(key), String::from_utf8_lossy(value)));
                ControlFlow::Continue(())
            })?;
            Ok::<_, StoreError>(found)
        };
        assert_eq!(store.read(all).await.unwrap(), ["also 5", "gone 1", "kept 2"]);
    }
}
