//! API Gateway: the errors the gateway makes itself, as types.
//!
//! Every answer that passes the gateway carries `X-Ca-Request-Id`. One that the gateway made
//! itself also carries `X-Ca-Error-Message` and, on serverless and dedicated instances,
//! `X-Ca-Error-Code`, usually with an empty body; without them the status is the backend's own.
//! [`GatewayError::from_response`] tells the two apart, [`Class`] says whether the request may be
//! sent again.
//!
//! ```
//! use campaign_apigw::{Class, Code, GatewayError};
//!
//! let response = http::Response::builder()
//!     .status(429)
//!     .header("X-Ca-Error-Code", "T429PA")
//!     .header("X-Ca-Error-Message", "Throttled by API Flow Control")
//!     .body(())?;
//! let error = GatewayError::from_response(&response).expect("the gateway made it");
//! assert_eq!(error.code(), Some(Code::T429PA));
//! assert_eq!(error.class(), Class::Unexecuted);
//! # Ok::<(), http::Error>(())
//! ```
//!
//! Source: "Error codes" of API Gateway. Where a text was not found in a public document it is a
//! description; codes and statuses are the vendor's.

mod class;
mod code;
mod error;
pub mod header;

pub use class::Class;
pub use code::{Code, NotACode, OtherCode};
pub use error::GatewayError;
