//! What a site's publisher remembers, kept as an object beside the site.
//!
//! A listing shows what an object holds and not with which headers it is served, nor who put it. The manifest says both of
//! every object published from here. It is written before the first change of a publish, saying what is about to be put,
//! and after the last one; so whenever a publish is cut off, the next one knows which objects are its own, which headers
//! are sure, and which addresses a cache may still hold an old answer for.
//!
//! Of a site that is whole it is the same bytes for the same folder: a listing that shows its `ETag` says that nothing
//! is to be done, and it is not read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::site::{
    Headers, SiteError,
    folder::{File, MAX_FILES, MAX_SIZE},
    key,
    md5::Md5,
};

/// The manifest's name under the prefix. It begins with a dot, as nothing that is published does.
pub(crate) const NAME: &str = ".campaign-site.json";
/// Longest manifest in bytes: one of the most files, with a key of 150 bytes each.
pub(crate) const MAX_LENGTH: u64 = 64 << 20;
const VERSION: u32 = 1;

/// What is known of an object that was published from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) size: u64,
    pub(crate) md5: Md5,
    pub(crate) state: State,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// It was put with this content and these headers.
    Put(Arc<Headers>),
    /// It was about to be put so, where there was nothing or another content: if its content is this, so are its headers.
    Intended(Arc<Headers>),
    /// It was about to be put where the same content was: its headers are the old or the new ones.
    Unsure,
}

/// What is known of a site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) files: BTreeMap<String, Entry>,
    /// Keys whose addresses caches may hold an old answer for.
    pub(crate) refresh: BTreeSet<String>,
}

/// The manifest as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    campaign_site: u32,
    headers: Vec<Headers>,
    files: BTreeMap<String, Line>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    refresh: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    md5: Md5,
    size: u64,
    /// Which of the headers; none if they are not sure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    headers: Option<usize>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    intended: bool,
}

/// Read first, for what a later version wrote may differ in all else.
#[derive(Deserialize)]
struct Version {
    campaign_site: u32,
}

impl Manifest {
    /// That of a site that is whole: the files, and what is kept beside them.
    pub(crate) fn whole(files: &[File], kept: &BTreeMap<String, Entry>) -> Self {
        Self::of(files, kept, |_, file| State::Put(file.headers.clone()))
    }

    /// That of the files in the states that `state` gives by their places, and of what is kept.
    pub(crate) fn of(files: &[File], kept: &BTreeMap<String, Entry>, state: impl Fn(usize, &File) -> State) -> Self {
        let mut entries = kept.clone();
        entries.extend(files.iter().enumerate().map(|(at, file)| {
            let entry = Entry { size: file.stamp.size, md5: file.md5, state: state(at, file) };
            (file.key.clone(), entry)
        }));
        Self { files: entries, refresh: BTreeSet::new() }
    }

    /// The same bytes for the same value.
    pub(crate) fn write(&self) -> Bytes {
        let known = |entry: &Entry| match &entry.state {
            State::Put(headers) | State::Intended(headers) => Some(headers.clone()),
            State::Unsure => None,
        };
        let headers: BTreeSet<Arc<Headers>> = self.files.values().filter_map(known).collect();
        let headers: Vec<Arc<Headers>> = headers.into_iter().collect();
        let line = |entry: &Entry| Line {
            md5: entry.md5,
            size: entry.size,
            headers: known(entry).and_then(|known| headers.binary_search(&known).ok()),
            intended: matches!(entry.state, State::Intended(_)),
        };
        let files = self.files.iter().map(|(key, entry)| (key.clone(), line(entry))).collect();
        let headers = headers.iter().map(|headers| (**headers).clone()).collect();
        let document = Document { campaign_site: VERSION, files, refresh: self.refresh.clone(), headers };
        serde_json::to_vec(&document).expect("names and numbers are written without fail").into()
    }

    /// Reads the manifest of the site under `prefix`. It comes from a bucket, so nothing in it is believed but within the
    /// bounds of a site.
    ///
    /// # Errors
    /// [`SiteError::Manifest`] if it is of another version, damaged, or names what no site could hold.
    pub(crate) fn read(prefix: &str, bytes: &[u8]) -> Result<Self, SiteError> {
        let bad = |why: String| SiteError::Manifest { key: [prefix, NAME].concat(), why };
        let version: Version =
            serde_json::from_slice(bytes).map_err(|_| bad("it is not the manifest of a site".to_owned()))?;
        if version.campaign_site != VERSION {
            return Err(bad(format!("it is of version {}, and this is version {VERSION}", version.campaign_site)));
        }
        // The text of serde_json's error would repeat the document's.
        let document: Document = serde_json::from_slice(bytes)
            .map_err(|error| bad(format!("it is damaged at line {}, column {}", error.line(), error.column())))?;
        if document.files.len() > 2 * MAX_FILES || document.refresh.len() > 2 * MAX_FILES {
            return Err(bad("it names more files than a site may have".to_owned()));
        }
        if !document.headers.iter().all(Headers::sendable) {
            return Err(bad("it holds headers that cannot be sent".to_owned()));
        }
        for name in document.files.keys().chain(&document.refresh) {
            key::under(prefix, name).map_err(|error| bad(error.to_string()))?;
            if name == NAME {
                return Err(bad("it names itself".to_owned()));
            }
        }
        let headers: Vec<Arc<Headers>> = document.headers.into_iter().map(Arc::new).collect();
        let entry = |line: &Line| {
            let known = match line.headers {
                Some(at) => Some(headers.get(at)?.clone()),
                None => None,
            };
            let state = match (known, line.intended) {
                (Some(headers), false) => State::Put(headers),
                (Some(headers), true) => State::Intended(headers),
                (None, false) => State::Unsure,
                (None, true) => return None,
            };
            (line.size <= MAX_SIZE).then_some(Entry { size: line.size, md5: line.md5, state })
        };
        let files = document.files.into_iter().map(|(key, line)| Some((key, entry(&line)?)));
        let files: Option<BTreeMap<_, _>> = files.collect();
        let files = files.ok_or_else(|| bad("a file of it is not one".to_owned()))?;
        Ok(Self { files, refresh: document.refresh })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cache_control: &str) -> Arc<Headers> {
        Arc::new(Headers { content_type: "text/css; charset=utf-8".into(), cache_control: cache_control.into() })
    }

    fn sample() -> Manifest {
        let entry = |state| Entry { size: 3, md5: Md5::of(b"abc"), state };
        Manifest {
            files: [
                ("a.css".to_owned(), entry(State::Put(headers("b")))),
                ("é/🎉.css".to_owned(), entry(State::Intended(headers("a")))),
                ("c\"d.css".to_owned(), entry(State::Unsure)),
            ]
            .into(),
            refresh: ["a.css".to_owned()].into(),
        }
    }

    #[test]
    fn what_is_written_is_read_back_and_written_the_same() {
        for manifest in [sample(), Manifest::default()] {
            let bytes = manifest.write();
            let read = Manifest::read("p/", &bytes).unwrap();
            assert_eq!(read, manifest);
            assert_eq!(read.write(), bytes);
        }
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_refused_or_still_a_manifest_within_bounds() {
        let bytes = sample().write();
        for end in 0..bytes.len() {
            assert!(matches!(Manifest::read("", &bytes[..end]), Err(SiteError::Manifest { .. })), "{end}");
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.to_vec();
                changed[at] ^= 1 << bit;
                if let Ok(read) = Manifest::read("", &changed) {
                    assert!(read.files.keys().all(|key| key::under("", key).is_ok()), "{at} {bit}");
                }
            }
        }
    }

    #[test]
    fn what_no_site_could_hold_is_refused() {
        let file = r#"{"md5":"900150983CD24FB0D6963F7D28E17F72","size":3}"#;
        let of = |name: &str, file: &str| {
            let name = serde_json::to_string(name).unwrap();
            format!(r#"{{"campaign_site":1,"headers":[],"files":{{{name}:{file}}}}}"#)
        };
        assert!(Manifest::read("", of("a", file).as_bytes()).is_ok());
        for name in ["", "/a", "../other", "a/../b", "a\nb", "a\\b", ".campaign-site.json", &"a".repeat(1024)] {
            let error = Manifest::read("", of(name, file).as_bytes()).unwrap_err();
            assert!(matches!(error, SiteError::Manifest { .. }), "{name:?}");
        }
        for file in [
            r#"{"md5":"9","size":3}"#,
            r#"{"md5":"900150983CD24FB0D6963F7D28E17F72","size":-1}"#,
            r#"{"md5":"900150983CD24FB0D6963F7D28E17F72","size":9999999999}"#,
            r#"{"md5":"900150983CD24FB0D6963F7D28E17F72","size":3,"headers":0}"#,
            r#"{"md5":"900150983CD24FB0D6963F7D28E17F72","size":3,"intended":true}"#,
            r#"{"md5":"900150983CD24FB0D6963F7D28E17F72","size":3,"more":1}"#,
        ] {
            assert!(Manifest::read("", of("a", file).as_bytes()).is_err(), "{file}");
        }
        let injected = r#"{"campaign_site":1,"headers":[{"content_type":"a\r\nb","cache_control":"c"}],"files":{}}"#;
        assert!(Manifest::read("", injected.as_bytes()).is_err());
        let refresh = r#"{"campaign_site":1,"headers":[],"files":{},"refresh":["../x"]}"#;
        assert!(Manifest::read("", refresh.as_bytes()).is_err());
    }

    #[test]
    fn a_later_version_is_named_whatever_else_it_holds() {
        let later = br#"{"campaign_site":2,"files":[1,2]}"#;
        let error = Manifest::read("p/", later).unwrap_err().to_string();
        assert!(error.contains("p/.campaign-site.json") && error.contains("of version 2"), "{error}");
    }
}
