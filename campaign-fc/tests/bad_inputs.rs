//! The cases of `bad-inputs.json`, category `fc-event`: each is refused with its status and class,
//! and the runtime answers the next request.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

mod support;

use campaign_fc::{BadEvent, Context, handler, header};
use http::Request;
use serde_json::Value;
use support::{Client, Started};

const DEADLINE: &str = "x-fc-function-deadline";

/// A handler that needs what the context cases leave out.
async fn needs_everything(request: Request<bytes::Bytes>) -> Result<http::Response<String>, BadEvent> {
    let context: &Context = request.extensions().get().unwrap();
    context.deadline()?;
    context.credentials()?;
    Ok(http::Response::new(request.uri().path().to_owned()))
}

fn headers(case: &str) -> Vec<(&'static str, &'static str)> {
    let mut headers = vec![
        ("x-fc-request-id", "1-5f2b1c1e-0d1b4a57-9c501d2b8a9d"),
        ("x-fc-access-key-id", "STS.test"),
        ("x-fc-access-key-secret", "secret"),
        ("x-fc-security-token", "token"),
        (DEADLINE, "4102444800000"),
    ];
    match case {
        "x-fc-function-deadline header missing" => headers.retain(|(name, _)| *name != DEADLINE),
        "x-fc-function-deadline in the past" => headers[4].1 = "1000",
        "x-fc-function-deadline not a number" => headers[4].1 = "soon",
        "x-fc-security-token missing (no role)" => {
            headers.retain(|(name, _)| *name != "x-fc-security-token");
        }
        "" => {}
        other => panic!("no such case: {other}"),
    }
    headers
}

#[tokio::test]
async fn every_bad_event_is_refused_and_the_next_one_is_answered() {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/bad-inputs.json"));
    let vectors: Value = serde_json::from_str(text).unwrap();
    let cases = vectors["entries"].as_array().unwrap();
    let cases: Vec<_> = cases.iter().filter(|case| case["category"] == "fc-event").collect();
    assert_eq!(cases.len(), 14);

    let runtime = Started::new(handler(needs_everything)).await;
    let mut client = Client::connect(runtime.address).await;
    let good = r#"{"path":"/ok","httpMethod":"GET","headers":{},"body":""}"#;
    for case in cases {
        let id = case["id"].as_str().unwrap();
        let input = &case["input"];
        let event = input["utf8"].as_str().unwrap_or(good);
        let given = headers(input["fc_headers"].as_str().unwrap_or_default());
        let answer = client.send("POST", "/invoke", &given, event.to_owned()).await;
        assert_eq!(u64::from(answer.status.as_u16()), case["expect"]["http"], "{id}");
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["errorType"], case["expect"]["class"], "{id}: {body}");
        assert_eq!(answer.headers[header::STATUS], header::STATUS_FAILED, "{id}");

        let next = client.send("POST", "/invoke", &headers(""), good).await;
        let next: Value = serde_json::from_slice(&next.body).unwrap();
        assert_eq!(next["body"], "/ok", "{id}");
    }
    runtime.end.send(()).unwrap();
    runtime.ended.await.unwrap();
}

#[test]
fn no_refusal_quotes_the_event() {
    let text = r#"{"path":"/CANARY/../x","httpMethod":"canary","headers":{"CANARY\n":"CANARY"},"body":""}"#;
    let event = campaign_fc::GatewayEvent::read(text.as_bytes()).unwrap();
    let mut debug = format!("{event:?}");
    debug.push_str(&event.into_request().unwrap_err().to_string());
    let bad = campaign_fc::GatewayEvent::read(br#"{"path":{"CANARY":1}}"#).unwrap_err();
    debug.push_str(&format!("{bad} {bad:?}"));
    assert!(!debug.contains("CANARY"), "{debug}");
}
