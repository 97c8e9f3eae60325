//! The answers of the intake: statuses, headers, bodies, window, erasure and the policy for duplicates.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use campaign_core::{
    Answer, Campaign, Clock, Duplicates, Intake, Outcome, Pepper, RowKey, Sent, Window,
    form::{Field, Form, Kind},
    store::{Entry, EntryStore, Inserted, MemoryStore, StoreError, Stored},
};
use serde_json::{Value, json};

const ID: &str = "01JC0000000000000000000001";
const OTHER_ID: &str = "01JC0000000000000000000002";
const ADA: &str = r#"{"name":"Ada","email":"ada@example.com"}"#;

fn campaign(id: &str) -> Campaign {
    const FIELDS: &[Field] = &[
        Field::new("name", Kind::text(2, 80)),
        Field::new("email", Kind::Email).unique(),
        Field::new("utm_source", Kind::Hidden { max: 64 }).optional(),
        Field::new("website", Kind::Honeypot),
    ];
    let window = Window::new("2026-11-01T00:00:00Z".parse().unwrap(), "2026-11-12T00:00:00Z".parse().unwrap()).unwrap();
    let window = window.grace(Duration::from_secs(120)).unwrap();
    Campaign::new(id, window, Form::new(FIELDS).unwrap(), Duration::from_secs(60 * 86_400)).unwrap()
}

fn pepper() -> Pepper {
    Pepper::new((0..32).collect::<Vec<u8>>()).unwrap()
}

fn at(intake: Intake, time: &str) -> Intake {
    intake.clock(Clock::fixed(time.parse().unwrap()))
}

fn intake_over(store: &MemoryStore, campaign: Campaign) -> Intake {
    at(Intake::new(campaign, pepper(), Arc::new(store.clone())), "2026-11-11T00:00:00Z")
}

async fn send(intake: &Intake, id: &str, body: &str) -> Answer {
    intake.submit(Sent { key: Some(id.as_bytes()), body: body.as_bytes() }).await
}

fn body(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
}

fn assert_problem(answer: &Answer, status: u16, name: &str) {
    assert_eq!(answer.status, status);
    assert_eq!(header(answer, "content-type"), Some("application/problem+json"));
    assert_eq!(header(answer, "cache-control"), Some("no-store"));
    let body = body(answer);
    assert_eq!(body["type"], format!("urn:campaign:problem:{name}"));
    assert_eq!(body["status"], status);
    assert!(body["title"].is_string());
}

/// The receipt is the vector of `campaign-core/src/pepper.rs`.
fn receipt(status: &str) -> Value {
    json!({ "receipt": "32DX-EETY-M0W3-5RM5", "campaign": "double11", "status": status })
}

#[tokio::test]
async fn a_first_entry_is_created_and_a_repeat_gets_the_same_receipt() {
    let intake = intake_over(&MemoryStore::new(), campaign("double11"));
    let created = send(&intake, ID, ADA).await;
    assert_eq!((created.status, body(&created)), (201, receipt("created")));
    let expected = [("content-type", "application/json".to_owned()), ("cache-control", "no-store".to_owned())];
    assert_eq!(created.headers, expected);

    let replayed = send(&intake, ID, r#" {"email": " ada@example.com", "name": "Ada", "utm_source": "tv"}"#).await;
    assert_eq!((replayed.status, body(&replayed)), (200, receipt("replayed")));
    assert_eq!(header(&replayed, "idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn the_stored_row_holds_what_was_accepted_and_when() {
    let store = MemoryStore::new();
    let intake = intake_over(&store, campaign("double11"));
    send(&intake, ID, r#"{"name":" Jose\u0301 ","email":"Ada@Example.com ","utm_source":"tv","website":""}"#).await;
    let rows = store.page(None, 10).await.unwrap();
    let [(key, Stored::Entry(entry))] = rows.as_slice() else { panic!("one entry, not {rows:?}") };
    // The row key of ada@example.com: the vector of `campaign-core/src/pepper.rs`.
    assert_eq!(key.as_str(), "92ff7a65e0eae93efb8eda0677fc0c198b0b83b6c60a332c8ea36103dfb03e96");
    assert_eq!(entry.id.as_str(), ID);
    assert_eq!(entry.received_at.to_rfc3339(), "2026-11-11T00:00:00+00:00");
    let fields: Vec<_> = entry.fields.iter().collect();
    assert_eq!(fields, [("email", "Ada@Example.com"), ("name", "Jos\u{e9}"), ("utm_source", "tv")]);
}

#[tokio::test]
async fn another_id_for_the_same_person_is_a_duplicate_and_another_payload_a_reused_key() {
    let store = MemoryStore::new();
    let intake = intake_over(&store, campaign("double11"));
    send(&intake, ID, ADA).await;
    assert_problem(&send(&intake, OTHER_ID, ADA).await, 409, "duplicate");
    assert_problem(&send(&intake, ID, r#"{"name":"Eve","email":"ada@example.com"}"#).await, 422, "key-reused");
    assert_eq!(store.len(), 1);
    // Another person under a known id is a new entry: the id counts within the person's row.
    assert_eq!(send(&intake, ID, r#"{"name":"Eve","email":"eve@example.com"}"#).await.status, 201);
}

#[tokio::test]
async fn one_id_in_two_campaigns_is_two_entries() {
    let store = MemoryStore::new();
    for id in ["double11", "double12"] {
        assert_eq!(send(&intake_over(&store, campaign(id)), ID, ADA).await.status, 201);
    }
    assert_eq!(store.len(), 2);
}

#[tokio::test]
async fn all_violations_are_listed_with_pointer_code_and_params() {
    let intake = intake_over(&MemoryStore::new(), campaign("double11"));
    let answer = send(&intake, ID, r#"{"z/~":1,"name":"A","email":null,"utm_source":["x"]}"#).await;
    assert_problem(&answer, 422, "validation");
    let errors = json!([
        { "pointer": "/name", "code": "too_short", "params": { "min": 2 } },
        { "pointer": "/email", "code": "required", "params": {} },
        { "pointer": "/utm_source", "code": "type", "params": {} },
        { "pointer": "/z~1~0", "code": "unknown_field", "params": {} },
    ]);
    assert_eq!(body(&answer)["errors"], errors);
}

#[tokio::test]
async fn unknown_members_are_reported_up_to_a_bound() {
    let intake = intake_over(&MemoryStore::new(), campaign("double11"));
    let members: Vec<String> = (0..5_000).map(|i| format!("\"x{i:04}\":1")).collect();
    let answer = send(&intake, ID, &format!("{{{}}}", members.join(","))).await;
    let errors = body(&answer)["errors"].as_array().unwrap().len();
    assert_eq!((answer.status, errors), (422, 2 + 16));
}

#[tokio::test]
async fn an_unreadable_request_is_malformed() {
    let intake = intake_over(&MemoryStore::new(), campaign("double11"));
    assert_problem(&intake.submit(Sent { key: None, body: ADA.as_bytes() }).await, 400, "malformed");
    for key in
        [&b""[..], b"1234567", b"../../xx", b"1' OR '1'='1", b"01JC0001,01JC0002", b"01JC\xff\xff\xff\xff", &[b'a'; 65]]
    {
        assert_problem(&intake.submit(Sent { key: Some(key), body: ADA.as_bytes() }).await, 400, "malformed");
    }
    let answer = send(&intake, ID, r#"{"name":"a","nam\u0065":"b"}"#).await;
    assert_problem(&answer, 400, "malformed");
    assert_eq!(body(&answer)["detail"], "a member name is repeated");
    assert_problem(&send(&intake, ID, &format!("{ADA}{}", " ".repeat(65_536))).await, 413, "too-large");
}

#[tokio::test]
async fn a_trapped_request_is_counted_answered_202_without_receipt_and_not_stored() {
    let store = MemoryStore::new();
    let intake = intake_over(&store, campaign("double11"));
    for website in [r#""http://spam.example""#, "1", "false", "[]", r#"{"a":{}}"#] {
        let answer = send(&intake, ID, &format!(r#"{{"name":1,"x":2,"website":{website}}}"#)).await;
        assert_eq!(answer.status, 202, "{website}");
        assert_eq!(body(&answer), json!({ "campaign": "double11", "status": "accepted" }));
    }
    assert_eq!((intake.clone().trapped(), store.len()), (5, 0));
    for website in ["null", r#""""#, r#"" \u3000\u200b\r\n""#] {
        assert_eq!(send(&intake, ID, &format!(r#"{{"website":{website}}}"#)).await.status, 422, "{website}");
    }
    assert_eq!(intake.trapped(), 5);
}

#[tokio::test]
async fn entries_are_taken_from_the_opening_to_the_end_of_the_grace() {
    for (time, status, problem) in [
        ("2026-10-31T23:59:59.999Z", 425, "early"),
        ("2026-11-01T00:00:00Z", 201, ""),
        ("2026-11-12T00:01:59.999Z", 201, ""),
        ("2026-11-12T00:02:00Z", 410, "closed"),
        ("2030-01-01T00:00:00Z", 410, "closed"),
    ] {
        let intake = at(intake_over(&MemoryStore::new(), campaign("double11")), time);
        let answer = send(&intake, ID, ADA).await;
        assert_eq!(answer.status, status, "{time}");
        if status != 201 {
            assert_problem(&answer, status, problem);
        }
    }
}

#[tokio::test]
async fn the_answers_outside_the_window_say_when_it_is() {
    let intake = intake_over(&MemoryStore::new(), campaign("double11"));
    let early = send(&at(intake.clone(), "2026-10-01T00:00:00Z"), ID, ADA).await;
    assert_eq!(body(&early)["opens"], "2026-11-01T00:00:00Z");
    let closed = send(&at(intake, "2026-12-01T00:00:00Z"), ID, ADA).await;
    assert_eq!(body(&closed)["closes"], "2026-11-12T00:00:00Z");
}

#[tokio::test]
async fn after_the_window_a_stored_entry_is_still_replayed_and_nothing_is_written() {
    let store = MemoryStore::new();
    let intake = intake_over(&store, campaign("double11"));
    send(&intake, ID, ADA).await;
    let late = at(intake, "2026-12-01T00:00:00Z");
    let replayed = send(&late, ID, ADA).await;
    assert_eq!((replayed.status, body(&replayed)), (200, receipt("replayed")));
    for (id, body) in [
        (OTHER_ID, ADA),
        (ID, r#"{"name":"Eve","email":"ada@example.com"}"#),
        (ID, r#"{"name":"Eve","email":"eve@example.com"}"#),
        (ID, "{}"),
        (ID, "["),
        ("", ADA),
        (ID, r#"{"website":"x"}"#),
    ] {
        assert_problem(&send(&late, id, body).await, 410, "closed");
    }
    assert_eq!((store.len(), late.trapped()), (1, 0));
}

#[tokio::test]
async fn an_erased_person_leaves_a_tombstone_that_answers_410() {
    let store = MemoryStore::new();
    let intake = intake_over(&store, campaign("double11"));
    send(&intake, ID, ADA).await;
    assert!(intake.erase(" ADA@Example.com").await.unwrap());
    let rows = store.page(None, 10).await.unwrap();
    assert!(matches!(rows.as_slice(), [(_, Stored::Erased)]), "{rows:?}");
    for id in [ID, OTHER_ID] {
        assert_problem(&send(&intake, id, ADA).await, 410, "erased");
    }
    assert_problem(&send(&at(intake.clone(), "2026-12-01T00:00:00Z"), ID, ADA).await, 410, "erased");
    // Again, somebody unknown, and no address at all.
    assert!(intake.erase("ada@example.com").await.unwrap());
    assert!(intake.erase("eve@example.com").await.unwrap());
    assert!(!intake.erase("no address").await.unwrap());
    assert_eq!(store.len(), 1);
}

#[tokio::test]
async fn under_pretend_created_replayed_and_duplicate_look_the_same() {
    let store = MemoryStore::new();
    let intake = intake_over(&store, campaign("double11").duplicates(Duplicates::Pretend));
    let first = send(&intake, ID, ADA).await;
    assert!(matches!(first.outcome, Outcome::Created));
    assert_eq!((first.status, body(&first)), (202, receipt("accepted")));
    let again = send(&intake, ID, ADA).await;
    assert!(matches!(again.outcome, Outcome::Replayed));
    assert_eq!((&again.status, &again.headers, &again.body), (&first.status, &first.headers, &first.body));

    // Under another id, a second entry of Ada and a first one of Eve cannot be told apart.
    let duplicate = send(&intake, OTHER_ID, ADA).await;
    assert!(matches!(duplicate.outcome, Outcome::Duplicate));
    let created = send(&intake, OTHER_ID, r#"{"name":"Eve","email":"eve@example.com"}"#).await;
    assert!(matches!(created.outcome, Outcome::Created));
    assert_eq!(
        (&duplicate.status, &duplicate.headers, &duplicate.body),
        (&created.status, &created.headers, &created.body)
    );
    assert_ne!(duplicate.body, first.body);
    assert_eq!(store.len(), 2);
}

/// A store that only fails.
#[derive(Debug)]
struct Failing(fn() -> StoreError);

#[async_trait]
impl EntryStore for Failing {
    async fn insert(&self, _: &RowKey, _: &Entry) -> Result<Inserted, StoreError> {
        Err((self.0)())
    }
    async fn find(&self, _: &RowKey) -> Result<Option<Stored>, StoreError> {
        Err((self.0)())
    }
    async fn erase(&self, _: &RowKey) -> Result<(), StoreError> {
        Err((self.0)())
    }
    async fn page(&self, _: Option<&RowKey>, _: usize) -> Result<Vec<(RowKey, Stored)>, StoreError> {
        Err((self.0)())
    }
}

#[tokio::test]
async fn a_failing_store_asks_the_page_to_come_again_in_a_few_whole_seconds() {
    for (fault, status, problem, seconds) in [
        ((|| StoreError::throttled(None)) as fn() -> StoreError, 429, "busy", "1"),
        (|| StoreError::throttled(Some(Duration::ZERO)), 429, "busy", "1"),
        (|| StoreError::throttled(Some(Duration::from_millis(1_001))), 429, "busy", "2"),
        (|| StoreError::throttled(Some(Duration::from_secs(900))), 429, "busy", "30"),
        (StoreError::unavailable, 503, "unavailable", "1"),
        (StoreError::ambiguous, 503, "unavailable", "1"),
        (StoreError::permanent, 503, "unavailable", "30"),
    ] {
        let intake = Intake::new(campaign("double11"), pepper(), Arc::new(Failing(fault)));
        for time in ["2026-11-11T00:00:00Z", "2026-12-01T00:00:00Z"] {
            let answer = send(&at(intake.clone(), time), ID, ADA).await;
            assert_problem(&answer, status, problem);
            assert_eq!(header(&answer, "retry-after"), Some(seconds));
        }
        assert!(intake.erase("ada@example.com").await.is_err());
    }
}
