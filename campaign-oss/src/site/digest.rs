//! One pass over a file's content: its MD5, whether it is UTF-8, whether it holds what looks like a secret; and whether it
//! stayed the same while it was read.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    path::Path,
    time::SystemTime,
};

use md5::Digest as _;
use memchr::memmem;

use crate::site::{SiteError, md5::Md5};

/// Bytes read at a time.
pub(crate) const CHUNK: usize = 512 << 10;
/// How much of the end of a chunk is looked at again with the next: longer than anything looked for.
const OVERLAP: usize = 64;

/// What a file was like when it was looked at. A file with another stamp has been changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) size: u64,
    modified: Option<SystemTime>,
    /// Device and number, where there are any: the name stands for the same file still.
    identity: (u64, u64),
    links: u64,
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let (identity, links) = {
            use std::os::unix::fs::MetadataExt as _;
            ((metadata.dev(), metadata.ino()), metadata.nlink())
        };
        #[cfg(not(unix))]
        let (identity, links) = ((0, 0), 1);
        Self { size: metadata.len(), modified: metadata.modified().ok(), identity, links }
    }

    /// True if the file has a second name, which may be outside the folder.
    pub(crate) const fn hard_linked(&self) -> bool {
        self.links > 1
    }

    /// Making or removing a second name is no change of the content.
    pub(crate) fn same(&self, other: &Self) -> bool {
        (self.size, self.modified, self.identity) == (other.size, other.modified, other.identity)
    }
}

/// What was read.
#[derive(Debug)]
pub(crate) struct Digest {
    pub(crate) md5: Md5,
    pub(crate) utf8: bool,
    pub(crate) secret: bool,
}

/// Opens a regular file that was `stamp` when it was found. Never waits, as opening a pipe would.
///
/// # Errors
/// [`SiteError::FileChanged`] if the name stands for something else by now; [`SiteError::Io`].
pub(crate) fn open(path: &Path, stamp: &Stamp) -> Result<File, SiteError> {
    let named = |source| SiteError::Io { path: path.to_owned(), source };
    let changed = || SiteError::FileChanged { path: path.to_owned() };
    let found = fs::symlink_metadata(path).map_err(named)?;
    if !found.is_file() || !stamp.same(&Stamp::of(&found)) {
        return Err(changed());
    }
    let file = File::open(path).map_err(named)?;
    if stamp.same(&Stamp::of(&file.metadata().map_err(named)?)) { Ok(file) } else { Err(changed()) }
}

/// Reads the file at `path`, which was `stamp` when it was found.
///
/// # Errors
/// [`SiteError::FileChanged`] if it is another by now, or grew, shrank or was written to meanwhile; [`SiteError::Io`].
pub(crate) fn digest(path: &Path, stamp: &Stamp) -> Result<Digest, SiteError> {
    let named = |source| SiteError::Io { path: path.to_owned(), source };
    let mut file = open(path, stamp)?;
    let mut scan = Scan::default();
    let mut size: u64 = 0;
    let mut buffer = vec![0; CHUNK.min(usize::try_from(stamp.size).unwrap_or(CHUNK).saturating_add(1))];
    // A file that grows as fast as it is read would never end.
    while size <= stamp.size {
        let read = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(named(error)),
        };
        size += read as u64;
        scan.feed(&buffer[..read]);
    }
    let after = file.metadata().map_err(named)?;
    if size != stamp.size || !stamp.same(&Stamp::of(&after)) {
        return Err(SiteError::FileChanged { path: path.to_owned() });
    }
    Ok(scan.finish())
}

#[derive(Default)]
struct Scan {
    md5: md5::Md5,
    not_utf8: bool,
    /// The bytes of a character that is not whole yet.
    partial: Vec<u8>,
    secret: bool,
    tail: Vec<u8>,
}

impl Scan {
    fn feed(&mut self, chunk: &[u8]) {
        self.md5.update(chunk);
        if !self.not_utf8 {
            self.utf8(chunk);
        }
        if !self.secret {
            let head = &chunk[..chunk.len().min(OVERLAP)];
            self.tail.extend_from_slice(head);
            self.secret = looks_secret(&self.tail) || looks_secret(chunk);
            if chunk.len() > OVERLAP {
                self.tail.clear();
                self.tail.extend_from_slice(&chunk[chunk.len() - OVERLAP..]);
            }
            self.tail.drain(..self.tail.len().saturating_sub(OVERLAP));
        }
    }

    fn utf8(&mut self, chunk: &[u8]) {
        let mut rest = chunk;
        while !self.partial.is_empty() {
            let Some((first, others)) = rest.split_first() else { return };
            self.partial.push(*first);
            rest = others;
            match std::str::from_utf8(&self.partial) {
                Ok(_) => self.partial.clear(),
                Err(error) if error.error_len().is_none() => {}
                Err(_) => {
                    self.not_utf8 = true;
                    return;
                }
            }
        }
        if let Err(error) = std::str::from_utf8(rest) {
            match error.error_len() {
                None => self.partial.extend_from_slice(&rest[error.valid_up_to()..]),
                Some(_) => self.not_utf8 = true,
            }
        }
    }

    fn finish(self) -> Digest {
        Digest {
            md5: Md5(self.md5.finalize().into()),
            utf8: !self.not_utf8 && self.partial.is_empty(),
            secret: self.secret,
        }
    }
}

/// An AccessKey id (`LTAI` and 12 to 20 letters and digits) stands beside its secret; a private key says what it is.
fn looks_secret(bytes: &[u8]) -> bool {
    let key_id = |at: usize| bytes[at + 4..].iter().take_while(|b| b.is_ascii_alphanumeric()).count() >= 12;
    memmem::find_iter(bytes, b"LTAI").any(key_id) || memmem::find(bytes, b"PRIVATE KEY-----").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &[u8], step: usize) -> Digest {
        let mut scan = Scan::default();
        text.chunks(step).for_each(|chunk| scan.feed(chunk));
        scan.finish()
    }

    #[test]
    fn what_is_found_does_not_depend_on_where_a_chunk_ends() {
        let filler = "é🎉x".repeat(40);
        let text = format!("{filler}var k='LTAI5tEXAMPLEEXAMPLE'{filler}");
        let pem = format!("{filler}-----BEGIN PRIVATE KEY-----{filler}");
        for step in [1, 2, 3, 5, 7, 63, 64, 65, 1000] {
            let found = scan(text.as_bytes(), step);
            assert!(found.secret && found.utf8 && found.md5 == Md5::of(text.as_bytes()), "{step}");
            assert!(scan(pem.as_bytes(), step).secret, "{step}");
            let clean = scan(filler.as_bytes(), step);
            assert!(clean.utf8 && !clean.secret, "{step}");
        }
    }

    #[test]
    fn other_charsets_and_cut_characters_are_not_utf_8() {
        for bytes in [&b"\xd6\xd0\xce\xc4"[..], b"a\xff", b"a\xe2\x82", b"\xed\xa0\x80"] {
            for step in [1, 2, 100] {
                assert!(!scan(bytes, step).utf8, "{bytes:?}");
            }
        }
        assert!(scan(b"", 1).utf8);
    }

    #[test]
    fn a_word_that_only_begins_like_a_key_is_none() {
        assert!(!scan(b"LTAI LTAI5t-EXAMPLE-EXAMPLE", 3).secret);
    }

    #[test]
    fn a_file_that_changed_since_it_was_found_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "one").unwrap();
        let stamp = Stamp::of(&fs::symlink_metadata(&path).unwrap());
        assert_eq!(digest(&path, &stamp).unwrap().md5, Md5::of(b"one"));
        fs::write(&path, "three").unwrap();
        assert!(matches!(digest(&path, &stamp), Err(SiteError::FileChanged { .. })));
        fs::remove_file(&path).unwrap();
        assert!(matches!(digest(&path, &stamp), Err(SiteError::Io { .. })));
    }
}
