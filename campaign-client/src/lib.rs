#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used)]

pub mod acs3;
pub mod body;
pub mod client;
mod clock;
pub mod codes;
pub mod credentials;
mod endpoint;
mod error;
mod operation;
mod paginate;
pub mod retry;
mod service;
mod settle;
#[cfg(test)]
mod testing;
pub mod transport;

#[cfg(feature = "server")]
pub mod law;
#[cfg(feature = "server")]
mod serve;

pub use self::{
    body::{Body, Download},
    client::{Client, ClientBuilder},
    clock::Clock,
    credentials::{Credentials, CredentialsError, ProvideCredentials},
    endpoint::Endpoint,
    error::{Attempt, Error, ErrorKind, Result},
    operation::{Class, Operation},
    paginate::Paginate,
    retry::{Effect, Pace, Retry, Verdict},
    service::{Place, Service, ServiceError, Signing},
    settle::{Settle, Settled},
    transport::{Transport, TransportError, TransportErrorKind},
};

#[cfg(feature = "server")]
pub use self::serve::Serve;
