//! Gives mutated rows, messages and compressed bodies to the readers of campaign-tablestore, and asks of each input that no reader panics, that
//! none allocates more than the input accounts for, and that what is accepted comes back as it was.
//!
//! Inputs are golden vectors changed in a few places, by edits that know the formats and put lengths and checksums right so
//! that mutants get past them, and by edits that know nothing. An input that takes a way which none took before (another
//! error, another set of fields) is kept and changed in turn. Everything follows from the seed.

mod corpus;
mod input;
mod mutate;
mod probe;
mod run;
mod target;
#[cfg(test)]
mod tests;

use std::{process::ExitCode, time::Duration};

use clap::{Args, Parser};
use serde_json::json;

use crate::{
    corpus::Vectors,
    input::{Input, Side, from_hex},
    probe::{BYTES_PER_BYTE, FIXED_BYTES},
    run::{Plan, catch_panics, many, one},
    target::{Deflate, Messages, Rows, Target, operation},
};

/// Mutated rows, messages and compressed bodies for the readers of campaign-tablestore: one line of JSON for each target.
///
/// Ends with 0 if every property held, with 1 and the input in hex if one did not.
#[derive(Debug, Parser)]
#[command(version)]
enum Command {
    /// PlainBuffer rows, matrices, values, filters.
    Rows(Options),
    /// Requests and answers of every operation.
    Messages(Options),
    /// Compressed bodies.
    Deflate(Options),
    /// All of them.
    All(Options),
    /// One input again, as a failure names it: `rows HEX`, `PutRow.request HEX`, `PutRow.answer REQUEST-HEX HEX`,
    /// `deflate HEADERS-HEX HEX`.
    Replay {
        /// Whose input it is.
        reader: String,
        /// The input; `-` for no bytes.
        #[arg(required = true, num_args = 1..=2)]
        hex: Vec<String>,
    },
}

#[derive(Debug, Clone, Copy, Args)]
struct Options {
    /// How many inputs for each target.
    #[arg(long, default_value_t = 1_000_000)]
    runs: u64,
    /// What the inputs follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Ends a target after so many seconds.
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<u64>,
}

/// From so many inputs on, a reader that accepted none of them is a fault of the inputs.
const ENOUGH_RUNS: u64 = 5_000_000;

fn main() -> ExitCode {
    let command = Command::parse();
    catch_panics();
    let vectors = Vectors::load();
    let held = match command {
        Command::Rows(options) => fuzz("rows", &mut Rows::new(&vectors), options),
        Command::Messages(options) => fuzz("messages", &mut Messages::new(&vectors), options),
        Command::Deflate(options) => fuzz("deflate", &mut Deflate::new(&vectors), options),
        Command::All(options) => {
            let rows = fuzz("rows", &mut Rows::new(&vectors), options);
            let messages = fuzz("messages", &mut Messages::new(&vectors), options);
            fuzz("deflate", &mut Deflate::new(&vectors), options) && messages && rows
        }
        Command::Replay { reader, hex } => {
            let Some(input) = parse(&reader, &hex) else {
                eprintln!("no such input; copy the arguments from a failure, or see --help");
                return ExitCode::from(2);
            };
            let result = match input.side {
                Side::Rows => one(&Rows::new(&vectors), &input),
                Side::Deflate => one(&Deflate::new(&vectors), &input),
                _ => one(&Messages::new(&vectors), &input),
            };
            match &result {
                Ok(probe) => {
                    let (accepted, refused, peak) = (probe.accepted, probe.refused, probe.peak);
                    eprintln!("accepted by {accepted} readers, refused by {refused}; at most {peak} bytes allocated");
                }
                Err(broken) => eprintln!("{broken}"),
            }
            result.is_ok()
        }
    };
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The input that the arguments of `replay` name.
fn parse(reader: &str, hex: &[String]) -> Option<Input> {
    let mut hex = hex.iter().map(|text| from_hex(text)).collect::<Option<Vec<_>>>()?.into_iter();
    let (operation, side) = match reader.split_once('.') {
        None if reader == "rows" => ("", Side::Rows),
        None if reader == "deflate" => ("", Side::Deflate),
        Some((name, "request")) => (operation(name)?, Side::Request),
        Some((name, "answer")) => (operation(name)?, Side::Answer),
        _ => return None,
    };
    let has_request = matches!(side, Side::Answer | Side::Deflate);
    let request = if has_request { hex.next()? } else { Vec::new() };
    let input = Input { side, operation, request, bytes: hex.next()? };
    hex.next().is_none().then_some(input)
}

/// Runs a target and prints its line; true if every property held.
fn fuzz(name: &str, target: &mut impl Target, options: Options) -> bool {
    let time = options.seconds.map_or(Duration::MAX, Duration::from_secs);
    let plan = Plan { runs: options.runs, seed: options.seed, time };
    let result = many(target, &plan, |summary, ways| {
        eprintln!("{name}: {} runs, {} accepted, {ways} ways", summary.runs, summary.accepted);
    });
    let unreached = target.unreached();
    match result {
        Ok(summary) => {
            let reached = unreached.is_empty() || summary.runs < ENOUGH_RUNS;
            let line = json!({
                "target": name, "seed": options.seed, "runs": summary.runs, "accepted": summary.accepted,
                "refused": summary.refused, "ways": target.ways(), "worst_bytes_per_byte": summary.worst_ratio,
                "worst_bytes": summary.worst_peak, "allowed_bytes_per_byte": BYTES_PER_BYTE,
                "allowed_fixed_bytes": FIXED_BYTES, "never_accepted": unreached, "held": reached,
            });
            println!("{line}");
            if !reached {
                eprintln!("{name}: the readers in `never_accepted` accepted no input: the inputs do not go deep");
            }
            reached
        }
        Err(failure) => {
            let broken = failure.broken.to_string();
            let input = failure.input.to_string();
            println!(
                "{}",
                json!({
                    "target": name, "seed": options.seed, "runs": failure.run, "broken": broken, "input": input, "held": false,
                })
            );
            eprintln!("{name}: run {} of seed {}: {broken}", failure.run, options.seed);
            eprintln!("again: cargo run --release --manifest-path fuzz/Cargo.toml -- replay {input}");
            false
        }
    }
}
