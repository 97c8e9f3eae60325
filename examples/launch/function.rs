//! The function: takes entries of the campaign into the table.
//!
//! Run as `launch function`, it is a custom runtime: Function Compute, or the local cloud, starts it,
//! sends it requests and ends it. Everything it needs to know comes in its environment.

use std::{
    convert::Infallible,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use campaign_client::{
    Credentials, CredentialsError, ProvideCredentials, Service as _, credentials::Environment, transport::Hyper,
};
use campaign_core::{Campaign, Intake, Pepper, Sent, body::MAX_BODY};
use campaign_fc::{Context, Runtime, handler};
use campaign_tablestore::{Client, EntryTable, TableStore};
use http::{
    Method, Request, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE},
};

use crate::BoxError;

/// Where Table Store is: its endpoint, instance and region, and the table.
pub(crate) const ENDPOINT: &str = "TABLESTORE_ENDPOINT";
pub(crate) const INSTANCE: &str = "TABLESTORE_INSTANCE";
pub(crate) const REGION: &str = "TABLESTORE_REGION";
pub(crate) const TABLE: &str = "TABLESTORE_TABLE";
/// How long one attempt at Table Store may take, in milliseconds; optional.
pub(crate) const ATTEMPT_MS: &str = "TABLESTORE_ATTEMPT_MS";
/// The pepper, as campaign-core reads it.
pub(crate) const PEPPER: &str = "CAMPAIGN_PEPPER";

/// The first segments of the paths that it answers.
const PLACES: [&str; 2] = ["campaigns", "partners"];
/// The name of the header that makes a repeat a repeat.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Larger bodies are not read; the intake answers those between its limit and this one in full.
const BODY_LIMIT: usize = 4 * MAX_BODY;

/// Runs the function until it is told to end.
///
/// # Errors
/// The environment is not complete, or the port cannot be listened on.
pub(crate) async fn run(campaign: Campaign) -> Result<(), BoxError> {
    let role = Role::default();
    let service = TableStore::new(&variable(ENDPOINT)?, &variable(INSTANCE)?)?.v4(&variable(REGION)?)?;
    let mut retry = service.retry();
    if let Ok(attempt) = std::env::var(ATTEMPT_MS) {
        let attempt = attempt.parse().map_err(|_| format!("{ATTEMPT_MS} is not a number of milliseconds"))?;
        retry = retry.attempt_timeout(Duration::from_millis(attempt));
    }
    let client = Client::builder(service).transport(Hyper::new()?).credentials(role.clone()).retry(retry).build()?;
    let store = EntryTable::new(&client, variable(TABLE)?);
    let intake = Intake::new(campaign, Pepper::from_env()?, Arc::new(store));
    let function = Arc::new(Function { intake, role });
    let answer = handler(move |request| {
        let function = function.clone();
        async move { Ok::<_, Infallible>(function.answer(request).await) }
    });
    Ok(Runtime::new(answer).body_limit(BODY_LIMIT).run().await?)
}

fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("the environment variable {name} is not set"))
}

/// What every request shares.
#[derive(Debug)]
struct Function {
    intake: Intake,
    role: Role,
}

impl Function {
    /// Answers `POST /campaigns/{id}/entries`, for pages, and `POST /partners/{id}/entries`, which the gateway lets apps call
    /// that sign. It sends nothing else but other campaigns' ids; a direct caller may.
    async fn answer(&self, request: Request<Bytes>) -> Response<Vec<u8>> {
        let id = self.intake.campaign().id();
        if !PLACES.iter().any(|place| request.uri().path() == format!("/{place}/{id}/entries")) {
            return problem(StatusCode::NOT_FOUND, "There is no such campaign");
        }
        if request.method() != Method::POST {
            let mut answer = problem(StatusCode::METHOD_NOT_ALLOWED, "Entries are sent by POST");
            answer.headers_mut().insert(ALLOW, http::HeaderValue::from_static("POST"));
            return answer;
        }
        // A page of another origin can send other types without asking first (Fetch standard, "CORS-safelisted").
        if !is_json(&request) {
            return problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "An entry is application/json, not compressed");
        }
        if let Some(context) = request.extensions().get::<Context>() {
            self.role.renew(context);
        }
        let key = request.headers().get_all(IDEMPOTENCY_KEY).iter().map(|value| value.as_bytes()).collect::<Vec<_>>();
        let key = (!key.is_empty()).then(|| key.join(&b','));
        let answer = self.intake.submit(Sent { key: key.as_deref(), body: request.body() }).await;
        let mut response = Response::builder().status(answer.status);
        for (name, value) in answer.headers {
            response = response.header(name, value);
        }
        response.body(answer.body).expect("the intake answers with legal headers")
    }
}

/// True for JSON as it stands: of the media type `application/json`, not compressed.
fn is_json<B>(request: &Request<B>) -> bool {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = text(CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    let plain = matches!(text(CONTENT_ENCODING), "" | "identity");
    media_type.eq_ignore_ascii_case("application/json") && plain
}

/// Problem details (RFC 9457), as the intake answers.
fn problem(status: StatusCode, title: &str) -> Response<Vec<u8>> {
    let body = serde_json::json!({ "type": "about:blank", "title": title, "status": status.as_u16() });
    let mut response = Response::new(body.to_string().into_bytes());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, http::HeaderValue::from_static("application/problem+json"));
    headers.insert(CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    response
}

/// The keys of the function's role. They come anew with the requests; a function without a role
/// reads its environment.
#[derive(Debug, Clone, Default)]
struct Role(Arc<RwLock<Option<Credentials>>>);

impl Role {
    /// Takes the keys of a request, if it brings any.
    fn renew(&self, context: &Context) {
        let Ok(keys) = context.credentials() else { return };
        let new = Credentials::temporary(
            keys.access_key_id(),
            keys.access_key_secret().clone(),
            keys.security_token().clone(),
            None,
        );
        let known = |slot: &Option<Credentials>| slot.as_ref().is_some_and(|old| old.same(&new));
        // Most requests bring the same keys; the old value is kept, and with it what was derived from it.
        if !known(&self.0.read().unwrap_or_else(PoisonError::into_inner)) {
            *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(new);
        }
    }
}

#[async_trait]
impl ProvideCredentials for Role {
    async fn credentials(&self, refused: Option<&Credentials>) -> Result<Credentials, CredentialsError> {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        match keys {
            Some(keys) => Ok(keys),
            None => Environment.credentials(refused).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_json_is_taken() {
        let request = |media_type: &str, encoding: &str| {
            let request = Request::post("/").header(CONTENT_TYPE, media_type).header(CONTENT_ENCODING, encoding);
            request.body(()).unwrap()
        };
        assert!(is_json(&request("application/json", "identity")));
        assert!(is_json(&request("Application/JSON; charset=utf-8", "identity")));
        assert!(!is_json(&request("application/json", "br")));
        assert!(!is_json(&request("text/plain", "identity")));
        assert!(!is_json(&request("application/jsonp", "identity")));
        assert!(!is_json(&Request::post("/").body(()).unwrap()));
    }
}
