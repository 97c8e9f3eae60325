//! GetBucketWebsite: how a bucket is a website.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
use http::{Method, response};

use super::put_bucket_website::WEBSITE;
#[cfg(feature = "server")]
use crate::server;
use crate::{Oss, Website, encode::Query, wire, xml::unreadable};

/// Reads how a bucket is a website (service document "GetBucketWebsite"); a bucket that is none answers
/// [`Code::NoSuchWebsiteConfiguration`](crate::Code::NoSuchWebsiteConfiguration).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetBucketWebsite {
    /// The bucket.
    pub bucket: String,
}

impl GetBucketWebsite {
    /// Asks for the configuration of `bucket`.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self { bucket: bucket.into() }
    }
}

impl Operation for GetBucketWebsite {
    type Service = Oss;
    type Output = Website;
    const NAME: &'static str = "GetBucketWebsite";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &Oss) -> Result<http::Request<Body>> {
        let uri = service.bucket_uri(&self.bucket, &Query::default().flag(WEBSITE))?;
        Ok(wire::request(Method::GET, uri, Body::empty()))
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<Website> {
        Website::read(&body).map_err(unreadable)
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for GetBucketWebsite {
    fn read_request(service: &Oss, request: &http::request::Parts, _: Bytes) -> Result<Self> {
        Ok(Self { bucket: server::bucket(service, request)? })
    }

    fn write_response(&self, output: &Website) -> Result<http::Response<Bytes>> {
        Ok(wire::respond_xml(output.write()))
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::testing::law;

    #[test]
    fn the_law_holds() {
        law(&GetBucketWebsite::new("campaign-site"), &crate::website::tests::full());
    }
}
