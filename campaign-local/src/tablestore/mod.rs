//! Table Store on a laptop: the service's calls, semantics and texts over the embedded store.
//!
//! Every request is checked as the service does it: method, headers, date, key, instance, digest,
//! signature. Every answer carries all headers and is signed. Rows are kept in the order of their
//! keys; versions, time to live and deviation follow the emulator's clock; conditions are evaluated
//! inside the commit. A table is ready at once and partitions take whatever comes unless `options` say
//! otherwise, and rows never conflict: this emulator is kinder there than the service, and faults make up for it.
//!
//! What is not emulated is refused and not pretended: server-side encryption, and every
//! operation that `operations` does not list.
//!
//! | file | what |
//! |---|---|
//! | `emulator` | [`Emulator`]: from an HTTP request to an HTTP answer |
//! | `operations` | the list of operations, and what each must provide |
//! | `tables` | CreateTable, ListTable, DescribeTable, DeleteTable |
//! | `update_table` | UpdateTable, AddDefinedColumn, DeleteDefinedColumn; `throughput`, when what is reserved was changed |
//! | `indexes` | CreateIndex, DropIndex, taking the rows that were there before |
//! | `index` | an index as it is kept; `follow_index`, its rows |
//! | `stream_calls` | ListStream, DescribeStream, GetShardIterator, GetStreamRecord |
//! | `stream` | a stream as it is kept; `follow_stream`, its records; `shard_iterator`, places in it as callers have them |
//! | `transaction_calls` | StartLocalTransaction, CommitTransaction, AbortTransaction |
//! | `inside` | work that may be part of a transaction |
//! | `transactions` | the open transactions; `transaction_log`, what each is to do when it is committed |
//! | `writes` | PutRow, UpdateRow, DeleteRow |
//! | `batch_write` | BatchWriteRow, BulkImport |
//! | `change` | the one way a row changes, and `update`, what UpdateRow does to its columns |
//! | `follow` | what happens with a changed row in the same commit |
//! | `reads` | GetRow, GetRange |
//! | `batch_get` | BatchGetRow |
//! | `export` | BulkExport |
//! | `wanted` | which columns and versions a read asks for |
//! | `range` | the rows of a range, a page at a time |
//! | `at` | when a request happens, and inside which transaction |
//! | `table` | a table as it is kept |
//! | `row` | a row as it is kept: versions, sizes |
//! | `key` | keys as bytes in the order of the rows |
//! | `check` | what is refused; `check_table`, of tables and indexes |
//! | `partitions` | the load on partitions; `split`, splitting them |
//! | `split_points` | ComputeSplitPointsBySize |
//! | `search` | search indexes, Search, ParallelScan |
//! | `options` | how it hurts |
//!
//! Sources: service documents "Table Store API reference", "Error codes", "Limits", "Data model"; the
//! functional tests of the official SDKs for the texts.

mod at;
mod batch_get;
mod batch_write;
mod change;
mod check;
mod check_table;
mod emulator;
mod export;
mod follow;
mod follow_index;
mod follow_stream;
mod index;
mod indexes;
mod inside;
mod key;
mod operations;
mod options;
mod partitions;
mod range;
mod reads;
mod row;
mod search;
mod shard_iterator;
mod split;
mod split_points;
mod stream;
mod stream_calls;
mod table;
mod tables;
mod throughput;
mod transaction_calls;
mod transaction_log;
mod transactions;
mod update;
mod update_table;
mod wanted;
mod writes;

pub use emulator::{Emulator, MAX_REQUEST_BYTES};
pub use options::TableStoreOptions;
