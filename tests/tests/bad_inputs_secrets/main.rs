//! Hostile text stays inside its log line, and secrets stay out of every text.
//!
//! | file | what |
//! |---|---|
//! | `injection` | texts that would forge a line or move a cursor, through every way into a log |
//! | `canary` | a secret, and the forms in which it would leak |
//! | `client` | the client of Table Store with canaries as keys and rows: `Debug`, errors, panics, the log at its finest |
//! | `rows` | canaries as keys, values, conditions and tokens of every call and convenience of Table Store: `Debug` and errors |
//! | `url` | a signature in a URL |
//! | `program` | the local cloud as a process: its log, and what other users of the computer see of it |
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod canary;
mod client;
mod injection;
mod program;
mod rows;
mod url;

use std::sync::OnceLock;

use campaign_tests::Lines;

/// Where each case of the corpus is tested; one that has no counterpart yet says why.
const CASES: [(&str, &str); 22] = [
    ("001", "injection, program"),
    ("002", "injection, program"),
    ("003", "injection, program"),
    ("004", "injection, program"),
    ("005", "injection, program"),
    ("006", "injection, program"),
    ("008", "injection, program"),
    ("009", "injection, program"),
    ("010", "injection, program"),
    ("013", "injection, program"),
    ("014", "client::debug_shows_no_secret"),
    ("016", "client::what_a_transport_says_holds_no_token"),
    ("017", "client::no_error_and_none_of_its_causes_holds_a_secret"),
    ("018", "client::a_panic_says_no_secret"),
    ("019", "client::the_log_at_its_finest_holds_no_secret, with PutRow for PutObject"),
    ("021", "url::a_url_that_is_a_secret_is_in_no_error"),
    ("022", "client::what_holds_a_secret_cannot_be_serialised"),
    ("023", "later: no credentials come from a metadata service"),
    ("024", "client::a_credentials_file_that_is_broken_is_not_quoted"),
    ("025", "program"),
    ("028", "bad_inputs_oss/answers.rs"),
    ("031", "client::the_log_at_its_finest_holds_no_secret: any eight characters of it, whatever stands between"),
];

#[test]
fn every_case_of_the_corpus_is_tested_or_said_to_come_later() {
    let prefix = "log-and-secrets-";
    let cases = campaign_tests::bad_inputs("log-and-secrets");
    let ids: Vec<_> = cases.iter().map(|case| case["id"].as_str().unwrap().strip_prefix(prefix).unwrap()).collect();
    assert_eq!(ids, CASES.map(|(id, _)| id));
    assert_eq!(CASES.iter().filter(|(_, place)| place.starts_with("later")).count(), 1);
}

/// The log of this process at its finest, of all its threads.
fn log() -> &'static Lines {
    static LOG: OnceLock<Lines> = OnceLock::new();
    LOG.get_or_init(|| {
        let lines = Lines::default();
        let subscriber = campaign_local::log::subscriber("trace".into(), lines.clone());
        tracing::subscriber::set_global_default(subscriber).expect("nobody logs yet");
        lines
    })
}
