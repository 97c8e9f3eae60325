//! How a client is put together.

use std::{sync::Arc, time::Duration};

use super::{Client, shared::Shared};
use crate::{Clock, Error, ProvideCredentials, Result, Retry, Service, Transport, credentials::Environment};

/// Requests of one client that are under way at the same time, unless set otherwise.
const IN_FLIGHT: usize = 256;
/// How long a call waits for its turn.
const TURN: Duration = Duration::from_secs(1);

/// Puts a [`Client`] together. Only the service is needed; the rest has defaults.
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder<S: Service> {
    service: S,
    transport: Option<Arc<dyn Transport>>,
    credentials: Arc<dyn ProvideCredentials>,
    clock: Clock,
    retry: Option<Retry>,
    in_flight: usize,
    max_answer: u64,
}

impl<S: Service> ClientBuilder<S> {
    pub(super) fn new(service: S) -> Self {
        Self {
            service,
            transport: None,
            credentials: Arc::new(Environment),
            clock: Clock::system(),
            retry: None,
            in_flight: IN_FLIGHT,
            max_answer: 16 << 20,
        }
    }

    /// How requests are sent. With feature `hyper` the default is a new `transport::Hyper`, without
    /// it and with `reqwest` a `transport::Reqwest`; give several clients clones of one to share its
    /// connections.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Where credentials come from. The default reads the environment.
    pub fn credentials(mut self, credentials: impl ProvideCredentials) -> Self {
        self.credentials = Arc::new(credentials);
        self
    }

    /// Where the time comes from. The default is the machine's clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How calls are repeated. The default is the service's own.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = Some(retry);
        self
    }

    /// How many requests may be under way at the same time, 256 by default. A call waits up to a
    /// second for its turn and then fails with
    /// [`ErrorKind::Overloaded`](crate::ErrorKind::Overloaded).
    pub fn in_flight(mut self, requests: usize) -> Self {
        self.in_flight = requests;
        self
    }

    /// How long an answer may be, in bytes, 16 MiB by default. Downloads are not bounded.
    pub fn max_answer(mut self, bytes: u64) -> Self {
        self.max_answer = bytes;
        self
    }

    /// The client.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if a setting cannot work or no transport
    /// was given and neither the feature `hyper` nor `reqwest` is on.
    pub fn build(self) -> Result<Client<S>> {
        let retry = self.retry.unwrap_or_else(|| self.service.retry());
        retry.check()?;
        if self.in_flight == 0 || self.in_flight > tokio::sync::Semaphore::MAX_PERMITS {
            return Err(Error::invalid("in_flight: at least one request must be allowed"));
        }
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport(self.service.endpoint().is_https())?,
        };
        let shared =
            Shared::new(self.service, transport, self.credentials, self.clock, self.in_flight, TURN, self.max_answer);
        Ok(Client { shared: Arc::new(shared), retry, settle: true })
    }
}

#[cfg(any(feature = "hyper", feature = "reqwest"))]
fn default_transport(https: bool) -> Result<Arc<dyn Transport>> {
    if https && !cfg!(feature = "rustls") {
        return Err(Error::invalid("https needs the feature `rustls`, or a transport of your own"));
    }
    #[cfg(feature = "hyper")]
    return Ok(Arc::new(crate::transport::Hyper::new()?));
    #[cfg(not(feature = "hyper"))]
    Ok(Arc::new(crate::transport::Reqwest::new()?))
}

#[cfg(not(any(feature = "hyper", feature = "reqwest")))]
fn default_transport(_https: bool) -> Result<Arc<dyn Transport>> {
    Err(Error::invalid("no transport: switch the feature `hyper` on or give one"))
}
