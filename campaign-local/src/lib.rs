//! The cloud on a laptop.

pub mod admin;
pub mod data;
pub mod fault;
pub mod function;
pub mod gateway;
pub mod log;
pub mod serve;
pub mod store;
pub mod tablestore;
