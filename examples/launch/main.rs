//! A campaign on this machine, from the form to the table.
//!
//! | file | what |
//! |---|---|
//! | `main` | the command line |
//! | `cloud` | the cloud in use: addresses, keys, management calls |
//! | `provision` | table, function and route of the campaign, by public calls |
//! | `function` | the function, run as a process by the cloud |
//! | `driver` | sends an entries file and proves what came of it |
//! | `site` | the page: bucket, files, CDN |
//! | `export` | the stored entries as NDJSON |

mod cloud;
mod driver;
mod export;
mod function;
mod provision;
mod site;

use std::{
    fs::File,
    io::{BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use campaign_core::Campaign;
use campaign_local::Running;
use clap::{Args, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use self::{
    cloud::{Cloud, Faults},
    driver::{Line, Patience, Settings},
};

/// The campaign of the example.
const CAMPAIGN: &str = include_str!("../double11.toml");
/// An entry to begin with.
const SAMPLE: &str = r#"{"name":"Ada Lovelace","email":"ada@example.com","country":"GB","born":"1990-12-10","size":"M","terms":"tc-2026-11-01"}"#;
/// The data folder when it stays up.
const DATA: &str = "campaign-data";
/// How long taking the faults away may hold up the end.
const END: Duration = Duration::from_secs(2);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Launches the campaign `double11` on this machine: a local cloud in a data folder, its page behind a CDN, its table, its
/// function as a real process, and the route POST /campaigns/double11/entries. Stays up until Ctrl-C.
///
/// With --entries it sends a file of entries through the campaign instead, proves what came of them,
/// prints one JSON line and exits: 0 only if nothing failed, surprised, or is missing, twice or mismatched in the table.
#[derive(Debug, Parser)]
#[command(name = "launch", version, args_conflicts_with_subcommands = true)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,

    /// The folder for data, keys and ports; `campaign-data` unless given, with --entries a fresh temporary one.
    #[arg(long, value_name = "DIR", conflicts_with = "cloud")]
    data: Option<PathBuf>,

    /// Uses a running campaign-local, given the file with its ready line, instead of a cloud of its own.
    #[arg(long, value_name = "READY.json")]
    cloud: Option<PathBuf>,

    /// Publishes the page from this folder instead of that of the example.
    #[arg(long, value_name = "DIR", default_value = site::FOLDER, hide_default_value = true, conflicts_with = "entries")]
    site: PathBuf,

    #[command(flatten)]
    drive: Drive,
}

#[derive(Debug, Args)]
struct Drive {
    /// Sends this file, one entry a line.
    #[arg(long, value_name = "FILE.ndjson")]
    entries: Option<PathBuf>,

    /// How many entries are under way at the same time.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=4096), requires = "entries")]
    concurrency: u16,

    /// Hurts PERCENT of the requests at the gateway and, independently, at Table Store; the same ones for the same seed.
    #[arg(long, value_name = "SEED:PERCENT", requires = "entries")]
    faults: Option<Faults>,

    /// Writes every attempt and answer to this file, on disk before it counts.
    #[arg(long, value_name = "FILE", requires = "entries")]
    journal: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The function, as the cloud starts it. Not for people.
    Function,
    /// Writes the stored entries to standard output, one JSON object a line.
    Export {
        /// The data folder; no other process may use it.
        #[arg(long, value_name = "DIR", required_unless_present = "cloud")]
        data: Option<PathBuf>,
        /// Asks a running campaign-local, given the file with its ready line.
        #[arg(long, value_name = "READY.json", conflicts_with = "data")]
        cloud: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    // This executable is also the supervisor of the function it has started.
    campaign_local::function::supervise_if_asked();
    let options = Options::parse();
    log(match (&options.command, &options.drive.entries) {
        (None, None) | (Some(Command::Function), _) => "info",
        // Injected faults are expected to leave traces.
        _ => "error",
    });
    let result = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(BoxError::from)
        .and_then(|runtime| runtime.block_on(run(options)));
    result.unwrap_or_else(|error| {
        eprintln!("launch: {}", chain(&*error));
        ExitCode::from(2)
    })
}

async fn run(options: Options) -> Result<ExitCode, BoxError> {
    let campaign = Campaign::from_toml(CAMPAIGN)?;
    match options.command {
        Some(Command::Function) => function::run(campaign).await.map(|()| ExitCode::SUCCESS),
        Some(Command::Export { data, cloud }) => {
            // Opening would make one, with keys and ports.
            if let Some(data) = data.as_ref().filter(|data| !data.is_dir()) {
                return Err(format!("{}: there is no such data folder", data.display()).into());
            }
            let (cloud, own) = open(data, cloud).await?;
            let result = export::run(&campaign, &cloud, BufWriter::new(std::io::stdout())).await;
            close(own).await;
            result.map(|()| ExitCode::SUCCESS)
        }
        None => launch(&campaign, options).await,
    }
}

async fn launch(campaign: &Campaign, options: Options) -> Result<ExitCode, BoxError> {
    // Read first: a wrong file should not cost the start of a cloud.
    let lines = options.drive.entries.as_deref().map(|path| read_entries(campaign, path)).transpose()?;
    if let (Some(entries), Some(journal)) = (&options.drive.entries, &options.drive.journal)
        && entries.canonicalize().is_ok_and(|entries| journal.canonicalize().is_ok_and(|journal| journal == entries))
    {
        return Err(format!("{}: the journal would replace the entries", journal.display()).into());
    }
    // Kept to the end: it goes with the folder.
    let mut temporary = None;
    let data = match (&options.data, &options.cloud, &options.drive.entries) {
        (Some(data), ..) => Some(data.clone()),
        (None, Some(_), _) => None,
        (None, None, None) => Some(DATA.into()),
        (None, None, Some(_)) => {
            let folder = tempfile::Builder::new().prefix("campaign-").tempdir()?;
            let path = folder.path().join("cloud");
            temporary = Some(folder);
            Some(path)
        }
    };
    let (cloud, own) = open(data, options.cloud.clone()).await?;
    let hurt = options.drive.faults.is_some();
    let work = async {
        if own.is_some() {
            // Faults are kept in the folder. Those of a run that was killed are not for this one.
            cloud.inject(None).await?;
        }
        provision::provision(campaign, &cloud, options.drive.faults.is_some()).await?;
        match lines {
            Some(lines) => drive(campaign, &cloud, lines, options.drive).await,
            None => {
                let page = site::publish(campaign, &cloud, &options.site).await?;
                stay_up(campaign, &cloud, &page, own.is_some()).await
            }
        }
    };
    let result = tokio::select! {
        result = work => result,
        signal = asked_to_end() => signal.map_err(BoxError::from).map(|()| ExitCode::from(130)),
    };
    if own.is_none() && hurt {
        // An interrupted run leaves a cloud of another process as it should be, if it answers at all.
        drop(tokio::time::timeout(END, cloud.inject(None)).await);
    }
    close(own).await;
    drop(temporary);
    result
}

/// The cloud to use: one of our own over `data`, or a running one.
async fn open(data: Option<PathBuf>, ready: Option<PathBuf>) -> Result<(Cloud, Option<Running>), BoxError> {
    match (data, ready) {
        (Some(data), _) => {
            let own = Running::start(data, None, false).await?;
            let ready = serde_json::from_str(&own.ready_line())?;
            Ok((Cloud::new(ready, own.data().path().join(cloud::PEPPER))?, Some(own)))
        }
        (None, Some(ready)) => Ok((Cloud::connect(&ready)?, None)),
        (None, None) => Err("neither --data nor --cloud is given".into()),
    }
}

/// Ends a cloud of our own in good order, or at once when asked again: what was acknowledged is on the disk.
async fn close(own: Option<Running>) {
    if let Some(own) = own {
        tokio::select! { () = own.stop() => {}, _ = asked_to_end() => {} }
    }
}

/// Prints where the campaign is and how to enter it; stays as long as the cloud is ours.
async fn stay_up(campaign: &Campaign, cloud: &Cloud, page: &str, ours: bool) -> Result<ExitCode, BoxError> {
    let (ready, uri, key) = (cloud.ready(), cloud.entries_uri(campaign)?, fresh_key()?);
    let (gateway, table_store, instance) = (&ready.gateway, &ready.tablestore, &ready.instance);
    let (oss, admin) = (&ready.oss, &ready.admin);
    let end = if ours { "\n\nCtrl-C ends it; the data stays." } else { "" };
    say(&format!(
        "page         {page}\n\
         gateway      {gateway}\n\
         Table Store  {table_store} (instance {instance})\n\
         OSS          {oss}\n\
         management   {admin}\n\n\
         Open the page and enter. Or enter from here; the same key again is the same entry:\n\n\
         curl -i {uri} \\\n  \
         -H 'Content-Type: application/json' -H 'Idempotency-Key: {key}' \\\n  \
         -d '{SAMPLE}'{end}"
    ))?;
    if ours {
        std::future::pending::<()>().await;
    }
    Ok(ExitCode::SUCCESS)
}

/// 26 random characters: as a page makes them.
fn fresh_key() -> Result<String, BoxError> {
    let mut bytes = [0; 13];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn read_entries(campaign: &Campaign, path: &Path) -> Result<Vec<Line>, BoxError> {
    let named = |error: BoxError| format!("{}: {}", path.display(), chain(&*error));
    let file = File::open(path).map_err(|error| named(error.into()))?;
    Ok(driver::read(campaign, BufReader::new(file)).map_err(|error| named(error.into()))?)
}

/// Sends the entries and prints the report.
async fn drive(campaign: &Campaign, cloud: &Cloud, lines: Vec<Line>, drive: Drive) -> Result<ExitCode, BoxError> {
    let settings = Settings {
        concurrency: drive.concurrency.into(),
        patience: if drive.faults.is_some() { Patience::QUICK } else { Patience::PAGE },
        seed: drive.faults.map_or_else(|| fastrand::u64(..), |faults| faults.seed),
        journal: drive.journal,
    };
    cloud.inject(drive.faults).await?;
    let sent = driver::send(lines, cloud.transport(), cloud.entries_uri(campaign)?, settings).await;
    // The faults were for the entries; reading back and whoever comes next are spared.
    cloud.inject(None).await?;
    let report = sent?.prove(campaign, &provision::table(campaign, cloud)?).await?;
    say(&serde_json::to_string(&report)?)?;
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes to standard output, which may be full or gone.
fn say(text: &str) -> Result<(), BoxError> {
    let mut out = std::io::stdout().lock();
    let written = writeln!(out, "{text}").and_then(|()| out.flush());
    Ok(written.map_err(|error| format!("standard output: {error}"))?)
}

/// Ctrl-C or SIGTERM.
async fn asked_to_end() -> std::io::Result<()> {
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

/// Logs to standard error, `level` and above unless RUST_LOG says otherwise.
fn log(level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let subscriber = campaign_local::log::subscriber(filter, std::io::stderr);
    tracing::subscriber::set_global_default(subscriber).expect("nothing has set a subscriber before main");
}

/// An error with its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Some errors show their cause themselves.
        let own = error.to_string();
        if !text.contains(&own) {
            text.push_str(": ");
            text.push_str(&own);
        }
        cause = error.source();
    }
    text
}
