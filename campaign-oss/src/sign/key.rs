//! The keys that sign.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

use super::{date, v4};

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
            Keyed::V4(mac) => v4::hex(&mac.clone().chain_update(text).finalize().into_bytes()).as_str().to_owned(),
        }
    }

    /// The key that signs texts which begin with `text`, given what follows.
    pub(super) fn after(&self, text: &[u8]) -> Self {
        Self(match &self.0 {
            Keyed::V1(mac) => Keyed::V1(mac.clone().chain_update(text)),
            Keyed::V4(mac) => Keyed::V4(mac.clone().chain_update(text)),
        })
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
