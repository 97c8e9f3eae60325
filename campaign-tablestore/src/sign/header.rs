//! The headers of the protocol (service document "HTTP request and response").

use http::HeaderName;

/// Begins the name of every header that is signed.
pub const PREFIX: &str = "x-ots-";

/// The id of the key that signs.
pub const ACCESS_KEY_ID: HeaderName = HeaderName::from_static("x-ots-accesskeyid");
/// The version of the protocol, [`API_VERSION`].
pub const VERSION: HeaderName = HeaderName::from_static("x-ots-apiversion");
/// Base64 of the MD5 of the body as sent.
pub const CONTENT_MD5: HeaderName = HeaderName::from_static("x-ots-contentmd5");
/// What an answer's body is.
pub const CONTENT_TYPE: HeaderName = HeaderName::from_static("x-ots-contenttype");
/// When the message was signed, in UTC.
pub const DATE: HeaderName = HeaderName::from_static("x-ots-date");
/// How the body of a request is compressed.
pub const REQUEST_COMPRESSION: HeaderName = HeaderName::from_static("x-ots-request-compress-type");
/// How many bytes the body of a request has uncompressed.
pub const REQUEST_SIZE: HeaderName = HeaderName::from_static("x-ots-request-compress-size");
/// In a request, how its answer may be compressed; in an answer, how it is.
pub const RESPONSE_COMPRESSION: HeaderName = HeaderName::from_static("x-ots-response-compress-type");
/// How many bytes the body of an answer has uncompressed.
pub const RESPONSE_SIZE: HeaderName = HeaderName::from_static("x-ots-response-compress-size");
/// The instance that is called.
pub const INSTANCE: HeaderName = HeaderName::from_static("x-ots-instancename");
/// The id of the request, in answers.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-ots-requestid");
/// The V2 signature.
pub const SIGNATURE: HeaderName = HeaderName::from_static("x-ots-signature");
/// The V4 signature.
pub const SIGNATURE_V4: HeaderName = HeaderName::from_static("x-ots-signaturev4");
/// The UTC day of the V4 key, `YYYYMMDD`.
pub const SIGN_DATE: HeaderName = HeaderName::from_static("x-ots-signdate");
/// The region of the V4 key.
pub const SIGN_REGION: HeaderName = HeaderName::from_static("x-ots-signregion");
/// The token of temporary credentials.
pub const STS_TOKEN: HeaderName = HeaderName::from_static("x-ots-ststoken");

/// The only version of the protocol.
pub const API_VERSION: &str = "2015-12-31";
