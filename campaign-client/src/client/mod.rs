//! Runs any operation of one service: credentials, signature, transport, verification, repetition.

mod builder;
mod run;
mod shared;

use std::sync::Arc;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::stream;

pub use self::builder::ClientBuilder;
use self::{
    run::{Call, Finish},
    shared::Shared,
};
use crate::{Class, Download, Error, Operation, Paginate, Place, Result, Retry, Service, Signing};

/// A client of the service `S`. Clones are cheap and share connections, credentials and the retry
/// bucket.
///
/// A call of another service does not compile:
///
/// ```compile_fail,E0271
/// # use campaign_client::{Client, Operation, Service};
/// async fn send<A: Service, B: Operation>(client: &Client<A>, call: B) -> campaign_client::Result<B::Output>
/// where
///     B::Service: Service,
/// {
///     client.send(&call).await // B::Service is not A
/// }
/// ```
#[derive(Debug)]
pub struct Client<S: Service> {
    shared: Arc<Shared<S>>,
    retry: Retry,
    settle: bool,
}

impl<S: Service> Clone for Client<S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), retry: self.retry.clone(), settle: self.settle }
    }
}

impl<S: Service> Client<S> {
    /// Begins a client of `service`.
    pub fn builder(service: S) -> ClientBuilder<S> {
        ClientBuilder::new(service)
    }

    /// The service.
    #[must_use]
    pub fn service(&self) -> &S {
        &self.shared.service
    }

    /// How this client repeats calls.
    #[must_use]
    pub const fn retry(&self) -> &Retry {
        &self.retry
    }

    /// A clone that repeats calls by `retry`.
    #[must_use]
    pub fn with_retry(&self, retry: Retry) -> Self {
        Self { retry, ..self.clone() }
    }

    /// A clone that does not settle conflicts of conditional writes, for a caller that reads back
    /// by itself: exactly one layer should.
    #[must_use]
    pub fn without_settling(&self) -> Self {
        Self { settle: false, ..self.clone() }
    }

    /// Makes the call and reads its answer.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind); ask [`Error::outcome_unknown`] after a write.
    pub async fn send<O: Operation<Service = S>>(&self, operation: &O) -> Result<O::Output> {
        let call = Call {
            name: O::NAME,
            class: operation.class(),
            request: operation.request(self.service()).map_err(|e| e.with_operation(O::NAME))?,
        };
        let read = |response: &http::response::Parts, body: Bytes| operation.response(response, body);
        match self.run(&call, Finish::Read(&read)).await {
            Ok(output) => Ok(output),
            Err(failure) if failure.settles => self.settle(operation, failure.error).await,
            Err(failure) => Err(failure.error),
        }
    }

    /// Makes the call and hands the answer's body over unread; its checksum, if it has one, is
    /// checked at its end. What the download meets after its beginning is not repeated.
    ///
    /// # Errors
    /// As [`send`](Self::send), until the answer begins.
    pub async fn stream<O: Operation<Service = S>>(&self, operation: &O) -> Result<http::Response<Download>> {
        let call = Call {
            name: O::NAME,
            class: operation.class(),
            request: operation.request(self.service()).map_err(|e| e.with_operation(O::NAME))?,
        };
        let hand_over = |response: http::Response<Download>| {
            let (parts, download) = response.into_parts();
            operation.head(&parts)?;
            Ok(http::Response::from_parts(parts, download))
        };
        self.run(&call, Finish::Unread(&hand_over)).await.map_err(|failure| failure.error)
    }

    /// The pages of a call, one request each, until the last.
    ///
    /// The stream ends after its first error.
    pub fn pages<O>(&self, operation: O) -> impl Stream<Item = Result<O::Output>> + Send + Unpin + use<O, S>
    where
        O: Paginate<Service = S> + 'static,
    {
        Box::pin(stream::try_unfold((self.clone(), Some(operation)), |(client, operation)| async move {
            let Some(operation) = operation else { return Ok(None) };
            let output = client.send(&operation).await?;
            let next = operation.next(&output).map_err(|e| e.with_operation(O::NAME))?;
            if next.as_ref() == Some(&operation) {
                return Err(
                    Error::unreadable("the answer continues with the page it just gave").with_operation(O::NAME)
                );
            }
            Ok(Some((output, (client, next))))
        }))
    }

    /// A URL that makes the call without further headers until it expires.
    ///
    /// # Errors
    /// If there are no credentials or the service has no signed URLs.
    pub async fn presign<O: Operation<Service = S>>(
        &self,
        operation: &O,
        expires: std::time::Duration,
    ) -> Result<http::Uri> {
        let named = |e: Error| e.with_operation(O::NAME);
        let mut request = operation.request(self.service()).map_err(named)?;
        let credentials = self.shared.credentials(None).await.map_err(named)?;
        let signing = Signing {
            credentials: &credentials,
            now: self.shared.now(),
            nonce: &shared::nonce(),
            place: Place::Url { expires },
        };
        self.service().sign(&mut request, &signing).map_err(named)?;
        Ok(request.into_parts().0.uri)
    }

    /// Reads back whose effect `conflict` is, which `operation` met after an attempt whose answer was lost.
    /// [`send`](Self::send) does that by itself; this is for an operation that was part of another, such as a row of a batch.
    ///
    /// # Errors
    /// `conflict` if it is another's effect, cannot be settled, or this client [does not settle](Self::without_settling);
    /// if nobody knows, it says so ([`Error::outcome_unknown`]).
    pub async fn settle<O: Operation<Service = S>>(&self, operation: &O, conflict: Error) -> Result<O::Output> {
        let Some(settle) = operation.settle(&conflict).filter(|_| self.settle) else { return Err(conflict) };
        let probe = settle.probe();
        let request = probe.request(self.service()).map_err(|e| e.with_operation(probe.name()))?;
        let call = Call { name: probe.name(), class: Class::Read, request };
        debug_assert_eq!(probe.class(), Class::Read, "a probe must not write");
        let keep = |response: &http::response::Parts, body: Bytes| Ok((response.clone(), body));
        let answer = self.run(&call, Finish::Read(&keep)).await.map_err(|failure| failure.error);
        let judged = match answer {
            Ok((parts, body)) => probe.judge(Ok((&parts, body))),
            Err(error) => probe.judge(Err(error)),
        };
        match judged {
            Ok(crate::Settled::Ours(output)) => Ok(output),
            Ok(crate::Settled::Theirs) => Err(conflict.with_outcome_unknown(false)),
            Err(error) => Err(conflict.with_outcome_unknown(true).with_source(error)),
        }
    }
}

#[cfg(test)]
mod tests;
