//! The texts that are signed.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderMap;
use md5::{Digest, Md5};

use super::header;

/// Names, colons and line feeds of the headers of one message rarely take more.
const TYPICAL_BYTES: usize = 512;

/// `"/" + operation`, the method, the empty query, the canonical headers, each line ended.
///
/// `path` is the path of the request's URL. The V4 salt is not part of it.
#[must_use]
pub fn string_to_sign(path: &str, headers: &HeaderMap) -> Vec<u8> {
    let mut text = Vec::with_capacity(TYPICAL_BYTES);
    text.extend_from_slice(path.as_bytes());
    text.extend_from_slice(b"\nPOST\n\n");
    write_canonical_headers(headers, &mut text);
    text.push(b'\n');
    text
}

/// The canonical headers, then the path: in an answer it stands last and without a line feed.
#[must_use]
pub fn answer_string_to_sign(path: &str, headers: &HeaderMap) -> Vec<u8> {
    let mut text = Vec::with_capacity(TYPICAL_BYTES);
    write_canonical_headers(headers, &mut text);
    text.push(b'\n');
    text.extend_from_slice(path.as_bytes());
    text
}

/// `name:value` of every `x-ots-*` header but the signature itself, sorted by name, joined by line feeds.
fn write_canonical_headers(headers: &HeaderMap, text: &mut Vec<u8>) {
    let mut signed: Vec<(&str, &[u8])> = Vec::with_capacity(headers.len());
    signed.extend(
        headers
            .iter()
            .filter(|(name, _)| {
                let is_signature = **name == header::SIGNATURE || **name == header::SIGNATURE_V4;
                name.as_str().starts_with(header::PREFIX) && !is_signature
            })
            .map(|(name, value)| (name.as_str(), value.as_bytes().trim_ascii())),
    );
    // By name alone, as Java and Go do. Python sorts whole lines, which differs for no pair of known names.
    signed.sort_by_key(|(name, _)| *name);
    for (at, (name, value)) in signed.iter().enumerate() {
        if at > 0 {
            text.push(b'\n');
        }
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        text.extend_from_slice(value);
    }
}

/// Base64 of the MD5 of `body`, as `x-ots-contentmd5` has it.
pub(crate) fn content_md5(body: &[u8]) -> String {
    STANDARD.encode(Md5::digest(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn headers_of_the_protocol_are_sorted_and_all_others_left_out() {
        let headers = headers(&[
            ("x-ots-date", "d"),
            ("content-type", "c"),
            ("x-ots-signature", "s"),
            ("x-ots-signaturev4", "s"),
            ("x-ots-request-tag", "  t\t"),
            ("x-ots-accesskeyid", "a"),
        ]);
        let text = string_to_sign("/PutRow", &headers);
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "/PutRow\nPOST\n\nx-ots-accesskeyid:a\nx-ots-date:d\nx-ots-request-tag:t\n"
        );
    }

    #[test]
    fn the_path_of_an_answer_stands_last_without_a_line_feed() {
        let text = answer_string_to_sign("/GetRow", &headers(&[("x-ots-requestid", "r"), ("x-ots-date", "d")]));
        assert_eq!(String::from_utf8(text).unwrap(), "x-ots-date:d\nx-ots-requestid:r\n/GetRow");
    }

    #[test]
    fn the_digest_of_nothing_is_that_of_an_empty_body() {
        assert_eq!(content_md5(b""), "1B2M2Y8AsgTpgAmY7PhCfg==");
    }
}
