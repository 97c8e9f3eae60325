//! One row of the matrix: what is expected, and whether it happens.

use std::time::Duration;

use campaign_client::{Class, Error, ErrorKind, Result};
use serde::Deserialize;
use tokio::time::{Instant, timeout};

use super::{
    cloud::Cloud,
    subject::{Subject, Word},
    variant::{Keys, Variant, variants},
};

/// The client may return this much later than its deadline.
const LATE: Duration = Duration::from_millis(50);
/// After a call is over nothing may be sent any more; looked for this long.
const AFTERWARDS: Duration = Duration::from_secs(60);

/// One row of the matrix.
#[derive(Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) op: String,
    class: Letter,
    pub(crate) fault: String,
    pub(crate) expect: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Letter {
    R,
    I,
    V,
    N,
}

#[derive(Deserialize)]
struct Matrix {
    rows: Vec<Row>,
    count_rows: usize,
}

/// What a run is to show.
#[derive(Debug, PartialEq)]
struct Outcome {
    /// Requests of the call itself.
    requests: usize,
    /// Requests of other operations: reading back.
    probes: usize,
    ending: Ending,
    /// How often the effect is found; `None` for a call without one.
    effects: Option<usize>,
    /// Faults that were not injected.
    left: usize,
    /// How often other credentials were taken.
    refreshed: usize,
}

#[derive(Debug, PartialEq)]
enum Ending {
    Success,
    Failure { outcome_unknown: bool },
    Cancelled,
}

impl Row {
    /// All rows of the matrix.
    pub(crate) fn all() -> Vec<Self> {
        let matrix: Matrix =
            serde_json::from_str(include_str!("../../vectors/fault-matrix.json")).expect("the file is a matrix");
        assert_eq!(matrix.rows.len(), matrix.count_rows);
        matrix.rows
    }

    /// The ways in which the row's fault can happen to its call.
    pub(crate) fn variants<S: Subject>(&self, subject: S) -> Vec<Variant> {
        let mut variants = variants(subject, &self.fault);
        // What is not known cannot exhaust the attempts of a call that is then not sent again.
        if self.fault == "F28" && self.class == Letter::N {
            variants.retain(|variant| !variant.ambiguous);
        }
        variants
    }

    /// Runs it; the error says what was found instead.
    pub(crate) async fn run<S: Subject>(&self, subject: S, variant: &Variant) -> Result<(), String> {
        let class = match self.class {
            Letter::R => Class::Read,
            Letter::I => Class::Idempotent,
            Letter::V => Class::Conditional,
            Letter::N => Class::Once,
        };
        if subject.class() != class {
            return Err(format!("the call is {:?}, the row's class {:?}", subject.class(), self.class));
        }
        let cloud = Cloud::new(subject, variant).await.map_err(|e| format!("cannot be prepared: {e}"))?;
        let began = Instant::now();
        let patience = variant.client.cancelled.unwrap_or(Duration::from_secs(3600));
        let result = timeout(patience, subject.call(&cloud.client)).await;
        let took = began.elapsed();

        let ending = match &result {
            Ok(Ok(())) => Ending::Success,
            Ok(Err(error)) => Ending::Failure { outcome_unknown: error.outcome_unknown() },
            Err(_) => Ending::Cancelled,
        };
        // A page that is read ahead is given up in its own task, which needs one turn for it.
        tokio::task::yield_now().await;
        let sent = cloud.wire.sent();
        let open = cloud.wire.open();
        tokio::time::sleep(AFTERWARDS).await;
        let requests = sent.iter().filter(|sent| sent.operation == subject.operation()).count();
        let got = Outcome {
            requests,
            probes: sent.len() - requests,
            ending,
            effects: subject.effects(&cloud.looker).await.map_err(|e| format!("cannot be looked at: {e}"))?,
            left: cloud.wire.left(),
            refreshed: cloud.keys.refreshed(),
        };
        let expected = self.outcome(subject, variant);
        if got != expected {
            return Err(format!("{expected:?}\n     got {got:?} with {result:?}"));
        }
        if cloud.wire.sent() != sent || open != 0 {
            return Err(format!("{open} connections stay open; later sent: {:?}", cloud.wire.sent()));
        }
        let deadline = cloud.client.retry().deadline;
        if took > deadline + LATE {
            return Err(format!("it took {took:?}, and had {deadline:?}"));
        }
        if let Ok(Err(error)) = &result {
            self.check_error::<S>(error, requests)?;
        }
        // The only turn has been given back. A client without a key or the right time stays refused.
        match S::look(&cloud.client).await {
            Err(error) if variant.refused_after.is_none() || error.kind() != ErrorKind::Denied => {
                Err(format!("the next call fails: {error}"))
            }
            _ => Ok(()),
        }
    }

    /// What the file's words mean for this variant.
    fn outcome<S: Subject>(&self, subject: S, variant: &Variant) -> Outcome {
        let faults = variant.steps.len() - variant.left;
        let reads = self.class == Letter::R;
        let failure = Ending::Failure { outcome_unknown: variant.ambiguous && !reads };
        let done = usize::from(variant.done);
        let (requests, probes, ending, effects) = match self.expect.as_str() {
            _ if variant.is_unnoticed(subject) => (1, 0, Ending::Success, 1),
            _ if variant.refused_after.is_some() => (variant.refused_after.unwrap_or(0), 0, failure, 0),
            "retry" | "retry-once-corrected" | "retry-once-refreshed" => (faults + 1, 0, Ending::Success, 1),
            "retry-then-verify" => (faults + 1, done, Ending::Success, 1),
            "fail-1" => (1, 0, Ending::Failure { outcome_unknown: false }, 0),
            "fail-1-outcome-unknown" => (1, 0, Ending::Failure { outcome_unknown: true }, done),
            "fail-2" => (2, 0, Ending::Failure { outcome_unknown: false }, 0),
            "fail-2-outcome-unknown" => (2, 0, Ending::Failure { outcome_unknown: true }, done),
            "fail-max-attempts" => (faults, 0, failure, 0),
            "fail-deadline" => (1, 0, failure, done),
            "no-orphan-work" => (1, 0, Ending::Cancelled, done),
            other => panic!("no expectation {other}"),
        };
        let refreshed = usize::from(matches!(variant.client.keys, Keys::Refreshed | Keys::ExpiredTwice));
        Outcome { requests, probes, ending, effects: (!reads).then_some(effects), left: variant.left, refreshed }
    }

    /// The last error is kept and every attempt listed.
    fn check_error<S: Subject>(&self, error: &Error, requests: usize) -> Result<(), String> {
        let attempts = error.attempts();
        let last = attempts.last().map(|last| (last.kind, last.code.as_deref()));
        let own = (error.kind(), error.service_error().map(|answer| answer.code.as_str()));
        if last != Some(own) {
            return Err(format!("the last attempt is not the error: {error:?}"));
        }
        if self.expect == "fail-max-attempts" && attempts.len() != requests {
            return Err(format!("{requests} requests, but {attempts:?}"));
        }
        let busy = S::says(Word::Busy).map(|answer| answer.status());
        if self.expect == "fail-2" && error.service_error().map(|answer| answer.status) == busy {
            return Err("the first error is told instead of the last".to_owned());
        }
        Ok(())
    }
}
