//! What a publish will do, before it does it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use crate::site::{
    Headers, Reason, Site, SiteError, Skipped, Warning,
    address::addresses,
    compare::Difference,
    folder::{File, Folder},
    manifest::{Entry, Manifest},
    md5::Md5,
};

/// The order of a publish. Whatever a page may refer to is there before the page says so: first what nothing refers to yet,
/// then what is replaced, the first page last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    NewAsset,
    Asset,
    NewPage,
    Page,
    Index,
}

impl Rank {
    fn of(file: &File, reason: Reason, index: &str) -> Self {
        match (file.headers.page(), reason == Reason::New) {
            _ if file.key == index => Self::Index,
            (true, true) => Self::NewPage,
            (true, false) => Self::Page,
            (false, true) => Self::NewAsset,
            (false, false) => Self::Asset,
        }
    }
}

/// A file to be put.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Put<'a> {
    /// Its key under the prefix.
    pub key: &'a str,
    /// In bytes.
    pub size: u64,
    /// Why it is put.
    pub reason: Reason,
    /// What it is served with.
    #[serde(flatten)]
    pub headers: &'a Headers,
}

/// What a publish will do. Nothing has been sent but the listing, and the manifest's reading when that differs from the
/// folder's.
///
/// Shown, it is a line for each object, for people; serialised, the same for programs.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(crate) bucket: String,
    pub(crate) prefix: String,
    pub(crate) index: String,
    pub(crate) concurrency: usize,
    pub(crate) delete_limit: usize,
    pub(crate) files: Arc<[File]>,
    /// In the order of putting.
    pub(crate) put: Vec<(Rank, usize, Reason)>,
    pub(crate) unchanged: usize,
    pub(crate) others: usize,
    pub(crate) stale: BTreeMap<String, Option<Entry>>,
    pub(crate) kept: BTreeMap<String, Entry>,
    pub(crate) refresh: BTreeSet<String>,
    /// The digest of the manifest that stands in the bucket.
    pub(crate) stands: Option<Md5>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) skipped: Vec<Skipped>,
}

impl Plan {
    /// Of a site for `bucket`, in which a manifest with the digest `stands` is.
    pub(crate) fn new(site: &Site, bucket: &str, stands: Option<Md5>, folder: Folder, difference: Difference) -> Self {
        let rank = |(at, reason): (usize, Reason)| (Rank::of(&folder.files[at], reason, &site.index), at, reason);
        let mut put: Vec<(Rank, usize, Reason)> = difference.put.into_iter().map(rank).collect();
        put.sort_unstable_by_key(|(rank, at, _)| (*rank, *at));
        let mut warnings = folder.warnings;
        warnings.extend(difference.warnings);
        if folder.files.binary_search_by(|file| file.key.cmp(&site.index)).is_err() {
            warnings.push(Warning::NoIndex { key: site.index.clone() });
        }
        Self {
            bucket: bucket.to_owned(),
            prefix: site.reading.prefix.clone(),
            index: site.index.clone(),
            concurrency: site.concurrency,
            delete_limit: site.delete_limit,
            files: folder.files.into(),
            put,
            unchanged: difference.unchanged,
            others: difference.others,
            stale: difference.stale,
            kept: difference.kept,
            refresh: difference.refresh,
            stands,
            warnings,
            skipped: folder.skipped,
        }
    }

    /// True if the site stands in the bucket as it is in the folder: carrying the plan out sends nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.put.is_empty() && self.stale.is_empty() && self.refresh.is_empty() && self.stands == Some(self.whole())
    }

    /// The digest of the manifest once all is done.
    fn whole(&self) -> Md5 {
        Md5::of(&Manifest::whole(&self.files, &self.kept).write())
    }

    /// The files to be put, in this order.
    pub fn puts(&self) -> impl ExactSizeIterator<Item = Put<'_>> {
        self.put.iter().map(|&(_, at, reason)| {
            let file = &self.files[at];
            Put { key: &file.key, size: file.stamp.size, reason, headers: &file.headers }
        })
    }

    /// The bytes to be put.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.puts().map(|put| put.size).sum()
    }

    /// The keys to be deleted, under the prefix, by name.
    pub fn deletes(&self) -> impl ExactSizeIterator<Item = &str> {
        self.stale.keys().map(String::as_str)
    }

    /// How many files stand in the bucket as they should.
    #[must_use]
    pub const fn unchanged(&self) -> usize {
        self.unchanged
    }

    /// How many objects of others stand under the prefix and are left alone.
    #[must_use]
    pub const fn others(&self) -> usize {
        self.others
    }

    /// What a person should hear of.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// What of the folder is not published.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// The addresses under `base` that caches must be asked to forget once the files are put: those of objects that are
    /// replaced, and those that an earlier publish did not get to. `base` is the address of the prefix.
    ///
    /// # Errors
    /// [`SiteError::BadAddress`].
    pub fn addresses(&self, base: &str) -> Result<Vec<String>, SiteError> {
        addresses(base, &self.index, self.refresh.iter().map(String::as_str))
    }

    /// Whether as many objects may be deleted.
    ///
    /// # Errors
    /// [`SiteError::RefusedMassDelete`].
    pub fn check(&self) -> Result<(), SiteError> {
        if self.stale.len() > self.delete_limit {
            return Err(SiteError::RefusedMassDelete { stale: self.stale.len(), limit: self.delete_limit });
        }
        Ok(())
    }
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut plan = serializer.serialize_struct("Plan", 9)?;
        plan.serialize_field("bucket", &self.bucket)?;
        plan.serialize_field("prefix", &self.prefix)?;
        plan.serialize_field("put", &self.puts().collect::<Vec<_>>())?;
        plan.serialize_field("delete", &self.deletes().collect::<Vec<_>>())?;
        plan.serialize_field("refresh", &self.refresh)?;
        plan.serialize_field("unchanged", &self.unchanged)?;
        plan.serialize_field("others", &self.others)?;
        plan.serialize_field("warnings", &self.warnings)?;
        plan.serialize_field("skipped", &self.skipped)?;
        plan.end()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for put in self.puts() {
            let reason = match put.reason {
                Reason::New => "new",
                Reason::Content => "changed",
                Reason::Headers => "headers",
                Reason::HeadersUnknown => "headers not known",
                Reason::ChangedInBucket => "changed by others",
                Reason::NotOurs => "replaces another's",
            };
            writeln!(f, "put     {:<18} {:>10}  {}", reason, Size(put.size).to_string(), put.key)?;
        }
        for key in self.deletes() {
            writeln!(f, "delete  {:<18} {:>10}  {key}", "", "")?;
        }
        for skipped in &self.skipped {
            writeln!(f, "skipped: {skipped}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        let (put, bytes) = (self.put.len(), Size(self.bytes()));
        write!(f, "{put} to put ({bytes}), {} to delete, {} unchanged", self.stale.len(), self.unchanged)?;
        if self.others > 0 {
            write!(f, ", {} of others left alone", self.others)?;
        }
        Ok(())
    }
}

struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut whole, mut tenths, mut unit) = (self.0, 0, 0);
        while whole >= 1024 && unit < 3 {
            (whole, tenths, unit) = (whole >> 10, ((whole & 1023) * 10) >> 10, unit + 1);
        }
        match unit {
            0 => write!(f, "{whole} B"),
            _ => write!(f, "{whole}.{tenths} {}", ["B", "KiB", "MiB", "GiB"][unit]),
        }
    }
}
