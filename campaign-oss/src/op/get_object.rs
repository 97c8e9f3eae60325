//! GetObject: reads an object, or a part of it.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result};
#[cfg(feature = "server")]
use http::StatusCode;
use http::{HeaderName, HeaderValue, Method, header, response};

#[cfg(feature = "server")]
use crate::server;
use crate::{ByteRange, Conditions, ObjectMeta, Oss, RangeFault, condition::read_setters, encode::Query, range, wire};

const RANGE_BEHAVIOR: HeaderName = HeaderName::from_static("x-oss-range-behavior");
pub(crate) const VERSION_ID: &str = "versionId";
const CONTENT_TYPE: &str = "response-content-type";
const CONTENT_DISPOSITION: &str = "response-content-disposition";

/// Reads an object or a range of it (service document "GetObject").
///
/// [`Client::send`](campaign_client::Client::send) reads it into memory, up to the client's
/// [`max_answer`](campaign_client::ClientBuilder::max_answer) (16 MiB unless raised);
/// [`Client::stream`](campaign_client::Client::stream) hands it over chunk by chunk. The checksum of a whole object is compared
/// either way, in a stream at its end: what came before an error must not be used. A range has no checksum.
///
/// A range that the object does not have is an error, [`Code::InvalidRange`](crate::Code::InvalidRange); so is an answer with
/// another range than was asked for ([`RangeFault`]).
///
/// ```
/// use campaign_oss::{ByteRange, Client, Code, ETag, GetObject};
/// use futures_util::StreamExt;
///
/// # async fn example(client: &Client, known: ETag) -> Result<(), Box<dyn std::error::Error>> {
/// // Into memory, unless it is the one we have.
/// match client.send(&GetObject::new("campaign-site", "index.html").if_none_match(known)).await {
///     Ok(object) => println!("{} bytes, {:?}", object.body.len(), object.meta.content_type),
///     Err(error) if Code::of(&error) == Some(Code::NotModified) => println!("unchanged"),
///     Err(error) => return Err(error.into()),
/// }
/// // A part.
/// let head = client.send(&GetObject::new("campaign-site", "film.mp4").range(ByteRange::Between(0, 1023))).await?;
/// // As a stream.
/// let (_, mut chunks) = client.stream(&GetObject::new("campaign-site", "film.mp4")).await?.into_parts();
/// while let Some(chunk) = chunks.next().await {
///     println!("{} bytes more", chunk?.len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetObject {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The bytes to read; all if not given.
    pub range: Option<ByteRange>,
    /// What must hold.
    pub conditions: Conditions,
    /// The version, in a bucket that keeps versions.
    pub version_id: Option<String>,
    /// `Content-Type` of the answer in place of the stored one. Anonymous requests cannot ask for it.
    pub response_content_type: Option<String>,
    /// `Content-Disposition` of the answer in place of the stored one. Anonymous requests cannot ask for it.
    pub response_content_disposition: Option<String>,
}

impl GetObject {
    /// Reads the whole object.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            key: key.into(),
            range: None,
            conditions: Conditions::default(),
            version_id: None,
            response_content_type: None,
            response_content_disposition: None,
        }
    }

    /// Reads these bytes.
    #[must_use]
    pub fn range(mut self, range: ByteRange) -> Self {
        self.range = Some(range);
        self
    }

    /// Answers with this `Content-Type`, for a signed URL that a browser opens.
    #[must_use]
    pub fn response_content_type(mut self, value: impl Into<String>) -> Self {
        self.response_content_type = Some(value.into());
        self
    }

    /// Answers with this `Content-Disposition`, for a signed URL that a browser opens.
    #[must_use]
    pub fn response_content_disposition(mut self, value: impl Into<String>) -> Self {
        self.response_content_disposition = Some(value.into());
        self
    }

    read_setters!();

    fn meta(&self, response: &response::Parts) -> Result<ObjectMeta> {
        let meta = ObjectMeta::read(&response.headers)?;
        range::check(self.range, response, &meta)?;
        Ok(meta)
    }
}

/// An object in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its content, or the range that was asked for.
    pub body: Bytes,
    /// What is known of it.
    pub meta: ObjectMeta,
}

impl Operation for GetObject {
    type Service = Oss;
    type Output = Object;
    const NAME: &'static str = "GetObject";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &Oss) -> Result<http::Request<Body>> {
        let query = Query::default()
            .maybe(VERSION_ID, self.version_id.as_deref())
            .maybe(CONTENT_TYPE, self.response_content_type.as_deref())
            .maybe(CONTENT_DISPOSITION, self.response_content_disposition.as_deref());
        let uri = service.object_uri(&self.bucket, &self.key, &query)?;
        let mut request = wire::request(Method::GET, uri, Body::empty());
        let headers = request.headers_mut();
        self.conditions.write(headers)?;
        if let Some(range) = self.range {
            wire::set(headers, header::RANGE, &range.write()?)?;
            // Without it a range that the object does not have is answered with all of it.
            headers.insert(RANGE_BEHAVIOR, HeaderValue::from_static("standard"));
        }
        Ok(request)
    }

    fn head(&self, response: &response::Parts) -> Result<()> {
        self.meta(response).map(drop)
    }

    fn response(&self, response: &response::Parts, body: Bytes) -> Result<Object> {
        let mut meta = self.meta(response)?;
        let length = body.len() as u64;
        match meta.content_range {
            Some(range) if range.length() != length => return Err(range::wrong(RangeFault::Length)),
            Some(_) => {}
            None if meta.content_length.is_some_and(|promised| promised != length) => {
                return Err(Error::unreadable("the answer is not as long as it says"));
            }
            None => meta.content_length = Some(length),
        }
        Ok(Object { body, meta })
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for GetObject {
    /// A range that is none is passed over, as the service does.
    fn read_request(service: &Oss, request: &http::request::Parts, _: Bytes) -> Result<Self> {
        let (bucket, key) = server::object(service, request)?;
        Ok(Self {
            bucket,
            key,
            range: wire::get(&request.headers, &header::RANGE).and_then(ByteRange::read),
            conditions: Conditions::read(&request.headers),
            version_id: server::parameter(request, VERSION_ID)?,
            response_content_type: server::parameter(request, CONTENT_TYPE)?,
            response_content_disposition: server::parameter(request, CONTENT_DISPOSITION)?,
        })
    }

    /// The body is what is sent: the range, if the meta data name one.
    fn write_response(&self, output: &Object) -> Result<http::Response<Bytes>> {
        let mut response = http::Response::new(output.body.clone());
        if output.meta.content_range.is_some() {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
        output.meta.write(response.headers_mut())?;
        response.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        Ok(response)
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::{
        ContentRange, ETag, StorageClass, crc64,
        testing::{law, service},
    };

    fn object(body: &'static str) -> Object {
        let meta = ObjectMeta {
            content_length: Some(body.len() as u64),
            crc64: Some(crc64::checksum(body.as_bytes())),
            ..ObjectMeta::default()
        };
        Object { body: Bytes::from_static(body.as_bytes()), meta }
    }

    pub(crate) fn full_meta() -> ObjectMeta {
        let mut meta = object("").meta;
        meta.etag = Some(ETag::new("D41D8CD98F00B204E9800998ECF8427E"));
        meta.last_modified = Some("2024-05-06T07:08:09Z".parse().unwrap());
        meta.content_type = Some("text/html; charset=utf-8".to_owned());
        meta.cache_control = Some("no-cache".to_owned());
        meta.content_disposition = Some("inline".to_owned());
        meta.content_encoding = Some("gzip".to_owned());
        meta.expires = Some("Mon, 06 May 2024 07:08:09 GMT".to_owned());
        meta.metadata = vec![("author".to_owned(), "张三".to_owned()), ("build".to_owned(), "7".to_owned())];
        meta.storage_class = Some(StorageClass::Standard);
        meta.object_type = Some("Normal".to_owned());
        meta.version_id = Some("CAEQ".to_owned());
        meta
    }

    #[test]
    fn the_law_holds() {
        let at = "2024-05-06T07:08:09Z".parse().unwrap();
        let full = GetObject::new("campaign-site", "活动/a b.html")
            .if_match(ETag::new("a"))
            .if_none_match(ETag::new("b"))
            .if_modified_since(at)
            .if_unmodified_since(at)
            .version_id("CAEQ")
            .response_content_type("text/plain; charset=utf-8")
            .response_content_disposition("attachment; filename=\"a b.png\"");
        law(&GetObject::new("campaign-site", "k"), &object("hello"));
        law(&full, &Object { meta: full_meta(), ..object("") });
        for range in [ByteRange::Between(2, 4), ByteRange::From(2), ByteRange::Last(3)] {
            let mut part = object("llo");
            part.meta.content_range = Some(ContentRange { first: 2, last: 4, total: 5 });
            part.meta.content_length = Some(5);
            law(&GetObject::new("campaign-site", "k").range(range), &part);
        }
    }

    #[test]
    fn an_answer_with_another_part_than_was_asked_for_is_refused() {
        let answer = |get: &GetObject, status: u16, range: Option<&str>, body: &'static str| {
            let mut response = http::Response::builder().status(status);
            if let Some(range) = range {
                response = response.header("content-range", range);
            }
            let (parts, ()) = response.body(()).unwrap().into_parts();
            let error = get.response(&parts, Bytes::from_static(body.as_bytes())).unwrap_err();
            let source: &dyn std::error::Error = &error;
            source.source().and_then(|s| s.downcast_ref::<RangeFault>()).cloned()
        };
        let whole = GetObject::new("campaign-site", "k");
        let part = whole.clone().range(ByteRange::Between(0, 1));
        assert_eq!(answer(&whole, 206, Some("bytes 0-0/2"), "a"), Some(RangeFault::Unasked));
        assert_eq!(answer(&part, 200, None, "abcdef"), Some(RangeFault::Ignored));
        assert_eq!(answer(&part, 206, Some("bytes 5-6/9"), "ab"), Some(RangeFault::Another));
        assert_eq!(answer(&part, 206, None, "ab"), Some(RangeFault::Another));
        assert_eq!(answer(&part, 206, Some("bytes 0-1/9"), "abc"), Some(RangeFault::Length));
    }

    #[test]
    fn a_range_that_is_none_is_not_sent() {
        for range in [ByteRange::Between(5, 2), ByteRange::Last(0)] {
            let error = GetObject::new("campaign-site", "k").range(range).request(&service()).unwrap_err();
            assert_eq!(error.kind(), campaign_client::ErrorKind::Invalid);
        }
    }
}
