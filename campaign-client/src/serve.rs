//! The server half of an operation, for emulators.

use bytes::Bytes;
use http::request;

use crate::{Operation, Result};

/// The inverse of an operation's codec: what a server needs to understand the request and to
/// answer it.
///
/// It stands in the same file as the client half and shares its structs and names, so that the two
/// cannot drift apart; [`law`](crate::law) holds them together.
pub trait Serve: Operation {
    /// Reads the operation from a request.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the request is not this operation.
    fn read_request(service: &Self::Service, request: &request::Parts, body: Bytes) -> Result<Self>;

    /// Writes the successful answer, without the service's common headers.
    ///
    /// # Errors
    /// If the output cannot be written.
    fn write_response(&self, output: &Self::Output) -> Result<http::Response<Bytes>>;
}
