//! The transports against TLS servers that cannot be trusted. Needs `openssl` on the path.
#![cfg(feature = "rustls")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use campaign_client::{Body, Transport, TransportErrorKind, transport::Hyper};

struct Server(Child, u16);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let status = Command::new("openssl").args(arguments).current_dir(folder).stderr(Stdio::null()).status();
    assert!(status.expect("openssl is installed").success(), "openssl {arguments:?}");
}

/// Signs with its own key, for a period that `req -x509` does not allow.
const CA: &str = "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nserial=serial\ndefault_md=sha256\n\
                  policy=p\ncopy_extensions=copy\n[p]\ncommonName=supplied\n";

/// A TLS server with a certificate for `host` that ends in `end`.
fn server(folder: &Path, host: &str, end: &str) -> Server {
    for (name, text) in [("ca.cnf", CA), ("index.txt", ""), ("serial", "01")] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let (subject, name) = (format!("/CN={host}"), format!("subjectAltName=DNS:{host}"));
    openssl(
        folder,
        &[
            "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "csr.pem", "-subj", &subject,
            "-addext", &name,
        ],
    );
    openssl(
        folder,
        &[
            "ca",
            "-batch",
            "-selfsign",
            "-notext",
            "-config",
            "ca.cnf",
            "-keyfile",
            "key.pem",
            "-in",
            "csr.pem",
            "-out",
            "cert.pem",
            "-startdate",
            "20200101000000Z",
            "-enddate",
            end,
        ],
    );
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new("openssl")
        .args(["s_server", "-www", "-quiet", "-key", "key.pem", "-cert", "cert.pem", "-accept", &port.to_string()])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..100 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    Server(child, port)
}

/// No transport sends anything to `https` at this port.
async fn is_insecure(port: u16) {
    let transports: Vec<Box<dyn Transport>> = vec![
        Box::new(Hyper::new().unwrap()),
        #[cfg(feature = "reqwest")]
        Box::new(campaign_client::transport::Reqwest::new().unwrap()),
    ];
    for transport in transports {
        let request = http::Request::get(format!("https://localhost:{port}/?CANARY")).body(Body::empty()).unwrap();
        let error = transport.send(request).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Insecure, "{error:?}");
        assert!(!format!("{error:?}").contains("CANARY"));
    }
}

async fn refused(host: &str, end: &str) {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path(), host, end);
    is_insecure(server.1).await;
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused_for_good() {
    refused("other.example", "20490101000000Z").await;
}

#[tokio::test]
async fn an_expired_certificate_is_refused_for_good() {
    refused("localhost", "20200102000000Z").await;
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_for_good() {
    refused("localhost", "20490101000000Z").await;
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_refused_for_good() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        while let Ok((mut socket, _)) = listener.accept().await {
            socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        }
    });
    is_insecure(port).await;
}
