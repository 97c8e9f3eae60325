//! A server on loopback whose answers were made before: what it does is not measured, and is the same for every client.

use std::{
    convert::Infallible,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, ChildStdin, Command, Stdio},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;

use crate::work::{batch, launch, oss, tablestore};

/// The server in a process of its own. It ends with this value.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Its end tells the process to go, also when this one is killed.
    _input: Option<ChildStdin>,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start() -> Result<Self, Box<dyn std::error::Error>> {
        let mut child =
            Command::new(std::env::current_exe()?).arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let input = child.stdin.take();
        Ok(Self { child, _input: input, address: line.trim().parse()? })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Listens on a port of its own, prints its address and answers, in one thread, until its input ends.
pub(crate) fn serve() -> Result<(), io::Error> {
    // Nothing but the end is ever read.
    std::thread::spawn(|| {
        let _ = io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("{}", listener.local_addr()?);
        io::stdout().flush()?;
        loop {
            let (socket, _) = listener.accept().await?;
            socket.set_nodelay(true)?;
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service_fn(answer));
            tokio::spawn(async {
                // A client that goes is no fault of the server.
                let _ = connection.await;
            });
        }
    })
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    // What did not come whole has no rows.
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let response = tablestore::answer(&parts)
        .or_else(|| batch::answer(&parts, &body))
        .or_else(|| oss::answer(&parts))
        .or_else(|| launch::answer(&parts))
        .unwrap_or_else(|| {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = http::StatusCode::NOT_FOUND;
            response
        });
    Ok(response.map(Full::new))
}
