//! Tests of the format against golden buffers, hostile ones and random ones.

mod golden;
mod hostile;
mod random;
pub(crate) mod vectors;
