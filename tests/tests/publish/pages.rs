//! Folders to publish, and what their pages refer to.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use tempfile::TempDir;

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

/// A site, and the site after it: names with hashes that change, a style that is replaced and needs a font that is new, pages
/// that come and go and refer to each other.
pub(crate) const FIRST: &[(&str, &str)] = &[
    (
        "index.html",
        r#"<link href="/style.css"><script src="/app.1111aaaa.js"></script><a href="/about.html"><a href="/news/">"#,
    ),
    ("about.html", r#"<link href="/style.css"><img src="/old.png"><a href="/"><a href="/gone.html">"#),
    ("gone.html", r#"<link href="/style.css"><img src="/old.png"><a href="/">"#),
    ("news/index.html", r#"<link href="/style.css"><a href="/">"#),
    ("404.html", r#"<link href="/style.css"><a href="/">"#),
    ("style.css", "a { background: url(/old.png) }"),
    ("app.1111aaaa.js", "first()"),
    ("old.png", "png"),
];
pub(crate) const SECOND: &[(&str, &str)] = &[
    (
        "index.html",
        r#"<link href="/style.css"><script src="/app.2222bbbb.js"></script><a href="/about.html"><a href="/team/">"#,
    ),
    ("about.html", r#"<link href="/style.css"><img src="/new.png"><a href="/"><a href="/team/">"#),
    ("team/index.html", r#"<link href="/style.css"><img src="/new.png"><a href="/team/ada.html"><a href="/">"#),
    ("team/ada.html", r#"<img src="/new.png"><script src="/app.2222bbbb.js"></script><a href="/team/">"#),
    ("404.html", r#"<link href="/style.css"><a href="/">"#),
    ("style.css", "a { font: url(/font.woff2); background: url(/new.png) }"),
    ("app.2222bbbb.js", "second()"),
    ("new.png", "new png"),
    ("font.woff2", "font"),
];

/// The keys that a text refers to, as `src`, `href` or `url(…)`.
fn references(text: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for (begin, end) in [("src=\"/", '"'), ("href=\"/", '"'), ("url(/", ')')] {
        for (_, rest) in text.match_indices(begin).map(|(at, found)| text.split_at(at + found.len())) {
            let key = rest.split(end).next().unwrap();
            keys.insert(if key.is_empty() || key.ends_with('/') { format!("{key}index.html") } else { key.to_owned() });
        }
    }
    keys
}

/// What is missing in a bucket with these contents: an asset that any page or style refers to, or a page that one which a
/// visitor can come to refers to, from the first page or from one that was there `before`.
pub(crate) fn missing(served: &BTreeMap<String, String>, before: &BTreeSet<String>) -> Vec<String> {
    let is_page = |key: &str| key.ends_with(".html");
    let mut missing = Vec::new();
    for (key, content) in served {
        for reference in references(content) {
            if !is_page(&reference) && !served.contains_key(&reference) {
                missing.push(format!("{key} -> {reference}"));
            }
        }
    }
    let mut reached = BTreeSet::new();
    let mut next: Vec<&String> = served.keys().filter(|key| *key == "index.html" || before.contains(*key)).collect();
    while let Some(key) = next.pop() {
        if !reached.insert(key) || !is_page(key) {
            continue;
        }
        for reference in references(&served[key]) {
            match served.get_key_value(&reference) {
                Some((key, _)) => next.push(key),
                None if is_page(&reference) => missing.push(format!("{key} -> {reference}")),
                None => {}
            }
        }
    }
    missing
}

#[test]
fn a_missing_asset_and_a_missing_page_are_found() {
    let with = |files: &[(&str, &str)]| files.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let whole: BTreeMap<String, String> = with(FIRST);
    assert_eq!(missing(&whole, &BTreeSet::new()), [""; 0]);
    for gone in ["style.css", "old.png", "app.1111aaaa.js", "gone.html", "news/index.html", "about.html"] {
        let mut part = whole.clone();
        part.remove(gone);
        assert!(!missing(&part, &BTreeSet::new()).is_empty(), "{gone}");
    }
}
