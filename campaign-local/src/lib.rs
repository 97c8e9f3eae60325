//! The cloud on a laptop.

pub mod data;
pub mod fault;
pub mod log;
pub mod serve;
pub mod store;
