//! Names of the headers that the gateway adds or reads.

use http::HeaderName;

/// Id of the request, in every answer: an upper-case UUID.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-ca-request-id");
/// Code of an error that the gateway made itself, for example `I404NF`.
pub const ERROR_CODE: HeaderName = HeaderName::from_static("x-ca-error-code");
/// Text of an error that the gateway made itself.
pub const ERROR_MESSAGE: HeaderName = HeaderName::from_static("x-ca-error-message");
/// Request id by which the gateway calls a backend.
pub const API_GATEWAY: HeaderName = HeaderName::from_static("x-ca-api-gateway");
/// Environment a request is for: `RELEASE`, `PRE` or `TEST`.
pub const STAGE: HeaderName = HeaderName::from_static("x-ca-stage");
/// `debug` asks for `X-Ca-Debug-Info` in the answer.
pub const REQUEST_MODE: HeaderName = HeaderName::from_static("x-ca-request-mode");
/// Key of the calling application.
pub const KEY: HeaderName = HeaderName::from_static("x-ca-key");
/// Signature of the request.
pub const SIGNATURE: HeaderName = HeaderName::from_static("x-ca-signature");
/// Names of the headers inside the signature, separated by commas.
pub const SIGNATURE_HEADERS: HeaderName = HeaderName::from_static("x-ca-signature-headers");
/// `HmacSHA256` or `HmacSHA1`.
pub const SIGNATURE_METHOD: HeaderName = HeaderName::from_static("x-ca-signature-method");
/// When the request was signed, in Unix milliseconds.
pub const TIMESTAMP: HeaderName = HeaderName::from_static("x-ca-timestamp");
/// Makes a signed request unique.
pub const NONCE: HeaderName = HeaderName::from_static("x-ca-nonce");
/// Digest of a body that is no form: Base64 of its MD5.
pub const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");
