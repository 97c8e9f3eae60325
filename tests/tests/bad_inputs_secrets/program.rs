//! The local cloud as a process, with a function as another: what they log, and what others see of them.

use std::{fs, process::Stdio, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::Command,
    time::{sleep, timeout},
};

use super::{canary::assert_absent, injection};

const CLOUD: &str = env!("CARGO_BIN_EXE_test-local");
const FUNCTION: &str = env!("CARGO_BIN_EXE_test-function");
/// A secret of the user's function, in its environment.
const SECRET: &str = "fn-c4n4ry-Kd82hs0Qm5";
/// Ends what the function prints.
const LAST: &str = "the last line";

/// One request; the status and the body of its answer.
async fn exchange(base: &str, call: &str, headers: &str, body: &[u8]) -> (u16, String) {
    let address = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head =
        format!("{call} HTTP/1.1\r\nHost: {address}\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

/// The command lines of a process and all below it.
fn command_lines(pid: u32) -> Vec<String> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let mut lines = vec![String::from_utf8_lossy(&line).replace('\0', " ")];
    for task in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        lines.extend(children.split_whitespace().flat_map(|child| command_lines(child.parse().unwrap())));
    }
    lines
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn its_log_and_command_lines_hold_no_secret_and_its_functions_forge_no_line() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("log");
    let mut command = Command::new(CLOUD);
    command.arg("--data").arg(folder.path().join("data")).env("RUST_LOG", "trace").kill_on_drop(true);
    command.stdout(Stdio::piped()).stderr(fs::File::create(&log).unwrap());
    let mut cloud = command.spawn().unwrap();
    let mut ready = String::new();
    let mut output = BufReader::new(cloud.stdout.as_mut().unwrap());
    timeout(Duration::from_secs(20), output.read_line(&mut ready)).await.expect("no ready line").unwrap();
    let ready: Value = serde_json::from_str(&ready).unwrap();
    let text = |name: &str| ready[name].as_str().unwrap().to_owned();

    let bearer = format!("Authorization: Bearer {}\r\n", text("admin_token"));
    let function = json!({ "name": "f", "backend": { "process": { "command": FUNCTION, "env": { "KEY": SECRET } } } });
    let route = json!({ "method": "POST", "path": "/print", "function": "f" });
    for (call, body) in [("PUT /functions/f", function), ("PUT /routes/print", route)] {
        let (status, answer) = exchange(&text("admin"), call, &bearer, body.to_string().as_bytes()).await;
        assert_eq!(status, 200, "{answer}");
        assert_absent(SECRET, &answer);
    }
    let (status, _) = exchange(&text("admin"), "GET /functions", "Authorization: Bearer wrong\r\n", b"").await;
    assert_eq!(status, 401);

    let texts = injection::texts();
    for text_of_case in texts.iter().map(|(_, text)| text.as_str()).chain([LAST]) {
        let (status, answer) = exchange(&text("gateway"), "POST /print", "", text_of_case.as_bytes()).await;
        assert_eq!(status, 200, "{answer}");
    }
    let lines = command_lines(cloud.id().unwrap());
    assert!(lines.iter().any(|line| line.contains("test-function")), "the function does not run: {lines:?}");
    for _ in 0..500 {
        if fs::read_to_string(&log).unwrap().contains(LAST) {
            break;
        }
        sleep(Duration::from_millis(10)).await;
    }
    cloud.kill().await.unwrap();

    let log = fs::read_to_string(&log).unwrap();
    assert!(log.contains(LAST) && log.contains("TRACE"), "{log}");
    for secret in [text("access_key_secret"), text("admin_token"), SECRET.to_owned()] {
        assert_absent(&secret, &log);
        assert_absent(&secret, &lines.join("\n"));
    }
    for line in log.split('\n') {
        injection::assert_harmless("the log", line);
    }
    // A line break that the function prints ends its line; what follows is marked as the function's too.
    let forged = "2026-01-01 INFO admin logged in";
    let told: Vec<_> = log.lines().filter(|line| line.contains(forged)).collect();
    assert_eq!(told, [format!("[f] {forged}")]);
}
