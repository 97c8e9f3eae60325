//! Counting instructions and reading time.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
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
    let (first, last) = (whole(work, few, server)?, whole(work, many, server)?);
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    Ok(last.saturating_sub(first) as f64 / (many - few) as f64)
}

/// User-space instructions per repetition of `block` of them that follow `before` uncounted ones.
///
/// The piece of work runs uncounted until it says that it has done `before` and waits; then callgrind is switched on.
/// Uncounted repetitions go several times faster than counted ones.
pub(crate) fn marginal(work: &str, server: Option<SocketAddr>, before: u64, block: u64) -> Result<f64> {
    let mut callgrind = callgrind(&["--instr-atstart=no"], work, block, server)?;
    callgrind.args(["--before", &before.to_string()]);
    let mut child = Watched(callgrind.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(missing)?);
    let mut said = String::new();
    if let Some(output) = child.0.stdout.take() {
        BufReader::new(output).read_line(&mut said)?;
    }
    if !said.is_empty() {
        let switch = Command::new("callgrind_control").args(["--instr=on", &child.0.id().to_string()]).output();
        let switch = switch.map_err(missing)?;
        if !switch.status.success() {
            return Err(format!("callgrind cannot be switched on: {}", String::from_utf8_lossy(&switch.stderr)).into());
        }
    }
    // The end of its input lets it go on; its errors end with it.
    drop(child.0.stdin.take());
    let errors = child.0.stderr.take().map(std::io::read_to_string).transpose()?.unwrap_or_default();
    let collected = collected(work, child.0.wait()?, &errors)?;
    if collected == 0 {
        return Err(format!("{work} was not counted: callgrind was not switched on").into());
    }
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    Ok(collected as f64 / count(block))
}

/// A process that does not outlive the measurement.
struct Watched(Child);

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Instructions of a whole run under callgrind.
fn whole(work: &str, times: u64, server: Option<SocketAddr>) -> Result<u64> {
    let output = callgrind(&[], work, times, server)?.stdin(Stdio::null()).output().map_err(missing)?;
    collected(work, output.status, &String::from_utf8_lossy(&output.stderr))
}

/// This program under callgrind.
fn callgrind(options: &[&str], work: &str, times: u64, server: Option<SocketAddr>) -> Result<Command> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).args(options).arg(env::current_exe()?);
    valgrind.args(["work", work, &times.to_string()]).args(server.map(|at| at.to_string())).stdout(Stdio::piped());
    Ok(valgrind)
}

fn missing(error: std::io::Error) -> Box<dyn std::error::Error> {
    if error.kind() == std::io::ErrorKind::NotFound {
        Box::new(Missing("valgrind counts the instructions: install it (Debian: apt-get install valgrind)"))
    } else {
        error.into()
    }
}

/// What callgrind says in the end that it counted.
fn collected(work: &str, status: ExitStatus, errors: &str) -> Result<u64> {
    let count = errors.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    match count {
        Some(count) if status.success() => Ok(count),
        _ => Err(format!("{work} could not be counted: {status}\n{errors}").into()),
    }
}

/// The most memory that a process of its own has held, in KiB, after each of `blocks` blocks of `block` repetitions.
pub(crate) fn peaks(work: &str, server: SocketAddr, block: u64, blocks: u64) -> Result<Vec<f64>> {
    let mut program = Command::new(env::current_exe()?);
    program.args(["work", work, &(block * blocks).to_string(), &server.to_string(), "--every", &block.to_string()]);
    let mut child = Watched(program.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?);
    let mut peaks = Vec::new();
    for line in child.0.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines) {
        let line = line?;
        eprintln!("{work}: {line}");
        let peak = line.split_once("VmHWM:").and_then(|(_, peak)| peak.trim().strip_suffix(" kB")?.parse().ok());
        peaks.push(peak.ok_or("the kernel does not say how much memory was held")?);
    }
    let status = child.0.wait()?;
    if status.success() { Ok(peaks) } else { Err(format!("{work} ended with {status}").into()) }
}

/// What this process holds and has held at most, as Linux says it.
pub(crate) fn memory() -> std::io::Result<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let lines = ["VmRSS:", "VmHWM:"].map(|name| status.lines().find(|line| line.starts_with(name)).unwrap_or_default());
    Ok(lines.join(" ").replace('\t', " "))
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
