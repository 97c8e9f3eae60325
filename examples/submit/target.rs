//! Where the gateway is, and whose request it is.

use std::{fs, path::PathBuf};

use campaign_client::Credentials;
use campaign_local::data::Settings;
use clap::Args;
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use crate::BoxError;

/// The environment's names for the APP. A secret on the command line would be seen by every user of the machine.
const KEY: &str = "CAMPAIGN_APP_KEY";
const SECRET: &str = "CAMPAIGN_APP_SECRET";

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Target {
    /// The gateway, such as `https://api.example.com`; the APP comes from the environment.
    #[arg(long, value_name = "URL")]
    gateway: Option<String>,

    /// The data folder of a local cloud that runs, such as `campaign-data` of `launch`; it knows the APP too.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// The file with the ready line of a running campaign-local; it knows the APP too.
    #[arg(long, value_name = "READY.json")]
    cloud: Option<PathBuf>,
}

/// What is read of a ready line. It holds a secret, so it has no `Debug`.
#[derive(Deserialize)]
struct Ready {
    gateway: String,
    app_key: String,
    app_secret: String,
}

impl Target {
    /// The gateway's address, and the APP. One in the environment goes before that of a local cloud.
    pub(crate) fn open(&self) -> Result<(String, Credentials), BoxError> {
        let own = environment()?;
        let (endpoint, credentials) = match (&self.gateway, &self.data, &self.cloud) {
            (Some(gateway), ..) => (gateway.clone(), None),
            (None, Some(folder), _) => {
                let settings = Settings::of(folder)?;
                let port = settings
                    .ports
                    .get("gateway")
                    .ok_or_else(|| format!("{}: the cloud of this folder was never started", folder.display()))?;
                let app = Credentials::new(settings.app_key.as_str(), settings.app_secret.expose_secret());
                (format!("http://127.0.0.1:{port}"), Some(app))
            }
            (None, None, Some(file)) => {
                let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
                let text = fs::read_to_string(file).map_err(|error| named(&error))?;
                // serde_json's own text would show a piece of the line, which holds keys.
                let ready: Ready =
                    serde_json::from_str(&text).map_err(|_| named(&"it is not the ready line of campaign-local"))?;
                (ready.gateway, Some(Credentials::new(ready.app_key, ready.app_secret)))
            }
            (None, None, None) => return Err("give --gateway, --data or --cloud".into()),
        };
        let credentials = own.or(credentials);
        let credentials = credentials.ok_or_else(|| format!("set {KEY} and {SECRET} in the environment"))?;
        Ok((endpoint, credentials))
    }
}

/// The APP of the environment; half of one is an error.
fn environment() -> Result<Option<Credentials>, BoxError> {
    let variable = |name: &str| match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(Some(value)),
        Ok(_) | Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("{name} is not text")),
    };
    match (variable(KEY)?, variable(SECRET)?) {
        (Some(key), Some(secret)) => Ok(Some(Credentials::new(key, secret))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(format!("{KEY} is set and {SECRET} is not").into()),
        (None, Some(_)) => Err(format!("{SECRET} is set and {KEY} is not").into()),
    }
}
