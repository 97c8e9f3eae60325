//! The operations, one file each: the call, both directions of its codec, what a repetition does.
//!
//! To add one, add its file and its line here; `CONTRIBUTING.md` goes through it.

pub mod describe_refresh_quota;
pub mod describe_refresh_tasks;
pub mod refresh_object_caches;
