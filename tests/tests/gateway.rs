//! The gateway without sockets: routes, models, limits, time, CORS, faults, and who answered.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use campaign_apigw::{Code, GatewayError, header};
use campaign_fc::{PathParameters, Runtime, handler};
use campaign_local::fault::{Fault, FaultSettings, Faults, Hop, Moment, Scripted};
use campaign_local::function::{FunctionSpec, Functions, HostOptions, InProcess};
use campaign_local::gateway::{BadRoute, Cors, Gateway, GatewayOptions, Mode, Model, ModelCheck, Route, Routes};
use campaign_local::serve::Dropped;
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::json;

struct Cloud {
    gateway: Gateway,
    routes: Routes,
    faults: Faults,
    calls: Arc<AtomicUsize>,
}

/// A gateway with a function `f` that says what it was given; its path says how it answers.
async fn cloud(routes: impl IntoIterator<Item = Route>) -> Cloud {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let echo = handler(move |request: Request<Bytes>| {
        count.fetch_add(1, Ordering::SeqCst);
        async move {
            if request.uri().path() == "/slow" {
                tokio::time::sleep(Duration::from_secs(3600)).await;
            }
            let large = request.uri().query().is_some_and(|query| query == "large");
            let body = if large {
                "x".repeat((6 << 20) + 1)
            } else {
                let parameters = request.extensions().get::<PathParameters>().map(|found| &found.0);
                format!("{} {} {parameters:?} {:?}", request.method(), request.uri(), request.headers())
            };
            let response = http::Response::builder().status(201);
            let response = response.header("x-own", "1").header("x-ca-error-code", "I404NF");
            Ok::<_, http::Error>(response.body(body).unwrap())
        }
    });
    let functions = Functions::new(HostOptions::default());
    functions.set(FunctionSpec::in_process("f", InProcess::new(Runtime::new(echo)))).await.unwrap();
    let table = Routes::new();
    table.replace(routes).unwrap();
    let faults = Faults::new();
    let gateway = Gateway::new(table.clone(), functions, faults.clone(), GatewayOptions::default());
    Cloud { gateway, routes: table, faults, calls }
}

impl Cloud {
    async fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Response {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.gateway.handle(request.body(body.into()).unwrap()).await
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

fn post(path: &str) -> Route {
    Route::new("POST", path, "f")
}

/// The gateway's own answer: its code, with the code's status and an empty body.
async fn refused(response: Response) -> Code {
    let error = GatewayError::from_response(&response).unwrap();
    let code = error.code().unwrap();
    assert_eq!(error.status(), code.status());
    assert!(!error.message().is_empty());
    assert!(text(response).await.is_empty());
    code
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().into()).unwrap()
}

#[tokio::test]
async fn a_request_reaches_the_function_and_its_answer_the_caller() {
    let cloud = cloud([post("/a/{id}")]).await;
    let headers = [
        ("idempotency-key", "key-00001"),
        ("x-forwarded-for", "10.0.0.1"),
        ("x-ca-proxy-signature", "forged"),
        ("x-ca-request-id", "forged"),
        ("x-fc-request-id", "forged"),
    ];
    let response = cloud.send("POST", "/a/b%20c?d=e", &headers, "{}").await;
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["x-own"], "1");
    assert_eq!(GatewayError::from_response(&response), None, "the function cannot speak for the gateway");
    let request_id = response.headers()[header::REQUEST_ID].to_str().unwrap().to_owned();
    assert_eq!(request_id.len(), 36);
    assert_eq!(request_id, request_id.to_uppercase());
    let seen = text(response).await;
    assert!(seen.starts_with("POST /a/b%20c?d=e"), "{seen}");
    assert!(seen.contains(r#""idempotency-key": "key-00001""#), "{seen}");
    assert!(seen.contains(&format!(r#""x-ca-api-gateway": "{request_id}""#)), "{seen}");
    assert!(seen.contains(r#""x-forwarded-for": "127.0.0.1""#), "{seen}");
    assert!(!seen.contains("forged"), "{seen}");
}

#[tokio::test]
async fn paths_and_methods_without_a_route_are_told_apart() {
    let cloud = cloud([post("/a/{id}")]).await;
    for (method, target, code) in [
        ("POST", "/", Code::I404NF),
        ("POST", "/a", Code::I404NF),
        ("POST", "/a/", Code::I404NF),
        ("POST", "/a/b/c", Code::I404NF),
        ("GET", "/a/b", Code::I405UM),
        ("OPTIONS", "/a/b", Code::I405UM),
        ("POST", "/a/..", Code::I400PA),
        ("POST", "/a/%2e%2E", Code::I400PA),
        ("POST", "/a/%FF", Code::I400PA),
    ] {
        assert_eq!(refused(cloud.send(method, target, &[], "").await).await, code, "{method} {target}");
    }
    assert_eq!(cloud.calls(), 0);
}

#[tokio::test]
async fn a_literal_comes_before_a_parameter_and_an_event_tells_the_parameters() {
    let event = |path| post(path).mode(Mode::Event);
    let cloud = cloud([event("/a/{id}/{n}"), event("/a/{id}/x"), event("/a/b/{n}")]).await;
    for (target, parameters) in [
        ("/a/%E5%90%8D/1", r#"Some([("id", "名"), ("n", "1")])"#),
        ("/a/c/x", r#"Some([("id", "c")])"#),
        ("/a/b/1", r#"Some([("n", "1")])"#),
        ("/a/b/x", r#"Some([("n", "x")])"#),
    ] {
        let response = cloud.send("POST", target, &[], "{}").await;
        assert_eq!(response.status(), 201);
        let seen = text(response).await;
        assert!(seen.starts_with(&format!("POST {target} {parameters}")), "{seen}");
    }
}

#[tokio::test]
async fn a_model_stops_what_is_not_like_it() {
    let schema = json!({
        "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "object",
        "properties": { "name": { "maxLength": 5 } },
    });
    let model = |check| Model::new(check, schema.clone());
    let cloud = cloud([
        post("/loose").model(model(ModelCheck::Loose)),
        post("/structural").model(model(ModelCheck::Structural)),
    ])
    .await;
    let json = [("content-type", "application/json; charset=utf-8")];
    for target in ["/loose", "/structural"] {
        assert_eq!(cloud.send("POST", target, &json, r#"{"name":"Li"}"#).await.status(), 201);
        let response = cloud.send("POST", target, &json, r#"{"name":"CANARY"}"#).await;
        let message = response.headers()[header::ERROR_MESSAGE].to_str().unwrap();
        assert!(message.contains("`/name`") && !message.contains("CANARY"), "{message}");
        assert_eq!(refused(response).await, Code::I400IP);
        assert_eq!(refused(cloud.send("POST", target, &json, "[]").await).await, Code::I400IP);
    }
    // What is no JSON the function answers, or the gateway.
    assert_eq!(cloud.send("POST", "/loose", &json, "{").await.status(), 201);
    assert_eq!(refused(cloud.send("POST", "/structural", &json, "{").await).await, Code::I400BD);
    assert_eq!(cloud.send("POST", "/loose", &[], "{}").await.status(), 201);
    let plain = [("content-type", "text/plain")];
    assert_eq!(refused(cloud.send("POST", "/structural", &plain, "{}").await).await, Code::I400CT);
}

#[tokio::test]
async fn a_message_cannot_forge_a_header() {
    let schema = json!({ "additionalProperties": { "type": "string" } });
    let cloud = cloud([post("/a").model(Model::new(ModelCheck::Loose, schema))]).await;
    let response = cloud.send("POST", "/a", &[], r#"{"x\r\nset-cookie: a=b\u2028名":1}"#).await;
    assert!(!response.headers().contains_key("set-cookie"));
    assert_eq!(refused(response).await, Code::I400IP);
}

#[tokio::test]
async fn head_body_and_answer_are_limited() {
    let cloud = cloud([post("/a")]).await;
    let long = "x".repeat(8 << 10);
    assert_eq!(refused(cloud.send("POST", "/a", &[("x-a", &long)], "").await).await, Code::I413UL);
    assert_eq!(refused(cloud.send("POST", &format!("/a?{long}"), &[], "").await).await, Code::I413UL);
    assert_eq!(refused(cloud.send("POST", "/a", &[], vec![b' '; (8 << 20) + 1]).await).await, Code::I413RL);
    assert_eq!(cloud.calls(), 0);
    assert_eq!(cloud.send("POST", "/a", &[], vec![b' '; 8 << 20]).await.status(), 201);
    assert_eq!(refused(cloud.send("POST", "/a?large", &[], "").await).await, Code::D502FC);
}

#[tokio::test]
async fn a_function_that_is_not_there_or_answers_badly_is_an_invalid_response() {
    let cloud = cloud([Route::new("GET", "/none", "none")]).await;
    assert_eq!(refused(cloud.send("GET", "/none", &[], "").await).await, Code::D502FC);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_times_out_a_thousand_times_is_left_alone_for_ninety_seconds() {
    let cloud = cloud([Route::new("GET", "/slow", "f").timeout(Duration::from_millis(10)), post("/a")]).await;
    for _ in 0..1000 {
        assert_eq!(refused(cloud.send("GET", "/slow", &[], "").await).await, Code::D504TO);
    }
    assert_eq!(cloud.calls(), 1000);
    let response = cloud.send("POST", "/a", &[], "").await;
    assert_eq!(response.headers()["retry-after"], "90");
    assert_eq!(refused(response).await, Code::D503CB);
    assert_eq!(cloud.calls(), 1000);
    tokio::time::advance(Duration::from_secs(90)).await;
    assert_eq!(cloud.send("POST", "/a", &[], "").await.status(), 201);
}

#[tokio::test]
async fn a_preflight_says_what_a_page_may_send_and_read() {
    let cors = Cors::default().origins(["https://a.example"]);
    let cloud = cloud([post("/a").cors(cors), Route::new("GET", "/a", "f")]).await;
    let asks = |origin| [("origin", origin), ("access-control-request-method", "POST")];
    let response = cloud.send("OPTIONS", "/a", &asks("https://a.example"), "").await;
    assert_eq!(response.status(), 200);
    let value = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(value("access-control-allow-origin"), "https://a.example");
    assert_eq!(value("access-control-allow-methods"), "POST");
    assert_eq!(value("vary"), "Origin");
    let allowed = value("access-control-allow-headers");
    assert!(allowed.contains("Content-Type") && allowed.contains("Idempotency-Key"), "{allowed}");
    let other = cloud.send("OPTIONS", "/a", &asks("https://b.example"), "").await;
    assert!(!other.headers().contains_key("access-control-allow-origin"));
    assert_eq!(refused(other).await, Code::A403CO);
    assert_eq!(cloud.calls(), 0);

    let response = cloud.send("POST", "/a", &[("origin", "https://a.example")], "{}").await;
    let exposed = response.headers()["access-control-expose-headers"].to_str().unwrap().to_owned();
    for name in ["Retry-After", "Idempotency-Replayed", "X-Ca-Request-Id", "X-Ca-Error-Code", "X-Ca-Error-Message"] {
        assert!(exposed.contains(name), "{exposed}");
    }
    assert_eq!(refused(cloud.send("POST", "/a", &[("origin", "null")], "{}").await).await, Code::A403CO);
    assert_eq!(cloud.calls(), 1);
}

#[tokio::test]
async fn a_page_can_read_the_gateways_own_refusals() {
    let cloud = cloud([Route::new("GET", "/a", "none").cors(Cors::default())]).await;
    let response = cloud.send("GET", "/a", &[("origin", "https://a.example")], "").await;
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    assert_eq!(refused(response).await, Code::D502FC);
}

#[tokio::test(start_paused = true)]
async fn each_fault_happens_once_and_at_its_moment() {
    let cloud = cloud([post("/a")]).await;
    let cut = |moment| Fault::Cut(moment);
    for (fault, calls) in [
        (cut(Moment::BeforeHandling), 0),
        (cut(Moment::BeforeCommit), 0),
        (cut(Moment::AfterCommit), 1),
        (Fault::Busy { retry_after: 1 }, 0),
        (Fault::Stall(Duration::from_millis(450)), 1),
    ] {
        let scripted =
            Scripted { hop: Hop::Gateway, operation: Some("POST /a".into()), key: Some("key-00001".into()), fault };
        cloud.faults.set(FaultSettings { plan: None, script: vec![scripted] }).unwrap();
        let (before, start) = (cloud.calls(), tokio::time::Instant::now());
        let untouched = cloud.send("POST", "/a", &[("idempotency-key", "key-00002")], "{}").await;
        assert_eq!(untouched.status(), 201);
        let response = cloud.send("POST", "/a", &[("idempotency-key", "key-00001")], "{}").await;
        assert_eq!(cloud.calls() - before - 1, calls, "{fault:?}");
        assert!(cloud.faults.settings().script.is_empty(), "{fault:?}");
        match fault {
            Fault::Cut(_) => assert!(response.extensions().get::<Dropped>().is_some(), "{fault:?}"),
            Fault::Busy { .. } => {
                assert_eq!(response.headers()["retry-after"], "1");
                assert_eq!(refused(response).await, Code::D503BB);
            }
            Fault::Stall(time) => {
                assert_eq!(response.status(), 201);
                assert!(start.elapsed() >= time);
            }
        }
        assert_eq!(cloud.send("POST", "/a", &[("idempotency-key", "key-00001")], "{}").await.status(), 201);
    }
}

#[tokio::test]
async fn routes_change_while_the_gateway_runs() {
    let cloud = cloud([]).await;
    assert_eq!(refused(cloud.send("POST", "/a", &[], "").await).await, Code::I404NF);
    cloud.routes.set(post("/a")).unwrap();
    assert_eq!(cloud.send("POST", "/a", &[], "").await.status(), 201);
    cloud.routes.set(Route::new("POST", "/a", "none")).unwrap();
    assert_eq!(cloud.routes.list().len(), 1);
    assert_eq!(refused(cloud.send("POST", "/a", &[], "").await).await, Code::D502FC);
    assert!(cloud.routes.remove("POST", "/a"));
    assert!(!cloud.routes.remove("POST", "/a"));
    assert_eq!(refused(cloud.send("POST", "/a", &[], "").await).await, Code::I404NF);
}

#[test]
fn a_route_that_cannot_work_is_refused_and_changes_nothing() {
    let routes = Routes::new();
    routes.set(post("/a/{id}")).unwrap();
    let model = |schema| post("/b").model(Model::new(ModelCheck::Loose, schema));
    let mut everybody = Cors::default();
    everybody.allow_credentials = true;
    for (route, expected) in [
        (Route::new("post", "/b", "f"), BadRoute::Method),
        (Route::new("TRACE", "/b", "f"), BadRoute::Method),
        (post("b"), BadRoute::Path),
        (post("/b/"), BadRoute::Path),
        (post("/b/../c"), BadRoute::Path),
        (post("/{a}/{a}"), BadRoute::Path),
        (post("/{}"), BadRoute::Path),
        (post("/b c"), BadRoute::Path),
        (post("/b").timeout(Duration::ZERO), BadRoute::Timeout),
        (post("/b").timeout(Duration::from_secs(31)), BadRoute::Timeout),
        (post("/b").cors(everybody), BadRoute::Cors),
        (post("/b").cors(Cors::default().origins(["https://a\r\n"])), BadRoute::Cors),
        (model(json!([])), BadRoute::Model),
        (model(json!({ "type": "nothing" })), BadRoute::Model),
        (model(json!({ "$ref": "http://127.0.0.1:1/schema" })), BadRoute::Model),
        (model(json!({ "$ref": "file:///etc/hostname" })), BadRoute::Model),
        (post("/a/{other}"), BadRoute::Conflict),
    ] {
        assert_eq!(routes.set(route.clone()), Err(expected), "{route:?}");
    }
    assert_eq!(routes.replace([post("/c"), post("/c")]), Err(BadRoute::Conflict));
    assert_eq!(routes.list(), [post("/a/{id}")]);
}

#[test]
fn routes_are_json_and_nonsense_is_refused() {
    let full = post("/a")
        .mode(Mode::Event)
        .model(Model::new(ModelCheck::Structural, json!({ "type": "object" })))
        .cors(Cors::default())
        .timeout(Duration::from_millis(1500));
    let text = serde_json::to_string(&full).unwrap();
    assert_eq!(serde_json::from_str::<Route>(&text).unwrap(), full);
    for bad in [
        r#"{"method":"GET","path":"/","function":"f","auth":"jwt"}"#,
        r#"{"method":"GET","path":"/","function":"f","timeout":5}"#,
        r#"{"method":"GET","path":"/"}"#,
    ] {
        assert!(serde_json::from_str::<Route>(bad).is_err(), "{bad}");
    }
}
