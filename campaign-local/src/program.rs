//! The program `campaign-local`: the cloud on sockets, over a data folder.

use std::future::Future;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use secrecy::ExposeSecret;
use tokio::sync::watch;

use crate::Local;
use crate::data::{DataError, DataFolder, Ports, Settings};
use crate::local::LocalError;
use crate::serve::{BindError, Limits, Server};

/// Bodies of the management calls, in bytes.
const ADMIN_BODY: usize = 1 << 20;

/// How long the functions and the store may take to end.
const END: Duration = Duration::from_secs(20);

/// The cloud on a laptop: Table Store, API Gateway and Function Compute, with everything kept in one
/// folder.
///
/// When it is ready it prints one line of JSON on standard output: the addresses of its services, the
/// keys and the token of the management calls. Logs go to standard error; RUST_LOG sets how much.
/// Ctrl-C ends it in good order, a second one at once.
#[derive(Debug, Parser)]
#[command(name = "campaign-local", version)]
pub struct Options {
    /// The folder for data, keys and ports. It is made if it is not there; the next start with the
    /// same folder has the same data, keys and ports. One process at a time.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,

    /// Where to listen, such as 127.0.0.1:8080: Table Store there, the gateway on the next port, the
    /// management calls on the one after. Port 0 takes free ports, other than the last ones. Without
    /// it the last ports are taken again, or at the first start free ones, on 127.0.0.1.
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub listen: Option<SocketAddr>,

    /// Allows an address in --listen that other machines can reach. Everybody there can then call the
    /// anonymous routes of the gateway.
    #[arg(long)]
    pub expose: bool,
}

/// Why the program ended, or did not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// The data folder was refused.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The cloud could not be made.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// A port could not be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Three ports in a row do not fit behind the one in `--listen`.
    #[error("--listen takes a port and the two after it; choose one up to 65533, or 0")]
    Port,
    /// Standard output is closed, so nobody would know where the services are.
    #[error("the ready line cannot be written: {0}")]
    Output(std::io::Error),
    /// The system has no threads or signals for us.
    #[error("the program cannot run here: {0}")]
    System(std::io::Error),
}

/// The program: reads the command line, runs until Ctrl-C or SIGTERM. `main` calls
/// [`supervise_if_asked`](crate::function::supervise_if_asked) before it.
#[must_use]
pub fn main() -> ExitCode {
    let options = Options::parse();
    crate::log::init();
    let result = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(ProgramError::System)
        .and_then(|runtime| runtime.block_on(run(options)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("campaign-local: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the cloud until Ctrl-C or SIGTERM.
///
/// # Errors
/// [`ProgramError`], before the ready line is written or when it cannot be.
pub async fn run(options: Options) -> Result<(), ProgramError> {
    let mut asked = Signals::new().map_err(ProgramError::System)?;
    let mut data = DataFolder::open(options.data).await?;
    let places = places(options.listen, data.settings().ports)?;
    let bind = |place: SocketAddr, body| Server::bind(place, options.expose, Limits { body, ..Limits::default() });
    let table_store = bind(places[0], Limits::default().body)?;
    let gateway = bind(places[1], Limits::default().body)?;
    let admin = bind(places[2], ADMIN_BODY)?;
    let port = |server: &Server| server.address().port();
    let ports = Ports { tablestore: port(&table_store), gateway: port(&gateway), admin: port(&admin) };
    data.keep_ports(ports)?;

    let cloud = Local::builder().settings(data.settings().clone()).store(data.store().clone()).start().await?;
    let (end, ended) = watch::channel(false);
    let wait = || {
        let mut ended = ended.clone();
        // An error is the end as well.
        async move { drop(ended.wait_for(|ended| *ended).await) }
    };
    let servers = async {
        tokio::join!(
            table_store.run(cloud.table_store(), wait()),
            gateway.run(cloud.gateway(), wait()),
            admin.run(cloud.admin(), wait()),
        )
    };
    ready(data.settings(), places[0].ip(), ports).map_err(ProgramError::Output)?;
    let ending = async {
        asked.next().await;
        tracing::info!("ending; once more to end at once");
        end.send_replace(true);
    };
    let in_order = async {
        tokio::join!(servers, ending);
        cloud.stop().await;
    };
    unless_asked_twice(Box::pin(in_order), wait()).await;
    Ok(())
}

/// Finishes `work`; gives up if a second signal comes after `ending`, or it takes too long then.
async fn unless_asked_twice(work: impl Future<Output = ()>, ending: impl Future<Output = ()>) {
    let impatient = async {
        ending.await;
        let again = async {
            match Signals::new() {
                Ok(mut signals) => signals.next().await,
                Err(_) => std::future::pending().await,
            }
        };
        // What is stored is on the disk already.
        drop(tokio::time::timeout(END, again).await);
    };
    tokio::select! {
        () = work => {}
        () = impatient => tracing::warn!("ended before everything was in order"),
    }
}

/// The addresses of the three services.
fn places(listen: Option<SocketAddr>, last: Option<Ports>) -> Result<[SocketAddr; 3], ProgramError> {
    let host = listen.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |listen| listen.ip());
    let ports = match (listen.map(|listen| listen.port()), last) {
        (None, Some(last)) => [last.tablestore, last.gateway, last.admin],
        (None | Some(0), _) => [0; 3],
        (Some(port), _) => {
            let next = |by| port.checked_add(by).ok_or(ProgramError::Port);
            [port, next(1)?, next(2)?]
        }
    };
    Ok(ports.map(|port| SocketAddr::new(host, port)))
}

/// The one line on standard output.
fn ready(settings: &Settings, host: IpAddr, ports: Ports) -> std::io::Result<()> {
    // "All addresses" is none to call.
    let host = if host.is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { host };
    let url = |port| format!("http://{}", SocketAddr::new(host, port));
    let line = serde_json::json!({
        "tablestore": url(ports.tablestore),
        "gateway": url(ports.gateway),
        "admin": url(ports.admin),
        "admin_token": settings.admin_token.expose_secret(),
        "access_key_id": settings.access_key_id,
        "access_key_secret": settings.access_key_secret.expose_secret(),
        "instance": settings.instance,
        "region": settings.region,
    });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// An address, with `localhost` for 127.0.0.1.
fn address(text: &str) -> Result<SocketAddr, String> {
    let text = text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    text.parse().map_err(|_| "it must be an address and a port, such as 127.0.0.1:8080".to_owned())
}

/// Ctrl-C and SIGTERM.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! { _ = self.terminate.recv() => {}, _ = self.interrupt.recv() => {} }
    }

    #[cfg(not(unix))]
    fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
