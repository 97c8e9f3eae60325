//! Which bucket a host name shows.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use campaign_client::Endpoint;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::admin::{Refused, Resource};

/// Every host name that no other domain has.
const ANY: &str = "*";

/// A domain of the CDN.
///
/// ```
/// use campaign_local::cdn::Domain;
///
/// let page = Domain::new("*", "double11-site").ignore_parameters(true);
/// assert_eq!(page.bucket, "double11-site");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Domain {
    /// The host name that is served, without port, or `*` for all that no other domain has.
    pub host: String,
    /// The bucket behind it.
    pub bucket: String,
    /// One thing is kept for all queries of a path, and the origin is asked without a query. False if absent.
    #[serde(default)]
    pub ignore_parameters: bool,
}

/// Why a domain was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadDomain {
    /// The host is no name.
    #[error("the host must be a host name without scheme, port and path, or * for any other name")]
    Host,
    /// The bucket's name is none.
    #[error(
        "a bucket's name is 3 to 63 lower-case letters, digits and hyphens, and neither begins nor ends with a hyphen"
    )]
    Bucket,
    /// Another domain has the host.
    #[error("another domain has this host; remove it first")]
    Taken,
}

impl Domain {
    /// `host` shows `bucket`.
    pub fn new(host: impl Into<String>, bucket: impl Into<String>) -> Self {
        Self { host: host.into(), bucket: bucket.into(), ignore_parameters: false }
    }

    /// Keeps one thing for all queries of a path.
    #[must_use]
    pub fn ignore_parameters(mut self, ignore: bool) -> Self {
        self.ignore_parameters = ignore;
        self
    }

    fn check(&mut self) -> Result<(), BadDomain> {
        self.host.make_ascii_lowercase();
        let host = Endpoint::insecure(&format!("http://{}", self.host));
        if self.host != ANY && !host.is_ok_and(|endpoint| endpoint.host() == self.host) {
            return Err(BadDomain::Host);
        }
        let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let bucket = &self.bucket;
        let ends = bucket.starts_with('-') || bucket.ends_with('-');
        if !(3..=63).contains(&bucket.len()) || ends || !bucket.bytes().all(letters) {
            return Err(BadDomain::Bucket);
        }
        Ok(())
    }
}

/// The domains, changed while they are used; a clone is the same table.
#[derive(Clone, Debug, Default)]
pub struct Domains(Arc<RwLock<BTreeMap<String, Arc<Domain>>>>);

impl Domains {
    /// No domain.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the domain of this name, in place of the one that had it.
    ///
    /// # Errors
    /// [`BadDomain`]; nothing has changed then.
    pub fn set(&self, name: &str, mut domain: Domain) -> Result<(), BadDomain> {
        domain.check()?;
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if table.iter().any(|(other, at)| other != name && at.host == domain.host) {
            return Err(BadDomain::Taken);
        }
        table.insert(name.to_owned(), Arc::new(domain));
        Ok(())
    }

    /// Removes the domain of this name; says whether there was one.
    pub fn remove(&self, name: &str) -> bool {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(name).is_some()
    }

    /// The domain that serves `authority`, a host with or without a port.
    pub(super) fn find(&self, authority: &str) -> Option<Arc<Domain>> {
        let host = host_of(authority).to_ascii_lowercase();
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let with = |host: &str| table.values().find(|domain| domain.host == host).cloned();
        with(&host).or_else(|| with(ANY))
    }
}

/// `authority` without its port.
fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        // The colons of an address in brackets belong to it.
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    }
}

#[async_trait]
impl Resource for Domains {
    fn kind(&self) -> &'static str {
        "domains"
    }

    /// The host is the name in the call if the description has none.
    async fn set(&self, name: &str, value: &Value) -> Result<(), Refused> {
        let mut value = value.clone();
        if let Some(fields) = value.as_object_mut() {
            fields.entry("host").or_insert_with(|| name.into());
        }
        let domain = serde_json::from_value(value).map_err(Refused::new)?;
        Self::set(self, name, domain).map_err(Refused::new)
    }

    async fn remove(&self, name: &str) {
        Self::remove(self, name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_finds_its_own_domain_first_and_then_the_one_for_any() {
        let domains = Domains::new();
        domains.set("any", Domain::new("*", "laptop")).unwrap();
        domains.set("shop", Domain::new("Shop.Example.com", "shop")).unwrap();
        let bucket = |host| domains.find(host).map(|domain| domain.bucket.clone());
        assert_eq!(bucket("shop.example.COM:443").as_deref(), Some("shop"));
        for host in ["127.0.0.1:8091", "[::1]:8091", "[::1]", "localhost"] {
            assert_eq!(bucket(host).as_deref(), Some("laptop"), "{host}");
        }
        domains.remove("any");
        assert_eq!(bucket("127.0.0.1:8091"), None);
    }

    #[test]
    fn a_domain_that_cannot_work_is_refused() {
        let domains = Domains::new();
        domains.set("a", Domain::new("h.example.com", "shop")).unwrap();
        for (host, bucket, why) in [
            ("https://h", "shop", BadDomain::Host),
            ("h:80", "shop", BadDomain::Host),
            ("h/x", "shop", BadDomain::Host),
            ("", "shop", BadDomain::Host),
            ("*.example.com", "shop", BadDomain::Host),
            ("h", "Shop", BadDomain::Bucket),
            ("h", "a.b", BadDomain::Bucket),
            ("h", "-ab", BadDomain::Bucket),
            ("h", "a/../b", BadDomain::Bucket),
            ("H.example.com", "shop", BadDomain::Taken),
        ] {
            assert_eq!(domains.set("b", Domain::new(host, bucket)), Err(why), "{host} {bucket}");
        }
        domains.set("a", Domain::new("h.example.com", "other")).unwrap();
    }
}
