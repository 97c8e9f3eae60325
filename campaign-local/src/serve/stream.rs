//! The bytes of a connection as the HTTP library gets them: one request at a time.
//!
//! A head is held back until it is complete and has passed `head`; then the library gets it with its
//! body and nothing behind it, so that what is checked here and what is read there is the same
//! request. The time limits of an idle connection, of a slow head and of a client that takes no answer are kept here too.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::Limits;
use super::head::{Framing, Hosts, Refusal, check, complete};

/// Set while a request is in the service's hands; then no time limit of the stream runs, and no
/// further head is handed on.
#[derive(Clone, Debug, Default)]
pub(super) struct Busy(Arc<BusyState>);

#[derive(Debug, Default)]
struct BusyState {
    set: AtomicBool,
    /// Who reads on when it ends.
    reader: AtomicWaker,
}

impl Busy {
    pub(super) fn begin(&self) -> BusyGuard {
        self.0.set.store(true, Ordering::SeqCst);
        BusyGuard(self.clone())
    }

    fn poll(&self, context: &Context<'_>) -> bool {
        self.0.reader.register(context.waker());
        self.0.set.load(Ordering::SeqCst)
    }
}

/// Ends the busy time when dropped.
#[derive(Debug)]
pub(super) struct BusyGuard(Busy);

impl Drop for BusyGuard {
    fn drop(&mut self) {
        self.0.0.set.store(false, Ordering::SeqCst);
        self.0.0.reader.wake();
    }
}

/// What the library may read next.
#[derive(Debug)]
enum State {
    /// A head is being gathered.
    Head,
    /// This many bytes: a checked head, or the rest of a body of known length.
    Allowed(u64),
    /// A chunked body and nothing after it: all there is.
    Rest,
}

/// A connection's bytes, checked and paced.
pub(super) struct Strict<S> {
    inner: S,
    /// Read and not yet handed on.
    buffer: Vec<u8>,
    state: State,
    limits: Limits,
    hosts: Arc<Hosts>,
    busy: Busy,
    timer: Option<(bool, Pin<Box<Sleep>>)>,
    /// Runs while the client takes nothing of its answer.
    sending: Option<Pin<Box<Sleep>>>,
    refusal: Option<Refusal>,
}

impl<S> Strict<S> {
    pub(super) fn new(inner: S, limits: Limits, hosts: Arc<Hosts>, busy: Busy) -> Self {
        Self {
            inner,
            buffer: Vec::new(),
            state: State::Head,
            limits,
            hosts,
            busy,
            timer: None,
            sending: None,
            refusal: None,
        }
    }

    /// The stream, and the answer it is owed when it was refused.
    pub(super) fn into_parts(self) -> (S, Option<Refusal>) {
        (self.inner, self.refusal)
    }

    fn refuse(&mut self, refusal: Refusal) -> io::Error {
        self.refusal = Some(refusal);
        io::Error::new(io::ErrorKind::InvalidData, refusal.text)
    }

    /// Fails when the connection has been idle, or in the middle of a head, for too long.
    fn poll_time(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.busy.poll(context) {
            self.timer = None;
            return Ok(());
        }
        let in_head = !self.buffer.is_empty();
        if self.timer.as_ref().is_none_or(|(was_in_head, _)| *was_in_head != in_head) {
            let limit = if in_head { self.limits.head_time } else { self.limits.idle_time };
            self.timer = Some((in_head, Box::pin(tokio::time::sleep_until(Instant::now() + limit))));
        }
        let passed = self.timer.as_mut().is_some_and(|(_, timer)| timer.as_mut().poll(context).is_ready());
        match (passed, in_head) {
            (false, _) => Ok(()),
            (true, true) => Err(self.refuse(Refusal::SLOW_HEAD)),
            // Nothing was asked, so nothing is answered.
            (true, false) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl<S: AsyncRead + Unpin> Strict<S> {
    /// Reads more into the buffer; `false` at the end of the stream.
    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut chunk = [0; 4096];
        let mut chunk = ReadBuf::new(&mut chunk);
        ready!(Pin::new(&mut self.inner).poll_read(context, &mut chunk))?;
        self.buffer.extend_from_slice(chunk.filled());
        Poll::Ready(Ok(!chunk.filled().is_empty()))
    }

    /// Gathers a head; afterwards the state is `Allowed` or `Rest`, or the stream is at its end.
    fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        loop {
            if !self.buffer.is_empty() && self.busy.poll(context) {
                // A request ahead of its time waits here, in the space of one head.
                return Poll::Pending;
            }
            match complete(&self.buffer, &self.limits) {
                Err(refusal) => return Poll::Ready(Err(self.refuse(refusal))),
                Ok(None) => {
                    self.poll_time(context)?;
                    if !ready!(self.poll_fill(context))? {
                        return Poll::Ready(Ok(false));
                    }
                }
                Ok(Some(length)) => {
                    let framing = check(&self.buffer[..length], &self.limits, &self.hosts);
                    let framing = framing.map_err(|refusal| self.refuse(refusal))?;
                    self.timer = None;
                    self.state = match framing {
                        Framing::Length(body) => State::Allowed((length as u64).saturating_add(body)),
                        Framing::Chunked => State::Rest,
                    };
                    return Poll::Ready(Ok(true));
                }
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Strict<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if matches!(this.state, State::Head) && !ready!(this.poll_head(context))? {
            return Poll::Ready(Ok(()));
        }
        let most = match this.state {
            State::Allowed(allowed) => usize::try_from(allowed).unwrap_or(usize::MAX).min(out.remaining()),
            State::Head | State::Rest => out.remaining(),
        };
        let count = if this.buffer.is_empty() {
            // Nothing to look at any more in this request: straight to the library.
            let mut direct = ReadBuf::new(out.initialize_unfilled_to(most));
            ready!(Pin::new(&mut this.inner).poll_read(context, &mut direct))?;
            let count = direct.filled().len();
            out.advance(count);
            count
        } else {
            let count = this.buffer.len().min(most);
            out.put_slice(&this.buffer[..count]);
            this.buffer.drain(..count);
            count
        };
        if let State::Allowed(allowed) = &mut this.state {
            *allowed -= count as u64;
            if *allowed == 0 {
                this.state = State::Head;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S> Strict<S> {
    /// Fails when a write has been waiting for the client for too long.
    fn paced<T>(&mut self, context: &mut Context<'_>, write: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if write.is_ready() {
            self.sending = None;
            return write;
        }
        let time = self.limits.send_time;
        let timer = self.sending.get_or_insert_with(|| Box::pin(tokio::time::sleep(time)));
        timer.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Strict<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.paced(context, write)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.paced(context, write)
    }
}
