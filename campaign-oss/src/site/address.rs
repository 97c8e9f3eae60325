//! The addresses of objects behind a domain.

use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::site::SiteError;

/// What a path holds as it is (RFC 3986, section 2.3, and the slash).
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The addresses of `keys` under `base`, the address of the site's prefix. An index document answers at its folder's
/// address too.
///
/// # Errors
/// [`SiteError::BadAddress`] if `base` is not an http or https address without a query.
pub(crate) fn addresses<'a>(
    base: &str,
    index: &str,
    keys: impl Iterator<Item = &'a str>,
) -> Result<Vec<String>, SiteError> {
    let bad = || SiteError::BadAddress { address: base.to_owned() };
    let uri: Uri = base.parse().map_err(|_| bad())?;
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    if !web || uri.query().is_some() || base.contains('#') || uri.authority().is_none_or(|a| a.as_str().contains('@')) {
        return Err(bad());
    }
    let base = base.trim_end_matches('/');
    let mut addresses = Vec::new();
    for key in keys {
        let (folder, name) = key.rsplit_once('/').map_or(("", key), |(folder, name)| (&key[..=folder.len()], name));
        if name == index {
            addresses.push(format!("{base}/{}", utf8_percent_encode(folder, PATH)));
        }
        addresses.push(format!("{base}/{}", utf8_percent_encode(key, PATH)));
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_document_has_its_folders_address_too() {
        let keys = ["index.html", "a b/é.css", "a b/index.html", "100%.html", "x/not-index.html"];
        assert_eq!(
            addresses("https://www.example.com/p/", "index.html", keys.into_iter()).unwrap(),
            [
                "https://www.example.com/p/",
                "https://www.example.com/p/index.html",
                "https://www.example.com/p/a%20b/%C3%A9.css",
                "https://www.example.com/p/a%20b/",
                "https://www.example.com/p/a%20b/index.html",
                "https://www.example.com/p/100%25.html",
                "https://www.example.com/p/x/not-index.html",
            ]
        );
        assert_eq!(addresses("http://a:1", "i", ["i"].into_iter()).unwrap(), ["http://a:1/", "http://a:1/i"]);
    }

    #[test]
    fn what_is_no_address_of_a_site_is_refused() {
        for base in
            ["", "www.example.com", "/a", "ftp://a/", "https:///a", "https://a/?b", "https://a/#b", "http://u:p@a/"]
        {
            assert!(matches!(addresses(base, "i", [].into_iter()), Err(SiteError::BadAddress { .. })), "{base:?}");
        }
    }
}
