//! OSS on its port: bodies that come in pieces, hosts, and what a client that is refused finds.

use std::time::Duration;

use campaign_local::Running;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Port {
    cloud: Running,
    port: u16,
    _folder: TempDir,
}

impl Port {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let cloud = Running::start(folder.path(), Some("127.0.0.1:0".parse().unwrap()), false).await.unwrap();
        let ready: serde_json::Value = serde_json::from_str(&cloud.ready_line()).unwrap();
        let port = ready["oss"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
        Self { cloud, port, _folder: folder }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    /// Sends a request and reads its answer, up to the end of the connection.
    async fn exchange(&self, head: &str, body: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(head.replace("PORT", &self.port.to_string()).as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        read(&mut stream).await
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let all = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(20), all).await.expect("no end of the answer").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_name_buckets_and_no_foreign_name_is_taken() {
    let port = Port::new().await;
    for (host, status) in [
        ("site.localhost:PORT", "404"),
        ("site.oss.localhost:PORT", "404"),
        ("127.0.0.1:PORT", "403"),
        ("site.example.com:PORT", "403"),
        ("site.oss-cn-hangzhou.aliyuncs.com", "403"),
    ] {
        let answer = port.exchange(&format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"), b"").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{host}: {answer}");
        // A foreign name never reaches the service: a page of the web could have one.
        assert_eq!(answer.contains("AliyunOSS"), host.contains("localhost:") || host.starts_with("127"), "{host}");
    }
    port.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_without_a_length_is_refused_and_one_in_chunks_is_not() {
    let port = Port::new().await;
    let put = "PUT /k HTTP/1.1\r\nHost: site.localhost:PORT\r\nConnection: close\r\n";
    let answer = port.exchange(&format!("{put}\r\n"), b"").await;
    assert!(answer.starts_with("HTTP/1.1 411") && answer.contains("<Code>MissingContentLength</Code>"), "{answer}");
    let chunked = format!("{put}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    let answer = port.exchange(&chunked, b"").await;
    assert!(answer.contains("<Code>NoSuchBucket</Code>"), "{answer}");
    let huge = format!("{put}Content-Length: 5368709121\r\n\r\n");
    let mut stream = port.connect().await;
    stream.write_all(huge.replace("PORT", &port.port.to_string()).as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let answer = read(&mut stream).await;
    assert!(answer.contains("<Code>EntityTooLarge</Code>"), "{answer}");
    port.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_in_the_middle_of_a_large_body_finds_the_answer() {
    let port = Port::new().await;
    let body = vec![7; 6 << 20];
    let head = format!(
        "PUT /k HTTP/1.1\r\nHost: site.localhost:PORT\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let answer = port.exchange(&head, &body).await;
    assert!(answer.contains("<Code>NoSuchBucket</Code>"), "{answer}");
    port.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_in_a_list_of_requests_on_one_connection_are_each_their_own() {
    let port = Port::new().await;
    let mut stream = port.connect().await;
    let list: String = ["a.localhost:PORT", "127.0.0.1:PORT", "b.localhost:PORT"]
        .iter()
        .enumerate()
        .map(|(n, host)| {
            let close = if n == 2 { "Connection: close\r\n" } else { "" };
            format!("GET /{n}/x HTTP/1.1\r\nHost: {host}\r\n{close}\r\n")
        })
        .collect();
    stream.write_all(list.replace("PORT", &port.port.to_string()).as_bytes()).await.unwrap();
    let answers = read(&mut stream).await;
    assert_eq!(answers.matches("HTTP/1.1 ").count(), 3, "{answers}");
    assert_eq!(answers.matches("<Code>InvalidBucketName</Code>").count(), 3, "one letter is no bucket: {answers}");
    port.cloud.stop().await;
}
