//! Sends one entry from server to server: signed as an APP, with an Idempotency-Key, repeated until it is answered.
//!
//! | file | what |
//! |---|---|
//! | `main` | the command line and the exit codes |
//! | `target` | where the gateway is, and whose request it is |
//! | `entry` | what is sent |
//! | `answer` | what came back |

mod answer;
mod entry;
mod target;

use std::{io::Write as _, process::ExitCode, time::Duration};

use campaign_apigw::{ApiGateway, Call, Client};
use campaign_client::{ErrorKind, Retry};
use clap::Parser;

use self::{answer::Answer, entry::Entry, target::Target};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// One attempt may take so long: the gateway itself waits for a function at most this long.
const ATTEMPT: Duration = Duration::from_secs(30);
/// Between two attempts at most.
const PAUSE: Duration = Duration::from_secs(5);

/// The campaign refuses the entry; sending it again changes nothing.
const REFUSED: u8 = 1;
/// The command line, a file or the environment is wrong; nothing was sent.
const WRONG: u8 = 2;
/// The gateway refuses the app: its key, its secret, its permission, its clock.
const DENIED: u8 = 3;
/// No final answer came in time, and the entry may be stored: send it again with the same key.
const UNKNOWN: u8 = 4;

/// Sends one entry of a campaign through its API gateway, signed as an APP.
///
/// The entry carries an Idempotency-Key: however often it is sent with the same key, it is stored once. So it is repeated by
/// itself, and may be sent again by you, with --key, after exit code 4.
///
/// Exit codes: 0 the entry is taken (now or before); 1 the campaign refuses it; 2 the command line, a file or the environment is
/// wrong; 3 the gateway refuses the app; 4 no final answer, send it again with the same key.
///
/// The APP is read from the environment, CAMPAIGN_APP_KEY and CAMPAIGN_APP_SECRET; on a laptop --data or --cloud know it.
#[derive(Debug, Parser)]
#[command(name = "submit", version)]
struct Options {
    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    entry: Entry,

    /// The campaign's id.
    #[arg(long, value_name = "ID", default_value = "double11")]
    campaign: String,

    /// The Idempotency-Key: 8 to 64 letters, digits, `-` and `_`. A new one unless given; it is printed.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,

    /// How long it is tried, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    patience: u64,

    /// Prints one line of JSON instead of text.
    #[arg(long)]
    json: bool,
}

/// Why it ends without an answer, and with which code.
struct Stop(u8, BoxError);

impl<E: Into<BoxError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self(WRONG, error.into())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    let json = options.json;
    let (code, text) = match submit(options).await {
        Ok((key, answer)) => {
            let text = if json { answer.to_json(&key) } else { answer.to_text() };
            (if answer.is_taken() { 0 } else { REFUSED }, Some(text))
        }
        Err(Stop(code, error)) => {
            let words = chain(&*error);
            eprintln!("submit: {words}");
            (code, json.then(|| serde_json::json!({ "outcome": "error", "exit": code, "error": words }).to_string()))
        }
    };
    // The answer stands, also if standard output is full or gone.
    if let Some(text) = text
        && let Err(error) = say(&text)
    {
        eprintln!("submit: standard output: {error}");
        return ExitCode::from(code.max(REFUSED));
    }
    ExitCode::from(code)
}

async fn submit(options: Options) -> Result<(String, Answer), Stop> {
    let path = path(&options.campaign)?;
    let body = options.entry.read()?;
    let key = options.key.map_or_else(fresh_key, Ok)?;
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !(8..=64).contains(&key.len()) || !key.chars().all(legal) {
        return Err("--key: 8 to 64 letters, digits, `-` and `_`".into());
    }
    let (endpoint, credentials) = options.target.open()?;
    let patience = Duration::from_secs(options.patience);
    let retry = Retry::default().attempts(u32::MAX).cap(PAUSE).attempt_timeout(ATTEMPT).deadline(patience);
    let client = Client::builder(ApiGateway::new(&endpoint)?).credentials(credentials).retry(retry).build()?;
    let call = Call::post(path).json(body).idempotency_key(&key)?;
    // Before anything is sent: whoever is interrupted can send it again.
    eprintln!("submit: Idempotency-Key {key}");
    let response = client.send(&call).await.map_err(|error| {
        let (code, advice) = match error.kind() {
            ErrorKind::Invalid | ErrorKind::Credentials | ErrorKind::Insecure | ErrorKind::NotFound => (WRONG, ""),
            ErrorKind::Denied => (DENIED, ""),
            ErrorKind::Refused if !error.outcome_unknown() => (DENIED, ""),
            _ => (UNKNOWN, "; send it again with the same --key"),
        };
        Stop(code, format!("{}{advice}", chain(&error)).into())
    })?;
    Ok((key, Answer::read(&response)))
}

/// The path of the campaign's entries for apps.
fn path(campaign: &str) -> Result<String, BoxError> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if campaign.is_empty() || !campaign.chars().all(legal) {
        return Err("--campaign: lower-case letters, digits and `-`".into());
    }
    Ok(format!("/partners/{campaign}/entries"))
}

/// 26 random characters: as a page makes them.
fn fresh_key() -> Result<String, BoxError> {
    let mut bytes = [0; 13];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush())
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
