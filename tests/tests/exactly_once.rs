//! One entry per person over a store whose answers get lost: scripted faults, races, cut-off calls,
//! and broken variants that the law must catch.

use std::{
    collections::{BTreeMap, VecDeque},
    future::Future,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use async_trait::async_trait;
use campaign_core::{
    Answer, Campaign, Clock, Intake, Pepper, RowKey, Sent, Window,
    form::{Field, Form, Kind},
    store::{Entry, EntryStore, Inserted, MemoryStore, StoreError, Stored},
};

const ADA: &str = r#"{"email":"ada@example.com"}"#;
const ID: &str = "01JC0000000000000000000001";

fn intake(store: Arc<dyn EntryStore>) -> Intake {
    const FIELDS: &[Field] =
        &[Field::new("email", Kind::Email).unique(), Field::new("comment", Kind::text(0, 100)).optional()];
    let opens = "2026-11-01T00:00:00Z".parse().unwrap();
    let window = Window::new(opens, "2026-11-12T00:00:00Z".parse().unwrap()).unwrap();
    let campaign =
        Campaign::new("double11", window, Form::new(FIELDS).unwrap(), Duration::from_secs(60 * 86_400)).unwrap();
    Intake::new(campaign, Pepper::new([7; 32]).unwrap(), store).clock(Clock::fixed(opens))
}

async fn send(intake: &Intake, id: &str, body: &str) -> Answer {
    intake.submit(Sent { key: Some(id.as_bytes()), body: body.as_bytes() }).await
}

/// What happens to one call of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Executed and answered.
    Fine,
    /// Executed; the answer is lost.
    Applied,
    /// Not executed; the answer is lost.
    Lost,
    /// Refused.
    Refused,
    /// Executed and answered, and the row removed right after.
    Gone,
}

/// A store that does as scripted, one fate per insert, and counts its calls. Behind the script all is fine.
#[derive(Debug, Default)]
struct Scripted {
    rows: MemoryStore,
    other: MemoryStore,
    script: Mutex<VecDeque<Fate>>,
    inserts: AtomicU64,
    finds: AtomicU64,
    /// Whether the next find shows no row.
    gone: Mutex<bool>,
}

impl Scripted {
    fn new(script: &[Fate]) -> Arc<Self> {
        Arc::new(Self { script: Mutex::new(script.iter().copied().collect()), ..Self::default() })
    }
}

#[async_trait]
impl EntryStore for Scripted {
    async fn insert(&self, key: &RowKey, entry: &Entry) -> Result<Inserted, StoreError> {
        self.inserts.fetch_add(1, Ordering::SeqCst);
        let fate = self.script.lock().unwrap().pop_front().unwrap_or(Fate::Fine);
        match fate {
            Fate::Fine => self.rows.insert(key, entry).await,
            Fate::Applied => {
                self.rows.insert(key, entry).await?;
                Err(StoreError::ambiguous())
            }
            Fate::Lost => Err(StoreError::ambiguous()),
            Fate::Refused => Err(StoreError::unavailable()),
            Fate::Gone => {
                *self.gone.lock().unwrap() = true;
                Ok(Inserted::Exists)
            }
        }
    }
    async fn find(&self, key: &RowKey) -> Result<Option<Stored>, StoreError> {
        self.finds.fetch_add(1, Ordering::SeqCst);
        let gone = std::mem::take(&mut *self.gone.lock().unwrap());
        if gone { self.other.find(key).await } else { self.rows.find(key).await }
    }
    async fn erase(&self, key: &RowKey) -> Result<(), StoreError> {
        self.rows.erase(key).await
    }
    async fn page(&self, after: Option<&RowKey>, limit: usize) -> Result<Vec<(RowKey, Stored)>, StoreError> {
        self.rows.page(after, limit).await
    }
}

#[tokio::test]
async fn an_unknown_outcome_is_put_again_twice_and_settled_by_reading() {
    use Fate::{Applied, Gone, Lost, Refused};
    // Script, status, inserts, finds, rows.
    let cases: &[(&[Fate], u16, u64, u64, usize)] = &[
        (&[], 201, 1, 0, 1),
        (&[Applied], 201, 2, 1, 1),
        (&[Lost], 201, 2, 0, 1),
        (&[Applied, Applied], 201, 3, 1, 1),
        (&[Applied, Lost], 201, 3, 1, 1),
        (&[Lost, Applied], 201, 3, 1, 1),
        (&[Lost, Lost], 201, 3, 0, 1),
        (&[Lost, Lost, Lost], 503, 3, 0, 0),
        (&[Lost, Lost, Applied], 503, 3, 0, 1),
        (&[Applied, Lost, Lost], 503, 3, 0, 1),
        (&[Refused], 503, 1, 0, 0),
        (&[Lost, Refused], 503, 2, 0, 0),
        (&[Gone], 201, 2, 1, 1),
        (&[Gone, Gone], 503, 2, 2, 0),
        (&[Gone, Applied], 201, 3, 2, 1),
        (&[Lost, Gone, Lost], 201, 4, 1, 1),
        (&[Lost, Gone, Lost, Lost], 503, 4, 1, 0),
    ];
    for &(script, status, inserts, finds, rows) in cases {
        let store = Scripted::new(script);
        let intake = intake(Arc::clone(&store) as _);
        let answer = send(&intake, ID, ADA).await;
        let calls = (store.inserts.load(Ordering::SeqCst), store.finds.load(Ordering::SeqCst));
        assert_eq!((answer.status, calls, store.rows.len()), (status, (inserts, finds), rows), "{script:?}");
        // Whatever the page was told, the same request sent again ends with one row and a success.
        let again = send(&intake, ID, ADA).await.status;
        let expected = if rows == 1 { 200 } else { 201 };
        assert_eq!((again, store.rows.len()), (expected, 1), "{script:?}");
    }
}

#[tokio::test]
async fn an_unknown_outcome_over_the_row_of_another_id_is_a_duplicate() {
    for script in [[Fate::Applied], [Fate::Lost]] {
        let store = Scripted::new(&[]);
        let intake = intake(Arc::clone(&store) as _);
        send(&intake, ID, ADA).await;
        store.script.lock().unwrap().extend(script);
        assert_eq!(send(&intake, "01JC0000000000000000000002", ADA).await.status, 409);
    }
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
                let status = send(&intake, &id(person, which), &body).await.status;
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

/// A store that is pending once before and once after each step.
#[derive(Debug)]
struct Slow(MemoryStore);

async fn pause() {
    let mut paused = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[async_trait]
impl EntryStore for Slow {
    async fn insert(&self, key: &RowKey, entry: &Entry) -> Result<Inserted, StoreError> {
        pause().await;
        let inserted = self.0.insert(key, entry).await;
        pause().await;
        inserted
    }
    async fn find(&self, key: &RowKey) -> Result<Option<Stored>, StoreError> {
        pause().await;
        let found = self.0.find(key).await;
        pause().await;
        found
    }
    async fn erase(&self, key: &RowKey) -> Result<(), StoreError> {
        self.0.erase(key).await
    }
    async fn page(&self, after: Option<&RowKey>, limit: usize) -> Result<Vec<(RowKey, Stored)>, StoreError> {
        self.0.page(after, limit).await
    }
}

/// Polls up to `polls` times; `None` if the future is still pending then.
fn poll<T>(future: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..polls).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    })
}

const FOREVER: usize = 1_000;

#[test]
fn a_call_cut_off_after_any_number_of_polls_loses_nothing_and_blocks_nobody() {
    let (mut cut_before, mut cut_after) = (0, 0);
    for polls in 0.. {
        let rows = MemoryStore::new();
        let intake = intake(Arc::new(Slow(rows.clone())));
        let finished = poll(send(&intake, ID, ADA), polls).is_some();
        let committed = rows.len() == 1;
        let retried = poll(send(&intake, ID, ADA), FOREVER).unwrap().status;
        assert_eq!(retried, if committed { 200 } else { 201 }, "after {polls} polls");
        assert_eq!(rows.len(), 1);
        // A retry that is cut off as well changes nothing.
        for polls in 0..6 {
            let _ = poll(send(&intake, ID, ADA), polls);
            assert_eq!(poll(send(&intake, ID, ADA), FOREVER).unwrap().status, 200);
        }
        if finished {
            break;
        }
        *(if committed { &mut cut_after } else { &mut cut_before }) += 1;
    }
    assert_eq!((cut_before, cut_after), (2, 1));
}
