//! The program `campaign-local` as its users have it: a process, sockets, a data folder.

#![expect(clippy::unwrap_used, reason = "a test: a panic is a finding")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use campaign_client::{Credentials, Retry};
use campaign_tablestore::schema::{KeyType, TableMeta};
use campaign_tablestore::{
    Client, Code, Condition, CreateTable, GetRange, ListTable, PrimaryKey, PutRow, Row, TableStore, Value,
};
use futures_util::TryStreamExt;
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

const PROGRAM: &str = env!("CARGO_BIN_EXE_test-local");
/// In the order of their ports.
const SERVICES: [&str; 6] = ["tablestore", "gateway", "admin", "oss", "cdn", "openapi"];

/// A running program and its ready line.
struct Cloud {
    process: Child,
    ready: Json,
}

impl Cloud {
    async fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[]).await
    }

    async fn start_with(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.arg("--data").arg(folder).args(arguments);
        Self::spawn(command).await
    }

    async fn spawn(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(process.stdout.as_mut().unwrap());
        timeout(Duration::from_secs(20), out.read_line(&mut line)).await.expect("no ready line").unwrap();
        assert!(line.ends_with('\n'), "the ready line is {line:?}");
        Self { process, ready: serde_json::from_str(&line).unwrap() }
    }

    fn text(&self, name: &str) -> &str {
        self.ready[name].as_str().unwrap()
    }

    fn client(&self) -> Client {
        let service = TableStore::new(self.text("tablestore"), self.text("instance")).unwrap();
        let credentials = Credentials::new(self.text("access_key_id"), self.text("access_key_secret"));
        let service = service.v4(self.text("region")).unwrap();
        Client::builder(service).credentials(credentials).retry(Retry::never()).build().unwrap()
    }

    async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }

    /// Asks it to end, and gives what it still wrote on standard output.
    async fn end(mut self, signal: &str) -> String {
        let pid = self.process.id().unwrap().to_string();
        assert!(Command::new("kill").arg(signal).arg(pid).status().await.unwrap().success());
        let mut rest = String::new();
        self.process.stdout.take().unwrap().read_to_string(&mut rest).await.unwrap();
        let status = timeout(Duration::from_secs(20), self.process.wait()).await.expect("it does not end").unwrap();
        assert!(status.success(), "{status}");
        rest
    }

    /// A management call; the status and the answer.
    async fn admin(&self, call: &str, body: Option<Json>) -> (u16, Json) {
        self.admin_as(self.text("admin_token"), call, body).await
    }

    async fn admin_as(&self, token: &str, call: &str, body: Option<Json>) -> (u16, Json) {
        let address = self.text("admin").strip_prefix("http://").unwrap();
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = format!(
            "{call} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = exchange(address, &request).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap_or(Json::Null))
    }
}

async fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// The exit code and standard error of a start that is to fail.
async fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(PROGRAM).arg("--data").arg(folder).args(arguments).output();
    let output = timeout(Duration::from_secs(20), output).await.expect("it was not refused").unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty(), "a refused start must not look ready");
    String::from_utf8(output.stderr).unwrap()
}

async fn make_table(client: &Client) {
    client.send(&CreateTable::new(TableMeta::new("t").key("id", KeyType::String))).await.unwrap();
}

fn put(n: u32) -> PutRow {
    let row = Row::new(PrimaryKey::new().with("id", format!("{n:08}"))).with("n", n).with("text", "x".repeat(300));
    PutRow::new("t", row).condition(Condition::expect_not_exist())
}

async fn rows(client: &Client) -> BTreeMap<String, i64> {
    let rows: Vec<Row> = GetRange::all("t", ["id"]).rows(client).try_collect().await.unwrap();
    let named = |row: Row| {
        let id = row.key("id").unwrap().as_str().unwrap().to_owned();
        assert_eq!(row.get("text").and_then(Value::as_str).map(str::len), Some(300), "half a row");
        (id, row.get("n").and_then(Value::as_i64).unwrap())
    };
    rows.into_iter().map(named).collect()
}

#[tokio::test]
async fn it_is_ready_with_one_line_and_the_same_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("not/there/yet");
    let cloud = Cloud::start(&data).await;
    for service in SERVICES {
        assert!(cloud.text(service).starts_with("http://127.0.0.1:"), "{}", cloud.text(service));
    }
    for name in ["admin_token", "access_key_id", "access_key_secret", "instance", "region"] {
        assert!(!cloud.text(name).is_empty(), "{name}");
    }
    assert_eq!(cloud.ready["data"], data.to_str().unwrap());
    make_table(&cloud.client()).await;
    cloud.client().send(&put(1)).await.unwrap();
    let first = cloud.ready.clone();
    assert_eq!(cloud.end("-INT").await, "", "more than one line on standard output");

    let cloud = Cloud::start(&data).await;
    assert_eq!(cloud.ready, first);
    assert_eq!(rows(&cloud.client()).await.len(), 1);
    assert_eq!(cloud.end("-TERM").await, "");

    // Other ports when they are asked for, and kept from then on; the keys stay.
    let cloud = Cloud::start_with(&data, &["--listen", "127.0.0.1:0"]).await;
    assert_ne!(cloud.ready["tablestore"], first["tablestore"]);
    assert_eq!(cloud.ready["access_key_secret"], first["access_key_secret"]);
    let second = cloud.ready.clone();
    cloud.kill().await;
    let cloud = Cloud::start(&data).await;
    assert_eq!(cloud.ready, second);
}

#[tokio::test]
async fn asked_to_be_like_the_cloud_it_lets_a_new_table_wait() {
    let folder = TempDir::new().unwrap();
    let cloud = Cloud::start_with(folder.path(), &["--like-the-cloud"]).await;
    let client = cloud.client();
    make_table(&client).await;
    let begin = std::time::Instant::now();
    let mut refused = 0;
    while let Err(error) = client.send(&put(1)).await {
        assert_eq!(Code::of(&error), Some(Code::TableNotReady));
        refused += 1;
        assert!(begin.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(refused > 0 && begin.elapsed() > Duration::from_secs(1), "{refused}");
}

#[tokio::test]
async fn with_a_port_it_takes_that_and_the_next_ones() {
    let folder = TempDir::new().unwrap();
    // Free ports in a row: others take ports meanwhile, so a few tries.
    for attempt in 0..20 {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let Some(last) = free.checked_add(5) else { continue };
        if (free + 1..=last).any(|port| std::net::TcpListener::bind(("127.0.0.1", port)).is_err()) {
            continue;
        }
        let data = folder.path().join(attempt.to_string());
        let cloud = Cloud::start_with(&data, &["--listen", &format!("localhost:{free}")]).await;
        for (port, service) in (free..=last).zip(SERVICES) {
            assert_eq!(cloud.text(service), format!("http://127.0.0.1:{port}"));
        }
        return;
    }
    panic!("no six free ports in a row");
}

#[tokio::test]
async fn a_second_process_a_foreign_folder_and_an_open_address_are_refused() {
    let folder = TempDir::new().unwrap();
    let cloud = Cloud::start(folder.path()).await;
    let text = refused(folder.path(), &[]).await;
    assert!(text.contains("in use by another process") && text.contains(&*folder.path().to_string_lossy()), "{text}");
    assert!(text.contains(&cloud.process.id().unwrap().to_string()), "{text}");
    // The first is none the worse.
    cloud.client().send(&ListTable).await.unwrap();

    let foreign = TempDir::new().unwrap();
    std::fs::write(foreign.path().join("thesis.txt"), "years of work").unwrap();
    let text = refused(foreign.path(), &[]).await;
    assert!(text.contains("not a data folder of campaign-local") && text.contains("thesis.txt"), "{text}");

    let fresh = TempDir::new().unwrap();
    let text = refused(fresh.path(), &["--listen", "0.0.0.0:0"]).await;
    assert!(text.contains("--expose"), "{text}");
    let port = cloud.text("tablestore").strip_prefix("http://").unwrap();
    let text = refused(fresh.path(), &["--listen", port]).await;
    assert!(text.contains("cannot listen on"), "{text}");
    let text = refused(fresh.path(), &["--listen", "nonsense"]).await;
    assert!(text.contains("127.0.0.1:8080"), "{text}");
}

/// `emulator-storage-025` with real processes, and `-022`, `-023` wherever the kills fall.
#[tokio::test]
async fn acknowledged_rows_survive_sigkill_again_and_again() {
    const KILLS: u64 = 30;
    let folder = TempDir::new().unwrap();
    let cloud = Cloud::start(folder.path()).await;
    make_table(&cloud.client()).await;
    cloud.kill().await;
    let next = Arc::new(AtomicU32::new(0));
    let mut acknowledged = Vec::new();
    for round in 0..KILLS {
        let cloud = Cloud::start(folder.path()).await;
        let client = cloud.client();
        let writers: Vec<_> = (0..8)
            .map(|_| {
                let (client, next) = (client.clone(), Arc::clone(&next));
                tokio::spawn(async move {
                    let mut done = Vec::new();
                    loop {
                        let n = next.fetch_add(1, Ordering::SeqCst);
                        match client.send(&put(n)).await {
                            Ok(_) => done.push(n),
                            Err(_) => return done,
                        }
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(5 + round * 7 % 100)).await;
        cloud.kill().await;
        for writer in writers {
            acknowledged.extend(writer.await.unwrap());
        }
    }
    assert!(acknowledged.len() > 100, "only {} rows were put", acknowledged.len());
    let cloud = Cloud::start(folder.path()).await;
    let found = rows(&cloud.client()).await;
    for n in &acknowledged {
        assert_eq!(found.get(&format!("{n:08}")), Some(&i64::from(*n)), "row {n} was acknowledged and is gone");
    }
    assert!(found.len() <= next.load(Ordering::SeqCst) as usize, "rows that nobody sent");
}

#[tokio::test]
async fn what_is_set_by_management_calls_is_kept_and_needs_the_token() {
    let folder = TempDir::new().unwrap();
    let cloud = Cloud::start(folder.path()).await;
    assert_eq!(cloud.admin_as("", "GET /health", None).await, (200, json!({ "status": "ok" })));
    for token in ["", "wrong", &cloud.text("admin_token")[1..]] {
        let (status, answer) = cloud.admin_as(token, "GET /faults", None).await;
        assert_eq!((status, &answer["error"]), (401, &json!("unauthorized")));
        assert_eq!(cloud.admin_as(token, "DELETE /routes/r", None).await.0, 401);
    }

    let route = json!({ "method": "POST", "path": "/campaigns/{id}/entries", "function": "intake" });
    assert_eq!(cloud.admin("PUT /routes/entries", Some(route.clone())).await, (200, route.clone()));
    let function = json!({ "backend": { "process": { "command": "bootstrap", "env": { "PEPPER": "a secret" } } } });
    let (status, shown) = cloud.admin("PUT /functions/intake", Some(function)).await;
    assert_eq!(status, 200);
    assert!(!shown.to_string().contains("a secret"), "{shown}");
    let plan = json!({ "plan": { "seed": 7, "percent": 10, "stall": 450 } });
    assert_eq!(cloud.admin("PUT /faults", Some(plan.clone())).await.0, 200);

    for (call, body) in [
        ("PUT /routes/bad", json!({ "method": "POST", "path": "no slash", "function": "f" })),
        ("PUT /routes/other", route.clone()),
        ("PUT /functions/1", json!({ "backend": { "process": { "command": "x" } } })),
        ("PUT /functions/f", json!({ "backend": { "process": { "command": "x" } }, "nmae": "f" })),
        ("PUT /faults", json!({ "plan": { "seed": 1, "percent": 101 } })),
    ] {
        let (status, answer) = cloud.admin(call, Some(body)).await;
        assert_eq!((status, &answer["error"]), (400, &json!("invalid")), "{call}: {answer}");
        assert!(answer["message"].as_str().is_some_and(|message| !message.is_empty()));
    }
    assert_eq!(cloud.admin("GET /nothing", None).await.0, 404);
    assert_eq!(cloud.admin("GET /routes/none", None).await.0, 404);
    cloud.kill().await;

    let cloud = Cloud::start(folder.path()).await;
    assert_eq!(cloud.admin("GET /routes", None).await, (200, json!({ "entries": route })));
    assert_eq!(cloud.admin("GET /functions/intake", None).await.0, 200);
    assert_eq!(cloud.admin("GET /faults", None).await.1["plan"], plan["plan"]);
    // The route works: its function is asked for, and there is no such program.
    let gateway = cloud.text("gateway").strip_prefix("http://").unwrap();
    let no_faults = cloud.admin("DELETE /faults", None).await;
    assert_eq!(no_faults.0, 200);
    let request = format!(
        "POST /campaigns/a/entries HTTP/1.1\r\nHost: {gateway}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    let answer = exchange(gateway, &request).await.to_lowercase();
    assert!(answer.contains("x-ca-error-code"), "{answer}");
    assert!(!answer.contains("i404nf"), "the route was not set again: {answer}");
    assert_eq!(cloud.admin("DELETE /routes/entries", None).await.0, 204);
    assert_eq!(cloud.admin("DELETE /routes/entries", None).await.0, 404);
    assert!(exchange(gateway, &request).await.to_lowercase().contains("i404nf"));
}

#[tokio::test]
async fn a_page_of_another_origin_cannot_reach_it_by_a_name_of_its_own() {
    let folder = TempDir::new().unwrap();
    let cloud = Cloud::start(folder.path()).await;
    for service in SERVICES {
        let address = cloud.text(service).strip_prefix("http://").unwrap();
        let port = address.rsplit(':').next().unwrap();
        for host in [format!("evil.example:{port}"), "127.0.0.1:1".to_owned(), "evil.example".to_owned()] {
            let request = format!("GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            assert!(exchange(address, &request).await.starts_with("HTTP/1.1 403 "), "{service}, {host}");
        }
    }
}

/// `emulator-storage-027`: no acknowledgement is lost, and the server goes on when descriptors are free.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn it_goes_on_after_running_out_of_descriptors() {
    let folder = TempDir::new().unwrap();
    let mut command = Command::new("sh");
    command.arg("-c").arg("ulimit -n 48; exec \"$0\" --data \"$1\"").arg(PROGRAM).arg(folder.path());
    let cloud = Cloud::spawn(command).await;
    let client = cloud.client();
    make_table(&client).await;
    client.send(&put(0)).await.unwrap();
    let address = cloud.text("tablestore").strip_prefix("http://").unwrap();
    let mut idle = Vec::new();
    for _ in 0..100 {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    // The connection from before is served all along.
    client.send(&put(1)).await.unwrap();
    drop(idle);
    let fresh = cloud.client();
    let put = put(2);
    timeout(Duration::from_secs(10), fresh.send(&put)).await.expect("it does not recover").unwrap();
    assert_eq!(rows(&fresh).await.len(), 3);
}

#[tokio::test]
async fn a_wrong_secret_is_refused_over_the_socket_too() {
    let folder = TempDir::new().unwrap();
    let cloud = Cloud::start(folder.path()).await;
    let service = TableStore::new(cloud.text("tablestore"), cloud.text("instance")).unwrap();
    let credentials = Credentials::new(cloud.text("access_key_id"), "wrong");
    let client = Client::builder(service).credentials(credentials).retry(Retry::never()).build().unwrap();
    assert_eq!(Code::of(&client.send(&ListTable).await.unwrap_err()), Some(Code::AuthFailed));
}
