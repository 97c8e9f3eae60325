//! Row conflicts: while a write of a row is under way, another one of it is refused, where `options` say so.
//!
//! Commits are queued here, so nothing needs this to be right; the service does it, and callers are to know how it feels.
//! Under way is a write from when it is admitted until its commit is answered. Whoever comes first has the row; nobody waits.
//! A transaction holds its whole partition key, so its own writes need no more.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Code, KeyValue, PrimaryKey};

use super::key::row_key;
use crate::tablestore::operations::Moments;

/// The rows that writes are under way for: as many as the requests have that are being done.
#[derive(Debug, Default)]
pub(crate) struct Writing(Mutex<BTreeSet<Vec<u8>>>);

impl Writing {
    /// Refused while a write of a row under this partition key is under way.
    pub(crate) fn check_free(&self, table: &str, partition: &PrimaryKey) -> Result<(), Refusal> {
        // No key begins another one, so what begins with a partition key has it.
        let partition = place(table, partition);
        let rows = self.rows();
        let first = rows.range(partition.clone()..).next();
        if first.is_some_and(|row| row.starts_with(&partition)) { Err(conflict()) } else { Ok(()) }
    }

    fn rows(&self) -> MutexGuard<'_, BTreeSet<Vec<u8>>> {
        // Every change is one call that is done or not.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rows that one request has. They are let go with it, however the request ends: it goes into the commit, and comes out
/// with the commit's answer.
#[derive(Debug)]
pub(crate) struct Rows {
    /// None: rows do not conflict, or the request is part of a transaction.
    writing: Option<Arc<Writing>>,
    taken: Vec<Vec<u8>>,
}

impl Rows {
    /// Takes the row of `key`, which this request may have already.
    pub(crate) fn take(&mut self, table: &str, key: &PrimaryKey) -> Result<(), Refusal> {
        let Some(writing) = &self.writing else { return Ok(()) };
        // A number that the service chooses is never another's.
        if key.columns().iter().any(|column| column.value == KeyValue::AutoIncrement) {
            return Ok(());
        }
        let place = place(table, key);
        if writing.rows().insert(place.clone()) {
            self.taken.push(place);
        } else if !self.taken.contains(&place) {
            return Err(conflict());
        }
        Ok(())
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        let Some(writing) = &self.writing else { return };
        let mut rows = writing.rows();
        for row in &self.taken {
            rows.remove(row);
        }
    }
}

impl Moments {
    /// No rows yet, for a request that is inside a transaction or not.
    pub(crate) fn rows(&self, inside: bool) -> Rows {
        let conflicts = self.cloud.options.row_conflicts && !inside;
        Rows { writing: conflicts.then(|| Arc::clone(&self.cloud.writing)), taken: Vec::new() }
    }
}

/// What a write of somebody else's row is answered.
pub(crate) fn conflict() -> Refusal {
    Refusal::new(Code::RowOperationConflict, "Data is being modified by the other request.")
}

/// By the table's name: a table that is not there has no rows to change.
fn place(table: &str, key: &PrimaryKey) -> Vec<u8> {
    [table.as_bytes(), &[0], &row_key(0, key)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(writing: &Arc<Writing>) -> Rows {
        Rows { writing: Some(Arc::clone(writing)), taken: Vec::new() }
    }

    fn key(a: &str, b: i64) -> PrimaryKey {
        PrimaryKey::new().with("a", a).with("b", b)
    }

    fn code(taken: Result<(), Refusal>) -> Option<Code> {
        taken.err().map(|refusal| refusal.code)
    }

    #[test]
    fn who_comes_first_has_the_row_until_its_request_ends() {
        let writing = Arc::default();
        let (mut first, mut second) = (rows(&writing), rows(&writing));
        first.take("t", &key("x", 1)).unwrap();
        first.take("t", &key("x", 1)).unwrap();
        assert_eq!(code(second.take("t", &key("x", 1))), Some(Code::RowOperationConflict));
        for (table, key) in [("u", key("x", 1)), ("t", key("x", 2)), ("t", key("y", 1))] {
            second.take(table, &key).unwrap();
        }
        drop(first);
        second.take("t", &key("x", 1)).unwrap();
        drop(second);
        assert!(writing.rows().is_empty());
    }

    #[test]
    fn a_request_that_was_refused_a_row_takes_nothing_from_who_has_it() {
        let writing = Arc::default();
        let mut first = rows(&writing);
        first.take("t", &key("x", 1)).unwrap();
        let mut second = rows(&writing);
        second.take("t", &key("x", 1)).unwrap_err();
        drop(second);
        assert_eq!(code(rows(&writing).take("t", &key("x", 1))), Some(Code::RowOperationConflict));
    }

    #[test]
    fn a_partition_key_is_free_when_none_of_its_rows_is_being_written() {
        let writing = Arc::<Writing>::default();
        let mut first = rows(&writing);
        first.take("t", &key("x", 1)).unwrap();
        let of = |text: &str| PrimaryKey::new().with("a", text);
        assert_eq!(code(writing.check_free("t", &of("x"))), Some(Code::RowOperationConflict));
        for (table, partition) in [("t", of("w")), ("t", of("xx")), ("t", of("")), ("s", of("x"))] {
            writing.check_free(table, &partition).unwrap();
        }
        drop(first);
        writing.check_free("t", &of("x")).unwrap();
    }

    #[test]
    fn numbers_that_are_not_chosen_yet_never_meet() {
        let writing = Arc::default();
        let key = PrimaryKey::new().with("a", "x").with("b", KeyValue::AutoIncrement);
        let (mut first, mut second) = (rows(&writing), rows(&writing));
        first.take("t", &key).unwrap();
        second.take("t", &key).unwrap();
    }
}
