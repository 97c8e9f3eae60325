#![doc = include_str!("../README.md")]

pub mod admin;
pub mod cdn;
pub mod data;
pub mod fault;
pub mod function;
pub mod gateway;
mod local;
pub mod log;
pub mod openapi;
pub mod oss;
pub mod program;
mod running;
pub mod serve;
mod stop;
pub mod store;
pub mod tablestore;
mod uuid;

pub use local::{Local, LocalBuilder, LocalError};
pub use running::{Running, StartError};
