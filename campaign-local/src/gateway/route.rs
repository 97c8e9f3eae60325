//! What is configured of a route.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::cors::Cors;

/// The backend time limit unless another is set ("API Gateway: limits").
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// One API: a method and path, and the function that answers.
///
/// ```
/// use campaign_local::gateway::Route;
///
/// let route = Route::new("POST", "/campaigns/{id}/entries", "intake");
/// let json = r#"{"method": "POST", "path": "/campaigns/{id}/entries", "function": "intake"}"#;
/// assert_eq!(serde_json::from_str::<Route>(json)?, route);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Route {
    /// The method, in capital letters.
    pub method: String,
    /// The path: segments of letters, digits, `-`, `.`, `_` and `~`, or `{name}` for any text.
    pub path: String,
    /// Name of the function that answers.
    pub function: String,
    /// Who may call.
    #[serde(default)]
    pub auth: Auth,
    /// Which apps may call a route with [`Auth::App`], by AppKey; all that are known if it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apps: Vec<String>,
    /// How the function is called.
    #[serde(default)]
    pub mode: Mode,
    /// What a body must look like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Model>,
    /// Which pages may call; without it none on another origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,
    /// How long the function may take, 1 ms to 30 s; 10 s unless set. In JSON `timeout_ms`.
    #[serde(
        default = "default_timeout",
        rename = "timeout_ms",
        serialize_with = "to_milliseconds",
        deserialize_with = "from_milliseconds"
    )]
    pub timeout: Duration,
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Auth {
    /// Anybody.
    #[default]
    Anonymous,
    /// Who signs as an APP that the gateway knows ("Alibaba Cloud App").
    App,
}

/// How a function is called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mode {
    /// It gets the HTTP request.
    #[default]
    #[serde(rename = "http")]
    HttpPassThrough,
    /// It gets an event and returns a result.
    Event,
}

/// What a body must look like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Model {
    /// What is stopped.
    pub check: ModelCheck,
    /// A JSON Schema, draft-04, that refers to nothing outside itself.
    pub schema: Value,
}

impl Model {
    /// A model.
    #[must_use]
    pub fn new(check: ModelCheck, schema: Value) -> Self {
        Self { check, schema }
    }
}

/// What a model stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ModelCheck {
    /// JSON that is not like the schema. What is no JSON passes: the function answers it, with a
    /// body that says what is wrong.
    Loose,
    /// Also what is no JSON, or not declared as `application/json`.
    Structural,
}

impl Route {
    /// A route with the defaults: anonymous, HTTP passed through, no model, no CORS, 10 s.
    pub fn new(method: impl Into<String>, path: impl Into<String>, function: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            function: function.into(),
            auth: Auth::Anonymous,
            apps: Vec::new(),
            mode: Mode::HttpPassThrough,
            model: None,
            cors: None,
            timeout: DEFAULT_TIMEOUT,
        }
    }

    /// Lets only those call who sign as one of these apps, by AppKey; as any known app if there are none.
    #[must_use]
    pub fn apps<T: Into<String>>(mut self, keys: impl IntoIterator<Item = T>) -> Self {
        self.auth = Auth::App;
        self.apps = keys.into_iter().map(Into::into).collect();
        self
    }

    /// Sets how the function is called.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Sets what a body must look like.
    #[must_use]
    pub fn model(mut self, model: Model) -> Self {
        self.model = Some(model);
        self
    }

    /// Sets which pages may call.
    #[must_use]
    pub fn cors(mut self, cors: Cors) -> Self {
        self.cors = Some(cors);
        self
    }

    /// Sets how long the function may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

fn default_timeout() -> Duration {
    DEFAULT_TIMEOUT
}

fn to_milliseconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

fn from_milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}
