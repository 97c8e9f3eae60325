//! The loop around the attempts of one call.

use std::time::Duration;

use bytes::Bytes;
use http::response;
use tokio::{sync::SemaphorePermit, time::Instant};

use super::{Client, shared};
use crate::{
    Attempt, Body, Class, Credentials, Download, Effect, Error, ErrorKind, Pace, Place, Result, Service, ServiceError,
    Signing, TransportErrorKind, Verdict, retry,
};

/// Left after a wait for an attempt that is worth beginning.
const WORTHWHILE: Duration = Duration::from_millis(100);
/// An error answer is read up to this many bytes.
const MAX_ERROR: u64 = 64 << 10;

/// What a call is once its operation has been encoded.
pub(super) struct Call {
    pub(super) name: &'static str,
    pub(super) class: Class,
    pub(super) request: http::Request<Body>,
}

/// How a call ended without an output.
pub(super) struct Failure {
    pub(super) error: Error,
    /// A conditional write met a conflict that may be its own effect.
    pub(super) settles: bool,
}

/// What one call has been through.
#[derive(Default)]
struct Course {
    failed: Vec<Attempt>,
    /// An earlier attempt may have had its effect.
    ambiguous: bool,
    /// The clock was corrected already.
    corrected: bool,
    /// What the last attempt was signed with.
    signed_with: Option<Credentials>,
    /// What the service called expired, not to be used again, and its words.
    refused: Option<(Credentials, ServiceError)>,
    /// Tokens paid for the attempt under way.
    paid: i64,
    /// The attempt under way has been given to the transport.
    sent: bool,
}

/// What becomes of a successful answer.
pub(super) enum Finish<'a, T> {
    /// It is read to its end, verified and understood.
    Read(&'a (dyn Fn(&response::Parts, Bytes) -> Result<T> + Send + Sync)),
    /// It is handed over unread.
    Unread(&'a (dyn Fn(http::Response<Download>) -> Result<T> + Send + Sync)),
}

impl<S: Service> Client<S> {
    /// Repeats attempts until one gives an output or no other may follow.
    pub(super) async fn run<T: Send>(&self, call: &Call, finish: Finish<'_, T>) -> Result<T, Failure> {
        let deadline = Instant::now() + self.retry.deadline.min(retry::LONGEST);
        let mut course = Course::default();
        loop {
            course.sent = false;
            let begun = Instant::now();
            let end_of_attempt = deadline.min(begun + self.retry.attempt_timeout.min(retry::LONGEST));
            let attempt = tokio::time::timeout_at(end_of_attempt, self.attempt(call, &mut course, &finish));
            let error = match attempt.await.unwrap_or_else(|_| Err(too_late(course.sent, end_of_attempt - begun))) {
                Ok(output) => {
                    self.shared.bucket.put(if course.failed.is_empty() { 1 } else { course.paid });
                    return Ok(output);
                }
                Err(error) => error,
            };
            course.failed.push(error.as_attempt());
            let Some(wait) = self.next(call.class, &error, &mut course, deadline) else {
                return Err(end(call, error, course));
            };
            tracing::debug!(operation = call.name, kind = ?error.kind(), ?wait, "sent again");
            tokio::time::sleep(wait).await;
        }
    }

    /// The wait before the next attempt; `None` if there is to be none.
    fn next(&self, class: Class, error: &Error, course: &mut Course, deadline: Instant) -> Option<Duration> {
        let verdict = error.verdict();
        // An answer too long to be read is final, and says as little about what was done.
        course.ambiguous |= verdict.effect() == Some(Effect::Ambiguous) || error.kind() == ErrorKind::Unreadable;
        if !retry::allows(class, verdict) {
            return None;
        }
        let failed = u32::try_from(course.failed.len()).unwrap_or(u32::MAX);
        let (pace, wait) = match verdict {
            Verdict::Again { pace, .. } => (pace, self.retry.delay(failed, pace, fastrand::f64(), error.retry_after())),
            Verdict::Skewed => {
                let server = error.service_error().and_then(|e| e.server_time)?;
                if std::mem::replace(&mut course.corrected, true) || !self.shared.correct(server) {
                    return None;
                }
                (Pace::Transient, Duration::ZERO)
            }
            Verdict::Expired if course.refused.is_none() => {
                let words = error.service_error()?.clone();
                course.refused = course.signed_with.take().map(|refused| (refused, words));
                (Pace::Transient, Duration::ZERO)
            }
            Verdict::Expired | Verdict::Final => return None,
        };
        course.paid = self.afford(pace, failed, wait, deadline)?;
        Some(wait)
    }

    /// The tokens paid for another attempt after `wait`; `None` if there is to be none.
    fn afford(&self, pace: Pace, failed: u32, wait: Duration, deadline: Instant) -> Option<i64> {
        if failed >= self.retry.attempts_for(pace) || Instant::now() + wait + WORTHWHILE > deadline {
            return None;
        }
        self.shared.bucket.take(pace)
    }

    /// For a caller that repeats parts of a call by itself, such as the failed rows of a batch: the wait before the next
    /// attempt after `failed` ones that began at `begun`, of which the last failed with `verdict` and was asked to wait as
    /// long as `asked`. `None` if no other may follow: the failure is final, or attempts, deadline or bucket are exhausted.
    ///
    /// Whether the part may be sent twice is another question: see [`retry::allows`].
    #[must_use]
    pub fn wait_before(
        &self,
        verdict: Verdict,
        failed: u32,
        asked: Option<Duration>,
        begun: Instant,
    ) -> Option<Duration> {
        let Verdict::Again { pace, .. } = verdict else { return None };
        let wait = self.retry.delay(failed, pace, fastrand::f64(), asked);
        let deadline = begun + self.retry.deadline.min(retry::LONGEST);
        self.afford(pace, failed, wait, deadline)?;
        Some(wait)
    }

    /// One attempt.
    async fn attempt<T: Send>(&self, call: &Call, course: &mut Course, finish: &Finish<'_, T>) -> Result<T> {
        let service = &self.shared.service;
        // The turn is over when the answer has been read, or is handed over.
        let (credentials, now, response, _turn) = self.dispatch(call, course).await?;
        let (parts, download) = response.into_parts();
        let read = match finish {
            Finish::Unread(hand_over) if parts.status.is_success() => {
                let guarded = service.guard(&parts, download);
                return hand_over(http::Response::from_parts(parts, guarded));
            }
            Finish::Unread(_) => None,
            Finish::Read(read) => Some(read),
        };
        // Without its body: some services answer with other statuses what is no error.
        let fails = service.is_error(&parts, &[]);
        let limit = if fails { MAX_ERROR } else { self.shared.max_answer };
        let body = match download.collect(limit).await {
            // The status of an error says enough when its text has no end.
            Err(error) if error.kind() == TransportErrorKind::TooLong && fails => Bytes::new(),
            body => body?,
        };
        let content = match service.content(&parts, &body, limit) {
            Err(_) if fails => Bytes::new(),
            content => content?,
        };
        let Some(read) = read.filter(|_| !service.is_error(&parts, &content)) else {
            return Err(self.read_error(&parts, &content));
        };
        let signing = Signing { credentials: &credentials, now, nonce: "", place: Place::Header };
        service.verify(&call.request, &parts, &body, &signing)?;
        read(&parts, content)
    }

    /// Signs the request afresh and sends it.
    async fn dispatch(
        &self,
        call: &Call,
        course: &mut Course,
    ) -> Result<(Credentials, chrono::DateTime<chrono::Utc>, http::Response<Download>, SemaphorePermit<'_>)> {
        let refused = course.refused.as_ref();
        let credentials = self.shared.credentials(refused.map(|(refused, _)| refused)).await?;
        if let Some((_, words)) = refused.filter(|(refused, _)| refused.same(&credentials)) {
            let error = Error::from_service(words.clone()).with_verdict(Verdict::Final);
            return Err(error.with_message("the credentials were refused and there are no others"));
        }
        let now = self.shared.now();
        let mut request = call.request.clone();
        let nonce = shared::nonce();
        let signing = Signing { credentials: &credentials, now, nonce: &nonce, place: Place::Header };
        self.shared.service.sign(&mut request, &signing)?;
        course.signed_with = Some(credentials.clone());
        let turn = self.shared.turn().await?;
        course.sent = true;
        let response = self.shared.transport.send(request).await?;
        Ok((credentials, now, response, turn))
    }

    fn read_error(&self, parts: &response::Parts, body: &[u8]) -> Error {
        let mut error = self.shared.service.read_error(parts, body);
        if error.retry_after.is_none() {
            error.retry_after = retry::retry_after(&parts.headers, self.shared.now());
        }
        Error::from_service(error)
    }
}

/// The error of an attempt that took all the time it was `allowed`. Before it was sent, nothing can have been done.
fn too_late(sent: bool, allowed: Duration) -> Error {
    let (kind, verdict, what) = if sent {
        (ErrorKind::Interrupted, Verdict::AMBIGUOUS, "no answer")
    } else {
        (ErrorKind::Unreachable, Verdict::UNEXECUTED, "no credentials and turn to send")
    };
    Error::new(kind).with_verdict(verdict).with_message(format!("{what} within {allowed:?}"))
}

/// The error that a call ends with.
fn end(call: &Call, error: Error, course: Course) -> Failure {
    // Some services say "it is there already" with the code of a call that is wrong; the operation knows its own codes.
    let conflict = matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound | ErrorKind::Refused);
    let settles = call.class == Class::Conditional && course.ambiguous && conflict;
    // A refusal after an ambiguous attempt says nothing about that attempt, save for a read.
    let unknown = call.class != Class::Read && course.ambiguous;
    let error = error.with_operation(call.name).with_attempts(course.failed).with_outcome_unknown(unknown);
    Failure { error, settles }
}
