//! Progress on stderr: a bar on a terminal, else nothing, for the plan and the end say it all.

use std::io::{self, IsTerminal as _};

use campaign_oss::site::{Event, Plan};
use indicatif::{ProgressBar, ProgressStyle};

/// Shows how many bytes are put.
#[derive(Debug)]
pub(crate) struct Progress(Option<ProgressBar>);

impl Progress {
    pub(crate) fn new(plan: &Plan) -> Self {
        let shown = io::stderr().is_terminal() && plan.puts().len() > 0;
        Self(shown.then(|| {
            let bar = ProgressBar::new(plan.bytes());
            let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes}, {eta} left  {wide_msg}");
            bar.with_style(style.expect("the template is well-formed"))
        }))
    }

    pub(crate) fn event(&self, event: Event<'_>) {
        if let (Some(bar), Event::Put { key, size }) = (&self.0, event) {
            bar.inc(size);
            bar.set_message(key.to_owned());
        }
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
