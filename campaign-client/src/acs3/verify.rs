//! Verifying a request, as the service does.

use chrono::{DateTime, TimeDelta, Utc};
use http::{header::AUTHORIZATION, request};
use subtle::ConstantTimeEq;
use thiserror::Error;

use super::{ALGORITHM, CONTENT_SHA256, DATE, canonical_request, hex_sha256, must_sign, signature, string_to_sign};

/// A request is taken for this long before and after its date.
const WINDOW: TimeDelta = TimeDelta::minutes(15);
/// More names in `SignedHeaders` are not read.
const MAX_SIGNED: usize = 100;

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// No `Authorization` header, or not of this scheme, or a part of it is missing.
    #[error("the Authorization header is missing or not {ALGORITHM}")]
    Incomplete,
    /// Nobody has this AccessKey id.
    #[error("the AccessKey id is not known")]
    UnknownKey,
    /// The date is missing or not a date.
    #[error("the x-acs-date header is missing or not a date")]
    Date,
    /// The date is more than fifteen minutes off.
    #[error("the x-acs-date header is more than 15 minutes off")]
    Expired,
    /// A header that has to be signed is not, or one that is signed is missing or there twice.
    #[error("the signed headers are not those that have to be signed")]
    SignedHeaders,
    /// The body is not the one that was signed.
    #[error("the x-acs-content-sha256 header is not the body's")]
    Body,
    /// The signature is another one: a wrong secret or a changed request.
    #[error("the signature does not match")]
    Mismatch,
}

/// Checks a request's signature and gives the AccessKey id it was made with. `secret_of` finds the
/// secret of an id.
///
/// # Errors
/// The first check that fails, in the order of [`VerifyError`]'s variants save that an unknown key
/// costs as much time as a wrong signature.
pub fn verify<S: AsRef<str>>(
    request: &request::Parts,
    body: &[u8],
    secret_of: impl FnOnce(&str) -> Option<S>,
    now: DateTime<Utc>,
) -> Result<String, VerifyError> {
    let authorization = single(request, AUTHORIZATION.as_str()).ok_or(VerifyError::Incomplete)?;
    let fields = authorization.strip_prefix(ALGORITHM).and_then(|rest| rest.strip_prefix(' '));
    let (mut id, mut names, mut given) = (None, None, None);
    for field in fields.ok_or(VerifyError::Incomplete)?.split(',') {
        let (name, value) = field.trim().split_once('=').ok_or(VerifyError::Incomplete)?;
        let slot = match name {
            "Credential" => &mut id,
            "SignedHeaders" => &mut names,
            "Signature" => &mut given,
            _ => return Err(VerifyError::Incomplete),
        };
        if slot.replace(value).is_some() {
            return Err(VerifyError::Incomplete);
        }
    }
    let (Some(id), Some(names), Some(given)) = (id, names, given) else { return Err(VerifyError::Incomplete) };

    let date = single(request, DATE).and_then(|text| text.parse::<DateTime<Utc>>().ok()).ok_or(VerifyError::Date)?;
    if (now - date).abs() > WINDOW {
        return Err(VerifyError::Expired);
    }

    let names: Vec<&str> = names.split(';').take(MAX_SIGNED + 1).collect();
    let sorted = names.windows(2).all(|pair| pair[0] < pair[1]);
    let there = names.iter().all(|name| single(request, name).is_some());
    let enough = request.headers.keys().all(|name| !must_sign(name.as_str()) || names.contains(&name.as_str()));
    if names.len() > MAX_SIGNED || !sorted || !there || !enough || !names.contains(&"host") {
        return Err(VerifyError::SignedHeaders);
    }

    let payload_hash = hex_sha256(body);
    if single(request, CONTENT_SHA256) != Some(payload_hash.as_str()) {
        return Err(VerifyError::Body);
    }

    let canonical = canonical_request(&request.method, &request.uri, &request.headers, &names, &payload_hash);
    let secret = secret_of(id);
    let wanted = signature(secret.as_ref().map_or("nobody", AsRef::as_ref), &string_to_sign(&canonical));
    let matches = bool::from(wanted.as_bytes().ct_eq(given.as_bytes()));
    match (secret, matches) {
        (None, _) => Err(VerifyError::UnknownKey),
        (Some(_), false) => Err(VerifyError::Mismatch),
        (Some(_), true) => Ok(id.to_owned()),
    }
}

/// The value of a header that is there exactly once.
fn single<'a>(request: &'a request::Parts, name: &str) -> Option<&'a str> {
    let mut values = request.headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}
