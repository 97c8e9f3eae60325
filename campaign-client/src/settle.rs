//! How a conditional write finds out whether the conflict it met is its own earlier effect.

use std::fmt;

use bytes::Bytes;
use http::response;

use crate::{Body, Class, Error, Operation, Result};

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled<T> {
    /// The effect is there and it is ours: the call succeeded with this output.
    Ours(T),
    /// Somebody else's effect: the conflict stands.
    Theirs,
}

/// A probe (a read) and how its answer settles a conflict.
///
/// A conditional write whose answer was lost is sent again. If it then meets a conflict, nobody
/// can tell from the conflict alone whether it met itself. The client sends the probe and lets
/// `judge` compare what is there with what was written.
pub struct Settle<O: Operation>(Box<dyn Probe<O>>);

type Judge<O, P> = Box<
    dyn Fn(Result<<P as Operation>::Output, Error>) -> Result<Settled<<O as Operation>::Output>, Error> + Send + Sync,
>;

impl<O: Operation + 'static> Settle<O> {
    /// Settles by sending `probe` and handing its result to `judge`. An error that `judge` gives
    /// back means that nobody knows.
    pub fn by<P>(
        probe: P,
        judge: impl Fn(Result<P::Output, Error>) -> Result<Settled<O::Output>, Error> + Send + Sync + 'static,
    ) -> Self
    where
        P: Operation<Service = O::Service> + 'static,
    {
        Self(Box::new(Pair::<O, P> { probe, judge: Box::new(judge) }))
    }
}

impl<O: Operation> Settle<O> {
    pub(crate) fn probe(&self) -> &dyn Probe<O> {
        &*self.0
    }
}

impl<O: Operation> fmt::Debug for Settle<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Settle").field(&self.0.name()).finish()
    }
}

struct Pair<O: Operation, P: Operation> {
    probe: P,
    judge: Judge<O, P>,
}

/// A [`Settle`] whose probe's own type is forgotten.
pub(crate) trait Probe<O: Operation>: Send + Sync {
    fn name(&self) -> &'static str;
    fn class(&self) -> Class;
    fn request(&self, service: &O::Service) -> Result<http::Request<Body>>;
    fn judge(&self, answer: Result<(&response::Parts, Bytes), Error>) -> Result<Settled<O::Output>>;
}

impl<O: Operation, P: Operation<Service = O::Service>> Probe<O> for Pair<O, P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn class(&self) -> Class {
        self.probe.class()
    }

    fn request(&self, service: &O::Service) -> Result<http::Request<Body>> {
        self.probe.request(service)
    }

    fn judge(&self, answer: Result<(&response::Parts, Bytes), Error>) -> Result<Settled<O::Output>> {
        let read = answer.and_then(|(parts, body)| self.probe.response(parts, body));
        (self.judge)(read)
    }
}
