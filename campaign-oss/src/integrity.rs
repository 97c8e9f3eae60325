//! Compares the checksum that OSS names with that of the bytes that were sent or received.
//!
//! Uploads: the answer to a PUT names the checksum of what was stored. Downloads: that of the whole object, so a range cannot
//! be checked, nor an object that something on the way has compressed, which takes the `ETag` away (service document
//! "GetObject").

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use campaign_client::{
    Body, Download, Error, Result, TransportError, TransportErrorKind,
    body::{ByteStream, Replayable},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use http::{HeaderMap, HeaderName, Method, StatusCode, header, response};
use thiserror::Error;

use crate::crc64::{self, Crc64};

/// The checksum of the whole object, in decimal.
pub(crate) const CRC64: HeaderName = HeaderName::from_static("x-oss-hash-crc64ecma");
const COPY_SOURCE: HeaderName = HeaderName::from_static("x-oss-copy-source");

/// Why bytes are not believed. It is the source of the call's error, or of the transport error that ends a download.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChecksumFault {
    /// What was stored is not what was sent.
    #[error("the object that was stored has the checksum {stored}, the bytes that were sent have {sent}")]
    Upload {
        /// CRC-64 of the bytes sent.
        sent: u64,
        /// CRC-64 that the service answered.
        stored: u64,
    },
    /// What arrived is not what is stored.
    #[error("the object has the checksum {stored}, the bytes that arrived have {received}")]
    Download {
        /// CRC-64 of the bytes that arrived.
        received: u64,
        /// CRC-64 that the service answered.
        stored: u64,
    },
    /// The service's checksum is not a number.
    #[error("the checksum of the answer is not a number")]
    NotANumber,
}

/// The checksum that an answer names.
pub(crate) fn stored(headers: &HeaderMap) -> Result<Option<u64>, ChecksumFault> {
    let Some(value) = headers.get(CRC64) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    number.map(Some).ok_or(ChecksumFault::NotANumber)
}

/// Compares the checksum of an answer that has been read whole.
pub(crate) fn verify(request: &http::Request<Body>, response: &response::Parts, body: &Bytes) -> Result<()> {
    let untrusted = |what: &'static str| move |fault| Error::unreadable(what).with_source(fault);
    let Some(stored) = stored(&response.headers).map_err(untrusted("the answer cannot be read"))? else {
        return Ok(());
    };
    if request.method() == Method::PUT && !request.headers().contains_key(COPY_SOURCE) {
        let sent = match request.body() {
            Body::Bytes(bytes) => Some(crc64::checksum(bytes)),
            Body::Replayable(_) => request.extensions().get::<Sent>().and_then(Sent::value),
        };
        if let Some(sent) = sent.filter(|sent| *sent != stored) {
            let fault = ChecksumFault::Upload { sent, stored };
            return Err(untrusted("the object was damaged on its way")(fault));
        }
    }
    if request.method() == Method::GET && is_whole(response) {
        let received = crc64::checksum(body);
        if received != stored {
            let fault = ChecksumFault::Download { received, stored };
            return Err(untrusted("the object was damaged on its way")(fault));
        }
    }
    Ok(())
}

/// A download that ends with an error if its bytes have not the checksum of the answer.
pub(crate) fn guard(response: &response::Parts, download: Download) -> Download {
    let Some(stored) = stored(&response.headers).ok().flatten().filter(|_| is_whole(response)) else {
        return download;
    };
    let length = download.length();
    let checked = stream::try_unfold((download, Crc64::new()), move |(mut download, mut sum)| async move {
        let Some(chunk) = download.next().await.transpose()? else {
            let received = sum.value();
            if received == stored {
                return Ok(None);
            }
            let fault = ChecksumFault::Download { received, stored };
            let why = "the object was damaged on its way";
            return Err(TransportError::new(TransportErrorKind::Lost, why).with_source(fault));
        };
        sum.update(&chunk);
        Ok(Some((chunk, (download, sum))))
    });
    Download::new(length, checked)
}

/// True if the body is the object as it is stored, from its first byte to its last.
fn is_whole(response: &response::Parts) -> bool {
    let compressed_on_the_way =
        response.headers.contains_key(header::CONTENT_ENCODING) && !response.headers.contains_key(header::ETAG);
    response.status == StatusCode::OK && !compressed_on_the_way
}

/// The checksum of a body that is streamed, known once it has been sent. It travels in the request's extensions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sent(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// How often the body was opened: an attempt that was given up may still be read.
    opened: u64,
    sum: Option<u64>,
}

impl Sent {
    fn value(&self) -> Option<u64> {
        self.lock().sum
    }

    /// Begins anew; gives the number of this time.
    fn open(&self, length: u64) -> u64 {
        let mut state = self.lock();
        state.opened += 1;
        state.sum = (length == 0).then(|| crc64::checksum(b""));
        state.opened
    }

    fn known(&self, opened: u64, sum: u64) {
        let mut state = self.lock();
        if state.opened == opened {
            state.sum = Some(sum);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Both fields are written by one assignment each, so a panic elsewhere does not spoil them.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The body of a request with these `extensions`, its checksum taken as it is streamed.
pub(crate) fn measured(body: &Body, extensions: &mut http::Extensions) -> Body {
    let Body::Replayable(replayable) = body else { return body.clone() };
    let sent = Sent::default();
    extensions.insert(sent.clone());
    let (source, length) = (replayable.clone(), body.len());
    Body::Replayable(Replayable::new(length, move || measure(source.open(), length, sent.clone())))
}

/// The same chunks. Whoever has had all the bytes that were promised may not ask whether there are more, so the checksum
/// is known then.
fn measure(chunks: ByteStream, length: u64, sent: Sent) -> ByteStream {
    let opened = sent.open(length);
    let mut sum = Crc64::new();
    let mut left = length;
    Box::pin(chunks.inspect_ok(move |chunk| {
        sum.update(chunk);
        left = left.wrapping_sub(chunk.len() as u64);
        if left == 0 {
            sent.known(opened, sum.value());
        }
    }))
}
