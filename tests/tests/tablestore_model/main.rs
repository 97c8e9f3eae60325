//! The emulated Table Store against a naive model of its documents, step by step over random sequences: alone, under
//! faults with a client that tries again, and over power cuts.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test: small numbers, and a panic is a finding"
)]

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

use cloud::{Cloud, Outcome};
use disk::{Disk, Random};
use model::Model;
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

/// What the model says of a step.
fn expected(model: &mut Model, step: &Step, now: i64) -> Outcome {
    match step {
        Step::Write(write) => model.write(write, now).map_or_else(Outcome::Refused, |()| Outcome::Done),
        Step::Get { id, columns, versions, filter } => {
            Outcome::Row(model.get(*id, columns, *versions, filter.as_ref(), now))
        }
        Step::Range { from, to, backward, versions, filter, .. } => {
            let (begins, ends) = if *backward { (to, from) } else { (from, to) };
            if begins >= ends {
                return Outcome::Refused(Code::ParameterInvalid);
            }
            Outcome::Rows(model.range((*from, *to), *backward, *versions, filter.as_ref(), now))
        }
        Step::Wait(_) | Step::Restart => Outcome::Done,
    }
}

/// Runs one case; a write whose outcome is unknown may have been done or not, which the row tells.
async fn run(cloud: &mut Cloud, steps: &[Step], random: &mut Random) -> Result<u32, TestCaseError> {
    cloud.next_case();
    let mut model = Model::default();
    let mut unknown = 0;
    for (place, step) in steps.iter().enumerate() {
        match step {
            Step::Wait(milliseconds) => cloud.wait(*milliseconds),
            Step::Restart => cloud.restart(random).await,
            _ => {}
        }
        let before = model.clone();
        let expected = expected(&mut model, step, cloud.now());
        let found = cloud.run(step).await;
        if let (Outcome::Unknown, Step::Write(write)) = (&found, step) {
            unknown += 1;
            let look = Step::Get { id: write.id, columns: Vec::new(), versions: 9, filter: None };
            let row = cloud.run(&look).await;
            let of = |model: &Model| Outcome::Row(model.get(write.id, &[], 9, None, cloud.now()));
            prop_assert!(row == of(&model) || row == of(&before), "step {place} left {row:?}");
            if row != of(&model) {
                model = before;
            }
            continue;
        }
        let settled = match step {
            Step::Write(write) if cloud.suffers() && found == Outcome::Done => {
                expected == Outcome::Refused(Code::ConditionCheckFail) && before.is_as_left_by(write, cloud.now())
            }
            _ => false,
        };
        prop_assert!(settled || found == expected, "step {place}: {found:?}, not {expected:?}: {step:?}");
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
                Step::Write(_) => vec![step, Step::Restart],
                step => vec![step],
            });
            run(&mut cloud, &cut_often.collect::<Vec<_>>(), &mut random).await.map(drop)
        })
    });
}
