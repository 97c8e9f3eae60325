//! The circuit breaker: a function that times out again and again is not called for a while.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// When a function is left alone. The defaults are those the vendor documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerOptions {
    /// This many timeouts open the breaker: 1,000.
    pub timeouts: usize,
    /// Within this time: 30 s.
    pub window: Duration,
    /// It stays open for so long: 90 s.
    pub open: Duration,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self { timeouts: 1000, window: Duration::from_secs(30), open: Duration::from_secs(90) }
    }
}

/// The breakers of all functions. Time comes in from outside.
#[derive(Debug)]
pub(super) struct Breakers {
    options: BreakerOptions,
    functions: Mutex<HashMap<String, Breaker>>,
}

#[derive(Debug, Default)]
struct Breaker {
    timeouts: VecDeque<Instant>,
    open_until: Option<Instant>,
}

impl Breakers {
    pub(super) fn new(options: BreakerOptions) -> Self {
        Self { options, functions: Mutex::default() }
    }

    /// How long the function is left alone still; `None` if it may be called.
    pub(super) fn open(&self, function: &str, now: Instant) -> Option<Duration> {
        let functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        let until = functions.get(function)?.open_until?;
        until.checked_duration_since(now).filter(|rest| !rest.is_zero())
    }

    /// Counts a timeout of the function.
    pub(super) fn timed_out(&self, function: &str, now: Instant) {
        let mut functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        let breaker = functions.entry(function.to_owned()).or_default();
        let old = |at: &Instant| now.saturating_duration_since(*at) > self.options.window;
        while breaker.timeouts.front().is_some_and(old) {
            breaker.timeouts.pop_front();
        }
        breaker.timeouts.push_back(now);
        if breaker.timeouts.len() >= self.options.timeouts {
            breaker.timeouts.clear();
            breaker.open_until = Some(now + self.options.open);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_timeouts_in_thirty_seconds_open_it_for_ninety() {
        let breakers = Breakers::new(BreakerOptions::default());
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for _ in 0..999 {
            breakers.timed_out("f", start);
        }
        assert_eq!(breakers.open("f", start), None);
        // The first 999 are out of the window.
        breakers.timed_out("f", at(31));
        assert_eq!(breakers.open("f", at(31)), None);
        for _ in 0..999 {
            breakers.timed_out("f", at(32));
        }
        assert_eq!(breakers.open("f", at(32)), Some(Duration::from_secs(90)));
        assert_eq!(breakers.open("g", at(32)), None);
        assert_eq!(breakers.open("f", at(122)), None);
        breakers.timed_out("f", at(122));
        assert_eq!(breakers.open("f", at(122)), None);
    }
}
