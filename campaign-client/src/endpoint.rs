//! Where a service answers.

use std::{fmt, net::IpAddr, str::FromStr};

use http::{
    Uri,
    uri::{self, Authority, PathAndQuery, Scheme},
};

use crate::{Error, Result};

/// The scheme, host and port of a service.
///
/// Plain `http` is only taken for a loopback address: a signature does not hide a body.
/// [`Endpoint::insecure`] takes it for any host.
///
/// ```
/// use campaign_client::Endpoint;
///
/// let endpoint: Endpoint = "https://campaign.cn-hangzhou.ots.aliyuncs.com".parse()?;
/// assert_eq!(endpoint.host(), "campaign.cn-hangzhou.ots.aliyuncs.com");
/// assert!("http://campaign.cn-hangzhou.ots.aliyuncs.com".parse::<Endpoint>().is_err());
/// assert!("http://127.0.0.1:8087".parse::<Endpoint>().is_ok());
/// # Ok::<(), campaign_client::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    scheme: Scheme,
    authority: Authority,
}

impl Endpoint {
    /// Parses an endpoint: `https`, or `http` on loopback, host and optional port, nothing else.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) that says what is wrong with it.
    pub fn new(text: &str) -> Result<Self> {
        let endpoint = Self::insecure(text)?;
        if endpoint.is_https() || endpoint.is_loopback() {
            return Ok(endpoint);
        }
        Err(bad(
            "plain http would show every entry on the way: use https, or Endpoint::insecure if the network is trusted",
        ))
    }

    /// Parses an endpoint and takes plain `http` for any host, for a private network.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) that says what is wrong with it.
    pub fn insecure(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(bad("it is empty; give for example https://INSTANCE.REGION.ots.aliyuncs.com"));
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(bad("only visible ASCII characters are allowed; give a foreign name in its xn-- form"));
        }
        let uri = Uri::from_str(text).map_err(|e| bad("it is not a URL").with_source(e))?;
        let parts = uri.into_parts();
        let scheme = parts.scheme.ok_or_else(|| bad("the scheme is missing; begin with https://"))?;
        if scheme != Scheme::HTTPS && scheme != Scheme::HTTP {
            return Err(bad("only https and http are spoken"));
        }
        let authority = parts.authority.ok_or_else(|| bad("the host is missing"))?;
        if authority.as_str().contains('@') {
            return Err(bad("user and password do not belong into an endpoint"));
        }
        let path = parts.path_and_query.as_ref().map_or("/", PathAndQuery::as_str);
        if path != "/" || text.contains('#') || text.contains('?') {
            return Err(bad("it ends with the host and port: no path, no query"));
        }
        let host = authority.host();
        let port = authority.as_str()[host.len()..].strip_prefix(':');
        if host.is_empty() || port.is_some_and(|port| port.parse::<u16>().unwrap_or(0) == 0) {
            return Err(bad("the host is empty or the port is not a number from 1 to 65535"));
        }
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        if bare.parse::<IpAddr>().is_err() && !is_name(host) {
            return Err(bad("the host is neither a name nor an address"));
        }
        Ok(Self { scheme, authority })
    }

    /// The host, without port.
    #[must_use]
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// Host and port as the `Host` header shows them.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// True for `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// True if it stays on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host() == "localhost" || self.address().is_some_and(|ip| ip.is_loopback())
    }

    /// The endpoint whose host is `label` before this one's, for services that name a resource there.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if `label` is not one label of a host name (letters, digits,
    /// hyphens and underscores, 1 to 63) or this host is an address.
    pub fn subdomain(&self, label: &str) -> Result<Self> {
        if !is_label(label) || self.is_address() {
            return Err(Error::invalid("a name before the host needs a host name and is one label of it"));
        }
        let authority = Authority::try_from([label, ".", self.authority()].concat())
            .map_err(|e| Error::invalid("the name cannot stand before the host").with_source(e))?;
        Ok(Self { scheme: self.scheme.clone(), authority })
    }

    /// True if the host is an IP address and not a name.
    #[must_use]
    pub fn is_address(&self) -> bool {
        self.address().is_some()
    }

    fn address(&self) -> Option<IpAddr> {
        let host = self.host();
        host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host).parse().ok()
    }

    /// The URI of `path_and_query`, which is already encoded for the wire.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if it is no path.
    pub fn uri(&self, path_and_query: &str) -> Result<Uri> {
        let path = PathAndQuery::from_str(path_and_query)
            .map_err(|e| Error::invalid("the path cannot be sent").with_source(e))?;
        self.uri_of(path)
    }

    /// The URI of a path and query that were parsed before.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if both together are no URI.
    pub fn uri_of(&self, path: PathAndQuery) -> Result<Uri> {
        let mut parts = uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).map_err(|e| Error::invalid("the path cannot be sent").with_source(e))
    }
}

fn is_name(host: &str) -> bool {
    host.len() <= 253 && host.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn bad(why: &'static str) -> Error {
    Error::invalid(format!("the endpoint cannot be used: {why}"))
}

impl FromStr for Endpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::new(text)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_with_or_without_port_is_taken() {
        for text in [
            "https://campaign.cn-hangzhou.ots.aliyuncs.com",
            "https://campaign.cn-hangzhou.ots.aliyuncs.com:443/",
            "http://127.0.0.1:8087",
            "http://[::1]:8087",
            "http://localhost",
        ] {
            text.parse::<Endpoint>().unwrap_or_else(|e| panic!("{text}: {e}"));
        }
    }

    #[test]
    fn everything_else_is_refused_with_a_reason() {
        for text in [
            "",
            "oss-cn-hangzhou.aliyuncs.com",
            "https://oss-cn-hangzhou.aliyuncs.com/x",
            "https://h?q=1",
            "https://h#f",
            "https://u:p@h",
            "ftp://h",
            " https://h ",
            "https://oss-cn-h\u{430}ngzhou.aliyuncs.com",
            "https://h:0",
            "https://h:",
            "https://h:99999",
            "https://-h",
            "https://h..i",
            "https://",
            "http://oss-cn-hangzhou.aliyuncs.com",
            "http://127.0.0.1.example.com",
        ] {
            let error = text.parse::<Endpoint>().expect_err(text);
            assert_eq!(error.kind(), crate::ErrorKind::Invalid, "{text}");
            assert!(error.to_string().starts_with("the endpoint cannot be used: "), "{error}");
        }
        assert!(Endpoint::insecure("http://ots.internal").is_ok());
    }

    #[test]
    fn a_name_stands_before_a_host_name_and_before_no_address() {
        let at = |text: &str| Endpoint::insecure(text).unwrap();
        let site = at("http://localhost:8087").subdomain("site").unwrap();
        assert_eq!(site.authority(), "site.localhost:8087");
        for label in ["", "a.b", "a/b", "a@b", "-a", "a:1"] {
            assert!(at("http://localhost").subdomain(label).is_err(), "{label}");
        }
        assert!(at("http://127.0.0.1").subdomain("site").is_err() && at("http://[::1]:1").subdomain("site").is_err());
    }

    #[test]
    fn a_path_is_kept_as_it_is_encoded() {
        let endpoint: Endpoint = "http://127.0.0.1:1".parse().unwrap();
        assert_eq!(endpoint.uri("/a%2Fb?c=%20").unwrap(), "http://127.0.0.1:1/a%2Fb?c=%20");
        assert!(endpoint.uri("no path").is_err());
    }
}
