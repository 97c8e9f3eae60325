//! [`Server`]: binding a port, running, ending in good order.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, Request, StatusCode};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::Service;

use super::connection::serve;
use super::head::Hosts;

/// What one server bears. The numbers are the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; the next ones wait in the system's queue. 256.
    pub connections: usize,
    /// Bytes of a request target. 4096.
    pub target: usize,
    /// Header lines of a request. 100.
    pub headers: usize,
    /// Bytes of all header lines of a request. 8192.
    pub headers_total: usize,
    /// Bytes of a request body. 8 MiB.
    pub body: usize,
    /// Hands bodies over as they come, for a service that bounds them itself: `body` is then no
    /// limit, and `body_time` is the time from one piece to the next. False.
    pub streamed: bool,
    /// Takes every name under `localhost` for the server's own, such as `BUCKET.localhost`: for a
    /// service that reads something from the name. These names are loopback for every resolver
    /// (RFC 6761, section 6.3), so no page of the web can have one. False.
    pub names_under_localhost: bool,
    /// From the first to the last byte of a request head. 5 s.
    pub head_time: Duration,
    /// From the head to the last byte of the body. 10 s.
    pub body_time: Duration,
    /// A client that takes nothing more of an answer. 60 s.
    pub send_time: Duration,
    /// A connection without a request. 30 s.
    pub idle_time: Duration,
    /// For requests under way when the server ends. 10 s.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            target: 4096,
            headers: 100,
            headers_total: 8192,
            body: 8 << 20,
            streamed: false,
            names_under_localhost: false,
            head_time: Duration::from_secs(5),
            body_time: Duration::from_secs(10),
            send_time: Duration::from_secs(60),
            idle_time: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}

/// Why a server does not listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The address can be reached from other machines, and nobody said that it may.
    #[error("{0} can be reached from other machines; use 127.0.0.1, or allow it explicitly (--expose)")]
    NotLoopback(SocketAddr),
    /// The port is taken, or the address is not this machine's.
    #[error("cannot listen on {address} ({source}); stop what listens there, or choose another port or data folder")]
    Refused {
        /// What was asked for.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
}

/// A bound port.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    hosts: Hosts,
    limits: Limits,
    dress: Dress,
}

/// Adds headers to an answer of this status that the server makes itself, before the service sees the request.
pub type Dress = fn(StatusCode, &mut HeaderMap);

impl Server {
    /// Listens on `address`; port 0 is a free one. With `expose` the address may be other than
    /// loopback.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn bind(address: SocketAddr, expose: bool, limits: Limits) -> Result<Self, BindError> {
        if !expose && !address.ip().is_loopback() {
            return Err(BindError::NotLoopback(address));
        }
        let refused = |source| BindError::Refused { address, source };
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(refused)?;
        // So that a restart gets its port while old connections are still in TIME_WAIT.
        socket.set_reuseaddr(true).map_err(refused)?;
        socket.bind(address).map_err(refused)?;
        let listener = socket.listen(1024).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let port = address.port();
        let own = address.to_string();
        let own = own.rsplit_once(':').map_or(own.as_str(), |(name, _)| name);
        // The official Node client of Table Store leaves the port out.
        let names = ["127.0.0.1", "localhost", "[::1]", own];
        let names = names.into_iter().flat_map(|name| [format!("{name}:{port}"), name.to_owned()]).collect();
        let hosts = Hosts { names, under: limits.names_under_localhost.then(|| format!(".localhost:{port}")) };
        Ok(Self { listener, address, hosts, limits, dress: |_, _| {} })
    }

    /// The address with the port that was chosen.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts this value of `Host` too, exactly as sent: for a server reached by a name.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.hosts.names.push(host.into());
        self
    }

    /// Adds headers to the refusals that the server makes itself, so that they look like the service's own.
    #[must_use]
    pub fn dress(mut self, dress: Dress) -> Self {
        self.dress = dress;
        self
    }

    /// Serves until `end` resolves; then takes no more connections, lets requests under way finish
    /// within [`Limits::grace`], and returns.
    pub async fn run<S>(self, service: S, end: impl Future<Output = ()> + Send)
    where
        S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + Sync + Unpin + 'static,
        S::Future: Send,
    {
        let hosts = Arc::new(self.hosts);
        let places = Arc::new(Semaphore::new(self.limits.connections));
        let (ending, ended) = watch::channel(());
        let mut connections = JoinSet::new();
        let accept = async {
            loop {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                match self.listener.accept().await {
                    Ok((stream, _)) => {
                        let connection =
                            serve(stream, service.clone(), self.limits, self.dress, Arc::clone(&hosts), ended.clone());
                        connections.spawn(async move {
                            connection.await;
                            drop(place);
                        });
                        while connections.try_join_next().is_some() {}
                    }
                    Err(error) => {
                        // Out of descriptors, or the client was gone already: others are still served.
                        tracing::warn!(%error, "a connection was not accepted");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                }
            }
        };
        tokio::select! { () = accept => {}, () = end => {} }
        drop(self.listener);
        drop(ending);
        let all = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(self.limits.grace, all).await.is_err() {
            tracing::warn!("requests were still under way when the server ended");
        }
    }
}
