//! All that is kept, what is being fetched, and what is to be refreshed, under one lock.
//!
//! One lock, because the law needs it: a refresh takes out what is kept and gives up what is being fetched in one step, so a
//! fetch that began before a refresh can never put its bytes back after it.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::key::Key;
use super::object::Object;

/// Memory that a slot takes besides its key and object, about.
const SLOT: usize = 256;

/// What a refresh takes out.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// This.
    File(Key),
    /// Everything below.
    Directory(Key),
}

/// What became of a fetch that others wait for.
#[derive(Clone, Debug)]
pub(super) enum Fetched {
    /// Here it is.
    Object(Arc<Object>),
    /// It is none for the cache; each asks the origin.
    Nothing,
}

/// What somebody who asks for a key has to do.
#[derive(Debug)]
pub(super) enum Found {
    /// Take it.
    Object(Arc<Object>),
    /// Wait for who fetches it.
    Wait(watch::Receiver<Option<Fetched>>),
    /// Fetch it.
    Fetch(Ticket),
    /// Ask the origin, and keep nothing: enough is being fetched.
    Pass,
}

/// The shelf; a clone is the same one.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    slots: BTreeMap<Key, Slot>,
    /// The keys by when they were last used.
    uses: BTreeMap<u64, Key>,
    clock: u64,
    bytes: usize,
    most_bytes: usize,
    most_fetches: usize,
    /// What is being fetched and may be kept.
    fetches: HashMap<Key, Fetch>,
    /// How many tickets are out, also of what may not be kept any more.
    tickets: usize,
    /// The refreshes to come.
    due: Vec<(DateTime<Utc>, Target)>,
}

#[derive(Debug)]
struct Fetch {
    ticket: u64,
    told: watch::Receiver<Option<Fetched>>,
}

#[derive(Debug)]
struct Slot {
    object: Arc<Object>,
    used: u64,
    weight: usize,
}

impl Shelf {
    /// At most so many bytes are kept, and so many things fetched at once.
    pub(super) fn new(most_bytes: usize, most_fetches: usize) -> Self {
        Self { state: Arc::new(Mutex::new(State { most_bytes, most_fetches, ..State::default() })) }
    }

    /// What to do for `key`.
    pub(super) fn find(&self, key: &Key, now: DateTime<Utc>) -> Found {
        let mut state = self.lock(now);
        if let Some(object) = state.fresh(key, now) {
            return Found::Object(object);
        }
        if let Some(fetch) = state.fetches.get(key) {
            return Found::Wait(fetch.told.clone());
        }
        if state.tickets >= state.most_fetches {
            return Found::Pass;
        }
        let id = state.tick();
        let (tell, told) = watch::channel(None);
        state.tickets += 1;
        state.fetches.insert(key.clone(), Fetch { ticket: id, told });
        Found::Fetch(Ticket { shelf: self.clone(), key: key.clone(), id, tell })
    }

    /// What is kept under `key`, for who would not fetch it.
    pub(super) fn peek(&self, key: &Key, now: DateTime<Utc>) -> Option<Arc<Object>> {
        self.lock(now).fresh(key, now)
    }

    /// Takes `targets` out at `at`: at once if that is now.
    pub(super) fn refresh(&self, targets: Vec<Target>, at: DateTime<Utc>, now: DateTime<Utc>) {
        let mut state = self.lock(now);
        state.due.extend(targets.into_iter().map(|target| (at, target)));
        state.settle(now);
    }

    /// Does every refresh that is due.
    pub(super) fn settle(&self, now: DateTime<Utc>) {
        drop(self.lock(now));
    }

    /// Nobody sees the state while a refresh is overdue.
    fn lock(&self, now: DateTime<Utc>) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle(now);
        state
    }
}

impl State {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn settle(&mut self, now: DateTime<Utc>) {
        if self.due.iter().all(|(at, _)| *at > now) {
            return;
        }
        let (due, later) = std::mem::take(&mut self.due).into_iter().partition(|(at, _)| *at <= now);
        self.due = later;
        let due: Vec<(DateTime<Utc>, Target)> = due;
        for (_, target) in due {
            match &target {
                Target::File(key) => {
                    self.remove(key);
                    self.fetches.remove(key);
                }
                Target::Directory(directory) => {
                    let from = (Bound::Included(directory.clone()), Bound::Unbounded);
                    let below = self.slots.range(from).map(|(key, _)| key).take_while(|key| key.is_below(directory));
                    for key in below.cloned().collect::<Vec<_>>() {
                        self.remove(&key);
                    }
                    self.fetches.retain(|key, _| !key.is_below(directory));
                }
            }
        }
    }

    fn fresh(&mut self, key: &Key, now: DateTime<Utc>) -> Option<Arc<Object>> {
        let slot = self.slots.get(key)?;
        if !slot.object.is_fresh(now) {
            self.remove(key);
            return None;
        }
        let used = self.tick();
        let slot = self.slots.get_mut(key)?;
        self.uses.remove(&slot.used);
        self.uses.insert(used, key.clone());
        slot.used = used;
        Some(Arc::clone(&slot.object))
    }

    fn remove(&mut self, key: &Key) {
        if let Some(slot) = self.slots.remove(key) {
            self.uses.remove(&slot.used);
            self.bytes -= slot.weight;
        }
    }

    /// Keeps it, and lets go what was used longest ago.
    fn put(&mut self, key: &Key, object: Arc<Object>) {
        self.remove(key);
        let weight = SLOT + 2 * key.as_str().len() + object.weight();
        if weight > self.most_bytes {
            return;
        }
        let used = self.tick();
        self.bytes += weight;
        self.uses.insert(used, key.clone());
        self.slots.insert(key.clone(), Slot { object, used, weight });
        while self.bytes > self.most_bytes {
            let Some((_, oldest)) = self.uses.first_key_value() else { return };
            let oldest = oldest.clone();
            self.remove(&oldest);
        }
    }
}

/// The right to fetch a key, and the duty to tell those who wait.
#[derive(Debug)]
pub(super) struct Ticket {
    shelf: Shelf,
    key: Key,
    id: u64,
    tell: watch::Sender<Option<Fetched>>,
}

impl Ticket {
    /// Here it is. It is kept unless it was refreshed meanwhile; who waits began before that, and gets it.
    pub(super) fn keep(self, object: Arc<Object>, now: DateTime<Utc>) {
        let mut state = self.shelf.lock(now);
        if state.fetches.get(&self.key).is_some_and(|fetch| fetch.ticket == self.id) {
            state.put(&self.key, Arc::clone(&object));
        }
        drop(state);
        self.tell.send_replace(Some(Fetched::Object(object)));
    }
}

impl Drop for Ticket {
    /// However the fetch ends, nobody waits for it any more.
    fn drop(&mut self) {
        let mut state = self.shelf.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.tickets -= 1;
        if state.fetches.get(&self.key).is_some_and(|fetch| fetch.ticket == self.id) {
            state.fetches.remove(&self.key);
        }
        drop(state);
        self.tell.send_if_modified(|told| {
            let silent = told.is_none();
            told.get_or_insert(Fetched::Nothing);
            silent
        });
    }
}

#[cfg(test)]
mod tests;
