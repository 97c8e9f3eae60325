//! DeleteObject: removes an object.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
#[cfg(feature = "server")]
use http::StatusCode;
use http::{HeaderName, Method, response};

use super::get_object;
#[cfg(feature = "server")]
use crate::server;
use crate::{Oss, encode::Query, object_meta::VERSION_ID, wire};

const DELETE_MARKER: HeaderName = HeaderName::from_static("x-oss-delete-marker");

/// Removes an object (service document "DeleteObject"). It succeeds too if there is none.
///
/// ```
/// use campaign_oss::{Client, DeleteObject};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// client.send(&DeleteObject::new("campaign-site", "old.html")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteObject {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The version to remove for good, in a bucket that keeps versions.
    pub version_id: Option<String>,
}

/// What a removal leaves in a bucket that keeps versions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deletion {
    /// True if a delete marker was made or removed.
    pub delete_marker: bool,
    /// The version of the marker, or the one that was removed.
    pub version_id: Option<String>,
}

impl DeleteObject {
    /// Removes the object.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), key: key.into(), version_id: None }
    }

    /// Removes this version for good.
    #[must_use]
    pub fn version_id(mut self, id: impl Into<String>) -> Self {
        self.version_id = Some(id.into());
        self
    }
}

impl Operation for DeleteObject {
    type Service = Oss;
    type Output = Deletion;
    const NAME: &'static str = "DeleteObject";

    fn class(&self) -> Class {
        Class::Idempotent
    }

    fn request(&self, service: &Oss) -> Result<http::Request<Body>> {
        let query = Query::default().maybe(get_object::VERSION_ID, self.version_id.as_deref());
        Ok(wire::request(Method::DELETE, service.object_uri(&self.bucket, &self.key, &query)?, Body::empty()))
    }

    fn response(&self, response: &response::Parts, _: Bytes) -> Result<Deletion> {
        let headers = &response.headers;
        Ok(Deletion {
            delete_marker: wire::get(headers, &DELETE_MARKER) == Some("true"),
            version_id: wire::owned(headers, &VERSION_ID),
        })
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for DeleteObject {
    fn read_request(service: &Oss, request: &http::request::Parts, _: Bytes) -> Result<Self> {
        let (bucket, key) = server::object(service, request)?;
        Ok(Self { bucket, key, version_id: server::parameter(request, get_object::VERSION_ID)? })
    }

    fn write_response(&self, output: &Deletion) -> Result<http::Response<Bytes>> {
        let mut response = wire::respond(StatusCode::NO_CONTENT);
        wire::maybe(response.headers_mut(), DELETE_MARKER, output.delete_marker.then_some("true"))?;
        wire::maybe(response.headers_mut(), VERSION_ID, output.version_id.as_deref())?;
        Ok(response)
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::testing::law;

    #[test]
    fn the_law_holds() {
        let marked = Deletion { delete_marker: true, version_id: Some("v2".to_owned()) };
        law(&DeleteObject::new("campaign-site", "活动/a b"), &Deletion::default());
        law(&DeleteObject::new("campaign-site", "k").version_id("v/1"), &marked);
    }
}
