//! The functions, and calling them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use campaign_fc::header;
use futures_util::future::join_all;
use http::{Method, Request, Response};
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore};
use tokio::time::timeout;

use super::call::{InvokeError, control, from_caller, sign, succeeded, to_caller};
use super::instance::Instance;
use super::options::HostOptions;
use super::process::SendError;
use super::request_id::request_id;
use super::spec::{BadFunction, FunctionSpec};

/// How long a function that did not start is left alone: a program that fails at once must not be
/// started as often as it is asked for.
const START_PAUSE: Duration = Duration::from_millis(500);

/// The functions of a local cloud; a clone is the same set of functions.
///
/// ```
/// use campaign_fc::{Runtime, handler};
/// use campaign_local::function::{FunctionSpec, Functions, HostOptions, InProcess};
/// use http::{Request, Response};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let functions = Functions::new(HostOptions::default());
/// let hello = handler(async |_| Ok::<_, std::io::Error>(Response::new("hello")));
/// functions.set(FunctionSpec::in_process("hello", InProcess::new(Runtime::new(hello)))).await?;
/// let answer = functions.http("hello", Request::new("".into())).await?;
/// assert_eq!(answer.body(), "hello");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Functions {
    options: Arc<HostOptions>,
    functions: Arc<RwLock<HashMap<String, Arc<Function>>>>,
}

struct Function {
    spec: FunctionSpec,
    slots: Semaphore,
    /// Locked while the function starts, so that it starts once.
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    instance: Option<Arc<Instance>>,
    failed: Option<(Instant, InvokeError)>,
    stopped: bool,
}

impl Functions {
    /// No functions yet.
    #[must_use]
    pub fn new(options: HostOptions) -> Self {
        Self { options: Arc::new(options), functions: Arc::default() }
    }

    /// Sets a function, in place of the one of that name. An instance of the old one finishes its
    /// requests; setting the same again changes nothing.
    ///
    /// # Errors
    /// [`BadFunction`] if Function Compute would not take it.
    pub async fn set(&self, spec: FunctionSpec) -> Result<(), BadFunction> {
        spec.check()?;
        let old = {
            let mut functions = self.functions.write().unwrap_or_else(PoisonError::into_inner);
            if functions.get(&spec.name).is_some_and(|old| old.spec.same(&spec)) {
                return Ok(());
            }
            let slots = Semaphore::new(spec.concurrency);
            let function = Arc::new(Function { slots, state: Arc::default(), spec });
            functions.insert(function.spec.name.clone(), function)
        };
        if let Some(old) = old {
            old.stop(&self.options).await;
        }
        Ok(())
    }

    /// Removes a function and ends its instance; says whether there was one.
    pub async fn remove(&self, name: &str) -> bool {
        let old = self.functions.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        let Some(old) = old else { return false };
        old.stop(&self.options).await;
        true
    }

    /// The names of all functions, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let functions = self.functions.read().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<String> = functions.keys().cloned().collect();
        names.sort();
        names
    }

    /// Starts a function now instead of at its first request.
    ///
    /// # Errors
    /// [`InvokeError`] if it does not start.
    pub async fn start(&self, name: &str) -> Result<(), InvokeError> {
        self.get(name)?.instance(&self.options).await.map(|_| ())
    }

    /// Calls a function with an HTTP request, which it gets as it is but for the headers of the
    /// connection and those of Function Compute.
    ///
    /// # Errors
    /// [`InvokeError`] if it does not start or does not answer.
    pub async fn http(&self, name: &str, request: Request<Bytes>) -> Result<Response<Bytes>, InvokeError> {
        to_caller(self.call(name, from_caller(request)).await?, name)
    }

    /// Calls a function with an event, and gives what it returns.
    ///
    /// # Errors
    /// [`InvokeError`] if it does not start, does not answer or reports a failure.
    pub async fn event(&self, name: &str, event: Bytes) -> Result<Bytes, InvokeError> {
        let response = self.call(name, control(Method::POST, header::CONTROL_INVOKE, event)).await?;
        if !succeeded(&response) {
            return Err(InvokeError::BadAnswer { name: name.to_owned(), reason: "it reports a failure" });
        }
        Ok(response.into_body())
    }

    /// Ends all instances in good order: `/pre-stop`, then SIGTERM, then SIGKILL. Functions that
    /// are called afterwards do not start.
    pub async fn stop(&self) {
        let functions: Vec<_> = {
            let functions = self.functions.read().unwrap_or_else(PoisonError::into_inner);
            functions.values().cloned().collect()
        };
        join_all(functions.iter().map(|function| function.stop(&self.options))).await;
    }

    fn get(&self, name: &str) -> Result<Arc<Function>, InvokeError> {
        let functions = self.functions.read().unwrap_or_else(PoisonError::into_inner);
        functions.get(name).cloned().ok_or_else(|| InvokeError::NotFound(name.to_owned()))
    }

    async fn call(&self, name: &str, mut request: Request<Bytes>) -> Result<Response<Bytes>, InvokeError> {
        let function = self.get(name)?;
        sign(&mut request, &function.spec, &self.options, &request_id());
        // A program that is found dead before it got the request is started again, once.
        let mut instance = function.instance(&self.options).await?;
        let mut answer = function.send(&instance, request.clone()).await?;
        if answer.as_ref().is_err_and(|error| *error == SendError::Unsent) && !instance.is_alive() {
            instance = function.instance(&self.options).await?;
            answer = function.send(&instance, request).await?;
        }
        answer.map_err(|error| match error {
            SendError::Unsent | SendError::Lost => InvokeError::Exited(name.to_owned()),
            SendError::TooLarge => InvokeError::BadAnswer { name: name.to_owned(), reason: "it is over 32 MiB" },
        })
    }
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Functions").field(&self.names()).finish()
    }
}

impl Function {
    /// Sends a request within the function's time limit, which waiting for a free place counts
    /// towards and starting does not.
    async fn send(
        &self,
        instance: &Instance,
        request: Request<Bytes>,
    ) -> Result<Result<Response<Bytes>, SendError>, InvokeError> {
        let sent = async {
            let _slot = self.slots.acquire().await.expect("the semaphore is never closed");
            instance.send(request).await
        };
        timeout(self.spec.timeout, sent).await.map_err(|_| InvokeError::Timeout(self.spec.name.clone()))
    }

    /// The running instance, started if there is none.
    async fn instance(self: &Arc<Self>, options: &Arc<HostOptions>) -> Result<Arc<Instance>, InvokeError> {
        let state = Arc::clone(&self.state).lock_owned().await;
        if let Some(instance) = state.instance.as_ref().filter(|instance| instance.is_alive()) {
            return Ok(Arc::clone(instance));
        }
        if let Some((_, error)) = state.failed.as_ref().filter(|(at, _)| at.elapsed() < START_PAUSE) {
            return Err(error.clone());
        }
        let failed = |reason: &str| InvokeError::NotStarted { name: self.spec.name.clone(), reason: reason.to_owned() };
        if state.stopped {
            return Err(failed("it has been stopped"));
        }
        // A task of its own: who gave up waiting must not stop the start that others wait for.
        let started = tokio::spawn(start(Arc::clone(self), Arc::clone(options), state)).await;
        started.unwrap_or_else(|_| Err(failed("the host failed")))
    }

    async fn stop(&self, options: &HostOptions) {
        // One that is still starting is not waited for; it is killed when nobody holds it any more.
        let Ok(mut state) = timeout(options.stop_timeout, self.state.lock()).await else { return };
        state.stopped = true;
        let instance = state.instance.take();
        drop(state);
        if let Some(instance) = instance {
            instance.stop(&self.spec, options).await;
        }
    }
}

async fn start(
    function: Arc<Function>,
    options: Arc<HostOptions>,
    mut state: OwnedMutexGuard<State>,
) -> Result<Arc<Instance>, InvokeError> {
    // What is left of a dead instance goes first.
    state.instance = None;
    match Instance::start(&function.spec, &options).await {
        Ok(instance) => {
            let instance = Arc::new(instance);
            state.instance = Some(Arc::clone(&instance));
            state.failed = None;
            Ok(instance)
        }
        Err(error) => {
            tracing::warn!(%error, "a function did not start");
            state.failed = Some((Instant::now(), error.clone()));
            Err(error)
        }
    }
}
