//! Messages in HTTP requests and answers.

use std::marker::PhantomData;

use ::http::{HeaderValue, uri::PathAndQuery};
use bytes::Bytes;
use campaign_client::{Body, Error, Operation, Result, Service};
use prost::Message;

use super::{WireFault, message::Wire};
use crate::{TableStore, deflate, sign::header};

/// The longest message that is read, in bytes. The service takes requests of 5 MB and answers a range with 4 MB of rows
/// (service document "General limits").
const MAX_MESSAGE_BYTES: usize = 8 << 20;

/// The longest message that the service takes, in bytes (service document "General limits").
const MAX_SENT_BYTES: usize = 5 << 20;

/// The request of `O` with `body`.
pub(crate) fn post<O: Operation<Service = TableStore>>(
    service: &TableStore,
    body: Bytes,
) -> Result<http::Request<Body>> {
    let mut request = http::Request::new(Body::empty());
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = service.endpoint().uri_of(PathAndQuery::from_static(Path::<O>::TEXT))?;
    if !service.headers().is_empty() {
        *request.headers_mut() = service.headers().clone();
    }
    let deflated = Some(&body).filter(|_| service.deflates_requests()).and_then(|body| deflate::deflate(body));
    if deflated.is_some() {
        let headers = request.headers_mut();
        headers.insert(header::REQUEST_COMPRESSION, HeaderValue::from_static(deflate::NAME));
        headers.insert(header::REQUEST_SIZE, HeaderValue::from(body.len()));
    }
    *request.body_mut() = Body::Bytes(deflated.unwrap_or(body));
    Ok(request)
}

/// The path of an operation, put together when the program is compiled.
struct Path<O>(PhantomData<O>);

/// The longest path; a name that does not fit does not compile.
const MAX_PATH_BYTES: usize = 48;

impl<O: Operation> Path<O> {
    const BYTES: [u8; MAX_PATH_BYTES] = {
        let mut path = [b'/'; MAX_PATH_BYTES];
        let (_, rest) = path.split_at_mut(1);
        rest.split_at_mut(O::NAME.len()).0.copy_from_slice(O::NAME.as_bytes());
        path
    };

    const TEXT: &'static str = match str::from_utf8(Self::BYTES.split_at(1 + O::NAME.len()).0) {
        Ok(path) => path,
        Err(_) => panic!("the name is text"),
    };
}

/// Reads a message. `Bytes` fields of it share the buffer.
pub(crate) fn decode<M: Message + Default>(body: Bytes) -> Result<M, WireFault> {
    if body.len() > MAX_MESSAGE_BYTES {
        return Err(WireFault::TooLong);
    }
    M::decode(body).map_err(WireFault::Malformed)
}

/// Reads an answer by `read`; a fault makes it unreadable.
pub(crate) fn answered<M: Message + Default, T>(
    body: Bytes,
    read: impl FnOnce(M) -> Result<T, WireFault>,
) -> Result<T> {
    decode(body)
        .and_then(read)
        .map_err(|fault| Error::unreadable("the answer is not one to this call").with_source(fault))
}

/// The bytes of a declared message, if the service takes one of that length.
pub(crate) fn sent(message: &impl Wire) -> Result<Bytes> {
    let bytes = message.to_bytes();
    if bytes.len() > MAX_SENT_BYTES {
        return Err(Error::invalid(format!("the message has {} bytes; Table Store takes at most 5 MB", bytes.len())));
    }
    Ok(bytes.into())
}

/// Reads an answer that is a declared message by `read`; a fault makes it unreadable.
pub(crate) fn told<M: Wire, T>(body: Bytes, read: impl FnOnce(M) -> Result<T, WireFault>) -> Result<T> {
    bounded(body)
        .and_then(M::from_bytes)
        .and_then(read)
        .map_err(|fault| Error::unreadable("the answer is not one to this call").with_source(fault))
}

/// Reads a request of `O`, which is a declared message itself; a fault makes it invalid.
#[cfg(feature = "server")]
pub(crate) fn requested<O: Operation + Wire>(request: &http::request::Parts, body: Bytes) -> Result<O> {
    if request.uri.path().strip_prefix('/') != Some(O::NAME) {
        return Err(Error::invalid("the path is another operation's"));
    }
    let read = bounded(body).and_then(O::from_bytes);
    read.map_err(|fault| Error::invalid("the request cannot be read").with_source(fault))
}

fn bounded(body: Bytes) -> Result<Bytes, WireFault> {
    if body.len() > MAX_MESSAGE_BYTES { Err(WireFault::TooLong) } else { Ok(body) }
}

/// Reads a request of `O` by `read`; a fault makes it invalid.
#[cfg(feature = "server")]
pub(crate) fn understood<O: Operation, M: Message + Default>(
    request: &http::request::Parts,
    body: Bytes,
    read: impl FnOnce(M) -> Result<O, WireFault>,
) -> Result<O> {
    if request.uri.path().strip_prefix('/') != Some(O::NAME) {
        return Err(Error::invalid("the path is another operation's"));
    }
    decode(body).and_then(read).map_err(|fault| Error::invalid("the request cannot be read").with_source(fault))
}

/// A successful answer with `body`, without the common headers.
#[cfg(feature = "server")]
pub(crate) fn respond(body: impl Into<Bytes>) -> Result<http::Response<Bytes>> {
    Ok(http::Response::new(body.into()))
}
