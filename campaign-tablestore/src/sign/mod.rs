//! Signatures of requests and answers, step by step as the service names them.
//!
//! A request: [`string_to_sign`] over its path and its `x-ots-*` headers, then [`SigningKey::sign_request`]. An answer:
//! [`answer_string_to_sign`], then [`SigningKey::sign_answer`]; [`verify_answer`] checks what a client must check. V2 signs
//! with the secret itself (HMAC-SHA1), V4 with a key derived for one UTC day and region (HMAC-SHA256; its answers
//! HMAC-SHA1 all the same).
//!
//! Everything here is pure. Sources: service document "Signature", and the official Java (5.17) and Python (6.4) SDKs,
//! which alone show V4 and the signature of answers.

mod answer;
mod canonical;
mod date;
pub mod header;
mod key;
mod request;

pub use answer::{AnswerChecks, AnswerFault, MAX_SKEW, verify_answer};
#[cfg(feature = "server")]
pub(crate) use canonical::content_md5;
pub use canonical::{answer_string_to_sign, string_to_sign};
pub(crate) use date::parse_date;
pub(crate) use key::KeyCache;
pub use key::{SigningKey, derived_key};
pub(crate) use request::sign_request;

/// Which signature requests carry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signature {
    /// `x-ots-signature`: HMAC-SHA1 with the secret. Every region takes it.
    V2,
    /// `x-ots-signaturev4`: HMAC-SHA256 with a key of one UTC day and region, so that the secret itself signs nothing.
    V4 {
        /// The region of the instance, for example `cn-hangzhou`.
        region: String,
    },
}
