//! Routes that only apps may call, through the real client: who is let in, who is not and why, replays, restarts.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use campaign_apigw::{ApiGateway, App, Call, Client, Code, GatewayError, Signed, Signer};
use campaign_client::{Body, Clock, Credentials, ErrorKind, Retry, Transport};
use campaign_fc::{Runtime, handler};
use campaign_local::Local;
use campaign_local::function::{FunctionSpec, InProcess};
use campaign_local::gateway::{Auth, BadRoute, Model, ModelCheck, Route};
use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, Response};
use secrecy::ExposeSecret as _;
use serde_json::json;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_794_355_200, 0).unwrap()
}

struct Cloud {
    local: Local,
    calls: Arc<AtomicUsize>,
}

/// A cloud whose function answers `POST /a` for apps and `POST /anybody` for all.
async fn cloud() -> Cloud {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let made = handler(move |_: Request<Bytes>| {
        count.fetch_add(1, Ordering::SeqCst);
        async { Response::builder().status(201).body("made") }
    });
    let local = Local::builder().clock(Clock::fixed(now())).start().await.unwrap();
    local.functions().set(FunctionSpec::in_process("f", InProcess::new(Runtime::new(made)))).await.unwrap();
    let anyone: [&str; 0] = [];
    for method in ["GET", "POST", "PUT"] {
        local.routes().set(Route::new(method, "/a", "f").apps(anyone)).unwrap();
    }
    local.routes().set(Route::new("POST", "/anybody", "f")).unwrap();
    Cloud { local, calls }
}

impl Cloud {
    fn client(&self, credentials: Credentials, clock: DateTime<Utc>) -> Client {
        Client::builder(ApiGateway::new("http://127.0.0.1:1").unwrap())
            .credentials(credentials)
            .transport(self.local.gateway_transport())
            .clock(Clock::fixed(clock))
            .retry(Retry::never())
            .build()
            .unwrap()
    }

    fn own(&self) -> Credentials {
        let settings = self.local.settings();
        Credentials::new(settings.app_key.as_str(), settings.app_secret.expose_secret())
    }

    fn signer(&self) -> Signer {
        let settings = self.local.settings();
        Signer::new(App::new(&settings.app_key, settings.app_secret.expose_secret()).unwrap())
    }

    /// The gateway's own code for this request.
    async fn refused(&self, request: Request<&'static str>) -> Code {
        let (parts, body) = request.into_parts();
        let answer = self.local.gateway_transport().send(Request::from_parts(parts, Body::from(body))).await.unwrap();
        let error = GatewayError::from_response(&answer).unwrap_or_else(|| panic!("let in: {answer:?}"));
        let code = error.code().unwrap();
        assert_eq!(error.status(), code.status());
        assert!(answer.headers().contains_key("x-ca-request-id"));
        assert!(answer.into_body().collect(1).await.unwrap().is_empty());
        code
    }
}

#[tokio::test]
async fn an_app_that_is_known_is_let_in_with_all_that_it_signs() {
    let cloud = cloud().await;
    let client = cloud.client(cloud.own(), now());
    for call in [
        Call::get("/a"),
        Call::get("/a").query("q", "a+b c&d=e/%2F").query("城市", "杭州").query("empty", ""),
        Call::post("/a").json(r#"{"name":"李雷"}"#),
        Call::post("/a").form([("name", "张三"), ("note", ""), ("amp", "a&b")]).query("x", "y"),
        Call::post("/a").header("X-Ca-Stage", "RELEASE").unwrap().header("X-Ca-Request-Mode", "debug").unwrap(),
        Call::post("/anybody").json("{}"),
    ] {
        assert_eq!(client.send(&call).await.unwrap().status(), 201, "{call:?}");
    }
    assert_eq!(cloud.calls.load(Ordering::SeqCst), 6);
}

#[tokio::test]
async fn whoever_is_not_let_in_is_told_why_and_reaches_no_function() {
    let cloud = cloud().await;
    let key = cloud.local.settings().app_key.clone();
    let code = async |credentials, clock| {
        let error = cloud.client(credentials, clock).send(&Call::post("/a").json("{}")).await.unwrap_err();
        assert!(!error.outcome_unknown(), "{error}");
        (error.service_error().unwrap().code.clone(), error.to_string())
    };
    assert_eq!(code(Credentials::anonymous(), now()).await.0, "A400MA");
    assert_eq!(code(Credentials::new("999999999", "secret"), now()).await.0, "A400IK");
    let (wrong, words) = code(Credentials::new(key.as_str(), "wrong secret"), now()).await;
    assert_eq!(wrong, "A403IS");
    assert!(words.contains("the AppSecret is wrong") && !words.contains("wrong secret"), "{words}");
    for off in [TimeDelta::minutes(16), TimeDelta::minutes(-16)] {
        assert_eq!(code(cloud.own(), now() + off).await.0, "S403TE");
    }
    assert_eq!(cloud.calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_corrected_by_the_gateways_date() {
    let cloud = cloud().await;
    let client = cloud.client(cloud.own(), now() - TimeDelta::hours(1)).with_retry(Retry::default());
    assert_eq!(client.send(&Call::post("/a").json("{}")).await.unwrap().status(), 201);
    assert_eq!(cloud.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_request_that_is_sent_again_as_it_is_is_a_replay_and_signed_afresh_it_is_not() {
    let cloud = cloud().await;
    let signed = |nonce| {
        let mut request = Request::post("http://127.0.0.1:1/a?b=c").header("accept", "*/*").body("{}").unwrap();
        cloud.signer().sign(&mut request, now(), nonce).unwrap();
        request
    };
    let transport = cloud.local.gateway_transport();
    let send = async |request: Request<&'static str>| transport.send(request.map(Body::from)).await.unwrap().status();
    assert_eq!(send(signed("nonce-0001")).await, 201);
    assert_eq!(cloud.refused(signed("nonce-0001")).await, Code::S403NU);
    assert_eq!(send(signed("nonce-0002")).await, 201);
    let mut other = signed("nonce-0003");
    *other.body_mut() = "[]";
    assert_eq!(cloud.refused(other).await, Code::I400I5);
    let mut other = signed("nonce-0004");
    *other.uri_mut() = "http://127.0.0.1:1/a?b=d".parse().unwrap();
    assert_eq!(cloud.refused(other).await, Code::A403IS);
    let mut repeated = signed("nonce-0005");
    *repeated.uri_mut() = "http://127.0.0.1:1/a?b=c&b=d".parse().unwrap();
    assert_eq!(cloud.refused(repeated).await, Code::A403IS);
    // The forged ones spent no nonce.
    assert_eq!(send(signed("nonce-0004")).await, 201);
    assert_eq!(cloud.calls.load(Ordering::SeqCst), 3);
    let through = Signed::new(cloud.signer(), cloud.local.gateway_transport()).clock(Clock::fixed(now()));
    for _ in 0..2 {
        let request = Request::post("http://127.0.0.1:1/a").body(Body::from("{}")).unwrap();
        assert_eq!(through.send(request).await.unwrap().status(), 201);
    }
}

#[tokio::test]
async fn a_request_that_an_earlier_run_may_have_taken_is_refused() {
    let before = cloud().await;
    let mut request = Request::post("http://127.0.0.1:1/a").header("accept", "*/*").body("{}").unwrap();
    before.signer().sign(&mut request, now() - TimeDelta::milliseconds(1), "nonce-0001").unwrap();
    assert_eq!(before.refused(request).await, Code::S403TE);
}

#[tokio::test]
async fn a_route_is_for_the_apps_that_it_names() {
    let cloud = cloud().await;
    let partner = Credentials::new("203753385", "partner's secret");
    cloud.local.apps().set(App::new("203753385", partner.secret()).unwrap());
    cloud.local.routes().set(Route::new("POST", "/partner", "f").apps(["203753385", "to-come"])).unwrap();
    let send = async |credentials, path: &'static str| cloud.client(credentials, now()).send(&Call::post(path)).await;
    assert!(send(partner.clone(), "/partner").await.is_ok());
    assert!(send(partner.clone(), "/a").await.is_ok());
    let refused = send(cloud.own(), "/partner").await.unwrap_err();
    assert!(refused.is_code("I403AA") && refused.kind() == ErrorKind::Denied, "{refused}");
    assert!(cloud.local.apps().remove("203753385"));
    assert!(send(partner, "/partner").await.unwrap_err().is_code("A400IK"));
}

#[tokio::test]
async fn a_stage_that_is_not_there_is_refused_and_never_taken_for_another() {
    let cloud = cloud().await;
    for stage in ["PRE", "TEST", "release", ""] {
        let call = Call::post("/anybody").header("X-Ca-Stage", stage).unwrap();
        let error = cloud.client(cloud.own(), now()).send(&call).await.unwrap_err();
        assert!(error.is_code("I404NF"), "{stage}: {error}");
    }
    assert_eq!(cloud.calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_signature_is_checked_before_the_model() {
    let cloud = cloud().await;
    let model = Model::new(ModelCheck::Loose, json!({ "type": "object" }));
    cloud.local.routes().set(Route::new("POST", "/a", "f").apps(["203753385"]).model(model)).unwrap();
    let error = cloud.client(Credentials::anonymous(), now()).send(&Call::post("/a").json("[]")).await.unwrap_err();
    assert!(error.is_code("A400MA"), "{error}");
}

#[tokio::test]
async fn an_app_is_set_by_a_management_call_and_its_secret_is_never_shown() {
    use tower::ServiceExt as _;

    let cloud = cloud().await;
    let settings = cloud.local.settings().clone();
    let admin = async |method: &str, path: &str, body: &str| {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("authorization", format!("Bearer {}", settings.admin_token.expose_secret()));
        let request = request.body(axum::body::Body::from(body.to_owned())).unwrap();
        let response = cloud.local.admin().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    };
    let (status, shown) = admin("PUT", "/apps/203753385", r#"{"secret":"canary"}"#).await;
    assert_eq!((status, shown.contains("canary")), (200, false), "{shown}");
    let (_, shown) = admin("GET", "/apps", "").await;
    assert_eq!(shown, r#"{"203753385":{"secret":"***"}}"#);
    let partner = || cloud.client(Credentials::new("203753385", "canary"), now());
    assert!(partner().send(&Call::post("/a").json("{}")).await.is_ok());
    for (path, body) in [
        ("/apps/203753386", r#"{"secret":""}"#),
        ("/apps/203753386", r#"{"secret":["canary"]}"#),
        (&format!("/apps/{}", settings.app_key), r#"{"secret":"canary"}"#),
    ] {
        let (status, told) = admin("PUT", path, body).await;
        assert_eq!((status, told.contains("canary")), (400, false), "{path}: {told}");
    }
    assert_eq!(admin("DELETE", "/apps/203753385", "").await.0, 204);
    assert!(partner().send(&Call::post("/a").json("{}")).await.unwrap_err().is_code("A400IK"));
}

#[test]
fn a_route_says_in_json_who_may_call_and_cannot_name_apps_for_anybody() {
    let text = r#"{"method":"POST","path":"/a","function":"f","auth":"app","apps":["203753385"]}"#;
    let route: Route = serde_json::from_str(text).unwrap();
    assert_eq!(route, Route::new("POST", "/a", "f").apps(["203753385"]));
    assert_eq!(serde_json::from_value::<Route>(serde_json::to_value(&route).unwrap()).unwrap(), route);
    let routes = campaign_local::gateway::Routes::new();
    assert_eq!(routes.set(Route::new("POST", "/a", "f").apps(["a b"])), Err(BadRoute::Apps));
    let mut anybody = route;
    anybody.auth = Auth::Anonymous;
    assert_eq!(routes.set(anybody), Err(BadRoute::Apps));
}
