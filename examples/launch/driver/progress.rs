//! Progress on stderr: a bar on a terminal, else a line every few seconds.

use std::{
    io::{self, IsTerminal as _},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a line is written when stderr is no terminal.
pub(super) const INTERVAL: Duration = Duration::from_secs(5);
/// How many lines that surprised are named; the counts tell of the rest.
const MAX_NOTES: usize = 20;

/// Shows how many lines are done.
#[derive(Debug)]
pub(crate) struct Progress {
    total: usize,
    bar: Option<ProgressBar>,
    began: Instant,
    spoke: Instant,
    notes: usize,
}

impl Progress {
    pub(crate) fn new(total: usize) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(u64::try_from(total).unwrap_or_default());
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} entries, {per_sec}, {eta} left {msg}");
            bar.with_style(style.expect("the template is well-formed"))
        });
        let now = Instant::now();
        Self { total, bar, began: now, spoke: now, notes: 0 }
    }

    /// `done` lines are done, of which `failed` gave up.
    pub(crate) fn at(&mut self, done: usize, failed: usize) {
        if let Some(bar) = &self.bar {
            bar.set_position(u64::try_from(done).unwrap_or_default());
            if failed > 0 {
                bar.set_message(format!("({failed} failed)"));
            }
        } else if self.spoke.elapsed() >= INTERVAL || done == self.total {
            self.spoke = Instant::now();
            eprintln!("{done} of {} entries, {failed} failed, {} s", self.total, self.began.elapsed().as_secs());
        }
    }

    /// Something to look at; only the first few are shown.
    pub(crate) fn note(&mut self, text: &str) {
        self.notes += 1;
        let text = match self.notes {
            0..=MAX_NOTES => text,
            n if n == MAX_NOTES + 1 => "further lines that failed or surprised are only counted",
            _ => return,
        };
        match &self.bar {
            Some(bar) => bar.println(text),
            None => eprintln!("{text}"),
        }
    }

    /// Takes the bar away.
    pub(crate) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
