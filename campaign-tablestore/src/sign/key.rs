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
use zeroize::Zeroizing;

use super::Signature;

/// Ends the text that V4 signs.
const SALT: &[u8] = b"ots";
const ANY_LENGTH: &str = "hmac takes a key of any length";

/// A key ready to sign requests and answers.
///
/// `Debug` shows its version only.
#[derive(Clone)]
pub struct SigningKey {
    request: RequestMac,
    answer: Hmac<Sha1>,
}

#[derive(Clone)]
enum RequestMac {
    V2,
    V4(Hmac<Sha256>),
}

impl SigningKey {
    /// The V2 key of a secret.
    #[must_use]
    pub fn v2(secret: &str) -> Self {
        Self { request: RequestMac::V2, answer: Hmac::new_from_slice(secret.as_bytes()).expect(ANY_LENGTH) }
    }

    /// The V4 key of a secret for a UTC day, `YYYYMMDD`, and a region.
    #[must_use]
    pub fn v4(secret: &str, date: &str, region: &str) -> Self {
        let key = derived_key(secret, date, region);
        Self {
            request: RequestMac::V4(Hmac::new_from_slice(key.as_bytes()).expect(ANY_LENGTH)),
            answer: Hmac::new_from_slice(key.as_bytes()).expect(ANY_LENGTH),
        }
    }

    /// Base64 of the signature of a [`string_to_sign`](super::string_to_sign).
    #[must_use]
    pub fn sign_request(&self, text: &[u8]) -> String {
        match &self.request {
            RequestMac::V2 => STANDARD.encode(self.answer.clone().chain_update(text).finalize().into_bytes()),
            RequestMac::V4(mac) => {
                STANDARD.encode(mac.clone().chain_update(text).chain_update(SALT).finalize().into_bytes())
            }
        }
    }

    /// Base64 of the signature of an [`answer_string_to_sign`](super::answer_string_to_sign): HMAC-SHA1 with either key.
    #[must_use]
    pub fn sign_answer(&self, text: &[u8]) -> String {
        STANDARD.encode(self.answer.clone().chain_update(text).finalize().into_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.request {
            RequestMac::V2 => "SigningKey(V2)",
            RequestMac::V4(_) => "SigningKey(V4)",
        })
    }
}

/// The V4 key of a secret for a UTC day, `YYYYMMDD`, and a region. It is the Base64 text that keys the MAC, not the digest
/// it stands for.
#[must_use]
pub fn derived_key(secret: &str, date: &str, region: &str) -> Zeroizing<String> {
    let prefixed = Zeroizing::new(format!("aliyun_v4{secret}"));
    let mac = |key: &[u8], text: &str| {
        let mac = Hmac::<Sha256>::new_from_slice(key).expect(ANY_LENGTH);
        Zeroizing::new(<[u8; 32]>::from(mac.chain_update(text).finalize().into_bytes()))
    };
    let day = mac(prefixed.as_bytes(), date);
    let region = mac(&*day, region);
    let product = mac(&*region, "ots");
    let key = mac(&*product, "aliyun_v4_request");
    Zeroizing::new(STANDARD.encode(*key))
}

/// The `x-ots-signdate` of a moment.
pub(super) fn sign_date(now: DateTime<Utc>) -> String {
    now.format("%Y%m%d").to_string()
}

/// The key used last. A client signs with one key for as long as its credentials last, V4 for a day.
#[derive(Default)]
pub(crate) struct KeyCache(Mutex<Option<Cached>>);

struct Cached {
    credentials: Credentials,
    day: Option<NaiveDate>,
    key: Arc<SigningKey>,
}

impl KeyCache {
    /// The key of `credentials` for `signature` at `now`, made only if the last one was another.
    pub(crate) fn key(&self, credentials: &Credentials, signature: &Signature, now: DateTime<Utc>) -> Arc<SigningKey> {
        let day = matches!(signature, Signature::V4 { .. }).then(|| now.date_naive());
        // The slot is replaced whole, so a panic elsewhere does not spoil it.
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cached) = slot.as_ref().filter(|c| c.day == day && c.credentials.is_clone_of(credentials)) {
            return Arc::clone(&cached.key);
        }
        let key = Arc::new(match signature {
            Signature::V2 => SigningKey::v2(credentials.secret()),
            Signature::V4 { region } => SigningKey::v4(credentials.secret(), &sign_date(now), region),
        });
        *slot = Some(Cached { credentials: credentials.clone(), day, key: Arc::clone(&key) });
        key
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
        let v4 = Signature::V4 { region: "cn-hangzhou".to_owned() };
        let (mine, other) = (Credentials::new("id", "secret"), Credentials::new("id", "secret"));
        let first = cache.key(&mine, &v4, at("2026-11-11T00:00:00Z"));
        let same_day = cache.key(&mine.clone(), &v4, at("2026-11-11T23:59:59Z"));
        let next_day = cache.key(&mine, &v4, at("2026-11-12T00:00:00Z"));
        assert!(Arc::ptr_eq(&first, &same_day) && !Arc::ptr_eq(&first, &next_day));
        assert!(!Arc::ptr_eq(&next_day, &cache.key(&other, &v4, at("2026-11-12T00:00:00Z"))));
        assert_ne!(first.sign_request(b"text"), next_day.sign_request(b"text"));
    }

    #[test]
    fn a_v2_key_does_not_depend_on_the_day() {
        let cache = KeyCache::default();
        let mine = Credentials::new("id", "secret");
        let first = cache.key(&mine, &Signature::V2, at("2026-11-11T00:00:00Z"));
        assert!(Arc::ptr_eq(&first, &cache.key(&mine, &Signature::V2, at("2027-01-01T00:00:00Z"))));
    }

    #[test]
    fn debug_shows_no_key() {
        let cache = KeyCache::default();
        let key = cache.key(&Credentials::new("id", "CANARY"), &Signature::V2, at("2026-11-11T00:00:00Z"));
        assert_eq!(format!("{key:?} {cache:?}"), "SigningKey(V2) KeyCache");
    }
}
