//! Writes the attributes of a campaign's form into its page.
//!
//! | file | what |
//! |---|---|
//! | `main` | the command line |
//! | `html` | finds tags and their attributes in a page |
//! | `write` | the attributes that are the campaign's, and what else a form must have |

mod html;
mod write;

use std::{fs, path::PathBuf, process::ExitCode};

use campaign_core::Campaign;
use clap::Parser;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Writes the attributes of a campaign's form into the inputs of its page, between the comments
/// `<!-- form … -->` and `<!-- /form -->`. Labels, texts, order and attributes that are the page's own stay.
/// Says which field has no input, and which input no field.
#[derive(Debug, Parser)]
#[command(name = "page", version)]
struct Options {
    /// The page.
    #[arg(default_value = "examples/site/index.html")]
    page: PathBuf,

    /// The campaign.
    #[arg(long, value_name = "FILE.toml", default_value = "examples/double11.toml")]
    campaign: PathBuf,

    /// Writes nothing; exits with 1 if it would.
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    run(&Options::parse()).unwrap_or_else(|error| {
        eprintln!("page: {error}");
        ExitCode::from(2)
    })
}

fn run(options: &Options) -> Result<ExitCode, BoxError> {
    let read = |path: &PathBuf| fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
    let in_campaign = |error: &dyn std::fmt::Display| format!("{}: {error}", options.campaign.display());
    let in_page = |error: &dyn std::fmt::Display| format!("{}: {error}", options.page.display());

    let campaign = Campaign::from_toml(&read(&options.campaign)?).map_err(|error| in_campaign(&error))?;
    let page = read(&options.page)?;
    let written = write::write(&page, &campaign).map_err(|error| in_page(&error))?;
    if written == page {
        return Ok(ExitCode::SUCCESS);
    }
    if options.check {
        eprintln!("page: {} is not what {} asks for", options.page.display(), options.campaign.display());
        return Ok(ExitCode::FAILURE);
    }
    fs::write(&options.page, written).map_err(|error| in_page(&error))?;
    Ok(ExitCode::SUCCESS)
}
