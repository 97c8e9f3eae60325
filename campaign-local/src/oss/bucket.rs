//! A bucket as it is kept.

use campaign_client::{Operation, Serve};
use campaign_oss::{BucketAcl, GetBucketWebsite, StorageClass, Website};
use serde::{Deserialize, Serialize};

use super::stop::{Stop, internal, no_bucket};
use crate::store::{StoreError, View, Write, space};

/// All buckets.
pub(super) const ALL: &[u8] = &[space::BUCKETS];

/// A bucket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Bucket {
    /// Milliseconds since 1970.
    pub(super) created: i64,
    #[serde(with = "acl")]
    pub(super) acl: BucketAcl,
    pub(super) storage_class: String,
    pub(super) redundancy: String,
    /// The document of its website.
    website: Option<String>,
}

impl Bucket {
    pub(super) fn new(created: i64, acl: BucketAcl, storage_class: &StorageClass, redundancy: &str) -> Self {
        let storage_class = storage_class.as_str().to_owned();
        Self { created, acl, storage_class, redundancy: redundancy.to_owned(), website: None }
    }

    /// The bucket of this name.
    pub(super) fn find(view: &impl View, name: &str) -> Result<Option<Self>, StoreError> {
        view.get(&place(name))?.map(|kept| Self::load(&kept)).transpose()
    }

    /// The bucket of this name, or the refusal that there is none.
    pub(super) fn existing(view: &impl View, name: &str) -> Result<Self, Stop> {
        Ok(Self::find(view, name)?.ok_or_else(|| no_bucket(name))?)
    }

    pub(super) fn load(kept: &[u8]) -> Result<Self, StoreError> {
        serde_json::from_slice(kept).map_err(|error| {
            tracing::error!(%error, "a bucket cannot be read");
            StoreError::Panicked
        })
    }

    pub(super) fn save(&self, write: &mut Write<'_>, name: &str) {
        let kept = serde_json::to_vec(self).expect("text and numbers are JSON");
        write.put(place(name), kept);
    }

    /// Its website, if it has one.
    pub(super) fn website(&self, name: &str) -> Result<Option<Website>, Stop> {
        let Some(document) = &self.website else { return Ok(None) };
        let (parts, ()) = http::Response::new(()).into_parts();
        let read = GetBucketWebsite::new(name).response(&parts, document.clone().into());
        Ok(Some(read.map_err(|error| internal(&error))?))
    }

    /// Gives it a website, or takes it away.
    pub(super) fn set_website(&mut self, name: &str, website: Option<&Website>) -> Result<(), Stop> {
        let write = |website| GetBucketWebsite::new(name).write_response(website);
        let document = website.map(write).transpose().map_err(|error| internal(&error))?;
        self.website = document.map(|document| String::from_utf8_lossy(document.body()).into_owned());
        Ok(())
    }
}

/// Where the bucket of this name is kept.
pub(super) fn place(name: &str) -> Vec<u8> {
    [ALL, name.as_bytes()].concat()
}

/// A bucket's ACL by its word.
mod acl {
    use campaign_oss::BucketAcl;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    // The signature is serde's.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    pub(super) fn serialize<S: Serializer>(acl: &BucketAcl, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(acl.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BucketAcl, D::Error> {
        let word = String::deserialize(deserializer)?;
        BucketAcl::from_text(&word).ok_or_else(|| D::Error::custom("no such ACL"))
    }
}
