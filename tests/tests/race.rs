//! Many entries of many people at once, over a store that loses answers: the law that one entry a
//! person is left, and broken variants of the store that the law must catch.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use campaign_core::{
    Campaign, Clock, Intake, Pepper, RowKey, Sent, Window,
    form::{Field, Form, Kind},
    store::{Entry, EntryStore, Inserted, StoreError, Stored},
};

fn intake(store: Arc<dyn EntryStore>) -> Intake {
    const FIELDS: &[Field] = &[Field::new("email", Kind::Email).unique(), Field::new("comment", Kind::text(0, 100))];
    let opens = "2026-11-01T00:00:00Z".parse().unwrap();
    let window = Window::new(opens, "2026-11-12T00:00:00Z".parse().unwrap()).unwrap();
    let campaign =
        Campaign::new("double11", window, Form::new(FIELDS).unwrap(), Duration::from_secs(60 * 86_400)).unwrap();
    Intake::new(campaign, Pepper::new([7; 32]).unwrap(), store).clock(Clock::fixed(opens))
}

/// A seeded generator for the race; its quality does not matter.
#[derive(Debug)]
struct Dice(AtomicU64);

impl Dice {
    fn below(&self, sides: u64) -> u64 {
        let mut x = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % sides
    }
}

/// How a variant of the store is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    No,
    /// The insert overwrites.
    Unconditional,
    /// The condition is checked before the write, not with it.
    CheckThenWrite,
    /// An unknown outcome is taken for a success.
    Optimist,
    /// A put that is refused still leaves the name of its call in the row.
    TouchesCall,
    /// Rows do not tell under which id they were sent.
    SameId,
}

/// A store that yields, throttles, and loses answers before and after the write.
#[derive(Debug)]
struct Stormy {
    rows: Mutex<BTreeMap<RowKey, Entry>>,
    dice: Dice,
    broken: Broken,
}

impl Stormy {
    fn new(seed: u64, broken: Broken) -> Arc<Self> {
        Arc::new(Self { rows: Mutex::default(), dice: Dice(AtomicU64::new(seed)), broken })
    }

    async fn write(&self, key: &RowKey, entry: &Entry) -> Inserted {
        let mut entry = entry.clone();
        match self.broken {
            Broken::SameId => entry.id = "00000000".parse().unwrap(),
            Broken::CheckThenWrite => {
                if self.rows.lock().unwrap().contains_key(key) {
                    return Inserted::Exists;
                }
                tokio::task::yield_now().await;
            }
            Broken::No | Broken::Unconditional | Broken::Optimist | Broken::TouchesCall => {}
        }
        let mut rows = self.rows.lock().unwrap();
        let checks = !matches!(self.broken, Broken::Unconditional | Broken::CheckThenWrite);
        if let Some(row) = rows.get_mut(key).filter(|_| checks) {
            if self.broken == Broken::TouchesCall {
                row.call = entry.call;
            }
            return Inserted::Exists;
        }
        rows.insert(key.clone(), entry);
        Inserted::Created
    }
}

#[async_trait]
impl EntryStore for Stormy {
    async fn insert(&self, key: &RowKey, entry: &Entry) -> Result<Inserted, StoreError> {
        for _ in 0..self.dice.below(3) {
            tokio::task::yield_now().await;
        }
        let lost = match self.dice.below(10) {
            0 => return Err(StoreError::throttled(None)),
            1 | 2 => Err(StoreError::ambiguous()),
            3 | 4 => {
                self.write(key, entry).await;
                Err(StoreError::ambiguous())
            }
            _ => Ok(self.write(key, entry).await),
        };
        if self.broken == Broken::Optimist { Ok(lost.unwrap_or(Inserted::Created)) } else { lost }
    }
    async fn find(&self, key: &RowKey) -> Result<Option<Stored>, StoreError> {
        tokio::task::yield_now().await;
        if self.dice.below(10) == 0 {
            return Err(StoreError::ambiguous());
        }
        Ok(self.rows.lock().unwrap().get(key).cloned().map(Stored::Entry))
    }
    async fn erase(&self, _: &RowKey) -> Result<(), StoreError> {
        Err(StoreError::permanent())
    }
    async fn page(&self, _: Option<&RowKey>, _: usize) -> Result<Vec<(RowKey, Stored)>, StoreError> {
        Err(StoreError::permanent())
    }
}

const PEOPLE: usize = 12;
const IDS: usize = 3;
const COPIES: usize = 4;

fn id(person: usize, id: usize) -> String {
    format!("person{person:04}id{id:04}")
}

/// Everybody enters under several ids, several times each, at once and through several intakes, and
/// sends again until the answer is final. Then: one row a person, whole, of one id; all requests of
/// that id were acknowledged, at most one as the first, and all others told that they are duplicates.
async fn race(store: &Arc<Stormy>) -> Result<(), String> {
    let intakes: [Intake; 3] = std::array::from_fn(|_| intake(Arc::clone(store) as _));
    let mut tasks = Vec::new();
    for nth in 0..PEOPLE * IDS * COPIES {
        let (person, which) = (nth % PEOPLE, nth / PEOPLE % IDS);
        let intake = intakes[nth % intakes.len()].clone();
        tasks.push(tokio::spawn(async move {
            let body = format!(r#"{{"email":"p{person}@example.com","comment":"{}"}}"#, id(person, which));
            loop {
                let status =
                    intake.submit(Sent { key: Some(id(person, which).as_bytes()), body: body.as_bytes() }).await.status;
                if status != 503 && status != 429 {
                    return (person, which, status);
                }
            }
        }));
    }
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.map_err(|error| error.to_string())?);
    }
    let rows: Vec<Entry> = store.rows.lock().unwrap().values().cloned().collect();
    for person in 0..PEOPLE {
        let address = format!("p{person}@example.com");
        let mine: Vec<&Entry> = rows.iter().filter(|row| row.fields.get("email") == Some(&address)).collect();
        let [row] = mine.as_slice() else { return Err(format!("{} rows of {address}", mine.len())) };
        let mut firsts = 0;
        for &(_, which, status) in answers.iter().filter(|answer| answer.0 == person) {
            let stored = row.fields.get("comment") == Some(id(person, which).as_str());
            match (status, stored) {
                (201, true) => firsts += 1,
                (200, true) | (409, false) => {}
                _ => return Err(format!("{status} for an id that is {}stored", if stored { "" } else { "not " })),
            }
        }
        if firsts > 1 {
            return Err(format!("{firsts} first entries of {address}"));
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn races_under_faults_leave_one_entry_a_person() {
    for seed in 0..40 {
        race(&Stormy::new(seed, Broken::No)).await.unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn broken_variants_are_caught() {
    for broken in [Broken::Unconditional, Broken::CheckThenWrite, Broken::Optimist, Broken::TouchesCall, Broken::SameId]
    {
        let mut caught = None;
        for seed in 0..40 {
            caught = race(&Stormy::new(seed, broken)).await.err();
            if caught.is_some() {
                break;
            }
        }
        assert!(caught.is_some(), "{broken:?}");
    }
}
