//! Whose requests they are, and where that comes from.

mod cached;
mod environment;
mod profile;

use std::{error::Error as StdError, fmt, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

pub use self::{cached::Cached, environment::Environment, profile::Profile};

/// An AccessKey pair, with a token if it is temporary; or nobody.
///
/// A cheap clone of one value. `Debug` shows the key id's last four characters and no secret.
///
/// ```
/// use campaign_client::Credentials;
///
/// let key = Credentials::new("LTAI5tExampleExample", "not-shown");
/// assert_eq!(format!("{key:?}"), r#"Credentials { access_key_id: "…mple", secret: "***" }"#);
/// ```
#[derive(Clone)]
pub struct Credentials(Option<Arc<Pair>>);

struct Pair {
    access_key_id: String,
    secret: SecretString,
    token: Option<SecretString>,
    expires: Option<DateTime<Utc>>,
}

impl Credentials {
    /// A lasting AccessKey pair.
    pub fn new(access_key_id: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self(Some(Arc::new(Pair {
            access_key_id: access_key_id.into(),
            secret: secret.into(),
            token: None,
            expires: None,
        })))
    }

    /// A temporary AccessKey pair with the token of the Security Token Service.
    pub fn temporary(
        access_key_id: impl Into<String>,
        secret: impl Into<SecretString>,
        token: impl Into<SecretString>,
        expires: Option<DateTime<Utc>>,
    ) -> Self {
        Self(Some(Arc::new(Pair {
            access_key_id: access_key_id.into(),
            secret: secret.into(),
            token: Some(token.into()),
            expires,
        })))
    }

    /// Nobody: requests go unsigned.
    #[must_use]
    pub const fn anonymous() -> Self {
        Self(None)
    }

    /// True if requests go unsigned.
    #[must_use]
    pub const fn is_anonymous(&self) -> bool {
        self.0.is_none()
    }

    /// The AccessKey id; empty for nobody.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        self.0.as_ref().map_or("", |pair| &pair.access_key_id)
    }

    /// The secret, for making a signature; empty for nobody. Do not print it.
    #[must_use]
    pub fn secret(&self) -> &str {
        self.0.as_ref().map_or("", |pair| pair.secret.expose_secret())
    }

    /// The token of temporary credentials, for a request's header. Do not print it.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.0.as_ref().and_then(|pair| pair.token.as_ref()).map(ExposeSecret::expose_secret)
    }

    /// When they end, if they do.
    #[must_use]
    pub fn expires(&self) -> Option<DateTime<Utc>> {
        self.0.as_ref().and_then(|pair| pair.expires)
    }

    /// True if both are the same value or the same key, secret and token.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(a), Some(b)) => {
                Arc::ptr_eq(a, b)
                    || (a.access_key_id == b.access_key_id
                        && self.secret() == other.secret()
                        && self.token() == other.token())
            }
            _ => false,
        }
    }

    /// True if `other` is a clone of this very value: what a service's cache of derived keys asks.
    #[must_use]
    pub fn is_clone_of(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(pair) = &self.0 else { return f.write_str("Credentials(anonymous)") };
        let id = &pair.access_key_id;
        // Never more than a quarter of it, whatever was put there by mistake.
        let shown = (id.chars().count() / 4).min(4);
        let tail: String = id.chars().skip(id.chars().count() - shown).collect();
        let mut debug = f.debug_struct("Credentials");
        debug.field("access_key_id", &format!("…{tail}")).field("secret", &"***");
        if pair.token.is_some() {
            debug.field("token", &"***");
        }
        if let Some(expires) = pair.expires {
            debug.field("expires", &expires);
        }
        debug.finish()
    }
}

/// Why there are no credentials. It names the provider and what is missing, never a value.
#[derive(Debug, Clone)]
pub struct CredentialsError {
    provider: &'static str,
    message: Arc<str>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl CredentialsError {
    /// `provider` cannot give credentials; `message` says what is missing and what to do.
    pub fn new(provider: &'static str, message: impl Into<String>) -> Self {
        Self { provider, message: message.into().into(), source: None }
    }

    /// The same with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// The provider that failed.
    #[must_use]
    pub const fn provider(&self) -> &'static str {
        self.provider
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "credentials from {}: {}", self.provider, self.message)
    }
}

impl StdError for CredentialsError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// Where credentials come from.
///
/// Called before each attempt. Wrap one that has to ask somebody into [`Cached`].
#[async_trait]
pub trait ProvideCredentials: fmt::Debug + Send + Sync + 'static {
    /// The credentials to sign with. `refused` are those that the service has just called expired
    /// or unknown: they must not be given again if there are others to be had.
    ///
    /// # Errors
    /// If there are none, or none that are complete. A source that is half set is an error and
    /// never skipped.
    async fn credentials(&self, refused: Option<&Credentials>) -> Result<Credentials, CredentialsError>;
}

/// Credentials that never change.
#[async_trait]
impl ProvideCredentials for Credentials {
    async fn credentials(&self, _refused: Option<&Self>) -> Result<Self, CredentialsError> {
        Ok(self.clone())
    }
}

#[async_trait]
impl<P: ProvideCredentials + ?Sized> ProvideCredentials for Arc<P> {
    async fn credentials(&self, refused: Option<&Credentials>) -> Result<Credentials, CredentialsError> {
        (**self).credentials(refused).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret_and_a_quarter_of_the_id_at_most() {
        let canary = "CANARY-5c1d";
        let shown =
            format!("{:?} {:?}", Credentials::temporary(canary, canary, canary, None), Credentials::new("ab", canary));
        assert!(!shown.contains("CANARY") && !shown.contains("5c1d"), "{shown}");
        assert!(shown.contains("…1d"), "{shown}");
    }

    #[test]
    fn the_same_key_is_the_same_and_a_clone_is_a_clone() {
        let one = Credentials::new("id", "secret");
        let two = Credentials::new("id", "secret");
        assert!(one.same(&two) && !one.is_clone_of(&two) && one.is_clone_of(&one.clone()));
        assert!(!one.same(&Credentials::new("id", "other")) && !one.same(&Credentials::anonymous()));
    }
}
