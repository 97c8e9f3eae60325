//! The function host with real programs: what they are given, how they start, die and end.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use campaign_fc::{Credentials, GatewayEvent, GatewayResult, Runtime};
use campaign_local::function::{BadFunction, FunctionSpec, Functions, HostOptions, InProcess, InvokeError, Process};
use http::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const PROGRAM: &str = env!("CARGO_BIN_EXE_test-function");

fn options() -> HostOptions {
    let mut options = HostOptions::default();
    options.supervisor = Some(PROGRAM.into());
    options.stop_timeout = Duration::from_secs(2);
    options
}

async fn host(spec: FunctionSpec) -> Functions {
    let functions = Functions::new(options());
    functions.set(spec).await.unwrap();
    functions
}

fn program() -> FunctionSpec {
    FunctionSpec::process("f", Process::new(PROGRAM))
}

async fn get(functions: &Functions, path: &str) -> Result<String, InvokeError> {
    let request = Request::builder().uri(path).body(Bytes::new()).unwrap();
    let body = functions.http("f", request).await?.into_body();
    Ok(String::from_utf8(body.into()).unwrap())
}

fn runs(pid: &str) -> bool {
    // A killed program whose parent has not looked yet is a zombie: it runs no more.
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

async fn gone_within(pid: &str, time: Duration) -> bool {
    let start = Instant::now();
    while runs(pid) {
        if start.elapsed() > time {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    true
}

#[tokio::test]
async fn a_function_is_given_the_request_and_the_documented_headers() {
    let functions = {
        let mut options = options();
        options.credentials = Some(Credentials::new("STS.key", "CANARY-SECRET", "CANARY-TOKEN"));
        Functions::new(options)
    };
    functions.set(program().timeout(Duration::from_secs(7))).await.unwrap();
    let request = Request::builder()
        .method("PUT")
        .uri("/any%20path?a=b")
        .header("x-own", "kept")
        .header("x-fc-access-key-id", "forged")
        .header("x-fc-control-path", "/initialize")
        .header("connection", "close")
        .body(Bytes::from_static(b"1234"))
        .unwrap();
    let answer = functions.http("f", request).await.unwrap();
    assert!(answer.headers().keys().all(|name| !name.as_str().starts_with("x-fc-")));
    let seen = String::from_utf8_lossy(answer.body()).into_owned();
    for part in [
        "method: PUT",
        "uri: /any%20path?a=b",
        r#""x-own": "kept""#,
        r#"function_name: "f""#,
        r#"region: "cn-hangzhou""#,
        "memory_mb: Some(512)",
        "timeout: Some(7s)",
        r#"request_id: "1-"#,
        r#"Ok("STS.key")"#,
        r#""x-fc-control-path": "/http-invoke""#,
    ] {
        assert!(seen.contains(part), "{part} is not in {seen}");
    }
    assert!(!seen.contains("CANARY") && !seen.contains("forged") && !seen.contains("connection"), "{seen}");
}

#[tokio::test]
async fn the_environment_is_the_documented_one_and_not_ours() {
    let spec = FunctionSpec::process("f", Process::new(PROGRAM).env("STAGE", "test"));
    let seen = get(&host(spec).await, "/env").await.unwrap();
    let names: Vec<&str> = seen.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    for name in ["FC_SERVER_PORT", "FC_REGION", "FC_ACCOUNT_ID", "FC_FUNCTION_NAME", "FC_INSTANCE_ID", "STAGE"] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    assert!(seen.contains("FC_LISTEN_HOST=127.0.0.1"));
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    assert!(!names.contains(&"CARGO_MANIFEST_DIR"), "{names:?}");
}

#[tokio::test]
async fn many_first_requests_start_one_program() {
    let functions = host(program()).await;
    let pids = futures_util::future::join_all((0..32).map(|_| get(&functions, "/pid"))).await;
    let first = pids[0].clone().unwrap();
    assert!(pids.iter().all(|pid| *pid == Ok(first.clone())), "{pids:?}");
}

#[tokio::test]
async fn a_program_that_dies_fails_its_request_and_is_started_again() {
    let functions = host(program()).await;
    let first = get(&functions, "/pid").await.unwrap();
    assert_eq!(get(&functions, "/exit").await, Err(InvokeError::Exited("f".into())));
    let second = get(&functions, "/pid").await.unwrap();
    assert_ne!(first, second);
    // Found dead before the request was handed over: nobody notices.
    assert_eq!(get(&functions, "/exit-later").await.unwrap(), second);
    assert!(gone_within(&second, Duration::from_secs(5)).await);
    // Time for the host to see it too; a request just then would be lost, as in the cloud.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_ne!(get(&functions, "/pid").await.unwrap(), second);
}

#[tokio::test]
async fn a_panic_of_the_handler_does_not_end_the_program() {
    let functions = host(program()).await;
    let pid = get(&functions, "/pid").await.unwrap();
    assert!(get(&functions, "/panic").await.unwrap().contains("panicked"));
    assert_eq!(get(&functions, "/pid").await.unwrap(), pid);
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    for (process, seconds, reason) in [
        (Process::new("/no/such/program"), 60, "ended before it listened (exit status: 127)"),
        (Process::new("true"), 60, "ended before it listened (exit status: 0)"),
        (Process::new("sleep").arg("600"), 1, "health check failed on port"),
    ] {
        let mut options = options();
        options.health_timeout = Duration::from_secs(seconds);
        let functions = Functions::new(options);
        functions.set(FunctionSpec::process("f", process)).await.unwrap();
        let error = get(&functions, "/").await.unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
    let error = get(&Functions::new(options()), "/").await.unwrap_err();
    assert_eq!(error, InvokeError::NotFound("f".into()));
}

#[tokio::test]
async fn a_function_whose_initializer_fails_gets_no_request() {
    let good = host(program().initializer()).await;
    assert!(get(&good, "/pid").await.is_ok());
    let bad = host(FunctionSpec::process("f", Process::new(PROGRAM).env("INITIALIZE", "fail")).initializer()).await;
    let error = get(&bad, "/pid").await.unwrap_err();
    assert!(error.to_string().contains("/initialize failed"), "{error}");
}

#[tokio::test]
async fn an_answer_later_than_the_time_limit_is_not_waited_for() {
    let functions = host(program().timeout(Duration::from_secs(1))).await;
    let pid = get(&functions, "/pid").await.unwrap();
    assert_eq!(get(&functions, "/sleep?5000").await, Err(InvokeError::Timeout("f".into())));
    assert_eq!(get(&functions, "/pid").await.unwrap(), pid);
}

#[tokio::test]
async fn no_more_requests_at_once_than_configured() {
    let functions = host(program().concurrency(2)).await;
    functions.start("f").await.unwrap();
    let start = Instant::now();
    let answers = futures_util::future::join_all((0..6).map(|_| get(&functions, "/sleep?400"))).await;
    assert!(answers.iter().all(Result::is_ok));
    // Three rounds of 400 ms.
    assert!(start.elapsed() >= Duration::from_millis(1200), "{:?}", start.elapsed());
}

#[tokio::test]
async fn an_event_is_answered_with_a_result() {
    let functions = host(program()).await;
    let request = Request::builder().uri("/pid").body(Bytes::new()).unwrap();
    let event = serde_json::to_vec(&GatewayEvent::from_request(&request, Vec::new())).unwrap();
    let result = functions.event("f", event.into()).await.unwrap();
    let result = GatewayResult::read(&result).unwrap();
    assert_eq!(result.body, get(&functions, "/pid").await.unwrap());
    let bad = functions.event("f", Bytes::from_static(b"{}")).await;
    assert!(matches!(bad, Err(InvokeError::BadAnswer { .. })), "{bad:?}");
}

#[tokio::test]
async fn an_axum_router_is_a_function() {
    let router =
        axum::Router::new().route("/{name}", axum::routing::get(async |path: axum::extract::Path<String>| path.0));
    let functions = host(FunctionSpec::in_process("f", InProcess::new(Runtime::new(router)))).await;
    assert_eq!(get(&functions, "/li").await.unwrap(), "li");
}

#[tokio::test]
async fn stopping_does_not_wait_for_a_program_that_never_listens() {
    let functions = host(FunctionSpec::process("f", Process::new("sleep").arg("600"))).await;
    let starting = tokio::spawn({
        let functions = functions.clone();
        async move { functions.start("f").await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let start = Instant::now();
    functions.stop().await;
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    starting.abort();
}

#[tokio::test]
async fn setting_the_same_again_keeps_the_program_and_another_replaces_it() {
    let functions = host(program()).await;
    let first = get(&functions, "/pid").await.unwrap();
    functions.set(program()).await.unwrap();
    assert_eq!(get(&functions, "/pid").await.unwrap(), first);
    functions.set(program().concurrency(7)).await.unwrap();
    assert_ne!(get(&functions, "/pid").await.unwrap(), first);
    assert!(gone_within(&first, Duration::from_secs(5)).await);
}

#[tokio::test]
async fn stopping_ends_programs_politely_and_the_stubborn_one_by_force() {
    let functions = host(program()).await;
    let pid = get(&functions, "/pid").await.unwrap();
    functions.stop().await;
    assert!(!runs(&pid));
    assert!(get(&functions, "/pid").await.is_err());

    let stubborn = host(FunctionSpec::process("f", Process::new(PROGRAM).arg("stubborn"))).await;
    stubborn.start("f").await.unwrap();
    let supervisors = children(std::process::id());
    let mine = |pid: &&String| command_line(pid).contains("stubborn");
    let supervisor = supervisors.iter().find(mine).unwrap();
    let program = &children(supervisor.parse().unwrap())[0];
    assert!(runs(program));
    stubborn.stop().await;
    assert!(!runs(program) && !runs(supervisor));
}

#[tokio::test]
async fn no_program_outlives_a_host_that_is_killed() {
    let mut host = Command::new(PROGRAM).arg("host").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(host.stdout.take().unwrap()).lines();
    let function = lines.next().unwrap().unwrap();
    let child_of_function = lines.next().unwrap().unwrap();
    let supervisors = children(host.id());
    assert!(runs(&function) && runs(&child_of_function) && !supervisors.is_empty());

    host.kill().unwrap();
    host.wait().unwrap();
    for pid in supervisors.iter().chain([&function, &child_of_function]) {
        assert!(gone_within(pid, Duration::from_secs(5)).await, "{pid} is an orphan");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn no_program_outlives_a_supervisor_that_is_killed() {
    let functions = host(program()).await;
    let program = get(&functions, "/pid").await.unwrap();
    let supervisors = children(std::process::id());
    let mine = |pid: &&String| children(pid.parse().unwrap()).contains(&program);
    let supervisor = supervisors.iter().find(mine).unwrap();
    assert!(Command::new("kill").args(["-KILL", supervisor]).status().unwrap().success());
    assert!(gone_within(&program, Duration::from_secs(5)).await, "{program} is an orphan");
    // A request in the moment before the host sees the death fails, as it would with Function Compute.
    let mut again = get(&functions, "/pid").await;
    for _ in 0..100 {
        if again.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        again = get(&functions, "/pid").await;
    }
    assert_ne!(again.unwrap(), program);
}

#[tokio::test]
async fn a_line_a_function_writes_stays_one_line_and_has_no_power_over_the_terminal() {
    // The host of its own process, so that its stderr can be read.
    let mut host = Command::new(PROGRAM).arg("host").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(host.stderr.take().unwrap()).lines().map(Result::unwrap);
    let line = lines.find(|line| line.starts_with("[f] a")).unwrap();
    host.kill().unwrap();
    host.wait().unwrap();
    assert_eq!(line, r"[f] a\u{1b}[2J\rb\u{2028}c");
}

#[tokio::test]
async fn a_runtime_withholds_what_a_panic_says_and_ends_politely() {
    // Below the ports that connections get, so that nobody takes it in between.
    let mut ports = (12_000..20_000).filter_map(|port| std::net::TcpListener::bind(("127.0.0.1", port)).ok());
    let address = ports.next().unwrap().local_addr().unwrap();
    let mut runtime = Command::new(PROGRAM)
        .env("FC_SERVER_PORT", address.port().to_string())
        .env("FC_LISTEN_HOST", "127.0.0.1")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stream = loop {
        match tokio::net::TcpStream::connect(address).await {
            Ok(stream) => break stream,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    stream.write_all(b"POST /panic HTTP/1.1\r\nhost: f\r\ncontent-length: 6\r\n\r\nCANARY").await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 500");
    let asked = Command::new("kill").arg("-TERM").arg(runtime.id().to_string()).status().unwrap();
    assert!(asked.success());
    let output = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut runtime.stderr.take().unwrap(), &mut text).unwrap();
        (runtime.wait().unwrap(), text)
    });
    let (status, text) = output.await.unwrap();
    assert!(status.success(), "{status}");
    assert!(text.contains("panic at") && text.contains("test-function.rs"), "{text}");
    assert!(!text.contains("CANARY"), "{text}");
}

#[tokio::test]
async fn secrets_are_in_no_command_line_and_no_debug_output() {
    let mut options = options();
    options.credentials = Some(Credentials::new("STS.key", "CANARY-SECRET", "CANARY-TOKEN"));
    let spec = FunctionSpec::process("f", Process::new(PROGRAM).env("PEPPER", "CANARY-PEPPER"));
    let shown = format!("{spec:?} {options:?}");
    assert!(!shown.contains("CANARY"), "{shown}");
    let functions = Functions::new(options);
    functions.set(spec).await.unwrap();
    let pid = get(&functions, "/pid").await.unwrap();
    let lines: Vec<String> = children(std::process::id()).iter().chain([&pid]).map(|pid| command_line(pid)).collect();
    assert!(lines.iter().any(|line| line.contains("__supervise")), "{lines:?}");
    assert!(lines.iter().all(|line| !line.contains("CANARY")), "{lines:?}");
}

#[tokio::test]
async fn what_function_compute_would_refuse_is_refused() {
    let functions = Functions::new(options());
    let named = |name: &str| FunctionSpec::process(name, Process::new(PROGRAM));
    for (spec, expected) in [
        (named(""), BadFunction::Name),
        (named("1a"), BadFunction::Name),
        (named("a/b"), BadFunction::Name),
        (named("f").concurrency(0), BadFunction::Concurrency),
        (named("f").concurrency(201), BadFunction::Concurrency),
        (named("f").timeout(Duration::ZERO), BadFunction::Timeout),
        (FunctionSpec::process("f", Process::new("")), BadFunction::Command),
        (FunctionSpec::process("f", Process::new("a").env("A=B", "")), BadFunction::Variable),
        (FunctionSpec::process("f", Process::new("a").arg("\0")), BadFunction::Variable),
        (FunctionSpec::process("f", Process::new("a").env("FC_REGION", "x")), BadFunction::Reserved),
    ] {
        assert_eq!(functions.set(spec).await, Err(expected));
    }
    assert!(functions.names().is_empty());
}

fn children(pid: u32) -> Vec<String> {
    let mut children = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)).map(str::to_owned);
        if parent == Some(pid.to_string()) {
            children.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    children
}

fn command_line(pid: &str) -> String {
    let path = Path::new("/proc").join(pid).join("cmdline");
    std::fs::read_to_string(path).unwrap_or_default().replace('\0', " ")
}
