//! What Function Compute says about a request beside the request itself.

use std::fmt;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName};
use secrecy::{ExposeSecret, SecretString};

use crate::{BadEvent, header};

/// The keys of the function's role, valid for this request and some time after.
///
/// They come with every request because they change while an instance lives: a client should take
/// them from here, not from the environment, where they go stale.
#[derive(Clone)]
pub struct Credentials {
    access_key_id: String,
    access_key_secret: SecretString,
    security_token: SecretString,
}

impl Credentials {
    /// Keys as a role's have three parts.
    pub fn new(
        access_key_id: impl Into<String>,
        access_key_secret: impl Into<SecretString>,
        security_token: impl Into<SecretString>,
    ) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            access_key_secret: access_key_secret.into(),
            security_token: security_token.into(),
        }
    }

    /// The access key id.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The secret of the key.
    #[must_use]
    pub fn access_key_secret(&self) -> &SecretString {
        &self.access_key_secret
    }

    /// The security token that goes with the key.
    #[must_use]
    pub fn security_token(&self) -> &SecretString {
        &self.security_token
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}

/// What is known about a request; in the extensions of the request given to the handler.
///
/// ```
/// # fn example(request: http::Request<bytes::Bytes>) -> Result<(), campaign_fc::BadEvent> {
/// let context: &campaign_fc::Context = request.extensions().get().expect("run puts it there");
/// let keys = context.credentials()?;
/// println!("{} asked with {}", context.request_id(), keys.access_key_id().len());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Context {
    request_id: String,
    function_name: String,
    region: String,
    account_id: String,
    qualifier: String,
    memory_mb: Option<u32>,
    timeout: Option<Duration>,
    deadline: Option<SystemTime>,
    credentials: Option<Credentials>,
}

impl Context {
    /// Moves the context out of a request's headers: afterwards the three headers with keys are
    /// gone from `headers`. `now` is when the request arrived.
    ///
    /// # Errors
    /// [`BadEvent`] if a number is none or the deadline is over. The keys are gone then too.
    pub fn take(headers: &mut HeaderMap, now: SystemTime) -> Result<Self, BadEvent> {
        let credentials = take_credentials(headers);
        let timeout = number(headers, &header::FUNCTION_TIMEOUT, "x-fc-function-timeout")?.map(Duration::from_secs);
        let deadline = number(headers, &header::FUNCTION_DEADLINE, "x-fc-function-deadline")?
            .map(|ms| {
                SystemTime::UNIX_EPOCH
                    .checked_add(Duration::from_millis(ms))
                    .ok_or(BadEvent::NotANumber("x-fc-function-deadline"))
            })
            .transpose()?;
        if deadline.is_some_and(|deadline| deadline <= now) {
            return Err(BadEvent::DeadlineOver);
        }
        let memory = number(headers, &header::FUNCTION_MEMORY, "x-fc-function-memory")?;
        Ok(Self {
            request_id: text(headers, &header::REQUEST_ID),
            function_name: text(headers, &header::FUNCTION_NAME),
            region: text(headers, &header::REGION),
            account_id: text(headers, &header::ACCOUNT_ID),
            qualifier: text(headers, &header::QUALIFIER),
            memory_mb: memory
                .map(|mb| u32::try_from(mb).map_err(|_| BadEvent::NotANumber("x-fc-function-memory")))
                .transpose()?,
            timeout,
            deadline: deadline.or_else(|| timeout.and_then(|timeout| now.checked_add(timeout))),
            credentials,
        })
    }

    /// Id of the request, empty if Function Compute did not send one.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Name of the function, empty if unknown.
    #[must_use]
    pub fn function_name(&self) -> &str {
        &self.function_name
    }

    /// Region, for example `cn-hangzhou`, empty if unknown.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Id of the account that owns the function, empty if unknown.
    #[must_use]
    pub fn account_id(&self) -> &str {
        &self.account_id
    }

    /// Version or alias by which the function was called, empty if unknown.
    #[must_use]
    pub fn qualifier(&self) -> &str {
        &self.qualifier
    }

    /// Memory of the instance in MB.
    #[must_use]
    pub fn memory_mb(&self) -> Option<u32> {
        self.memory_mb
    }

    /// Time limit of one invocation.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// When Function Compute gives the request up: the time it says, else arrival plus time limit.
    ///
    /// # Errors
    /// [`BadEvent::NoDeadline`] if the request tells neither.
    pub fn deadline(&self) -> Result<SystemTime, BadEvent> {
        self.deadline.ok_or(BadEvent::NoDeadline)
    }

    /// The keys of the function's role.
    ///
    /// # Errors
    /// [`BadEvent::NoCredentials`] if the function has no role.
    pub fn credentials(&self) -> Result<&Credentials, BadEvent> {
        self.credentials.as_ref().ok_or(BadEvent::NoCredentials)
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// An absent or empty header is no number; digits only, so no sign and no space.
fn number(headers: &HeaderMap, name: &HeaderName, spelled: &'static str) -> Result<Option<u64>, BadEvent> {
    let Some(value) = headers.get(name).filter(|value| !value.is_empty()) else { return Ok(None) };
    value
        .to_str()
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .map(Some)
        .ok_or(BadEvent::NotANumber(spelled))
}

fn take_credentials(headers: &mut HeaderMap) -> Option<Credentials> {
    // All three are removed before the first is looked at: half a set must not stay behind either.
    let mut take = |name| remove_all(headers, name);
    let (id, secret, token) =
        (take(&header::ACCESS_KEY_ID), take(&header::ACCESS_KEY_SECRET), take(&header::SECURITY_TOKEN));
    let (id, secret, token) = (id?, secret?, token?);
    Some(Credentials { access_key_id: id.expose_secret().to_owned(), access_key_secret: secret, security_token: token })
}

fn remove_all(headers: &mut HeaderMap, name: &HeaderName) -> Option<SecretString> {
    let value = headers.remove(name)?;
    value.to_str().ok().filter(|text| !text.is_empty()).map(SecretString::from)
}
