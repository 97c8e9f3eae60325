//! Where a client reads the time, as a value, so that a test can set it.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};

/// A source of the current time.
///
/// Signatures carry a date, and a test wants a known one. Sleeping is not its business: waits
/// between attempts use tokio's timer.
///
/// ```
/// use campaign_client::Clock;
/// use chrono::{DateTime, Utc};
///
/// let noon: DateTime<Utc> = "2026-11-11T12:00:00Z".parse()?;
/// assert_eq!(Clock::fixed(noon).now(), noon);
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// A clock that reads the time from `now` on every call.
    pub fn new(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The machine's own clock.
    #[must_use]
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
        Self::new(Utc::now)
    }

    /// A clock that always shows `at`.
    #[must_use]
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self::new(move || at)
    }

    /// The time it is.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
