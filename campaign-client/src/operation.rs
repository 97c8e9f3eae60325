//! A typed call and its two messages.

use bytes::Bytes;
use http::response;

use crate::{Body, Error, Result, Service, Settle};

/// What a repetition of the same request does to the service's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// It reads. Repeat at will.
    Read,
    /// It writes, and the same bytes again give the same state. Repeat at will.
    Idempotent,
    /// It writes under a condition, so a repetition may meet its own effect: a conflict after an
    /// attempt whose answer was lost is settled by reading back (see [`Settle`]).
    Conditional,
    /// It must not be sent twice unless the service certainly did nothing.
    Once,
}

/// A typed call to a cloud service: a value that becomes a request and reads the answer.
///
/// Pure: no clock and no I/O, so that a test can look at the bytes. One file of a service crate
/// holds one operation, both directions of its codec and its [`Class`].
pub trait Operation: Send + Sync + Sized {
    /// The service that this call belongs to. A client of another service does not take it.
    type Service: Service;
    /// What a successful answer says.
    type Output: Send;
    /// The operation in the service's own name, for example `PutRow`.
    const NAME: &'static str;

    /// What a repetition does.
    fn class(&self) -> Class;

    /// The unsigned request.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if a field cannot be sent.
    fn request(&self, service: &Self::Service) -> Result<http::Request<Body>>;

    /// Checks the head of a successful answer whose body is handed over unread (see
    /// [`Client::stream`](crate::Client::stream)), where [`response`](Self::response) is never asked.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`](crate::ErrorKind::Unreadable) if it is not an answer to this call.
    fn head(&self, response: &response::Parts) -> Result<()> {
        let _ = response;
        Ok(())
    }

    /// Reads a successful answer, already verified.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`](crate::ErrorKind::Unreadable) if it is not an answer to this call.
    fn response(&self, response: &response::Parts, body: Bytes) -> Result<Self::Output>;

    /// How `conflict`, met after an attempt of this very call whose answer was lost, is settled.
    /// `None`: the conflict stands as it is. Only called for [`Class::Conditional`].
    fn settle(&self, conflict: &Error) -> Option<Settle<Self>> {
        let _ = conflict;
        None
    }
}
