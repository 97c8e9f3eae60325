//! Who may make a request: both signatures, in headers and in URLs.
//!
//! Sources: service documents "Signature V4", "Signature V1" and "Error responses". The order of the checks fits the documented
//! messages; no document states it.

use campaign_client::Credentials;
use chrono::{DateTime, Utc};
use http::{header::AUTHORIZATION, request::Parts};
use subtle::ConstantTimeEq;

use super::{
    Refusal,
    claim::{Claim, Version, argument, claim_of_header, claim_of_url, claim_of_v1_header, claim_of_v1_url},
};
use crate::{
    Code, Resource, encode,
    sign::{
        SigningKey, date,
        header::{self, query},
        v1, v4,
    },
    wire,
};

/// What a server knows of an AccessKey id.
#[derive(Debug, Clone)]
pub enum Known {
    /// It may sign.
    Key(Credentials),
    /// It may not sign any more.
    Disabled,
    /// There is none.
    No,
}

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody in particular: what a bucket allows everybody.
    Anonymous,
    /// The owner of this AccessKey id.
    Signed {
        /// The id.
        access_key_id: String,
    },
}

/// Checks who makes a request about `resource` that arrived at `now`. `known` looks an AccessKey id up; `region` is the
/// server's, or `None` to take any.
///
/// The path is taken from `resource`, encoded afresh, so that a client may encode it as it likes.
///
/// # Errors
/// The [`Refusal`] that the service answers. One for a wrong signature holds the texts that the server signed, as the
/// service's own does.
pub fn admit(
    resource: &Resource,
    request: &Parts,
    region: Option<&str>,
    now: DateTime<Utc>,
    known: impl FnOnce(&str) -> Known,
) -> Result<Caller, Refusal> {
    let in_query = |name: &str| encode::parameters(request.uri.query().unwrap_or_default()).any(|(n, _)| n == name);
    let in_url = in_query(query::SIGNATURE) || in_query(query::V1_SIGNATURE);
    let Some(authorization) = wire::get(&request.headers, &AUTHORIZATION) else {
        if request.headers.contains_key(AUTHORIZATION) {
            return Err(argument("The Authorization header is not text."));
        }
        if !in_url {
            return Ok(Caller::Anonymous);
        }
        let claim =
            if in_query(query::SIGNATURE) { claim_of_url(request, now) } else { claim_of_v1_url(request, now) }?;
        return check(resource, request, region, now, claim, known);
    };
    if in_url {
        return Err(argument("Only one of the Authorization header and the signature in the URL may be given."));
    }
    let claim = match authorization.strip_prefix(header::ALGORITHM) {
        Some(fields) => claim_of_header(request, fields, now)?,
        None => claim_of_v1_header(request, authorization, now)?,
    };
    check(resource, request, region, now, claim, known)
}

fn check(
    resource: &Resource,
    request: &Parts,
    region: Option<&str>,
    now: DateTime<Utc>,
    claim: Claim<'_>,
    known: impl FnOnce(&str) -> Known,
) -> Result<Caller, Refusal> {
    let id = claim.access_key_id.as_ref();
    let credentials = match known(id) {
        Known::Key(credentials) => credentials,
        Known::Disabled => {
            return Err(Refusal::new(Code::InvalidAccessKeyId, "The OSS Access Key Id you provided is disabled.")
                .with("OSSAccessKeyId", id));
        }
        Known::No => {
            let message = "The OSS Access Key Id you provided does not exist in our records.";
            return Err(Refusal::new(Code::InvalidAccessKeyId, message).with("OSSAccessKeyId", id));
        }
    };
    // A token that is not the key's own is no token.
    let own_token = match (claim.token.as_deref(), credentials.token()) {
        (None, None) => true,
        (Some(sent), Some(own)) => bool::from(sent.as_bytes().ct_eq(own.as_bytes())),
        _ => false,
    };
    if !own_token {
        return Err(Refusal::new(Code::InvalidSecurityToken, "The security token you provided is invalid."));
    }
    let path = resource.canonical_path();
    let query = signed_query(request.uri.query().unwrap_or_default(), &claim.version)?;
    let (key, to_sign, canonical) = match &claim.version {
        Version::V1 { date } => {
            let text = v1::string_to_sign(&request.method, date, &request.headers, None, &path, &query);
            (SigningKey::v1(credentials.secret()), text, None)
        }
        Version::V4 { at, date, scope, additional } => {
            if scope.day != date::day(*at) {
                return Err(argument("Invalid signing date in the credential."));
            }
            if region.is_some_and(|region| region != scope.region) {
                return Err(
                    argument("Invalid signing region in the credential.").with("Region", region.unwrap_or_default())
                );
            }
            let names: Vec<&str> = additional.split(';').filter(|name| !name.is_empty()).collect();
            let request = v4::Canonical {
                method: &request.method,
                bucket: None,
                path: &path,
                query: &query,
                headers: &request.headers,
                additional: &v4::additional_headers(names, &request.headers),
            };
            let canonical = v4::canonical_request(&request);
            let text = v4::string_to_sign(date, &scope.to_string(), &canonical);
            (SigningKey::v4(credentials.secret(), scope), text.into_bytes(), Some(canonical))
        }
    };
    if !bool::from(key.sign(&to_sign).as_bytes().ct_eq(claim.signature.as_bytes())) {
        let message = "The request signature we calculated does not match the signature you provided. Check your key and \
                       signing method.";
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let refusal = Refusal::new(Code::SignatureDoesNotMatch, message)
            .with("OSSAccessKeyId", id)
            .with("SignatureProvided", claim.signature)
            .with("StringToSign", text(&to_sign));
        return Err(match canonical {
            Some(canonical) => refusal.with("CanonicalRequest", text(&canonical)),
            None => refusal,
        });
    }
    if credentials.expires().is_some_and(|end| end <= now) {
        return Err(Refusal::new(Code::SecurityTokenExpired, "The security token you provided has expired."));
    }
    Ok(Caller::Signed { access_key_id: id.to_owned() })
}

/// The query that is signed, encoded afresh, so that a client may encode it as it likes.
fn signed_query(query: &str, version: &Version<'_>) -> Result<String, Refusal> {
    let own = match version {
        Version::V1 { .. } => query::V1_SIGNATURE,
        Version::V4 { .. } => query::SIGNATURE,
    };
    let mut text = String::with_capacity(query.len());
    for (name, value) in encode::parameters(query).filter(|(name, _)| *name != own) {
        if !text.is_empty() {
            text.push('&');
        }
        let decode = |part| encode::decode(part).ok_or_else(|| argument("The query is not percent-encoded UTF-8."));
        encode::push_component(&mut text, &decode(name)?);
        text.push('=');
        encode::push_component(&mut text, &decode(value)?);
    }
    Ok(text)
}
