//! What a request says of its signature, in whichever of the four places it stands.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, HeaderName, request::Parts};

use super::Refusal;
use crate::{
    Code, encode,
    sign::{
        Scope, date,
        header::{self, query},
    },
    wire,
};

/// How far a request's date may be from the server's clock, either way (service document "RequestTimeTooSkewed").
const MAX_SKEW: TimeDelta = TimeDelta::minutes(15);
/// The longest time that a V4 URL is valid, in seconds.
const MAX_EXPIRES: i64 = 604_800;

/// What a request says of its signature.
pub(super) struct Claim<'a> {
    pub(super) access_key_id: Cow<'a, str>,
    pub(super) signature: Cow<'a, str>,
    pub(super) token: Option<Cow<'a, str>>,
    pub(super) version: Version<'a>,
}

pub(super) enum Version<'a> {
    V1 { date: Cow<'a, str> },
    V4 { at: DateTime<Utc>, date: Cow<'a, str>, scope: Scope, additional: Cow<'a, str> },
}

/// ` Credential=ID/SCOPE, Signature=HEX, AdditionalHeaders=a;b`: in any order, with or without white space.
pub(super) fn claim_of_header<'a>(
    request: &'a Parts,
    fields: &'a str,
    now: DateTime<Utc>,
) -> Result<Claim<'a>, Refusal> {
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

pub(super) fn claim_of_v1_header<'a>(
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

pub(super) fn claim_of_url(request: &Parts, now: DateTime<Utc>) -> Result<Claim<'_>, Refusal> {
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

pub(super) fn claim_of_v1_url(request: &Parts, now: DateTime<Utc>) -> Result<Claim<'_>, Refusal> {
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

pub(super) fn argument(message: impl Into<String>) -> Refusal {
    Refusal::new(Code::InvalidArgument, message)
}
