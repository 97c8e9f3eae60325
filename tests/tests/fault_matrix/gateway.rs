//! Calls through API Gateway, signed as an APP: how each is made, and how often its effect is found afterwards.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use campaign_apigw::{ApiGateway, App, Call, Client, Code, content_md5, header};
use campaign_client::{
    Body, Class, Clock, Credentials, Endpoint, Operation as _, Result, Transport, transport::InProcess,
};
use campaign_fc::{Runtime, handler};
use campaign_local::{
    fault::{Faults, Hop},
    function::{self, FunctionSpec, Functions, HostOptions},
    gateway::{Apps, Gateway, GatewayOptions, Route, Routes},
};
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use http::{Method, Request, Response};

use super::subject::{Subject, Word};

const ENTRIES: &str = "/entries";
const LOOK: &str = "/look";
const KEY: &str = "01JC0000000000000000000001";
/// What the backend answers to a read.
const FOUND: &[u8] = b"what is found";

/// A call, by the matrix's name of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GatewayCall {
    Get,
    PostWithKey,
    PostWithoutKey,
}

impl GatewayCall {
    /// The call of this name; `None` if it does not exist yet.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "apigw:GET" => Self::Get,
            "apigw:POST with idempotency key" => Self::PostWithKey,
            "apigw:POST without key" => Self::PostWithoutKey,
            _ => return None,
        })
    }

    fn to_call(self) -> Call {
        let post = Call::post(ENTRIES).query("campaign", "spring").json(r#"{"name":"Li"}"#);
        match self {
            Self::Get => Call::get(ENTRIES).query("campaign", "spring"),
            Self::PostWithKey => post.idempotency_key(KEY).expect("visible ASCII"),
            Self::PostWithoutKey => post,
        }
    }
}

/// A backend that carries a request with a key out once, and one without whenever it comes.
#[derive(Debug, Default)]
struct Entries {
    keys: HashSet<Bytes>,
    effects: usize,
}

impl Entries {
    fn answer(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let found = match (request.method(), request.uri().path()) {
            (&Method::POST, _) => {
                let key = request.headers().get("idempotency-key").map(|key| Bytes::copy_from_slice(key.as_bytes()));
                self.effects += usize::from(key.is_none_or(|key| self.keys.insert(key)));
                Bytes::from_static(b"taken")
            }
            (_, LOOK) => Bytes::from(self.effects.to_string()),
            _ => Bytes::from_static(FOUND),
        };
        // By it a damaged answer is known.
        Response::builder().header("content-md5", content_md5(&found)).body(found).expect("legal headers")
    }
}

impl Subject for GatewayCall {
    type Service = ApiGateway;
    const HOP: Hop = Hop::Gateway;
    const SIGNS_ANSWERS: bool = false;

    fn service(endpoint: Endpoint) -> Result<ApiGateway> {
        Ok(ApiGateway::at(endpoint))
    }

    fn emulator(keys: Vec<Credentials>, faults: Faults, clock: Clock) -> Result<Arc<dyn Transport>> {
        let apps = Apps::new(clock);
        for key in keys.into_iter().filter(|key| !matches!(key.access_key_id(), "old" | "other")) {
            apps.set(App::new(key.access_key_id(), key.secret()).expect("an app"));
        }
        let entries = Arc::new(Mutex::new(Entries::default()));
        let backend = handler(move |request: Request<Bytes>| {
            let answer = entries.lock().unwrap().answer(&request);
            async move { Ok::<_, std::convert::Infallible>(answer) }
        });
        let functions = Functions::new(HostOptions::default());
        let function = FunctionSpec::in_process("entries", function::InProcess::new(Runtime::new(backend)));
        functions.set(function).now_or_never().expect("nothing to wait for").expect("a function");
        let routes = Routes::new();
        let any: [&str; 0] = [];
        for (method, path) in [("GET", ENTRIES), ("POST", ENTRIES), ("GET", LOOK)] {
            routes.set(Route::new(method, path, "entries").apps(any)).expect("a route");
        }
        let gateway = Gateway::new(routes, functions, faults, GatewayOptions::default()).apps(apps);
        Ok(Arc::new(InProcess::new(axum::Router::new().fallback_service(gateway))))
    }

    fn operation_of(request: &http::Request<Body>) -> String {
        format!("{} {}", request.method(), request.uri().path())
    }

    fn says(word: Word) -> Option<http::Response<Bytes>> {
        let code = match word {
            Word::Busy => Code::D503BB,
            Word::Flow => Code::T429PA,
            Word::Internal => Code::X500ER,
            Word::BadParameter => Code::I400MP,
            Word::BadSignature => Code::A403IS,
            Word::Missing => Code::I404NF,
            Word::Skewed => Code::S403TE,
            // An app has no token that ends: it is taken back.
            Word::Expired => Code::A400IK,
            // The gateway has no code for it; whatever stands before it does.
            Word::Timeout => {
                let timeout = http::Response::builder().status(http::StatusCode::REQUEST_TIMEOUT).body(Bytes::new());
                return Some(timeout.expect("a status"));
            }
            Word::Moving => return None,
        };
        let refusal = http::Response::builder().status(code.status());
        let refusal = refusal.header(header::ERROR_CODE, code.as_str());
        Some(refusal.header(header::ERROR_MESSAGE, code.message("")).body(Bytes::new()).expect("legal headers"))
    }

    fn sent_at(response: &mut http::Response<Bytes>, _: &str, date: DateTime<Utc>) {
        let date = date.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        response.headers_mut().insert(http::header::DATE, date.parse().expect("a date is a header value"));
    }

    async fn look(client: &Client) -> Result<()> {
        client.send(&Call::get(LOOK)).await.map(drop)
    }

    fn operation(self) -> &'static str {
        match self {
            Self::Get => "GET /entries",
            Self::PostWithKey | Self::PostWithoutKey => "POST /entries",
        }
    }

    fn class(self) -> Class {
        self.to_call().class()
    }

    async fn prepare(self, _: &Client) -> Result<()> {
        Ok(())
    }

    async fn call(self, client: &Client) -> Result<()> {
        let answer = client.send(&self.to_call()).await?;
        let expected = if self == Self::Get { FOUND } else { b"taken" };
        assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (200, expected), "what was answered");
        Ok(())
    }

    async fn effects(self, client: &Client) -> Result<Option<usize>> {
        let answer = client.send(&Call::get(LOOK)).await?;
        let effects = std::str::from_utf8(answer.body()).ok().and_then(|text| text.parse().ok()).expect("a number");
        Ok((self != Self::Get).then_some(effects))
    }
}
