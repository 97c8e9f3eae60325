//! Texts that would forge a log line, clear a screen or be taken for a command of a logging library.

use campaign_client::{Client, Retry};
use campaign_local::log::{VALUE_BYTES, subscriber};
use campaign_tablestore::{Code, ListTable, TableStore, server::Refusal};
use campaign_tests::{
    Lines,
    tablestore::{Script, client, signed},
};

/// The texts of the corpus.
pub(crate) fn texts() -> Vec<(String, String)> {
    let cases = campaign_tests::bad_inputs("log-and-secrets");
    let texts = cases.iter().filter_map(|case| {
        let text = case["input"]["utf8"].as_str()?;
        Some((case["id"].as_str()?.to_owned(), text.to_owned()))
    });
    let texts: Vec<_> = texts.collect();
    assert_eq!(texts.len(), 10);
    texts
}

/// Fails if `text` is not one line without power over a terminal.
pub(crate) fn assert_harmless(id: &str, text: &str) {
    let power = |c: char| c.is_control() && c != '\t' || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!text.contains(power), "{id}: {text:?}");
}

/// The lines that `event` logs.
fn logged(event: impl FnOnce()) -> String {
    let lines = Lines::default();
    tracing::subscriber::with_default(subscriber("trace".into(), lines.clone()), event);
    lines.text()
}

#[test]
fn a_field_and_a_message_stay_inside_their_line() {
    for (id, text) in texts() {
        let events = [
            logged(|| tracing::info!(value = text, "a field")),
            logged(|| tracing::info!(value = ?text, "a field by Debug")),
            logged(|| tracing::info!(%text, "a field by Display")),
            logged(|| tracing::info!("{text}")),
            logged(|| tracing::info!(value = text.as_bytes(), "bytes")),
            logged(|| {
                let error = std::io::Error::other(text.clone());
                tracing::info!(error = &error as &dyn std::error::Error, "an error");
            }),
        ];
        for event in events {
            let line = event.strip_suffix('\n').expect(&id);
            assert!(line.contains(" INFO "), "{id}: {line}");
            assert_harmless(&id, line);
        }
    }
}

#[test]
fn a_long_value_is_cut_wherever_it_stands() {
    for long in ["x".repeat(1 << 20), "\u{1b}".repeat(1 << 20), "山".repeat(1 << 20)] {
        for event in [
            logged(|| tracing::info!(value = long, "a field")),
            logged(|| tracing::info!(%long, "by Display")),
            logged(|| tracing::info!("{long}")),
        ] {
            assert!(event.len() < VALUE_BYTES + 200, "{} bytes", event.len());
        }
    }
}

fn answering(status: u16, code: &str, message: &str) -> Client<TableStore> {
    // The codec writes a code that it knows; a hostile server is not bound to that.
    let known = Refusal::new(Code::ParameterInvalid, message).response().into_body();
    let rest = &known[2 + Code::ParameterInvalid.as_str().len()..];
    let code = code.as_bytes();
    let body = [&[0x0a, u8::try_from(code.len()).unwrap()], code, rest].concat();
    client("http://127.0.0.1:1", Script::new([signed("/ListTable", status, body)]), Retry::never())
}

#[tokio::test]
async fn what_a_hostile_server_says_stays_one_line_in_errors_and_logs() {
    for (id, text) in texts() {
        for client in [answering(400, "OTSParameterInvalid", &text), answering(500, &text, "as its code")] {
            let error = client.send(&ListTable).await.unwrap_err();
            assert_harmless(&id, &error.to_string());
            assert_harmless(&id, &format!("{error:?}"));
            let line = logged(|| tracing::warn!(%error, "a call failed"));
            assert_harmless(&id, line.strip_suffix('\n').expect(&id));
        }
    }
    let error = answering(400, "OTSParameterInvalid", &"x".repeat(20_000)).send(&ListTable).await.unwrap_err();
    assert!(error.to_string().len() < VALUE_BYTES + 200, "{} bytes", error.to_string().len());
}
