//! What stands in the bucket.

use std::pin::pin;

use futures_util::TryStreamExt as _;

use crate::{
    Client, GetObject, ListObjectsV2,
    site::{
        SiteError,
        compare::{Listed, Listing},
        key,
        manifest::{MAX_LENGTH, Manifest, NAME},
        md5::Md5,
    },
};

/// Most objects under a prefix that a site is published beside.
const MAX_OBJECTS: usize = 1_000_000;
/// Keys of one request (OSS: "ListObjectsV2": `max-keys`).
const PAGE: u32 = 1000;

/// The objects under a prefix.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    pub(crate) objects: Listing,
    pub(crate) manifest: Option<Listed>,
    /// Objects whose keys no site has, such as those that consoles make for folders.
    pub(crate) strange: usize,
}

impl Bucket {
    /// Lists it.
    ///
    /// # Errors
    /// [`SiteError::Call`]; [`SiteError::Listing`] if it is too long, or not of the prefix.
    pub(crate) async fn list(client: &Client, bucket: &str, prefix: &str) -> Result<Self, SiteError> {
        let mut found = Self::default();
        let mut pages = pin!(client.pages(ListObjectsV2::new(bucket).prefix(prefix).max_keys(PAGE)));
        while let Some(page) = pages.try_next().await? {
            for object in page.contents {
                let Some(name) = object.key.strip_prefix(prefix) else {
                    return Err(SiteError::Listing { why: "it holds a key that is not under the prefix" });
                };
                let listed = Listed { size: object.size, md5: Md5::from_etag(object.etag.as_str()) };
                if name == NAME {
                    found.manifest = Some(listed);
                } else if key::under(prefix, name).is_err() {
                    found.strange += 1;
                } else {
                    found.objects.insert(name.to_owned(), listed);
                }
            }
            if found.objects.len() > MAX_OBJECTS {
                return Err(SiteError::Listing { why: "it is longer than a million objects: choose a prefix" });
            }
        }
        Ok(found)
    }
}

/// Reads the manifest.
///
/// # Errors
/// [`SiteError::Call`]; [`SiteError::Manifest`].
pub(crate) async fn manifest(client: &Client, bucket: &str, prefix: &str) -> Result<Manifest, SiteError> {
    let key = [prefix, NAME].concat();
    let answer = client.stream(&GetObject::new(bucket, &key)).await?;
    let bytes = answer.into_body().collect(MAX_LENGTH).await.map_err(campaign_client::Error::from)?;
    Manifest::read(prefix, &bytes)
}
