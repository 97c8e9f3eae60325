//! DeleteBucket: removes an empty bucket.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, ErrorKind, Operation, Result, Settle, Settled};
#[cfg(feature = "server")]
use http::StatusCode;
use http::{Method, response};

#[cfg(feature = "server")]
use crate::server;
use crate::{Code, GetBucketInfo, Oss, encode::Query, wire};

/// Removes an empty bucket (service document "DeleteBucket"). Its name is free for anybody from then on: take domains that
/// point to it away first.
///
/// If the answer was lost and a repetition says that there is no such bucket, or that it is not empty, the bucket is looked
/// for: when it is gone, the call succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteBucket {
    /// The bucket.
    pub bucket: String,
}

impl DeleteBucket {
    /// Removes `bucket`.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self { bucket: bucket.into() }
    }
}

impl Operation for DeleteBucket {
    type Service = Oss;
    type Output = ();
    const NAME: &'static str = "DeleteBucket";

    fn class(&self) -> Class {
        Class::Conditional
    }

    fn request(&self, service: &Oss) -> Result<http::Request<Body>> {
        let uri = service.bucket_uri(&self.bucket, &Query::default())?;
        Ok(wire::request(Method::DELETE, uri, Body::empty()))
    }

    fn response(&self, _: &response::Parts, _: Bytes) -> Result<()> {
        Ok(())
    }

    fn settle(&self, conflict: &Error) -> Option<Settle<Self>> {
        let conflict = Code::of(conflict).filter(|code| matches!(code, Code::NoSuchBucket | Code::BucketNotEmpty))?;
        Some(Settle::by(GetBucketInfo::new(self.bucket.clone()), move |found| match found {
            Err(error) if Code::of(&error) == Some(Code::NoSuchBucket) => Ok(Settled::Ours(())),
            Ok(_) if conflict == Code::BucketNotEmpty => Ok(Settled::Theirs),
            Ok(_) => Err(Error::new(ErrorKind::Conflict).with_message("a bucket of this name has been made since")),
            Err(error) => Err(error),
        }))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for DeleteBucket {
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
        law(&DeleteBucket::new("campaign-site"), &());
    }
}
