//! Checking that an answer is the service's own and undamaged.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;
use subtle::ConstantTimeEq;
use thiserror::Error;

use super::{SigningKey, canonical, date::parse_date, header};

/// How far the date of a message may be from the reader's clock, either way (service document "HTTP request and response").
pub const MAX_SKEW: TimeDelta = TimeDelta::minutes(15);

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
/// `access_key_id` signed with `key` at `now`.
///
/// # Errors
/// The first [`AnswerFault`] in that order.
pub fn verify_answer(
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
    let digest = text(&header::CONTENT_MD5, "x-ots-contentmd5")?;
    let date = text(&header::DATE, "x-ots-date")?;
    text(&header::REQUEST_ID, "x-ots-requestid")?;
    text(&header::CONTENT_TYPE, "x-ots-contenttype")?;
    let authorization = text(&http::header::AUTHORIZATION, "authorization")?;

    if digest != canonical::content_md5(body) {
        return Err(AnswerFault::Digest);
    }
    let date = parse_date(date).ok_or(AnswerFault::BadDate)?;
    if (date - now).abs() > MAX_SKEW {
        return Err(AnswerFault::Stale);
    }
    let (id, signature) =
        authorization.strip_prefix("OTS ").and_then(|rest| rest.rsplit_once(':')).ok_or(AnswerFault::Signature)?;
    if id != access_key_id {
        return Err(AnswerFault::AccessKeyId);
    }
    let expected = key.sign_answer(&canonical::answer_string_to_sign(path, headers));
    if bool::from(expected.as_bytes().ct_eq(signature.as_bytes())) { Ok(()) } else { Err(AnswerFault::Signature) }
}
