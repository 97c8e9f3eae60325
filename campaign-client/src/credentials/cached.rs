//! Credentials fetched once for many, and again before they end.

use std::{
    fmt,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};

use super::{Credentials, CredentialsError, ProvideCredentials};
use crate::Clock;

/// Fetched again in the background when this part of their life is over…
const USED: f64 = 0.8;
/// …or when less than this is left.
const LEFT: chrono::TimeDelta = chrono::TimeDelta::minutes(5);
/// A fetch that others wait for takes no longer than this.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// After a background fetch that failed or brought nothing newer the next one begins no sooner than this.
const PAUSE: chrono::TimeDelta = chrono::TimeDelta::seconds(30);

const NAME: &str = "the cache";

type Fetch = Shared<BoxFuture<'static, Result<Credentials, CredentialsError>>>;

/// Keeps what another provider gave until it nears its end.
///
/// While the kept credentials are valid, nobody waits: one caller starts the next fetch in the
/// background, at 80 % of their life or five minutes before their end. Without valid ones there is
/// one fetch, in a task of its own, and all callers share its result. Credentials that a service
/// refused are fetched anew at once.
///
/// It needs a running tokio runtime.
pub struct Cached<P> {
    provider: Arc<P>,
    clock: Clock,
    state: Arc<Mutex<State>>,
}

impl<P> Clone for Cached<P> {
    fn clone(&self) -> Self {
        Self { provider: Arc::clone(&self.provider), clock: self.clock.clone(), state: Arc::clone(&self.state) }
    }
}

#[derive(Default)]
struct State {
    kept: Option<Kept>,
    fetching: Option<Fetch>,
    not_before: Option<DateTime<Utc>>,
}

struct Kept {
    credentials: Credentials,
    refresh_at: Option<DateTime<Utc>>,
}

impl<P: ProvideCredentials> Cached<P> {
    /// Keeps what `provider` gives.
    pub fn new(provider: P) -> Self {
        Self::with_clock(provider, Clock::system())
    }

    /// The same with another clock.
    pub fn with_clock(provider: P, clock: Clock) -> Self {
        Self { provider: Arc::new(provider), clock, state: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held, and every state in it is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the fetch under way or starts one.
    fn fetch(&self, state: &mut State, refused: Option<&Credentials>) -> Fetch {
        // One that has ended and is still here was cancelled with its runtime.
        if let Some(fetch) = state.fetching.as_ref().filter(|fetch| fetch.peek().is_none()) {
            return fetch.clone();
        }
        let (this, refused) = (self.clone(), refused.cloned());
        // A task of its own: a caller that is dropped must not take the others' fetch with it.
        let task = tokio::spawn(async move {
            let asked = AssertUnwindSafe(this.provider.credentials(refused.as_ref())).catch_unwind();
            let result = match tokio::time::timeout(FETCH_TIMEOUT, asked).await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(CredentialsError::new(NAME, "the provider panicked")),
                Err(_) => Err(CredentialsError::new(NAME, "the provider took longer than 5 s")),
            };
            this.keep(result)
        });
        let fetch = task
            .map(|joined| joined.unwrap_or_else(|_| Err(CredentialsError::new(NAME, "the fetch was cancelled"))))
            .boxed()
            .shared();
        state.fetching = Some(fetch.clone());
        fetch
    }

    fn keep(&self, result: Result<Credentials, CredentialsError>) -> Result<Credentials, CredentialsError> {
        let now = self.clock.now();
        let mut state = self.lock();
        state.fetching = None;
        match result {
            Ok(new) => {
                state.not_before = None;
                let newer = state.kept.as_ref().is_none_or(|kept| {
                    kept.credentials.expires().is_none_or(|old| new.expires().is_none_or(|end| end >= old))
                        || is_over(&kept.credentials, now)
                });
                if newer {
                    state.kept = Some(Kept { refresh_at: refresh_at(&new, now), credentials: new });
                } else {
                    state.not_before = Some(now + PAUSE);
                }
                let kept = state.kept.as_ref().map(|kept| kept.credentials.clone());
                match kept {
                    Some(kept) if !is_over(&kept, now) => Ok(kept),
                    _ => Err(CredentialsError::new(NAME, "the provider gave credentials that have ended already")),
                }
            }
            Err(error) => {
                state.not_before = Some(now + PAUSE);
                Err(error)
            }
        }
    }
}

fn is_over(credentials: &Credentials, now: DateTime<Utc>) -> bool {
    credentials.expires().is_some_and(|end| end <= now)
}

/// When to fetch the next ones, spread by a tenth so that instances do not ask together.
fn refresh_at(credentials: &Credentials, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let end = credentials.expires()?;
    let life = (end - now).to_std().unwrap_or_default();
    let spread = 0.9 + 0.2 * fastrand::f64();
    let used = now + chrono::TimeDelta::from_std(life.mul_f64((USED * spread).min(1.0))).unwrap_or_default();
    // Credentials that live shorter than ten minutes are fetched by the first rule alone.
    let left = if life > Duration::from_secs(600) { end - LEFT } else { end };
    Some(used.min(left))
}

#[async_trait]
impl<P: ProvideCredentials> ProvideCredentials for Cached<P> {
    async fn credentials(&self, refused: Option<&Credentials>) -> Result<Credentials, CredentialsError> {
        let (fetch, joined) = {
            let now = self.clock.now();
            let mut state = self.lock();
            // Dropped, for the next ones may end sooner and are to be kept all the same.
            state.kept.take_if(|kept| refused.is_some_and(|refused| kept.credentials.same(refused)));
            let valid = state
                .kept
                .as_ref()
                .filter(|kept| !is_over(&kept.credentials, now))
                .map(|kept| (kept.credentials.clone(), kept.refresh_at));
            if let Some((credentials, refresh_at)) = valid {
                let due = refresh_at.is_some_and(|at| at <= now) && state.not_before.is_none_or(|at| at <= now);
                if due {
                    // The task runs by itself; its result is not waited for.
                    drop(self.fetch(&mut state, None));
                }
                return Ok(credentials);
            }
            let joined = state.fetching.is_some();
            (self.fetch(&mut state, refused), joined)
        };
        let fetched = fetch.await?;
        if !joined || refused.is_none_or(|refused| !fetched.same(refused)) {
            return Ok(fetched);
        }
        // That fetch began before the refusal and brought the refused key once more.
        let again = {
            let mut state = self.lock();
            state.kept.take_if(|kept| refused.is_some_and(|refused| kept.credentials.same(refused)));
            self.fetch(&mut state, refused)
        };
        again.await
    }
}

impl<P: fmt::Debug> fmt::Debug for Cached<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cached").field(&self.provider).finish()
    }
}

#[cfg(test)]
mod tests;
