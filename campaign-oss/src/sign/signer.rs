//! What signs the requests of a client, kept from one request to the next.
//!
//! The key of V4 holds for a day. The string to sign begins with the second and the scope, so what has been hashed of it holds
//! for a second, as do the texts of the date.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use campaign_client::Credentials;
use chrono::{DateTime, NaiveDate, Utc};
use http::HeaderValue;
use sha2::{Digest, Sha256};

use super::{Scope, Signature, SigningKey, date, header, v4};

/// What is the same for all requests of a day.
#[derive(Debug)]
struct Day {
    date: NaiveDate,
    key: SigningKey,
    /// The scope; empty with V1.
    scope: String,
    /// `AccessKeyId/SCOPE`; the id alone with V1.
    credential: String,
    /// What the `Authorization` begins with.
    authorization: String,
}

/// What is the same for all requests of a second.
#[derive(Debug)]
pub(crate) struct Signer {
    day: Arc<Day>,
    second: i64,
    /// The value of `Date`.
    pub(super) http_date: HeaderValue,
    /// The value of `x-oss-date`.
    pub(super) compact_date: HeaderValue,
    /// The key, with the string to sign up to the digest behind it.
    begun: SigningKey,
}

impl Day {
    fn new(credentials: &Credentials, signature: Signature, region: &str, now: DateTime<Utc>) -> Self {
        let (id, date) = (credentials.access_key_id(), now.date_naive());
        match signature {
            Signature::V1 => Self {
                date,
                key: SigningKey::v1(credentials.secret()),
                scope: String::new(),
                credential: id.to_owned(),
                authorization: format!("OSS {id}:"),
            },
            Signature::V4 => {
                let scope = Scope::new(now, region);
                Self {
                    date,
                    key: SigningKey::v4(credentials.secret(), &scope),
                    scope: scope.to_string(),
                    credential: format!("{id}/{scope}"),
                    authorization: format!("{} Credential={id}/{scope}", header::ALGORITHM),
                }
            }
        }
    }
}

impl Signer {
    fn new(day: Arc<Day>, now: DateTime<Utc>) -> Self {
        let value = |digits: &[u8]| HeaderValue::from_bytes(digits).expect("dates are visible ASCII");
        let compact = date::compact(now);
        let begun = day.key.after(v4::before_digest(date::text(&compact), &day.scope).as_bytes());
        Self { day, second: now.timestamp(), http_date: value(&date::http(now)), compact_date: value(&compact), begun }
    }

    /// `AccessKeyId/SCOPE`; the id alone with V1.
    pub(super) fn credential(&self) -> &str {
        &self.day.credential
    }

    /// What the `Authorization` begins with.
    pub(super) fn authorization(&self) -> &str {
        &self.day.authorization
    }

    /// The V1 signature of a string to sign.
    pub(super) fn sign_v1(&self, string_to_sign: &[u8]) -> String {
        self.day.key.sign(string_to_sign)
    }

    /// The V4 signature of a canonical request.
    pub(super) fn sign_v4(&self, canonical_request: &[u8]) -> String {
        self.begun.sign(v4::hex(&Sha256::digest(canonical_request)).as_str().as_bytes())
    }
}

/// The signer used last. A client signs with one key for as long as its credentials last, V4 for a day.
#[derive(Default)]
pub(crate) struct SignerCache(Mutex<Option<Cached>>);

struct Cached {
    credentials: Credentials,
    signature: Signature,
    signer: Arc<Signer>,
}

impl SignerCache {
    /// The signer of `credentials` at `now`, made only as far as the last one was another. A cache belongs to one region.
    pub(crate) fn signer(
        &self,
        credentials: &Credentials,
        signature: Signature,
        region: &str,
        now: DateTime<Utc>,
    ) -> Arc<Signer> {
        // The slot is replaced whole, so a panic elsewhere does not spoil it.
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last =
            slot.as_ref().filter(|last| last.signature == signature && last.credentials.is_clone_of(credentials));
        let day = match last {
            Some(last) if last.signer.second == now.timestamp() => return Arc::clone(&last.signer),
            Some(Cached { signer, .. }) if signature == Signature::V1 || signer.day.date == now.date_naive() => {
                Arc::clone(&signer.day)
            }
            _ => Arc::new(Day::new(credentials, signature, region, now)),
        };
        let signer = Arc::new(Signer::new(day, now));
        *slot = Some(Cached { credentials: credentials.clone(), signature, signer: Arc::clone(&signer) });
        signer
    }
}

/// A clone begins with nothing kept.
impl Clone for SignerCache {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for SignerCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignerCache")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_key_is_kept_for_clones_of_its_credentials_and_its_day_and_a_date_for_its_second() {
        let cache = SignerCache::default();
        let (mine, other) = (Credentials::new("id", "secret"), Credentials::new("id", "secret"));
        let signer = |credentials: &Credentials, now: &str| cache.signer(credentials, Signature::V4, "r", at(now));
        let first = signer(&mine, "2026-11-11T00:00:00.000Z");
        let same_second = signer(&mine.clone(), "2026-11-11T00:00:00.999Z");
        let same_day = signer(&mine.clone(), "2026-11-11T23:59:59Z");
        let next_day = signer(&mine, "2026-11-12T00:00:00Z");
        assert!(Arc::ptr_eq(&first, &same_second) && !Arc::ptr_eq(&first, &same_day));
        assert!(Arc::ptr_eq(&first.day, &same_day.day) && !Arc::ptr_eq(&first.day, &next_day.day));
        assert!(!Arc::ptr_eq(&next_day.day, &signer(&other, "2026-11-12T00:00:00Z").day));
        assert_eq!(same_day.compact_date, "20261111T235959Z");
        assert_ne!(first.sign_v4(b"request"), same_day.sign_v4(b"request"));
    }

    #[test]
    fn what_was_hashed_before_gives_the_signature_of_the_whole_text() {
        let now = at("2026-11-11T00:00:00Z");
        let signer = SignerCache::default().signer(&Credentials::new("id", "secret"), Signature::V4, "r", now);
        let scope = Scope::new(now, "r");
        let text = v4::string_to_sign("20261111T000000Z", &scope.to_string(), b"request");
        assert_eq!(signer.sign_v4(b"request"), SigningKey::v4("secret", &scope).sign(text.as_bytes()));
    }

    #[test]
    fn a_v1_key_does_not_depend_on_the_day() {
        let cache = SignerCache::default();
        let mine = Credentials::new("id", "secret");
        let signer = |now: &str| cache.signer(&mine, Signature::V1, "r", at(now));
        assert!(Arc::ptr_eq(&signer("2026-11-11T00:00:00Z").day, &signer("2027-01-01T00:00:00Z").day));
    }

    #[test]
    fn debug_shows_no_secret() {
        let cache = SignerCache::default();
        let mine = Credentials::new("id", "CANARY");
        for signature in [Signature::V1, Signature::V4] {
            let shown = format!("{:?} {cache:?}", cache.signer(&mine, signature, "r", at("2026-11-11T00:00:00Z")));
            assert!(!shown.contains("CANARY"), "{shown}");
        }
    }
}
