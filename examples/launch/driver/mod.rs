//! Drives an entries file through a campaign, as many pages would, and proves what came of it.
//!
//! | file | what |
//! |---|---|
//! | `plan` | reads the file, sorts it into chains that run side by side |
//! | `reading` | what the campaign makes of a body, before it is sent |
//! | `attempt` | sends a line until its answer is final |
//! | `outcome` | what an answer means |
//! | `journal` | every attempt and answer, on disk |
//! | `tally` | counts |
//! | `verify` | compares the table with what was acknowledged |
//! | `progress` | how far it is, on stderr |

mod attempt;
mod journal;
mod outcome;
mod plan;
mod progress;
mod reading;
mod tally;
mod verify;

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use campaign_client::{Clock, Transport};
use campaign_core::{
    Campaign,
    store::{EntryStore, StoreError, Stored},
};
use http::Uri;

use self::{
    attempt::Page,
    journal::Journal,
    plan::{chains, lines},
    progress::Progress,
    reading::Reader,
    tally::{Acknowledged, Tally},
    verify::{Row, verify},
};
pub(crate) use self::{
    attempt::Patience,
    plan::{Line, PlanError},
    tally::Report,
};

/// How a run goes.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Chains side by side.
    pub(crate) concurrency: usize,
    pub(crate) patience: Patience,
    /// Of the waits.
    pub(crate) seed: u64,
    pub(crate) journal: Option<PathBuf>,
}

/// Why a run could not be finished.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DriveError {
    #[error("the journal cannot be written")]
    Journal(#[source] io::Error),
    #[error("an entry cannot be sent")]
    Send(#[source] io::Error),
    #[error("the table cannot be read back")]
    ReadBack(#[source] StoreError),
}

/// Rows read at a time.
const PAGE: usize = 1000;

/// Reads an entries file for a campaign.
///
/// # Errors
/// As [`PlanError`] says.
pub(crate) fn read(campaign: &Campaign, file: impl io::BufRead) -> Result<Vec<Line>, PlanError> {
    let reader = Reader::new(campaign);
    lines(file, |payload| reader.read(payload))
}

/// Sends all lines.
///
/// # Errors
/// The journal cannot be written, or a line makes no request.
pub(crate) async fn send(
    lines: Vec<Line>,
    transport: Arc<dyn Transport>,
    uri: Uri,
    settings: Settings,
) -> Result<Sent, DriveError> {
    let began = Instant::now();
    let journal = settings.journal.as_deref().map(Journal::create).transpose().map_err(DriveError::Journal)?;
    let page = Page { transport, uri, patience: settings.patience, clock: Clock::system(), seed: settings.seed };
    let run = Arc::new(Run {
        chains: chains(&lines),
        next: AtomicUsize::new(0),
        state: Mutex::new(State {
            tally: Tally::default(),
            acknowledged: vec![false; lines.len()],
            progress: Progress::new(lines.len()),
        }),
        lines,
        page,
        journal,
    });

    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..settings.concurrency {
        workers.spawn(work(run.clone()));
    }
    let mut tick = tokio::time::interval(progress::INTERVAL);
    loop {
        let ended = tokio::select! {
            ended = workers.join_next() => ended,
            // Also while nothing is answered: who waits is told that it is still being tried.
            _ = tick.tick() => {
                run.state.lock().unwrap_or_else(PoisonError::into_inner).show();
                continue;
            }
        };
        match ended {
            None => break,
            Some(Ok(result)) => result?,
            Some(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
        }
    }

    let run = Arc::into_inner(run).expect("all workers have ended");
    let State { tally, acknowledged, progress } = run.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    progress.end();
    Ok(Sent { lines: run.lines, tally, acknowledged, seed: settings.seed, took: began.elapsed() })
}

/// Lines that were sent, and what was answered.
#[derive(Debug)]
pub(crate) struct Sent {
    lines: Vec<Line>,
    tally: Tally,
    acknowledged: Vec<bool>,
    seed: u64,
    took: Duration,
}

impl Sent {
    /// Reads the table back, compares it with what was acknowledged, and reports.
    ///
    /// # Errors
    /// The table cannot be read.
    pub(crate) async fn prove(self, campaign: &Campaign, store: &dyn EntryStore) -> Result<Report, DriveError> {
        let reader = Reader::new(campaign);
        let rows = read_back(&reader, store).await.map_err(DriveError::ReadBack)?;
        let found = verify(&self.lines, &self.acknowledged, &rows, &reader.hidden());
        Ok(self.tally.report(&found, self.seed, self.took))
    }
}

/// What the workers share.
struct Run {
    lines: Vec<Line>,
    chains: Vec<Vec<usize>>,
    /// The next chain to be taken.
    next: AtomicUsize,
    page: Page,
    journal: Option<Journal>,
    state: Mutex<State>,
}

struct State {
    tally: Tally,
    /// By line index.
    acknowledged: Vec<bool>,
    progress: Progress,
}

impl State {
    fn show(&mut self) {
        self.progress.at(self.tally.sent(), self.tally.failed());
    }
}

/// Takes chains until none is left.
async fn work(run: Arc<Run>) -> Result<(), DriveError> {
    while let Some(chain) = run.chains.get(run.next.fetch_add(1, Ordering::Relaxed)) {
        let mut known = Acknowledged::default();
        for index in chain {
            let line = &run.lines[*index];
            let ending = run.page.send(line, run.journal.as_ref()).await.map_err(DriveError::Send)?;
            let outcome = known.first_effect(line, &ending);
            let mut state = run.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.acknowledged[*index] = outcome.is_some_and(outcome::Outcome::is_acknowledged);
            if let Some(note) = state.tally.add(line, &ending, outcome) {
                state.progress.note(&note);
            }
            state.show();
        }
    }
    Ok(())
}

/// The live entries of the table.
async fn read_back(reader: &Reader<'_>, store: &dyn EntryStore) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = store.page(after.as_ref(), PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(rows) };
        after = Some(last.clone());
        rows.extend(page.into_iter().filter_map(|(_, stored)| match stored {
            Stored::Entry(entry) => Some(Row {
                submission: entry.id.to_string(),
                person: reader.person_of(&entry.fields),
                fields: entry.fields,
            }),
            Stored::Erased => None,
        }));
    }
}

#[cfg(test)]
mod tests;
