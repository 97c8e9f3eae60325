//! The files of a folder, as objects to be.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use walkdir::{DirEntry, WalkDir};

use crate::site::{
    Headers, SiteError, Skipped, Warning,
    digest::{Stamp, digest},
    headers::{CacheRules, Pattern, is_text},
    key,
    md5::Md5,
};

/// Most files of a site. Its plan and manifest are held in memory, about half a kilobyte a file.
pub(crate) const MAX_FILES: usize = 250_000;
/// Largest object that one request puts (OSS: "PutObject": 5 GB).
pub(crate) const MAX_SIZE: u64 = 5 << 30;
/// The one hidden folder that is meant to be served (RFC 8615).
const WELL_KNOWN: &str = ".well-known";

/// A file that was read.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// Its key under the prefix.
    pub(crate) key: String,
    pub(crate) path: PathBuf,
    pub(crate) stamp: Stamp,
    pub(crate) md5: Md5,
    pub(crate) headers: Arc<Headers>,
}

/// A folder that was read.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    /// By key.
    pub(crate) files: Vec<File>,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) warnings: Vec<Warning>,
}

/// The folder to publish, by its real path.
///
/// # Errors
/// [`SiteError::NotADirectory`]; [`SiteError::RefusedRoot`] if it is the root of the disk, the home folder or one that
/// holds it; [`SiteError::Io`].
pub(crate) fn root(folder: &Path) -> Result<PathBuf, SiteError> {
    let real = fs::canonicalize(folder).map_err(|source| SiteError::Io { path: folder.to_owned(), source })?;
    if !real.is_dir() {
        return Err(SiteError::NotADirectory { path: folder.to_owned() });
    }
    let home = std::env::home_dir().and_then(|home| fs::canonicalize(home).ok());
    if real.parent().is_none() || home.is_some_and(|home| home.starts_with(&real)) {
        return Err(SiteError::RefusedRoot { path: folder.to_owned() });
    }
    Ok(real)
}

/// What to read, and how it is served.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    pub(crate) prefix: String,
    pub(crate) exclude: Vec<Pattern>,
    pub(crate) rules: CacheRules,
}

impl Reading {
    /// Reads every file under `root`. Symbolic links are not followed.
    ///
    /// # Errors
    /// The first file that cannot be published, in the order of names.
    pub(crate) fn folder(&self, root: &Path) -> Result<Folder, SiteError> {
        let mut folder = Folder::default();
        let mut walk = WalkDir::new(root).follow_links(false).min_depth(1).sort_by_file_name().into_iter();
        while let Some(entry) = walk.next() {
            let entry = entry.map_err(|error| failed(root, error))?;
            let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
            if let Some(skipped) = self.skips(path, &entry) {
                folder.skipped.push(skipped);
                if entry.file_type().is_dir() {
                    walk.skip_current_dir();
                }
            } else if entry.file_type().is_symlink() {
                return Err(SiteError::SymlinkRefused { path: path.to_owned() });
            } else if entry.file_type().is_file() {
                if folder.files.len() == MAX_FILES {
                    return Err(SiteError::TooManyFiles { limit: MAX_FILES });
                }
                let file = self.file(path, &entry, &mut folder.warnings)?;
                folder.files.push(file);
            } else if !entry.file_type().is_dir() {
                return Err(SiteError::NotARegularFile { path: path.to_owned() });
            }
        }
        folder.files.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(folder)
    }

    fn skips(&self, path: &Path, entry: &DirEntry) -> Option<Skipped> {
        let bytes = entry.file_name().as_encoded_bytes();
        // With a backslash it is a path to elsewhere on some systems, and not for skipping.
        let hidden = bytes.starts_with(b".") && !bytes.contains(&b'\\');
        if hidden && !(entry.depth() == 1 && entry.file_name() == OsStr::new(WELL_KNOWN)) {
            return Some(Skipped::Hidden { path: path.to_string_lossy().into_owned() });
        }
        let name = path.to_string_lossy();
        let excluded = self.exclude.iter().any(|pattern| pattern.matches(&name));
        excluded.then(|| Skipped::Excluded { path: name.into_owned() })
    }

    fn file(&self, path: &Path, entry: &DirEntry, warnings: &mut Vec<Warning>) -> Result<File, SiteError> {
        let key = key_of(path)?;
        key::under(&self.prefix, &key)?;
        let stamp = Stamp::of(&entry.metadata().map_err(|error| failed(path, error))?);
        if stamp.size > MAX_SIZE {
            return Err(SiteError::TooLarge { path: path.to_owned(), size: stamp.size });
        }
        let digest = digest(entry.path(), &stamp)?;
        if stamp.hard_linked() {
            warnings.push(Warning::HardLink { key: key.clone() });
        }
        if digest.secret {
            warnings.push(Warning::SecretLooking { key: key.clone() });
        }
        if !digest.utf8 && is_text(&key) {
            warnings.push(Warning::NotUtf8 { key: key.clone() });
        }
        let headers = Arc::new(self.rules.headers(&key, digest.utf8));
        Ok(File { path: entry.path().to_owned(), stamp, md5: digest.md5, headers, key })
    }
}

fn key_of(path: &Path) -> Result<String, SiteError> {
    let parts: Option<Vec<&str>> = path.iter().map(OsStr::to_str).collect();
    let Some(parts) = parts else {
        return Err(key::bad(&path.to_string_lossy(), "is not UTF-8"));
    };
    Ok(parts.join("/"))
}

fn failed(path: &Path, error: walkdir::Error) -> SiteError {
    let path = error.path().unwrap_or(path).to_owned();
    let source = error.into_io_error().unwrap_or_else(|| io::Error::other("the folder holds itself"));
    SiteError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, files: &[&str]) {
        for file in files {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
    }

    #[test]
    fn files_are_read_in_the_order_of_their_keys_and_hidden_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &["b.css", "a/z.js", "a-b.js", ".env", ".git/config", ".well-known/x", "a/.DS_Store"]);
        let read = Reading::default().folder(folder.path()).unwrap();
        let keys: Vec<&str> = read.files.iter().map(|file| &*file.key).collect();
        assert_eq!(keys, [".well-known/x", "a-b.js", "a/z.js", "b.css"]);
        let skipped: Vec<String> = read.skipped.iter().map(ToString::to_string).collect();
        assert_eq!(skipped, ["\".env\" is hidden", "\".git\" is hidden", "\"a/.DS_Store\" is hidden"]);
    }

    #[test]
    fn what_is_excluded_is_not_looked_into() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &["index.html", "a/b.js.map", "node_modules/a/b.js"]);
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc", folder.path().join("node_modules/link")).unwrap();
        let exclude = vec![Pattern::new("*.map").unwrap(), Pattern::new("node_modules").unwrap()];
        let read = Reading { exclude, ..Reading::default() }.folder(folder.path()).unwrap();
        assert_eq!(read.files.len(), 1);
        assert_eq!(read.skipped.len(), 2);
    }

    #[test]
    fn a_folder_given_by_a_link_is_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &["releases/5/index.html"]);
        let real = root(&folder.path().join("releases/5")).unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("releases/5", folder.path().join("current")).unwrap();
            assert_eq!(root(&folder.path().join("current")).unwrap(), real);
        }
        assert_eq!(Reading::default().folder(&real).unwrap().files.len(), 1);
    }
}
