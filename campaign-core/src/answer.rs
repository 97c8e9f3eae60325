//! What the intake found out, and the HTTP answer that says so.

use std::{fmt, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{Campaign, Violation, body::BodyError, store::StoreError};

/// Shortest and longest `Retry-After`.
const RETRY_AFTER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// What became of a request. An [`Answer`] carries it for logs and counters, because under
/// [`Duplicates::Pretend`](crate::Duplicates::Pretend) the status does not tell.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Outcome {
    /// Stored by this call.
    Created,
    /// Stored before, by a request with the same id and payload.
    Replayed,
    /// The person's row was written under another id.
    Duplicate,
    /// The id was used before with another payload.
    KeyReused,
    /// The form's rules are violated.
    Invalid(Vec<Violation>),
    /// The request cannot be read.
    Malformed(Unreadable),
    /// A honeypot was filled in; nothing is stored.
    Trapped,
    /// Before the window.
    Early,
    /// After the window and not a repeat.
    Closed,
    /// The person was erased.
    Erased,
    /// The store did not do its part; the same request may be sent again.
    Unavailable(Arc<StoreError>),
}

impl Outcome {
    /// A stable word for logs and counters: `created`, `key_reused`, …
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Replayed => "replayed",
            Self::Duplicate => "duplicate",
            Self::KeyReused => "key_reused",
            Self::Invalid(_) => "invalid",
            Self::Malformed(_) => "malformed",
            Self::Trapped => "trapped",
            Self::Early => "early",
            Self::Closed => "closed",
            Self::Erased => "erased",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

/// Why a request cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreadable {
    /// No `Idempotency-Key`.
    KeyMissing,
    /// An `Idempotency-Key` other than `[A-Za-z0-9_-]{8,64}`.
    KeyIllegal,
    /// The body.
    Body(BodyError),
}

/// An answer that any HTTP layer can send.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Header names in lower case, with their values.
    pub headers: Vec<(&'static str, String)>,
    /// JSON: a [`Receipt`] below status 300, else a problem (RFC 9457).
    pub body: Vec<u8>,
    /// What became of the request.
    pub outcome: Outcome,
}

/// What the person gets: `{"receipt": "32DX-EETY-M0W3-5RM5", "campaign": "double11", "status": "created"}`.
///
/// The receipt follows from campaign and submission id alone, so a repeat gets the same one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// 16 characters of Crockford's base 32 in groups of four. A trapped program gets none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// The campaign's id.
    pub campaign: String,
    /// What happened.
    pub status: Status,
}

/// The `status` of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// Stored now.
    Created,
    /// Stored before.
    Replayed,
    /// Taken; more is not said.
    Accepted,
}

impl Answer {
    /// Renders an outcome. `receipt` is the number of the submission, if its id could be read.
    pub(crate) fn new(outcome: Outcome, campaign: &Campaign, receipt: Option<String>) -> Self {
        let reveals = campaign.reveals_duplicates();
        let (status, word, receipt) = match &outcome {
            Outcome::Created if reveals => (201, Status::Created, receipt),
            Outcome::Replayed if reveals => (200, Status::Replayed, receipt),
            Outcome::Created | Outcome::Replayed => (202, Status::Accepted, receipt),
            Outcome::Duplicate if !reveals => (202, Status::Accepted, receipt),
            Outcome::Trapped => (202, Status::Accepted, None),
            _ => return Self::problem(outcome, campaign),
        };
        let body = Receipt { receipt, campaign: campaign.id().to_owned(), status: word };
        let mut headers = headers("application/json");
        if word == Status::Replayed {
            headers.push(("idempotency-replayed", "true".to_owned()));
        }
        Self { status, headers, body: json(&body), outcome }
    }

    fn problem(outcome: Outcome, campaign: &Campaign) -> Self {
        let problem = Problem::of(&outcome, campaign);
        let mut headers = headers("application/problem+json");
        if let Outcome::Unavailable(error) = &outcome {
            headers.push(("retry-after", retry_after(error).to_string()));
        }
        Self { status: problem.status, headers, body: json(&problem), outcome }
    }
}

/// What every answer says: its type, and that no cache may keep it.
fn headers(content_type: &str) -> Vec<(&'static str, String)> {
    vec![("content-type", content_type.to_owned()), ("cache-control", "no-store".to_owned())]
}

fn json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("texts and numbers are written to memory")
}

/// In whole seconds, rounded up.
fn retry_after(error: &StoreError) -> u64 {
    let wait = match error {
        StoreError::Throttled { retry_after: Some(wait), .. } => *wait,
        // Somebody has to mend something first.
        StoreError::Permanent { .. } => RETRY_AFTER.1,
        _ => RETRY_AFTER.0,
    };
    let wait = wait.clamp(RETRY_AFTER.0, RETRY_AFTER.1);
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// Problem details (RFC 9457) with the members `errors`, `opens` and `closes`.
#[derive(Debug, Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a [Violation]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    opens: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closes: Option<DateTime<Utc>>,
}

impl<'a> Problem<'a> {
    fn of(outcome: &'a Outcome, campaign: &Campaign) -> Self {
        let plain = |status, r#type, title| Self {
            r#type,
            title,
            status,
            detail: None,
            errors: None,
            opens: None,
            closes: None,
        };
        match outcome {
            Outcome::Invalid(violations) => Self {
                errors: Some(violations),
                ..plain(422, "urn:campaign:problem:validation", "Some fields are not valid")
            },
            Outcome::KeyReused => {
                plain(422, "urn:campaign:problem:key-reused", "The Idempotency-Key was used for another entry")
            }
            Outcome::Duplicate => plain(409, "urn:campaign:problem:duplicate", "This person has entered before"),
            Outcome::Malformed(Unreadable::Body(BodyError::TooLarge)) => Self {
                detail: Some(BodyError::TooLarge.to_string()),
                ..plain(413, "urn:campaign:problem:too-large", "The body is too large")
            },
            Outcome::Malformed(unreadable) => Self {
                detail: Some(unreadable.to_string()),
                ..plain(400, "urn:campaign:problem:malformed", "The request cannot be read")
            },
            Outcome::Early => Self {
                opens: Some(campaign.window().opens()),
                ..plain(425, "urn:campaign:problem:early", "The campaign has not opened yet")
            },
            Outcome::Closed => Self {
                closes: Some(campaign.window().closes()),
                ..plain(410, "urn:campaign:problem:closed", "The campaign is over")
            },
            Outcome::Erased => plain(410, "urn:campaign:problem:erased", "The entry was erased"),
            Outcome::Unavailable(error) if matches!(**error, StoreError::Throttled { .. }) => {
                plain(429, "urn:campaign:problem:busy", "Too many entries at once; send the same again")
            }
            _ => plain(503, "urn:campaign:problem:unavailable", "The entry may not be stored; send the same again"),
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyMissing => f.write_str("the header Idempotency-Key is missing"),
            Self::KeyIllegal => f.write_str("the header Idempotency-Key is not 8 to 64 characters of A-Z a-z 0-9 _ -"),
            Self::Body(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Unreadable {}
