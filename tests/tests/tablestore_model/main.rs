//! The emulated Table Store against a naive model of its documents, step by step over random sequences: alone, under
//! faults with a client that tries again, and over power cuts.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test: small numbers, and a panic is a finding"
)]

mod case;
mod cloud;
#[path = "../disk/mod.rs"]
mod disk;
mod model;
mod step;

use std::time::Duration;

use campaign_local::fault::FaultPlan;
use campaign_tablestore::Code;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::{Builder, Runtime};

use case::{Case, LIFE};
use cloud::{Cloud, Outcome};
use disk::{Disk, Random};
use step::{Step, steps};

const ALONE: u32 = 10_000;
const UNDER_FAULTS: u32 = 1_000;
const OVER_POWER_CUTS: u32 = 150;

/// Time stands still save for what waits, so that nobody waits for retries.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

fn check(cases: u32, mut case: impl FnMut(Vec<Step>) -> Result<(), TestCaseError>) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let case = std::cell::RefCell::new(&mut case);
    TestRunner::new(config).run(&steps(), |steps| (*case.borrow_mut())(steps)).unwrap();
}

/// All rows and all versions, as `step` sees them.
fn look(step: &Step) -> Step {
    let range = Step::Range {
        from: ("k", i64::MIN),
        to: ("l", i64::MAX),
        backward: false,
        limit: 3,
        versions: 9,
        filter: None,
    };
    if matches!(step, Step::Inside(_)) { Step::Inside(Box::new(range)) } else { range }
}

/// Runs one case; a write whose outcome is unknown may have been done or not, which the rows tell.
async fn run(cloud: &mut Cloud, steps: &[Step], random: &mut Random) -> Result<u32, TestCaseError> {
    cloud.next_case();
    let mut case = Case::default();
    let mut unknown = 0;
    for (place, step) in steps.iter().enumerate() {
        match step {
            Step::Wait(milliseconds) => cloud.wait(*milliseconds),
            Step::Restart if cloud.restart(random).await => case.forget(),
            _ => {}
        }
        let before = case.clone();
        let expected = case.run(step, cloud.now());
        let found = cloud.run(step).await;
        if found == expected {
            continue;
        }
        prop_assert!(cloud.suffers(), "step {place}: {found:?}, not {expected:?}: {step:?}");
        match (step, &found) {
            // Begun by an attempt whose answer was lost, it holds the rows until its time is over.
            (Step::Begin, Outcome::Unknown | Outcome::Refused(_)) => {
                cloud.wait(LIFE);
                case = before;
                continue;
            }
            // The same of one that was ended.
            (Step::Abort, Outcome::Unknown | Outcome::Refused(Code::SessionNotExist)) => {
                cloud.wait(LIFE);
                continue;
            }
            // Tried as often as a client tries, and certainly not done.
            (_, Outcome::Refused(Code::ServerBusy)) => {
                case = before;
                continue;
            }
            (_, Outcome::Unknown) => unknown += 1,
            // Met its own effect.
            _ => {
                let settled = found == Outcome::Done
                    && expected == Outcome::Refused(Code::ConditionCheckFail)
                    && step.row().is_some_and(|row| before.seen_by(step).is_as_left_by(row, cloud.now()));
                prop_assert!(settled, "step {place}: {found:?}, not {expected:?}: {step:?}");
                continue;
            }
        }
        if matches!(step, Step::Commit) {
            cloud.wait(LIFE);
        }
        let look = look(step);
        let rows = cloud.run(&look).await;
        let of = |case: &Case| case.clone().run(&look, cloud.now());
        prop_assert!(rows == of(&case) || rows == of(&before), "step {place} left {rows:?}");
        if rows != of(&case) {
            case = before;
        }
    }
    Ok(unknown)
}

#[test]
fn the_emulator_does_what_the_model_does() {
    let runtime = runtime();
    let mut cloud = runtime.block_on(Cloud::new(None, None));
    let mut random = Random(1);
    check(ALONE, |steps| {
        let unknown = runtime.block_on(run(&mut cloud, &steps, &mut random))?;
        prop_assert_eq!(unknown, 0, "nothing was lost, so everything is known");
        Ok(())
    });
}

#[test]
fn under_faults_a_step_is_done_once_or_known_to_be_unknown() {
    let runtime = runtime();
    // Stalled for less than the client's patience: a request that was given up and is handled later may undo what came
    // between, at the service as here, and no client can know.
    let plan = FaultPlan { stall: Duration::from_millis(100), ..FaultPlan::new(7, 20) };
    let mut cloud = runtime.block_on(Cloud::new(None, Some(plan)));
    let mut random = Random(2);
    check(UNDER_FAULTS, |steps| runtime.block_on(run(&mut cloud, &steps, &mut random)).map(drop));
}

#[test]
fn over_power_cuts_everything_acknowledged_is_there() {
    let runtime = runtime();
    let mut random = Random(3);
    check(OVER_POWER_CUTS, |steps| {
        runtime.block_on(async {
            let mut cloud = Cloud::new(Some(Disk::with_store()), None).await;
            let cut_often = steps.into_iter().flat_map(|step| match step {
                Step::Write(_) | Step::BatchWrite { .. } | Step::Commit => vec![step, Step::Restart],
                step => vec![step],
            });
            run(&mut cloud, &cut_often.collect::<Vec<_>>(), &mut random).await.map(drop)
        })
    });
}
