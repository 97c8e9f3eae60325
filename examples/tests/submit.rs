//! The program `submit` against a campaign that runs: taken, taken before, refused, not let in, not answered.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(unix)]

use std::{
    io::{BufRead, BufReader, Read as _, Write as _},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

const ENTRY: &str =
    r#"{"name":"Ada","email":"ada@example.com","country":"GB","born":"1990-12-10","size":"M","terms":"tc-2026-11-01"}"#;
const KEY: &str = "01JC0000000000000000000001";

/// `launch`, until the test ends.
struct Campaign(Child);

impl Campaign {
    fn new(data: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_launch"));
        command
            .args(["--data", data.to_str().unwrap()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut campaign = Self(command.spawn().unwrap());
        let mut lines = BufReader::new(campaign.0.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line.starts_with("Ctrl-C")), "it did not come up");
        campaign
    }
}

impl Drop for Campaign {
    fn drop(&mut self) {
        drop(Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status());
        let asked = Instant::now();
        while self.0.try_wait().is_ok_and(|status| status.is_none()) && asked.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn submit(arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_submit"));
    command.env_remove("CAMPAIGN_APP_KEY").env_remove("CAMPAIGN_APP_SECRET").envs(environment.iter().copied());
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may have ended without reading.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    child.wait_with_output().unwrap()
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn an_entry_is_taken_once_however_often_it_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let _campaign = Campaign::new(&data);
    let data = data.to_str().unwrap();
    let at = |more: &[&'static str]| [&["--data", data], more].concat();

    let first = submit(&at(&["--key", KEY]), &[], ENTRY);
    assert_eq!(first.status.code(), Some(0), "{}", words(&first.stderr));
    let receipt = words(&first.stdout).strip_prefix("created  ").unwrap().trim_end().to_owned();
    assert!(words(&first.stderr).contains(KEY));

    // Again from a file, and as JSON.
    let file = folder.path().join("entry.json");
    std::fs::write(&file, ENTRY).unwrap();
    let again = submit(&[at(&["--key", KEY, "--json", "--file"]), vec![file.to_str().unwrap()]].concat(), &[], "");
    assert_eq!(again.status.code(), Some(0), "{}", words(&again.stderr));
    let line: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((line["outcome"].as_str(), line["replayed"].as_bool()), (Some("replayed"), Some(true)));
    assert_eq!(line["receipt"].as_str(), Some(receipt.as_str()));

    // Another key is another entry of the same person.
    let duplicate = submit(&at(&["--json"]), &[], ENTRY);
    assert_eq!(duplicate.status.code(), Some(1));
    let line: Value = serde_json::from_slice(&duplicate.stdout).unwrap();
    assert_eq!((line["status"].as_u64(), line["key"].as_str().map(str::len)), (Some(409), Some(26)));

    let invalid = submit(&at(&["--field", "email=canary", "--field", "size=XXL"]), &[], "");
    assert_eq!(invalid.status.code(), Some(1));
    let told = words(&invalid.stdout);
    assert!(told.starts_with("refused  422") && told.contains("/size  not_in_enum"), "{told}");
    assert!(!told.contains("canary") && !words(&invalid.stderr).contains("canary"));

    // The app of the environment goes before the folder's.
    let app: Value =
        serde_json::from_slice(&std::fs::read(Path::new(data).join("campaign-local.json")).unwrap()).unwrap();
    let environment =
        |secret| [("CAMPAIGN_APP_KEY", app["app_key"].as_str().unwrap()), ("CAMPAIGN_APP_SECRET", secret)];
    let wrong = submit(&at(&[]), &environment("canary"), ENTRY);
    assert_eq!(wrong.status.code(), Some(3));
    let told = words(&wrong.stderr);
    assert!(told.contains("the AppSecret is wrong") && !told.contains("canary"), "{told}");

    let gateway = format!("http://127.0.0.1:{}", app["ports"]["gateway"]);
    let secret = app["app_secret"].as_str().unwrap();
    let right = submit(&["--gateway", &gateway, "--key", KEY], &environment(secret), ENTRY);
    assert_eq!(words(&right.stdout), format!("replayed  {receipt}\n"), "{}", words(&right.stderr));

    // A route that nobody made, and a campaign that is none.
    let other = submit(&at(&["--campaign", "single11"]), &[], ENTRY);
    assert_eq!(
        (other.status.code(), words(&other.stdout).as_str()),
        (Some(1), "refused  404  There is no such campaign\n")
    );
    // What the function itself refuses, a page can read too.
    let host = gateway.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    let head = format!("POST /campaigns/double11/entries HTTP/1.1\r\nHost: {host}\r\nOrigin: https://page.example");
    write!(stream, "{head}\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 415 ") && answer.contains("application/problem+json"), "{answer}");
    assert!(answer.contains("access-control-allow-origin: *") && answer.contains(r#""status":415"#), "{answer}");
    // Anonymous callers have the page's route and not this one.
    let mut stream = std::net::TcpStream::connect(gateway.strip_prefix("http://").unwrap()).unwrap();
    let host = gateway.strip_prefix("http://").unwrap();
    write!(
        stream,
        "POST /partners/double11/entries HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("x-ca-error-code: A400MA"), "{answer}");
}

#[test]
fn what_cannot_be_sent_is_said_and_nothing_is() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().to_str().unwrap();
    let key = [("CAMPAIGN_APP_KEY", "203753385")];
    let both = [("CAMPAIGN_APP_KEY", "203753385"), ("CAMPAIGN_APP_SECRET", "canary")];
    // Nobody listens for a connection here.
    let gateway = ["--gateway", "http://127.0.0.1:1"];
    for (arguments, environment, input, expected) in [
        (&[][..], &both[..], ENTRY, "--gateway"),
        (&gateway, &[], ENTRY, "set CAMPAIGN_APP_KEY and CAMPAIGN_APP_SECRET"),
        (&gateway, &key, ENTRY, "CAMPAIGN_APP_KEY is set and CAMPAIGN_APP_SECRET is not"),
        (&gateway, &both, "canary", "standard input: it is not one JSON object"),
        (&["--gateway", "http://api.example.com"], &both, ENTRY, "plain http"),
        (&["--gateway", "http://127.0.0.1:1", "--key", "short"], &both, ENTRY, "--key"),
        (&["--gateway", "http://127.0.0.1:1", "--campaign", "a/b"], &both, ENTRY, "--campaign"),
        (&["--data", empty], &[], ENTRY, "campaign-local.json is missing"),
        (&["--cloud", "/nonexistent"], &[], ENTRY, "/nonexistent: "),
    ] {
        let output = submit(arguments, environment, input);
        let told = words(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(expected) && !told.contains("canary"), "{told}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn without_an_answer_it_says_that_the_same_may_be_sent_again() {
    // It takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let gateway = format!("http://{}", silent.local_addr().unwrap());
    let app = [("CAMPAIGN_APP_KEY", "203753385"), ("CAMPAIGN_APP_SECRET", "canary")];
    let output = submit(&["--gateway", &gateway, "--patience", "1", "--json"], &app, ENTRY);
    assert_eq!(output.status.code(), Some(4));
    let told = words(&output.stderr);
    assert!(told.contains("Idempotency-Key ") && told.contains("send it again with the same --key"), "{told}");
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((line["outcome"].as_str(), line["exit"].as_u64()), (Some("error"), Some(4)));
    assert!(!words(&output.stdout).contains("canary") && !told.contains("canary"));
}
