//! HeadObject: what is known of an object.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
#[cfg(feature = "server")]
use http::{HeaderValue, header};
use http::{Method, response};

use super::get_object::VERSION_ID;
#[cfg(feature = "server")]
use crate::server;
use crate::{Conditions, ObjectMeta, Oss, condition::read_setters, encode::Query, wire};

/// Reads what is known of an object, without its content (service document "HeadObject").
///
/// ```
/// use campaign_oss::{Client, HeadObject};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// match client.send(&HeadObject::new("campaign-site", "index.html")).await {
///     Ok(meta) => println!("{:?} bytes", meta.content_length),
///     Err(error) if error.is_not_found() => println!("no such object"),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadObject {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// What must hold.
    pub conditions: Conditions,
    /// The version, in a bucket that keeps versions.
    pub version_id: Option<String>,
}

impl HeadObject {
    /// Asks for the object.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), key: key.into(), conditions: Conditions::default(), version_id: None }
    }

    read_setters!();
}

impl Operation for HeadObject {
    type Service = Oss;
    type Output = ObjectMeta;
    const NAME: &'static str = "HeadObject";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &Oss) -> Result<http::Request<Body>> {
        let query = Query::default().maybe(VERSION_ID, self.version_id.as_deref());
        let uri = service.object_uri(&self.bucket, &self.key, &query)?;
        let mut request = wire::request(Method::HEAD, uri, Body::empty());
        self.conditions.write(request.headers_mut())?;
        Ok(request)
    }

    fn response(&self, response: &response::Parts, _: Bytes) -> Result<ObjectMeta> {
        ObjectMeta::read(&response.headers)
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for HeadObject {
    fn read_request(service: &Oss, request: &http::request::Parts, _: Bytes) -> Result<Self> {
        let (bucket, key) = server::object(service, request)?;
        Ok(Self {
            bucket,
            key,
            conditions: Conditions::read(&request.headers),
            version_id: server::parameter(request, VERSION_ID)?,
        })
    }

    fn write_response(&self, output: &ObjectMeta) -> Result<http::Response<Bytes>> {
        let mut response = http::Response::new(Bytes::new());
        output.write(response.headers_mut())?;
        if let Some(length) = output.content_length {
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        Ok(response)
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::{ETag, testing::law};

    #[test]
    fn the_law_holds() {
        let at = "2024-05-06T07:08:09Z".parse().unwrap();
        let full = HeadObject::new("campaign-site", "活动/a b.html")
            .if_match(ETag::new("a"))
            .if_none_match(ETag::new("b"))
            .if_modified_since(at)
            .if_unmodified_since(at)
            .version_id("CAEQ");
        let mut meta = ObjectMeta { content_length: Some(7), crc64: Some(1), ..ObjectMeta::default() };
        law(&HeadObject::new("campaign-site", "k"), &meta);
        meta.etag = Some(ETag::new("A"));
        meta.last_modified = Some(at);
        law(&full, &meta);
    }
}
