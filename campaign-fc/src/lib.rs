#![doc = include_str!("../README.md")]

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

pub use answer::Body;
pub use bad_event::BadEvent;
pub use clock::Clock;
pub use context::{Context, Credentials};
pub use event::{GatewayEvent, PathParameters};
pub use handler::{Handler, handler};
pub use listen::{DEFAULT_PORT, RunError};
pub use result::{BadResult, GatewayResult};
pub use runtime::{DEFAULT_BODY_LIMIT, DEFAULT_GRACE, Runtime, run};
