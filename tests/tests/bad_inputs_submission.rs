//! The bad inputs that reach the intake: JSON structure and values, the form, idempotency, and what
//! must not show in `Debug` and errors. Every case of these categories is run, none is skipped.
//!
//! The cases write a submission as one envelope `{id, campaign, form, fields}`. Here the id is the
//! header, the campaign is the path, and the members of `fields` are the body. Each case that wants
//! 422 has its expected violations below, so that it is refused for its own reason.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use campaign_core::{
    Answer, Campaign, Clock, Intake, Outcome, Pepper, Sent, Window,
    body::Body,
    form::{Field, Form, Kind},
    store::{EntryStore, MemoryStore, Stored},
};
use campaign_tests::bad_inputs;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

const ID: &str = "01JC0000000000000000000001";
const LIMIT: usize = 65_536;

/// A campaign with every field the cases use. `consent` is required; the rest may be left out.
fn spring() -> Campaign {
    const FIELDS: &[Field] = &[
        Field::new("consent", Kind::consent("v1")),
        Field::new("name", Kind::text(1, 80)).optional(),
        Field::new("email", Kind::Email).optional(),
        Field::new("phone", Kind::Phone { national: None }).optional(),
        Field::new("date", Kind::Date { earliest: None, latest: None }).optional(),
        Field::new("tshirt", Kind::choice(&["S", "M", "L", "XL"])).optional(),
        Field::new("age", Kind::text(1, 3)).optional(),
        Field::new("note", Kind::multiline(0, 500)).optional(),
        Field::new("website_hp", Kind::Honeypot),
    ];
    campaign("spring", FIELDS)
}

fn campaign(id: &str, fields: &'static [Field]) -> Campaign {
    let window = Window::new("2026-01-01T00:00:00Z".parse().unwrap(), "2027-01-01T00:00:00Z".parse().unwrap()).unwrap();
    Campaign::new(id, window, Form::new(fields).unwrap(), Duration::from_secs(400 * 86_400)).unwrap()
}

fn now() -> DateTime<Utc> {
    "2026-11-11T00:00:00Z".parse().unwrap()
}

fn intake(campaign: Campaign, store: &MemoryStore) -> Intake {
    Intake::new(campaign, Pepper::new([7; 32]).unwrap(), Arc::new(store.clone())).clock(Clock::fixed(now()))
}

/// The body of a case: the text behind `"fields":`, without the brace that closes the envelope.
fn flat(envelope: &[u8]) -> Vec<u8> {
    let marker = b"\"fields\":";
    let Some(at) = envelope.windows(marker.len()).position(|window| window == marker) else {
        return envelope.to_vec();
    };
    let mut body = envelope[at + marker.len()..].to_vec();
    if let Some(brace) = body.iter().rposition(|b| *b == b'}') {
        body.remove(brace);
    }
    body
}

/// The bytes a case describes.
fn bytes(case: &Value) -> Vec<u8> {
    let input = &case["input"];
    if let Some(text) = input["utf8"].as_str() {
        return text.as_bytes().to_vec();
    }
    if let Some(hex) = input["hex"].as_str() {
        let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        return (0..hex.len()).step_by(2).map(digits).collect();
    }
    let generator = &input["gen"];
    let text = |name: &str| generator[name].as_str().unwrap().to_owned();
    let count = || usize::try_from(generator["count"].as_u64().unwrap()).unwrap();
    let size = || match generator["bytes"].as_str().unwrap() {
        "limits.body_bytes" => LIMIT,
        "limits.body_bytes+1" => LIMIT + 1,
        "limits.field_name_bytes+1" => 65,
        other => panic!("{other}"),
    };
    let made = match generator["op"].as_str().unwrap() {
        "repeat" => text("prefix") + &text("unit").repeat(count()) + &text("suffix"),
        "many_fields" => {
            let members: Vec<String> = (0..count()).map(|i| format!("\"f{i}\":\"x\"")).collect();
            format!("{{\"fields\":{{{}}}}}", members.join(","))
        }
        "long_name" => format!("{{\"fields\":{{\"{}\":\"x\"}}}}", "n".repeat(size())),
        // Padded with white space behind the document; the flat body has the size.
        "pad_body" => return format!("{{\"consent\":\"v1\"}}{}", " ".repeat(size() - 16)).into_bytes(),
        other => panic!("{other}"),
    };
    made.into_bytes()
}

/// The flat body of a case, with the consent that every good body has.
fn body(case: &Value) -> Vec<u8> {
    let id = case["id"].as_str().unwrap();
    let envelope = bytes(case);
    let body = match id {
        // Two documents, one behind the other.
        "json-structure-009" => b"{}{}".to_vec(),
        // No `fields`: nothing was filled in.
        "json-structure-029" => return b"{}".to_vec(),
        // Members beside `fields` stand beside the fields in a flat body.
        "json-structure-030" => br#"{"admin":true}"#.to_vec(),
        "json-structure-031" => br#"{"received_at":0,"status":"approved"}"#.to_vec(),
        // In front of the document, not of the fields.
        "json-values-001" => return [&b"\xef\xbb\xbf"[..], &flat(&envelope)].concat(),
        // Not ASCII-compatible, so there is nothing to cut out: sent whole.
        "json-values-003" | "json-values-004" => return envelope,
        // White space in front of the document.
        "json-structure-043" => return [&b" ".repeat(1_048_576)[..], b"{}"].concat(),
        _ => flat(&envelope),
    };
    match body.strip_prefix(b"{") {
        Some(_) if body.windows(9).any(|window| window == b"\"consent\"") => body,
        Some(rest) if rest.starts_with(b"}") => [&br#"{"consent":"v1""#[..], rest].concat(),
        Some(rest) => [&br#"{"consent":"v1","#[..], rest].concat(),
        None => body,
    }
}

/// The violations a case is refused for.
fn expected_violation(id: &str) -> &'static str {
    match id {
        "json-structure-029" => "required /consent",
        "json-structure-030" => "unknown_field /admin",
        "json-structure-031" => "unknown_field /received_at, unknown_field /status",
        "json-structure-033" => "unknown_field /constructor",
        "json-values-027" | "json-values-029" => "type /name",
        "json-values-028" => "type /email",
        "json-values-031" => "consent.stale /consent",
        "json-values-021" | "json-values-023" | "json-values-033" | "json-values-034" => "type /age",
        "form-validation-012" | "form-validation-014" | "form-validation-015" | "form-validation-033" => {
            "format.e164 /phone"
        }
        "form-validation-017" | "form-validation-018" | "form-validation-019" => "format.date /date",
        "form-validation-021" => "not_in_enum /tshirt",
        "form-validation-024" => "unknown_field /is_admin",
        "form-validation-025" => "unknown_field /nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn",
        "form-validation-027" => "too_long /name",
        "form-validation-029" => "type /consent",
        id if id.starts_with("form-validation-0") => "format.email /email",
        other => panic!("{other} has no expected violation"),
    }
}

/// Statuses a case allows: one, a list, or none, which stands for a success.
fn statuses(case: &Value) -> Vec<u64> {
    match &case["expect"]["http"] {
        Value::Number(status) => vec![status.as_u64().unwrap()],
        Value::Array(list) => list.iter().map(|status| status.as_u64().unwrap()).collect(),
        _ => vec![201],
    }
}

fn violations(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    let text = |error: &Value| format!("{} {}", error["code"].as_str().unwrap(), error["pointer"].as_str().unwrap());
    body["errors"].as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(", ")
}

async fn run_bodies(category: &str) -> usize {
    let cases = bad_inputs(category);
    for case in &cases {
        let (id, body) = (case["id"].as_str().unwrap(), body(case));
        let store = MemoryStore::new();
        // Case 034 gives the id twice; a header that came twice is joined by a comma.
        let key = if id == "json-structure-034" { "a,b" } else { ID };
        let answer = intake(spring(), &store).submit(Sent { key: Some(key.as_bytes()), body: &body }).await;
        assert!(statuses(case).contains(&u64::from(answer.status)), "{id}: {}", answer.status);
        match case["expect"]["outcome"].as_str().unwrap() {
            "accept" => assert_stored_exactly(id, &body, &store).await,
            "neutralize" => assert!(matches!(answer.outcome, Outcome::Trapped) && store.is_empty(), "{id}"),
            "reject" => {
                assert!(store.is_empty(), "{id}");
                if answer.status == 422 {
                    assert_eq!(violations(&answer), expected_violation(id), "{id}");
                }
            }
            other => panic!("{id}: {other}"),
        }
    }
    cases.len()
}

/// Every text that was sent is stored code point for code point; NFD becomes NFC.
async fn assert_stored_exactly(id: &str, body: &[u8], store: &MemoryStore) {
    let sent: Value = serde_json::from_slice(body).unwrap();
    let rows = store.page(None, 2).await.unwrap();
    let [(_, Stored::Entry(entry))] = rows.as_slice() else { panic!("{id}: {rows:?}") };
    for (name, value) in sent.as_object().unwrap() {
        let text = value.as_str().unwrap().replace("e\u{301}", "\u{e9}");
        assert_eq!(entry.fields.get(name), Some(text.as_str()), "{id}");
    }
    assert_eq!(entry.fields.len(), sent.as_object().unwrap().len(), "{id}");
}

#[tokio::test]
async fn json_structure() {
    assert_eq!(run_bodies("json-structure").await, 31);
}

#[tokio::test]
async fn json_values() {
    assert_eq!(run_bodies("json-values").await, 33);
}

#[tokio::test]
async fn form_validation() {
    assert_eq!(run_bodies("form-validation").await, 25);
}

/// The steps of an idempotency case, as the cases write them.
async fn run_steps(case: &Value) {
    const FIELDS: &[Field] = &[Field::new("email", Kind::Email).unique(), Field::new("name", Kind::text(1, 80))];
    const A: &str = r#"{"name":"Ada","email":"ada@example.com"}"#;
    let store = MemoryStore::new();
    let time = Arc::new(Mutex::new(now()));
    let clock = {
        let time = Arc::clone(&time);
        Clock::new(move || *time.lock().unwrap())
    };
    let make = |id: &str| intake(campaign(id, FIELDS), &store).clock(clock.clone());
    let (spring, other) = (make("spring"), make("other"));
    let mut answers: Vec<(u16, Value)> = Vec::new();
    for step in case["input"]["sequence"]["steps"].as_array().unwrap() {
        let step = step.as_str().unwrap();
        let (intake, key, body) = match step {
            // A lost or late answer: the page sends again whatever the first call went on to do.
            "A" | "A(drop-response)" | "A(slow 40 s)" => (&spring, Some(ID), A),
            "A'" => (&spring, Some(ID), r#"{"name":"Eve","email":"ada@example.com"}"#),
            "A@other" => (&other, Some(ID), A),
            "no-id" => (&spring, None, A),
            "ADVANCE 90000s" => {
                *time.lock().unwrap() += TimeDelta::seconds(90_000);
                continue;
            }
            "A*50" => {
                let copies = (0..49).map(|_| spring.submit(Sent { key: Some(ID.as_bytes()), body: A.as_bytes() }));
                answers.extend(futures_util::future::join_all(copies).await.iter().map(told));
                (&spring, Some(ID), A)
            }
            id => (&spring, Some(id.strip_prefix("id=").unwrap_or_else(|| panic!("{id}"))), A),
        };
        let answer = intake.submit(Sent { key: key.map(str::as_bytes), body: body.as_bytes() }).await;
        answers.push(told(&answer));
    }
    let id = case["id"].as_str().unwrap();
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.0).collect();
    let receipts_agree = answers.windows(2).all(|pair| pair[0].1 == pair[1].1);
    match id {
        "idempotency-001" | "idempotency-006" | "idempotency-014" | "idempotency-016" => {
            assert_eq!((statuses, receipts_agree, store.len()), (vec![201, 200], true, 1), "{id}");
        }
        "idempotency-002" => {
            assert_eq!((statuses, store.len()), (vec![201, 422], 1));
            let rows = store.page(None, 1).await.unwrap();
            let [(_, Stored::Entry(entry))] = rows.as_slice() else { panic!("{rows:?}") };
            assert_eq!(entry.fields.get("name"), Some("Ada"));
        }
        "idempotency-004" => assert_eq!((statuses, store.len()), (vec![201, 201], 2)),
        "idempotency-005" => {
            assert_eq!((statuses[0], statuses[1..].to_vec()), (201, vec![200; 49]));
            assert!(receipts_agree && store.len() == 1);
        }
        "idempotency-008" | "idempotency-010" | "idempotency-012" | "idempotency-013" => {
            assert_eq!((statuses, store.len()), (vec![400], 0), "{id}");
        }
        other => panic!("{other}"),
    }
}

fn told(answer: &Answer) -> (u16, Value) {
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    (answer.status, body["receipt"].clone())
}

#[tokio::test]
async fn idempotency() {
    let cases = bad_inputs("idempotency");
    for case in &cases {
        run_steps(case).await;
    }
    assert_eq!(cases.len(), 11);
}

/// What one request is answered, and everything a program could log of it.
async fn shown(key: &str, body: &str) -> String {
    let store = MemoryStore::new();
    let answer = intake(spring(), &store).submit(Sent { key: Some(key.as_bytes()), body: body.as_bytes() }).await;
    String::from_utf8(answer.body).unwrap() + &loggable(key, body).await
}

async fn loggable(key: &str, body: &str) -> String {
    let store = MemoryStore::new();
    let intake = intake(spring(), &store);
    let sent = Sent { key: Some(key.as_bytes()), body: body.as_bytes() };
    let answer = intake.submit(sent).await;
    let mut text = format!("{sent:?} {intake:?} {:?} {:?}", answer.outcome, answer.headers);
    match Body::read(body.as_bytes()) {
        Ok(body) => {
            let submission = spring().submission(&Pepper::new([7; 32]).unwrap(), ID.parse().unwrap(), &body);
            text += &format!("{body:?} {submission:?}");
        }
        Err(error) => text += &format!("{error:?} {error}"),
    }
    text + &format!("{store:?} {:?}", store.page(None, 10).await.unwrap())
}

/// The cases that are texts somebody sends; the others are about credentials, requests and the log
/// of a client, and are run where those are.
#[tokio::test]
async fn texts_that_forge_or_break_a_log_do_not_come_near_it() {
    let mut run = 0;
    for case in bad_inputs("log-and-secrets") {
        let Some(text) = case["input"]["utf8"].as_str() else { continue };
        run += 1;
        for name in ["name", "email", "date", "note", "consent", "website_hp"] {
            let mut body = serde_json::json!({ "consent": "v1" });
            body[name] = format!("canary-5eed{text}").into();
            let logged = shown(ID, &body.to_string()).await + &shown(text, "{}").await;
            assert!(!logged.contains("canary-5eed") && !logged.contains(text), "{}: {logged}", case["id"]);
            assert!(!logged.chars().any(|c| c.is_control() || c == '\u{2028}'), "{}", case["id"]);
        }
        // As a member's name it comes back in a pointer, which `Debug` escapes.
        let logged = loggable(ID, &serde_json::json!({ "consent": "v1", text: 1 }).to_string()).await;
        assert!(!logged.chars().any(|c| c.is_control() || c == '\u{2028}'), "{}: {logged}", case["id"]);
    }
    assert_eq!(run, 10);
}

#[tokio::test]
async fn no_secret_and_no_personal_data_shows_in_debug_and_errors() {
    for body in [
        r#"{"consent":"v1","name":"canary-5eed","email":"canary-5eed@example.com","note":"canary-5eed"}"#,
        r#"{"consent":"canary-5eed","name":["canary-5eed"],"email":"canary-5eed","date":"canary-5eed"}"#,
        r#"{"consent":"canary-5eed" "#,
        r#"{"consent":"canary-5eed","consent":"canary-5eed"}"#,
    ] {
        let logged = shown("canary-5eed!", body).await + &shown(ID, body).await;
        assert!(!logged.contains("5eed"), "{logged}");
    }
    let pepper = Pepper::from_hex(&"5eed".repeat(16)).unwrap();
    assert!(!format!("{pepper:?} {pepper:#?}").contains("5e"));
    for text in ["5eed", "5eed5eed5eedx", &"xx5eed".repeat(20)] {
        let error = Pepper::from_hex(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("5eed"));
    }
}
