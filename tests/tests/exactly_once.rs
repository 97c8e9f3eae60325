//! One entry per person over a store whose answers get lost: scripted faults and cut-off calls.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::{
    collections::VecDeque,
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
