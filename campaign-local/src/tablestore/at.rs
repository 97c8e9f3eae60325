//! When a request happens, and inside which transaction.

use campaign_tablestore::server::Refusal;

use super::check::invalid;

/// The moment of a request: one for all that it does.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    /// Milliseconds since 1970.
    pub(super) now: i64,
}

impl At {
    /// At `now`, inside the transaction of this id. Transactions are not emulated, so there is none of any id.
    pub(super) fn new(now: i64, transaction: Option<&str>) -> Result<Self, Refusal> {
        if transaction.is_none_or(str::is_empty) { Ok(Self { now }) } else { Err(invalid("TransactionID is invalid.")) }
    }
}
