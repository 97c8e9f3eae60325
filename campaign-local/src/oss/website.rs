//! What a bucket with a website answers to a browser: index pages, folders, the error page.
//!
//! Only requests that nobody signed see it (service document "Static website hosting").

use campaign_oss::{IndexDocument, Website};
use http::StatusCode;

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// An object, with this status.
    Object(String, StatusCode),
    /// "Go to the folder": the same key with a slash.
    Redirect,
    /// There is no such object.
    Missing(String),
}

fn in_folders(index: &IndexDocument) -> bool {
    index.support_sub_dir == Some(true)
}

/// The page of `website` for `key`; `None` if the website has none for it and the bucket answers as
/// without one. `exists` says whether an object is there.
pub(super) fn page<E>(
    website: &Website,
    key: &str,
    exists: impl Fn(&str) -> Result<bool, E>,
) -> Result<Option<Page>, E> {
    let found = |key: String| Page::Object(key, StatusCode::OK);
    let index = website.index.as_ref();
    let wanted = if key.is_empty() || key.ends_with('/') {
        let Some(index) = index else { return Ok(None) };
        let folder = if in_folders(index) { key } else { "" };
        format!("{folder}{}", index.suffix)
    } else {
        key.to_owned()
    };
    if exists(&wanted)? {
        return Ok(Some(found(wanted)));
    }
    if let Some(index) = index.filter(|index| in_folders(index) && wanted == key) {
        let below = format!("{key}/{}", index.suffix);
        match index.sub_dir_type.unwrap_or(0) {
            0 if exists(&below)? => return Ok(Some(Page::Redirect)),
            2 if exists(&below)? => return Ok(Some(found(below))),
            _ => {}
        }
    }
    match &website.error {
        Some(error) if exists(&error.key)? => {
            let status = if error.http_status == Some(200) { StatusCode::OK } else { StatusCode::NOT_FOUND };
            Ok(Some(Page::Object(error.key.clone(), status)))
        }
        _ => Ok(Some(Page::Missing(wanted))),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use campaign_oss::ErrorDocument;

    use super::*;

    const PAGES: [&str; 4] = ["index.html", "404.html", "docs/index.html", "docs/a.html"];

    fn of(index: Option<IndexDocument>, error: Option<u16>, key: &str) -> Option<Page> {
        let error = error.map(|status| ErrorDocument { http_status: Some(status), ..ErrorDocument::new("404.html") });
        let website = Website { index, error, ..Website::default() };
        page(&website, key, |key| Ok::<_, Infallible>(PAGES.contains(&key))).unwrap()
    }

    fn index(folders: bool, kind: u8) -> Option<IndexDocument> {
        let mut index = IndexDocument::new("index.html");
        (index.support_sub_dir, index.sub_dir_type) = (Some(folders), Some(kind));
        Some(index)
    }

    fn found(key: &str) -> Option<Page> {
        Some(Page::Object(key.to_owned(), StatusCode::OK))
    }

    fn error(status: StatusCode) -> Option<Page> {
        Some(Page::Object("404.html".to_owned(), status))
    }

    #[test]
    fn a_folder_has_its_own_index_only_if_folders_have() {
        for key in ["", "docs/", "none/"] {
            assert_eq!(of(index(false, 0), Some(404), key), found("index.html"), "{key}");
        }
        assert_eq!(of(index(true, 0), Some(404), ""), found("index.html"));
        assert_eq!(of(index(true, 0), Some(404), "docs/"), found("docs/index.html"));
        assert_eq!(of(index(true, 0), Some(404), "none/"), error(StatusCode::NOT_FOUND));
    }

    #[test]
    fn a_folder_without_its_slash_is_what_the_type_says() {
        let redirect = Some(Page::Redirect);
        for (kind, expected) in [(0, redirect), (1, error(StatusCode::NOT_FOUND)), (2, found("docs/index.html"))] {
            assert_eq!(of(index(true, kind), Some(404), "docs"), expected, "type {kind}");
            assert_eq!(of(index(true, kind), Some(404), "none"), error(StatusCode::NOT_FOUND));
        }
        assert_eq!(of(index(false, 0), Some(404), "docs"), error(StatusCode::NOT_FOUND));
    }

    #[test]
    fn what_is_missing_is_the_error_page_with_its_status() {
        assert_eq!(of(index(true, 0), Some(200), "none"), error(StatusCode::OK));
        assert_eq!(of(index(true, 0), None, "none"), Some(Page::Missing("none".to_owned())));
        assert_eq!(of(index(true, 0), None, "none/"), Some(Page::Missing("none/index.html".to_owned())));
        assert_eq!(of(None, Some(404), ""), None, "without an index the bucket answers");
        assert_eq!(of(None, Some(404), "docs/a.html"), found("docs/a.html"));
    }
}
