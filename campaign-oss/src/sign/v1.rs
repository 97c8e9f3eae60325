//! The text of signature V1 (service document "Signature V1").

use http::{HeaderMap, Method};

use super::header;
use crate::encode;

/// The query parameters that are signed besides `x-oss-*`: what the official Go, Python v2 and oss2 clients name together.
/// Sorted.
const SIGNED_PARAMETERS: &[&str] = &[
    "accessPoint",
    "accessPointPolicy",
    "acl",
    "append",
    "asyncFetch",
    "bucketArchiveDirectRead",
    "bucketInfo",
    "callback",
    "callback-var",
    "cloudboxes",
    "cname",
    "comp",
    "continuation-token",
    "cors",
    "delete",
    "encryption",
    "endTime",
    "group",
    "httpsConfig",
    "inventory",
    "inventoryId",
    "lifecycle",
    "link",
    "live",
    "location",
    "logging",
    "metaQuery",
    "objectInfo",
    "objectMeta",
    "partNumber",
    "policy",
    "position",
    "publicAccessBlock",
    "qos",
    "qosInfo",
    "redundancyTransition",
    "referer",
    "regionList",
    "replication",
    "replicationLocation",
    "replicationProgress",
    "requestPayment",
    "resourceGroup",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "security-token",
    "sequential",
    "startTime",
    "stat",
    "status",
    "style",
    "styleName",
    "symlink",
    "tagging",
    "transferAcceleration",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "vod",
    "website",
    "worm",
    "wormExtend",
    "wormId",
];

/// Method, `Content-MD5`, `Content-Type`, date, the `x-oss-*` headers and the resource.
///
/// `date` is the value of `x-oss-date` or else of `Date`; of a signed URL its expiry. `path` is percent-encoded and begins
/// with the bucket unless that is given; `query` is percent-encoded. The resource itself is signed decoded: what cannot be
/// decoded is signed as it stands.
#[must_use]
pub fn string_to_sign(
    method: &Method,
    date: &str,
    headers: &HeaderMap,
    bucket: Option<&str>,
    path: &str,
    query: &str,
) -> Vec<u8> {
    let value = |name: &http::HeaderName| headers.get(name).map_or(&b""[..], |value| value.as_bytes().trim_ascii());
    let mut text = Vec::with_capacity(512);
    for line in
        [method.as_str().as_bytes(), value(&header::CONTENT_MD5), value(&http::header::CONTENT_TYPE), date.as_bytes()]
    {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    let mut own: Vec<(&str, &[u8])> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes().trim_ascii()))
        .filter(|(name, _)| name.starts_with(header::PREFIX))
        .collect();
    own.sort_by_key(|(name, _)| *name);
    for (name, value) in own {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        text.extend_from_slice(value);
        text.push(b'\n');
    }
    if let Some(bucket) = bucket {
        text.push(b'/');
        text.extend_from_slice(bucket.as_bytes());
    }
    text.extend_from_slice(encode::decode(path).as_deref().unwrap_or(path).as_bytes());
    write_sub_resources(query, &mut text);
    text
}

fn write_sub_resources(query: &str, text: &mut Vec<u8>) {
    let decoded = |part| encode::decode(part).unwrap_or(std::borrow::Cow::Borrowed(part));
    let mut signed: Vec<_> = encode::parameters(query)
        .map(|(name, value)| (decoded(name), decoded(value)))
        .filter(|(name, _)| name.starts_with(header::PREFIX) || SIGNED_PARAMETERS.binary_search(&name.as_ref()).is_ok())
        .collect();
    signed.sort();
    for (at, (name, value)) in signed.iter().enumerate() {
        text.push(if at == 0 { b'?' } else { b'&' });
        text.extend_from_slice(name.as_bytes());
        if !value.is_empty() {
            text.push(b'=');
            text.extend_from_slice(value.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted_so_that_they_are_found() {
        assert!(SIGNED_PARAMETERS.is_sorted());
        assert!(SIGNED_PARAMETERS.binary_search(&"website").is_ok());
        assert!(SIGNED_PARAMETERS.binary_search(&"prefix").is_err());
    }
}
