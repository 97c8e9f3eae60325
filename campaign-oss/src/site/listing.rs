//! What stands in the bucket.

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
        let mut pages = client.pages(ListObjectsV2::new(bucket).prefix(prefix).max_keys(PAGE));
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

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use bytes::Bytes;
    use campaign_client::{Body, Credentials, Download, Transport, TransportError};

    use super::*;
    use crate::Oss;

    /// Answers every request with the same text.
    #[derive(Debug)]
    struct Says(String);

    #[async_trait]
    impl Transport for Says {
        async fn send(&self, _: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
            Ok(http::Response::new(Download::from(Bytes::from(self.0.clone()))))
        }
    }

    async fn list(keys: &[&str]) -> Result<Bucket, SiteError> {
        let object = |key: &&str| {
            format!(
                "<Contents><Key>{key}</Key><LastModified>2026-11-23T00:00:00.000Z</LastModified>\
                 <ETag>\"900150983CD24FB0D6963F7D28E17F72\"</ETag><Size>3</Size></Contents>"
            )
        };
        let objects: String = keys.iter().map(object).collect();
        let listing = format!(
            "<ListBucketResult><Name>b</Name><Prefix>p/</Prefix><KeyCount>{}</KeyCount><IsTruncated>false</IsTruncated>\
             <EncodingType>url</EncodingType>{objects}</ListBucketResult>",
            keys.len()
        );
        let service = Oss::new("http://127.0.0.1:1", "cn-hangzhou")?;
        let client = Client::builder(service).transport(Says(listing)).credentials(Credentials::anonymous()).build()?;
        Bucket::list(&client, "bucket", "p/").await
    }

    #[tokio::test]
    async fn a_listing_of_another_prefix_is_refused() {
        for key in ["q/a", "p", "a"] {
            assert!(matches!(list(&["p/a", key]).await, Err(SiteError::Call(_))), "{key}");
        }
    }

    #[tokio::test]
    async fn keys_that_no_site_has_are_counted_and_left_alone() {
        let keys = ["p/", "p/a", "p/.campaign-site.json", "p/x/", "p/../a", "p/a%0Ab", "p/a%5Cb"];
        let found = list(&keys).await.unwrap();
        assert_eq!(found.objects.keys().collect::<Vec<_>>(), ["a"]);
        assert_eq!((found.strange, found.manifest.map(|listed| listed.size)), (5, Some(3)));
    }
}
