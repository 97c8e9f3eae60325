//! The text that is signed, step by step ("Digest signature authentication").
//!
//! ```text
//! METHOD \n Accept \n Content-MD5 \n Content-Type \n Date \n Headers PathAndParameters
//! ```
//!
//! A field without a value keeps its line feed. `Headers` are lines of `name:value`, sorted by the
//! bytes of the names as they are written in `X-Ca-Signature-Headers`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, Method, Uri};
use md5::{Digest, Md5};
use percent_encoding::percent_decode_str;

use crate::head::Head;
use crate::parameters::{ParameterFault, Parameters};

/// Bytes of a string to sign without its path and values, about.
const USUAL: usize = 512;

/// The text that is signed for a request with these parts.
///
/// `signed` are the names of the headers inside the signature, in any order and as they are listed
/// in `X-Ca-Signature-Headers`; those that the text holds anyway, and the two headers of the
/// signature itself, are left out. A header that is not there enters with an empty value. The path
/// is signed as it stands in the URI. `body` is looked at only if it is a form.
///
/// ```
/// use campaign_apigw::string_to_sign;
/// use http::{HeaderMap, HeaderValue, Method, Uri};
///
/// let mut headers = HeaderMap::new();
/// headers.insert("x-ca-key", HeaderValue::from_static("203753385"));
/// let uri = Uri::from_static("/v1/search?q=%E6%9D%AD&empty=");
/// let text = string_to_sign(&Method::GET, &uri, &headers, &["x-ca-key"], b"")?;
/// assert_eq!(String::from_utf8_lossy(&text), "GET\n\n\n\n\nx-ca-key:203753385\n/v1/search?empty&q=杭");
/// # Ok::<(), campaign_apigw::ParameterFault>(())
/// ```
///
/// # Errors
/// [`ParameterFault::TooMany`]. Other doubts are not this function's business.
pub fn string_to_sign(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    signed: &[&str],
    body: &[u8],
) -> Result<Vec<u8>, ParameterFault> {
    let head = Head::read(headers);
    let parameters = parameters(uri, &head, body)?;
    let mut lines: Vec<Line<'_>> = signed.iter().map(|name| (*name, headers.get(*name))).collect();
    lines.sort_unstable_by_key(|(name, _)| *name);
    Ok(write(method, uri, &head, &lines, &parameters, Path::Raw))
}

/// Base64 of the MD5 digest of a body: the value of `Content-MD5`.
///
/// ```
/// assert_eq!(campaign_apigw::content_md5(b"{\"ok\":true}"), "gjgNHiY7YJPzx1NWkPzddQ==");
/// ```
#[must_use]
pub fn content_md5(body: &[u8]) -> String {
    STANDARD.encode(Md5::digest(body))
}

/// The same, for comparing.
pub(crate) fn md5_text(body: &[u8]) -> [u8; 24] {
    let mut text = [0; 24];
    STANDARD.encode_slice(Md5::digest(body), &mut text).expect("24 letters hold 16 bytes");
    text
}

/// How a path enters the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    /// As it is on the wire.
    Raw,
    /// Percent-decoded.
    Decoded,
}

/// The parameters of a request.
pub(crate) fn parameters<'a>(uri: &'a Uri, head: &Head<'_>, body: &'a [u8]) -> Result<Parameters<'a>, ParameterFault> {
    Parameters::read(uri.query(), head.is_form().then_some(body))
}

/// A signed header: its name as it is listed, and its value if it is there.
pub(crate) type Line<'a> = (&'a str, Option<&'a HeaderValue>);

/// Writes the text; the lines are sorted already.
pub(crate) fn write(
    method: &Method,
    uri: &Uri,
    head: &Head<'_>,
    lines: &[Line<'_>],
    parameters: &Parameters<'_>,
    path: Path,
) -> Vec<u8> {
    let mut text = Vec::with_capacity(USUAL);
    let value = |text: &mut Vec<u8>, value: Option<&HeaderValue>| {
        if let Some(value) = value {
            text.extend_from_slice(trim(value.as_bytes()));
        }
        text.push(b'\n');
    };
    text.extend_from_slice(method.as_str().as_bytes());
    text.push(b'\n');
    for found in head.fixed {
        value(&mut text, found);
    }
    for (name, found) in lines.iter().filter(|(name, _)| !is_never_listed(name)) {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        value(&mut text, *found);
    }
    match path {
        Path::Raw => text.extend_from_slice(uri.path().as_bytes()),
        Path::Decoded => text.extend(percent_decode_str(uri.path())),
    }
    parameters.write(&mut text);
    text
}

/// Without white space around it, of which there mostly is none.
fn trim(value: &[u8]) -> &[u8] {
    match value {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => value,
        _ => value.trim_ascii(),
    }
}

/// Headers that have a line of their own, or hold the signature.
pub(crate) fn is_never_listed(name: &str) -> bool {
    let never = match name.len() {
        4 => "date",
        6 => "accept",
        11 => "content-md5",
        12 => "content-type",
        14 => "x-ca-signature",
        22 => "x-ca-signature-headers",
        _ => return false,
    };
    // The last letters tell nearly all others apart.
    name.as_bytes().last().map(u8::to_ascii_lowercase).as_ref() == never.as_bytes().last()
        && never.eq_ignore_ascii_case(name)
}
