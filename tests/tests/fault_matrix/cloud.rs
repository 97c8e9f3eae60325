//! The cloud of one run: the emulator, the client under test and one that looks.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering},
};

use async_trait::async_trait;
use campaign_client::{Client, Clock, Credentials, CredentialsError, Endpoint, ProvideCredentials, Result, Service};
use campaign_local::fault::Faults;
use chrono::TimeDelta;

use super::{
    now,
    subject::Subject,
    variant::{Keys, Variant},
    wire::Wire,
};

/// The cloud of one run.
pub(crate) struct Cloud<S: Subject> {
    pub(crate) wire: Arc<Wire<S>>,
    /// The client under test.
    pub(crate) client: Client<S::Service>,
    /// One that no fault meets.
    pub(crate) looker: Client<S::Service>,
    pub(crate) keys: Arc<Rotation>,
}

impl<S: Subject> Cloud<S> {
    /// A cloud in which `subject` is prepared and `variant` will happen.
    pub(crate) async fn new(subject: S, variant: &Variant) -> Result<Self> {
        let lasting = Credentials::new("key", "secret");
        let temporary = |id: &str, minutes| {
            Credentials::temporary(id, "secret", format!("token of {id}"), Some(now() + TimeDelta::minutes(minutes)))
        };
        let (old, other, fresh) = (temporary("old", -2), temporary("other", -1), temporary("fresh", 60));
        let keys = Arc::new(Rotation::new(match variant.client.keys {
            Keys::Lasting => vec![lasting.clone()],
            Keys::Refreshed => vec![old.clone(), fresh.clone()],
            Keys::Expired => vec![old.clone()],
            Keys::ExpiredTwice => vec![old.clone(), other.clone()],
        }));

        // The emulator's time goes on a little with each look, so that a write done twice makes two versions.
        let ticks = AtomicI64::new(0);
        let clock = Clock::new(move || now() + TimeDelta::milliseconds(ticks.fetch_add(1, Ordering::Relaxed)));
        let faults = Faults::new();
        let server = S::emulator(vec![lasting.clone(), old, other, fresh], faults.clone(), clock)?;
        let wire = Arc::new(Wire::new(Arc::clone(&server), faults, subject.operation(), variant.steps.clone()));

        let looker = Client::builder(S::service(Endpoint::new("http://127.0.0.1:1")?)?)
            .transport(server)
            .credentials(lasting)
            .clock(Clock::fixed(now()))
            .build()?;
        subject.prepare(&looker).await?;

        let endpoint = if variant.client.foreign {
            Endpoint::insecure("http://service.example.com")?
        } else {
            Endpoint::new("http://127.0.0.1:1")?
        };
        let service = S::service(endpoint)?;
        let mut retry = service.retry();
        retry.deadline = variant.client.deadline.unwrap_or(retry.deadline);
        let client = Client::builder(service)
            .transport(Arc::clone(&wire))
            .credentials(Arc::clone(&keys))
            .clock(Clock::fixed(now() - variant.client.behind))
            .retry(retry)
            // So that a turn that is not given back shows.
            .in_flight(1)
            .build()?;
        Ok(Self { wire, client, looker, keys })
    }
}

/// Gives its first key until that is refused, then the next; the last for ever.
#[derive(Debug)]
pub(crate) struct Rotation {
    keys: Vec<Credentials>,
    at: Mutex<usize>,
}

impl Rotation {
    fn new(keys: Vec<Credentials>) -> Self {
        Self { keys, at: Mutex::new(0) }
    }

    /// How often another key was taken.
    pub(crate) fn refreshed(&self) -> usize {
        *self.at.lock().unwrap()
    }
}

#[async_trait]
impl ProvideCredentials for Rotation {
    async fn credentials(&self, refused: Option<&Credentials>) -> Result<Credentials, CredentialsError> {
        let mut at = self.at.lock().unwrap();
        if refused.is_some_and(|refused| refused.same(&self.keys[*at])) && *at + 1 < self.keys.len() {
            *at += 1;
        }
        Ok(self.keys[*at].clone())
    }
}
