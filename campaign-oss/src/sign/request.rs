//! Signing a request: the headers or parameters it needs, then the signature over them.

use std::fmt::Write as _;

use bytes::Bytes;
use campaign_client::{Body, Credentials, Error, ErrorKind, Place, Result, Signing};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, uri::PathAndQuery};

use super::{Signature, date, header, signer::Signer, v1, v4};
use crate::encode;

/// A V4 URL is valid for at most a week (service document "Signature V4").
const MAX_EXPIRES_SECONDS: u64 = 604_800;

/// Who signs what: the parts of the service that the signature depends on.
pub(crate) struct Target<'a> {
    pub(crate) signature: Signature,
    /// The bucket, if the path does not begin with it.
    pub(crate) bucket: Option<&'a str>,
    /// Headers to sign besides those that always are, in lower case.
    pub(crate) additional: &'a [HeaderName],
}

/// Puts the signature into `request`; what an earlier call put there is replaced.
pub(crate) fn sign_request(
    request: &mut http::Request<Body>,
    signing: &Signing<'_>,
    target: &Target<'_>,
    signer: &Signer,
) -> Result<()> {
    match signing.place {
        Place::Header => sign_header(request, signing, target, signer),
        Place::Url { expires } => {
            unsign(request);
            sign_url(request, signing, target, signer, expires.as_secs())
        }
        _ => Err(Error::invalid("OSS signs headers and URLs")),
    }
}

/// Takes an earlier signature out of the headers: what nobody sends carries none.
pub(crate) fn unsign(request: &mut http::Request<Body>) {
    let headers = request.headers_mut();
    if headers.remove(http::header::AUTHORIZATION).is_some() {
        for old in [header::DATE, header::SECURITY_TOKEN, header::CONTENT_SHA256] {
            headers.remove(old);
        }
    }
}

fn sign_header(
    request: &mut http::Request<Body>,
    signing: &Signing<'_>,
    target: &Target<'_>,
    signer: &Signer,
) -> Result<()> {
    let host = target.additional.contains(&http::header::HOST).then(|| host(request.uri())).flatten();
    let headers = request.headers_mut();
    headers.insert(http::header::DATE, signer.http_date.clone());
    match token(signing.credentials)? {
        Some(token) => headers.insert(header::SECURITY_TOKEN, token),
        None => headers.remove(header::SECURITY_TOKEN),
    };
    if let Some(host) = host {
        headers.insert(http::header::HOST, host);
    }
    let mut authorization = String::with_capacity(signer.authorization().len() + 128);
    authorization.push_str(signer.authorization());
    match target.signature {
        Signature::V1 => {
            headers.remove(header::DATE);
            headers.remove(header::CONTENT_SHA256);
            let uri = request.uri();
            let to_sign = v1::string_to_sign(
                request.method(),
                signer.http_date.to_str().expect("dates are visible ASCII"),
                request.headers(),
                target.bucket,
                uri.path(),
                uri.query().unwrap_or_default(),
            );
            authorization.push_str(&signer.sign_v1(&to_sign));
        }
        Signature::V4 => {
            headers.insert(header::DATE, signer.compact_date.clone());
            headers.insert(header::CONTENT_SHA256, HeaderValue::from_static(header::UNSIGNED_PAYLOAD));
            let additional = additional(target, request.headers());
            if !additional.is_empty() {
                authorization.push_str(",AdditionalHeaders=");
                authorization.push_str(&additional.join(";"));
            }
            authorization.push_str(",Signature=");
            let query = request.uri().query().unwrap_or_default();
            authorization.push_str(&signer.sign_v4(&canonical(request, target, query, &additional)));
        }
    }
    let mut value = HeaderValue::from_maybe_shared(Bytes::from(authorization)).map_err(|_| unfit("AccessKey id"))?;
    value.set_sensitive(true);
    request.headers_mut().insert(http::header::AUTHORIZATION, value);
    Ok(())
}

fn sign_url(
    request: &mut http::Request<Body>,
    signing: &Signing<'_>,
    target: &Target<'_>,
    signer: &Signer,
    seconds: u64,
) -> Result<()> {
    let mut query = kept_parameters(request.uri().query().unwrap_or_default());
    let signature = match target.signature {
        Signature::V4 => {
            if !(1..=MAX_EXPIRES_SECONDS).contains(&seconds) {
                return Err(Error::invalid("a signed URL is valid for 1 second to 7 days"));
            }
            let additional = additional(target, request.headers());
            let compact = date::compact(signing.now);
            push(&mut query, header::query::VERSION, header::ALGORITHM);
            push(&mut query, header::query::DATE, date::text(&compact));
            push(&mut query, header::query::EXPIRES, &seconds.to_string());
            push(&mut query, header::query::CREDENTIAL, signer.credential());
            if let Some(token) = signing.credentials.token() {
                push(&mut query, header::query::SECURITY_TOKEN, token);
            }
            if !additional.is_empty() {
                push(&mut query, header::query::ADDITIONAL_HEADERS, &additional.join(";"));
            }
            let canonical = canonical(request, target, &query, &additional);
            signer.sign_v4(&canonical)
        }
        Signature::V1 => {
            let expires = expiry(signing.now, seconds)?;
            if let Some(token) = signing.credentials.token() {
                push(&mut query, header::query::V1_SECURITY_TOKEN, token);
            }
            let to_sign = v1::string_to_sign(
                request.method(),
                &expires,
                request.headers(),
                target.bucket,
                request.uri().path(),
                &query,
            );
            push(&mut query, header::query::V1_ACCESS_KEY_ID, signer.credential());
            push(&mut query, header::query::V1_EXPIRES, &expires);
            signer.sign_v1(&to_sign)
        }
    };
    let name = match target.signature {
        Signature::V4 => header::query::SIGNATURE,
        Signature::V1 => header::query::V1_SIGNATURE,
    };
    push(&mut query, name, &signature);

    let mut path = request.uri().path().to_owned();
    write!(path, "?{query}").expect("writing to a String does not fail");
    let cannot = |e: http::Error| Error::invalid("the URL cannot be signed").with_source(e);
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path).map_err(|e| cannot(e.into()))?);
    *request.uri_mut() = Uri::from_parts(parts).map_err(|e| cannot(e.into()))?;
    Ok(())
}

fn canonical(request: &http::Request<Body>, target: &Target<'_>, query: &str, additional: &[&str]) -> Vec<u8> {
    v4::canonical_request(&v4::Canonical {
        method: request.method(),
        bucket: target.bucket,
        path: request.uri().path(),
        query,
        headers: request.headers(),
        additional,
    })
}

fn additional<'a>(target: &Target<'a>, headers: &HeaderMap) -> Vec<&'a str> {
    v4::additional_headers(target.additional.iter().map(HeaderName::as_str), headers)
}

/// The parameters that are not of an earlier signature.
fn kept_parameters(query: &str) -> String {
    use header::query as name;
    let of_signature = [
        name::VERSION,
        name::CREDENTIAL,
        name::DATE,
        name::EXPIRES,
        name::ADDITIONAL_HEADERS,
        name::SECURITY_TOKEN,
        name::SIGNATURE,
        name::V1_ACCESS_KEY_ID,
        name::V1_EXPIRES,
        name::V1_SIGNATURE,
        name::V1_SECURITY_TOKEN,
    ];
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !of_signature.contains(&pair.split('=').next().unwrap_or_default()))
        .collect();
    kept.join("&")
}

fn push(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(name);
    query.push('=');
    encode::push_component(query, value);
}

/// When a V1 URL ends, in seconds since 1970.
fn expiry(now: DateTime<Utc>, seconds: u64) -> Result<String> {
    i64::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds >= 1)
        .and_then(|seconds| now.timestamp().checked_add(seconds))
        .map(|at| at.to_string())
        .ok_or_else(|| Error::invalid("a signed URL is valid for at least 1 second and ends before the calendar does"))
}

fn token(credentials: &Credentials) -> Result<Option<HeaderValue>> {
    let Some(token) = credentials.token() else { return Ok(None) };
    let mut token = HeaderValue::from_str(token).map_err(|_| unfit("security token"))?;
    token.set_sensitive(true);
    Ok(Some(token))
}

fn host(uri: &Uri) -> Option<HeaderValue> {
    uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok())
}

/// The source would show the value.
fn unfit(what: &'static str) -> Error {
    Error::new(ErrorKind::Credentials).with_message(format!("the {what} holds characters no header can"))
}
