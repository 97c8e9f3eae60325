//! Configuration that cannot work is refused when it is given, not at the first request.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{ffi::OsString, io::Write as _, time::Duration};

use campaign_client::{
    Client, Credentials, Endpoint, ErrorKind, Retry,
    credentials::{Environment, Profile},
    transport::Hyper,
};
use campaign_local::serve::{BindError, Limits, Server};
use campaign_tablestore::TableStore;
use serde_json::Value;

/// A complete profile, for the cases that are about the file around it.
const PROFILE: &str = "[default]\naccess_key_id = id\naccess_key_secret = secret\n";

fn retry(retry: Retry) -> ErrorKind {
    let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
    let built = Client::builder(service)
        .transport(Hyper::new().unwrap())
        .credentials(Credentials::anonymous())
        .retry(retry)
        .build();
    built.map(|_| ()).unwrap_err().kind()
}

fn environment(config: &Value) -> String {
    let variables = |name: &str| {
        if let Some(value) = config["env"][name].as_str() {
            return Ok(Some(value.to_owned()));
        }
        // The one value given in hexadecimal is no Unicode.
        config["env_hex"][name].as_str().map_or(Ok(None), |_| Err(OsString::from("?")))
    };
    Environment::read_from(variables).unwrap_err().to_string()
}

/// A profile file with `PROFILE` after `before`, filled up with `zeros`, of the given mode.
fn profile(before: &str, zeros: u64, mode: u32) -> Result<Credentials, String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "{before}{PROFILE}").unwrap();
    let length = file.as_file().metadata().unwrap().len();
    file.as_file().set_len(length + zeros).unwrap();
    file.as_file().set_permissions(std::fs::Permissions::from_mode(mode)).unwrap();
    Profile::new(file.path(), "default").read().map_err(|e| e.to_string())
}

#[tokio::test]
async fn every_case_of_the_corpus_has_its_outcome() {
    let mut ran = 0;
    let mut elsewhere = Vec::new();
    for case in campaign_tests::bad_inputs("config") {
        let id = case["id"].as_str().unwrap().to_owned();
        let config = &case["input"]["config"];
        let key = config.as_object().unwrap().keys().next().unwrap().as_str();
        match key {
            "endpoint" => {
                let error = config[key].as_str().unwrap().parse::<Endpoint>().expect_err(&id);
                assert_eq!(error.kind(), ErrorKind::Invalid, "{id}");
            }
            "region" => {
                let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
                assert_eq!(service.v4("").unwrap_err().kind(), ErrorKind::Invalid, "{id}");
            }
            "max_attempts" => assert_eq!(retry(Retry::default().attempts(0)), ErrorKind::Invalid, "{id}"),
            "timeout_ms" => {
                assert_eq!(retry(Retry::default().attempt_timeout(Duration::ZERO)), ErrorKind::Invalid, "{id}");
            }
            "env" | "env_hex" => assert!(environment(config).contains("ALIBABA_CLOUD_ACCESS_KEY_"), "{id}"),
            "profile_mode" => assert!(warnings(|| profile("", 0, 0o644).unwrap()).contains("chmod 600"), "{id}"),
            "profile_bom" => assert_eq!(profile("\u{feff}", 0, 0o600).unwrap().access_key_id(), "id", "{id}"),
            "profile_bytes" => assert!(profile("", 1 << 30, 0o600).unwrap_err().contains("64 KiB"), "{id}"),
            "bind" => {
                let address = "0.0.0.0:0".parse().unwrap();
                let error = Server::bind(address, false, Limits::default()).map(|_| ()).unwrap_err();
                assert!(matches!(error, BindError::NotLoopback(_)), "{id}: {error}");
            }
            // They need a TLS library: campaign-client/tests/tls.rs, with the feature `rustls`.
            "tls" => {
                elsewhere.push(id);
                continue;
            }
            other => panic!("{id}: no test for {other}"),
        }
        ran += 1;
    }
    assert_eq!((ran, elsewhere.join(" ").as_str()), (18, "config-026 config-027"));
}

#[test]
fn a_private_profile_gives_no_warning() {
    assert_eq!(warnings(|| profile("", 0, 0o600).unwrap()), "");
}

/// What is logged while `run` runs.
fn warnings<T>(run: impl FnOnce() -> T) -> String {
    let lines = campaign_tests::Lines::default();
    tracing::subscriber::with_default(campaign_local::log::subscriber("warn".into(), lines.clone()), run);
    lines.text()
}
