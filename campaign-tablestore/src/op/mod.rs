//! The operations, one file each: the call, both directions of its codec, what a repetition does.
//!
//! To add one, add its file and its line here; `CONTRIBUTING.md` goes through it.

pub mod add_defined_column;
pub mod compute_split_points_by_size;
pub mod create_index;
pub mod create_table;
pub mod delete_defined_column;
pub mod delete_row;
pub mod delete_table;
pub mod describe_table;
pub mod drop_index;
pub mod get_range;
pub mod get_row;
pub mod list_table;
pub mod put_row;
pub mod update_row;
pub mod update_table;
