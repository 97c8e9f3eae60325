//! The router of the management calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use http::{StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::kept::Kept;
use super::{Refused, Resource};
use crate::fault::{FaultSettings, Faults};
use crate::store::{Store, StoreError};

/// Where the faults' settings are kept.
const FAULTS: &str = "faults";

/// Characters of a name.
const NAME: usize = 128;

/// The management of a local cloud.
#[derive(Clone)]
pub struct Admin {
    inner: Arc<Inner>,
}

struct Inner {
    token: SecretString,
    kept: Kept,
    faults: Faults,
    resources: Vec<Box<dyn Resource>>,
    /// One change at a time, so that what is in force is what is kept.
    changing: tokio::sync::Mutex<()>,
}

impl Admin {
    /// The management of `faults` and `resources`, for who knows `token`.
    #[must_use]
    pub fn new(token: SecretString, store: Store, faults: Faults, resources: Vec<Box<dyn Resource>>) -> Self {
        let kept = Kept::new(store);
        let inner = Inner { token, kept, faults, resources, changing: tokio::sync::Mutex::default() };
        Self { inner: Arc::new(inner) }
    }

    /// Sets again what was set before the last end, in the order of the resources. One that is no
    /// longer possible is logged and left out; it stays kept.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn restore(&self) -> Result<(), StoreError> {
        if let Some(settings) = self.inner.kept.get(FAULTS, "").await? {
            let set =
                fault_settings(&settings).and_then(|settings| self.inner.faults.set(settings).map_err(Refused::new));
            if let Err(why) = set {
                tracing::warn!(%why, "the kept faults are not set");
            }
        }
        for resource in &self.inner.resources {
            for (name, value) in self.inner.kept.all(resource.kind()).await? {
                if let Err(why) = resource.set(&name, &value).await {
                    tracing::warn!(kind = resource.kind(), name, %why, "what was kept is not set");
                }
            }
        }
        Ok(())
    }

    /// The calls.
    pub fn router(&self) -> Router {
        let admin = Arc::clone(&self.inner);
        Router::new()
            .route("/faults", get(get_faults).put(put_faults).delete(delete_faults))
            .route("/{kind}", get(list))
            .route("/{kind}/{name}", get(read).put(set).delete(remove))
            .fallback(async || Problem::not_found("there is no such call; see the list of management calls"))
            .method_not_allowed_fallback(async || {
                Problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this call has other methods".to_owned())
            })
            .route_layer(middleware::from_fn_with_state(Arc::clone(&admin), authorize))
            .route("/health", get(async || Json(json!({ "status": "ok" }))))
            .with_state(admin)
    }
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admin").finish_non_exhaustive()
    }
}

/// An error answer: status, code, what to do.
struct Problem(StatusCode, &'static str, String);

impl Problem {
    fn not_found(message: impl Into<String>) -> Self {
        Self(StatusCode::NOT_FOUND, "not_found", message.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(status, code, message) = self;
        (status, Json(json!({ "error": code, "message": message }))).into_response()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self(StatusCode::SERVICE_UNAVAILABLE, "store_stopped", error.to_string())
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self(StatusCode::BAD_REQUEST, "invalid", refused.0)
    }
}

async fn authorize(State(admin): State<Arc<Inner>>, request: Request, next: Next) -> Response {
    let sent = request.headers().get(header::AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    let right = sent.is_some_and(|sent| sent.ct_eq(admin.token.expose_secret().as_bytes()).into());
    if right {
        return next.run(request).await;
    }
    let message = "send `Authorization: Bearer TOKEN` with the admin_token of the ready line".to_owned();
    let mut response = Problem(StatusCode::UNAUTHORIZED, "unauthorized", message).into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer"));
    response
}

async fn get_faults(State(admin): State<Arc<Inner>>) -> Json<Value> {
    Json(shown_faults(&admin.faults))
}

async fn put_faults(State(admin): State<Arc<Inner>>, body: Bytes) -> Result<Json<Value>, Problem> {
    let value = parse(&body)?;
    let settings = fault_settings(&value)?;
    let _changing = admin.changing.lock().await;
    admin.faults.set(settings).map_err(Refused::new)?;
    admin.kept.put(FAULTS, "", &value).await?;
    Ok(Json(shown_faults(&admin.faults)))
}

async fn delete_faults(State(admin): State<Arc<Inner>>) -> Result<Json<Value>, Problem> {
    let _changing = admin.changing.lock().await;
    // What was injected until now is the answer: the last chance to see it.
    let last = shown_faults(&admin.faults);
    admin.faults.set(FaultSettings::default()).map_err(Refused::new)?;
    admin.kept.delete(FAULTS, "").await?;
    Ok(Json(last))
}

fn shown_faults(faults: &Faults) -> Value {
    let mut shown = serde_json::to_value(faults.settings()).unwrap_or_default();
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("injected".to_owned(), json!(faults.injected()));
    }
    shown
}

fn fault_settings(value: &Value) -> Result<FaultSettings, Refused> {
    serde_json::from_value(value.clone()).map_err(Refused::new)
}

async fn list(State(admin): State<Arc<Inner>>, Path(kind): Path<String>) -> Result<Json<Value>, Problem> {
    let resource = admin.resource(&kind)?;
    let all: BTreeMap<String, Value> =
        admin.kept.all(&kind).await?.into_iter().map(|(name, value)| (name, resource.shown(value))).collect();
    Ok(Json(json!(all)))
}

async fn read(
    State(admin): State<Arc<Inner>>,
    Path((kind, name)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let resource = admin.resource(&kind)?;
    let value = admin.kept.get(&kind, &name).await?;
    value.map(|value| Json(resource.shown(value))).ok_or_else(|| Problem::not_found(format!("{kind} has no {name:?}")))
}

async fn set(
    State(admin): State<Arc<Inner>>,
    Path((kind, name)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let resource = admin.resource(&kind)?;
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > NAME || !name.chars().all(letters) {
        return Err(Refused::new("a name is 1 to 128 letters, digits, `-`, `_` and `.`").into());
    }
    let value = parse(&body)?;
    let _changing = admin.changing.lock().await;
    resource.set(&name, &value).await?;
    admin.kept.put(&kind, &name, &value).await?;
    Ok(Json(resource.shown(value)))
}

async fn remove(
    State(admin): State<Arc<Inner>>,
    Path((kind, name)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let resource = admin.resource(&kind)?;
    let _changing = admin.changing.lock().await;
    let was_there = admin.kept.delete(&kind, &name).await?;
    resource.remove(&name).await;
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found(format!("{kind} has no {name:?}"))) }
}

fn parse(body: &[u8]) -> Result<Value, Refused> {
    serde_json::from_slice(body).map_err(|error| Refused(format!("the body is not JSON: {error}")))
}

impl Inner {
    fn resource(&self, kind: &str) -> Result<&dyn Resource, Problem> {
        let found = self.resources.iter().find(|resource| resource.kind() == kind);
        found.map(AsRef::as_ref).ok_or_else(|| Problem::not_found(format!("there is no kind {kind:?}")))
    }
}
