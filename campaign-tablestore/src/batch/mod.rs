//! Any number of rows: split into calls, and only what failed is sent again.
//!
//! [`write_rows`] and [`get_rows`] take rows of one table and give a result for each, in their order.
//!
//! * **Splitting** is by the number of rows and by their encoded bytes. A row that is there twice is in two calls, the first
//!   of which is settled before the second begins.
//! * **Failed rows** are sent again if the failure is worth it and the row may be sent twice, whatever became of the others;
//!   attempts, waits and the deadline are those of the client.
//! * **A lost answer** leaves nobody knowing which rows were written. Rows that may be repeated are sent again, a conflict
//!   that a conditional row then meets is settled by reading it back, and the others fail with
//!   [`outcome_unknown`](campaign_client::Error::outcome_unknown).
//! * **A row that no table takes** fails by itself and is not sent.
//! * **A refused call** is halved until the row is found that it was refused for; the others are written.

mod parts;
mod read;
mod run;
mod write;

pub use read::get_rows;
pub use write::write_rows;
pub(crate) use {
    parts::MAX_BYTES,
    run::run,
    write::{Encoded, Writes},
};
