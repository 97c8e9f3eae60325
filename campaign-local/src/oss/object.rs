//! An object as it is kept.

use campaign_oss::op::put_object::PutObject;
use campaign_oss::{ETag, ObjectAcl, ObjectMeta, StorageClass};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::content::Content;
use crate::store::{StoreError, View, Write, space};

/// An object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Object {
    pub(super) content: Content,
    md5: [u8; 16],
    pub(super) crc64: u64,
    /// Milliseconds since 1970.
    modified: i64,
    /// The ACL's word.
    acl: String,
    pub(super) storage_class: String,
    content_type: Option<String>,
    cache_control: Option<String>,
    content_disposition: Option<String>,
    content_encoding: Option<String>,
    expires: Option<String>,
    metadata: Vec<(String, String)>,
}

/// The type of an object that was given none (service document "PutObject").
const DEFAULT_TYPE: &str = "application/octet-stream";

impl Object {
    /// The object that `put` makes of a content with this digest and checksum.
    pub(super) fn new(
        put: PutObject,
        content: Content,
        (md5, crc64): ([u8; 16], u64),
        modified: i64,
        storage_class: String,
    ) -> Self {
        Self {
            content,
            md5,
            crc64,
            modified,
            acl: put.acl.unwrap_or(ObjectAcl::Default).as_str().to_owned(),
            storage_class,
            content_type: Some(put.content_type.unwrap_or_else(|| DEFAULT_TYPE.to_owned())),
            cache_control: put.cache_control,
            content_disposition: put.content_disposition,
            content_encoding: put.content_encoding,
            expires: put.expires,
            metadata: put.metadata,
        }
    }

    /// The object of this name.
    pub(super) fn find(view: &impl View, bucket: &str, key: &str) -> Result<Option<Self>, StoreError> {
        view.get(&place(bucket, key))?.map(|kept| Self::load(&kept)).transpose()
    }

    pub(super) fn load(kept: &[u8]) -> Result<Self, StoreError> {
        serde_json::from_slice(kept).map_err(|error| {
            tracing::error!(%error, "an object cannot be read");
            StoreError::Panicked
        })
    }

    pub(super) fn save(&self, write: &mut Write<'_>, bucket: &str, key: &str) {
        let kept = serde_json::to_vec(self).expect("text and numbers are JSON");
        write.put(place(bucket, key), kept);
    }

    pub(super) fn acl(&self) -> ObjectAcl {
        // Of all words the narrowest, if it were none.
        ObjectAcl::from_text(&self.acl).unwrap_or(ObjectAcl::Private)
    }

    /// The MD5 of the content.
    pub(super) fn md5(&self) -> [u8; 16] {
        self.md5
    }

    pub(super) fn etag(&self) -> ETag {
        ETag::new(self.md5.iter().map(|byte| format!("{byte:02X}")).collect::<String>())
    }

    /// When it was written, in seconds as headers have it.
    pub(super) fn modified(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.modified).unwrap_or_default()
    }

    /// What the headers of an answer say of it.
    pub(super) fn meta(&self) -> ObjectMeta {
        let mut meta = ObjectMeta::default();
        meta.content_length = Some(self.content.length);
        meta.etag = Some(self.etag());
        meta.last_modified = Some(self.modified());
        meta.crc64 = Some(self.crc64);
        meta.content_type.clone_from(&self.content_type);
        meta.cache_control.clone_from(&self.cache_control);
        meta.content_disposition.clone_from(&self.content_disposition);
        meta.content_encoding.clone_from(&self.content_encoding);
        meta.expires.clone_from(&self.expires);
        meta.metadata.clone_from(&self.metadata);
        meta.storage_class = Some(StorageClass::from(self.storage_class.as_str()));
        meta.object_type = Some("Normal".to_owned());
        meta
    }
}

/// All objects of a bucket. No bucket's name holds a NUL.
pub(super) fn all(bucket: &str) -> Vec<u8> {
    [&[space::OBJECTS], bucket.as_bytes(), &[0]].concat()
}

/// Where the object of this name is kept.
pub(super) fn place(bucket: &str, key: &str) -> Vec<u8> {
    [all(bucket).as_slice(), key.as_bytes()].concat()
}
