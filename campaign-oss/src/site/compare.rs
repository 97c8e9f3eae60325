//! What differs between a folder, a bucket's listing and the manifest. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::site::{
    Warning,
    folder::File,
    manifest::{Entry, Manifest, State},
    md5::Md5,
};

/// An object of the listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) size: u64,
    /// None if its `ETag` is not an MD5.
    pub(crate) md5: Option<Md5>,
}

impl Listed {
    pub(crate) fn holds(&self, size: u64, md5: Md5) -> bool {
        self.size == size && self.md5 == Some(md5)
    }
}

/// What stands in the bucket under the prefix, by key under it, without the manifest.
pub(crate) type Listing = BTreeMap<String, Listed>;

/// Why a file is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// Nothing stands at its key.
    New,
    /// Its content is another.
    Content,
    /// Its content is the same and its headers are others.
    Headers,
    /// Its content is the same, and with which headers it is served is not known.
    HeadersUnknown,
    /// Somebody else changed the object since it was published from here.
    ChangedInBucket,
    /// Somebody else put another object there, which is replaced.
    NotOurs,
}

/// Which objects that the folder does not hold are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stale {
    /// None.
    Keep,
    /// Those that were published from here, and that nobody else has changed since.
    #[default]
    Delete,
    /// Every object under the prefix, whoever put it.
    DeleteAll,
}

/// What is to be done.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    /// By position in the folder.
    pub(crate) put: Vec<(usize, Reason)>,
    pub(crate) unchanged: usize,
    /// Objects to delete, with what the manifest says of them.
    pub(crate) stale: BTreeMap<String, Option<Entry>>,
    /// Objects of ours that stay although the folder does not hold them.
    pub(crate) kept: BTreeMap<String, Entry>,
    /// Objects of others that stay.
    pub(crate) others: usize,
    /// Keys that caches may hold an old answer for once the files are put.
    pub(crate) refresh: BTreeSet<String>,
    pub(crate) warnings: Vec<Warning>,
}

/// Compares. `manifest` is empty if there is none.
pub(crate) fn compare(files: &[File], listing: &Listing, manifest: &Manifest, stale: Stale) -> Difference {
    let mut difference = Difference { refresh: manifest.refresh.clone(), ..Difference::default() };
    for (at, file) in files.iter().enumerate() {
        let Some(reason) = reason(file, listing.get(&file.key), manifest.files.get(&file.key)) else {
            difference.unchanged += 1;
            continue;
        };
        difference.put.push((at, reason));
        // Where nothing was before, no cache holds anything but an error, and that no longer than the error page says. A
        // publish that was cut off may have deleted what was there.
        let was_there = manifest.files.get(&file.key).is_some_and(|entry| !matches!(entry.state, State::Intended(_)));
        if reason != Reason::New || was_there {
            difference.refresh.insert(file.key.clone());
        }
        let other_content = matches!(reason, Reason::Content | Reason::ChangedInBucket | Reason::NotOurs);
        if other_content && file.headers.immutable() {
            difference.warnings.push(Warning::ImmutableChanged { key: file.key.clone() });
        }
    }
    let gone = |key: &str| files.binary_search_by(|file| file.key.as_str().cmp(key)).is_err();
    for (key, entry) in manifest.files.iter().filter(|(key, _)| gone(key)) {
        let Some(listed) = listing.get(key) else {
            // A publish that was cut off deleted it, or somebody else did.
            if !immutable(entry) {
                difference.refresh.insert(key.clone());
            }
            continue;
        };
        let theirs = matches!(&entry.state, State::Put(_)) && !listed.holds(entry.size, entry.md5);
        match stale {
            Stale::Keep => drop(difference.kept.insert(key.clone(), entry.clone())),
            Stale::Delete if theirs => difference.warnings.push(Warning::LeftAlone { key: key.clone() }),
            Stale::Delete | Stale::DeleteAll => {
                // It is there, so it is no longer only intended.
                let state = match &entry.state {
                    State::Intended(headers) if listed.holds(entry.size, entry.md5) => State::Put(headers.clone()),
                    State::Put(headers) => State::Put(headers.clone()),
                    State::Intended(_) | State::Unsure => State::Unsure,
                };
                difference.stale.insert(key.clone(), Some(Entry { state, ..entry.clone() }));
            }
        }
    }
    for key in listing.keys().filter(|key| gone(key)) {
        if stale == Stale::DeleteAll {
            difference.stale.entry(key.clone()).or_insert(None);
        } else if !difference.stale.contains_key(key) && !difference.kept.contains_key(key) {
            difference.others += 1;
        }
    }
    difference
}

/// Why the file is to be put; `None` if it stands there as it should.
fn reason(file: &File, listed: Option<&Listed>, entry: Option<&Entry>) -> Option<Reason> {
    let Some(listed) = listed else { return Some(Reason::New) };
    if listed.holds(file.stamp.size, file.md5) {
        return match entry.map(|entry| (&entry.state, entry.md5 == file.md5)) {
            Some((State::Put(headers) | State::Intended(headers), true)) if *headers == file.headers => None,
            Some((State::Put(_), true)) => Some(Reason::Headers),
            _ => Some(Reason::HeadersUnknown),
        };
    }
    match entry {
        None => Some(Reason::NotOurs),
        Some(Entry { state: State::Put(_), size, md5 }) if !listed.holds(*size, *md5) => Some(Reason::ChangedInBucket),
        Some(_) => Some(Reason::Content),
    }
}

/// True if no cache needs to be told that the object is gone: nothing refers to it, and its address is never used again.
pub(crate) fn immutable(entry: &Entry) -> bool {
    match &entry.state {
        State::Put(headers) | State::Intended(headers) => headers.immutable(),
        State::Unsure => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::site::{Headers, digest::Stamp, headers::HASHED};

    fn headers(cache_control: &str) -> Arc<Headers> {
        Arc::new(Headers { content_type: "text/css".into(), cache_control: cache_control.into() })
    }

    fn file(key: &str, content: &str, cache_control: &str) -> File {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, content).unwrap();
        let stamp = Stamp::of(&std::fs::metadata(&path).unwrap());
        File { key: key.into(), path, stamp, md5: Md5::of(content.as_bytes()), headers: headers(cache_control) }
    }

    fn entry(content: &str, state: State) -> Entry {
        Entry { size: content.len() as u64, md5: Md5::of(content.as_bytes()), state }
    }

    fn listed(content: &str) -> Listed {
        Listed { size: content.len() as u64, md5: Some(Md5::of(content.as_bytes())) }
    }

    fn put(content: &str) -> Entry {
        entry(content, State::Put(headers("h")))
    }

    #[test]
    fn what_a_publish_deleted_before_it_was_cut_off_is_refreshed_when_it_comes_again() {
        let of = |state| {
            let manifest = Manifest { files: [("a".to_owned(), entry("old", state))].into(), ..Manifest::default() };
            compare(&[file("a", "now", "h")], &Listing::new(), &manifest, Stale::Delete).refresh.contains("a")
        };
        assert!(of(State::Put(headers("h"))) && of(State::Unsure));
        assert!(!of(State::Intended(headers("h"))), "it was never there");
    }

    /// Compares one file of the content `now`, served as `h`.
    fn one(listing: Option<&str>, known: Option<Entry>) -> (Option<Reason>, bool) {
        let listing = listing.map(|content| ("a".to_owned(), listed(content))).into_iter().collect();
        let manifest =
            Manifest { files: known.map(|entry| ("a".to_owned(), entry)).into_iter().collect(), ..Manifest::default() };
        let difference = compare(&[file("a", "now", "h")], &listing, &manifest, Stale::Delete);
        (difference.put.first().map(|(_, reason)| *reason), difference.refresh.contains("a"))
    }

    #[test]
    fn a_file_is_put_unless_content_and_headers_are_sure_to_be_there() {
        let intended = |content, cache_control| entry(content, State::Intended(headers(cache_control)));
        for (listing, known, expected) in [
            (None, None, Some(Reason::New)),
            (None, Some(put("now")), Some(Reason::New)),
            (Some("now"), Some(put("now")), None),
            (Some("now"), Some(intended("now", "h")), None),
            (Some("now"), Some(intended("now", "x")), Some(Reason::HeadersUnknown)),
            (Some("now"), Some(intended("old", "h")), Some(Reason::HeadersUnknown)),
            (Some("now"), Some(entry("now", State::Put(headers("x")))), Some(Reason::Headers)),
            (Some("now"), Some(entry("now", State::Unsure)), Some(Reason::HeadersUnknown)),
            (Some("now"), Some(put("old")), Some(Reason::HeadersUnknown)),
            (Some("now"), None, Some(Reason::HeadersUnknown)),
            (Some("old"), Some(put("old")), Some(Reason::Content)),
            (Some("old"), Some(intended("now", "h")), Some(Reason::Content)),
            (Some("old"), Some(put("now")), Some(Reason::ChangedInBucket)),
            (Some("old"), None, Some(Reason::NotOurs)),
        ] {
            let was_there = matches!(&known, Some(Entry { state: State::Put(_), .. }));
            let refreshed = expected.is_some() && (expected != Some(Reason::New) || was_there);
            assert_eq!(one(listing, known.clone()), (expected, refreshed), "{listing:?} {known:?}");
        }
    }

    #[test]
    fn an_object_without_an_md5_is_never_taken_for_a_file() {
        let listing = [("a".to_owned(), Listed { size: 3, md5: None })].into();
        let manifest = Manifest { files: [("a".to_owned(), put("now"))].into(), ..Manifest::default() };
        let difference = compare(&[file("a", "now", "h")], &listing, &manifest, Stale::Delete);
        assert_eq!(difference.put, [(0, Reason::ChangedInBucket)]);
    }

    #[test]
    fn only_what_was_published_from_here_and_not_changed_since_is_stale() {
        let listing: Listing = ["ours", "theirs", "changed", "a"].map(|key| (key.to_owned(), listed("old"))).into();
        let files = [("ours", put("old")), ("changed", put("other")), ("gone", put("old")), ("a", put("now"))];
        let manifest =
            Manifest { files: files.map(|(key, entry)| (key.to_owned(), entry)).into(), ..Manifest::default() };
        let of = |stale| compare(&[file("a", "now", "h")], &listing, &manifest, stale);

        let found = of(Stale::Delete);
        assert_eq!(found.stale.keys().collect::<Vec<_>>(), ["ours"]);
        assert_eq!((found.others, found.kept.len()), (2, 0));
        assert_eq!(found.warnings, [Warning::LeftAlone { key: "changed".into() }]);
        assert!(found.refresh.contains("gone"), "somebody deleted it, and a cache may hold it");

        let found = of(Stale::Keep);
        assert_eq!(found.kept.keys().collect::<Vec<_>>(), ["changed", "ours"]);
        assert_eq!((found.others, found.stale.len()), (1, 0));

        let found = of(Stale::DeleteAll);
        assert_eq!(found.stale.keys().collect::<Vec<_>>(), ["changed", "ours", "theirs"]);
        assert_eq!(found.others, 0);
    }

    #[test]
    fn addresses_that_were_owed_stay_owed_and_those_that_never_change_are_not() {
        let hashed = entry("old", State::Put(headers(HASHED)));
        let manifest = Manifest { files: [("gone".to_owned(), hashed)].into(), refresh: ["b".to_owned()].into() };
        let found = compare(&[file("new", "now", HASHED)], &Listing::new(), &manifest, Stale::Delete);
        assert_eq!(found.refresh, ["b".to_owned()].into());
    }

    #[test]
    fn a_change_of_what_never_changes_is_warned_of() {
        let listing = [("a".to_owned(), listed("old"))].into();
        let found = compare(&[file("a", "now", HASHED)], &listing, &Manifest::default(), Stale::Delete);
        assert_eq!(found.warnings, [Warning::ImmutableChanged { key: "a".into() }]);
    }
}
