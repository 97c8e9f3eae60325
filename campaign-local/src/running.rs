//! [`Running`]: the cloud on sockets, over a data folder.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use axum::Router;
use secrecy::ExposeSecret;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::data::{DataError, DataFolder, Ports};
use crate::gateway::{self, GatewayOptions};
use crate::serve::{BindError, Limits, Server};
use crate::tablestore::MAX_REQUEST_BYTES;
use crate::{Local, LocalBuilder, LocalError, openapi};

/// Bodies of the management calls, in bytes.
const ADMIN_BODY: usize = 1 << 20;

/// By how much a body may be longer than a service takes, so that the service says so in its own words.
const OVERLONG: usize = 64 << 10;

/// A service with a port of its own.
struct Service {
    /// Its name in the ready line and in the settings.
    name: &'static str,
    /// What its port bears.
    limits: fn() -> Limits,
    /// It.
    router: fn(&Local) -> Router,
}

/// The service whose refusals browsers read, those of its port too.
const GATEWAY: &str = "gateway";

/// The services, in the order of their ports.
const SERVICES: &[Service] = &[
    Service { name: "tablestore", limits: || body(MAX_REQUEST_BYTES + OVERLONG), router: Local::table_store },
    Service { name: GATEWAY, limits: || body(GatewayOptions::default().body + OVERLONG), router: Local::gateway },
    Service { name: "admin", limits: || body(ADMIN_BODY), router: Local::admin },
    Service { name: "oss", limits: oss, router: Local::oss },
    Service { name: "cdn", limits: cdn, router: Local::cdn },
    Service { name: "openapi", limits: || body(openapi::MAX_REQUEST_BYTES + OVERLONG), router: Local::openapi },
];

fn body(body: usize) -> Limits {
    Limits { body, ..Limits::default() }
}

/// Contents come and go in pieces, buckets stand in names, keys and metadata are long.
fn oss() -> Limits {
    Limits {
        streamed: true,
        names_under_localhost: true,
        target: 16 << 10,
        headers_total: 32 << 10,
        ..Limits::default()
    }
}

/// Nobody sends a CDN a body; a domain may have a name.
fn cdn() -> Limits {
    Limits { names_under_localhost: true, target: 16 << 10, ..body(OVERLONG) }
}

/// The last port with room for all services behind it.
const fn most() -> usize {
    u16::MAX as usize + 1 - SERVICES.len()
}

/// Why the cloud does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The data folder was refused.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The cloud could not be made.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// A port could not be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// A port for each service in a row does not fit behind the one that was asked for.
    #[error("the cloud takes a port and the {} after it; choose one up to {}, or 0", SERVICES.len() - 1, most())]
    Port,
}

/// The cloud on one port a service, over a data folder; no other process can use the folder meanwhile.
/// Dropped instead of [stopped](Self::stop), it takes no more connections and leaves the rest unordered.
///
/// ```
/// use campaign_local::Running;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = tempfile::tempdir()?;
/// let cloud = Running::start(folder.path(), None, false).await?;
/// println!("{}", cloud.ready_line());
/// cloud.stop().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Running {
    data: DataFolder,
    local: Local,
    host: IpAddr,
    end: watch::Sender<bool>,
    servers: JoinSet<()>,
}

impl Running {
    /// Starts the cloud over `folder` on `listen`: Table Store on its port, the gateway, the management
    /// calls and the others on the next ones; port 0 is free ones. Without `listen` it takes the
    /// ports of the last time, or at the first time free ones, on 127.0.0.1. With `expose` the address
    /// may be one that other machines can reach.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(
        folder: impl Into<PathBuf>,
        listen: Option<SocketAddr>,
        expose: bool,
    ) -> Result<Self, StartError> {
        Self::start_with(folder, listen, expose, |cloud| cloud).await
    }

    /// The same with a cloud that `make` changes, but for its store and settings.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start_with(
        folder: impl Into<PathBuf>,
        listen: Option<SocketAddr>,
        expose: bool,
        make: impl FnOnce(LocalBuilder) -> LocalBuilder,
    ) -> Result<Self, StartError> {
        let mut data = DataFolder::open(folder).await?;
        let host = listen.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |listen| listen.ip());
        let listen = listen.map(|listen| listen.port());
        let mut bound = Vec::with_capacity(SERVICES.len());
        let mut ports = Ports::new();
        for (place, service) in SERVICES.iter().enumerate() {
            let port = port(listen, place, data.settings().ports.get(service.name).copied())?;
            let mut server = Server::bind(SocketAddr::new(host, port), expose, (service.limits)())?;
            if service.name == GATEWAY {
                server = server.dress(gateway::dress);
            }
            ports.insert(service.name.to_owned(), server.address().port());
            bound.push((service, server));
        }
        data.keep_ports(ports)?;

        let builder = make(Local::builder()).settings(data.settings().clone()).store(data.store().clone());
        let local = builder.start().await?;
        let (end, ended) = watch::channel(false);
        let mut servers = JoinSet::new();
        for (service, server) in bound {
            servers.spawn(server.run((service.router)(&local), until(ended.clone())));
        }
        Ok(Self { data, local, host, end, servers })
    }

    /// The cloud.
    #[must_use]
    pub fn local(&self) -> &Local {
        &self.local
    }

    /// The data folder.
    #[must_use]
    pub fn data(&self) -> &DataFolder {
        &self.data
    }

    /// What a client needs, as one line of JSON without a line end: `tablestore`, `gateway`, `admin`, `oss`,
    /// `cdn`, `openapi` (base URLs), `admin_token`, `access_key_id`, `access_key_secret`, `app_key`,
    /// `app_secret`, `instance`, `region`; and `data`,
    /// the folder, unless its path is no text.
    #[must_use]
    pub fn ready_line(&self) -> String {
        // "All addresses" is none to call.
        let host = if self.host.is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { self.host };
        let settings = self.data.settings();
        let data = std::path::absolute(self.data.path()).ok();
        let mut line = serde_json::json!({
            "admin_token": settings.admin_token.expose_secret(),
            "access_key_id": settings.access_key_id,
            "access_key_secret": settings.access_key_secret.expose_secret(),
            "app_key": settings.app_key,
            "app_secret": settings.app_secret.expose_secret(),
            "instance": settings.instance,
            "region": settings.region,
            "data": data.as_deref().and_then(Path::to_str),
        });
        for (name, port) in &settings.ports {
            line[name] = format!("http://{}", SocketAddr::new(host, *port)).into();
        }
        line.to_string()
    }

    /// Ends in good order: requests under way, then the functions, then the store.
    pub async fn stop(mut self) {
        self.end.send_replace(true);
        while let Some(ended) = self.servers.join_next().await {
            if ended.is_err() {
                tracing::error!("a server panicked");
            }
        }
        self.local.stop().await;
    }
}

/// Resolves when the end was asked for.
async fn until(mut ended: watch::Receiver<bool>) {
    // An error is the end as well.
    drop(ended.wait_for(|ended| *ended).await);
}

/// The port of the service at `place` in the list.
fn port(listen: Option<u16>, place: usize, last: Option<u16>) -> Result<u16, StartError> {
    match listen {
        None => Ok(last.unwrap_or(0)),
        Some(0) => Ok(0),
        Some(first) => u16::try_from(place).ok().and_then(|place| first.checked_add(place)).ok_or(StartError::Port),
    }
}
