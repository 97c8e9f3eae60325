//! Figures of the crates beside peers: one line of JSON each.
//!
//! A figure that decides is a ratio of counted instructions: user space, one thread, both sides in the same run and
//! against the same server. Counts do not depend on what else the machine does. Time is printed beside and decides only
//! where the goal is a time.

mod figure;
mod group;
mod instrument;
mod server;
mod work;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::{group::Bench, instrument::Missing};

/// Figures of the crates beside peers, one line of JSON each.
///
/// Ends with 0 if all goals are met, 1 if one is missed or could not be measured, 2 if an instrument is missing
/// (valgrind; Node for `apigw`).
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, arg_required_else_help = true)]
struct Arguments {
    /// What is measured.
    #[arg(required = true)]
    groups: Vec<Group>,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Group {
    /// PutRow and BatchWriteRow: the whole client, its encoding. GetRange: its decoding. The bulk writer.
    Tablestore,
    /// Signing, objects of 1 KiB.
    Oss,
    /// Signing and verifying as an APP, beside the official Node client.
    Apigw,
    /// The form check, beside a JSON Schema of the same rules.
    Form,
    /// The main job: what an entry costs client, function and emulator after 1,000, 10,000 and 100,000. Takes minutes.
    Launch,
    /// Everything.
    All,
}

/// What this program runs of itself.
#[derive(Debug, Subcommand)]
enum Part {
    /// Runs a piece of work some times, to be counted.
    #[command(hide = true)]
    Work {
        name: String,
        times: u64,
        server: Option<std::net::SocketAddr>,
        /// Runs it that often first, says so by a line and waits for a line or the end of its input.
        #[arg(long, value_name = "TIMES")]
        before: Option<u64>,
        /// Runs it in blocks of that many and says after each what memory it took.
        #[arg(long, value_name = "TIMES", conflicts_with = "before")]
        every: Option<std::num::NonZeroU64>,
    },
    /// Answers on a loopback port until its input ends.
    #[command(hide = true)]
    Serve,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.part {
        Some(Part::Work { name, times, server, before, every }) => {
            let Some(mut run) = work::find(&name, server) else {
                eprintln!("there is no work called {name}");
                return ExitCode::FAILURE;
            };
            if let Some(before) = before {
                run(before);
                println!("{before}");
                if let Err(error) = std::io::stdin().read_line(&mut String::new()) {
                    return failed(&error);
                }
            }
            match every {
                None => run(times),
                Some(every) => {
                    for block in 1..=times / every {
                        run(every.get());
                        match instrument::memory() {
                            Ok(memory) => println!("{} {memory}", block * every.get()),
                            Err(error) => return failed(&error),
                        }
                    }
                }
            }
            // At once: what the work holds would be given back piece by piece, and be counted.
            std::process::exit(0)
        }
        Some(Part::Serve) => match server::serve() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&error),
        },
        None => match measure(&arguments.groups) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                failed(&*error);
                if error.is::<Missing>() { ExitCode::from(2) } else { ExitCode::FAILURE }
            }
        },
    }
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("{error}");
    ExitCode::FAILURE
}

/// Prints the figures of `groups`. True if no goal is missed.
fn measure(groups: &[Group]) -> Result<bool, Box<dyn std::error::Error>> {
    let bench = Bench::start()?;
    let asked = |group| groups.contains(&group) || groups.contains(&Group::All);
    let mut met = true;
    let mut print = |figure: figure::Figure| {
        met &= figure.met() != Some(false);
        println!("{figure}");
    };
    if asked(Group::Tablestore) {
        group::tablestore::figures(&bench, &mut print)?;
        group::batch::figures(&bench, &mut print)?;
        group::range::figures(&bench, &mut print)?;
        group::bulk::figures(&bench, &mut print)?;
    }
    if asked(Group::Oss) {
        group::oss::figures(&bench, &mut print)?;
    }
    if asked(Group::Form) {
        group::form::figures(&bench, &mut print)?;
    }
    if asked(Group::Apigw) {
        group::apigw::figures(&bench, &mut print)?;
    }
    if asked(Group::Launch) {
        group::launch::figures(&bench, &mut print)?;
    }
    Ok(met)
}
