#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used)]

mod app;
#[cfg(feature = "transport")]
mod call;
mod class;
mod code;
mod error;
mod explain;
mod head;
pub mod header;
mod listed;
mod nonces;
mod parameters;
mod refusal;
#[cfg(feature = "transport")]
mod service;
mod sign;
#[cfg(feature = "transport")]
mod signed;
mod string_to_sign;
mod timestamp;
mod verified;
mod verify;

pub use app::{App, BadApp, NotAMethod, Signature, SignatureMethod};
pub use class::Class;
pub use code::{Code, NotACode, OtherCode};
pub use error::GatewayError;
pub use explain::{Explanation, explain, signed_string};
pub use nonces::{MemoryNonces, Nonces, NoncesError, Use};
pub use parameters::ParameterFault;
pub use refusal::{Doubt, Refusal};
pub use sign::{SignError, Signer};
pub use string_to_sign::{content_md5, string_to_sign};
pub use verified::Verified;
pub use verify::Verifier;

#[cfg(feature = "transport")]
pub use {call::Call, campaign_client as client, service::ApiGateway, signed::Signed};

/// A client of API Gateway.
#[cfg(feature = "transport")]
pub type Client = campaign_client::Client<ApiGateway>;
