//! The service's side of the protocol, for emulators: what a request is about, who may make it, and how it is refused.
//!
//! A request's way: find its [`Resource`](crate::Resource) ([`resource_at`] knows path and host, the emulator its own hosts), put it into the
//! request's extensions, [`admit`] the caller, let [`Serve`](campaign_client::Serve) read the operation, answer, or answer with
//! a [`Refusal`].

mod admit;
mod claim;
mod locate;
mod refusal;

pub use admit::{Caller, Known, admit};
pub(crate) use locate::{DEFAULT_MAX_KEYS, bucket, max_keys, object, service_only, understood};
pub use locate::{parameter, resource_at};
pub use refusal::Refusal;

#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;
