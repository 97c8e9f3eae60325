//! Names of files, and the prefix that a site stands under, as keys of objects.
//!
//! A name is kept byte for byte: nothing is normalised, so that two names that look alike stay two objects, and the
//! address is the one that the page's author wrote.

use crate::site::SiteError;

/// Longest key in bytes of UTF-8 (OSS: "Object naming conventions").
pub(crate) const MAX_KEY: usize = 1023;

/// A prefix as it stands before every key: empty, or ending in a slash.
///
/// # Errors
/// [`SiteError::BadKey`] if a key cannot begin so.
pub(crate) fn prefix(text: &str) -> Result<String, SiteError> {
    let name = text.strip_suffix('/').unwrap_or(text);
    if name.is_empty() && text.is_empty() {
        return Ok(String::new());
    }
    check(name).map_err(|why| bad(text, why))?;
    if name.len() >= MAX_KEY {
        return Err(bad(text, "is longer than a key"));
    }
    Ok([name, "/"].concat())
}

/// Checks a key under `prefix`, as a file's or a manifest's.
///
/// # Errors
/// [`SiteError::BadKey`] if it cannot be an object's address under the prefix.
pub(crate) fn under(prefix: &str, name: &str) -> Result<(), SiteError> {
    check(name).map_err(|why| bad(name, why))?;
    if prefix.len() + name.len() > MAX_KEY {
        return Err(bad(name, "makes a key of more than 1023 bytes"));
    }
    Ok(())
}

fn check(name: &str) -> Result<(), &'static str> {
    if name.contains('\\') {
        return Err("holds a backslash");
    }
    // Also C1: some terminals obey them, and no address needs one.
    if name.chars().any(char::is_control) {
        return Err("holds a control character");
    }
    for segment in name.split('/') {
        match segment {
            "" => return Err("has an empty part"),
            // Clients and caches take them away, so that the object would have no address of its own.
            "." | ".." => return Err("has a part that is only dots"),
            _ => {}
        }
    }
    Ok(())
}

pub(crate) fn bad(name: &str, why: &'static str) -> SiteError {
    // A name of any length and content may come from a bucket.
    let name: String = name.chars().take(200).collect();
    SiteError::BadKey { name, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_in_a_slash_and_never_leaves_its_place() {
        assert_eq!(prefix("").unwrap(), "");
        assert_eq!(prefix("spring").unwrap(), "spring/");
        assert_eq!(prefix("2026/spring/").unwrap(), "2026/spring/");
        for text in ["/", "/a", "a//", "a//b", "..", "../other", "a/../b", "./a", "a\\b", "a\nb", "a\u{85}b"] {
            assert!(matches!(prefix(text), Err(SiteError::BadKey { .. })), "{text:?}");
        }
        assert!(prefix(&"a".repeat(1022)).is_ok() && prefix(&"a".repeat(1023)).is_err());
    }

    #[test]
    fn a_key_is_counted_in_bytes_with_its_prefix() {
        let long = "é".repeat(511);
        assert!(under("", &long).is_ok() && under("a", &long).is_ok());
        assert!(matches!(under("ab", &long), Err(SiteError::BadKey { .. })));
    }

    #[test]
    fn characters_that_are_encoded_in_an_address_are_no_reason_to_refuse_a_name() {
        for name in ["%2e%2e/x", "a?b#c.html", "a +b.html", "100%.html", "🎉.html", "e\u{301}.html", "...", "a..b"] {
            under("p/", name).unwrap();
        }
    }
}
