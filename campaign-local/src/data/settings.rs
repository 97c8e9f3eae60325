//! The settings file: made once, kept, never half there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::DataError;

/// The format that this version writes; it counts up when an older version could not use the folder.
pub(super) const FORMAT: u64 = 2;

/// The file in a data folder.
pub(super) const FILE: &str = "campaign-local.json";

/// Bytes beyond which a settings file is not one.
const MOST: u64 = 64 << 10;

/// The ports of the services by name, as they were last listened on. A service that is not in it, because
/// an older version made the folder, has none yet. In the order of the services: the file's checksum sees it.
pub type Ports = IndexMap<String, u16>;

/// What a client needs to know to use this cloud.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The Table Store instance.
    pub instance: String,
    /// The region that signatures name.
    pub region: String,
    /// The key id.
    pub access_key_id: String,
    /// Its secret.
    pub access_key_secret: SecretString,
    /// The bearer token of the management calls.
    pub admin_token: SecretString,
    /// The AppKey that the gateway knows.
    pub app_key: String,
    /// Its AppSecret.
    pub app_secret: SecretString,
    /// The ports, once they have been bound.
    pub ports: Ports,
}

/// The instance of a local cloud.
const INSTANCE: &str = "campaign-local";

/// The region of a local cloud: a real one, for some clients check the name.
const REGION: &str = "cn-hangzhou";

impl Settings {
    /// The settings in a data folder, without opening it: another process may use it meanwhile.
    ///
    /// # Errors
    /// [`DataError`] if there are none, or none that this version can use.
    pub fn of(folder: impl AsRef<Path>) -> Result<Self, DataError> {
        let file = folder.as_ref().join(FILE);
        match read(&file) {
            Ok((settings, false)) => Ok(settings),
            Ok((_, true)) => Err(DataError::Damaged {
                file,
                reason: "an older version wrote it; start the cloud once with this one".to_owned(),
            }),
            Err(unusable) => Err(unusable.into_error(file)),
        }
    }

    /// New keys from the system's random numbers.
    ///
    /// # Errors
    /// When the system has none.
    pub fn generate() -> io::Result<Self> {
        Ok(Self {
            instance: INSTANCE.to_owned(),
            region: REGION.to_owned(),
            access_key_id: format!("LOCAL{}", random_text(15)?),
            access_key_secret: random_text(32)?.into(),
            admin_token: random_text(32)?.into(),
            app_key: app_key()?,
            app_secret: random_text(32)?.into(),
            ports: Ports::new(),
        })
    }
}

/// The file's text. `sum` covers the rest, so that a flipped bit is found rather than used as a key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    format: u64,
    instance: String,
    region: String,
    access_key_id: String,
    access_key_secret: String,
    admin_token: String,
    /// Not in format 1; left out then, so that its checksum holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app_secret: Option<String>,
    ports: Option<Ports>,
    #[serde(default)]
    sum: String,
}

impl Stored {
    fn sum(&self) -> io::Result<String> {
        let without = Self { sum: String::new(), ..self.clone() };
        let text = serde_json::to_vec(&without)?;
        Ok(Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// What was found in place of settings.
pub(super) enum Unusable {
    /// There is no file.
    Absent,
    /// A later version wrote it.
    Newer(u64),
    /// It cannot be trusted.
    Damaged(&'static str),
    /// The system did not let it be read.
    Io(io::Error),
}

impl Unusable {
    /// The same with its file.
    pub(super) fn into_error(self, file: PathBuf) -> DataError {
        match self {
            Self::Absent => DataError::Missing { file },
            Self::Newer(found) => {
                let folder = file.parent().map(Path::to_owned).unwrap_or_default();
                DataError::Newer { folder, found, known: FORMAT }
            }
            Self::Damaged(reason) => DataError::Damaged { file, reason: reason.to_owned() },
            Self::Io(source) => DataError::Io { doing: "reading", path: file, source },
        }
    }
}

/// Reads the settings file. True if it lacked what this version adds, so that it has to be written again.
pub(super) fn read(path: &Path) -> Result<(Settings, bool), Unusable> {
    let meta = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Unusable::Absent),
        Err(error) => return Err(Unusable::Io(error)),
        Ok(meta) => meta,
    };
    if !meta.is_file() || meta.len() > MOST {
        return Err(Unusable::Damaged("it is not a settings file"));
    }
    let text = fs::read(path).map_err(Unusable::Io)?;
    // The format first: a later version may have other fields.
    let json: serde_json::Value = serde_json::from_slice(&text).map_err(|_| Unusable::Damaged("it is not JSON"))?;
    match json.get("format").and_then(serde_json::Value::as_u64) {
        None => return Err(Unusable::Damaged("it has no format")),
        Some(format) if format > FORMAT => return Err(Unusable::Newer(format)),
        Some(_) => {}
    }
    let stored: Stored =
        serde_json::from_slice(&text).map_err(|_| Unusable::Damaged("its fields are not as written"))?;
    if stored.sum().map_err(Unusable::Io)? != stored.sum {
        return Err(Unusable::Damaged("its checksum does not hold"));
    }
    let (app_key, app_secret, lacking) = match (stored.app_key, stored.app_secret) {
        (Some(key), Some(secret)) => (key, secret, false),
        _ => (app_key().map_err(Unusable::Io)?, random_text(32).map_err(Unusable::Io)?, true),
    };
    let settings = Settings {
        instance: stored.instance,
        region: stored.region,
        access_key_id: stored.access_key_id,
        access_key_secret: stored.access_key_secret.into(),
        admin_token: stored.admin_token.into(),
        app_key,
        app_secret: app_secret.into(),
        ports: stored.ports.unwrap_or_default(),
    };
    Ok((settings, lacking))
}

/// Writes the settings file: the old one or the new one is there, whenever the power goes.
pub(super) fn write(path: &Path, settings: &Settings) -> io::Result<()> {
    let mut stored = Stored {
        format: FORMAT,
        instance: settings.instance.clone(),
        region: settings.region.clone(),
        access_key_id: settings.access_key_id.clone(),
        access_key_secret: settings.access_key_secret.expose_secret().to_owned(),
        admin_token: settings.admin_token.expose_secret().to_owned(),
        app_key: Some(settings.app_key.clone()),
        app_secret: Some(settings.app_secret.expose_secret().to_owned()),
        ports: Some(settings.ports.clone()),
        sum: String::new(),
    };
    stored.sum = stored.sum()?;
    let mut text = serde_json::to_vec_pretty(&stored)?;
    text.push(b'\n');
    write_secret(path, &text)
}

fn write_secret(path: &Path, text: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    // One left over from a cut-off run might have another mode.
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    crate::store::sync_folder_of(path)
}

/// An AppKey looks like a number of nine digits.
fn app_key() -> io::Result<String> {
    Ok(format!("2{}", random(b"0123456789", 8)?))
}

/// `length` letters and digits, each of 62 with the same chance.
fn random_text(length: usize) -> io::Result<String> {
    random(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", length)
}

/// `length` of the letters, each with the same chance.
fn random(letters: &[u8], length: usize) -> io::Result<String> {
    let mut text = String::with_capacity(length);
    let mut byte = [0];
    // The largest multiple of their number in a byte.
    let fair = 256 / letters.len() * letters.len();
    while text.len() < length {
        getrandom::fill(&mut byte).map_err(io::Error::other)?;
        let place = usize::from(byte[0]);
        if place < fair {
            text.push(char::from(letters[place % letters.len()]));
        }
    }
    Ok(text)
}
