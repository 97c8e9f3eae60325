//! One started function: its program or its service in this process.

use std::time::Duration;

use bytes::Bytes;
use campaign_fc::header;
use http::{Method, Request, Response};
use tokio::time::timeout;

use super::call::{InvokeError, control, sign, succeeded};
use super::options::HostOptions;
use super::process::{Running, SendError};
use super::request_id::request_id;
use super::spec::{Backend, FunctionSpec, InProcess};

/// How long `/initialize` may take ("Principles of custom runtimes").
const INITIALIZE: Duration = Duration::from_secs(300);

pub(super) enum Instance {
    Process(Box<Running>),
    InProcess(InProcess),
}

impl Instance {
    /// Starts the function and initializes it if it is configured so.
    pub(super) async fn start(spec: &FunctionSpec, options: &HostOptions) -> Result<Self, InvokeError> {
        let failed = |reason| InvokeError::NotStarted { name: spec.name.clone(), reason };
        let instance = match &spec.backend {
            Backend::Process(process) => {
                Self::Process(Box::new(Running::start(spec, process, options).await.map_err(failed)?))
            }
            Backend::InProcess(service) => Self::InProcess(service.clone()),
        };
        if spec.initializer {
            let mut request = control(Method::POST, header::CONTROL_INITIALIZE, Bytes::new());
            sign(&mut request, spec, options, &request_id());
            match timeout(INITIALIZE, instance.send(request)).await {
                Ok(Ok(response)) if succeeded(&response) => {}
                Ok(Ok(_)) => return Err(failed("its /initialize failed".to_owned())),
                Ok(Err(_)) => return Err(failed("its program ended in /initialize".to_owned())),
                Err(_) => return Err(failed("its /initialize took longer than 300 s".to_owned())),
            }
        }
        Ok(instance)
    }

    pub(super) fn is_alive(&self) -> bool {
        match self {
            Self::Process(running) => running.is_alive(),
            Self::InProcess(_) => true,
        }
    }

    pub(super) async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, SendError> {
        match self {
            Self::Process(running) => running.send(request).await,
            Self::InProcess(service) => Ok(service.answer(request).await),
        }
    }

    /// `/pre-stop`, then the end: asked for, and after `grace` enforced.
    pub(super) async fn stop(&self, spec: &FunctionSpec, options: &HostOptions) {
        if self.is_alive() {
            let mut request = control(Method::GET, header::CONTROL_PRE_STOP, Bytes::new());
            sign(&mut request, spec, options, &request_id());
            // What it answers changes nothing: the instance goes away.
            let _ = timeout(options.stop_timeout, self.send(request)).await;
        }
        if let Self::Process(running) = self {
            running.stop(options.stop_timeout).await;
        }
    }
}
