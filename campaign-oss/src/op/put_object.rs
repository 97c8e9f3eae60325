//! PutObject: writes an object in one request.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result, Settle, Settled};
#[cfg(feature = "server")]
use http::HeaderValue;
use http::{HeaderMap, HeaderName, Method, header, response};

#[cfg(feature = "server")]
use crate::server;
use crate::{
    Code, ETag, HeadObject, ObjectAcl, Oss, StorageClass, crc64,
    encode::Query,
    integrity,
    object_meta::{self, VERSION_ID},
    sign, tagging, wire,
};

const ACL: HeaderName = HeaderName::from_static("x-oss-object-acl");
const STORAGE_CLASS: HeaderName = HeaderName::from_static("x-oss-storage-class");
const TAGGING: HeaderName = HeaderName::from_static("x-oss-tagging");
const FORBID_OVERWRITE: HeaderName = HeaderName::from_static("x-oss-forbid-overwrite");
/// The largest object of one request, in bytes (service document "Limits").
const MAX_BYTES: u64 = 5 << 30;

/// Writes an object in place of the one that was there, at most 5 GiB (service document "PutObject").
///
/// | what is put | class |
/// |---|---|
/// | with [`forbid_overwrite`](Self::forbid_overwrite) | [`Class::Conditional`] |
/// | anything else | [`Class::Idempotent`] |
///
/// The checksum that OSS answers is compared with that of the bytes sent, also of a streamed body. If they differ, the
/// object was damaged on its way and is put again.
///
/// A put that forbids overwriting and whose answer was lost is sent again; if the object then exists, its checksum is read:
/// if it is that of the body, the call succeeded, else the object is somebody else's and the conflict stands. Of a streamed
/// body the checksum is not known then: the conflict says
/// [`outcome_unknown`](campaign_client::Error::outcome_unknown).
///
/// ```
/// use campaign_oss::{Client, PutObject};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let page = PutObject::new("campaign-site", "index.html", "<!doctype html>…")
///     .content_type("text/html; charset=utf-8")
///     .cache_control("no-cache");
/// let stored = client.send(&page).await?;
/// println!("{}", stored.etag);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PutObject {
    /// The bucket.
    pub bucket: String,
    /// The key: 1 to 1,023 bytes, no `/` or `\` at its beginning.
    pub key: String,
    /// The content.
    pub body: Body,
    /// `Content-Type`; without one OSS stores `application/octet-stream`.
    pub content_type: Option<String>,
    /// `Cache-Control`, sent with every download.
    pub cache_control: Option<String>,
    /// `Content-Disposition`, sent with every download.
    pub content_disposition: Option<String>,
    /// `Content-Encoding`: how the content is compressed already. OSS changes nothing.
    pub content_encoding: Option<String>,
    /// `Expires`, an HTTP date.
    pub expires: Option<String>,
    /// `Content-MD5`: Base64 of the MD5 of the content, compared before anything is stored.
    pub content_md5: Option<String>,
    /// The user's metadata: names in lower case, without `x-oss-meta-`, sorted. At most 8 KiB in all.
    pub metadata: Vec<(String, String)>,
    /// Tags, at most ten: names of at most 128 bytes, values of at most 256.
    pub tagging: Vec<(String, String)>,
    /// Who may read and write it; as the bucket says if not given.
    pub acl: Option<ObjectAcl>,
    /// How it is stored; as the bucket says if not given.
    pub storage_class: Option<StorageClass>,
    /// Fails with [`Code::FileAlreadyExists`] if the object exists. A bucket that keeps versions ignores this.
    pub forbid_overwrite: bool,
}

impl PutObject {
    /// Puts `body`, whatever was there.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>, body: impl Into<Body>) -> Self {
        Self {
            bucket: bucket.into(),
            key: key.into(),
            body: body.into(),
            content_type: None,
            cache_control: None,
            content_disposition: None,
            content_encoding: None,
            expires: None,
            content_md5: None,
            metadata: Vec::new(),
            tagging: Vec::new(),
            acl: None,
            storage_class: None,
            forbid_overwrite: false,
        }
    }

    /// Sets `Content-Type`.
    #[must_use]
    pub fn content_type(mut self, value: impl Into<String>) -> Self {
        self.content_type = Some(value.into());
        self
    }

    /// Sets `Cache-Control`.
    #[must_use]
    pub fn cache_control(mut self, value: impl Into<String>) -> Self {
        self.cache_control = Some(value.into());
        self
    }

    /// Sets `Content-Disposition`.
    #[must_use]
    pub fn content_disposition(mut self, value: impl Into<String>) -> Self {
        self.content_disposition = Some(value.into());
        self
    }

    /// Sets `Content-Encoding`, for content that is compressed already.
    #[must_use]
    pub fn content_encoding(mut self, value: impl Into<String>) -> Self {
        self.content_encoding = Some(value.into());
        self
    }

    /// Sets `Expires`, an HTTP date.
    #[must_use]
    pub fn expires(mut self, value: impl Into<String>) -> Self {
        self.expires = Some(value.into());
        self
    }

    /// Sets `Content-MD5`: Base64 of the MD5 of the content.
    #[must_use]
    pub fn content_md5(mut self, value: impl Into<String>) -> Self {
        self.content_md5 = Some(value.into());
        self
    }

    /// Adds an entry to the user's metadata. The name goes in lower case, as OSS gives it back.
    #[must_use]
    pub fn metadata(mut self, name: &str, value: impl Into<String>) -> Self {
        self.metadata.push((name.to_ascii_lowercase(), value.into()));
        self.metadata.sort();
        self
    }

    /// Adds a tag.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tagging.push((name.into(), value.into()));
        self
    }

    /// Says who may read and write it.
    #[must_use]
    pub fn acl(mut self, acl: ObjectAcl) -> Self {
        self.acl = Some(acl);
        self
    }

    /// Says how it is stored.
    #[must_use]
    pub fn storage_class(mut self, class: StorageClass) -> Self {
        self.storage_class = Some(class);
        self
    }

    /// Fails if the object exists.
    #[must_use]
    pub fn forbid_overwrite(mut self) -> Self {
        self.forbid_overwrite = true;
        self
    }

    fn write_headers(&self, headers: &mut HeaderMap) -> Result<()> {
        for (name, value) in [
            (header::CONTENT_TYPE, self.content_type.as_deref()),
            (header::CACHE_CONTROL, self.cache_control.as_deref()),
            (header::CONTENT_DISPOSITION, self.content_disposition.as_deref()),
            (header::CONTENT_ENCODING, self.content_encoding.as_deref()),
            (header::EXPIRES, self.expires.as_deref()),
            (sign::header::CONTENT_MD5, self.content_md5.as_deref()),
            (ACL, self.acl.map(ObjectAcl::as_str)),
            (STORAGE_CLASS, self.storage_class.as_ref().map(StorageClass::as_str)),
            (FORBID_OVERWRITE, self.forbid_overwrite.then_some("true")),
        ] {
            wire::maybe(headers, name, value)?;
        }
        if !self.tagging.is_empty() {
            wire::set(headers, TAGGING, &tagging::write(&self.tagging)?)?;
        }
        object_meta::write_metadata(&self.metadata, headers)
    }
}

impl Operation for PutObject {
    type Service = Oss;
    type Output = Stored;
    const NAME: &'static str = "PutObject";

    fn class(&self) -> Class {
        if self.forbid_overwrite { Class::Conditional } else { Class::Idempotent }
    }

    fn request(&self, service: &Oss) -> Result<http::Request<Body>> {
        if self.body.len() > MAX_BYTES {
            return Err(Error::invalid("an object of more than 5 GiB does not fit into one request"));
        }
        let uri = service.object_uri(&self.bucket, &self.key, &Query::default())?;
        let mut request = wire::request(Method::PUT, uri, Body::empty());
        *request.body_mut() = integrity::measured(&self.body, request.extensions_mut());
        self.write_headers(request.headers_mut())?;
        Ok(request)
    }

    fn response(&self, response: &response::Parts, _: Bytes) -> Result<Stored> {
        Stored::read(&response.headers)
    }

    fn settle(&self, conflict: &Error) -> Option<Settle<Self>> {
        // What a streamed body sums up to is not known here.
        let sent = crc64::checksum(self.body.bytes()?);
        if Code::of(conflict) != Some(Code::FileAlreadyExists) {
            return None;
        }
        let probe = HeadObject::new(self.bucket.clone(), self.key.clone());
        Some(Settle::by(probe, move |found| {
            let found = found?;
            let (Some(crc64), Some(etag)) = (found.crc64, found.etag) else {
                return Err(Error::unreadable("the object that is there has no checksum"));
            };
            if crc64 != sent {
                return Ok(Settled::Theirs);
            }
            Ok(Settled::Ours(Stored { etag, crc64: Some(crc64), version_id: found.version_id }))
        }))
    }
}

/// What a put answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The object's tag.
    pub etag: ETag,
    /// CRC-64 of the object.
    pub crc64: Option<u64>,
    /// Its version, in a bucket that keeps versions.
    pub version_id: Option<String>,
}

impl Stored {
    fn read(headers: &HeaderMap) -> Result<Self> {
        let etag =
            wire::get(headers, &header::ETAG).ok_or_else(|| Error::unreadable("the answer to the put has no ETag"))?;
        let crc64 = integrity::stored(headers)
            .map_err(|fault| Error::unreadable("the answer cannot be read").with_source(fault))?;
        Ok(Self { etag: ETag::new(etag), crc64, version_id: wire::owned(headers, &VERSION_ID) })
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for PutObject {
    fn read_request(service: &Oss, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        let (bucket, key) = server::object(service, request)?;
        let headers = &request.headers;
        let text = |name: &HeaderName| wire::owned(headers, name);
        let acl = match wire::get(headers, &ACL) {
            None => None,
            Some(acl) => Some(ObjectAcl::from_text(acl).ok_or_else(|| Error::invalid("no such object ACL"))?),
        };
        let forbid_overwrite = match wire::get(headers, &FORBID_OVERWRITE) {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Error::invalid("x-oss-forbid-overwrite is true or false")),
        };
        Ok(Self {
            bucket,
            key,
            body: Body::Bytes(body),
            content_type: text(&header::CONTENT_TYPE),
            cache_control: text(&header::CACHE_CONTROL),
            content_disposition: text(&header::CONTENT_DISPOSITION),
            content_encoding: text(&header::CONTENT_ENCODING),
            expires: text(&header::EXPIRES),
            content_md5: text(&sign::header::CONTENT_MD5),
            metadata: object_meta::read_metadata(headers)?,
            tagging: tagging::read(wire::get(headers, &TAGGING).unwrap_or_default())?,
            acl,
            storage_class: wire::get(headers, &STORAGE_CLASS).map(StorageClass::from),
            forbid_overwrite,
        })
    }

    fn write_response(&self, output: &Stored) -> Result<http::Response<Bytes>> {
        let mut response = http::Response::new(Bytes::new());
        let headers = response.headers_mut();
        wire::set(headers, header::ETAG, &output.etag.to_string())?;
        if let Some(sum) = output.crc64 {
            headers.insert(integrity::CRC64, HeaderValue::from(sum));
        }
        wire::maybe(headers, VERSION_ID, output.version_id.as_deref())?;
        Ok(response)
    }
}

#[cfg(all(test, feature = "server"))]
mod tests;
