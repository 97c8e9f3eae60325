//! Credentials from a profile of the shared credentials file.

use std::{
    ffi::OsString,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use secrecy::zeroize::Zeroizing;

use super::{Credentials, CredentialsError, ProvideCredentials};

const FILE: &str = "ALIBABA_CLOUD_CREDENTIALS_FILE";
const NAME: &str = "ALIBABA_CLOUD_PROFILE";
/// Where Alibaba Cloud's clients look, below the home folder: Node's name, then Python's.
const PLACES: [&str; 2] = [".alibabacloud/credentials", ".alibabacloud/credentials.ini"];
/// A credentials file is a few lines. More is a mistake, and is not read.
const MAX_BYTES: u64 = 64 << 10;

/// Reads one section of an INI file with `type = access_key`, `access_key_id`,
/// `access_key_secret` and, if temporary, `security_token`, as Alibaba Cloud's own clients do.
/// A value ends at `#`.
///
/// It is read anew on each call; wrap it into [`Cached`](super::Cached) if that is too often.
///
/// ```no_run
/// use campaign_client::credentials::Profile;
///
/// let credentials = Profile::from_environment()?.read()?;
/// # Ok::<(), campaign_client::CredentialsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    path: PathBuf,
    name: String,
}

impl Profile {
    /// The profile `name` of the file at `path`.
    pub fn new(path: impl Into<PathBuf>, name: impl Into<String>) -> Self {
        Self { path: path.into(), name: name.into() }
    }

    /// The file that `ALIBABA_CLOUD_CREDENTIALS_FILE` names, or the one in the home folder, and the
    /// profile that `ALIBABA_CLOUD_PROFILE` names, or `default`.
    ///
    /// # Errors
    /// If a variable is empty or not Unicode, or there is no file.
    pub fn from_environment() -> Result<Self, CredentialsError> {
        let name = match std::env::var_os(NAME) {
            None => "default".to_owned(),
            Some(name) => match name.into_string() {
                Ok(name) if !name.is_empty() => name,
                _ => return Err(error(format!("{NAME} is set but empty or not Unicode"))),
            },
        };
        let set = |value: OsString| (!value.is_empty()).then(|| PathBuf::from(value));
        if let Some(value) = std::env::var_os(FILE) {
            let path = set(value).ok_or_else(|| error(format!("{FILE} is set but empty")))?;
            return Ok(Self { path, name });
        }
        let home = std::env::home_dir().ok_or_else(|| error(format!("there is no home folder; set {FILE}")))?;
        let path = PLACES.iter().map(|place| home.join(place)).find(|path| path.exists());
        let path = path.ok_or_else(|| error(format!("there is no ~/{}; make it or set {FILE}", PLACES[0])))?;
        Ok(Self { path, name })
    }

    /// Reads the file. One that others may read is used, with a warning in the log.
    ///
    /// # Errors
    /// If the file cannot be read, is longer than 64 KiB, or its profile is missing or incomplete.
    /// The error names the line, never what stands in it.
    pub fn read(&self) -> Result<Credentials, CredentialsError> {
        let failed = |what: &str| error(format!("{what} {}", self.path.display()));
        let file = File::open(&self.path).map_err(|e| failed("cannot open").with_source(e))?;
        let metadata = file.metadata().map_err(|e| failed("cannot look at").with_source(e))?;
        if metadata.len() > MAX_BYTES {
            return Err(failed("more than 64 KiB, so not a credentials file:"));
        }
        warn_if_open(&self.path, &metadata);
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1));
        // A file without an end (a device) has no length to go by.
        let read =
            file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| failed("cannot read").with_source(e))?;
        if read as u64 > MAX_BYTES {
            return Err(failed("more than 64 KiB, so not a credentials file:"));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| failed("not UTF-8 text:"))?;
        self.parse(text.strip_prefix('\u{feff}').unwrap_or(text))
    }

    fn parse(&self, text: &str) -> Result<Credentials, CredentialsError> {
        let mut inside = false;
        let (mut kind, mut id, mut secret, mut token) = (None, None, None, None);
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or("").trim();
            if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                inside = section.trim() == self.name;
                continue;
            }
            if line.is_empty() || line.starts_with(';') || !inside {
                continue;
            }
            let wrong =
                || error(format!("line {} of {} is not `name = value` in plain text", number + 1, self.path.display()));
            let (name, value) = line.split_once('=').ok_or_else(wrong)?;
            let value = value.trim();
            if value.chars().any(char::is_control) {
                return Err(wrong());
            }
            match name.trim() {
                "type" => kind = Some(value),
                "access_key_id" => id = Some(value),
                "access_key_secret" => secret = Some(value),
                "security_token" => token = Some(value),
                _ => {}
            }
        }
        let profile = || format!("profile [{}] of {}", self.name, self.path.display());
        if !matches!(kind, None | Some("access_key" | "sts")) {
            return Err(error(format!("{} has a type other than access_key, which is not supported", profile())));
        }
        let need = |value: Option<&'_ str>, name: &str| match value {
            Some(value) if !value.is_empty() => Ok(value.to_owned()),
            _ => Err(error(format!("{} has no {name}", profile()))),
        };
        let (id, secret) = (need(id, "access_key_id")?, need(secret, "access_key_secret")?);
        Ok(match token {
            Some(_) => Credentials::temporary(id, secret, need(token, "security_token")?, None),
            None => Credentials::new(id, secret),
        })
    }
}

#[cfg(unix)]
fn warn_if_open(path: &Path, metadata: &std::fs::Metadata) {
    use std::os::unix::fs::PermissionsExt;
    if metadata.permissions().mode() & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "other users may read this credentials file; chmod 600 it");
    }
}

#[cfg(not(unix))]
fn warn_if_open(_: &Path, _: &std::fs::Metadata) {}

fn error(message: String) -> CredentialsError {
    CredentialsError::new("a credentials file", message)
}

#[async_trait]
impl ProvideCredentials for Profile {
    async fn credentials(&self, _refused: Option<&Credentials>) -> Result<Credentials, CredentialsError> {
        let this = self.clone();
        let read = tokio::task::spawn_blocking(move || this.read()).await;
        read.unwrap_or_else(|_| Err(error("reading was cancelled".to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, name: &str) -> Result<Credentials, String> {
        Profile::new("file", name).parse(text).map_err(|e| e.to_string())
    }

    #[test]
    fn the_named_section_is_read_and_comments_are_not() {
        let text = "; a comment\n[default]\ntype = access_key # the plain one\naccess_key_id = one\naccess_key_secret=two\n\
                    [other]\naccess_key_id=three\naccess_key_secret=four\nsecurity_token=five\n";
        let key = parse(text, "default").unwrap();
        assert_eq!((key.access_key_id(), key.secret(), key.token()), ("one", "two", None));
        let key = parse(text, "other").unwrap();
        assert_eq!((key.access_key_id(), key.secret(), key.token()), ("three", "four", Some("five")));
    }

    #[test]
    fn what_is_missing_or_unsupported_is_named() {
        assert!(parse("[default]\naccess_key_id=a\n", "default").unwrap_err().contains("no access_key_secret"));
        assert!(
            parse("[default]\naccess_key_id=\naccess_key_secret=b\n", "default")
                .unwrap_err()
                .contains("no access_key_id")
        );
        assert!(parse("", "mine").unwrap_err().contains("profile [mine]"));
        assert!(parse("[default]\ntype=ram_role_arn\n", "default").unwrap_err().contains("not supported"));
    }

    #[test]
    fn an_error_names_the_line_and_not_its_text() {
        for line in ["access_key_secret=CANARY\u{1}", "CANARY"] {
            let message = parse(&format!("[default]\n{line}"), "default").unwrap_err();
            assert!(message.contains("line 2") && !message.contains("CANARY"), "{message}");
        }
    }
}
