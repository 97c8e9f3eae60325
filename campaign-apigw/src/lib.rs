#![doc = include_str!("../README.md")]

mod class;
mod code;
mod error;
pub mod header;

pub use class::Class;
pub use code::{Code, NotACode, OtherCode};
pub use error::GatewayError;
