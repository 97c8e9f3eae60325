//! Signing a request.

use chrono::SecondsFormat;
use http::{
    HeaderValue,
    header::{AUTHORIZATION, HOST},
};

use super::{
    ACCESSKEY_ID, ALGORITHM, CONTENT_SHA256, DATE, NONCE, SECURITY_TOKEN, canonical_request, hex_sha256, must_sign,
    signature, string_to_sign,
};
use crate::{Body, Error, Place, Result, Signing};

/// Signs `request`, which carries `x-acs-action` and `x-acs-version` already: adds host, date,
/// nonce, digest and token, and the `Authorization` header over them.
///
/// Signed are `host`, `content-type` and every `x-acs-*` header, as the document asks.
///
/// # Errors
/// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for a signed URL, which this scheme does not
/// have, for a body that is not in memory, or for a value that no header can hold.
pub fn sign(request: &mut http::Request<Body>, signing: &Signing<'_>) -> Result<()> {
    if signing.place != Place::Header {
        return Err(Error::invalid("OpenAPI requests are signed in their headers; there are no signed URLs"));
    }
    let body = request.body().bytes().ok_or_else(|| Error::invalid("an OpenAPI request has its body in memory"))?;
    let payload_hash = hex_sha256(body);
    let host = match request.uri().authority() {
        Some(authority) => Some(header(authority.as_str())?),
        None => None,
    };
    let headers = request.headers_mut();
    if let Some(host) = host {
        headers.insert(HOST, host);
    }
    for old in [AUTHORIZATION.as_str(), SECURITY_TOKEN, ACCESSKEY_ID] {
        headers.remove(old);
    }
    headers.insert(DATE, header(&signing.now.to_rfc3339_opts(SecondsFormat::Secs, true))?);
    headers.insert(NONCE, header(signing.nonce)?);
    headers.insert(CONTENT_SHA256, header(&payload_hash)?);
    if signing.credentials.is_anonymous() {
        return Ok(());
    }
    let id = signing.credentials.access_key_id();
    if let Some(token) = signing.credentials.token() {
        let mut token = header(token)?;
        token.set_sensitive(true);
        headers.insert(SECURITY_TOKEN, token);
        headers.insert(ACCESSKEY_ID, header(id)?);
    }
    let mut names: Vec<&str> =
        request.headers().keys().map(|name| name.as_str()).filter(|name| must_sign(name)).collect();
    names.sort_unstable();
    let canonical = canonical_request(request.method(), request.uri(), request.headers(), &names, &payload_hash);
    let signature = signature(signing.credentials.secret(), &string_to_sign(&canonical));
    let text = format!("{ALGORITHM} Credential={id},SignedHeaders={},Signature={signature}", names.join(";"));
    let mut value = header(&text)?;
    value.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, value);
    Ok(())
}

fn header(text: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(text).map_err(|_| Error::invalid("a value to be signed holds characters that no header can"))
}
