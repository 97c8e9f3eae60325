//! What the matrix needs of a service and its calls.

use std::{fmt::Debug, sync::Arc};

use bytes::Bytes;
use campaign_client::{Body, Class, Client, Clock, Credentials, Endpoint, Result, Service, Transport};
use campaign_local::fault::{Faults, Hop};
use chrono::{DateTime, Utc};

use super::wire::Damage;

/// An error of a service, by what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// 503: it asks for less.
    Busy,
    /// It asks for less, with another status.
    Flow,
    /// Nobody knows what was done.
    Internal,
    /// The request took too long to arrive.
    Timeout,
    /// The resource is being moved.
    Moving,
    /// A parameter is wrong.
    BadParameter,
    /// The signature is wrong.
    BadSignature,
    /// What is named does not exist.
    Missing,
    /// The date is too far off.
    Skewed,
    /// The token has expired.
    Expired,
}

/// A call under test, and the service that it belongs to.
pub(crate) trait Subject: Debug + Copy + Send + Sync + 'static {
    /// The client's side of the service.
    type Service: Service;
    /// Where the emulator hurts.
    const HOP: Hop;
    /// Answers carry a signature.
    const SIGNS_ANSWERS: bool;

    /// The service at `endpoint`.
    fn service(endpoint: Endpoint) -> Result<Self::Service>;

    /// An emulator that knows `keys`.
    fn emulator(keys: Vec<Credentials>, faults: Faults, clock: Clock) -> Result<Arc<dyn Transport>>;

    /// Which operation a request asks for.
    fn operation_of(request: &http::Request<Body>) -> String;

    /// The service's own error; `None` if it has none of this meaning.
    fn says(word: Word) -> Option<http::Response<Bytes>>;

    /// Puts the headers on `response` that tell when it was sent.
    fn sent_at(response: &mut http::Response<Bytes>, path: &str, date: DateTime<Utc>);

    /// The same error as an answer to HEAD, which has no body.
    fn without_body(response: http::Response<Bytes>) -> http::Response<Bytes> {
        response
    }

    /// Makes a call that the service always answers.
    async fn look(client: &Client<Self::Service>) -> Result<()>;

    /// The operation on the wire.
    fn operation(self) -> &'static str;

    /// What a repetition does.
    fn class(self) -> Class;

    /// Whether the call finds an answer damaged so; `None` if its answer has nothing that could be.
    fn notices(self, damage: Damage) -> Option<bool> {
        match damage {
            Damage::Signature => Self::SIGNS_ANSWERS.then_some(true),
            Damage::Checksum => None,
            Damage::Short | Damage::Broken | Damage::Stalled | Damage::Body => Some(true),
        }
    }

    /// What must be there before the call.
    async fn prepare(self, client: &Client<Self::Service>) -> Result<()>;

    /// Makes the call. A successful answer is what it must be.
    async fn call(self, client: &Client<Self::Service>) -> Result<()>;

    /// How often the call's effect is found; `None` for a call without one.
    async fn effects(self, client: &Client<Self::Service>) -> Result<Option<usize>>;
}
