//! The cloud on a laptop.

pub mod store;
