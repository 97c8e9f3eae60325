//! Signatures of requests, step by step as the service names them.
//!
//! V4: [`v4::canonical_request`] → [`v4::string_to_sign`] → [`SigningKey::v4`] → [`SigningKey::sign`], with a key derived for
//! one UTC day, region and product, so that the secret itself signs nothing that travels. V1: [`v1::string_to_sign`] →
//! [`SigningKey::v1`] → [`SigningKey::sign`]. The body is part of neither: its checksum is compared instead.
//!
//! Everything here is pure. Sources: service documents "Signature V4" and "Signature V1", and the official Go (v2) and Python
//! (v2, oss2) SDKs.

pub(crate) mod date;
pub mod header;
mod key;
mod request;
mod signer;
pub mod v1;
pub mod v4;

pub use key::{Scope, SigningKey};
pub(crate) use request::{Target, sign_request, unsign};
pub(crate) use signer::SignerCache;

/// Which signature requests carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signature {
    /// HMAC-SHA256 with a key of one UTC day, region and product. What both official v2 SDKs send.
    V4,
    /// HMAC-SHA1 with the secret. For servers that know nothing else.
    V1,
}
