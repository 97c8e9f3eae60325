//! Inputs made of inputs: a seed, changed in a few places.

pub mod bytes;
pub mod plain_buffer;
pub mod protobuf;

mod any;
mod matrix;

pub use any::{any, edit_buffer, some};
