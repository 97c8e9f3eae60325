//! The program beside its main job: staying up, the journal, wrong files.

use std::{
    io::{BufRead, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

const MORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/entries-more.ndjson");

fn launch(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_launch")).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn every_attempt_and_its_answer_are_in_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let output = launch(&["--entries", MORE, "--journal", text(&journal), "--faults", "7:10"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let journal = std::fs::read_to_string(&journal).unwrap();
    let sent = journal.lines().filter(|line| line.ends_with("\"sent\":true}")).count();
    assert!(sent > 55, "every line is sent, and some again: {sent}");
    assert_eq!(journal.lines().count(), 2 * sent);
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_makes_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let output = launch(&["--entries", "/nonexistent/entries", "--data", text(&data)]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("launch: /nonexistent/entries: "));
    assert!(output.stdout.is_empty() && !data.exists());
}

#[test]
fn a_journal_does_not_replace_the_entries() {
    let folder = tempfile::tempdir().unwrap();
    let entries = folder.path().join("entries");
    std::fs::copy(MORE, &entries).unwrap();
    let output = launch(&["--entries", text(&entries), "--journal", text(&folder.path().join("./entries"))]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(std::fs::read(&entries).unwrap(), std::fs::read(MORE).unwrap());
    let nowhere = launch(&["--entries", text(&entries), "--journal", "/nonexistent/journal"]);
    let errors = String::from_utf8_lossy(&nowhere.stderr);
    assert!(errors.contains("the journal cannot be written: /nonexistent/journal: "), "{errors}");
}

#[test]
fn an_export_of_no_folder_is_refused_and_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let output = launch(&["export", "--data", text(&data)]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).ends_with("data: there is no such data folder\n"));
    assert!(output.stdout.is_empty() && !data.exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    for arguments in [&["--data", text(folder.path())][..], &["--entries", MORE]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_launch"));
        let output = command.args(arguments).stdin(Stdio::null()).stdout(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("launch: standard output: ") && !errors.contains("panicked"), "{errors}");
    }
}

/// A program that stays up, killed when the test ends early.
struct StaysUp(Child);

impl Drop for StaysUp {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Host and port of what is printed under this name.
fn address(lines: &mut impl Iterator<Item = String>, name: &str) -> String {
    let line = lines.find(|line| line.starts_with(name)).unwrap();
    line[name.len()..].trim().trim_start_matches("http://").trim_end_matches('/').to_owned()
}

/// Posts an entry as the printed `curl` would, and gives the status line.
fn post(gateway: &str) -> String {
    let body = r#"{"name":"Ada","email":"ada@example.com","country":"GB","born":"1990-12-10","size":"M","terms":"tc-2026-11-01"}"#;
    let mut stream = TcpStream::connect(gateway).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(
        stream,
        "POST /campaigns/double11/entries HTTP/1.1\r\nHost: {gateway}\r\nContent-Type: application/json\r\n\
         Idempotency-Key: 01JC0000000000000000000001\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[cfg(unix)]
#[test]
fn it_stays_up_until_it_is_told_to_end_and_has_the_entry_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut statuses = Vec::new();
    for _ in 0..2 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_launch"));
        command.args(["--data", text(&data)]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut program = StaysUp(command.spawn().unwrap());
        let mut lines = BufReader::new(program.0.stdout.take().unwrap()).lines().map(Result::unwrap);
        let gateway = address(&mut lines, "gateway");
        assert!(lines.any(|line| line.starts_with("curl -i ") && line.contains(&gateway)));
        assert!(lines.any(|line| line.starts_with("Ctrl-C")));
        statuses.push(post(&gateway));

        let pid = program.0.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let asked = Instant::now();
        while program.0.try_wait().unwrap().is_none() {
            assert!(asked.elapsed() < Duration::from_secs(30), "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    assert_eq!(statuses, ["HTTP/1.1 201 Created", "HTTP/1.1 200 OK"]);
}

#[cfg(unix)]
#[test]
fn the_faults_of_a_run_that_was_killed_are_not_for_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let entries = folder.path().join("entries");
    std::fs::write(&entries, "{\"idempotency_key\":\"key-of-one-line\",\"body\":{}}\n").unwrap();
    let journal = folder.path().join("journal");
    let arguments =
        ["--entries", text(&entries), "--data", text(&data), "--journal", text(&journal), "--faults", "7:100"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_launch"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut program = StaysUp(command.spawn().unwrap());
    let begun = Instant::now();
    // The faults are there before the first line is sent.
    while std::fs::metadata(&journal).map_or(0, |journal| journal.len()) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "nothing is sent");
        std::thread::sleep(Duration::from_millis(20));
    }
    program.0.kill().unwrap();
    program.0.wait().unwrap();

    let mut command = Command::new(env!("CARGO_BIN_EXE_launch"));
    command.args(["--data", text(&data)]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut program = StaysUp(command.spawn().unwrap());
    let mut lines = BufReader::new(program.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let gateway = address(&mut lines, "gateway");
    assert!(lines.any(|line| line.starts_with("Ctrl-C")));
    assert_eq!(post(&gateway), "HTTP/1.1 201 Created");
}

#[cfg(unix)]
#[test]
fn a_second_ctrl_c_does_not_wait_for_a_request_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_launch"));
    command.args(["--data", text(folder.path())]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut program = StaysUp(command.spawn().unwrap());
    let mut lines = BufReader::new(program.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let gateway = address(&mut lines, "gateway");
    assert!(lines.any(|line| line.starts_with("Ctrl-C")));
    // The rest of the body never comes.
    let mut stream = TcpStream::connect(&gateway).unwrap();
    write!(stream, "POST / HTTP/1.1\r\nHost: {gateway}\r\nContent-Length: 10\r\n\r\n{{").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let asked = Instant::now();
    let interrupt = || Command::new("kill").args(["-INT", &program.0.id().to_string()]).status().unwrap();
    assert!(interrupt().success());
    std::thread::sleep(Duration::from_millis(500));
    assert!(interrupt().success());
    while program.0.try_wait().unwrap().is_none() {
        assert!(asked.elapsed() < Duration::from_secs(5), "it waits");
        std::thread::sleep(Duration::from_millis(20));
    }
}
