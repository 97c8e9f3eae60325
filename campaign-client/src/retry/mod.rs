//! When a call is sent again, and how long it waits before.
//!
//! The rule has three parts. The service (or the transport) gives a [`Verdict`] on each failure:
//! whether anything may have been done ([`Effect`]) and how soon to come back ([`Pace`]). The
//! operation has a [`Class`]. [`allows`] puts the two together. [`Retry`] bounds the rest:
//! attempts, waits, the deadline and a bucket of tokens that all calls of a client share, so that
//! an outage is not answered with a flood.

mod bucket;
mod delay;

use std::time::Duration;

use http::StatusCode;

pub(crate) use self::bucket::Bucket;
pub use self::delay::retry_after;
use crate::{Class, Error, ErrorKind, Result};

/// No wait and no deadline is longer, whatever a caller sets: a clock cannot show the end of one that is.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// Whether a failed attempt may have had an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// The service certainly did nothing: any call may be sent again.
    None,
    /// Nobody knows: only a call that may be repeated is sent again.
    Ambiguous,
}

/// How soon to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pace {
    /// A passing fault.
    Transient,
    /// The resource is being moved or made, which takes seconds: more attempts, longer waits.
    Moving,
    /// The service asks for less: longer waits, never none.
    Throttled,
}

/// What a failure means for another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// It may go better next time.
    Again {
        /// What the failed attempt may have done.
        effect: Effect,
        /// How soon.
        pace: Pace,
    },
    /// The clock is too far from the service's. Nothing was done; one attempt with the service's
    /// time may be made.
    Skewed,
    /// The credentials have expired or were taken back. Nothing was done; one attempt with others
    /// may be made.
    Expired,
    /// Another attempt would fail the same way.
    Final,
}

impl Verdict {
    /// Certainly nothing done, a passing fault.
    pub const UNEXECUTED: Self = Self::Again { effect: Effect::None, pace: Pace::Transient };
    /// Nobody knows, a passing fault.
    pub const AMBIGUOUS: Self = Self::Again { effect: Effect::Ambiguous, pace: Pace::Transient };
    /// Certainly nothing done, the service asks for less.
    pub const THROTTLED: Self = Self::Again { effect: Effect::None, pace: Pace::Throttled };
    /// Certainly nothing done, the resource is not in place yet.
    pub const MOVING: Self = Self::Again { effect: Effect::None, pace: Pace::Moving };

    /// What the failed attempt may have done, if another may follow.
    #[must_use]
    pub const fn effect(self) -> Option<Effect> {
        match self {
            Self::Again { effect, .. } => Some(effect),
            _ => None,
        }
    }
}

/// Whether a call of `class` may be sent again after a failure with `verdict`.
///
/// | verdict | Read | Idempotent | Conditional | Once |
/// |---|---|---|---|---|
/// | nothing done | yes | yes | yes | yes |
/// | ambiguous | yes | yes | yes, a later conflict is settled | no: the outcome is unknown |
/// | skewed, expired | once, corrected | once | once | once |
/// | final | no | no | no | no |
#[must_use]
pub const fn allows(class: Class, verdict: Verdict) -> bool {
    match verdict {
        Verdict::Again { effect: Effect::Ambiguous, .. } => !matches!(class, Class::Once),
        Verdict::Again { effect: Effect::None, .. } | Verdict::Skewed | Verdict::Expired => true,
        Verdict::Final => false,
    }
}

/// What an HTTP status means when the service's own code says no more.
#[must_use]
pub fn by_status(status: StatusCode) -> (ErrorKind, Verdict) {
    match status.as_u16() {
        401 | 403 => (ErrorKind::Denied, Verdict::Final),
        404 | 410 => (ErrorKind::NotFound, Verdict::Final),
        408 => (ErrorKind::Interrupted, Verdict::AMBIGUOUS),
        409 | 412 => (ErrorKind::Conflict, Verdict::Final),
        429 => (ErrorKind::Throttled, Verdict::THROTTLED),
        500..=599 => (ErrorKind::Unavailable, Verdict::AMBIGUOUS),
        _ => (ErrorKind::Refused, Verdict::Final),
    }
}

/// How calls are repeated: a value, for a client or for one call.
///
/// ```
/// use std::time::Duration;
/// use campaign_client::Retry;
///
/// let patient = Retry::default().attempts(5).deadline(Duration::from_secs(60));
/// let never = Retry::never();
/// # let _ = (patient, never);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// Attempts in all, the first included. Default 3.
    pub attempts: u32,
    /// Attempts in all while a resource is being moved or made. Default 6.
    pub moving_attempts: u32,
    /// The first wait after a passing fault is drawn from zero to this. Default 50 ms.
    pub base: Duration,
    /// The same while a resource is being moved or made. Default 200 ms.
    pub moving_base: Duration,
    /// The first wait after throttling is drawn from half of this to this. Default 500 ms.
    pub throttled_base: Duration,
    /// No wait is drawn longer than this. Default 20 s.
    pub cap: Duration,
    /// One attempt, answer included, takes no longer than this. Default 10 s.
    pub attempt_timeout: Duration,
    /// The call, waits included, takes no longer than this; reading back to [settle](crate::Settle) a
    /// conflict is a call of its own. Default 30 s.
    pub deadline: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 3,
            moving_attempts: 6,
            base: Duration::from_millis(50),
            moving_base: Duration::from_millis(200),
            throttled_base: Duration::from_millis(500),
            cap: Duration::from_secs(20),
            attempt_timeout: Duration::from_secs(10),
            deadline: Duration::from_secs(30),
        }
    }
}

impl Retry {
    /// One attempt, for a caller that repeats by itself.
    #[must_use]
    pub fn never() -> Self {
        Self { attempts: 1, moving_attempts: 1, ..Self::default() }
    }

    /// The same with `attempts` in all, also while a resource is being moved.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        (self.attempts, self.moving_attempts) = (attempts, attempts);
        self
    }

    /// The same with another bound on the whole call.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The same with another bound on one attempt.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// The same with other first waits after a passing fault.
    #[must_use]
    pub fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// The same with another longest wait.
    #[must_use]
    pub fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// Refuses numbers that cannot work.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if there would be no attempt or no time for one.
    pub fn check(&self) -> Result<()> {
        if self.attempts == 0 || self.moving_attempts == 0 {
            return Err(Error::invalid("retry: at least one attempt is needed"));
        }
        if self.attempt_timeout.is_zero() || self.deadline.is_zero() {
            return Err(Error::invalid("retry: attempt timeout and deadline must be longer than zero"));
        }
        Ok(())
    }

    /// How many attempts a failure with `pace` may end with.
    pub(crate) const fn attempts_for(&self, pace: Pace) -> u32 {
        match pace {
            Pace::Moving => self.moving_attempts,
            Pace::Transient | Pace::Throttled => self.attempts,
        }
    }
}
