//! What an answer's headers say of an object (service documents "GetObject" and "HeadObject").

use campaign_client::{Error, Result};
use chrono::{DateTime, Utc};
#[cfg(feature = "server")]
use http::HeaderValue;
use http::{HeaderMap, HeaderName, header};

use crate::{ETag, StorageClass, integrity, wire};

const META: &str = "x-oss-meta-";
const STORAGE_CLASS: HeaderName = HeaderName::from_static("x-oss-storage-class");
const OBJECT_TYPE: HeaderName = HeaderName::from_static("x-oss-object-type");
pub(crate) const VERSION_ID: HeaderName = HeaderName::from_static("x-oss-version-id");
/// The longest user metadata, names and values together, in bytes (service document "Limits").
const MAX_METADATA_BYTES: usize = 8 << 10;

/// What is known of an object.
///
/// Read from the headers of an answer by [`GetObject`](crate::GetObject) and [`HeadObject`](crate::HeadObject), or by
/// [`ObjectMeta::read`] from those of a streamed download.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ObjectMeta {
    /// Length of the whole object in bytes, also if a range was read. `None` if the answer does not say.
    pub content_length: Option<u64>,
    /// The range that was read.
    pub content_range: Option<ContentRange>,
    /// Its tag. Absent if something on the way has compressed it.
    pub etag: Option<ETag>,
    /// When it was last written, in seconds.
    pub last_modified: Option<DateTime<Utc>>,
    /// CRC-64 of the whole object.
    pub crc64: Option<u64>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Content-Encoding`: how it was stored.
    pub content_encoding: Option<String>,
    /// `Expires`, as it was given.
    pub expires: Option<String>,
    /// The user's metadata: names in lower case, without `x-oss-meta-`, sorted.
    pub metadata: Vec<(String, String)>,
    /// How it is stored.
    pub storage_class: Option<StorageClass>,
    /// `Normal`, `Multipart`, `Appendable` or `Symlink`.
    pub object_type: Option<String>,
    /// Its version, in a bucket that keeps versions.
    pub version_id: Option<String>,
}

/// The range of an object that an answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentRange {
    /// The first byte, from 0.
    pub first: u64,
    /// The last byte, itself included.
    pub last: u64,
    /// Length of the whole object in bytes.
    pub total: u64,
}

impl ContentRange {
    /// Reads `bytes FIRST-LAST/TOTAL`; `None` if it is none that an object can have.
    fn read(text: &str) -> Option<Self> {
        let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let read = Self { first: first.parse().ok()?, last: last.parse().ok()?, total: total.parse().ok()? };
        (read.first <= read.last && read.last < read.total).then_some(read)
    }

    /// How many bytes it is.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.last - self.first + 1
    }
}

impl ObjectMeta {
    /// Reads the headers of an answer to GetObject or HeadObject.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`](campaign_client::ErrorKind::Unreadable) if one of them is not what it should be or stands
    /// there twice with different values.
    pub fn read(headers: &HeaderMap) -> Result<Self> {
        for name in [header::ETAG, integrity::CRC64, header::CONTENT_RANGE, header::LAST_MODIFIED] {
            let mut values = headers.get_all(&name).iter();
            if let Some(first) = values.next()
                && values.any(|value| value != first)
            {
                return Err(Error::unreadable(format!(
                    "the answer has the header {name} twice, with different values"
                )));
            }
        }
        let content_range = match wire::get(headers, &header::CONTENT_RANGE) {
            None => None,
            Some(text) => Some(ContentRange::read(text).ok_or_else(|| bad("Content-Range"))?),
        };
        let length = match wire::get(headers, &header::CONTENT_LENGTH) {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| bad("Content-Length"))?),
        };
        let last_modified = match wire::get(headers, &header::LAST_MODIFIED) {
            None => None,
            Some(_) => Some(wire::get_date(headers, &header::LAST_MODIFIED).ok_or_else(|| bad("Last-Modified"))?),
        };
        let mut metadata: Vec<(String, String)> = headers
            .iter()
            .filter_map(|(name, value)| {
                let name = name.as_str().strip_prefix(META)?;
                // A value that is not UTF-8 was not written by this client, and is shown as far as it can be.
                Some((name.to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            })
            .collect();
        metadata.sort();
        Ok(Self {
            content_length: content_range.map(|range| range.total).or(length),
            content_range,
            etag: wire::get(headers, &header::ETAG).map(ETag::new),
            last_modified,
            crc64: integrity::stored(headers)
                .map_err(|fault| Error::unreadable("the answer cannot be read").with_source(fault))?,
            content_type: wire::owned(headers, &header::CONTENT_TYPE),
            cache_control: wire::owned(headers, &header::CACHE_CONTROL),
            content_disposition: wire::owned(headers, &header::CONTENT_DISPOSITION),
            content_encoding: wire::owned(headers, &header::CONTENT_ENCODING),
            expires: wire::owned(headers, &header::EXPIRES),
            metadata,
            storage_class: wire::get(headers, &STORAGE_CLASS).map(StorageClass::from),
            object_type: wire::owned(headers, &OBJECT_TYPE),
            version_id: wire::owned(headers, &VERSION_ID),
        })
    }

    /// Writes all but `Content-Length`, which whoever sends the body knows.
    #[cfg(feature = "server")]
    pub(crate) fn write(&self, headers: &mut HeaderMap) -> Result<()> {
        if let Some(range) = self.content_range {
            let text = format!("bytes {}-{}/{}", range.first, range.last, range.total);
            wire::set(headers, header::CONTENT_RANGE, &text)?;
        }
        if let Some(etag) = &self.etag {
            wire::set(headers, header::ETAG, &etag.to_string())?;
        }
        if let Some(at) = self.last_modified {
            wire::set_date(headers, header::LAST_MODIFIED, at);
        }
        if let Some(sum) = self.crc64 {
            headers.insert(integrity::CRC64, HeaderValue::from(sum));
        }
        for (name, value) in [
            (header::CONTENT_TYPE, self.content_type.as_deref()),
            (header::CACHE_CONTROL, self.cache_control.as_deref()),
            (header::CONTENT_DISPOSITION, self.content_disposition.as_deref()),
            (header::CONTENT_ENCODING, self.content_encoding.as_deref()),
            (header::EXPIRES, self.expires.as_deref()),
            (STORAGE_CLASS, self.storage_class.as_ref().map(StorageClass::as_str)),
            (OBJECT_TYPE, self.object_type.as_deref()),
            (VERSION_ID, self.version_id.as_deref()),
        ] {
            wire::maybe(headers, name, value)?;
        }
        write_metadata(&self.metadata, headers)
    }
}

/// Writes the user's metadata of an object.
pub(crate) fn write_metadata(metadata: &[(String, String)], headers: &mut HeaderMap) -> Result<()> {
    if metadata.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MAX_METADATA_BYTES {
        return Err(Error::invalid("an object's metadata must be at most 8 KiB in all"));
    }
    for (name, value) in metadata {
        let full = HeaderName::try_from([META, name].concat()).ok().filter(|_| !name.is_empty());
        let full = full.ok_or_else(|| Error::invalid("the name of a metadata entry cannot stand in a header"))?;
        if headers.contains_key(&full) {
            return Err(Error::invalid("two metadata entries have the same name"));
        }
        wire::set(headers, full, value)?;
    }
    Ok(())
}

/// Reads the user's metadata of an object.
#[cfg(feature = "server")]
pub(crate) fn read_metadata(headers: &HeaderMap) -> Result<Vec<(String, String)>> {
    let mut metadata = Vec::new();
    for (name, value) in headers {
        let Some(name) = name.as_str().strip_prefix(META) else { continue };
        let value = std::str::from_utf8(value.as_bytes()).map_err(|_| Error::invalid("metadata is not UTF-8"))?;
        metadata.push((name.to_owned(), value.to_owned()));
    }
    metadata.sort();
    Ok(metadata)
}

fn bad(name: &str) -> Error {
    Error::unreadable(format!("the header {name} of the answer cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn headers_that_contradict_themselves_are_not_read() {
        for bad in [
            [("etag", "\"a\""), ("etag", "\"b\"")],
            [("x-oss-hash-crc64ecma", "1"), ("x-oss-hash-crc64ecma", "2")],
            [("x-oss-hash-crc64ecma", "abc"), ("x", "")],
            [("content-range", "bytes 0-0"), ("x", "")],
            [("content-range", "bytes 3-2/9"), ("x", "")],
            [("content-range", "bytes 0-9/9"), ("x", "")],
            [("last-modified", "yesterday"), ("x", "")],
            [("content-length", "-1"), ("x", "")],
        ] {
            assert!(ObjectMeta::read(&headers(&bad)).is_err(), "{bad:?}");
        }
        assert!(ObjectMeta::read(&headers(&[("etag", "\"a\""), ("etag", "\"a\"")])).is_ok());
    }

    #[test]
    fn the_length_is_that_of_the_whole_object() {
        let meta = ObjectMeta::read(&headers(&[("content-range", "bytes 2-4/9"), ("content-length", "3")])).unwrap();
        assert_eq!((meta.content_length, meta.content_range.unwrap().length()), (Some(9), 3));
    }
}
