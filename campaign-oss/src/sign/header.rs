//! The headers and query parameters of a signature (service documents "Signature V4" and "Signature V1").

use http::HeaderName;

/// Begins the name of every header of the service; all of them are signed.
pub const PREFIX: &str = "x-oss-";
/// How much of the body is signed: [`UNSIGNED_PAYLOAD`].
pub const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-oss-content-sha256");
/// Base64 of the MD5 of the body.
pub const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");
/// When the request was signed, in UTC.
pub const DATE: HeaderName = HeaderName::from_static("x-oss-date");
/// The token of temporary credentials.
pub const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-oss-security-token");

/// The body is not part of the signature.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
/// Begins the `Authorization` of V4, and is its version in a URL.
pub const ALGORITHM: &str = "OSS4-HMAC-SHA256";

/// The names of a V4 signature in the query.
pub mod query {
    /// The version, [`ALGORITHM`](super::ALGORITHM).
    pub const VERSION: &str = "x-oss-signature-version";
    /// `AccessKeyId/SCOPE`.
    pub const CREDENTIAL: &str = "x-oss-credential";
    /// The time of signing.
    pub const DATE: &str = "x-oss-date";
    /// For how many seconds it is valid.
    pub const EXPIRES: &str = "x-oss-expires";
    /// Headers that are signed besides those that always are.
    pub const ADDITIONAL_HEADERS: &str = "x-oss-additional-headers";
    /// The token of temporary credentials.
    pub const SECURITY_TOKEN: &str = "x-oss-security-token";
    /// The signature, which alone is not signed.
    pub const SIGNATURE: &str = "x-oss-signature";
    /// V1: the AccessKey id.
    pub const V1_ACCESS_KEY_ID: &str = "OSSAccessKeyId";
    /// V1: when it ends, in seconds since 1970.
    pub const V1_EXPIRES: &str = "Expires";
    /// V1: the signature.
    pub const V1_SIGNATURE: &str = "Signature";
    /// V1: the token of temporary credentials.
    pub const V1_SECURITY_TOKEN: &str = "security-token";
}
