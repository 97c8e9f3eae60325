//! What cannot be configured.

/// Why a route cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadRoute {
    /// See [`Route::method`](super::Route::method).
    #[error("a route's method is a known one in capital letters, and not TRACE or CONNECT")]
    Method,
    /// See [`Route::path`](super::Route::path).
    #[error("a route's path is /segments of unreserved characters or {{name}}s, each name once")]
    Path,
    /// See [`Route::timeout`](super::Route::timeout).
    #[error("a route's time limit is from 1 ms to 30 s")]
    Timeout,
    /// The model is not a draft-04 schema, or refers to something outside itself.
    #[error("a route's model is not a draft-04 JSON Schema that stands alone")]
    Model,
    /// An origin, method or header of the CORS settings cannot stand in a header, or credentials
    /// are allowed to every origin, which browsers refuse.
    #[error("a route's CORS settings cannot be sent, or allow credentials to every origin")]
    Cors,
    /// Apps are named for a route that anybody may call, or by a text that is no AppKey.
    #[error("a route names apps only with `auth: app`, by keys of 1 to 128 visible ASCII characters")]
    Apps,
    /// Another route has the same method and a path that differs in its parameters' names only.
    #[error("another route has this method and a path that matches the same requests")]
    Conflict,
}
