//! Checking that an answer is the service's own and undamaged.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;
use subtle::ConstantTimeEq;
use thiserror::Error;

use super::{SigningKey, canonical, date::parse_date, header};

/// How far the date of a message may be from the reader's clock, either way (service document "HTTP request and response").
pub const MAX_SKEW: TimeDelta = TimeDelta::minutes(15);

/// What of a successful answer is checked before it is believed: everything, unless a check is switched off.
///
/// A check that is off asks for none of its headers. Switch one off alone where what stands between you and the service
/// breaks that one: a proxy that rewrites bodies the digest, a machine without a clock the date.
///
/// ```
/// use campaign_tablestore::{TableStore, sign::AnswerChecks};
///
/// let service = TableStore::new("https://campaign.cn-hangzhou.ots.aliyuncs.com", "campaign")?
///     .answer_checks(AnswerChecks::ALL.date(false));
/// # let _ = service;
/// # Ok::<(), campaign_client::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnswerChecks {
    /// Whether `x-ots-contentmd5` must be the MD5 of the body.
    pub digest: bool,
    /// Whether `x-ots-date` must be within [`MAX_SKEW`] of the request's time.
    pub date: bool,
    /// Whether the headers that every answer has must be there, signed in `Authorization` with the key of the request. They
    /// hold the digest and the date, so that a digest or a date of somebody else's is found by this check.
    pub signature: bool,
}

impl AnswerChecks {
    /// Every check, as a [`TableStore`](crate::TableStore) has it unless said.
    pub const ALL: Self = Self { digest: true, date: true, signature: true };

    /// No check.
    pub const NONE: Self = Self { digest: false, date: false, signature: false };

    /// The same with the digest of the body checked or not.
    #[must_use]
    pub const fn digest(mut self, checked: bool) -> Self {
        self.digest = checked;
        self
    }

    /// The same with the date checked or not.
    #[must_use]
    pub const fn date(mut self, checked: bool) -> Self {
        self.date = checked;
        self
    }

    /// The same with the signature checked or not.
    #[must_use]
    pub const fn signature(mut self, checked: bool) -> Self {
        self.signature = checked;
        self
    }
}

/// Why a successful answer is not believed. It is the source of the call's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AnswerFault {
    /// A header that every answer has is missing or not text.
    #[error("the header {0} is missing or not text")]
    Header(&'static str),
    /// The body is not the one that the digest was made of.
    #[error("the body does not match x-ots-contentmd5")]
    Digest,
    /// The date is not one.
    #[error("x-ots-date is not a date")]
    BadDate,
    /// The date is more than [`MAX_SKEW`] from the time of the request.
    #[error("x-ots-date is more than 15 minutes off")]
    Stale,
    /// The answer is signed with another key than the request.
    #[error("the answer names another AccessKey id")]
    AccessKeyId,
    /// The signature is not that of the answer.
    #[error("the signature of the answer is wrong")]
    Signature,
}

/// Checks the headers, the digest, the date and the signature of a successful answer to a request to `path`, which
/// `access_key_id` signed with `key` at `now`, as far as `checks` says.
///
/// # Errors
/// The first [`AnswerFault`] in that order.
pub fn verify_answer(
    checks: AnswerChecks,
    path: &str,
    headers: &HeaderMap,
    body: &Bytes,
    access_key_id: &str,
    key: &SigningKey,
    now: DateTime<Utc>,
) -> Result<(), AnswerFault> {
    let text = |name: &http::HeaderName, known: &'static str| {
        headers.get(name).and_then(|value| value.to_str().ok()).ok_or(AnswerFault::Header(known))
    };
    // All headers before all else: what lacks one is not an answer of the service.
    let digest = checks.digest.then(|| text(&header::CONTENT_MD5, "x-ots-contentmd5")).transpose()?;
    let date = checks.date.then(|| text(&header::DATE, "x-ots-date")).transpose()?;
    let authorization = checks.signature.then(|| {
        text(&header::REQUEST_ID, "x-ots-requestid")?;
        text(&header::CONTENT_TYPE, "x-ots-contenttype")?;
        text(&http::header::AUTHORIZATION, "authorization")
    });
    let authorization = authorization.transpose()?;

    if digest.is_some_and(|digest| digest != canonical::content_md5(body)) {
        return Err(AnswerFault::Digest);
    }
    if let Some(date) = date {
        let date = parse_date(date).ok_or(AnswerFault::BadDate)?;
        if (date - now).abs() > MAX_SKEW {
            return Err(AnswerFault::Stale);
        }
    }
    let Some(authorization) = authorization else { return Ok(()) };
    let (id, signature) =
        authorization.strip_prefix("OTS ").and_then(|rest| rest.rsplit_once(':')).ok_or(AnswerFault::Signature)?;
    if id != access_key_id {
        return Err(AnswerFault::AccessKeyId);
    }
    let expected = key.sign_answer(&canonical::answer_string_to_sign(path, headers));
    if bool::from(expected.as_bytes().ct_eq(signature.as_bytes())) { Ok(()) } else { Err(AnswerFault::Signature) }
}
