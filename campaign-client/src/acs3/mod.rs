//! ACS3-HMAC-SHA256, the signature of Alibaba Cloud's OpenAPI (CDN, STS, Function Compute).
//!
//! Source: Alibaba Cloud, *Request structure and signature V3*. The steps have the document's
//! names: [`canonical_request`], [`string_to_sign`], [`signature`]. The secret signs directly;
//! there is no chain of derived keys.

mod sign;
mod verify;

use std::{borrow::Cow, fmt::Write as _};

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Method, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

pub use self::{
    sign::sign,
    verify::{VerifyError, verify},
};

/// The scheme's name, as it stands in the `Authorization` header.
pub const ALGORITHM: &str = "ACS3-HMAC-SHA256";

const DATE: &str = "x-acs-date";
const NONCE: &str = "x-acs-signature-nonce";
const CONTENT_SHA256: &str = "x-acs-content-sha256";
const SECURITY_TOKEN: &str = "x-acs-security-token";
const ACCESSKEY_ID: &str = "x-acs-accesskey-id";

/// What RFC 3986 calls unreserved stays; the rest is encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The text of the request that is signed. `signed_headers` are lower-case and sorted; a header
/// that is not there is left out. `payload_hash` is [`hex_sha256`] of the body.
#[must_use]
pub fn canonical_request(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    signed_headers: &[&str],
    payload_hash: &str,
) -> String {
    let mut text = String::with_capacity(512);
    text.push_str(method.as_str());
    text.push('\n');
    // The path is signed as it is sent.
    text.push_str(if uri.path().is_empty() { "/" } else { uri.path() });
    text.push('\n');
    canonical_query(&mut text, uri.query().unwrap_or(""));
    text.push('\n');
    for name in signed_headers {
        let Some(value) = headers.get(*name) else { continue };
        text.push_str(name);
        text.push(':');
        text.push_str(String::from_utf8_lossy(value.as_bytes()).trim());
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&signed_headers.join(";"));
    text.push('\n');
    text.push_str(payload_hash);
    text
}

/// The parameters sorted by name and encoded afresh; one without a value keeps its `=`.
fn canonical_query(text: &mut String, query: &str) {
    let decode = |text| Cow::<[u8]>::from(percent_decode_str(text));
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect();
    pairs.sort();
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            text.push('&');
        }
        text.extend(percent_encoding::percent_encode(name, ENCODED));
        text.push('=');
        text.extend(percent_encoding::percent_encode(value, ENCODED));
    }
}

/// One query parameter or path segment, encoded as the signature wants it.
///
/// ```
/// assert_eq!(campaign_client::acs3::encode("a b*~"), "a%20b%2A~");
/// ```
#[must_use]
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// The text that the secret signs.
#[must_use]
pub fn string_to_sign(canonical_request: &str) -> String {
    format!("{ALGORITHM}\n{}", hex_sha256(canonical_request.as_bytes()))
}

/// The signature, in lower-case hexadecimal.
#[must_use]
pub fn signature(secret: &str, string_to_sign: &str) -> String {
    hex(&mac(secret, string_to_sign).finalize().into_bytes())
}

/// SHA-256 of `bytes`, in lower-case hexadecimal.
#[must_use]
pub fn hex_sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn mac(secret: &str, text: &str) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .expect("HMAC takes a key of any length")
        .chain_update(text.as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String does not fail");
        text
    })
}

/// The headers that have to be signed if they are there: `host`, `content-type` and `x-acs-*`.
fn must_sign(name: &str) -> bool {
    name == "host" || name == "content-type" || name.starts_with("x-acs-")
}

#[cfg(test)]
mod tests;
