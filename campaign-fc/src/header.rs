//! The headers by which Function Compute and a custom runtime talk ("Principles of custom
//! runtimes", table of common request headers).

use http::HeaderName;

/// Id of this request, also in the service's logs.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-fc-request-id");
/// Access key id of the role given to the function; empty without a role.
pub const ACCESS_KEY_ID: HeaderName = HeaderName::from_static("x-fc-access-key-id");
/// Secret of that key.
pub const ACCESS_KEY_SECRET: HeaderName = HeaderName::from_static("x-fc-access-key-secret");
/// Security token that goes with that key.
pub const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-fc-security-token");
/// Name of the function.
pub const FUNCTION_NAME: HeaderName = HeaderName::from_static("x-fc-function-name");
/// Handler as configured; without meaning in a custom runtime.
pub const FUNCTION_HANDLER: HeaderName = HeaderName::from_static("x-fc-function-handler");
/// Memory of the instance in MB.
pub const FUNCTION_MEMORY: HeaderName = HeaderName::from_static("x-fc-function-memory");
/// Time limit of one invocation in seconds.
pub const FUNCTION_TIMEOUT: HeaderName = HeaderName::from_static("x-fc-function-timeout");
/// When the invocation is cut off, in Unix milliseconds. Function Compute documents it for the
/// built-in runtimes; a custom runtime may be called without it.
pub const FUNCTION_DEADLINE: HeaderName = HeaderName::from_static("x-fc-function-deadline");
/// Region, for example `cn-hangzhou`.
pub const REGION: HeaderName = HeaderName::from_static("x-fc-region");
/// Id of the account that owns the function.
pub const ACCOUNT_ID: HeaderName = HeaderName::from_static("x-fc-account-id");
/// Version or alias by which the function was called.
pub const QUALIFIER: HeaderName = HeaderName::from_static("x-fc-qualifier");
/// What the request is for: one of the `CONTROL_…` values.
pub const CONTROL_PATH: HeaderName = HeaderName::from_static("x-fc-control-path");
/// How often the service has tried this invocation before.
pub const RETRY_COUNT: HeaderName = HeaderName::from_static("x-fc-retry-count");
/// Address of the caller.
pub const CLIENT_IP: HeaderName = HeaderName::from_static("x-fc-client-ip");
/// In an answer: [`STATUS_OK`] or [`STATUS_FAILED`]. Without it the call counts as a success.
pub const STATUS: HeaderName = HeaderName::from_static("x-fc-status");

/// Value of [`STATUS`]: the function did its work.
pub const STATUS_OK: &str = "200";
/// Value of [`STATUS`]: the function failed.
pub const STATUS_FAILED: &str = "404";

/// Value of [`CONTROL_PATH`]: an HTTP request, passed through as it came.
pub const CONTROL_HTTP: &str = "/http-invoke";
/// Value of [`CONTROL_PATH`] and path: an event in the body.
pub const CONTROL_INVOKE: &str = "/invoke";
/// Value of [`CONTROL_PATH`] and path: once, before the first invocation.
pub const CONTROL_INITIALIZE: &str = "/initialize";
/// Value of [`CONTROL_PATH`] and path: once, before the instance goes away.
pub const CONTROL_PRE_STOP: &str = "/pre-stop";
