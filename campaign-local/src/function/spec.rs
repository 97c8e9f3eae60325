//! What is configured of a function.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use campaign_fc::{Body, Runtime};
use http::{Request, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use tower::Service;

/// A function and how it is run.
///
/// As JSON, for example for the management call that sets a function:
///
/// ```
/// let spec: campaign_local::function::FunctionSpec = serde_json::from_str(
///     r#"{"name": "intake", "backend": {"process": {"command": "./bootstrap", "env": {"STAGE": "test"}}}}"#,
/// )?;
/// assert_eq!(spec.timeout.as_secs(), 60);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FunctionSpec {
    /// Letters, digits, `-` and `_`, at most 64, not beginning with a digit or `-`.
    pub name: String,
    /// The program or the service.
    pub backend: Backend,
    /// Whether `/initialize` is called before the first invocation.
    #[serde(default)]
    pub initializer: bool,
    /// Time limit of one invocation; 60 s unless set, in JSON as `timeout_ms`.
    #[serde(default = "default_timeout", rename = "timeout_ms", deserialize_with = "milliseconds")]
    pub timeout: Duration,
    /// Memory in MB, 512 unless set. It is told to the function and not enforced.
    #[serde(default = "default_memory")]
    pub memory_mb: u32,
    /// How many requests the instance handles at once, 1 to 200; 100 unless set. Others wait.
    #[serde(default = "default_concurrency")]
    pub concurrency: usize,
}

/// What answers a function's requests.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Backend {
    /// A custom-runtime program.
    Process(Process),
    /// A service in this process. Never read from JSON.
    #[serde(skip)]
    InProcess(InProcess),
}

/// A custom-runtime program.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Process {
    /// The program: a path, or a name looked up in `PATH`.
    pub command: PathBuf,
    /// Its arguments. Other users of this computer can see them: secrets belong into `env`.
    #[serde(default)]
    pub args: Vec<String>,
    /// Environment variables beside those of Function Compute.
    #[serde(default)]
    pub env: BTreeMap<String, EnvValue>,
    /// Its working directory; ours unless set.
    #[serde(default)]
    pub cwd: Option<PathBuf>,
}

impl Process {
    /// The program `command` without arguments.
    pub fn new(command: impl Into<PathBuf>) -> Self {
        Self { command: command.into(), args: Vec::new(), env: BTreeMap::new(), cwd: None }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<EnvValue>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Sets the working directory.
    #[must_use]
    pub fn cwd(mut self, cwd: impl Into<PathBuf>) -> Self {
        self.cwd = Some(cwd.into());
        self
    }
}

/// The value of an environment variable. It may be a secret, so `Debug` does not show it.
#[derive(Clone)]
pub struct EnvValue(SecretString);

impl EnvValue {
    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl<T: Into<String>> From<T> for EnvValue {
    fn from(value: T) -> Self {
        Self(SecretString::from(value.into()))
    }
}

impl PartialEq for EnvValue {
    /// Compares two configurations of one owner, not a guess with a secret: time may vary.
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl fmt::Debug for EnvValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'de> Deserialize<'de> for EnvValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

pub(super) type Answering = Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>;

/// A custom runtime that answers in this process.
#[derive(Clone)]
pub struct InProcess(Arc<dyn Fn(Request<Bytes>) -> Answering + Send + Sync>);

impl InProcess {
    /// Runs `runtime` without its sockets and signals.
    pub fn new<S, B>(runtime: Runtime<S>) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        Self(Arc::new(move |request| Box::pin(runtime.clone().answer(request))))
    }

    pub(super) fn answer(&self, request: Request<Bytes>) -> Answering {
        (self.0)(request)
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl PartialEq for InProcess {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Why a function cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadFunction {
    /// See [`FunctionSpec::name`].
    #[error("a function's name is 1 to 64 letters, digits, - and _, and begins with a letter or _")]
    Name,
    /// See [`FunctionSpec::concurrency`].
    #[error("a function's concurrency is 1 to 200")]
    Concurrency,
    /// The time limit is outside 1 ms to 86,400 s.
    #[error("a function's time limit is at least 1 ms and at most 86,400 s")]
    Timeout,
    /// The command is empty.
    #[error("a function's command is empty")]
    Command,
    /// A variable's name is empty or holds `=`, or a name, value or argument holds a NUL.
    #[error("a function's variable or argument cannot stand in an environment or a command line")]
    Variable,
    /// A variable's name begins with `FC_`, which Function Compute sets itself.
    #[error("a function's variable begins with FC_, which is reserved")]
    Reserved,
}

impl FunctionSpec {
    /// A function with the defaults.
    pub fn new(name: impl Into<String>, backend: Backend) -> Self {
        Self {
            name: name.into(),
            backend,
            initializer: false,
            timeout: default_timeout(),
            memory_mb: default_memory(),
            concurrency: default_concurrency(),
        }
    }

    /// A function that is a program.
    pub fn process(name: impl Into<String>, process: Process) -> Self {
        Self::new(name, Backend::Process(process))
    }

    /// A function that is a service in this process.
    pub fn in_process(name: impl Into<String>, backend: InProcess) -> Self {
        Self::new(name, Backend::InProcess(backend))
    }

    /// Calls `/initialize` before the first invocation.
    #[must_use]
    pub fn initializer(mut self) -> Self {
        self.initializer = true;
        self
    }

    /// Sets the time limit of one invocation.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how many requests are handled at once.
    #[must_use]
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// Limits from "Function Compute: limits".
    pub(super) fn check(&self) -> Result<(), BadFunction> {
        let mut letters = self.name.bytes();
        let first = letters.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        let rest = letters.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if !first || !rest || self.name.len() > 64 {
            return Err(BadFunction::Name);
        }
        if !(1..=200).contains(&self.concurrency) {
            return Err(BadFunction::Concurrency);
        }
        if self.timeout < Duration::from_millis(1) || self.timeout > Duration::from_secs(86_400) {
            return Err(BadFunction::Timeout);
        }
        match &self.backend {
            Backend::Process(process) => process.check(),
            Backend::InProcess(_) => Ok(()),
        }
    }

    /// Whether an instance started for `other` serves this specification too.
    pub(super) fn same(&self, other: &Self) -> bool {
        let backend = match (&self.backend, &other.backend) {
            (Backend::Process(ours), Backend::Process(theirs)) => ours == theirs,
            (Backend::InProcess(ours), Backend::InProcess(theirs)) => ours == theirs,
            _ => false,
        };
        backend
            && self.name == other.name
            && self.initializer == other.initializer
            && self.timeout == other.timeout
            && self.memory_mb == other.memory_mb
            && self.concurrency == other.concurrency
    }
}

impl Process {
    fn check(&self) -> Result<(), BadFunction> {
        if self.command.as_os_str().is_empty() {
            return Err(BadFunction::Command);
        }
        let nul = |text: &str| text.contains('\0');
        if nul(&self.command.to_string_lossy()) || self.args.iter().any(|arg| nul(arg)) {
            return Err(BadFunction::Variable);
        }
        for (name, value) in &self.env {
            if name.is_empty() || name.contains('=') || nul(name) || nul(value.expose()) {
                return Err(BadFunction::Variable);
            }
            if name.starts_with("FC_") {
                return Err(BadFunction::Reserved);
            }
        }
        Ok(())
    }
}

fn default_timeout() -> Duration {
    Duration::from_secs(60)
}

fn default_memory() -> u32 {
    512
}

fn default_concurrency() -> usize {
    100
}

fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}
