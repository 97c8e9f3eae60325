//! Which bucket and key a request is about, from its host and its path.
//!
//! `BUCKET.<any suffix>` is a bucket's host; an IP address and the bare name `localhost` take the
//! bucket from the path, as the official clients send it then; a host of the service itself, such as
//! `oss-cn-hangzhou.aliyuncs.com`, has no bucket (service document "Endpoints").

use std::net::IpAddr;

use campaign_client::Result;
use campaign_oss::Resource;
use campaign_oss::server::resource_at;
use http::{header, request};

/// A request's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// What it is about.
    pub(super) resource: Resource,
    /// The host, without its port.
    pub(super) host: String,
    /// What stands in the path before a key: `/`, or `/BUCKET/` where the path names the bucket.
    pub(super) base: String,
}

impl Address {
    /// The place of a request.
    ///
    /// # Errors
    /// When the path is not percent-encoded text.
    pub(super) fn of(parts: &request::Parts) -> Result<Self> {
        let named = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = named.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str)).unwrap_or_default();
        Self::at(host, parts.uri.path())
    }

    fn at(host: &str, path: &str) -> Result<Self> {
        let host = without_port(host).to_ascii_lowercase();
        let bucket = bucket_of(&host);
        let base = match bucket {
            Some(_) => "/".to_owned(),
            // The bucket's own slash is never escaped; those of a key may be.
            None => format!("/{}/", path.split('/').nth(1).unwrap_or_default()),
        };
        Ok(Self { resource: resource_at(bucket, path)?, host, base })
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn bucket_of(host: &str) -> Option<&str> {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if address.parse::<IpAddr>().is_ok() {
        return None;
    }
    let (first, rest) = host.split_once('.')?;
    // The service's own hosts: `oss-REGION.aliyuncs.com`, `REGION.oss.aliyuncs.com`, here also `oss.localhost`.
    let own = matches!(rest, "aliyuncs.com" | "oss.aliyuncs.com") || host == "oss.localhost";
    (!own && !first.is_empty()).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str, path: &str) -> (Option<String>, Option<String>, String) {
        let address = Address::at(host, path).unwrap();
        (address.resource.bucket, address.resource.key, address.base)
    }

    fn of(bucket: &str, key: &str, base: &str) -> (Option<String>, Option<String>, String) {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        (some(bucket), some(key), base.to_owned())
    }

    #[test]
    fn a_bucket_is_the_first_label_of_a_name() {
        for host in
            ["site.localhost:8090", "site.oss-cn-hangzhou.aliyuncs.com", "SITE.localhost", "site.oss.localhost:1"]
        {
            assert_eq!(at(host, "/a/b"), of("site", "a/b", "/"), "{host}");
            assert_eq!(at(host, "/"), of("site", "", "/"), "{host}");
        }
    }

    #[test]
    fn a_bucket_is_the_first_part_of_the_path_where_the_host_has_no_name() {
        for host in ["127.0.0.1:8090", "localhost:8090", "localhost", "[::1]:8090", "10.0.0.1", ""] {
            assert_eq!(at(host, "/site/a/b"), of("site", "a/b", "/site/"), "{host}");
            assert_eq!(at(host, "/site/"), of("site", "", "/site/"), "{host}");
            assert_eq!(at(host, "/site"), of("site", "", "/site/"), "{host}");
            assert_eq!(at(host, "/"), of("", "", "//"), "{host}");
        }
    }

    #[test]
    fn the_services_own_hosts_have_no_bucket() {
        for host in [
            "oss-cn-hangzhou.aliyuncs.com",
            "oss-cn-hangzhou-internal.aliyuncs.com",
            "cn-hangzhou.oss.aliyuncs.com",
            "oss.localhost:1",
        ] {
            assert_eq!(at(host, "/").0, None, "{host}");
        }
    }

    #[test]
    fn keys_are_decoded_and_otherwise_left_as_they_are() {
        assert_eq!(at("site.localhost", "/a%2Fb%20c%E6%B4%BB").1.as_deref(), Some("a/b c活"));
        assert_eq!(at("site.localhost", "//a//b/../c/").1.as_deref(), Some("/a//b/../c/"));
        assert_eq!(at("127.0.0.1", "/site//a%2F..").1.as_deref(), Some("/a/.."));
        assert!(Address::at("site.localhost", "/a%ff").is_err());
    }
}
