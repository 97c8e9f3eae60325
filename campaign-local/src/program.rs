//! The program `campaign-local`: its command line, its signals.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::tablestore::TableStoreOptions;
use crate::{LocalBuilder, Running};

/// How long the functions and the store may take to end.
const END: Duration = Duration::from_secs(25);

/// The cloud on a laptop: Table Store, API Gateway and Function Compute, with everything kept in one
/// folder.
///
/// When it is ready it prints one line of JSON on standard output: the addresses of its services, the
/// keys and the token of the management calls. Logs go to standard error; RUST_LOG sets how much.
/// Ctrl-C ends it in good order, a second one at once.
#[derive(Debug, Parser)]
#[command(name = "campaign-local", version)]
struct Options {
    /// The folder for data, keys and ports. It is made if it is not there; the next start with the
    /// same folder has the same data, keys and ports. One process at a time.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,

    /// Where to listen, such as 127.0.0.1:8080: Table Store there, the gateway on the next port, the
    /// management calls and the other services on those after. Port 0 takes free ports, other than the last ones. Without
    /// it the last ports are taken again, or at the first start free ones, on 127.0.0.1.
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    listen: Option<SocketAddr>,

    /// Allows an address in --listen that other machines can reach. Everybody there can then call the
    /// anonymous routes of the gateway.
    #[arg(long)]
    expose: bool,

    /// Lets Table Store hurt as the cloud may: a new table is not ready for two seconds, a partition that is split is away for
    /// half a second, and one that gets more than 10,000 capacity units in a second refuses.
    #[arg(long)]
    like_the_cloud: bool,
}

/// The program: reads the command line, runs until Ctrl-C or SIGTERM. `main` calls
/// [`supervise_if_asked`](crate::function::supervise_if_asked) before it.
#[must_use]
pub fn main() -> ExitCode {
    let options = Options::parse();
    crate::log::init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = runtime.map_err(|error| format!("it cannot run here: {error}"));
    match result.and_then(|runtime| runtime.block_on(run(options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("campaign-local: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The error is for the user's eyes.
async fn run(options: Options) -> Result<(), String> {
    let mut asked = Signals::new().map_err(|error| format!("it cannot listen to signals: {error}"))?;
    let table_store =
        if options.like_the_cloud { TableStoreOptions::like_the_cloud() } else { TableStoreOptions::default() };
    let make = |cloud: LocalBuilder| cloud.table_store(table_store);
    let cloud = Running::start_with(options.data, options.listen, options.expose, make).await;
    let cloud = cloud.map_err(|error| error.to_string())?;
    let mut out = std::io::stdout();
    let written = writeln!(out, "{}", cloud.ready_line()).and_then(|()| out.flush());
    written.map_err(|error| format!("the ready line cannot be written: {error}"))?;
    asked.next().await;
    tracing::info!("ending; once more to end at once");
    // What was acknowledged is on the disk already, so giving up loses nothing.
    tokio::select! {
        () = cloud.stop() => {}
        () = asked.next() => tracing::warn!("ended before everything was in order"),
        () = tokio::time::sleep(END) => tracing::warn!("gave up waiting for everything to be in order"),
    }
    Ok(())
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
