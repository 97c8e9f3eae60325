//! A server on a real socket that answers with any bytes, and breaks off as it is told.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What a connection is answered with, once the head of a request has come.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The bytes, as they stand.
    pub bytes: Bytes,
    /// What follows them.
    pub then: Then,
}

/// What follows the bytes of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The connection is closed.
    Close,
    /// It is reset.
    Reset,
    /// Zeros, as long as anybody reads.
    Endless,
    /// It stays open.
    Keep,
}

/// The server. Each connection gets the next reply.
#[derive(Debug)]
pub struct Socket {
    endpoint: String,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    connections: usize,
    written: usize,
    heads: String,
}

impl Socket {
    /// A server of these replies.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn new(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
        let seen = Arc::<Mutex<Seen>>::default();
        let this = Self { endpoint, seen: Arc::clone(&seen) };
        tokio::spawn(async move {
            for reply in replies {
                let (stream, _) = listener.accept().await.expect("a connection");
                lock(&seen).connections += 1;
                tokio::spawn(serve(stream, reply, Arc::clone(&seen)));
            }
        });
        this
    }

    /// Where it listens, as `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// How many connections were made.
    #[must_use]
    pub fn connections(&self) -> usize {
        lock(&self.seen).connections
    }

    /// How many bytes were written of endless bodies.
    #[must_use]
    pub fn written(&self) -> usize {
        lock(&self.seen).written
    }

    /// The heads of all requests, in lower case.
    #[must_use]
    pub fn heads(&self) -> String {
        lock(&self.seen).heads.clone()
    }
}

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(mut stream: TcpStream, reply: Reply, seen: Arc<Mutex<Seen>>) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    // The bodies are short: they come with the last bytes of the head, or do not matter.
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(n) if n > 0 => request.extend_from_slice(&buffer[..n]),
            _ => return,
        }
    }
    lock(&seen).heads.push_str(&String::from_utf8_lossy(&request).to_lowercase());
    // The client may stop reading whenever it likes.
    let _ = stream.write_all(&reply.bytes).await;
    match reply.then {
        Then::Close => {}
        Then::Reset => {
            // So that what was written arrives before the reset.
            tokio::time::sleep(Duration::from_millis(50)).await;
            let _ = stream.set_zero_linger();
        }
        Then::Endless => {
            while let Ok(n) = stream.write(&[0; 16 << 10]).await {
                lock(&seen).written += n;
            }
        }
        Then::Keep => while stream.read(&mut buffer).await.is_ok_and(|n| n > 0) {},
    }
}

/// The bytes of `answer` with these headers beside its own.
#[must_use]
pub fn raw(answer: &http::Response<Bytes>, more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {:03} x\r\n", answer.status().as_u16()).into_bytes();
    let own = answer.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    for (name, value) in own.chain(more.iter().copied()) {
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            out.extend_from_slice(part);
        }
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(answer.body());
    out
}
