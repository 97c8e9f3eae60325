//! What an error says about the request that met it.

/// Whether a refused request was carried out, and so whether it may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// It never reached the backend: sending it again after a pause is safe for every request.
    Unexecuted,
    /// The backend may have carried it out: only a request that may be carried out twice, or that
    /// carries an idempotency key, may be sent again.
    Ambiguous,
    /// Sending it again would meet the same answer.
    Never,
}
