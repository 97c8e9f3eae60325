//! The intake: one request in, one answer out, one row per person.
//!
//! Every step that lasts is one conditional write, so a call can be cut off anywhere: what was
//! committed is found again by the retry, through the submission id and digest in the row.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crate::{
    Answer, CallId, Campaign, Clock, Outcome, Pepper, RowKey, Submission, SubmissionId, Unreadable,
    body::{Body, BodyError, MAX_BODY},
    store::{Entry, EntryStore, Inserted, StoreError, Stored},
    window::Phase,
};

/// How often a write whose outcome is unknown is put again.
const PUT_AGAIN: u32 = 2;
/// How often a row that is there for the write and gone for the read is tried.
const ROUNDS: u32 = 2;

/// The parts of an HTTP request that matter.
#[derive(Clone, Copy)]
pub struct Sent<'a> {
    /// The header `Idempotency-Key`. If it came twice, its values joined by a comma (RFC 9110 §5.2),
    /// which is then refused.
    pub key: Option<&'a [u8]>,
    /// The body as received. A server stops reading behind [`MAX_BODY`] bytes and answers 413 itself
    /// or hands over one byte more.
    pub body: &'a [u8],
}

impl std::fmt::Debug for Sent<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sent").field("body_bytes", &self.body.len()).finish_non_exhaustive()
    }
}

/// Takes entries of one campaign into a store. Clones share store and counter.
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use campaign_core::{Campaign, Intake, Pepper, Sent, Window, form::{Field, Form, Kind}, store::MemoryStore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let form = Form::new(vec![Field::new("email", Kind::Email).unique()])?;
/// let window = Window::new("2000-01-01T00:00:00Z".parse()?, "2100-01-01T00:00:00Z".parse()?)?;
/// let campaign = Campaign::new("double11", window, form, Duration::from_secs(40_000 * 86_400))?;
/// let intake = Intake::new(campaign, Pepper::new([7; 32])?, Arc::new(MemoryStore::new()));
///
/// let sent = Sent { key: Some(b"01JC0000000000000000000001"), body: br#"{"email": "ada@example.com"}"# };
/// assert_eq!(intake.submit(sent).await.status, 201);
/// assert_eq!(intake.submit(sent).await.status, 200);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Intake {
    campaign: Arc<Campaign>,
    pepper: Pepper,
    store: Arc<dyn EntryStore>,
    clock: Clock,
    trapped: Arc<AtomicU64>,
}

impl Intake {
    /// An intake on the system's clock.
    #[must_use]
    pub fn new(campaign: impl Into<Arc<Campaign>>, pepper: Pepper, store: Arc<dyn EntryStore>) -> Self {
        Self { campaign: campaign.into(), pepper, store, clock: Clock::system(), trapped: Arc::default() }
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The campaign.
    #[must_use]
    pub fn campaign(&self) -> &Campaign {
        &self.campaign
    }

    /// How many requests a honeypot caught since this intake was made.
    #[must_use]
    pub fn trapped(&self) -> u64 {
        self.trapped.load(Ordering::Relaxed)
    }

    /// Takes one request: size, window, id and body, trap, form, then one conditional write.
    ///
    /// Dropping the future at any point loses nothing that was committed and holds nothing open.
    pub async fn submit(&self, sent: Sent<'_>) -> Answer {
        let outcome = self.decide(sent).await;
        let receipt = read_id(sent.key).ok().map(|id| self.pepper.receipt(self.campaign.id(), &id));
        Answer::new(outcome, &self.campaign, receipt)
    }

    /// Erases a person, given the unique value in any spelling, or, where people may enter often,
    /// one submission by its id. What is left is a tombstone that answers 410.
    ///
    /// `false` says that the value is none the form would have taken, so there is nothing to erase.
    ///
    /// # Errors
    /// The store failed; calling again is safe, also after [`StoreError::Ambiguous`].
    pub async fn erase(&self, of: &str) -> Result<bool, StoreError> {
        let Some(key) = self.campaign.row_key(&self.pepper, of) else { return Ok(false) };
        self.store.erase(&key).await?;
        Ok(true)
    }

    async fn decide(&self, sent: Sent<'_>) -> Outcome {
        let now = self.clock.now();
        if sent.body.len() > MAX_BODY {
            let error = Body::read(sent.body).err().unwrap_or(BodyError::TooLarge);
            return Outcome::Malformed(Unreadable::Body(error));
        }
        match self.campaign.window().phase(now) {
            Phase::Early => Outcome::Early,
            Phase::Closed => self.repeat(sent).await,
            Phase::Open => match self.read(sent) {
                Ok(submission) => match CallId::random() {
                    Ok(call) => self.enter(submission, call, now).await,
                    Err(error) => Outcome::Unavailable(Arc::new(StoreError::unavailable().with_source(error))),
                },
                Err(outcome) => {
                    if matches!(outcome, Outcome::Trapped) {
                        self.trapped.fetch_add(1, Ordering::Relaxed);
                    }
                    outcome
                }
            },
        }
    }

    /// After the window nothing is written; a repeat still gets its answer.
    async fn repeat(&self, sent: Sent<'_>) -> Outcome {
        let Ok(submission) = self.read(sent) else { return Outcome::Closed };
        match self.store.find(submission.key()).await {
            Ok(Some(Stored::Entry(row))) if row.id == *submission.id() && row.digest == *submission.digest() => {
                Outcome::Replayed
            }
            Ok(Some(Stored::Erased)) => Outcome::Erased,
            Ok(_) => Outcome::Closed,
            Err(error) => Outcome::Unavailable(Arc::new(error)),
        }
    }

    fn read(&self, sent: Sent<'_>) -> Result<Submission, Outcome> {
        let id = read_id(sent.key).map_err(Outcome::Malformed)?;
        let body = Body::read(sent.body).map_err(|error| Outcome::Malformed(Unreadable::Body(error)))?;
        if self.campaign.form().is_trapped(&body) {
            return Err(Outcome::Trapped);
        }
        self.campaign.submission(&self.pepper, id, &body).map_err(Outcome::Invalid)
    }

    /// Stores the entry exactly once over a store that is reached at least once.
    async fn enter(&self, submission: Submission, call: CallId, now: chrono::DateTime<chrono::Utc>) -> Outcome {
        let key = submission.key().clone();
        let entry = Entry {
            id: submission.id().clone(),
            digest: *submission.digest(),
            call,
            received_at: now,
            fields: submission.into_fields(),
        };
        let mut again = PUT_AGAIN;
        for _ in 0..ROUNDS {
            let found = match self.put(&key, &entry, &mut again).await {
                Ok(Inserted::Created) => return Outcome::Created,
                Ok(Inserted::Exists) => self.store.find(&key).await,
                Err(error) => Err(error),
            };
            match found {
                Ok(Some(row)) => return compare(&entry, &row),
                // Written by somebody, and gone before it could be read: it has run out of its time
                // to live, or was removed by hand. The next round can write.
                Ok(None) => {}
                Err(error) => return Outcome::Unavailable(Arc::new(error)),
            }
        }
        Outcome::Unavailable(Arc::new(StoreError::unavailable()))
    }

    /// Puts the row; while the outcome is unknown, puts the same row again, which changes nothing if
    /// it is there. The store's client spaces the tries.
    async fn put(&self, key: &RowKey, entry: &Entry, again: &mut u32) -> Result<Inserted, StoreError> {
        loop {
            match self.store.insert(key, entry).await {
                Err(StoreError::Ambiguous { .. }) if *again > 0 => *again -= 1,
                outcome => return outcome,
            }
        }
    }
}

/// Whose row is it? The call id comes first: after an ambiguous put the row met may be this call's.
fn compare(mine: &Entry, row: &Stored) -> Outcome {
    match row {
        Stored::Erased => Outcome::Erased,
        Stored::Entry(row) if row.call == mine.call => Outcome::Created,
        Stored::Entry(row) if row.id != mine.id => Outcome::Duplicate,
        Stored::Entry(row) if row.digest == mine.digest => Outcome::Replayed,
        Stored::Entry(_) => Outcome::KeyReused,
    }
}

fn read_id(key: Option<&[u8]>) -> Result<SubmissionId, Unreadable> {
    let text = str::from_utf8(key.ok_or(Unreadable::KeyMissing)?).map_err(|_| Unreadable::KeyIllegal)?;
    text.parse().map_err(|_| Unreadable::KeyIllegal)
}
