//! Publishes a folder as a static site: to OSS, then through the CDN.
//!
//! | file | what |
//! |---|---|
//! | `main` | the command line and the order of the steps |
//! | `options` | what the command line takes |
//! | `bucket` | makes the bucket and its website, if asked |
//! | `caches` | asks the CDN to forget what changed, and waits |
//! | `progress` | how far it is, on stderr |

mod bucket;
mod caches;
mod options;
mod progress;

use std::{io::Write as _, process::ExitCode};

use campaign_oss::{
    Client,
    site::{Outcome, Plan, SiteError},
};
use clap::Parser as _;
use serde::Serialize;

use self::{caches::Caches, options::Options, progress::Progress};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The site is up, and caches still give old answers: publish again to refresh them.
const NOT_REFRESHED: u8 = 3;
/// The publish was not finished; no page refers to anything missing. Publish again.
const UNFINISHED: u8 = 1;
/// Nothing was changed.
const REFUSED: u8 = 2;

/// What is printed with --json: one object on one line.
#[derive(Debug, Default, Serialize)]
struct Report {
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<Plan>,
    dry_run: bool,
    /// What was done; nothing in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    /// The addresses that the caches have forgotten.
    refreshed: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Why it ends early, and with which code.
struct Stop(u8, BoxError);

impl<E: Into<BoxError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self(REFUSED, error.into())
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let mut report = Report { dry_run: options.dry_run, ..Report::default() };
    let result = publish(&options, &mut report).await;
    let code = match result {
        Ok(()) => 0,
        Err(Stop(code, error)) => {
            let error = chain(&*error);
            eprintln!("publish: {error}");
            report.error = Some(error);
            code
        }
    };
    if options.json
        && let Err(error) = serde_json::to_string(&report).map_err(BoxError::from).and_then(|line| say(&line))
    {
        eprintln!("publish: {}", chain(&*error));
        return ExitCode::from(code.max(UNFINISHED));
    }
    ExitCode::from(code)
}

async fn publish(options: &Options, report: &mut Report) -> Result<(), Stop> {
    let tell = |text: &str| if options.json { Ok(()) } else { say(text) };
    let site = options.site()?;
    let transport = options::transport()?;
    let credentials = options::credentials()?;
    let oss = options.oss(transport.clone(), credentials.clone())?;
    let mut caches = Caches::new(options, transport, credentials)?;
    let bucket = options.target.bucket.as_str();

    if options.create && !options.dry_run {
        for line in bucket::create(&oss, options).await? {
            eprintln!("{line}");
        }
    }
    let plan = site.plan(&oss, bucket).await.map_err(|error| Stop(REFUSED, hint(error, options)))?;
    tell(&plan.to_string())?;
    for address in caches.addresses(|base| plan.addresses(base))? {
        tell(&format!("refresh {address}"))?;
    }
    report.plan = Some(plan.clone());
    plan.check()?;
    if options.dry_run {
        return tell("dry run: nothing was sent").map_err(Stop::from);
    }
    let outcome = carry_out(plan, &oss, &mut caches).await;
    report.refreshed = caches.refreshed();
    let outcome = outcome?;
    report.outcome = Some(outcome);
    tell(&format!(
        "done: {} put, {} deleted, {} unchanged, {} addresses refreshed",
        outcome.put,
        outcome.deleted,
        outcome.unchanged,
        report.refreshed.len()
    ))?;
    Ok(())
}

/// Everything the site needs is put; the caches forget what was replaced; what is stale is deleted; the caches forget that.
async fn carry_out(plan: Plan, oss: &Client, caches: &mut Caches) -> Result<Outcome, Stop> {
    let unfinished = |error: SiteError| {
        if let SiteError::Incomplete { failed } = &error {
            for (key, error) in failed {
                eprintln!("failed  {key}: {}", chain(error));
            }
        }
        Stop(UNFINISHED, error.into())
    };
    let not_refreshed = |error: BoxError| {
        let text = "the site is up, but the caches were not refreshed and what is stale was not deleted; publish again";
        Stop(NOT_REFRESHED, format!("{text}: {}", chain(&*error)).into())
    };
    let progress = Progress::new(&plan);
    let watch = |event: campaign_oss::site::Event<'_>| progress.event(event);
    let uploaded = plan.upload(oss, &watch).await.map_err(unfinished)?;
    progress.end();
    let addresses = caches.addresses(|base| uploaded.addresses(base))?;
    caches.refresh(addresses).await.map_err(not_refreshed)?;
    let deleted = uploaded.delete_stale(oss, &watch).await.map_err(unfinished)?;
    let addresses = caches.addresses(|base| deleted.addresses(base))?;
    caches.refresh(addresses).await.map_err(not_refreshed)?;
    deleted.finish(oss).await.map_err(unfinished)
}

/// What a person can do about it.
fn hint(error: SiteError, options: &Options) -> BoxError {
    match &error {
        SiteError::Call(call) if call.is_code("NoSuchBucket") && !options.create => {
            format!("there is no bucket {}: give --create to make it", options.target.bucket).into()
        }
        SiteError::Call(call) if call.is_code("NoSuchBucket") => {
            format!("there is no bucket {}: without --dry-run it is made", options.target.bucket).into()
        }
        _ => error.into(),
    }
}

/// Writes to standard output, which may be full or gone.
fn say(text: &str) -> Result<(), BoxError> {
    let mut out = std::io::stdout().lock();
    let written = writeln!(out, "{text}").and_then(|()| out.flush());
    Ok(written.map_err(|error| format!("standard output: {error}"))?)
}

/// An error with its causes, on one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
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
