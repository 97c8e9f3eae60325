//! Function Compute: runs an HTTP service as a custom runtime.
//!
//! A custom runtime is a program that listens on a port and is given requests by Function
//! Compute. [`run`] is that program around any [`tower_service::Service`], for example an axum
//! `Router`, or around an `async fn` through [`handler`]:
//!
//! ```no_run
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use std::convert::Infallible;
//!
//! async fn greet(request: Request<Bytes>) -> Result<Response<String>, Infallible> {
//!     Ok(Response::new(format!("you sent {} bytes", request.body().len())))
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), campaign_fc::RunError> {
//!     campaign_fc::run(campaign_fc::handler(greet)).await
//! }
//! ```
//!
//! The same service answers both ways in which API Gateway calls a function: an HTTP function is
//! given the request itself, an event function is given a [`GatewayEvent`] on `/invoke`, which
//! [`run`] turns into a request and whose answer it turns back.
//!
//! The handler finds a [`Context`] in the extensions of its request. Function Compute sends the
//! role's keys as request headers; they are moved into the context before the handler sees the
//! request, so that a dump of the request's headers shows no secret.
//!
//! Protocol facts are from "Custom runtimes" and "Principles of custom runtimes" (Function
//! Compute) and "Use Function Compute as a backend service" (API Gateway).

mod answer;
mod bad_event;
mod clock;
mod context;
mod event;
mod handler;
pub mod header;
mod lenient;
mod listen;
mod result;
mod runtime;

pub use bad_event::BadEvent;
pub use clock::Clock;
pub use context::{Context, Credentials};
pub use event::{GatewayEvent, PathParameters};
pub use handler::{Handler, handler};
pub use listen::{DEFAULT_PORT, RunError};
pub use result::{BadResult, GatewayResult};
pub use runtime::{Body, DEFAULT_BODY_LIMIT, DEFAULT_GRACE, Runtime, run};
