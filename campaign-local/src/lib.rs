//! The cloud on a laptop.

pub mod serve;
pub mod store;
