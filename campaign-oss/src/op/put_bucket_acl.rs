//! PutBucketAcl: says who may read and write a bucket.

use bytes::Bytes;
#[cfg(feature = "server")]
use campaign_client::Error;
use campaign_client::{Body, Class, Operation, Result};
#[cfg(feature = "server")]
use http::StatusCode;
use http::{Method, response};

use super::put_bucket::ACL;
#[cfg(feature = "server")]
use crate::server;
use crate::{BucketAcl, Oss, encode::Query, wire};

/// Says who may read and write a bucket (service document "PutBucketAcl").
///
/// Newer accounts block public access: [`BucketAcl::PublicRead`] is then refused with
/// [`Code::AccessDenied`](crate::Code::AccessDenied) until "Block Public Access" is taken off the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutBucketAcl {
    /// The bucket.
    pub bucket: String,
    /// Who may.
    pub acl: BucketAcl,
}

impl PutBucketAcl {
    /// Sets the ACL of `bucket`.
    pub fn new(bucket: impl Into<String>, acl: BucketAcl) -> Self {
        Self { bucket: bucket.into(), acl }
    }
}

impl Operation for PutBucketAcl {
    type Service = Oss;
    type Output = ();
    const NAME: &'static str = "PutBucketAcl";

    fn class(&self) -> Class {
        Class::Idempotent
    }

    fn request(&self, service: &Oss) -> Result<http::Request<Body>> {
        let uri = service.bucket_uri(&self.bucket, &Query::default().flag("acl"))?;
        let mut request = wire::request(Method::PUT, uri, Body::empty());
        wire::set(request.headers_mut(), ACL, self.acl.as_str())?;
        Ok(request)
    }

    fn response(&self, _: &response::Parts, _: Bytes) -> Result<()> {
        Ok(())
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for PutBucketAcl {
    fn read_request(service: &Oss, request: &http::request::Parts, _: Bytes) -> Result<Self> {
        let acl = wire::get(&request.headers, &ACL).and_then(BucketAcl::from_text);
        let acl = acl.ok_or_else(|| Error::invalid("x-oss-acl names no bucket ACL"))?;
        Ok(Self { bucket: server::bucket(service, request)?, acl })
    }

    fn write_response(&self, (): &()) -> Result<http::Response<Bytes>> {
        Ok(wire::respond(StatusCode::OK))
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::testing::law;

    #[test]
    fn the_law_holds() {
        for acl in [BucketAcl::Private, BucketAcl::PublicRead, BucketAcl::PublicReadWrite] {
            law(&PutBucketAcl::new("campaign-site", acl), &());
        }
    }
}
