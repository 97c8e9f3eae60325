//! Many inputs, one after another.

use std::{
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
    time::{Duration, Instant},
};

use fastrand::Rng;

use crate::{
    input::Input,
    probe::{Broken, Probe},
    target::Target,
};

/// How many inputs, and which.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The most inputs.
    pub runs: u64,
    /// What the inputs follow from.
    pub seed: u64,
    /// The longest it may take.
    pub time: Duration,
}

/// What became of the inputs.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// How many there were.
    pub runs: u64,
    /// How many at least one reader accepted.
    pub accepted: u64,
    /// How many all readers refused.
    pub refused: u64,
    /// The most bytes allocated for a byte of an input, beyond what any input may take.
    pub worst_ratio: f64,
    /// The most bytes that a reader had allocated.
    pub worst_peak: u64,
}

/// An input that broke a property.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Its number, from 0.
    pub run: u64,
    /// The input.
    pub input: Input,
    /// What is broken.
    pub broken: Broken,
}

thread_local! {
    /// What the last caught panic said; `None` outside [`one`].
    static CAUGHT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the panics of readers from the screen: [`one`] reports them.
pub fn catch_panics() {
    let others = panic::take_hook();
    panic::set_hook(Box::new(move |info| match CAUGHT.with_borrow(Option::is_some) {
        true => CAUGHT.set(Some(info.to_string())),
        false => others(info),
    }));
}

/// Gives one input to a target.
///
/// # Errors
/// [`Broken`] if a property does not hold, or if a reader panics.
pub fn one(target: &impl Target, input: &Input) -> Result<Probe, Broken> {
    let mut probe = Probe::new(input.bytes.len());
    CAUGHT.set(Some(String::new()));
    let result = panic::catch_unwind(AssertUnwindSafe(|| target.check(input, &mut probe)));
    let caught = CAUGHT.take().unwrap_or_default();
    match result {
        Ok(result) => result.map(|()| probe),
        Err(_) => Err(probe.broken(caught)),
    }
}

/// Gives the plan's inputs to a target. `progress` is told every second.
///
/// # Errors
/// The first input that breaks a property.
pub fn many(
    target: &mut impl Target,
    plan: &Plan,
    mut progress: impl FnMut(&Summary, usize),
) -> Result<Summary, Box<Failure>> {
    let mut rng = Rng::with_seed(plan.seed);
    let mut summary = Summary::default();
    let began = Instant::now();
    let mut told = began;
    while summary.runs < plan.runs {
        if summary.runs % 256 == 0 {
            let now = Instant::now();
            if now - began >= plan.time {
                break;
            }
            if now - told >= Duration::from_secs(1) {
                told = now;
                progress(&summary, target.ways());
            }
        }
        let input = target.next(&mut rng);
        let probe = match one(target, &input) {
            Ok(probe) => probe,
            Err(broken) => return Err(Box::new(Failure { run: summary.runs, input, broken })),
        };
        target.learn(&input, &probe);
        summary.runs += 1;
        if probe.accepted > 0 {
            summary.accepted += 1;
        } else {
            summary.refused += 1;
        }
        summary.worst_ratio = summary.worst_ratio.max(probe.ratio());
        summary.worst_peak = summary.worst_peak.max(probe.peak);
    }
    Ok(summary)
}
