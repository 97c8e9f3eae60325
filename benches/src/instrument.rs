//! Counting instructions and reading time.

use std::{
    env, fs,
    net::SocketAddr,
    process::{Command, Stdio},
    time::Instant,
};

use crate::work::Run;

/// An instrument that is not installed.
#[derive(Debug)]
pub(crate) struct Missing(pub(crate) &'static str);

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Missing {}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// User-space instructions per repetition of a piece of work, by the difference of two run lengths, so that what comes
/// before and after the repetitions cancels out.
pub(crate) fn instructions(work: &str, server: Option<SocketAddr>, [few, many]: [u64; 2]) -> Result<f64> {
    let (first, last) = (collected(work, few, server)?, collected(work, many, server)?);
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    Ok(last.saturating_sub(first) as f64 / (many - few) as f64)
}

/// Instructions of a whole run under callgrind.
fn collected(work: &str, times: u64, server: Option<SocketAddr>) -> Result<u64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(env::current_exe()?);
    valgrind.args(["work", work, &times.to_string()]).args(server.map(|at| at.to_string()));
    let output = valgrind.stdin(Stdio::null()).stdout(Stdio::null()).output().map_err(|error| {
        if error.kind() == std::io::ErrorKind::NotFound {
            Box::new(Missing("valgrind counts the instructions: install it (Debian: apt-get install valgrind)"))
        } else {
            Box::<dyn std::error::Error>::from(error)
        }
    })?;
    let text = String::from_utf8_lossy(&output.stderr);
    let count = text.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    match count {
        Some(count) if output.status.success() => Ok(count),
        _ => Err(format!("{work} could not be counted: {}\n{text}", output.status).into()),
    }
}

/// Nanoseconds per repetition: the best of seven batches, the one least disturbed.
pub(crate) fn nanoseconds(mut run: Run, times: u64) -> f64 {
    run(times / 10 + 1);
    best(|| {
        let begun = Instant::now();
        run(times);
        begun.elapsed().as_nanos()
    }) / count(times)
}

/// Nanoseconds of this thread's processor per repetition, kernel included: the best of seven batches.
pub(crate) fn processor(mut run: Run, times: u64) -> Result<f64> {
    on_processor()?;
    run(times / 10 + 1);
    let best = best(|| {
        let begun = on_processor().unwrap_or_default();
        run(times);
        on_processor().unwrap_or_default() - begun
    });
    Ok(best / count(times))
}

/// What the scheduler says of the main thread, on Linux.
fn on_processor() -> Result<u128> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split_whitespace().next().ok_or("schedstat is empty")?.parse()?)
}

fn best(batch: impl FnMut() -> u128) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "a batch takes far less than 2^52 ns")]
    std::iter::repeat_with(batch).take(7).min().map_or(f64::NAN, |ns| ns as f64)
}

#[allow(clippy::cast_precision_loss, reason = "repetitions are few")]
const fn count(times: u64) -> f64 {
    times as f64
}
