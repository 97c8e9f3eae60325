//! Where a verifier remembers what it has seen, so that nothing is taken twice.

use std::collections::{BTreeMap, HashSet};
use std::error::Error as StdError;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// A nonce that a valid request brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Use<'a> {
    /// The AppKey. The same nonce of two apps is two nonces.
    pub app_key: &'a str,
    /// The nonce; letter case matters.
    pub nonce: &'a str,
    /// When the request says it was signed.
    pub signed_at: DateTime<Utc>,
    /// The time it is.
    pub now: DateTime<Utc>,
    /// From when on the request would be refused as expired, and its nonce may be forgotten.
    pub until: DateTime<Utc>,
}

/// Whether a nonce was used before cannot be told. The request is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoncesError {
    /// As many are remembered as there is room for. The next may come when the oldest have expired.
    #[error("there is no room to remember another nonce")]
    Full,
    /// The request was signed before the time of which all nonces are known.
    #[error("the request was signed at a time of which nonces were not remembered")]
    Unknown,
    /// A shared store did not answer.
    #[error("the store of nonces is not available")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
}

/// Remembers nonces. One that several verifiers share is reached over a network, so the call is
/// asynchronous; in one process take [`MemoryNonces`].
#[async_trait]
pub trait Nonces: fmt::Debug + Send + Sync + 'static {
    /// Remembers a nonce at least until [`Use::until`]. True if it is new, false if it was
    /// remembered already: of two at the same time exactly one is new.
    ///
    /// # Errors
    /// [`NoncesError`] if that cannot be told. Forgetting one to make room for another is no way
    /// out: it lets the forgotten request through again.
    async fn remember(&self, nonce: Use<'_>) -> Result<bool, NoncesError>;
}

/// Nonces in the memory of this process, bounded in number and time.
///
/// It refuses rather than forgets. When it is full, requests are refused until the oldest nonces
/// have expired. What was signed before it was made is refused, because an earlier process may have
/// taken it: after a restart a client that signs afresh is let in at once, a replay is not. The same
/// rule holds if the clock jumps ahead, nonces expire and the clock is set back.
///
/// About 50 bytes are needed for each; a nonce is kept as a keyed 128-bit hash of itself and its app.
#[derive(Debug)]
pub struct MemoryNonces {
    most: usize,
    keys: [RandomState; 2],
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    seen: HashSet<u128>,
    /// What expires in each span.
    expiring: BTreeMap<i64, Vec<u128>>,
    /// Of what was signed from here on everything is known.
    from: DateTime<Utc>,
}

/// Milliseconds: nonces that expire within one span are forgotten together.
const SPAN: i64 = 15_000;

impl MemoryNonces {
    /// How many nonces are remembered unless it is said otherwise: 1,000,000, which is over 500
    /// requests a second, always.
    pub const MOST: usize = 1_000_000;

    /// An empty memory, made at `now`; what was signed before is refused.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        // Timestamps are milliseconds: what was signed in this one is of this time.
        let from = DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now);
        let state = State { seen: HashSet::new(), expiring: BTreeMap::new(), from };
        Self { most: Self::MOST, keys: [RandomState::new(), RandomState::new()], state: Mutex::new(state) }
    }

    /// Remembers at most so many.
    #[must_use]
    pub fn most(mut self, nonces: usize) -> Self {
        self.most = nonces;
        self
    }

    /// How many are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).seen.len()
    }

    /// True if none is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn hash(&self, nonce: &Use<'_>) -> u128 {
        let pair = (nonce.app_key, nonce.nonce);
        let [high, low] = self.keys.each_ref().map(|key| u128::from(key.hash_one(pair)));
        high << 64 | low
    }
}

impl State {
    /// Forgets what has expired.
    fn forget(&mut self, nonce: &Use<'_>) {
        let now = nonce.now.timestamp_millis();
        while let Some(span) = self.expiring.first_entry().filter(|span| (span.key() + 1).saturating_mul(SPAN) <= now) {
            for hash in span.remove() {
                self.seen.remove(&hash);
            }
            // If the clock is set back, requests of that time could come again.
            self.from = self.from.max(nonce.now - (nonce.until - nonce.signed_at));
        }
    }
}

#[async_trait]
impl Nonces for MemoryNonces {
    async fn remember(&self, nonce: Use<'_>) -> Result<bool, NoncesError> {
        let hash = self.hash(&nonce);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.forget(&nonce);
        if nonce.signed_at < state.from {
            return Err(NoncesError::Unknown);
        }
        if state.seen.contains(&hash) {
            return Ok(false);
        }
        if state.seen.len() >= self.most {
            return Err(NoncesError::Full);
        }
        state.seen.insert(hash);
        let span = nonce.until.timestamp_millis().div_euclid(SPAN);
        state.expiring.entry(span).or_default().push(hash);
        Ok(true)
    }
}
