//! The tokens that all calls of a client pay their repetitions from.

use std::sync::atomic::{AtomicI64, Ordering};

use super::Pace;

/// Tokens when full. In a full outage at most 500/14 repetitions are sent beyond the calls.
const CAPACITY: i64 = 500;
const COST: i64 = 14;
const COST_THROTTLED: i64 = 5;

/// A bucket of retry tokens, as the AWS SDKs' standard mode has it: a repetition costs, its
/// success gives the cost back, and each call that succeeds at once puts one in.
#[derive(Debug)]
pub(crate) struct Bucket(AtomicI64);

impl Bucket {
    pub(crate) const fn full() -> Self {
        Self(AtomicI64::new(CAPACITY))
    }

    /// Takes what a repetition costs, or nothing if there is not enough.
    pub(crate) fn take(&self, pace: Pace) -> Option<i64> {
        let cost = if pace == Pace::Throttled { COST_THROTTLED } else { COST };
        self.0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |tokens| (tokens >= cost).then(|| tokens - cost))
            .ok()
            .map(|_| cost)
    }

    /// Gives `tokens` back.
    pub(crate) fn put(&self, tokens: i64) {
        // An update that always gives a value cannot fail.
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| Some((now + tokens).min(CAPACITY)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_costs_at_most_thirty_five_repetitions() {
        let bucket = Bucket::full();
        let sent = std::iter::from_fn(|| bucket.take(Pace::Transient)).count();
        assert_eq!(sent, 35);
    }

    #[test]
    fn success_gives_the_cost_back_and_never_more_than_full() {
        let bucket = Bucket::full();
        let cost = bucket.take(Pace::Throttled).unwrap();
        bucket.put(cost);
        bucket.put(1);
        assert_eq!(std::iter::from_fn(|| bucket.take(Pace::Throttled)).count(), 100);
    }
}
