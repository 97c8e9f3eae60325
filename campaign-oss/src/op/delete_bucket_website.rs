//! DeleteBucketWebsite: turns the website of a bucket off.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
#[cfg(feature = "server")]
use http::StatusCode;
use http::{Method, response};

use super::put_bucket_website::WEBSITE;
#[cfg(feature = "server")]
use crate::server;
use crate::{Oss, encode::Query, wire};

/// Turns the website of a bucket off, all of its configuration (service document "DeleteBucketWebsite"). It succeeds too if
/// there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteBucketWebsite {
    /// The bucket.
    pub bucket: String,
}

impl DeleteBucketWebsite {
    /// Turns the website of `bucket` off.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self { bucket: bucket.into() }
    }
}

impl Operation for DeleteBucketWebsite {
    type Service = Oss;
    type Output = ();
    const NAME: &'static str = "DeleteBucketWebsite";

    fn class(&self) -> Class {
        Class::Idempotent
    }

    fn request(&self, service: &Oss) -> Result<http::Request<Body>> {
        let uri = service.bucket_uri(&self.bucket, &Query::default().flag(WEBSITE))?;
        Ok(wire::request(Method::DELETE, uri, Body::empty()))
    }

    fn response(&self, _: &response::Parts, _: Bytes) -> Result<()> {
        Ok(())
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for DeleteBucketWebsite {
    fn read_request(service: &Oss, request: &http::request::Parts, _: Bytes) -> Result<Self> {
        Ok(Self { bucket: server::bucket(service, request)? })
    }

    fn write_response(&self, (): &()) -> Result<http::Response<Bytes>> {
        Ok(wire::respond(StatusCode::NO_CONTENT))
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::testing::law;

    #[test]
    fn the_law_holds() {
        law(&DeleteBucketWebsite::new("campaign-site"), &());
    }
}
