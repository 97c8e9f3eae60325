//! The main job as a user runs it: `launch --entries`, with faults, and with the cloud killed under it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Each run wants the machine for itself: an attempt under faults has 300 ms.
static MACHINE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}

const LAUNCH: &str = env!("CARGO_BIN_EXE_launch");
/// Entries with every outcome in them, from the suites' vectors.
const ENTRIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/entries-slice.ndjson");

/// How many lines expect each outcome, and each violation.
fn expected() -> (usize, BTreeMap<String, u64>) {
    let text = fs::read_to_string(ENTRIES).unwrap();
    let mut outcomes = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        *outcomes.entry(line["expect"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    (text.lines().count(), outcomes)
}

/// The report, and that it is what the file expects.
fn check(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {} {said}", output.status, String::from_utf8_lossy(&output.stdout));
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON line");
    let (sent, outcomes) = expected();
    assert_eq!(report["sent"], sent);
    for (outcome, count) in &outcomes {
        assert_eq!(report["outcomes"][outcome], *count, "{outcome}: {report}");
    }
    for none in ["failed", "unexpected", "missing", "twice", "mismatched"] {
        assert_eq!(report[none], 0, "{report}");
    }
    assert_eq!(report["stored"], outcomes["created"], "{report}");
    report
}

fn launch(folder: &Path, options: &[&str]) -> Output {
    let mut command = Command::new(LAUNCH);
    command.args(["--entries", ENTRIES, "--journal"]).arg(folder.join("journal.ndjson")).args(options);
    command.output().unwrap()
}

#[test]
fn every_entry_has_its_outcome() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    check(&launch(folder.path(), &["--concurrency", "16"]));
}

#[test]
fn every_entry_has_its_outcome_while_a_tenth_of_the_requests_is_hurt() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let report = check(&launch(folder.path(), &["--concurrency", "64", "--faults", "7:10"]));
    assert_eq!(report["seed"], 7);
}

#[test]
fn the_stored_entries_can_be_exported() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").display().to_string();
    let report = check(&launch(folder.path(), &["--concurrency", "64", "--data", &data]));
    let export = Command::new(LAUNCH).args(["export", "--data", &data]).output().unwrap();
    assert!(export.status.success(), "{}", String::from_utf8_lossy(&export.stderr));
    let rows: Vec<Value> =
        String::from_utf8(export.stdout).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(report["stored"], rows.len());
    assert!(rows.iter().all(|row| row["fields"]["email"].is_string() && row["submission"].is_string()));
}

#[test]
fn a_file_that_is_no_entries_file_is_refused_with_the_line() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.ndjson");
    fs::write(&file, "{\"line\": 1}\n").unwrap();
    let output = Command::new(LAUNCH).arg("--entries").arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("line 1") && output.stdout.is_empty(), "{said}");
}

/// `campaign-local` in a process of its own.
struct Cloud {
    process: Child,
    folder: TempDir,
}

impl Cloud {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (process, ready) = Self::spawn(folder.path());
        fs::write(folder.path().join("ready.json"), ready).unwrap();
        Self { process, folder }
    }

    /// The ready line comes first, and says where the last one said.
    fn spawn(folder: &Path) -> (Child, String) {
        let mut process = Command::new(program())
            .arg("--data")
            .arg(folder.join("cloud"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        assert!(ready.starts_with('{'), "no ready line: {ready:?}");
        (process, ready)
    }

    fn kill_and_restart(&mut self) {
        // SIGKILL: nothing in the process has a last word.
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let (process, ready) = Self::spawn(self.folder.path());
        assert_eq!(ready, fs::read_to_string(self.ready()).unwrap(), "ports and keys are kept");
        self.process = process;
    }

    fn ready(&self) -> PathBuf {
        self.folder.path().join("ready.json")
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program beside `launch`, built if the tests of this package alone are run.
fn program() -> PathBuf {
    let program = Path::new(LAUNCH).with_file_name("campaign-local");
    if !program.exists() {
        let cargo =
            Command::new(env!("CARGO")).args(["build", "--no-default-features", "--bin", "campaign-local"]).status();
        assert!(cargo.unwrap().success() && program.exists(), "build it: cargo build --bin campaign-local");
    }
    program
}

#[test]
fn no_entry_is_lost_or_doubled_when_the_cloud_is_killed_under_it() {
    let _alone = alone();
    let mut cloud = Cloud::start();
    let ready = cloud.ready().display().to_string();
    let mut driver = Command::new(LAUNCH)
        .args(["--entries", ENTRIES, "--concurrency", "16", "--cloud", &ready])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Spread so that some fall into the run, whatever the machine: it ends when the driver does.
    let begun = Instant::now();
    let mut kills = 0;
    while kills < 5 && driver.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(400 + 150 * kills));
        cloud.kill_and_restart();
        kills += 1;
    }
    let output = driver.wait_with_output().unwrap();
    let report = check(&output);
    assert!(kills > 0, "{report} after {:?}", begun.elapsed());
}

#[test]
fn a_second_run_on_the_same_cloud_finds_every_entry_there() {
    let _alone = alone();
    let cloud = Cloud::start();
    let ready = cloud.ready().display().to_string();
    let run = |ready: &str| {
        Command::new(LAUNCH).args(["--entries", ENTRIES, "--concurrency", "64", "--cloud", ready]).output().unwrap()
    };
    check(&run(&ready));
    // The ready line from elsewhere is the same cloud, and the same person the same row.
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("copy.json");
    fs::copy(&ready, &copy).unwrap();
    let again = run(&copy.display().to_string());
    // Nothing is created twice, so what the file expects to be created is not: that is said by the exit code.
    assert_eq!(again.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&again.stdout).unwrap();
    let (_, outcomes) = expected();
    assert_eq!(report["stored"], outcomes["created"]);
    assert_eq!((&report["missing"], &report["twice"], &report["mismatched"]), (&json!(0), &json!(0), &json!(0)));
    assert_eq!(report["outcomes"]["created"], 0, "{report}");
}
