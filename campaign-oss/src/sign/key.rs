//! The keys that sign, keyed once and kept.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use campaign_client::Credentials;
use chrono::{DateTime, NaiveDate, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

use super::{Signature, date, header};

const ANY_LENGTH: &str = "hmac takes a key of any length";
/// The product that a key is derived for.
const PRODUCT: &str = "oss";
/// Ends every scope.
pub(super) const TERMINATOR: &str = "aliyun_v4_request";

/// What a V4 key may sign: `DAY/REGION/PRODUCT/aliyun_v4_request`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The UTC day, `YYYYMMDD`.
    pub day: String,
    /// The region, for example `cn-hangzhou`.
    pub region: String,
    /// `oss`; `oss-cloudbox` for a cloud box.
    pub product: String,
}

impl Scope {
    /// The scope of OSS in a region on the day of `now`.
    pub fn new(now: DateTime<Utc>, region: impl Into<String>) -> Self {
        Self { day: date::day(now), region: region.into(), product: PRODUCT.to_owned() }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{TERMINATOR}", self.day, self.region, self.product)
    }
}

/// A key ready to sign.
///
/// `Debug` shows its version only.
#[derive(Clone)]
pub struct SigningKey(Keyed);

#[derive(Clone)]
enum Keyed {
    V1(Hmac<Sha1>),
    V4(Hmac<Sha256>),
}

impl SigningKey {
    /// The V1 key of a secret.
    #[must_use]
    pub fn v1(secret: &str) -> Self {
        Self(Keyed::V1(Hmac::new_from_slice(secret.as_bytes()).expect(ANY_LENGTH)))
    }

    /// The V4 key of a secret for a scope.
    #[must_use]
    pub fn v4(secret: &str, scope: &Scope) -> Self {
        let mac = |key: &[u8], text: &str| -> Hmac<Sha256> {
            Hmac::<Sha256>::new_from_slice(key).expect(ANY_LENGTH).chain_update(text)
        };
        let day = mac(["aliyun_v4", secret].concat().as_bytes(), &scope.day).finalize().into_bytes();
        let region = mac(&day, &scope.region).finalize().into_bytes();
        let product = mac(&region, &scope.product).finalize().into_bytes();
        let key = mac(&product, TERMINATOR).finalize().into_bytes();
        Self(Keyed::V4(Hmac::new_from_slice(&key).expect(ANY_LENGTH)))
    }

    /// The signature of a string to sign: lower-case hexadecimal with V4, Base64 with V1.
    #[must_use]
    pub fn sign(&self, text: &[u8]) -> String {
        match &self.0 {
            Keyed::V1(mac) => STANDARD.encode(mac.clone().chain_update(text).finalize().into_bytes()),
            Keyed::V4(mac) => {
                let mut hex = String::with_capacity(64);
                super::v4::push_hex(&mut hex, &mac.clone().chain_update(text).finalize().into_bytes());
                hex
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Keyed::V1(_) => "SigningKey(V1)",
            Keyed::V4(_) => "SigningKey(V4)",
        })
    }
}

/// A key with the texts around its signatures, which stay as long as it does.
#[derive(Debug)]
pub(crate) struct Signer {
    pub(super) key: SigningKey,
    /// The scope; empty with V1.
    pub(super) scope: String,
    /// `AccessKeyId/SCOPE`; the id alone with V1.
    pub(super) credential: String,
    /// What the `Authorization` begins with.
    pub(super) authorization: String,
}

impl Signer {
    fn new(credentials: &Credentials, signature: Signature, region: &str, now: DateTime<Utc>) -> Self {
        let id = credentials.access_key_id();
        match signature {
            Signature::V1 => Self {
                key: SigningKey::v1(credentials.secret()),
                scope: String::new(),
                credential: id.to_owned(),
                authorization: format!("OSS {id}:"),
            },
            Signature::V4 => {
                let scope = Scope::new(now, region);
                Self {
                    key: SigningKey::v4(credentials.secret(), &scope),
                    scope: scope.to_string(),
                    credential: format!("{id}/{scope}"),
                    authorization: format!("{} Credential={id}/{scope}", header::ALGORITHM),
                }
            }
        }
    }
}

/// The key used last. A client signs with one key for as long as its credentials last, V4 for a day.
#[derive(Default)]
pub(crate) struct KeyCache(Mutex<Option<Cached>>);

struct Cached {
    credentials: Credentials,
    signature: Signature,
    day: NaiveDate,
    signer: Arc<Signer>,
}

impl KeyCache {
    /// The key of `credentials` at `now`, made only if the last one was another. A cache belongs to one region.
    pub(crate) fn signer(
        &self,
        credentials: &Credentials,
        signature: Signature,
        region: &str,
        now: DateTime<Utc>,
    ) -> Arc<Signer> {
        let day = now.date_naive();
        // The slot is replaced whole, so a panic elsewhere does not spoil it.
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cached) = slot.as_ref().filter(|cached| {
            cached.signature == signature
                && (cached.day == day || signature == Signature::V1)
                && cached.credentials.is_clone_of(credentials)
        }) {
            return Arc::clone(&cached.signer);
        }
        let signer = Arc::new(Signer::new(credentials, signature, region, now));
        *slot = Some(Cached { credentials: credentials.clone(), signature, day, signer: Arc::clone(&signer) });
        signer
    }
}

/// A clone begins with nothing kept.
impl Clone for KeyCache {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyCache")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_key_is_kept_for_clones_of_its_credentials_and_its_day() {
        let cache = KeyCache::default();
        let (mine, other) = (Credentials::new("id", "secret"), Credentials::new("id", "secret"));
        let signer = |credentials: &Credentials, now: &str| cache.signer(credentials, Signature::V4, "r", at(now));
        let first = signer(&mine, "2026-11-11T00:00:00Z");
        let same_day = signer(&mine.clone(), "2026-11-11T23:59:59Z");
        let next_day = signer(&mine, "2026-11-12T00:00:00Z");
        assert!(Arc::ptr_eq(&first, &same_day) && !Arc::ptr_eq(&first, &next_day));
        assert!(!Arc::ptr_eq(&next_day, &signer(&other, "2026-11-12T00:00:00Z")));
        assert_ne!(first.key.sign(b"text"), next_day.key.sign(b"text"));
    }

    #[test]
    fn a_v1_key_does_not_depend_on_the_day() {
        let cache = KeyCache::default();
        let mine = Credentials::new("id", "secret");
        let signer = |now: &str| cache.signer(&mine, Signature::V1, "r", at(now));
        assert!(Arc::ptr_eq(&signer("2026-11-11T00:00:00Z"), &signer("2027-01-01T00:00:00Z")));
    }

    #[test]
    fn debug_shows_no_secret() {
        let cache = KeyCache::default();
        let mine = Credentials::new("id", "CANARY");
        for signature in [Signature::V1, Signature::V4] {
            let shown = format!("{:?} {cache:?}", cache.signer(&mine, signature, "r", at("2026-11-11T00:00:00Z")));
            assert!(!shown.contains("CANARY"), "{shown}");
        }
    }
}
