//! An object as a list shows it.

use chrono::{DateTime, Utc};

#[cfg(feature = "server")]
use crate::xml::Writer;
use crate::{
    ETag, Owner, StorageClass,
    xml::{Reader, XmlFault, required},
};

/// An object in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// Its key.
    pub key: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its tag.
    pub etag: ETag,
    /// When it was last written.
    pub last_modified: DateTime<Utc>,
    /// `Normal`, `Multipart`, `Appendable` or `Symlink`.
    pub object_type: Option<String>,
    /// How it is stored.
    pub storage_class: Option<StorageClass>,
    /// Who owns it, if asked for.
    pub owner: Option<Owner>,
    /// When it moved to its storage class by a lifecycle rule.
    pub transition_time: Option<DateTime<Utc>>,
    /// How far its restoring is.
    pub restore_info: Option<String>,
}

impl ListedObject {
    /// An object of which no more is known.
    pub fn new(key: impl Into<String>, size: u64, etag: ETag, last_modified: DateTime<Utc>) -> Self {
        Self {
            key: key.into(),
            size,
            etag,
            last_modified,
            object_type: None,
            storage_class: None,
            owner: None,
            transition_time: None,
            restore_info: None,
        }
    }

    pub(crate) fn read(xml: &mut Reader<'_>) -> Result<Self, XmlFault> {
        let (mut key, mut size, mut etag, mut last_modified) = (None, None, None, None);
        let (mut kind, mut class, mut owner, mut moved, mut restore) = (None, None, None, None, None);
        while let Some(name) = xml.child()? {
            match name {
                "Key" => key = Some(xml.text("Key")?),
                "Size" => size = Some(xml.value("Size")?),
                "ETag" => etag = Some(ETag::new(xml.text("ETag")?)),
                "LastModified" => last_modified = Some(xml.time("LastModified")?),
                "Type" => kind = xml.filled("Type")?,
                "StorageClass" => class = xml.filled("StorageClass")?.map(|word| StorageClass::from(word.as_str())),
                "Owner" => owner = Some(Owner::read(xml)?),
                "TransitionTime" => moved = Some(xml.time("TransitionTime")?),
                "RestoreInfo" => restore = xml.filled("RestoreInfo")?,
                _ => xml.skip()?,
            }
        }
        Ok(Self {
            key: required(key, "Key")?,
            size: required(size, "Size")?,
            etag: required(etag, "ETag")?,
            last_modified: required(last_modified, "LastModified")?,
            object_type: kind,
            storage_class: class,
            owner,
            transition_time: moved,
            restore_info: restore,
        })
    }

    /// Writes it with its key as `key`, which may be percent-encoded.
    #[cfg(feature = "server")]
    pub(crate) fn write(&self, key: &str, xml: &mut Writer) {
        xml.open("Contents");
        xml.text("Key", key);
        if let Some(at) = self.transition_time {
            xml.time("TransitionTime", at);
        }
        xml.time("LastModified", self.last_modified);
        xml.text("ETag", &self.etag.to_string());
        xml.maybe("Type", self.object_type.as_deref());
        xml.value("Size", self.size);
        xml.maybe("StorageClass", self.storage_class.as_ref().map(StorageClass::as_str));
        if let Some(owner) = &self.owner {
            owner.write(xml);
        }
        xml.maybe("RestoreInfo", self.restore_info.as_deref());
        xml.close("Contents");
    }
}
