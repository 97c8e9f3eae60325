//! Rows that come one by one, written in calls of many.
//!
//! [`BulkWriter`] takes a row at a time and gives a [`Receipt`] for it, which becomes its result. In between rows wait in
//! buckets, by a hash of their partition key, until a bucket has enough rows or bytes for a call or has waited long enough;
//! how a call's rows are repeated is that of [`batch`](crate::batch). A row is encoded once, when it is accepted, and waits as
//! its bytes: it was just made then and is in the processor's cache, and its own memory is free for the next one.
//!
//! * **Memory is bounded:** what is accepted and has no result yet is counted in bytes. When there is no room, accepting a
//!   row waits; nothing is ever dropped.
//! * **Nothing is lost:** a row that was accepted gets its result, whether the receipt is kept or dropped, and also when the
//!   writer itself is dropped, as long as the runtime lives. A call that accepts a row and is dropped before it returns has
//!   not accepted it.

mod bucket;
mod options;
mod receipt;
mod stats;
mod writer;

pub use options::BulkOptions;
pub use receipt::Receipt;
pub use stats::BulkStats;
pub use writer::BulkWriter;
