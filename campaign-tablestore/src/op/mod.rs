//! The operations, one file each: the call, both directions of its codec, what a repetition does.
//!
//! To add one, add its file and its line here; `CONTRIBUTING.md` goes through it.

pub mod abort_transaction;
pub mod add_defined_column;
pub mod batch_get_row;
pub mod batch_write_row;
pub mod bulk_export;
pub mod bulk_import;
pub mod commit_transaction;
pub mod compute_split_points_by_size;
pub mod compute_splits;
pub mod create_index;
pub mod create_search_index;
pub mod create_table;
pub mod delete_defined_column;
pub mod delete_row;
pub mod delete_search_index;
pub mod delete_table;
pub mod describe_search_index;
pub mod describe_stream;
pub mod describe_table;
pub mod drop_index;
pub mod get_range;
pub mod get_row;
pub mod get_shard_iterator;
pub mod get_stream_record;
pub mod list_search_index;
pub mod list_stream;
pub mod list_table;
pub mod parallel_scan;
pub mod put_row;
pub mod search;
pub mod sql_query;
pub mod start_local_transaction;
pub mod update_row;
pub mod update_search_index;
pub mod update_table;
