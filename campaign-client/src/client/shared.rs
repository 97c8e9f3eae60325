//! What all clones of a client share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    Clock, Credentials, Error, ErrorKind, ProvideCredentials, Result, Service, Transport, Verdict, retry::Bucket,
};

/// A server's clock is believed if it is this near.
const FARTHEST: TimeDelta = TimeDelta::hours(24);

#[derive(Debug)]
pub(super) struct Shared<S> {
    pub(super) service: S,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) bucket: Bucket,
    pub(super) max_answer: u64,
    credentials: Arc<dyn ProvideCredentials>,
    clock: Clock,
    /// Milliseconds that the service's clock is ahead, learned from its answers.
    ahead: AtomicI64,
    turns: Semaphore,
    turn: Duration,
}

impl<S: Service> Shared<S> {
    pub(super) fn new(
        service: S,
        transport: Arc<dyn Transport>,
        credentials: Arc<dyn ProvideCredentials>,
        clock: Clock,
        in_flight: usize,
        turn: Duration,
        max_answer: u64,
    ) -> Self {
        Self {
            service,
            transport,
            bucket: Bucket::full(),
            max_answer,
            credentials,
            clock,
            ahead: AtomicI64::new(0),
            turns: Semaphore::new(in_flight),
            turn,
        }
    }

    /// The time by the service's clock, as far as it is known.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now() + TimeDelta::milliseconds(self.ahead.load(Ordering::Relaxed))
    }

    /// Learns the service's clock from `server`. False if it is too far off to be believed, or the
    /// answer may have been written by anybody: plain http, not on this machine.
    pub(super) fn correct(&self, server: DateTime<Utc>) -> bool {
        let endpoint = self.service.endpoint();
        let ahead = server - self.clock.now();
        if ahead.abs() > FARTHEST || !(endpoint.is_https() || endpoint.is_loopback()) {
            return false;
        }
        tracing::warn!(
            service = S::NAME,
            seconds = ahead.num_seconds(),
            "the clock differs from the service's; corrected"
        );
        self.ahead.store(ahead.num_milliseconds(), Ordering::Relaxed);
        true
    }

    pub(super) async fn credentials(&self, refused: Option<&Credentials>) -> Result<Credentials> {
        self.credentials
            .credentials(refused)
            .await
            .map_err(|e| Error::new(ErrorKind::Credentials).with_message(e.to_string()).with_source(e))
    }

    /// Waits for a turn to send.
    pub(super) async fn turn(&self) -> Result<SemaphorePermit<'_>> {
        match tokio::time::timeout(self.turn, self.turns.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            // The semaphore is never closed, so the inner error does not occur.
            Ok(Err(_)) | Err(_) => Err(Error::new(ErrorKind::Overloaded).with_verdict(Verdict::Final)),
        }
    }
}

/// A text never used before, in hexadecimal. It need not be hard to guess: the signature covers it.
pub(super) fn nonce() -> String {
    format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..))
}
