//! A local cloud of our own: in this process, on sockets, over a data folder.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use campaign_local::{
    Local,
    data::{DataFolder, Ports},
    serve::{Limits, Server},
};
use secrecy::ExposeSecret;
use tokio::{sync::watch, task::JoinHandle};

use crate::{BoxError, cloud::Ready};

/// The running cloud.
pub(crate) struct OwnCloud {
    ready: Ready,
    data: DataFolder,
    local: Local,
    end: watch::Sender<bool>,
    servers: JoinHandle<()>,
}

impl OwnCloud {
    /// Starts it over `folder`, with the keys and ports of the last time.
    pub(crate) async fn start(folder: PathBuf) -> Result<Self, BoxError> {
        let mut data = DataFolder::open(folder).await?;
        let last = data.settings().ports;
        let bind = |port: fn(Ports) -> u16| {
            Server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, last.map_or(0, port))), false, Limits::default())
        };
        let (tables, gateway, admin) = (bind(|p| p.tablestore)?, bind(|p| p.gateway)?, bind(|p| p.admin)?);
        let port = |server: &Server| server.address().port();
        data.keep_ports(Ports { tablestore: port(&tables), gateway: port(&gateway), admin: port(&admin) })?;

        let local = Local::builder().settings(data.settings().clone()).store(data.store().clone()).start().await?;
        let settings = data.settings();
        let ready = Ready {
            tablestore: format!("http://{}", tables.address()),
            gateway: format!("http://{}", gateway.address()),
            admin: format!("http://{}", admin.address()),
            admin_token: settings.admin_token.expose_secret().to_owned(),
            access_key_id: settings.access_key_id.clone(),
            access_key_secret: settings.access_key_secret.expose_secret().to_owned(),
            instance: settings.instance.clone(),
            region: settings.region.clone(),
        };
        let (end, ended) = watch::channel(false);
        let routers = (local.table_store(), local.gateway(), local.admin());
        let servers = tokio::spawn(async move {
            tokio::join!(
                tables.run(routers.0, until(ended.clone())),
                gateway.run(routers.1, until(ended.clone())),
                admin.run(routers.2, until(ended)),
            );
        });
        Ok(Self { ready, data, local, end, servers })
    }

    pub(crate) fn ready(&self) -> &Ready {
        &self.ready
    }

    pub(crate) fn folder(&self) -> &Path {
        self.data.path()
    }

    /// Ends it in good order: requests under way, then the function, then the store.
    pub(crate) async fn stop(self) {
        self.end.send_replace(true);
        // It ends by itself, or by a panic that has been printed.
        drop(self.servers.await);
        self.local.stop().await;
    }
}

/// Resolves when the cloud is told to end, or is gone.
async fn until(mut ended: watch::Receiver<bool>) {
    drop(ended.wait_for(|ended| *ended).await);
}

/// Ctrl-C or SIGTERM.
pub(crate) async fn asked_to_end() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
