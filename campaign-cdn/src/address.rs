//! Addresses that are refreshed: what is one, and how it is sent.

use std::borrow::Cow;

use campaign_client::{Endpoint, Error, Result};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::ObjectType;

/// Characters of an address (service document "PushObjectCache", which has the number).
const MAX_CHARS: usize = 1024;

/// What a browser encodes in a path and query (URL Standard, "path percent-encode set"), so that the address is the one that
/// was asked for.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'^').add(b'`').add(b'{').add(b'}');

/// `address` as it is sent: `http` or `https`, a host, a path; what a URL cannot hold is percent-encoded.
///
/// The message never quotes the address: its query may hold a token.
///
/// # Errors
/// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid).
pub(crate) fn encode(address: &str, kind: ObjectType) -> Result<Cow<'_, str>> {
    // The list is one text, an address a line: a line break would smuggle in another.
    if address.chars().any(char::is_control) {
        return Err(bad("it holds a control character or line break; give a list of addresses instead"));
    }
    let encoded = match kind {
        ObjectType::Regex if address.is_empty() => return Err(bad("it is empty")),
        ObjectType::Regex => Cow::Borrowed(address),
        ObjectType::File | ObjectType::Directory => url(address, kind)?,
    };
    if encoded.chars().count() > MAX_CHARS {
        return Err(bad("it is longer than 1024 characters"));
    }
    Ok(encoded)
}

fn url(address: &str, kind: ObjectType) -> Result<Cow<'_, str>> {
    let (scheme, rest) = address
        .split_once("://")
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
        .ok_or_else(|| bad("it does not begin with http:// or https://"))?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    // A host is a host everywhere; the endpoint's check knows names, addresses and ports.
    Endpoint::insecure(&format!("{}://{host}", scheme.to_ascii_lowercase()))
        .map_err(|e| bad("its host is not one").with_source(e))?;
    if path.contains('#') {
        return Err(bad("it has a fragment (#), which no browser sends"));
    }
    if path.contains('\\') {
        return Err(bad("it holds a backslash"));
    }
    if path.starts_with('?') {
        return Err(bad("it has no path before its query; an address without a path ends with /"));
    }
    let triplet = |rest: &str| rest.as_bytes().get(..2).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    if path.split('%').skip(1).any(|rest| !triplet(rest)) {
        return Err(bad("it holds a % that is not followed by two hexadecimal digits; send a % itself as %25"));
    }
    if kind == ObjectType::Directory && (!path.ends_with('/') || path.contains('?')) {
        return Err(bad("a directory ends with / and has no query"));
    }
    if path.is_empty() {
        return Ok(Cow::Owned(format!("{address}/")));
    }
    Ok(match Cow::from(utf8_percent_encode(path, ENCODED)) {
        Cow::Borrowed(_) => Cow::Borrowed(address),
        Cow::Owned(path) => Cow::Owned(format!("{scheme}://{host}{path}")),
    })
}

/// The host of an encoded address, for counting domains.
pub(crate) fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default()
}

fn bad(why: &str) -> Error {
    Error::invalid(format!("an address to refresh cannot be sent: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(address: &str) -> Result<String> {
        encode(address, ObjectType::File).map(Cow::into_owned)
    }

    #[test]
    fn an_address_is_sent_as_a_browser_asks_for_it() {
        for (given, sent) in [
            ("https://www.example.com/index.html", "https://www.example.com/index.html"),
            ("http://127.0.0.1:8091/a%2Fb?c=d&e=%20", "http://127.0.0.1:8091/a%2Fb?c=d&e=%20"),
            ("https://www.example.com", "https://www.example.com/"),
            ("HTTPS://www.example.com/A", "HTTPS://www.example.com/A"),
            ("https://www.example.com/a b.png", "https://www.example.com/a%20b.png"),
            ("https://www.example.com/活动/", "https://www.example.com/%E6%B4%BB%E5%8A%A8/"),
        ] {
            assert_eq!(file(given).unwrap(), sent);
            assert_eq!(file(sent).unwrap(), sent, "what is encoded stays");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_quoted() {
        for address in [
            "",
            "/a",
            "www.example.com/a",
            "ftp://h/a",
            "https:///a",
            "https://h/secret#f",
            "https://u:secret@h/",
            "https://h/secret\nhttps://i/",
            "https://h/secret\r",
            "https://h/%secret",
            "https://h/%a",
            "https://h\\secret",
            "https://h/\\secret",
            "https://h?secret",
            "https://活动/secret",
            "https://-h/secret",
            "//h/secret",
        ] {
            let error = file(address).expect_err(address);
            assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
        }
    }

    #[test]
    fn a_directory_ends_with_a_slash() {
        for (address, taken) in
            [("https://h/x/", true), ("https://h/", true), ("https://h/x", false), ("https://h/?x/", false)]
        {
            assert_eq!(encode(address, ObjectType::Directory).is_ok(), taken, "{address}");
        }
    }

    #[test]
    fn the_length_is_counted_as_it_is_sent() {
        let path = |n: usize| format!("https://h/{}", "a".repeat(n));
        assert!(file(&path(1014)).is_ok());
        assert!(file(&path(1015)).is_err());
        assert!(file(&format!("https://h/{}", "动".repeat(113))).is_err(), "nine characters each");
    }
}
