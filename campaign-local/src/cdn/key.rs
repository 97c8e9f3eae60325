//! Under which name something is kept: domain, path and query in one spelling.

use std::fmt::Write as _;

use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use super::domain::Domain;

/// In a path these stay as they are.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// The name. The bucket is part of it, so that a domain that changes its bucket shows nothing of the old one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key(String);

impl Key {
    /// Two spellings of one object have one name: the origin decodes the path before it looks.
    pub(super) fn new(domain: &Domain, path: &str, query: Option<&str>) -> Self {
        let path = if path.is_empty() { "/" } else { path };
        let mut key = format!("{} {} ", domain.host, domain.bucket);
        key.extend(percent_encode(&Vec::from_iter(percent_decode_str(path)), PATH));
        let query = query.filter(|query| !query.is_empty() && !domain.ignore_parameters);
        if let Some(query) = query {
            key.push('?');
            normalise(&mut key, query);
        }
        Self(key)
    }

    /// The name of what a request asks for.
    pub(super) fn of(domain: &Domain, uri: &Uri) -> Self {
        Self::new(domain, uri.path(), uri.query())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// True if it stands below `directory`, the name of a path that ends with a slash.
    pub(super) fn is_below(&self, directory: &Self) -> bool {
        self.0.starts_with(&directory.0)
    }
}

/// RFC 3986, section 6.2.2: what need not be encoded is decoded, and hexadecimal digits are upper-case.
fn normalise(text: &mut String, query: &str) {
    let mut rest = query.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = |at: usize| tail.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        match (byte, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                let byte = u8::try_from(high * 16 + low).expect("two hexadecimal digits are a byte");
                push(text, byte, byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
                rest = &tail[2..];
            }
            _ => {
                push(text, byte, byte.is_ascii_graphic());
                rest = tail;
            }
        }
    }
}

fn push(text: &mut String, byte: u8, plain: bool) {
    if plain {
        text.push(char::from(byte));
    } else {
        write!(text, "%{byte:02X}").expect("writing to a String does not fail");
    }
}

/// The parts of an address: host and port, path, query.
pub(super) fn parts(address: &str) -> Option<(&str, &str, Option<&str>)> {
    let (_, rest) = address.split_once("://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    Some((authority, path, query))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str) -> Key {
        let (_, path, query) = parts(address).unwrap();
        Key::new(&Domain::new("*", "site"), path, query)
    }

    #[test]
    fn every_spelling_of_an_object_has_one_name() {
        for (one, other) in [
            ("http://h/index.html", "https://h:8091/%69ndex%2ehtml"),
            ("http://h", "http://h/?"),
            ("http://h/活动 a", "http://h/%E6%B4%BB%e5%8a%a8%20a"),
            ("http://h/a%2fb", "http://h/a/b"),
            ("http://h/a?b=%7e%2f", "http://h/a?b=~%2F"),
        ] {
            assert_eq!(key(one), key(other), "{one}");
        }
    }

    #[test]
    fn different_objects_have_different_names() {
        let all = [
            "http://h/",
            "http://h/a",
            "http://h/A",
            "http://h/a?b",
            "http://h/a?b=%26",
            "http://h/a?b=&",
            "http://h/a%3Fb",
        ];
        let keys: std::collections::BTreeSet<Key> = all.into_iter().map(key).collect();
        assert_eq!(keys.len(), all.len());
        let bucket = |bucket| Key::new(&Domain::new("*", bucket), "/", None);
        assert_ne!(bucket("one"), bucket("other"));
    }

    #[test]
    fn parameters_can_be_ignored() {
        let domain = Domain::new("*", "site").ignore_parameters(true);
        assert_eq!(Key::new(&domain, "/a", Some("utm=1")), Key::new(&domain, "/a", None));
    }

    #[test]
    fn a_directory_has_its_files_and_all_below() {
        let directory = key("http://h/a/");
        for (address, below) in [
            ("http://h/a/", true),
            ("http://h/a/b/c?d", true),
            ("http://h/a", false),
            ("http://h/ab/", false),
            ("http://h/b/a/", false),
        ] {
            assert_eq!(key(address).is_below(&directory), below, "{address}");
        }
    }
}
