//! The operations, one module each: the call and what it answers.

pub mod get_object;
pub mod head_object;
pub mod put_bucket;
pub mod put_object;
