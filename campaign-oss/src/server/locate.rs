//! What a request is about.

use campaign_client::{Error, Result, Service};
use http::{header, request::Parts};

use crate::{Addressing, Oss, Resource, encode, xml::XmlFault};

/// The resource of a path, percent-encoded, whose host names `bucket`; without one the path begins with the bucket. Names are
/// decoded and not checked: see [`Refusal::of_name`](super::Refusal::of_name).
///
/// ```
/// use campaign_oss::server::resource_at;
///
/// let by_path = resource_at(None, "/site/a%20b%2Fc")?;
/// assert_eq!(by_path, resource_at(Some("site"), "/a%20b/c")?);
/// assert_eq!(by_path.key.as_deref(), Some("a b/c"));
/// # Ok::<(), campaign_client::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if the path is not percent-encoded UTF-8.
pub fn resource_at(bucket: Option<&str>, path: &str) -> Result<Resource> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (bucket, key) = match bucket {
        Some(bucket) => (bucket, path),
        None => path.split_once('/').unwrap_or((path, "")),
    };
    let decode = |text: &str| {
        let text = encode::decode(text).ok_or_else(|| Error::invalid("the path is not percent-encoded UTF-8"))?;
        Ok::<_, Error>(Some(text.into_owned()).filter(|text| !text.is_empty()))
    };
    Ok(Resource { bucket: decode(bucket)?, key: decode(key)? })
}

/// What `request` is about: what the emulator put into its extensions, else as `service` addresses buckets.
fn resource(service: &Oss, request: &Parts) -> Result<Resource> {
    if let Some(resource) = request.extensions.get::<Resource>() {
        return Ok(resource.clone());
    }
    let host = request.uri.authority().map(http::uri::Authority::as_str);
    let host = host.or_else(|| request.headers.get(header::HOST)?.to_str().ok()).unwrap_or_default();
    let own = service.endpoint().authority();
    let path = request.uri.path();
    match service.addressing() {
        Addressing::Cname { bucket } => resource_at(Some(bucket), path),
        Addressing::Path => resource_at(None, path),
        Addressing::VirtualHost if host == own => Ok(Resource::default()),
        Addressing::VirtualHost => {
            let bucket = host.strip_suffix(own).and_then(|bucket| bucket.strip_suffix('.'));
            resource_at(Some(bucket.ok_or_else(|| Error::invalid("the host is another service's"))?), path)
        }
    }
}

/// The bucket that a bucket's operation is about.
pub(crate) fn bucket(service: &Oss, request: &Parts) -> Result<String> {
    match resource(service, request)? {
        Resource { bucket: Some(bucket), key: None } => Ok(bucket),
        _ => Err(Error::invalid("the path names no bucket, or an object in it")),
    }
}

/// The bucket and key that an object's operation is about.
pub(crate) fn object(service: &Oss, request: &Parts) -> Result<(String, String)> {
    match resource(service, request)? {
        Resource { bucket: Some(bucket), key: Some(key) } => Ok((bucket, key)),
        _ => Err(Error::invalid("the path names no object")),
    }
}

/// Checks that an operation of the service itself is about nothing else.
pub(crate) fn service_only(service: &Oss, request: &Parts) -> Result<()> {
    match resource(service, request)? {
        Resource { bucket: None, .. } => Ok(()),
        _ => Err(Error::invalid("the path names a bucket")),
    }
}

/// The value of a query parameter, decoded; `None` if it is not there.
///
/// # Errors
/// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if it is not percent-encoded UTF-8.
pub fn parameter(request: &Parts, name: &str) -> Result<Option<String>> {
    let query = request.uri.query().unwrap_or_default();
    let Some((_, value)) = encode::parameters(query).find(|(found, _)| *found == name) else { return Ok(None) };
    let value = encode::decode(value);
    value
        .map(|value| Some(value.into_owned()))
        .ok_or_else(|| Error::invalid("a parameter is not percent-encoded UTF-8"))
}

/// How many entries a page holds if the client does not say.
pub(crate) const DEFAULT_MAX_KEYS: u32 = 100;

/// The parameter `max-keys`. Whether it is within bounds is for the emulator to say.
pub(crate) fn max_keys(request: &Parts) -> Result<Option<u32>> {
    let count = parameter(request, "max-keys")?;
    count.map(|count| count.parse().map_err(|_| Error::invalid("max-keys is not a number"))).transpose()
}

/// Reads the document of a request by `read`; a fault makes it invalid, with the fault as source.
pub(crate) fn understood<T>(read: impl FnOnce() -> Result<T, XmlFault>) -> Result<T> {
    read().map_err(|fault| Error::invalid("the document of the request cannot be read").with_source(fault))
}
