//! Table Store on a laptop: the service's calls, semantics and texts over the embedded store.
//!
//! Every request is checked as the service does it: method, headers, date, key, instance, digest,
//! signature. Every answer carries all headers and is signed. Rows are kept in the order of their
//! keys; versions, time to live and deviation follow the emulator's clock; conditions are evaluated
//! inside the commit. A table is ready at once and partitions take whatever comes unless `options` say
//! otherwise, and rows do not conflict: this emulator is kinder there than the service, and faults make up for it.
//!
//! What is not emulated is refused and not pretended: server-side encryption, and every
//! operation that `operations` does not list.
//!
//! | where | what |
//! |---|---|
//! | `emulator` | [`Emulator`]: from an HTTP request to an HTTP answer |
//! | `operations` | the list of operations, and what each must provide |
//! | `table` | a table as it is kept; its calls; `rules`, what a table may be |
//! | `row` | a row as it is kept; reading (`reads`, `range`, `batch_get`, `export`) and writing (`writes`, `batch_write`); `change`, the one way a row changes; `conflict`, one write at a time; `piece`, wide rows; `follow`, what happens with it in the same commit |
//! | `index` | secondary indexes and their rows |
//! | `stream` | streams and their records |
//! | `transaction` | local transactions; `inside`, work that may be part of one |
//! | `partition` | the load on partitions, splitting them, ComputeSplitPointsBySize |
//! | `search` | search indexes, Search, ParallelScan |
//! | `at` | when a request happens, and inside which transaction |
//! | `check` | what is refused everywhere |
//! | `options` | how it hurts |
//!
//! The calls of a kind are in its `calls` file, rows' in `reads` and `writes`.
//!
//! Sources: service documents "Table Store API reference", "Error codes", "Limits", "Data model"; the
//! functional tests of the official SDKs for the texts.

mod at;
mod check;
mod emulator;
mod index;
mod operations;
mod options;
mod partition;
mod row;
mod search;
mod stream;
mod table;
mod transaction;

pub use emulator::{Emulator, MAX_REQUEST_BYTES};
pub use options::TableStoreOptions;
