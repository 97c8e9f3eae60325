//! What an object of a site is served with: its type, and how long it may be kept.

use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use http::HeaderValue;
use serde::{Deserialize, Serialize};

use crate::site::SiteError;

/// Of a page: short enough to heal by itself, long enough that a CDN takes the crowd. Not `no-cache`, which the CDN
/// never keeps (CDN: "Cache policies": `no-cache`, `no-store` and `max-age=0` of the origin come before its rules).
pub const PAGE: &str = "public, max-age=60";
/// Of a file whose name holds a hash of its content: another content is another address.
pub const HASHED: &str = "public, max-age=31536000, immutable";
/// Of everything else.
pub const OTHER: &str = "public, max-age=300";

/// Longest value of a header in bytes.
const MAX_VALUE: usize = 1024;

/// The headers of an object that a site decides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Headers {
    /// The content's type, with `charset=utf-8` if it is text.
    pub content_type: String,
    /// How long browsers and the CDN may keep it.
    pub cache_control: String,
}

impl Headers {
    /// True if the object never changes at its address, as its `Cache-Control` says.
    #[must_use]
    pub fn immutable(&self) -> bool {
        self.cache_control.split(',').any(|part| part.trim().eq_ignore_ascii_case("immutable"))
    }

    /// True if it is a page.
    #[must_use]
    pub fn page(&self) -> bool {
        is_page(&self.content_type)
    }

    /// True if the values can be sent: a manifest is read from a bucket.
    pub(crate) fn sendable(&self) -> bool {
        sendable(&self.content_type) && sendable(&self.cache_control)
    }
}

/// What a glob is told apart by: a pattern without a slash is matched against the file's name, one with a slash against
/// the whole key; `*` and `?` do not match a slash, `**` does.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    matcher: GlobMatcher,
    name_only: bool,
}

impl Pattern {
    /// # Errors
    /// [`SiteError::BadPattern`] if it is not a glob.
    pub(crate) fn new(glob: &str) -> Result<Self, SiteError> {
        let bad = |why: String| SiteError::BadPattern { pattern: glob.to_owned(), why };
        if glob.is_empty() {
            return Err(bad("it is empty".to_owned()));
        }
        let anchored = glob.strip_prefix('/').unwrap_or(glob);
        let built = GlobBuilder::new(anchored).literal_separator(true).backslash_escape(false).build();
        let matcher = built.map_err(|error| bad(error.kind().to_string()))?.compile_matcher();
        Ok(Self { matcher, name_only: !glob.contains('/') })
    }

    pub(crate) fn matches(&self, key: &str) -> bool {
        let subject = if self.name_only { key.rsplit('/').next().unwrap_or(key) } else { key };
        self.matcher.is_match(subject)
    }
}

/// The rules of a site: those given first, in their order, then those of this module.
#[derive(Debug, Clone, Default)]
pub(crate) struct CacheRules(Vec<(Pattern, Arc<str>)>);

impl CacheRules {
    /// # Errors
    /// [`SiteError::BadPattern`] if the glob is none or the value cannot be sent.
    pub(crate) fn push(&mut self, glob: &str, value: &str) -> Result<(), SiteError> {
        if !sendable(value) {
            let why = "its Cache-Control cannot be sent as a header".to_owned();
            return Err(SiteError::BadPattern { pattern: glob.to_owned(), why });
        }
        self.0.push((Pattern::new(glob)?, value.into()));
        Ok(())
    }

    /// The headers of the file `key`; `utf8` says whether its content is.
    pub(crate) fn headers(&self, key: &str, utf8: bool) -> Headers {
        let content_type = content_type(key, utf8);
        let given = self.0.iter().find(|(pattern, _)| pattern.matches(key)).map(|(_, value)| &**value);
        let cache_control = given.unwrap_or_else(|| match () {
            () if is_page(&content_type) => PAGE,
            () if is_hashed(key) => HASHED,
            () => OTHER,
        });
        Headers { cache_control: cache_control.to_owned(), content_type }
    }
}

fn sendable(value: &str) -> bool {
    !value.is_empty() && value.len() <= MAX_VALUE && value.is_ascii() && HeaderValue::from_str(value).is_ok()
}

fn is_page(content_type: &str) -> bool {
    content_type.starts_with("text/html")
}

/// True if an object of this name is a page, for those of which only the name is known.
pub(crate) fn is_page_name(key: &str) -> bool {
    is_page(&guess(key))
}

/// True if the type is text, so that its bytes need a charset.
pub(crate) fn is_text(key: &str) -> bool {
    guess(key).starts_with("text/")
}

/// The type by the name's last extension. A compressed file is its own type: whether a browser should unpack it is not
/// for a name to say.
fn guess(key: &str) -> String {
    match mime_guess::from_path(key).first_or_octet_stream().essence_str() {
        // RFC 9239, section 6.
        "application/javascript" | "application/x-javascript" => "text/javascript".to_owned(),
        other => other.to_owned(),
    }
}

fn content_type(key: &str, utf8: bool) -> String {
    let mut content_type = guess(key);
    if utf8 && is_text(key) {
        content_type.push_str("; charset=utf-8");
    }
    content_type
}

/// True if a part of the name, or a folder's whole name, is 8 to 64 lower-case hexadecimal digits with a letter and a digit
/// among them (a date has no letter): what bundlers add. Other spellings of a hash need a rule.
fn is_hashed(key: &str) -> bool {
    let (folders, name) = key.rsplit_once('/').unwrap_or(("", key));
    folders.split('/').chain(name.split(['.', '-', '_'])).any(|part| {
        (8..=64).contains(&part.len())
            && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
            && part.bytes().any(|b| b.is_ascii_digit())
            && part.bytes().any(|b| b.is_ascii_alphabetic())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(key: &str) -> (String, String) {
        let headers = CacheRules::default().headers(key, true);
        (headers.content_type, headers.cache_control)
    }

    #[test]
    fn text_says_its_charset_and_other_content_does_not() {
        for (key, expected) in [
            ("index.html", "text/html; charset=utf-8"),
            ("a/b.css", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.mjs", "text/javascript; charset=utf-8"),
            ("robots.txt", "text/plain; charset=utf-8"),
            ("config.json", "application/json"),
            ("a.svg", "image/svg+xml"),
            ("a.webp", "image/webp"),
            ("a.avif", "image/avif"),
            ("a.woff2", "font/woff2"),
            ("a.wasm", "application/wasm"),
            ("app.webmanifest", "application/manifest+json"),
            ("page.html.gz", "application/gzip"),
            ("no-extension", "application/octet-stream"),
        ] {
            assert_eq!(of(key).0, expected, "{key}");
        }
    }

    #[test]
    fn text_of_another_charset_is_not_called_utf_8() {
        assert_eq!(CacheRules::default().headers("index.html", false).content_type, "text/html");
    }

    #[test]
    fn a_name_with_a_hash_is_kept_for_ever_and_a_page_never() {
        for key in ["app.3f9a2b1c.js", "app-3f9a2b1c4d5e6f70.css", "3f9a2b1c4d/app.js", "img/a_0123456789abcdef.png"] {
            assert_eq!(of(key).1, HASHED, "{key}");
        }
        for key in ["app.js", "report-20261123.pdf", "app.3f9a2b1.js", "deadbeef.js", "app.3F9A2B1C.js", "a.json"] {
            assert_eq!(of(key).1, OTHER, "{key}");
        }
        for key in ["index.html", "a/3f9a2b1c.html", "3f9a2b1c4d/index.htm"] {
            assert_eq!(of(key).1, PAGE, "{key}");
        }
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let mut rules = CacheRules::default();
        for (glob, value) in [("assets/**", "a"), ("*.css", "b"), ("/app.js", "c"), ("*.{png,jpg}", "d"), ("**", "e")] {
            rules.push(glob, value).unwrap();
        }
        for (key, value) in [
            ("assets/x/y.css", "a"),
            ("x/y.css", "b"),
            ("app.js", "c"),
            ("x/app.js", "e"),
            ("x/y/z.jpg", "d"),
            ("index.html", "e"),
        ] {
            assert_eq!(rules.headers(key, true).cache_control, value, "{key}");
        }
    }

    #[test]
    fn a_rule_that_would_break_a_header_is_refused() {
        let mut rules = CacheRules::default();
        for value in ["", "a\r\nSet-Cookie: b", "a\0", "é", &"a".repeat(1025)] {
            assert!(matches!(rules.push("*", value), Err(SiteError::BadPattern { .. })), "{value:?}");
        }
        for glob in ["", "[", "{a"] {
            assert!(matches!(rules.push(glob, "no-store"), Err(SiteError::BadPattern { .. })), "{glob:?}");
        }
    }
}
