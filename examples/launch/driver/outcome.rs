//! What an answer means to the page.

use std::{collections::BTreeSet, time::Duration};

use campaign_apigw::{Code, header::ERROR_CODE};
use campaign_core::body::MAX_BODY;
use http::{StatusCode, header::RETRY_AFTER, response::Parts};
use serde::{Deserialize, Serialize};

/// Tells a repeat from a first acceptance, which has the same receipt.
const REPLAYED: &str = "idempotency-replayed";
/// The gateway's own refusals of a body.
const BAD_BODY: [Code; 2] = [Code::I400BD, Code::I400IP];
/// The two problems that share status 422.
const VALIDATION: &str = "urn:campaign:problem:validation";
const KEY_REUSED: &str = "urn:campaign:problem:key-reused";

/// What came of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Created,
    Replayed,
    Duplicate,
    Invalid,
    KeyReused,
    Malformed,
    Trapped,
}

impl Outcome {
    pub(crate) const ALL: [Self; 7] = [
        Self::Created,
        Self::Replayed,
        Self::Duplicate,
        Self::Invalid,
        Self::KeyReused,
        Self::Malformed,
        Self::Trapped,
    ];

    /// Whether the page was told that the entry is kept.
    pub(crate) const fn is_acknowledged(self) -> bool {
        matches!(self, Self::Created | Self::Replayed)
    }
}

/// An answer, as far as the page looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// None if a repeat may be answered otherwise, or if the page would not know what to do with it.
    pub(crate) outcome: Option<Outcome>,
    pub(crate) replayed: bool,
    pub(crate) receipt: Option<String>,
    /// `CODE /pointer` of every violation.
    pub(crate) violations: BTreeSet<String>,
    pub(crate) retry_after: Option<Duration>,
}

impl Answer {
    /// Whether asking again is of use: too early, too many, or a fault on the way.
    pub(crate) fn is_transient(&self) -> bool {
        self.status.is_server_error()
            || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&self.status)
    }

    /// Reads an answer.
    pub(crate) fn read(parts: &Parts, body: &[u8]) -> Self {
        let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
        let replayed = parts.headers.get(REPLAYED).is_some_and(|value| value == "true");
        // The gateway's own refusals are not the campaign's, save one: a body that the function would have
        // called malformed may be stopped by the model.
        let outcome = match parts.headers.get(ERROR_CODE) {
            Some(code) if BAD_BODY.iter().any(|bad| code == bad.as_str()) => Some(Outcome::Malformed),
            Some(_) => None,
            None => outcome(parts.status, replayed, &problem),
        };
        Self {
            status: parts.status,
            outcome,
            replayed,
            violations: problem.errors.iter().map(RawViolation::to_text).collect(),
            receipt: problem.receipt,
            retry_after: retry_after(parts),
        }
    }
}

fn outcome(status: StatusCode, replayed: bool, problem: &Problem) -> Option<Outcome> {
    Some(match status {
        StatusCode::CREATED => Outcome::Created,
        StatusCode::OK if replayed => Outcome::Replayed,
        // A campaign that pretends gives a receipt with this status, and does not say what came of it.
        StatusCode::ACCEPTED if problem.receipt.is_none() => Outcome::Trapped,
        StatusCode::CONFLICT => Outcome::Duplicate,
        StatusCode::BAD_REQUEST => Outcome::Malformed,
        StatusCode::UNPROCESSABLE_ENTITY if problem.r#type == VALIDATION => Outcome::Invalid,
        StatusCode::UNPROCESSABLE_ENTITY if problem.r#type == KEY_REUSED => Outcome::KeyReused,
        _ => return None,
    })
}

/// `Retry-After` in seconds, the form that services send to programs.
fn retry_after(parts: &Parts) -> Option<Duration> {
    parts.headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// A receipt or a problem (RFC 9457): the members the page uses.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    r#type: String,
    receipt: Option<String>,
    errors: Vec<RawViolation>,
}

#[derive(Deserialize)]
struct RawViolation {
    pointer: String,
    code: String,
}

impl RawViolation {
    fn to_text(&self) -> String {
        format!("{} {}", self.code, self.pointer)
    }
}

/// Longest answer that is read; the longest one lists every violation of the largest body.
pub(crate) const MAX_ANSWER: u64 = 4 * MAX_BODY as u64;

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Answer {
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let (parts, ()) = response.body(()).unwrap().into_parts();
        Answer::read(&parts, body.as_bytes())
    }

    #[test]
    fn every_answer_of_the_intake_has_its_outcome() {
        let invalid = r#"{"type":"urn:campaign:problem:validation","errors":[{"pointer":"/name","code":"required","params":{}},{"pointer":"/a~1b","code":"unknown_field"}]}"#;
        for (status, headers, body, expected) in [
            (201, &[][..], r#"{"receipt":"r"}"#, Some(Outcome::Created)),
            (200, &[("Idempotency-Replayed", "true")], r#"{"receipt":"r"}"#, Some(Outcome::Replayed)),
            (200, &[], "", None),
            (202, &[], "", Some(Outcome::Trapped)),
            (409, &[], "{}", Some(Outcome::Duplicate)),
            (422, &[], invalid, Some(Outcome::Invalid)),
            (422, &[], r#"{"type":"urn:campaign:problem:key-reused"}"#, Some(Outcome::KeyReused)),
            (422, &[], "{}", None),
            (202, &[], r#"{"receipt":"r"}"#, None),
            (400, &[], "", Some(Outcome::Malformed)),
            (400, &[("X-Ca-Error-Code", "I400BD")], "", Some(Outcome::Malformed)),
            (400, &[("X-Ca-Error-Code", "I400HD")], "", None),
            (413, &[], "", None),
            (503, &[], "", None),
        ] {
            assert_eq!(answer(status, headers, body).outcome, expected, "{status} {headers:?}");
        }
        let violations = answer(422, &[], invalid).violations;
        assert_eq!(violations.iter().collect::<Vec<_>>(), ["required /name", "unknown_field /a~1b"]);
        assert_eq!(answer(201, &[], r#"{"receipt":"r"}"#).receipt.as_deref(), Some("r"));
    }

    #[test]
    fn an_answer_is_transient_if_another_try_may_be_answered_otherwise() {
        for (status, transient) in [
            (201, false),
            (400, false),
            (404, false),
            (408, true),
            (410, false),
            (425, false),
            (429, true),
            (500, true),
            (504, true),
        ] {
            assert_eq!(answer(status, &[], "").is_transient(), transient, "{status}");
        }
    }

    #[test]
    fn retry_after_is_read_in_seconds_and_nonsense_is_no_wait() {
        assert_eq!(answer(503, &[("Retry-After", "1")], "").retry_after, Some(Duration::from_secs(1)));
        assert_eq!(answer(503, &[("Retry-After", "soon")], "").retry_after, None);
    }
}
