//! Addresses, types and answers that no call of the CDN may take, and nonces that no attempt may use twice.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use campaign_cdn::{Cdn, DescribeRefreshQuota, ObjectType, Refresh, RefreshError, RefreshObjectCaches};
use campaign_client::{Client, Clock, Credentials, Error, ErrorKind, Operation, Retry, transport::InProcess};
use campaign_local::{
    cdn::{CdnOptions, Domain, Domains},
    fault::Faults,
    openapi::{OpenApi, RefreshOptions},
};
use campaign_tests::tablestore::{Script, now};
use serde_json::Value;

fn client(transport: impl campaign_client::Transport, retry: Retry) -> Client<Cdn> {
    let builder = Client::builder(Cdn::new("http://127.0.0.1:1").unwrap()).transport(transport);
    builder.credentials(Credentials::new("key", "secret")).clock(Clock::fixed(now())).retry(retry).build().unwrap()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The call is refused, nothing is sent, and the address is not in the message.
async fn refused(id: &str, call: RefreshObjectCaches) {
    let script = Script::new(Vec::<http::Response<bytes::Bytes>>::new());
    let client = client(script.clone(), Retry::default());
    let error = client.send(&call).await.expect_err(id);
    assert_eq!((error.kind(), script.sent().len()), (ErrorKind::Invalid, 0), "{id}");
    for address in &call.object_path {
        assert!(!format!("{error} {error:?}").contains(address.as_str()), "{id}: {error:?}");
    }
}

/// The helper refuses the same before it sends anything.
async fn helper_refuses(id: &str, refresh: Refresh) {
    let script = Script::new(Vec::<http::Response<bytes::Bytes>>::new());
    let error = refresh.send(&client(script.clone(), Retry::default()), |_| {}).await.expect_err(id);
    let invalid = |error: &Error| error.kind() == ErrorKind::Invalid;
    assert!(matches!(&error, RefreshError::Call { error, submitted: 0 } if invalid(error)), "{id}: {error}");
    assert_eq!(script.sent().len(), 0, "{id}");
}

#[tokio::test]
async fn every_case_of_the_corpus_has_its_outcome() {
    let cases = campaign_tests::bad_inputs("cdn");
    assert_eq!(cases.len(), 8);
    for case in cases {
        let id = case["id"].as_str().unwrap();
        let args = &case["input"]["args"];
        assert_eq!(case["expect"]["outcome"], "error", "{id}");
        match id {
            "cdn-001" | "cdn-006" => {
                refused(id, RefreshObjectCaches::files(texts(&args["urls"]))).await;
                helper_refuses(id, Refresh::new().files(texts(&args["urls"]))).await;
            }
            "cdn-003" => {
                let count = args["urls_count"].as_u64().unwrap();
                refused(id, RefreshObjectCaches::files((0..count).map(|n| format!("https://d/{n}")))).await;
            }
            "cdn-004" => {
                refused(id, RefreshObjectCaches::directories(texts(&args["dirs"]))).await;
                helper_refuses(id, Refresh::new().directory("https://d/x")).await;
            }
            "cdn-008" => {
                let bytes = usize::try_from(args["url_bytes"].as_u64().unwrap()).unwrap();
                let address = |bytes: usize| format!("https://d/{}", "a".repeat(bytes - "https://d/".len()));
                refused(id, RefreshObjectCaches::files([address(bytes)])).await;
                refused(id, RefreshObjectCaches::files([address(1025)])).await;
                let longest = RefreshObjectCaches::files([address(1024)]);
                assert!(longest.request(&Cdn::new(Cdn::ENDPOINT).unwrap()).is_ok(), "{id}");
            }
            "cdn-009" => {
                let error = args["type"].as_str().unwrap().parse::<ObjectType>().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Invalid, "{id}");
            }
            "cdn-010" => {
                let mut answer = serde_json::json!({
                    "UrlQuota": "2000", "UrlRemain": "1", "DirQuota": "100", "DirRemain": "1", "RequestId": "R",
                });
                let ask = async |answer: &Value| {
                    let script = Script::new([http::Response::new(bytes::Bytes::from(answer.to_string()))]);
                    client(script, Retry::never()).send(&DescribeRefreshQuota).await
                };
                assert_eq!(ask(&answer).await.unwrap().url.remain, 1);
                let bad = args["response"].as_object().unwrap();
                answer.as_object_mut().unwrap().extend(bad.clone());
                assert_eq!(ask(&answer).await.unwrap_err().kind(), ErrorKind::Unreadable, "{id}");
            }
            "cdn-012" => nonces(id).await,
            other => panic!("{other} is new"),
        }
    }
}

/// Each attempt has a nonce of its own, and the service takes each once.
async fn nonces(id: &str) {
    let busy = || {
        let body =
            r#"{"Code":"Throttling.User","Message":"Request was denied due to user flow control.","RequestId":"R"}"#;
        http::Response::builder().status(400).body(bytes::Bytes::from(body)).unwrap()
    };
    let script = Script::new([busy(), busy(), busy()]);
    let call = RefreshObjectCaches::files(["https://www.example.com/"]);
    client(script.clone(), Retry::default()).send(&call).await.expect_err(id);
    let sent = script.sent();
    let nonces: BTreeSet<_> = sent.iter().map(|request| request.headers()["x-acs-signature-nonce"].clone()).collect();
    assert_eq!((sent.len(), nonces.len()), (3, 3), "{id}");

    let domains = Domains::new();
    domains.set("any", Domain::new("*", "site")).unwrap();
    let (faults, clock, keys) = (Faults::new(), Clock::fixed(now()), [Credentials::new("key", "secret")]);
    let options = CdnOptions::default();
    let cdn = campaign_local::cdn::Cdn::new(
        domains,
        axum::Router::new(),
        "cn-hangzhou",
        faults.clone(),
        clock.clone(),
        options,
    );
    let openapi = OpenApi::new(cdn, keys, faults, clock, RefreshOptions::default()).unwrap();
    let service = InProcess::new(openapi.router());
    for (times, status) in [(1, 200), (2, 400)] {
        let answer = campaign_client::Transport::send(&service, sent[0].clone()).await.unwrap();
        assert_eq!(answer.status(), status, "{id}, sent {times} times");
    }
}
