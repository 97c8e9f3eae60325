//! A folder, and how it is served.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use crate::{
    Client,
    site::{
        Plan, SiteError, Stale,
        compare::compare,
        folder::{Folder, Reading, root},
        headers::Pattern,
        key,
        listing::{self, Bucket},
        manifest::Manifest,
        md5::Md5,
    },
};

/// How many objects a publish deletes at most, unless told otherwise.
pub const DEFAULT_DELETE_LIMIT: usize = 100;
/// How many files are put at the same time, unless told otherwise.
pub const DEFAULT_CONCURRENCY: usize = 8;

/// A folder to be published, and how.
///
/// Every file under the folder is an object whose key is the prefix and the file's path, byte for byte. Not published are
/// files and folders whose names begin with a dot, but `.well-known`, and what is [excluded](Self::exclude). Symbolic links,
/// pipes, sockets and devices are refused, for a link may lead out of the folder.
///
/// Text is served with `charset=utf-8` if it is UTF-8. `Cache-Control` is what the first rule says that matches (see
/// [`cache_control`](Self::cache_control)), else [`PAGE`](crate::site::PAGE) for HTML, [`HASHED`](crate::site::HASHED) for names
/// with a hash of at least 8 hexadecimal digits, and [`OTHER`](crate::site::OTHER).
///
/// ```
/// use campaign_oss::site::Site;
///
/// # let folder = tempfile::tempdir()?;
/// # std::fs::write(folder.path().join("index.html"), "")?;
/// # let folder = folder.path();
/// let site = Site::new(folder)?.prefix("spring")?.cache_control("config.json", "public, max-age=5")?.exclude("*.map")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Site {
    root: PathBuf,
    pub(crate) reading: Reading,
    pub(crate) index: String,
    stale: Stale,
    pub(crate) delete_limit: usize,
    pub(crate) concurrency: usize,
    rebuild: bool,
}

impl Site {
    /// The site in `folder`.
    ///
    /// # Errors
    /// [`SiteError::NotADirectory`], [`SiteError::RefusedRoot`], [`SiteError::Io`].
    pub fn new(folder: impl AsRef<Path>) -> Result<Self, SiteError> {
        Ok(Self {
            root: root(folder.as_ref())?,
            reading: Reading::default(),
            index: "index.html".to_owned(),
            stale: Stale::default(),
            delete_limit: DEFAULT_DELETE_LIMIT,
            concurrency: DEFAULT_CONCURRENCY,
            rebuild: false,
        })
    }

    /// Where in the bucket it stands: `spring` for keys such as `spring/index.html`. Nothing outside is read or changed.
    ///
    /// # Errors
    /// [`SiteError::BadKey`].
    pub fn prefix(mut self, prefix: &str) -> Result<Self, SiteError> {
        self.reading.prefix = key::prefix(prefix)?;
        Ok(self)
    }

    /// Adds a rule: files that match `glob` are served with this `Cache-Control`. The first rule that matches decides.
    ///
    /// A pattern without a slash is matched against the file's name, one with a slash against its path in the folder. `*` and
    /// `?` do not match a slash, `**` does, and `{a,b}` is either.
    ///
    /// # Errors
    /// [`SiteError::BadPattern`].
    pub fn cache_control(mut self, glob: &str, value: &str) -> Result<Self, SiteError> {
        self.reading.rules.push(glob, value)?;
        Ok(self)
    }

    /// Does not publish files and folders that match `glob`, a pattern as in [`cache_control`](Self::cache_control).
    ///
    /// # Errors
    /// [`SiteError::BadPattern`].
    pub fn exclude(mut self, glob: &str) -> Result<Self, SiteError> {
        self.reading.exclude.push(Pattern::new(glob)?);
        Ok(self)
    }

    /// The name of the document that answers for a folder, as the bucket's website says; `index.html` unless told otherwise.
    #[must_use]
    pub fn index(mut self, name: impl Into<String>) -> Self {
        self.index = name.into();
        self
    }

    /// Which objects that the folder does not hold are deleted; those that were published from here unless told otherwise.
    #[must_use]
    pub const fn stale(mut self, stale: Stale) -> Self {
        self.stale = stale;
        self
    }

    /// How many objects are deleted at most: a plan that would delete more is not carried out at all.
    /// [`DEFAULT_DELETE_LIMIT`] unless told otherwise.
    #[must_use]
    pub const fn delete_limit(mut self, objects: usize) -> Self {
        self.delete_limit = objects;
        self
    }

    /// How many files are put at the same time, at least one; [`DEFAULT_CONCURRENCY`] unless told otherwise.
    #[must_use]
    pub const fn concurrency(mut self, files: usize) -> Self {
        self.concurrency = if files == 0 { 1 } else { files };
        self
    }

    /// Publishes as if there were no manifest: every file is put, and nothing that was published before is deleted.
    #[must_use]
    pub const fn rebuild(mut self) -> Self {
        self.rebuild = true;
        self
    }

    /// Compares the folder with what stands in `bucket`: reads all files, lists the bucket under the prefix, and reads the
    /// manifest if its `ETag` is not that of this very site.
    ///
    /// # Errors
    /// The first file that cannot be published, [`SiteError::NothingToPublish`], [`SiteError::RefusedMassDelete`] if an empty
    /// folder would replace everything, [`SiteError::Listing`], [`SiteError::Manifest`], [`SiteError::Call`].
    pub async fn plan(&self, client: &Client, bucket: &str) -> Result<Plan, SiteError> {
        let prefix = &self.reading.prefix;
        let folder = self.read().await?;
        if folder.files.is_empty() && self.stale != Stale::DeleteAll {
            return Err(SiteError::NothingToPublish { path: self.root.clone() });
        }
        let found = Bucket::list(client, bucket, prefix).await?;
        if folder.files.is_empty() {
            return Err(match found.objects.len() {
                0 => SiteError::NothingToPublish { path: self.root.clone() },
                stale => SiteError::RefusedMassDelete { stale, limit: 0 },
            });
        }
        let whole = Manifest::whole(&folder.files, &BTreeMap::new());
        let bytes = whole.write();
        let same = found.manifest.is_some_and(|listed| listed.holds(bytes.len() as u64, Md5::of(&bytes)));
        let manifest = match found.manifest {
            Some(_) if same && !self.rebuild => whole,
            Some(_) if !self.rebuild => listing::manifest(client, bucket, prefix).await?,
            _ => Manifest::default(),
        };
        let mut difference = compare(&folder.files, &found.objects, &manifest, self.stale);
        difference.others += found.strange;
        let stands = found.manifest.filter(|_| !self.rebuild).and_then(|listed| listed.md5);
        Ok(Plan::new(self, bucket, stands, folder, difference))
    }

    async fn read(&self) -> Result<Folder, SiteError> {
        let (reading, root) = (self.reading.clone(), self.root.clone());
        let read = tokio::task::spawn_blocking(move || reading.folder(&root)).await;
        read.map_err(|error| SiteError::Io { path: self.root.clone(), source: io::Error::other(error) })?
    }
}
