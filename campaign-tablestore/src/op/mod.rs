//! The operations, one file each: the call, both directions of its codec, what a repetition does.
//!
//! To add one, add its file and its line here; `CONTRIBUTING.md` goes through it.

pub mod create_table;
pub mod delete_row;
pub mod delete_table;
pub mod describe_table;
pub mod get_range;
pub mod get_row;
pub mod list_table;
pub mod put_row;
pub mod update_row;
