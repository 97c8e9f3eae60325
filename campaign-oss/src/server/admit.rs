//! Who may make a request: both signatures, in headers and in URLs.
//!
//! Sources: service documents "Signature V4", "Signature V1" and "Error responses". The order of the checks fits the documented
//! messages; no document states it.

use std::borrow::Cow;

use campaign_client::Credentials;
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, HeaderName, header::AUTHORIZATION, request::Parts};
use subtle::ConstantTimeEq;

use super::Refusal;
use crate::{
    Code, Resource, encode,
    sign::{
        Scope, SigningKey, date,
        header::{self, query},
        v1, v4,
    },
    wire,
};

/// How far a request's date may be from the server's clock, either way (service document "RequestTimeTooSkewed").
const MAX_SKEW: TimeDelta = TimeDelta::minutes(15);
/// The longest time that a V4 URL is valid.
const MAX_EXPIRES: i64 = 604_800;

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

/// What a request says of its signature.
struct Claim<'a> {
    access_key_id: Cow<'a, str>,
    signature: Cow<'a, str>,
    token: Option<Cow<'a, str>>,
    version: Version<'a>,
}

enum Version<'a> {
    V1 { date: Cow<'a, str> },
    V4 { at: DateTime<Utc>, date: Cow<'a, str>, scope: Scope, additional: Cow<'a, str> },
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

/// ` Credential=ID/SCOPE, Signature=HEX, AdditionalHeaders=a;b`: in any order, with or without white space.
fn claim_of_header<'a>(request: &'a Parts, fields: &'a str, now: DateTime<Utc>) -> Result<Claim<'a>, Refusal> {
    let (mut credential, mut signature, mut additional) = (None, None, "");
    for field in fields.split(',') {
        match field.trim().split_once('=') {
            Some(("Credential", value)) => credential = Some(value),
            Some(("Signature", value)) => signature = Some(value),
            Some(("AdditionalHeaders", value)) => additional = value,
            _ => return Err(argument("The Authorization header is malformed.")),
        }
    }
    let (Some(credential), Some(signature)) = (credential, signature) else {
        return Err(argument("The Authorization header has no credential or no signature."));
    };
    let (access_key_id, scope) = read_credential(credential)?;
    let payload = text(&request.headers, &header::CONTENT_SHA256)?;
    if payload != header::UNSIGNED_PAYLOAD {
        return Err(argument("x-oss-content-sha256 must be UNSIGNED-PAYLOAD."));
    }
    let sent = text(&request.headers, &header::DATE)?;
    let at = date::parse_compact(sent).ok_or_else(|| argument("The date in x-oss-date is malformed."))?;
    not_skewed(at, now)?;
    Ok(Claim {
        access_key_id: access_key_id.to_owned().into(),
        signature: signature.into(),
        token: wire::get(&request.headers, &header::SECURITY_TOKEN).map(Cow::Borrowed),
        version: Version::V4 { at, date: sent.into(), scope, additional: additional.to_ascii_lowercase().into() },
    })
}

fn claim_of_v1_header<'a>(
    request: &'a Parts,
    authorization: &'a str,
    now: DateTime<Utc>,
) -> Result<Claim<'a>, Refusal> {
    let fields = authorization.strip_prefix("OSS ").and_then(|fields| fields.trim().split_once(':'));
    let Some((access_key_id, signature)) = fields else {
        return Err(argument("The Authorization header is malformed."));
    };
    let sent = wire::get(&request.headers, &header::DATE).or_else(|| wire::get(&request.headers, &http::header::DATE));
    let at = sent.and_then(|sent| date::parse_http(sent).or_else(|| date::parse_compact(sent)));
    let (Some(sent), Some(at)) = (sent, at) else {
        let message = "OSS authentication requires a valid Date.";
        return Err(Refusal::new(Code::AccessDenied, message));
    };
    not_skewed(at, now)?;
    Ok(Claim {
        access_key_id: access_key_id.into(),
        signature: signature.into(),
        token: wire::get(&request.headers, &header::SECURITY_TOKEN).map(Cow::Borrowed),
        version: Version::V1 { date: sent.into() },
    })
}

fn claim_of_url(request: &Parts, now: DateTime<Utc>) -> Result<Claim<'_>, Refusal> {
    let required =
        |name: &'static str| value(request, name)?.ok_or_else(|| argument(format!("The URL has no {name}.")));
    if required(query::VERSION)? != header::ALGORITHM {
        return Err(argument("The signature version of the URL is not known."));
    }
    let credential = required(query::CREDENTIAL)?;
    let (access_key_id, scope) = read_credential(&credential)?;
    let access_key_id = access_key_id.to_owned().into();
    let sent = required(query::DATE)?;
    let at = date::parse_compact(&sent).ok_or_else(|| argument("The date in x-oss-date is malformed."))?;
    let seconds = required(query::EXPIRES)?.parse().ok().filter(|seconds| (1..=MAX_EXPIRES).contains(seconds));
    let seconds = seconds.ok_or_else(|| argument("x-oss-expires must be 1 to 604800 seconds."))?;
    if at > now + MAX_SKEW {
        return Err(skewed(at, now));
    }
    if at + TimeDelta::seconds(seconds) < now {
        return Err(expired());
    }
    let additional = value(request, query::ADDITIONAL_HEADERS)?.unwrap_or_default();
    Ok(Claim {
        access_key_id,
        signature: required(query::SIGNATURE)?,
        token: value(request, query::SECURITY_TOKEN)?,
        version: Version::V4 { at, date: sent, scope, additional: additional.to_ascii_lowercase().into() },
    })
}

fn claim_of_v1_url(request: &Parts, now: DateTime<Utc>) -> Result<Claim<'_>, Refusal> {
    let required =
        |name: &'static str| value(request, name)?.ok_or_else(|| argument(format!("The URL has no {name}.")));
    let date = required(query::V1_EXPIRES)?;
    let ends = date.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let ends = ends.ok_or_else(|| argument("Expires must be seconds since 1970."))?;
    if ends < now {
        return Err(expired());
    }
    Ok(Claim {
        access_key_id: required(query::V1_ACCESS_KEY_ID)?,
        signature: required(query::V1_SIGNATURE)?,
        token: value(request, query::V1_SECURITY_TOKEN)?,
        version: Version::V1 { date },
    })
}

/// `ID/DAY/REGION/PRODUCT/aliyun_v4_request`.
fn read_credential(credential: &str) -> Result<(&str, Scope), Refusal> {
    let mut parts = credential.split('/');
    let mut next = || parts.next().filter(|part| !part.is_empty());
    let (Some(id), Some(day), Some(region), Some(product), Some("aliyun_v4_request"), None) =
        (next(), next(), next(), next(), next(), next())
    else {
        return Err(argument("The credential of the signature is malformed."));
    };
    if !matches!(product, "oss" | "oss-cloudbox") {
        return Err(argument("The credential of the signature is another product's."));
    }
    Ok((id, Scope { day: day.to_owned(), region: region.to_owned(), product: product.to_owned() }))
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

fn value<'a>(request: &'a Parts, name: &str) -> Result<Option<Cow<'a, str>>, Refusal> {
    let found = encode::parameters(request.uri.query().unwrap_or_default()).find(|(n, _)| *n == name);
    let Some((_, value)) = found else { return Ok(None) };
    encode::decode(value).map(Some).ok_or_else(|| argument("The query is not percent-encoded UTF-8."))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str, Refusal> {
    wire::get(headers, name).ok_or_else(|| argument(format!("Missing header: {name}.")))
}

fn not_skewed(at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Refusal> {
    if (at - now).abs() > MAX_SKEW { Err(skewed(at, now)) } else { Ok(()) }
}

fn skewed(at: DateTime<Utc>, now: DateTime<Utc>) -> Refusal {
    let text = |time: DateTime<Utc>| time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let message = "The difference between the request time and the current time is too large.";
    Refusal::new(Code::RequestTimeTooSkewed, message)
        .with("MaxAllowedSkewMilliseconds", MAX_SKEW.num_milliseconds().to_string())
        .with("RequestTime", text(at))
        .with("ServerTime", text(now))
}

fn expired() -> Refusal {
    Refusal::new(Code::AccessDenied, "Request has expired.")
}

fn argument(message: impl Into<String>) -> Refusal {
    Refusal::new(Code::InvalidArgument, message)
}
