//! Faults as the cloud has them, injected on purpose: which request is hurt, and how.
//!
//! A request at a hop is decided once, when it arrives. By a [`FaultPlan`] the decision is
//! f(seed, hop, key, attempt of that key at that hop), so that the timing of threads cannot change
//! it; by a script it is the next entry that matches. The hop's own code acts on it, for only that
//! knows what "before the commit" means.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Keys whose attempts are counted; then counting begins anew, so that the memory stays bounded.
const KEYS: usize = 1 << 20;

/// Entries a script may have.
const SCRIPT: usize = 10_000;

/// Where a request is hurt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hop {
    /// At the API Gateway.
    Gateway,
    /// At Table Store.
    TableStore,
    /// At OSS.
    Oss,
    /// At the CDN.
    Cdn,
    /// At the management calls of the cloud's own services.
    Openapi,
}

/// When a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// Nothing of the request was done.
    BeforeHandling,
    /// It was handled, and nothing of it was kept.
    BeforeCommit,
    /// All of it was done, and the answer is lost.
    AfterCommit,
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The connection is dropped without an answer.
    Cut(Moment),
    /// 503, and nothing was done.
    Busy {
        /// Seconds in `Retry-After`.
        retry_after: u64,
    },
    /// The request waits this long, and is then handled as if nothing had been.
    Stall(#[serde(with = "milliseconds")] Duration),
}

/// Faults by chance, the same for the same seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultPlan {
    /// Decides which requests.
    pub seed: u64,
    /// How many of a hundred requests, at each hop on its own; at most 100.
    pub percent: u8,
    /// How long a stall is, in milliseconds; it should be longer than the client's patience.
    #[serde(default = "default_stall", with = "milliseconds")]
    pub stall: Duration,
}

impl FaultPlan {
    /// A plan whose stalls last 450 ms: past an attempt timeout of 300 ms.
    #[must_use]
    pub fn new(seed: u64, percent: u8) -> Self {
        Self { seed, percent, stall: default_stall() }
    }

    /// The fault of the `attempt`th request with `key` at `hop`, the first being 0. One fifth each
    /// is cut before handling, before the commit, after it, is answered 503, is stalled.
    #[must_use]
    pub fn fault(&self, hop: Hop, key: &[u8], attempt: u32) -> Option<Fault> {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update([hop as u8]);
        hash.update(attempt.to_be_bytes());
        hash.update(key);
        let hash = hash.finalize();
        let number = |at: usize| u64::from_be_bytes(std::array::from_fn(|i| hash[at + i]));
        if number(0) % 100 >= u64::from(self.percent) {
            return None;
        }
        Some(match number(8) % 5 {
            0 => Fault::Cut(Moment::BeforeHandling),
            1 => Fault::Cut(Moment::BeforeCommit),
            2 => Fault::Cut(Moment::AfterCommit),
            3 => Fault::Busy { retry_after: number(16) % 2 },
            _ => Fault::Stall(self.stall),
        })
    }
}

/// One fault for one request that matches; used once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scripted {
    /// Where.
    pub hop: Hop,
    /// Which operation, as the hop names it (`PutRow`; `POST /campaigns/{id}/entries`); any if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Which key, when it is text; any if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What.
    pub fault: Fault,
}

/// What is injected: by plan, by script, or both; the script goes first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSettings {
    /// Faults by chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<FaultPlan>,
    /// Faults in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub script: Vec<Scripted>,
}

/// Why settings were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultSettingsError {
    /// More than a hundred of a hundred.
    #[error("percent is {0}; it must be from 0 to 100")]
    Percent(u8),
    /// The script is longer than 10,000 entries.
    #[error("the script has {0} entries; at most 10000 are kept")]
    Script(usize),
}

/// The fault engine; all clones are the same one.
#[derive(Clone, Default)]
pub struct Faults {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    settings: FaultSettings,
    attempts: HashMap<[u8; 16], u32>,
    injected: BTreeMap<String, u64>,
}

impl Faults {
    /// An engine that injects nothing until it is set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces what is injected and begins all counts anew.
    ///
    /// # Errors
    /// [`FaultSettingsError`]; nothing has changed then.
    pub fn set(&self, settings: FaultSettings) -> Result<(), FaultSettingsError> {
        if let Some(plan) = &settings.plan
            && plan.percent > 100
        {
            return Err(FaultSettingsError::Percent(plan.percent));
        }
        if settings.script.len() > SCRIPT {
            return Err(FaultSettingsError::Script(settings.script.len()));
        }
        *self.lock() = State { settings, ..State::default() };
        Ok(())
    }

    /// What is set: the plan, and what of the script has not been used. A test that ends with an
    /// entry left did not test what it meant to.
    #[must_use]
    pub fn settings(&self) -> FaultSettings {
        self.lock().settings.clone()
    }

    /// How many of each fault were injected, by `hop.fault`.
    #[must_use]
    pub fn injected(&self) -> BTreeMap<String, u64> {
        self.lock().injected.clone()
    }

    /// Decides for one request, once. `key` names what the request is about, so that a repetition
    /// of it is counted as the next attempt: for Table Store the table and the row's primary key,
    /// for OSS the bucket and the object's key, for the gateway the Idempotency-Key, for the CDN the path,
    /// for the OpenAPI what it asks for.
    #[must_use]
    pub fn decide(&self, hop: Hop, operation: &str, key: &[u8]) -> Option<Fault> {
        let mut state = self.lock();
        let fault = state.scripted(hop, operation, key).or_else(|| state.planned(hop, key))?;
        *state.injected.entry(name(hop, fault)).or_default() += 1;
        Some(fault)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn scripted(&mut self, hop: Hop, operation: &str, key: &[u8]) -> Option<Fault> {
        let script = &mut self.settings.script;
        let index = script.iter().position(|entry| {
            entry.hop == hop
                && entry.operation.as_deref().is_none_or(|wanted| wanted == operation)
                && entry.key.as_ref().is_none_or(|wanted| wanted.as_bytes() == key)
        })?;
        Some(script.remove(index).fault)
    }

    fn planned(&mut self, hop: Hop, key: &[u8]) -> Option<Fault> {
        let plan = self.settings.plan?;
        let hash = Sha256::new().chain_update([hop as u8]).chain_update(key).finalize();
        let hash: [u8; 16] = std::array::from_fn(|i| hash[i]);
        if self.attempts.len() >= KEYS && !self.attempts.contains_key(&hash) {
            self.attempts.clear();
        }
        let attempts = self.attempts.entry(hash).or_default();
        let attempt = *attempts;
        *attempts = attempts.saturating_add(1);
        plan.fault(hop, key, attempt)
    }
}

fn name(hop: Hop, fault: Fault) -> String {
    let hop = match hop {
        Hop::Gateway => "gateway",
        Hop::TableStore => "table_store",
        Hop::Oss => "oss",
        Hop::Cdn => "cdn",
        Hop::Openapi => "openapi",
    };
    let fault = match fault {
        Fault::Cut(Moment::BeforeHandling) => "cut_before_handling",
        Fault::Cut(Moment::BeforeCommit) => "cut_before_commit",
        Fault::Cut(Moment::AfterCommit) => "cut_after_commit",
        Fault::Busy { .. } => "busy",
        Fault::Stall(_) => "stall",
    };
    format!("{hop}.{fault}")
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("settings", &self.settings()).finish_non_exhaustive()
    }
}

const fn default_stall() -> Duration {
    Duration::from_millis(450)
}

/// A duration as a number of milliseconds.
mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(faults: &Faults, keys: &[String], hop: Hop) -> BTreeMap<String, Vec<Option<Fault>>> {
        let mut all = BTreeMap::<_, Vec<_>>::new();
        for key in keys {
            all.entry(key.clone()).or_default().push(faults.decide(hop, "PutRow", key.as_bytes()));
        }
        all
    }

    #[test]
    fn the_order_in_which_keys_arrive_does_not_change_their_faults() {
        let settings = FaultSettings { plan: Some(FaultPlan::new(7, 30)), script: Vec::new() };
        let keys: Vec<String> = (0..2000).map(|n| format!("key-{}", n % 500)).collect();
        let mut other = keys.clone();
        other.sort();
        let (first, second) = (Faults::new(), Faults::new());
        first.set(settings.clone()).unwrap();
        second.set(settings).unwrap();
        let faults = run(&first, &keys, Hop::TableStore);
        assert_eq!(faults, run(&second, &other, Hop::TableStore));
        assert_ne!(faults, run(&first, &keys, Hop::Gateway), "the two hops are hurt independently");
    }

    #[test]
    fn the_percentage_and_the_fifths_are_kept() {
        let faults = Faults::new();
        faults.set(FaultSettings { plan: Some(FaultPlan::new(1, 10)), script: Vec::new() }).unwrap();
        for n in 0..20_000_u32 {
            let _ = faults.decide(Hop::Gateway, "", &n.to_be_bytes());
        }
        let injected = faults.injected();
        assert_eq!(injected.len(), 5, "{injected:?}");
        for (name, count) in injected {
            assert!((330..470).contains(&count), "{name}: {count} of an expected 400");
        }
    }

    #[test]
    fn a_script_is_used_in_order_and_what_is_left_can_be_seen() {
        let entry = |operation: &str, fault| Scripted {
            hop: Hop::TableStore,
            operation: Some(operation.to_owned()),
            key: None,
            fault,
        };
        let cut = Fault::Cut(Moment::AfterCommit);
        let busy = Fault::Busy { retry_after: 1 };
        let script = vec![entry("PutRow", cut), entry("GetRow", busy), entry("PutRow", busy)];
        let faults = Faults::new();
        faults.set(FaultSettings { plan: None, script: script.clone() }).unwrap();
        assert_eq!(faults.decide(Hop::Gateway, "PutRow", b"k"), None);
        assert_eq!(faults.decide(Hop::TableStore, "PutRow", b"k"), Some(cut));
        assert_eq!(faults.decide(Hop::TableStore, "PutRow", b"k"), Some(busy));
        assert_eq!(faults.decide(Hop::TableStore, "PutRow", b"k"), None);
        assert_eq!(faults.settings().script, script[1..2]);
    }

    #[test]
    fn settings_are_json_and_nonsense_is_refused() {
        let text = r#"{"plan":{"seed":7,"percent":10,"stall":450},"script":[
            {"hop":"table_store","operation":"PutRow","fault":{"cut":"after_commit"}},
            {"hop":"gateway","fault":{"busy":{"retry_after":1}}},
            {"hop":"gateway","fault":{"stall":300}}]}"#;
        let settings: FaultSettings = serde_json::from_str(text).unwrap();
        assert_eq!(settings.plan, Some(FaultPlan::new(7, 10)));
        let again = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<FaultSettings>(&again).unwrap(), settings);
        assert!(serde_json::from_str::<FaultSettings>(r#"{"plans":{}}"#).is_err());
        let faults = Faults::new();
        let plan = Some(FaultPlan::new(1, 101));
        assert_eq!(faults.set(FaultSettings { plan, script: vec![] }), Err(FaultSettingsError::Percent(101)));
    }
}
