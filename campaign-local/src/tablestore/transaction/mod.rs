//! The open local transactions: which partition keys they hold, and what they wrote.
//!
//! What a transaction writes stays here, in memory, until it is committed: nobody else sees it, and a process that is killed
//! takes it along. Each request inside one runs in the store's turn over the committed rows and the transaction's own, and its
//! changes are taken out again. With each changed row an entry says what was asked for ([`log`]); the commit does it once
//! more, all in one commit of the store, so that whatever follows a row follows it then. In between nobody else has changed
//! the rows, for the transaction holds the partition key. One request at a time is done inside a transaction ([`turn`]).
//!
//! Sources: service document "Local transactions" for limits and codes, the official SDKs' functional tests for the texts.

pub(super) mod calls;
pub(super) mod inside;
pub(super) mod log;
mod turn;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Code, KeyColumn, PrimaryKey};

use self::log::LOG;
use crate::store::Write;
use crate::tablestore::check::invalid;
use crate::tablestore::row::conflict::conflict;
use crate::tablestore::row::key::row_key;
use crate::tablestore::table::Table;

/// How long a transaction lives, in milliseconds.
const LIFE: i64 = 60_000;
/// Transactions that may be open at once; what they wrote is in memory. The service has no such number.
const OPEN: usize = 1000;

/// All open transactions.
#[derive(Debug, Default)]
pub(crate) struct Transactions(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    open: HashMap<String, Open>,
    /// The transaction that holds a partition key, by what the keys of its rows begin with.
    held: HashMap<Vec<u8>, String>,
}

/// One transaction.
#[derive(Debug)]
struct Open {
    scope: Scope,
    /// When it began, in milliseconds since 1970.
    begun: i64,
    /// A request inside it is being done.
    busy: bool,
    /// Its rows as it left them, and its log.
    changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

/// What a transaction is over.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) table_name: String,
    pub(crate) table_number: u64,
    /// What the keys of its rows begin with.
    partition: Vec<u8>,
}

impl Scope {
    /// The rows of `table` whose first key column is that of `key`.
    pub(crate) fn new(table: &Table, key: &PrimaryKey) -> Self {
        Self {
            table_name: table.request.table_meta.table_name.clone(),
            table_number: table.number,
            partition: partition(table, key.columns()),
        }
    }

    /// Whether the row of this key is one of them.
    pub(crate) fn has(&self, table: &Table, key: &PrimaryKey) -> bool {
        table.number == self.table_number && partition(table, key.columns()) == self.partition
    }
}

/// What the keys of all rows with the first column of `key` begin with: no value begins another one.
fn partition(table: &Table, key: &[KeyColumn]) -> Vec<u8> {
    row_key(table.number, &key.iter().take(1).cloned().collect())
}

/// What became of a transaction.
pub(crate) struct Committing {
    pub(crate) scope: Scope,
    /// Its log, in order.
    pub(crate) log: Vec<Vec<u8>>,
}

impl Transactions {
    /// Begins a transaction; its id.
    pub(crate) fn begin(&self, scope: Scope, now: i64) -> Result<String, Refusal> {
        let mut state = self.lock();
        state.forget_expired(now);
        if state.held.contains_key(&scope.partition) {
            return Err(conflict());
        }
        if state.open.len() >= OPEN {
            return Err(Refusal::new(Code::ServerBusy, "Too many transactions are open."));
        }
        let id = new_id()?;
        state.held.insert(scope.partition.clone(), id.clone());
        state.open.insert(id.clone(), Open { scope, begun: now, busy: false, changes: BTreeMap::new() });
        Ok(id)
    }

    /// Refuses a write outside of a transaction to a row that one holds.
    pub(crate) fn check_free(&self, table: &Table, key: &PrimaryKey, now: i64) -> Result<(), Refusal> {
        let state = self.lock();
        if state.held.is_empty() {
            return Ok(());
        }
        let holder = state.held.get(&partition(table, key.columns())).and_then(|id| state.open.get(id));
        if holder.is_some_and(|open| open.lives(now)) { Err(conflict()) } else { Ok(()) }
    }

    /// What the transaction of this id is over.
    pub(crate) fn scope(&self, id: &str, now: i64) -> Result<Scope, Refusal> {
        Ok(self.lock().find(id, now)?.scope.clone())
    }

    /// Shows `write` what the transaction wrote.
    pub(crate) fn show(&self, id: &str, now: i64, write: &mut Write<'_>) -> Result<(), Refusal> {
        for (key, change) in &self.lock().find(id, now)?.changes {
            match change {
                Some(value) => write.put(key.clone(), value.clone()),
                None => write.delete(key.clone()),
            }
        }
        Ok(())
    }

    /// Takes over what one of its requests changed in `write`.
    pub(crate) fn take(&self, id: &str, now: i64, write: &Write<'_>) -> Result<(), Refusal> {
        let mut state = self.lock();
        let open = state.find(id, now)?;
        for prefix in [open.scope.partition.clone(), LOG.to_vec()] {
            let changed = write.changes_under(&prefix).map(|(key, change)| (key.to_vec(), change.map(<[u8]>::to_vec)));
            open.changes.extend(changed);
        }
        Ok(())
    }

    /// What the transaction is to commit.
    pub(crate) fn committing(&self, id: &str, now: i64) -> Result<Committing, Refusal> {
        let mut state = self.lock();
        let open = state.find(id, now)?;
        Ok(Committing { scope: open.scope.clone(), log: log::entries(&open.changes) })
    }

    /// Ends the transaction and lets its partition key go.
    pub(crate) fn end(&self, id: &str, now: i64) -> Result<(), Refusal> {
        let mut state = self.lock();
        state.find(id, now)?;
        state.remove(id);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn find(&mut self, id: &str, now: i64) -> Result<&mut Open, Refusal> {
        check_id(id)?;
        if self.open.get(id).is_some_and(|open| !open.lives(now)) {
            self.remove(id);
        }
        let over = || Refusal::new(Code::SessionNotExist, "Session not exist or may be timeout.");
        self.open.get_mut(id).ok_or_else(over)
    }

    fn remove(&mut self, id: &str) {
        if let Some(open) = self.open.remove(id) {
            self.held.remove(&open.scope.partition);
        }
    }

    fn forget_expired(&mut self, now: i64) {
        let expired: Vec<String> =
            self.open.iter().filter(|(_, open)| !open.lives(now)).map(|(id, _)| id.clone()).collect();
        expired.iter().for_each(|id| self.remove(id));
    }
}

impl Open {
    const fn lives(&self, now: i64) -> bool {
        now < self.begun.saturating_add(LIFE)
    }
}

/// Bytes of an id; it is written as hexadecimal digits.
const ID_BYTES: usize = 16;

/// An id that no other transaction has and nobody can guess.
fn new_id() -> Result<String, Refusal> {
    let mut id = [0_u8; ID_BYTES];
    getrandom::fill(&mut id).map_err(|_| Refusal::new(Code::InternalServerError, "There are no random numbers."))?;
    Ok(id.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Refuses what was never an id.
fn check_id(id: &str) -> Result<(), Refusal> {
    if id.len() == 2 * ID_BYTES && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(invalid("TransactionID is invalid."))
}
