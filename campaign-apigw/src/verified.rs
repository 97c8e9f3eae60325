//! [`Verified`]: what a request is once it was verified.

use chrono::{DateTime, TimeDelta, Utc};

use crate::Refusal;
use crate::nonces::{Nonces, NoncesError, Use};

/// What a valid request says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified<'a> {
    /// Whose it is.
    pub app_key: &'a str,
    /// Its nonce, if it has one.
    pub nonce: Option<&'a str>,
    /// When it was signed, if it says so.
    pub signed_at: Option<DateTime<Utc>>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) window: TimeDelta,
}

impl Verified<'_> {
    /// Remembers the nonce, so that the request is not taken again. A request without one is let
    /// through: the verifier was told to.
    ///
    /// # Errors
    /// [`Refusal::NonceUsed`] if it was used before, [`Refusal::Expired`] if the request is older
    /// than what is remembered (signed afresh it may pass), [`Refusal::Busy`] if that cannot be
    /// told now.
    pub async fn remember(&self, nonces: &dyn Nonces) -> Result<(), Refusal> {
        let (Some(nonce), Some(signed_at)) = (self.nonce, self.signed_at) else { return Ok(()) };
        let until = signed_at + self.window;
        match nonces.remember(Use { app_key: self.app_key, nonce, signed_at, now: self.now, until }).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refusal::NonceUsed),
            Err(NoncesError::Unknown) => Err(Refusal::Expired),
            Err(NoncesError::Full | NoncesError::Unavailable(_)) => Err(Refusal::Busy),
        }
    }
}
