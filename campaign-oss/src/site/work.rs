//! What the steps of a publish share.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bytes::Bytes;
use serde::Serialize;

use crate::{
    Client, ObjectAcl, PutObject,
    site::{
        SiteError,
        folder::File,
        manifest::{self, Entry, Manifest},
        md5::Md5,
        plan::Plan,
    },
};

/// Something that was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A file was put.
    Put {
        /// Its key under the prefix.
        key: &'a str,
        /// In bytes.
        size: u64,
    },
    /// A stale object was deleted.
    Deleted {
        /// Its key under the prefix.
        key: &'a str,
    },
}

/// Hears of what is done.
pub type Watch<'a> = &'a (dyn Fn(Event<'_>) + Send + Sync);

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Outcome {
    /// Files put.
    pub put: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Stale objects deleted.
    pub deleted: usize,
    /// Files that stood in the bucket as they should.
    pub unchanged: usize,
}

/// A publish under way.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) bucket: String,
    pub(crate) prefix: String,
    pub(crate) index: String,
    pub(crate) files: Arc<[File]>,
    pub(crate) kept: BTreeMap<String, Entry>,
    pub(crate) stale: BTreeMap<String, Option<Entry>>,
    /// Keys whose addresses are to be refreshed.
    pub(crate) refresh: BTreeSet<String>,
    stands: Option<Md5>,
    pub(crate) outcome: Outcome,
}

impl Work {
    pub(crate) fn new(plan: Plan) -> Self {
        let outcome = Outcome { unchanged: plan.unchanged, ..Outcome::default() };
        let Plan { bucket, prefix, index, files, kept, stale, refresh, stands, .. } = plan;
        Self { bucket, prefix, index, files, kept, stale, refresh, stands, outcome }
    }

    /// What the manifest keeps beside the files while stale objects are still there.
    pub(crate) fn ours(&self) -> BTreeMap<String, Entry> {
        let stale = self.stale.iter().filter_map(|(key, entry)| Some((key.clone(), entry.clone()?)));
        self.kept.clone().into_iter().chain(stale).collect()
    }

    /// Writes the manifest, unless it stands in the bucket as it is.
    pub(crate) async fn write(&mut self, client: &Client, manifest: &Manifest) -> Result<(), SiteError> {
        let bytes: Bytes = manifest.write();
        let md5 = Md5::of(&bytes);
        if self.stands == Some(md5) {
            return Ok(());
        }
        let key = [&self.prefix, manifest::NAME].concat();
        if bytes.len() as u64 > manifest::MAX_LENGTH {
            let why = "the names of the files are too long together".to_owned();
            return Err(SiteError::Manifest { key, why });
        }
        // While it is being put, either may stand.
        self.stands = None;
        let put = PutObject::new(&self.bucket, key, bytes)
            .content_type("application/json")
            .cache_control("no-store")
            // It tells every name of the site, which the site itself may not.
            .acl(ObjectAcl::Private);
        client.send(&put).await?;
        self.stands = Some(md5);
        Ok(())
    }
}
