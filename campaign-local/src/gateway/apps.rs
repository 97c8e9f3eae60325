//! [`Apps`]: who may sign, and whether somebody did.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use campaign_apigw::{App, MemoryNonces, Nonces, Refusal as Refused, Verifier};
use campaign_client::Clock;
use http::Request;

use super::refusal::Refusal;

/// The applications that a gateway knows, by AppKey, and its memory of nonces; a clone is the same.
///
/// It checks as [`Verifier`] does, with what the official Node package needs opened: a body without
/// `Content-MD5` (it sends PUT so), and `&` in a parameter. Repeated parameters are refused, which the
/// cloud does not: it signs the first value and hands on the others.
#[derive(Clone)]
pub struct Apps(Arc<Inner>);

struct Inner {
    known: RwLock<HashMap<String, App>>,
    verifier: Verifier,
    nonces: Box<dyn Nonces>,
    clock: Clock,
}

impl Apps {
    /// None yet. Time comes from `clock`. Nonces are kept in memory: what was signed before now is
    /// refused, for an earlier run may have taken it.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        let nonces = MemoryNonces::new(clock.now());
        Self::with_nonces(clock, nonces)
    }

    /// The same with another memory of nonces.
    #[must_use]
    pub fn with_nonces(clock: Clock, nonces: impl Nonces) -> Self {
        let verifier = Verifier::new().unsigned_body().ambiguous_parameters();
        Self(Arc::new(Inner { known: RwLock::default(), verifier, nonces: Box::new(nonces), clock }))
    }

    /// Knows an app, in place of the one with the same key.
    pub fn set(&self, app: App) {
        self.0.known.write().unwrap_or_else(PoisonError::into_inner).insert(app.key().to_owned(), app);
    }

    /// Knows an app no more; says whether there was one.
    pub fn remove(&self, key: &str) -> bool {
        self.0.known.write().unwrap_or_else(PoisonError::into_inner).remove(key).is_some()
    }

    /// Lets a request through that one of the `allowed` signed just now; of all if none is named.
    pub(super) async fn admit(&self, request: &Request<Bytes>, allowed: &[String]) -> Result<(), Refusal> {
        let now = self.0.clock.now();
        let known = |key: &str| self.0.known.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        let refused = |refused: Refused| Refusal::signed(&refused, now);
        let verified = self.0.verifier.verify(request, now, known).map_err(refused)?;
        if !allowed.is_empty() && !allowed.iter().any(|key| key == verified.app_key) {
            return Err(refused(Refused::NotAuthorised));
        }
        verified.remember(&*self.0.nonces).await.map_err(refused)
    }
}

impl fmt::Debug for Apps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(known.keys()).finish()
    }
}
