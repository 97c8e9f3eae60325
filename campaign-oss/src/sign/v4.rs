//! The texts of signature V4 (service document "Signature V4").

use http::{HeaderMap, Method};
use sha2::{Digest, Sha256};

use super::header;
use crate::encode;

/// The longest usual canonical request, in bytes: one allocation for nearly all of them.
const TYPICAL_BYTES: usize = 768;

/// What a canonical request is made of. All of it is taken as it is sent.
#[derive(Debug, Clone, Copy)]
pub struct Canonical<'a> {
    /// The method.
    pub method: &'a Method,
    /// The bucket, if `path` does not begin with it.
    pub bucket: Option<&'a str>,
    /// The path, percent-encoded.
    pub path: &'a str,
    /// The query, percent-encoded, without the signature.
    pub query: &'a str,
    /// The headers. `x-oss-*`, `content-type` and `content-md5` are signed.
    pub headers: &'a HeaderMap,
    /// Headers that are signed besides, as [`additional_headers`] gives them.
    pub additional: &'a [&'a str],
}

/// Of the `names` that a caller wants signed, those that can be: in lower case, sorted, present, and not signed anyway.
#[must_use]
pub fn additional_headers<'a>(names: impl IntoIterator<Item = &'a str>, headers: &HeaderMap) -> Vec<&'a str> {
    let mut names: Vec<&str> =
        names.into_iter().filter(|name| !is_always_signed(name) && headers.contains_key(*name)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Method, path, query, headers, names of the additional headers, and that the body is not signed: a line each.
#[must_use]
pub fn canonical_request(request: &Canonical<'_>) -> Vec<u8> {
    let mut text = Vec::with_capacity(TYPICAL_BYTES);
    text.extend_from_slice(request.method.as_str().as_bytes());
    text.push(b'\n');
    if let Some(bucket) = request.bucket {
        text.push(b'/');
        text.extend_from_slice(bucket.as_bytes());
    }
    text.extend_from_slice(request.path.as_bytes());
    text.push(b'\n');
    write_query(request.query, &mut text);
    text.push(b'\n');
    write_headers(request.headers, request.additional, &mut text);
    text.push(b'\n');
    for (at, name) in request.additional.iter().enumerate() {
        if at > 0 {
            text.push(b';');
        }
        text.extend_from_slice(name.as_bytes());
    }
    text.push(b'\n');
    text.extend_from_slice(header::UNSIGNED_PAYLOAD.as_bytes());
    text
}

/// The text that the key signs: algorithm, date, scope and the digest of the canonical request.
#[must_use]
pub fn string_to_sign(date: &str, scope: &str, canonical_request: &[u8]) -> String {
    let mut text = before_digest(date, scope);
    text.push_str(hex(&Sha256::digest(canonical_request)).as_str());
    text
}

/// The string to sign up to the digest.
pub(super) fn before_digest(date: &str, scope: &str) -> String {
    let mut text = String::with_capacity(header::ALGORITHM.len() + date.len() + scope.len() + 67);
    for line in [header::ALGORITHM, date, scope] {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// The parameters, still encoded, sorted by name; one without a value loses its `=`.
fn write_query(query: &str, text: &mut Vec<u8>) {
    if query.is_empty() {
        return;
    }
    let mut parameters: Vec<(&str, &str)> = encode::parameters(query).collect();
    parameters.sort_unstable();
    for (at, (name, value)) in parameters.iter().enumerate() {
        if at > 0 {
            text.push(b'&');
        }
        text.extend_from_slice(name.as_bytes());
        if !value.is_empty() {
            text.push(b'=');
            text.extend_from_slice(value.as_bytes());
        }
    }
}

/// `name:value` and a line feed for each signed header, sorted by name; values of one name are joined by commas.
fn write_headers(headers: &HeaderMap, additional: &[&str], text: &mut Vec<u8>) {
    let mut signed: Vec<(&str, &[u8])> = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        let name = name.as_str();
        if is_always_signed(name) || additional.contains(&name) {
            signed.push((name, value.as_bytes().trim_ascii()));
        }
    }
    // Stable, so that values of one name keep their order.
    signed.sort_by_key(|(name, _)| *name);
    let mut last = "";
    for (name, value) in signed {
        if name == last {
            // The line feed of the line that goes on.
            text.pop();
            text.push(b',');
        } else {
            text.extend_from_slice(name.as_bytes());
            text.push(b':');
            last = name;
        }
        text.extend_from_slice(value);
        text.push(b'\n');
    }
}

fn is_always_signed(name: &str) -> bool {
    name.starts_with(header::PREFIX) || name == "content-type" || name == "content-md5"
}

/// 32 bytes in hexadecimal.
pub(super) struct Hex([u8; 64]);

impl Hex {
    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("hexadecimal digits are ASCII")
    }
}

/// A digest in lower-case hexadecimal.
pub(super) fn hex(digest: &[u8]) -> Hex {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'0'; 64];
    for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(digest) {
        *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    }
    Hex(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(query: &str, headers: &[(&'static str, &'static str)], additional: &[&str]) -> String {
        let headers: HeaderMap = headers.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
        let additional = additional_headers(additional.iter().copied(), &headers);
        let request = Canonical {
            method: &Method::GET,
            bucket: Some("site"),
            path: "/k",
            query,
            headers: &headers,
            additional: &additional,
        };
        String::from_utf8(canonical_request(&request)).unwrap()
    }

    #[test]
    fn a_sub_resource_is_signed_alike_with_and_without_an_equals_sign() {
        assert_eq!(canonical("acl", &[], &[]), canonical("acl=", &[], &[]));
    }

    #[test]
    fn values_of_one_header_are_trimmed_and_joined() {
        let text = canonical("", &[("x-oss-meta-b", " 1 "), ("x-oss-meta-a", "0"), ("x-oss-meta-b", "2")], &[]);
        assert!(text.contains("\nx-oss-meta-a:0\nx-oss-meta-b:1,2\n\n"), "{text}");
    }

    #[test]
    fn additional_headers_are_those_that_are_there_and_not_signed_anyway() {
        let headers = [("range", "bytes=0-1"), ("content-type", "a/b"), ("host", "h"), ("x-oss-date", "d")];
        let text = canonical("", &headers, &["range", "content-type", "x-oss-date", "absent", "host", "range"]);
        assert!(text.ends_with("\nrange:bytes=0-1\nx-oss-date:d\n\nhost;range\nUNSIGNED-PAYLOAD"), "{text}");
    }
}
