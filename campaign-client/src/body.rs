//! Request bodies that can be sent again, and answers that have not been read yet.

use std::{fmt, io, pin::Pin, sync::Arc};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::{StreamExt, stream};

use crate::{TransportError, TransportErrorKind};

/// Chunks of a body.
pub type ByteStream<E = io::Error> = Pin<Box<dyn Stream<Item = Result<Bytes, E>> + Send>>;

/// A request body. It can be sent more than once: a repetition opens it again.
///
/// ```
/// use campaign_client::Body;
///
/// let body = Body::from("hello");
/// assert_eq!(body.len(), 5);
/// assert_eq!(body.bytes().map(|b| b.as_ref()), Some(b"hello".as_ref()));
/// ```
#[derive(Clone)]
pub enum Body {
    /// Bytes in memory.
    Bytes(Bytes),
    /// Something that is opened for each attempt, for example a file.
    Replayable(Replayable),
}

/// Bytes are equal if they are the same; a replayable body is equal to its own clones.
impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Replayable(a), Self::Replayable(b)) => a.length == b.length && Arc::ptr_eq(&a.open, &b.open),
            _ => false,
        }
    }
}

/// A body of known length that is opened anew for each attempt.
#[derive(Clone)]
pub struct Replayable {
    length: u64,
    open: Arc<dyn Fn() -> ByteStream + Send + Sync>,
}

impl Replayable {
    /// A body of `length` bytes whose chunks `open` gives from the start on every call.
    pub fn new(length: u64, open: impl Fn() -> ByteStream + Send + Sync + 'static) -> Self {
        Self { length, open: Arc::new(open) }
    }

    /// Length in bytes.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.length
    }

    /// True if there are no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The chunks, from the start.
    #[must_use]
    pub fn open(&self) -> ByteStream {
        (self.open)()
    }
}

impl Body {
    /// No bytes.
    #[must_use]
    pub const fn empty() -> Self {
        Self::Bytes(Bytes::new())
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Replayable(body) => body.length,
        }
    }

    /// True if there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes, if they are in memory.
    #[must_use]
    pub const fn bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Replayable(_) => None,
        }
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.len())
    }
}

impl fmt::Debug for Replayable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Replayable({} bytes)", self.length)
    }
}

/// An answer's body that has not been read yet: a stream of chunks.
pub struct Download {
    length: Option<u64>,
    chunks: ByteStream<TransportError>,
}

impl Download {
    /// A download of `chunks`, with its length if the answer says so.
    pub fn new(
        length: Option<u64>,
        chunks: impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static,
    ) -> Self {
        Self { length, chunks: Box::pin(chunks) }
    }

    /// The length that the answer promises.
    #[must_use]
    pub const fn length(&self) -> Option<u64> {
        self.length
    }

    /// Reads it to its end, at most `limit` bytes.
    ///
    /// # Errors
    /// If the connection breaks, the answer is shorter than promised or longer than `limit`.
    pub async fn collect(mut self, limit: u64) -> Result<Bytes, TransportError> {
        let too_long =
            || TransportError::new(TransportErrorKind::TooLong, format!("the answer is longer than {limit} bytes"));
        if self.length.is_some_and(|length| length > limit) {
            return Err(too_long());
        }
        let Some(first) = self.chunks.next().await.transpose()? else {
            return self.complete(Bytes::new());
        };
        // Most answers are one chunk, which is then not copied.
        let Some(second) = self.chunks.next().await.transpose()? else {
            return if first.len() as u64 > limit { Err(too_long()) } else { self.complete(first) };
        };
        // A promised length, already within the limit, is allocated once.
        let length = self.length.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        let mut all = BytesMut::with_capacity(length.max(first.len() + second.len()));
        all.extend_from_slice(&first);
        all.extend_from_slice(&second);
        loop {
            if all.len() as u64 > limit {
                return Err(too_long());
            }
            match self.chunks.next().await.transpose()? {
                Some(chunk) => all.extend_from_slice(&chunk),
                None => return self.complete(all.freeze()),
            }
        }
    }

    fn complete(&self, bytes: Bytes) -> Result<Bytes, TransportError> {
        match self.length {
            Some(length) if length != bytes.len() as u64 => Err(TransportError::new(
                TransportErrorKind::Lost,
                format!("the answer ends after {} of {length} bytes", bytes.len()),
            )),
            _ => Ok(bytes),
        }
    }
}

impl From<Bytes> for Download {
    fn from(bytes: Bytes) -> Self {
        Self::new(Some(bytes.len() as u64), stream::iter([Ok(bytes)]))
    }
}

impl Stream for Download {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.chunks.as_mut().poll_next(context)
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("length", &self.length).finish_non_exhaustive()
    }
}
