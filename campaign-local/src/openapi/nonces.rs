//! The nonces that were used: a signed request is good once.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

/// A request may be dated 15 minutes ahead and is then good for 15 more.
const REMEMBERED: TimeDelta = TimeDelta::minutes(30);

/// Nonces that are remembered at once: 500 a second.
const MOST: usize = 1_000_000;

/// Bytes of a nonce: the official clients send 32 digits; a longer one is no nonce.
const LENGTH: std::ops::RangeInclusive<usize> = 8..=128;

/// What is wrong with a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    /// Too short, too long or not there.
    Malformed,
    /// It was used before.
    Used,
    /// No more can be remembered, and one that is forgotten could be used twice.
    Full,
}

#[derive(Debug)]
pub(super) struct Nonces {
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    used: HashSet<[u8; 16]>,
    /// In the order of their arrival.
    until: VecDeque<(DateTime<Utc>, [u8; 16])>,
}

impl Default for Nonces {
    fn default() -> Self {
        Self { most: MOST, state: Mutex::default() }
    }
}

impl Nonces {
    /// Takes the `nonce` of `id`, once. Only for requests whose signature is right: nobody else may use nonces up.
    pub(super) fn take(&self, id: &str, nonce: &str, now: DateTime<Utc>) -> Result<(), Bad> {
        if !LENGTH.contains(&nonce.len()) {
            return Err(Bad::Malformed);
        }
        let hash =
            Sha256::new().chain_update((id.len() as u64).to_be_bytes()).chain_update(id).chain_update(nonce).finalize();
        let hash: [u8; 16] = std::array::from_fn(|at| hash[at]);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((_, old)) = state.until.front().copied().filter(|(until, _)| *until < now) {
            state.until.pop_front();
            state.used.remove(&old);
        }
        if state.used.contains(&hash) {
            return Err(Bad::Used);
        }
        if state.used.len() >= self.most {
            return Err(Bad::Full);
        }
        state.used.insert(hash);
        state.until.push_back((now + REMEMBERED, hash));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_794_355_200 + second, 0).unwrap()
    }

    #[test]
    fn a_nonce_is_taken_once_for_each_key_as_long_as_its_request_is_good() {
        let nonces = Nonces::default();
        assert_eq!(nonces.take("key", "12345678", at(0)), Ok(()));
        assert_eq!(nonces.take("key", "12345678", at(1800)), Err(Bad::Used));
        assert_eq!(nonces.take("other", "12345678", at(1800)), Ok(()));
        assert_eq!(nonces.take("ke", "y12345678", at(1800)), Ok(()));
        assert_eq!(nonces.take("key", "12345678", at(1801)), Ok(()));
        assert_eq!(nonces.take("key", "1234567", at(0)), Err(Bad::Malformed));
        assert_eq!(nonces.take("key", &"1".repeat(129), at(0)), Err(Bad::Malformed));
    }

    #[test]
    fn a_full_memory_refuses_instead_of_forgetting() {
        let nonces = Nonces { most: 100, ..Nonces::default() };
        for n in 0..100 {
            nonces.take("key", &format!("{n:08}"), at(0)).unwrap();
        }
        assert_eq!(nonces.take("key", "one more", at(0)), Err(Bad::Full));
        assert_eq!(nonces.take("key", "00000000", at(0)), Err(Bad::Used));
        assert_eq!(nonces.take("key", "one more", at(1801)), Ok(()));
        assert_eq!(nonces.state.lock().unwrap().until.len(), 1);
    }
}
