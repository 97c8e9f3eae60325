//! The started program of a function: under its supervisor, listening on its port.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::process::{ChildStdin, Command};
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use super::call::ANSWER_LIMIT;
use super::options::HostOptions;
use super::port::free_address;
use super::spec::{FunctionSpec, Process};
use super::supervise::{SUPERVISE, TERMINATE};
use super::{environment, log};

/// Between two looks whether the program listens.
const LOOK: Duration = Duration::from_millis(5);
/// How long after a failed request the program's end may take to be seen.
const END_SEEN: Duration = Duration::from_millis(500);

/// A program that listens. Dropping it kills the program.
pub(super) struct Running {
    authority: Authority,
    client: Client<HttpConnector, Full<Bytes>>,
    /// The pipe to the supervisor.
    orders: Mutex<Option<ChildStdin>>,
    /// How the program ended, once it has.
    ended: watch::Receiver<Option<String>>,
}

/// Why a request was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SendError {
    /// The program did not get it.
    Unsent,
    /// The program may have got it.
    Lost,
    /// The answer is over the limit.
    TooLarge,
}

impl Running {
    /// Starts the program and waits until it accepts connections, as the service's health check
    /// does; the error says why it does not.
    pub(super) async fn start(spec: &FunctionSpec, process: &Process, options: &HostOptions) -> Result<Self, String> {
        let address = free_address().map_err(|error| format!("no free port: {error}"))?;
        let supervisor = match &options.supervisor {
            Some(path) => path.clone(),
            None => std::env::current_exe().map_err(|error| format!("this program's own file is gone: {error}"))?,
        };
        let mut command = Command::new(supervisor);
        command.arg(SUPERVISE).arg(&process.command).args(&process.args);
        environment::set(&mut command, spec, process, options, address.port());
        if let Some(cwd) = &process.cwd {
            command.current_dir(cwd);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(|error| format!("its supervisor cannot be started: {error}"))?;
        let orders = child.stdin.take();
        if let Some(output) = child.stdout.take() {
            tokio::spawn(log::forward(spec.name.clone(), output));
        }
        if let Some(output) = child.stderr.take() {
            tokio::spawn(log::forward(spec.name.clone(), output));
        }
        let (end, ended) = watch::channel(None);
        let name = spec.name.clone();
        tokio::spawn(async move {
            let how = child.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string());
            tracing::info!(function = name, how, "the program ended");
            let _ = end.send(Some(how));
        });
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let running = Self {
            authority: Authority::try_from(address.to_string()).expect("an address and a port are an authority"),
            // Idle connections are kept: the runtime's contract asks for keep-alive without limit.
            client: Client::builder(TokioExecutor::new()).pool_idle_timeout(None).build(connector),
            orders: Mutex::new(orders),
            ended,
        };
        match timeout(options.health_timeout, running.listens(address)).await {
            Ok(listens) => listens?,
            Err(_) => {
                let (port, seconds) = (address.port(), options.health_timeout.as_secs_f32());
                return Err(format!("instance health check failed on port {port} in {seconds} seconds"));
            }
        }
        Ok(running)
    }

    async fn listens(&self, address: SocketAddr) -> Result<(), String> {
        loop {
            let connected = TcpStream::connect(address).await.is_ok();
            // Looked at second: if the program is gone, who accepted was somebody else.
            if let Some(how) = self.ended.borrow().as_ref() {
                return Err(format!("its program ended before it listened ({how})"));
            }
            if connected {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        self.ended.borrow().is_none()
    }

    /// Sends a request over a kept connection and collects the answer.
    pub(super) async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
        let (mut parts, body) = request.into_parts();
        let mut uri = parts.uri.into_parts();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(self.authority.clone());
        if uri.path_and_query.is_none() {
            uri.path_and_query = Some(http::uri::PathAndQuery::from_static("/"));
        }
        parts.uri = Uri::from_parts(uri).expect("scheme, authority and path make a URI");
        // The caller's extensions and version are of the caller's connection.
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = parts.method;
        *request.uri_mut() = parts.uri;
        *request.headers_mut() = parts.headers;
        let response = match self.client.request(request).await {
            Ok(response) => response,
            Err(error) => {
                // So that the next request starts a new program instead of meeting the dead one.
                self.ended_within(END_SEEN).await;
                return Err(if error.is_connect() { SendError::Unsent } else { SendError::Lost });
            }
        };
        let (parts, body) = response.into_parts();
        match Limited::new(body, ANSWER_LIMIT).collect().await {
            Ok(body) => Ok(Response::from_parts(parts, body.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => Err(SendError::TooLarge),
            Err(_) => {
                self.ended_within(END_SEEN).await;
                Err(SendError::Lost)
            }
        }
    }

    /// Asks the program to end, and kills it if it has not after `grace`.
    pub(super) async fn stop(&self, grace: Duration) {
        let mut orders = self.orders.lock().await.take();
        if let Some(orders) = &mut orders {
            // It fails when the supervisor has gone, and the program with it.
            let _ = orders.write_all(TERMINATE).await;
        }
        self.ended_within(grace).await;
        drop(orders);
        self.ended_within(grace).await;
    }

    async fn ended_within(&self, time: Duration) {
        let mut ended = self.ended.clone();
        let _ = timeout(time, ended.wait_for(Option::is_some)).await;
    }
}
