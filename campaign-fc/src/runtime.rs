//! The custom runtime: a server around a service, from its start to its end.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::panic::PanicHookInfo;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tower_service::Service;

use crate::answer::{Body, BoxError, Hook, Server, answer};
use crate::listen::{RunError, address};
use crate::{Clock, Context};

/// The largest request body taken unless another limit is set: 32 MiB, the service's own limit for
/// synchronous calls.
pub const DEFAULT_BODY_LIMIT: usize = 32 * 1024 * 1024;
/// How long requests under way may take after the end was asked for.
pub const DEFAULT_GRACE: Duration = Duration::from_secs(30);
/// How long to wait after the system refused a connection, for example for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Room for the head of a request; the service sends at most 8 KB of headers and 4 KB of target.
const HEAD_BUFFER: usize = 64 * 1024;

/// Runs `service` as a custom runtime until SIGTERM, SIGINT or `/pre-stop`: [`Runtime`] with its
/// defaults.
///
/// # Errors
/// [`RunError`] if the environment is wrong or the port cannot be listened on.
pub async fn run<S, B>(service: S) -> Result<(), RunError>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    Runtime::new(service).run().await
}

/// A custom runtime and its settings.
///
/// - Connections stay open for as long as Function Compute likes: it uses them again without
///   asking, and a closed one costs a caller its POST.
/// - Each request is handled in a task of its own: a caller that goes away never stops a handler
///   half-way.
/// - A panic of the handler is answered as a failed invocation; the process goes on.
/// - Answers are collected before they are sent (at most 32 MiB): an instance may be frozen as soon
///   as it has answered.
///
/// ```no_run
/// # async fn example(router: campaign_fc::Handler<fn(http::Request<bytes::Bytes>)
/// #     -> std::future::Ready<Result<http::Response<String>, std::io::Error>>>)
/// #     -> Result<(), campaign_fc::RunError> {
/// campaign_fc::Runtime::new(router)
///     .body_limit(64 * 1024)
///     .on_initialize(async |context| {
///         println!("{} starts", context.function_name());
///         Ok::<(), std::io::Error>(())
///     })
///     .run()
///     .await
/// # }
/// ```
#[derive(Clone)]
pub struct Runtime<S> {
    service: S,
    address: Option<SocketAddr>,
    body_limit: usize,
    grace: Duration,
    clock: Clock,
    initialize: Option<Hook>,
    pre_stop: Option<Hook>,
}

impl<S> Runtime<S> {
    /// A runtime around `service` with the defaults.
    pub fn new(service: S) -> Self {
        Self {
            service,
            address: None,
            body_limit: DEFAULT_BODY_LIMIT,
            grace: DEFAULT_GRACE,
            clock: Clock::system(),
            initialize: None,
            pre_stop: None,
        }
    }

    /// Listens on `address`. Without it the port is that of `FC_SERVER_PORT`, else of
    /// `FC_CUSTOM_LISTEN_PORT`, else [`DEFAULT_PORT`](crate::DEFAULT_PORT), and the host that of
    /// `FC_LISTEN_HOST`, else 0.0.0.0.
    #[must_use]
    pub fn address(mut self, address: SocketAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// The largest request body in bytes; a larger one is answered 413 and not handled.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// How long requests under way may take after the end was asked for.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// The clock that deadlines are compared with.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// What to do on `/initialize`, which Function Compute calls once before the first invocation
    /// if the function is configured with an initializer.
    #[must_use]
    pub fn on_initialize<F, Fut, E>(mut self, hook: F) -> Self
    where
        F: Fn(Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.initialize = Some(boxed(hook));
        self
    }

    /// What to do on `/pre-stop`, which Function Compute calls before it takes the instance away.
    /// Afterwards the runtime ends.
    #[must_use]
    pub fn on_pre_stop<F, Fut, E>(mut self, hook: F) -> Self
    where
        F: Fn(Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.pre_stop = Some(boxed(hook));
        self
    }
}

impl<S, B> Runtime<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    /// Runs until SIGTERM, SIGINT or `/pre-stop`.
    ///
    /// From here on a panic is written to stderr by its place only, with its message only if that
    /// is a fixed text of the program: a formatted one may hold what a visitor typed.
    ///
    /// # Errors
    /// [`RunError`] if the environment is wrong or the port cannot be listened on.
    pub async fn run(self) -> Result<(), RunError> {
        let address = match self.address {
            Some(address) => address,
            None => address(|name| std::env::var_os(name))?,
        };
        let end = signals().map_err(RunError::Signals)?;
        let listener = TcpListener::bind(address).await.map_err(|source| RunError::Listen { address, source })?;
        std::panic::set_hook(Box::new(report_panic));
        tracing::info!(%address, "the runtime listens");
        self.serve(listener, end).await;
        Ok(())
    }

    /// Answers one request as Function Compute sends it, control requests too, without a socket:
    /// for a host in the same process.
    pub async fn answer(self, request: Request<Bytes>) -> Response<Bytes> {
        let (busy, _) = mpsc::channel(1);
        let server = self.server(Arc::new(Notify::new()), busy);
        let Ok(response) = answer(server, request.map(Full::new)).await;
        let (parts, body) = response.into_parts();
        Response::from_parts(parts, into_bytes(body).await)
    }

    /// Serves on `listener` until `end` is ready or `/pre-stop` was called, then ends in good
    /// order. What [`run`](Self::run) does without environment, signals and panic hook.
    pub async fn serve(self, listener: TcpListener, end: impl Future<Output = ()> + Send) {
        let stop = Arc::new(Notify::new());
        // Each request's task holds a clone: when all are gone, `idle` ends.
        let (busy, mut idle) = mpsc::channel::<Infallible>(1);
        let (grace, server) = (self.grace, self.server(Arc::clone(&stop), busy));
        let connections = GracefulShutdown::new();
        let mut end = pin!(end);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = &mut end => break,
                () = stop.notified() => break,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            // Answers are written whole; waiting for more would only delay them.
            let _ = stream.set_nodelay(true);
            let server = server.clone();
            let connection = http1::Builder::new()
                .keep_alive(true)
                .header_read_timeout(None)
                .max_buf_size(HEAD_BUFFER)
                .serve_connection(TokioIo::new(stream), service_fn(move |request| answer(server.clone(), request)));
            let connection = connections.watch(connection);
            tokio::spawn(async move {
                if connection.await.is_err() {
                    tracing::debug!("a connection ended early");
                }
            });
        }
        drop(listener);
        drop(server);
        let rest = async {
            connections.shutdown().await;
            while idle.recv().await.is_some() {}
        };
        if tokio::time::timeout(grace, rest).await.is_err() {
            tracing::warn!("requests were still under way when the runtime ended");
        }
    }
}

impl<S> Runtime<S> {
    fn server(self, stop: Arc<Notify>, busy: mpsc::Sender<Infallible>) -> Server<S> {
        Server {
            service: self.service,
            body_limit: self.body_limit,
            clock: self.clock,
            initialize: self.initialize,
            pre_stop: self.pre_stop,
            stop,
            busy,
        }
    }
}

impl<S> fmt::Debug for Runtime<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("address", &self.address)
            .field("body_limit", &self.body_limit)
            .field("grace", &self.grace)
            .finish_non_exhaustive()
    }
}

pub(crate) async fn into_bytes(body: Body) -> Bytes {
    let Ok(body) = body.collect().await;
    body.to_bytes()
}

fn boxed<F, Fut, E>(hook: F) -> Hook
where
    F: Fn(Context) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<BoxError>,
{
    Arc::new(move |context| {
        let done = hook(context);
        Box::pin(async move { done.await.map_err(Into::into) })
    })
}

#[cfg(unix)]
fn signals() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn signals() -> io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

fn report_panic(panic: &PanicHookInfo<'_>) {
    let text = panic.payload().downcast_ref::<&'static str>().copied();
    let text = text.unwrap_or("message withheld, it may hold request data");
    // Writing may fail; a panic here would end the process.
    let _ = match panic.location() {
        Some(place) => writeln!(io::stderr(), "panic at {place}: {text}"),
        None => writeln!(io::stderr(), "panic: {text}"),
    };
}
