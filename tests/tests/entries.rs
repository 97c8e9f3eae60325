//! Real-looking entries through the intake, over a store in memory, with the exact outcome of each.
//!
//! `entries-slice.ndjson` is a part of a larger file in which whole groups of lines that share an id
//! or an address were kept, so that every line's outcome still holds. `entries-more.ndjson` adds what
//! the file leaves open. `CAMPAIGN_ENTRIES=FILE` runs another file of the same format in place of both.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::{collections::BTreeMap, env, fs, sync::Arc};

use campaign_core::{
    Campaign, Intake, Pepper, Sent,
    store::{EntryStore, MemoryStore, Stored},
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    line: u64,
    idempotency_key: String,
    body: Option<Value>,
    raw: Option<String>,
    expect: String,
    violation: Option<Expected>,
    #[serde(default)]
    violations: Vec<Expected>,
}

#[derive(Deserialize, Debug, PartialEq, Clone)]
#[serde(deny_unknown_fields)]
struct Expected {
    pointer: String,
    code: String,
}

type Counts = BTreeMap<String, usize>;

fn vectors(name: &str) -> String {
    fs::read_to_string(format!("{}/vectors/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn double11() -> Campaign {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/double11.toml");
    Campaign::from_toml(&fs::read_to_string(file).unwrap()).unwrap()
}

/// Sends every line and returns how often each outcome and each violation came.
async fn run(text: &str) -> (Counts, Counts) {
    let store = Arc::new(MemoryStore::new());
    let intake = Intake::new(double11(), Pepper::new([7; 32]).unwrap(), Arc::clone(&store) as Arc<dyn EntryStore>);
    let (mut outcomes, mut codes) = (Counts::new(), Counts::new());
    for text in text.lines() {
        let line: Line = serde_json::from_str(text).unwrap();
        let body = line.body.map(|body| body.to_string()).or(line.raw).unwrap();
        let answer = intake.submit(Sent { key: Some(line.idempotency_key.as_bytes()), body: body.as_bytes() }).await;
        let outcome = answer.outcome.name();
        let status = match outcome {
            "created" => 201,
            "replayed" => 200,
            "duplicate" => 409,
            "key_reused" | "invalid" => 422,
            "malformed" => 400,
            "trapped" => 202,
            other => panic!("line {}: {other}", line.line),
        };
        assert_eq!((outcome, answer.status), (line.expect.as_str(), status), "line {}", line.line);
        let answered: Value = serde_json::from_slice(&answer.body).unwrap();
        let errors: Vec<Expected> = answered["errors"].as_array().into_iter().flatten().map(expected).collect();
        let listed: Vec<Expected> = line.violation.into_iter().chain(line.violations).collect();
        assert_eq!(errors, listed, "line {}", line.line);
        *outcomes.entry(outcome.to_owned()).or_default() += 1;
        for error in errors {
            *codes.entry(format!("{} {}", error.code, error.pointer)).or_default() += 1;
        }
    }
    assert_eq!(intake.trapped(), outcomes.get("trapped").map_or(0, |&n| n as u64));
    assert_eq!(store.len(), outcomes["created"]);
    assert_one_row_a_person(&store).await;
    (outcomes, codes)
}

fn expected(error: &Value) -> Expected {
    assert!(error["params"].is_object());
    let text = |member: &str| error[member].as_str().unwrap().to_owned();
    Expected { pointer: text("pointer"), code: text("code") }
}

/// Groups the stored rows by address, in a way of its own.
async fn assert_one_row_a_person(store: &MemoryStore) {
    let rows = store.page(None, usize::MAX).await.unwrap();
    let mut people: Vec<String> = rows
        .iter()
        .map(|(_, row)| match row {
            Stored::Entry(entry) => {
                entry.fields.get("email").unwrap().to_lowercase().replace("b\u{fc}cher", "xn--bcher-kva")
            }
            Stored::Erased => panic!("nobody was erased"),
        })
        .collect();
    people.sort();
    people.dedup();
    assert_eq!(people.len(), rows.len());
}

fn counts<const N: usize>(pairs: [(&str, usize); N]) -> Counts {
    pairs.into_iter().map(|(name, n)| (name.to_owned(), n)).collect()
}

#[tokio::test]
async fn every_line_of_the_slice_has_its_outcome() {
    if let Ok(file) = env::var("CAMPAIGN_ENTRIES") {
        let (outcomes, codes) = run(&fs::read_to_string(file).unwrap()).await;
        println!("{outcomes:#?}\n{codes:#?}");
        return;
    }
    let (outcomes, codes) = run(&vectors("entries-slice.ndjson")).await;
    let expected = counts([
        ("created", 826),
        ("duplicate", 220),
        ("invalid", 192),
        ("key_reused", 57),
        ("malformed", 16),
        ("replayed", 159),
        ("trapped", 30),
    ]);
    assert_eq!(outcomes, expected);
    let expected = counts([
        ("consent.stale /terms", 4),
        ("format.country /country", 20),
        ("format.date /born", 20),
        ("format.e164 /phone", 24),
        ("format.email /email", 60),
        ("not_in_enum /size", 12),
        ("required /email", 4),
        ("required /name", 12),
        ("required /terms", 4),
        ("too_late /born", 4),
        ("too_long /comment", 4),
        ("too_long /name", 4),
        ("type /name", 16),
        ("unknown_field /admin", 4),
    ]);
    assert_eq!(codes, expected);
}

#[tokio::test]
async fn every_line_of_our_own_has_its_outcome() {
    let (outcomes, _) = run(&vectors("entries-more.ndjson")).await;
    let expected = counts([
        ("created", 16),
        ("duplicate", 3),
        ("invalid", 16),
        ("key_reused", 5),
        ("malformed", 7),
        ("replayed", 5),
        ("trapped", 3),
    ]);
    assert_eq!(outcomes, expected);
}
