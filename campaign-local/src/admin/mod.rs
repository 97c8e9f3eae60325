//! The management calls: JSON over HTTP with a bearer token.
//!
//! | call | |
//! |---|---|
//! | `GET /health` | `{"status":"ok"}`; needs no token |
//! | `GET /faults` | what is injected: the plan, what is left of the script, counts |
//! | `PUT /faults` | sets them, see [`FaultSettings`](crate::fault::FaultSettings); counts begin anew |
//! | `DELETE /faults` | injects nothing more |
//! | `GET /{kind}` | all of a kind, by name |
//! | `GET`, `PUT`, `DELETE /{kind}/{name}` | one: reads, sets, removes it |
//!
//! Kinds are what the cloud is made of: functions, apps, routes, domains. Each is a [`Resource`]. What is set is kept
//! in the store, and set again at the next start.
//!
//! An answer is the JSON that was set, or `{"error": code, "message": what to do}`.

mod cloud;
mod kept;
mod resource;
mod routes;

pub(crate) use cloud::{NamedApps, NamedRoutes};
pub use resource::{Refused, Resource};
pub use routes::Admin;
