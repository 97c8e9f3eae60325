//! [`Running`]: the cloud on sockets, over a data folder.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::data::{DataError, DataFolder, Ports};
use crate::gateway::GatewayOptions;
use crate::serve::{BindError, Limits, Server};
use crate::tablestore::MAX_REQUEST_BYTES;
use crate::{Local, LocalError};

/// Bodies of the management calls, in bytes.
const ADMIN_BODY: usize = 1 << 20;

/// By how much a body may be longer than a service takes, so that the service says so in its own words.
const OVERLONG: usize = 64 << 10;

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
    /// Three ports in a row do not fit behind the one that was asked for.
    #[error("the cloud takes a port and the two after it; choose one up to 65533, or 0")]
    Port,
}

/// The cloud on three ports, over a data folder; no other process can use the folder meanwhile. Dropped
/// instead of [stopped](Self::stop), it takes no more connections and leaves the rest unordered.
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
    ports: Ports,
    end: watch::Sender<bool>,
    servers: JoinHandle<()>,
}

impl Running {
    /// Starts the cloud over `folder` on `listen`: Table Store on its port, the gateway on the next,
    /// the management calls on the one after; port 0 is three free ones. Without `listen` it takes the
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
        let mut data = DataFolder::open(folder).await?;
        let [table_store, gateway, admin] = places(listen, data.settings().ports)?;
        let bind = |place, body| Server::bind(place, expose, Limits { body, ..Limits::default() });
        let gateway_options = GatewayOptions::default();
        let host = table_store.ip();
        let table_store = bind(table_store, MAX_REQUEST_BYTES + OVERLONG)?;
        let gateway = bind(gateway, gateway_options.body + OVERLONG)?;
        let admin = bind(admin, ADMIN_BODY)?;
        let port = |server: &Server| server.address().port();
        let ports = Ports { tablestore: port(&table_store), gateway: port(&gateway), admin: port(&admin) };
        data.keep_ports(ports)?;

        let builder = Local::builder().settings(data.settings().clone()).store(data.store().clone());
        let local = builder.gateway(gateway_options).start().await?;
        let (end, ended) = watch::channel(false);
        let routers = (local.table_store(), local.gateway(), local.admin());
        let servers = tokio::spawn(async move {
            tokio::join!(
                table_store.run(routers.0, until(ended.clone())),
                gateway.run(routers.1, until(ended.clone())),
                admin.run(routers.2, until(ended)),
            );
        });
        Ok(Self { data, local, host, ports, end, servers })
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

    /// What a client needs, as one line of JSON without a line end: `tablestore`, `gateway`, `admin`
    /// (base URLs), `admin_token`, `access_key_id`, `access_key_secret`, `instance`, `region`; and `data`,
    /// the folder, unless its path is no text.
    #[must_use]
    pub fn ready_line(&self) -> String {
        // "All addresses" is none to call.
        let host = if self.host.is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { self.host };
        let url = |port| format!("http://{}", SocketAddr::new(host, port));
        let settings = self.data.settings();
        let data = std::path::absolute(self.data.path()).ok();
        let line = serde_json::json!({
            "tablestore": url(self.ports.tablestore),
            "gateway": url(self.ports.gateway),
            "admin": url(self.ports.admin),
            "admin_token": settings.admin_token.expose_secret(),
            "access_key_id": settings.access_key_id,
            "access_key_secret": settings.access_key_secret.expose_secret(),
            "instance": settings.instance,
            "region": settings.region,
            "data": data.as_deref().and_then(Path::to_str),
        });
        line.to_string()
    }

    /// Ends in good order: requests under way, then the functions, then the store.
    pub async fn stop(self) {
        self.end.send_replace(true);
        if self.servers.await.is_err() {
            tracing::error!("a server panicked");
        }
        self.local.stop().await;
    }
}

/// Resolves when the end was asked for.
async fn until(mut ended: watch::Receiver<bool>) {
    // An error is the end as well.
    drop(ended.wait_for(|ended| *ended).await);
}

/// The addresses of the three services.
fn places(listen: Option<SocketAddr>, last: Option<Ports>) -> Result<[SocketAddr; 3], StartError> {
    let host = listen.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |listen| listen.ip());
    let ports = match (listen.map(|listen| listen.port()), last) {
        (None, Some(last)) => [last.tablestore, last.gateway, last.admin],
        (None | Some(0), _) => [0; 3],
        (Some(port), _) => {
            let next = |by| port.checked_add(by).ok_or(StartError::Port);
            [port, next(1)?, next(2)?]
        }
    };
    Ok(ports.map(|port| SocketAddr::new(host, port)))
}
