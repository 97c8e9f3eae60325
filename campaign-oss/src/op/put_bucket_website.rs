//! PutBucketWebsite: makes a bucket a website.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
#[cfg(feature = "server")]
use http::StatusCode;
use http::{Method, response};

#[cfg(feature = "server")]
use crate::server;
use crate::{Oss, Website, encode::Query, wire};

/// The sub-resource.
pub(crate) const WEBSITE: &str = "website";

/// Makes a bucket a website, in place of all of its earlier configuration (service document "PutBucketWebsite"): read it with
/// [`GetBucketWebsite`](crate::GetBucketWebsite) and change that, or routing rules are lost.
///
/// ```
/// use campaign_oss::{Client, Code, ErrorDocument, GetBucketWebsite, IndexDocument, PutBucketWebsite, Website};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let mut website = match client.send(&GetBucketWebsite::new("campaign-site")).await {
///     Err(error) if Code::of(&error) == Some(Code::NoSuchWebsiteConfiguration) => Website::default(),
///     found => found?,
/// };
/// website.index = Some(IndexDocument::new("index.html"));
/// website.error = Some(ErrorDocument::new("404.html"));
/// client.send(&PutBucketWebsite::new("campaign-site", website)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutBucketWebsite {
    /// The bucket.
    pub bucket: String,
    /// The configuration.
    pub website: Website,
}

impl PutBucketWebsite {
    /// Configures `bucket` so.
    pub fn new(bucket: impl Into<String>, website: Website) -> Self {
        Self { bucket: bucket.into(), website }
    }
}

impl Operation for PutBucketWebsite {
    type Service = Oss;
    type Output = ();
    const NAME: &'static str = "PutBucketWebsite";

    fn class(&self) -> Class {
        Class::Idempotent
    }

    fn request(&self, service: &Oss) -> Result<http::Request<Body>> {
        self.website.check()?;
        let uri = service.bucket_uri(&self.bucket, &Query::default().flag(WEBSITE))?;
        Ok(wire::document(Method::PUT, uri, self.website.write()))
    }

    fn response(&self, _: &response::Parts, _: Bytes) -> Result<()> {
        Ok(())
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for PutBucketWebsite {
    fn read_request(service: &Oss, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        let bucket = server::bucket(service, request)?;
        let website = server::understood(|| Website::read(&body))?;
        website.check()?;
        Ok(Self { bucket, website })
    }

    fn write_response(&self, (): &()) -> Result<http::Response<Bytes>> {
        Ok(wire::respond(StatusCode::OK))
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::{
        IndexDocument,
        testing::{law, service},
    };

    #[test]
    fn the_law_holds() {
        let plain = Website { index: Some(IndexDocument::new("index.html")), ..Website::default() };
        law(&PutBucketWebsite::new("campaign-site", plain), &());
        law(&PutBucketWebsite::new("campaign-site", crate::website::tests::full()), &());
    }

    #[test]
    fn a_configuration_that_says_nothing_is_not_sent() {
        let nested = IndexDocument::new("sub/index.html");
        for website in [Website::default(), Website { index: Some(nested), ..Website::default() }] {
            assert!(PutBucketWebsite::new("campaign-site", website).request(&service()).is_err());
        }
    }
}
