//! The count: outcomes, violations and statuses of the lines, and the report on standard output.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use serde::Serialize;

use super::{
    outcome::{Answer, Outcome},
    plan::{Expect, Line},
    verify::Found,
};

/// How a line ended.
#[derive(Debug)]
pub(crate) struct Ending {
    /// Attempts made.
    pub(crate) attempts: u32,
    /// The last answer, none if the last attempt had none.
    pub(crate) last: Option<Answer>,
}

impl Ending {
    /// Whether a repeat would be of use, but patience ended.
    pub(crate) fn is_failed(&self) -> bool {
        self.last.as_ref().is_none_or(Answer::is_transient)
    }
}

/// The keys and persons that a chain was told are kept, by which a repeat is told from a first
/// effect whose answer was lost.
#[derive(Debug, Default)]
pub(crate) struct Acknowledged(HashSet<(String, Option<String>)>);

impl Acknowledged {
    /// The outcome of a line's first effect: `replayed` after a lost answer is what this line itself
    /// created, unless an earlier line of its key and person was acknowledged.
    pub(crate) fn first_effect(&mut self, line: &Line, ending: &Ending) -> Option<Outcome> {
        let raw = ending.last.as_ref()?.outcome?;
        if !raw.is_acknowledged() {
            return Some(raw);
        }
        let first = self.0.insert((line.key.clone(), line.reading.person.clone()));
        let own = raw == Outcome::Replayed && ending.attempts > 1 && first;
        Some(if own { Outcome::Created } else { raw })
    }
}

/// The counts so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    sent: usize,
    outcomes: BTreeMap<Outcome, usize>,
    violations: BTreeMap<String, usize>,
    statuses: BTreeMap<u16, usize>,
    failed: usize,
    unexpected: usize,
}

impl Tally {
    /// Counts a line, and says in words if it is not what the file expects.
    pub(crate) fn add(&mut self, line: &Line, ending: &Ending, outcome: Option<Outcome>) -> Option<String> {
        self.sent += 1;
        if let Some(outcome) = outcome {
            *self.outcomes.entry(outcome).or_default() += 1;
        }
        if let Some(answer) = &ending.last {
            *self.statuses.entry(answer.status.as_u16()).or_default() += 1;
            for violation in &answer.violations {
                *self.violations.entry(violation.clone()).or_default() += 1;
            }
        }
        if ending.is_failed() {
            self.failed += 1;
            let status = ending.last.as_ref().map_or("none".to_owned(), |answer| answer.status.as_u16().to_string());
            return Some(format!(
                "line {}: gave up after {} attempts, last answer {status}",
                line.number, ending.attempts
            ));
        }
        let expect = line.expect.as_ref()?;
        let difference = difference(expect, ending, outcome)?;
        self.unexpected += 1;
        Some(format!("line {}: {difference}", line.number))
    }

    /// Lines counted.
    pub(crate) fn sent(&self) -> usize {
        self.sent
    }

    /// Lines that gave up.
    pub(crate) fn failed(&self) -> usize {
        self.failed
    }

    /// The report.
    pub(crate) fn report(self, found: &Found, seed: u64, took: Duration) -> Report {
        let seconds = took.as_secs_f64();
        Report {
            sent: self.sent,
            outcomes: Outcome::ALL
                .map(|outcome| (outcome, self.outcomes.get(&outcome).copied().unwrap_or_default()))
                .into(),
            violations: self.violations,
            statuses: self.statuses,
            failed: self.failed,
            unexpected: self.unexpected,
            stored: found.stored,
            missing: found.missing,
            twice: found.twice,
            mismatched: found.mismatched,
            seed,
            seconds: round(seconds),
            #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
            per_second: round(self.sent as f64 / seconds.max(f64::MIN_POSITIVE)),
        }
    }
}

/// In words, without a value: what the file expects and what came.
fn difference(expect: &Expect, ending: &Ending, outcome: Option<Outcome>) -> Option<String> {
    let answer = ending.last.as_ref()?;
    if outcome != Some(expect.outcome) {
        let status = answer.status.as_u16();
        return Some(format!(
            "expected {:?}, got {outcome:?} (status {status}, attempt {})",
            expect.outcome, ending.attempts
        ));
    }
    let violations = expect.violations.as_ref().filter(|violations| **violations != answer.violations)?;
    Some(format!("expected the violations {violations:?}, got {:?}", answer.violations))
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// What `launch --entries` prints: one JSON line.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    sent: usize,
    outcomes: BTreeMap<Outcome, usize>,
    violations: BTreeMap<String, usize>,
    statuses: BTreeMap<u16, usize>,
    failed: usize,
    unexpected: usize,
    stored: usize,
    missing: usize,
    twice: usize,
    mismatched: usize,
    seed: u64,
    seconds: f64,
    per_second: f64,
}

impl Report {
    /// Whether nothing failed, surprised or is wrong in the table.
    pub(crate) fn is_clean(&self) -> bool {
        [self.failed, self.unexpected, self.missing, self.twice, self.mismatched] == [0; 5]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bytes::Bytes;
    use http::StatusCode;

    use super::*;
    use crate::driver::plan::Reading;

    fn line(key: &str, person: &str, expect: Option<Outcome>) -> Line {
        Line {
            number: 7,
            key: key.to_owned(),
            payload: Bytes::new(),
            expect: expect.map(|outcome| Expect { outcome, violations: None }),
            reading: Reading { person: Some(person.to_owned()), fields: None },
        }
    }

    fn ending(attempts: u32, status: u16, outcome: Option<Outcome>) -> Ending {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            outcome,
            replayed: outcome == Some(Outcome::Replayed),
            receipt: None,
            violations: BTreeSet::new(),
            retry_after: None,
        };
        Ending { attempts, last: Some(answer) }
    }

    #[test]
    fn a_repeat_after_a_lost_answer_is_the_lines_own_creation() {
        let mut acknowledged = Acknowledged::default();
        let replayed = |attempts| ending(attempts, 200, Some(Outcome::Replayed));
        let ada = line("k", "ada", None);
        assert_eq!(acknowledged.first_effect(&ada, &replayed(2)), Some(Outcome::Created));
        assert_eq!(acknowledged.first_effect(&ada, &replayed(2)), Some(Outcome::Replayed));
        assert_eq!(acknowledged.first_effect(&ada, &replayed(1)), Some(Outcome::Replayed));
    }

    #[test]
    fn a_repeat_on_the_first_attempt_is_never_a_creation() {
        let replayed = ending(1, 200, Some(Outcome::Replayed));
        assert_eq!(Acknowledged::default().first_effect(&line("k", "ada", None), &replayed), Some(Outcome::Replayed));
    }

    #[test]
    fn a_key_is_a_key_of_one_person() {
        let mut acknowledged = Acknowledged::default();
        acknowledged.first_effect(&line("k", "ada", None), &ending(1, 201, Some(Outcome::Created)));
        let replayed = ending(3, 200, Some(Outcome::Replayed));
        assert_eq!(acknowledged.first_effect(&line("k", "bob", None), &replayed), Some(Outcome::Created));
    }

    #[test]
    fn a_refusal_does_not_make_a_key_known() {
        let mut acknowledged = Acknowledged::default();
        acknowledged.first_effect(&line("k", "ada", None), &ending(1, 422, Some(Outcome::Invalid)));
        let replayed = ending(2, 200, Some(Outcome::Replayed));
        assert_eq!(acknowledged.first_effect(&line("k", "ada", None), &replayed), Some(Outcome::Created));
    }

    #[test]
    fn a_line_that_gave_up_is_failed_and_not_unexpected() {
        let mut tally = Tally::default();
        let line = line("k", "ada", Some(Outcome::Created));
        assert!(tally.add(&line, &ending(9, 503, None), None).is_some());
        assert!(tally.add(&line, &Ending { attempts: 9, last: None }, None).is_some());
        assert_eq!((tally.sent, tally.failed, tally.unexpected), (2, 2, 0));
        assert_eq!(tally.statuses, BTreeMap::from([(503, 1)]));
    }

    #[test]
    fn another_outcome_or_other_violations_are_unexpected() {
        let mut tally = Tally::default();
        let duplicate = ending(1, 409, Some(Outcome::Duplicate));
        assert!(tally.add(&line("k", "ada", Some(Outcome::Created)), &duplicate, Some(Outcome::Duplicate)).is_some());
        assert!(tally.add(&line("k", "ada", Some(Outcome::Created)), &ending(1, 404, None), None).is_some());
        assert!(tally.add(&line("k", "ada", None), &duplicate, Some(Outcome::Duplicate)).is_none());
        let mut invalid = line("k", "ada", Some(Outcome::Invalid));
        invalid.expect =
            Some(Expect { outcome: Outcome::Invalid, violations: Some(BTreeSet::from(["required /name".to_owned()])) });
        assert!(tally.add(&invalid, &ending(1, 422, Some(Outcome::Invalid)), Some(Outcome::Invalid)).is_some());
        assert_eq!((tally.sent, tally.failed, tally.unexpected), (4, 0, 3));
    }

    #[test]
    fn the_report_names_every_outcome_and_is_clean_only_with_five_zeros() {
        let mut tally = Tally::default();
        tally.add(
            &line("k", "ada", Some(Outcome::Created)),
            &ending(1, 201, Some(Outcome::Created)),
            Some(Outcome::Created),
        );
        let report = tally.report(&Found { stored: 1, ..Found::default() }, 7, Duration::from_millis(500));
        assert!(report.is_clean());
        assert_eq!(
            serde_json::to_string(&report).unwrap(),
            concat!(
                r#"{"sent":1,"outcomes":{"created":1,"replayed":0,"duplicate":0,"invalid":0,"key_reused":0,"malformed":0,"trapped":0},"#,
                r#""violations":{},"statuses":{"201":1},"failed":0,"unexpected":0,"stored":1,"missing":0,"twice":0,"mismatched":0,"#,
                r#""seed":7,"seconds":0.5,"per_second":2.0}"#
            )
        );
        for found in [
            Found { missing: 1, ..Found::default() },
            Found { twice: 1, ..Found::default() },
            Found { mismatched: 1, ..Found::default() },
        ] {
            assert!(!Tally::default().report(&found, 7, Duration::from_secs(1)).is_clean());
        }
    }
}
