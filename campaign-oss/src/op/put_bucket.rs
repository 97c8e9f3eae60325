//! PutBucket: makes a bucket.

use bytes::Bytes;
#[cfg(feature = "server")]
use campaign_client::Error;
use campaign_client::{Body, Class, Operation, Result};
use http::{HeaderName, Method, response};

use crate::{BucketAcl, Oss, StorageClass, encode::Query, wire, xml::Writer};
#[cfg(feature = "server")]
use crate::{server, xml::Reader};

pub(crate) const ACL: HeaderName = HeaderName::from_static("x-oss-acl");

/// Makes a bucket in the service's region (service document "PutBucket"). To make one's own bucket again changes its ACL, if
/// one is given, and nothing else.
///
/// ```
/// use campaign_oss::{BucketAcl, Client, PutBucket};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// client.send(&PutBucket::new("campaign-site").acl(BucketAcl::PublicRead)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutBucket {
    /// The bucket: 3 to 63 lower-case letters, digits and hyphens, unlike any other bucket of anybody.
    pub bucket: String,
    /// Who may read and write it; private if not given.
    pub acl: Option<BucketAcl>,
    /// How its objects are stored unless they say otherwise.
    pub storage_class: Option<StorageClass>,
    /// `LRS` (one zone) or `ZRS` (several zones).
    pub data_redundancy_type: Option<String>,
}

impl PutBucket {
    /// Makes `bucket`.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), acl: None, storage_class: None, data_redundancy_type: None }
    }

    /// Says who may read and write it.
    #[must_use]
    pub fn acl(mut self, acl: BucketAcl) -> Self {
        self.acl = Some(acl);
        self
    }

    /// Says how its objects are stored.
    #[must_use]
    pub fn storage_class(mut self, class: StorageClass) -> Self {
        self.storage_class = Some(class);
        self
    }

    /// Says in how many zones its objects are kept: `LRS` or `ZRS`.
    #[must_use]
    pub fn data_redundancy_type(mut self, kind: impl Into<String>) -> Self {
        self.data_redundancy_type = Some(kind.into());
        self
    }
}

impl Operation for PutBucket {
    type Service = Oss;
    type Output = ();
    const NAME: &'static str = "PutBucket";

    fn class(&self) -> Class {
        Class::Idempotent
    }

    fn request(&self, service: &Oss) -> Result<http::Request<Body>> {
        let uri = service.bucket_uri(&self.bucket, &Query::default())?;
        let mut request = if self.storage_class.is_none() && self.data_redundancy_type.is_none() {
            wire::request(Method::PUT, uri, Body::empty())
        } else {
            let mut xml = Writer::new("CreateBucketConfiguration");
            xml.maybe("StorageClass", self.storage_class.as_ref().map(StorageClass::as_str));
            xml.maybe("DataRedundancyType", self.data_redundancy_type.as_deref());
            wire::document(Method::PUT, uri, xml.finish())
        };
        wire::maybe(request.headers_mut(), ACL, self.acl.map(BucketAcl::as_str))?;
        Ok(request)
    }

    fn response(&self, _: &response::Parts, _: Bytes) -> Result<()> {
        Ok(())
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for PutBucket {
    fn read_request(service: &Oss, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        let mut read = Self::new(server::bucket(service, request)?);
        read.acl = match wire::get(&request.headers, &ACL) {
            None => None,
            Some(text) => Some(BucketAcl::from_text(text).ok_or_else(|| Error::invalid("no such bucket ACL"))?),
        };
        if body.is_empty() {
            return Ok(read);
        }
        server::understood(|| {
            let mut xml = Reader::open(&body, "CreateBucketConfiguration")?;
            while let Some(name) = xml.child()? {
                match name {
                    "StorageClass" => {
                        read.storage_class = Some(StorageClass::from(xml.text("StorageClass")?.as_str()));
                    }
                    "DataRedundancyType" => read.data_redundancy_type = Some(xml.text("DataRedundancyType")?),
                    _ => xml.skip()?,
                }
            }
            xml.close()?;
            Ok(read)
        })
    }

    fn write_response(&self, (): &()) -> Result<http::Response<Bytes>> {
        Ok(wire::respond(http::StatusCode::OK))
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::testing::law;

    #[test]
    fn the_law_holds() {
        let full = PutBucket::new("campaign-site")
            .acl(BucketAcl::PublicRead)
            .storage_class(StorageClass::Ia)
            .data_redundancy_type("ZRS");
        law(&PutBucket::new("campaign-site"), &());
        law(&full, &());
    }
}
