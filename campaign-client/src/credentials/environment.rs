//! Credentials from environment variables.

use std::{env::VarError, ffi::OsString};

use async_trait::async_trait;

use super::{Credentials, CredentialsError, ProvideCredentials};

const ID: &str = "ALIBABA_CLOUD_ACCESS_KEY_ID";
const SECRET: &str = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";
const TOKEN: &str = "ALIBABA_CLOUD_SECURITY_TOKEN";

/// Reads `ALIBABA_CLOUD_ACCESS_KEY_ID`, `ALIBABA_CLOUD_ACCESS_KEY_SECRET` and, if set,
/// `ALIBABA_CLOUD_SECURITY_TOKEN`, the names that Alibaba Cloud's own clients use.
///
/// ```no_run
/// use campaign_client::credentials::Environment;
///
/// let credentials = Environment::read()?;
/// # Ok::<(), campaign_client::CredentialsError>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Environment;

impl Environment {
    /// Reads the variables of this process.
    ///
    /// # Errors
    /// If id or secret is missing, empty or not Unicode.
    pub fn read() -> Result<Credentials, CredentialsError> {
        Self::read_from(|name| match std::env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(value)) => Err(value),
        })
    }

    /// Reads variables through `get`, which gives `Err` for a value that is not Unicode.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_from(get: impl Fn(&str) -> Result<Option<String>, OsString>) -> Result<Credentials, CredentialsError> {
        let read = |name: &'static str| match get(name) {
            Ok(Some(value)) if value.is_empty() => Err(error(format!("{name} is set but empty"))),
            Ok(value) => Ok(value),
            Err(_) => Err(error(format!("{name} is not valid Unicode"))),
        };
        let need =
            |name: &'static str| read(name)?.ok_or_else(|| error(format!("{name} is not set; set {ID} and {SECRET}")));
        let (id, secret) = (need(ID)?, need(SECRET)?);
        if !id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(error(format!("{ID} holds characters that no AccessKey id has")));
        }
        Ok(match read(TOKEN)? {
            Some(token) => Credentials::temporary(id, secret, token, None),
            None => Credentials::new(id, secret),
        })
    }
}

fn error(message: String) -> CredentialsError {
    CredentialsError::new("environment variables", message)
}

#[async_trait]
impl ProvideCredentials for Environment {
    async fn credentials(&self, _refused: Option<&Credentials>) -> Result<Credentials, CredentialsError> {
        Self::read()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<Credentials, String> {
        Environment::read_from(|name| Ok(vars.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())))
            .map_err(|e| e.to_string())
    }

    #[test]
    fn id_and_secret_make_credentials_and_a_token_makes_them_temporary() {
        let key = read(&[(ID, "id"), (SECRET, "s")]).unwrap();
        assert_eq!((key.access_key_id(), key.secret(), key.token()), ("id", "s", None));
        let key = read(&[(ID, "id"), (SECRET, "s"), (TOKEN, "t")]).unwrap();
        assert_eq!(key.token(), Some("t"));
    }

    #[test]
    fn half_set_or_empty_is_an_error_that_names_the_variable() {
        assert!(read(&[(ID, "id")]).unwrap_err().contains(SECRET));
        assert!(read(&[(ID, ""), (SECRET, "CANARY")]).unwrap_err().contains("ACCESS_KEY_ID is set but empty"));
        assert!(read(&[]).unwrap_err().contains("is not set"));
    }

    #[test]
    fn a_value_that_is_not_unicode_is_an_error_without_the_value() {
        let error = Environment::read_from(|_| Err(OsString::from("CANARY"))).unwrap_err().to_string();
        assert!(error.contains("not valid Unicode") && !error.contains("CANARY"), "{error}");
    }
}
