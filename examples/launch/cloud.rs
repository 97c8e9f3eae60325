//! The cloud in use: where it is, its keys, its management calls.

use std::{
    fs,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use campaign_cdn::Cdn;
use campaign_client::{Body, Client, Credentials, Retry, Service, Transport, transport::Hyper};
use campaign_core::Campaign;
use campaign_local::fault::FaultPlan;
use campaign_oss::Oss;
use campaign_tablestore::TableStore;
use http::{
    Method, Request, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::BoxError;

/// The campaign's pepper in a data folder.
pub(crate) const PEPPER: &str = "campaign.pepper";
/// How long a management call is tried, while the cloud is being started again.
const TRIES: u32 = 60;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(500);
/// How long one try may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer of a management call in bytes.
const MAX_ANSWER: u64 = 4 << 20;

/// The ready line of campaign-local. It holds secrets, so it has no `Debug`.
#[derive(Clone, Deserialize)]
pub(crate) struct Ready {
    pub(crate) tablestore: String,
    pub(crate) gateway: String,
    pub(crate) admin: String,
    pub(crate) oss: String,
    pub(crate) cdn: String,
    pub(crate) openapi: String,
    pub(crate) admin_token: String,
    pub(crate) access_key_id: String,
    pub(crate) access_key_secret: String,
    pub(crate) instance: String,
    pub(crate) region: String,
    /// The cloud's data folder.
    data: Option<PathBuf>,
}

/// `SEED:PERCENT` of the command line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Faults {
    pub(crate) seed: u64,
    percent: u8,
}

impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once(':').and_then(|(seed, percent)| Some((seed.parse().ok()?, percent.parse().ok()?)));
        match parsed {
            Some((seed, percent @ 0..=100)) => Ok(Self { seed, percent }),
            _ => Err("it must be a seed and a percentage from 0 to 100, such as 7:10".to_owned()),
        }
    }
}

/// A running cloud.
pub(crate) struct Cloud {
    ready: Ready,
    transport: Hyper,
    pepper: PathBuf,
}

impl Cloud {
    /// The cloud with this ready line. The campaign's pepper is kept in its data folder, so that a person is the same
    /// one however the cloud is run; without such a folder here, in the file `pepper`.
    pub(crate) fn new(ready: Ready, pepper: PathBuf) -> Result<Self, BoxError> {
        let folder = ready.data.as_ref().filter(|folder| folder.is_dir());
        let pepper = folder.map_or(pepper, |folder| folder.join(PEPPER));
        Ok(Self { ready, transport: Hyper::new()?, pepper })
    }

    /// The cloud whose ready line is in a file.
    pub(crate) fn connect(file: &Path) -> Result<Self, BoxError> {
        let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let text = fs::read_to_string(file).map_err(|error| named(&error))?;
        // serde_json's own text would show a piece of the line, which holds keys.
        let ready = serde_json::from_str(&text).map_err(|_| named(&"it is not the ready line of campaign-local"))?;
        Self::new(ready, file.with_extension("pepper"))
    }

    pub(crate) fn ready(&self) -> &Ready {
        &self.ready
    }

    pub(crate) fn transport(&self) -> Arc<dyn Transport> {
        Arc::new(self.transport.clone())
    }

    /// The file that keeps the pepper.
    pub(crate) fn pepper_file(&self) -> &Path {
        &self.pepper
    }

    /// Where entries of a campaign are posted.
    pub(crate) fn entries_uri(&self, campaign: &Campaign) -> Result<Uri, BoxError> {
        Ok(format!("{}/campaigns/{}/entries", self.ready.gateway, campaign.id()).parse()?)
    }

    /// A client of Table Store that waits for a cloud that is being started again.
    pub(crate) fn table_store(&self) -> Result<campaign_tablestore::Client, BoxError> {
        self.client(TableStore::new(&self.ready.tablestore, &self.ready.instance)?.v4(&self.ready.region)?)
    }

    /// A client of OSS that waits so.
    pub(crate) fn oss(&self) -> Result<campaign_oss::Client, BoxError> {
        self.client(Oss::new(&self.ready.oss, &self.ready.region)?)
    }

    /// A client of the CDN's management calls that waits so.
    pub(crate) fn cdn(&self) -> Result<campaign_cdn::Client, BoxError> {
        self.client(Cdn::new(&self.ready.openapi)?)
    }

    fn client<S: Service>(&self, service: S) -> Result<Client<S>, BoxError> {
        let credentials = Credentials::new(self.ready.access_key_id.as_str(), self.ready.access_key_secret.as_str());
        let patient = Retry::default().attempts(30).cap(Duration::from_secs(2)).deadline(Duration::from_secs(60));
        Ok(Client::builder(service)
            .transport(self.transport.clone())
            .credentials(credentials)
            .retry(patient)
            .build()?)
    }

    /// Sets something: a function, a route. Setting the same again changes nothing.
    pub(crate) async fn set(&self, what: &str, value: &Value) -> Result<Value, BoxError> {
        self.call(Method::PUT, what, Some(value)).await
    }

    /// Injects faults from now on, or none; says on stderr what was injected until then.
    pub(crate) async fn inject(&self, faults: Option<Faults>) -> Result<(), BoxError> {
        let Some(faults) = faults else {
            let last = self.call(Method::DELETE, "faults", None).await?;
            if let Some(injected) = last.get("injected").filter(|injected| **injected != json!({})) {
                eprintln!("faults injected: {injected}");
            }
            return Ok(());
        };
        let plan = FaultPlan::new(faults.seed, faults.percent);
        self.set("faults", &json!({ "plan": plan })).await.map(drop)
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, BoxError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let result = tokio::time::timeout(TIMEOUT, self.try_call(&method, path, body)).await;
            let unanswered = match result {
                Ok(Ok(answered)) => return answered,
                Ok(Err(error)) => error,
                Err(elapsed) => elapsed.into(),
            };
            if tries == TRIES {
                return Err(format!("{method} /{path}: the management calls do not answer: {unanswered}").into());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The inner result is the answer's, the outer one says that there was none.
    async fn try_call(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Result<Value, BoxError>, BoxError> {
        let mut request = Request::new(body.map_or_else(Body::empty, |body| Body::from(body.to_string())));
        *request.method_mut() = method.clone();
        *request.uri_mut() = format!("{}/{path}", self.ready.admin).parse()?;
        let mut token = http::HeaderValue::try_from(format!("Bearer {}", self.ready.admin_token))?;
        token.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, token);
        request.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        let (parts, body) = self.transport.send(request).await?.into_parts();
        let body = body.collect(MAX_ANSWER).await?;
        let value: Value = serde_json::from_slice(&body).unwrap_or_default();
        if parts.status.is_success() {
            return Ok(Ok(value));
        }
        let message = value.get("message").and_then(Value::as_str).unwrap_or("it says nothing else");
        Ok(Err(format!("{method} /{path}: the cloud answers {}: {message}", parts.status).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_a_seed_and_a_percentage() {
        let faults: Faults = "7:10".parse().unwrap();
        assert_eq!((faults.seed, faults.percent), (7, 10));
        for text in ["", "7", "7:", ":10", "7:101", "7:-1", "-7:10", "7:10:1", "a:b"] {
            assert!(text.parse::<Faults>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_pepper_is_kept_in_the_data_folder_and_without_one_beside_the_ready_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ready.json");
        let members = [
            "tablestore",
            "gateway",
            "admin",
            "oss",
            "cdn",
            "openapi",
            "admin_token",
            "access_key_id",
            "access_key_secret",
        ];
        let mut ready: Value = members.iter().chain(&["instance", "region"]).map(|name| (*name, "x")).collect();
        for (data, pepper) in [
            (None, folder.path().join("ready.pepper")),
            (Some(folder.path().join("elsewhere")), folder.path().join("ready.pepper")),
            (Some(folder.path().to_owned()), folder.path().join("campaign.pepper")),
        ] {
            ready["data"] = json!(data);
            fs::write(&file, ready.to_string()).unwrap();
            assert_eq!(Cloud::connect(&file).ok().unwrap().pepper_file(), pepper);
        }
    }

    #[test]
    fn a_file_that_is_no_ready_line_is_named_and_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ready.json");
        fs::write(&file, r#"{"admin_token": "canary", "tablestore": 1}"#).unwrap();
        let error = Cloud::connect(&file).err().unwrap().to_string();
        assert!(
            error.ends_with("ready.json: it is not the ready line of campaign-local") && !error.contains("canary"),
            "{error}"
        );
    }
}
