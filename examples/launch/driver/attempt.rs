//! One line as the page sends it: again and again with the same key and payload, until an answer is final.

use std::{io, sync::Arc, time::Duration};

use campaign_client::{Body, Clock, Transport, TransportErrorKind};
use http::{Request, Uri, header::CONTENT_TYPE};
use tokio::time::{Instant, sleep, timeout};

use super::{
    journal::{Journal, Record},
    outcome::{Answer, MAX_ANSWER},
    plan::Line,
    tally::Ending,
};

/// How the page waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Upper end of the first wait; it doubles with every attempt up to `cap`.
    base: Duration,
    cap: Duration,
    /// How long one attempt may take.
    pub(crate) attempt: Duration,
    /// How long a line is tried, from its first attempt.
    limit: Duration,
}

/// How long a line is tried.
const LIMIT: Duration = Duration::from_secs(120);

impl Patience {
    /// What the page does: a person looks at it.
    pub(crate) const PAGE: Self = Self {
        base: Duration::from_millis(500),
        cap: Duration::from_secs(8),
        attempt: Duration::from_secs(10),
        limit: LIMIT,
    };

    /// The same in quick motion, for runs with injected faults.
    pub(crate) const QUICK: Self = Self {
        base: Duration::from_millis(50),
        cap: Duration::from_millis(50),
        attempt: Duration::from_millis(300),
        limit: LIMIT,
    };

    /// The wait after attempt `attempt`, from 1: full jitter, and no shorter than the answer asks for.
    fn wait(&self, attempt: u32, retry_after: Option<Duration>, random: &mut fastrand::Rng) -> Duration {
        let doubled = self.base.saturating_mul(2_u32.saturating_pow(attempt - 1));
        let jitter = doubled.min(self.cap).mul_f64(random.f64());
        jitter.max(retry_after.unwrap_or_default())
    }
}

/// Sends lines to one campaign.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) transport: Arc<dyn Transport>,
    /// Where entries are posted.
    pub(crate) uri: Uri,
    pub(crate) patience: Patience,
    pub(crate) clock: Clock,
    /// Of the waits.
    pub(crate) seed: u64,
}

impl Page {
    /// Sends a line until its answer is final or patience ends.
    ///
    /// # Errors
    /// The journal could not be written, or the line makes no request.
    pub(crate) async fn send(&self, line: &Line, journal: Option<&Journal>) -> io::Result<Ending> {
        let began = Instant::now();
        let mut random = fastrand::Rng::with_seed(self.seed ^ u64::try_from(line.number).unwrap_or_default());
        for attempt in 1.. {
            let now = || self.clock.now().timestamp_millis();
            note(journal, || Record::sent(line.number, attempt, &line.key, now())).await?;
            let result = self.attempt(line).await?;
            note(journal, || match &result {
                Ok(answer) => Record::answered(line.number, attempt, &line.key, now(), answer),
                Err(error) => Record::failed(line.number, attempt, &line.key, now(), error),
            })
            .await?;
            let last = result.ok();
            let ending = Ending { attempts: attempt, last };
            if !ending.is_failed() {
                return Ok(ending);
            }
            let retry_after = ending.last.as_ref().and_then(|answer| answer.retry_after);
            let wait = self.patience.wait(attempt, retry_after, &mut random);
            if began.elapsed() + wait > self.patience.limit {
                return Ok(ending);
            }
            sleep(wait).await;
        }
        unreachable!("a line is not tried 2^32 times within its limit")
    }

    /// One request; the inner error says how it failed, as the journal writes it.
    async fn attempt(&self, line: &Line) -> io::Result<Result<Answer, &'static str>> {
        let request = Request::post(self.uri.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("idempotency-key", &line.key)
            .body(Body::from(line.payload.clone()))
            .map_err(|_| io::Error::other(format!("line {}: its key cannot be sent as a header", line.number)))?;
        let exchange = async {
            let (parts, download) = self.transport.send(request).await?.into_parts();
            let body = download.collect(MAX_ANSWER).await?;
            Ok::<_, campaign_client::TransportError>(Answer::read(&parts, &body))
        };
        Ok(match timeout(self.patience.attempt, exchange).await {
            Err(_) => Err("timeout"),
            Ok(Err(error)) if error.kind() == TransportErrorKind::Unsent => Err("connect"),
            Ok(Err(_)) => Err("reset"),
            Ok(Ok(answer)) => Ok(answer),
        })
    }
}

async fn note<'a>(journal: Option<&Journal>, record: impl FnOnce() -> Record<'a>) -> io::Result<()> {
    match journal {
        Some(journal) => journal.write(&record()).await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use bytes::Bytes;
    use campaign_client::{Download, TransportError};
    use http::Response;

    use super::*;
    use crate::driver::plan::Reading;

    /// What the far side does with one request.
    #[derive(Debug, Clone, Copy)]
    enum Step {
        Answer(u16),
        RetryAfter(u64),
        Reset,
        Stall,
    }

    /// Follows a script, then repeats its last step; notes keys and payloads.
    #[derive(Debug)]
    struct Script(Vec<Step>, Mutex<Vec<(String, Bytes)>>);

    #[async_trait]
    impl Transport for Script {
        async fn send(&self, request: Request<Body>) -> Result<Response<Download>, TransportError> {
            let key = request.headers()["idempotency-key"].to_str().unwrap().to_owned();
            let step = {
                let mut seen = self.1.lock().unwrap();
                seen.push((key, request.body().bytes().unwrap().clone()));
                self.0[(seen.len() - 1).min(self.0.len() - 1)]
            };
            let mut response = Response::new(Download::from(Bytes::new()));
            match step {
                Step::Answer(status) => *response.status_mut() = status.try_into().unwrap(),
                Step::RetryAfter(seconds) => {
                    *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
                    response.headers_mut().insert("retry-after", seconds.into());
                }
                Step::Reset => return Err(TransportError::new(TransportErrorKind::Lost, "reset")),
                Step::Stall => std::future::pending().await,
            }
            Ok(response)
        }
    }

    /// Runs a script on paused time; gives the ending, the requests and how long it took.
    async fn run(steps: &[Step], patience: Patience) -> (Ending, Vec<(String, Bytes)>, Duration) {
        let transport = Arc::new(Script(steps.to_vec(), Mutex::default()));
        let uri = Uri::from_static("http://127.0.0.1/campaigns/c/entries");
        let page = Page { transport: transport.clone(), uri, patience, clock: Clock::system(), seed: 1 };
        let line = Line {
            number: 1,
            key: "key-00000001".to_owned(),
            payload: Bytes::from_static(b"{}"),
            expect: None,
            reading: Reading::default(),
        };
        let began = Instant::now();
        let ending = page.send(&line, None).await.unwrap();
        let requests = transport.1.lock().unwrap().clone();
        (ending, requests, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_is_sent_again_unchanged_until_its_answer_is_final() {
        let steps =
            [Step::Reset, Step::Answer(500), Step::Stall, Step::Answer(429), Step::Answer(201), Step::Answer(500)];
        let (ending, requests, _) = run(&steps, Patience::QUICK).await;
        assert_eq!(ending.attempts, 5);
        assert_eq!(ending.last.unwrap().status, 201);
        assert_eq!(requests, vec![("key-00000001".to_owned(), Bytes::from_static(b"{}")); 5]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_final() {
        for status in [400, 404, 409, 422] {
            assert_eq!(run(&[Step::Answer(status)], Patience::PAGE).await.0.attempts, 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_waited_for() {
        let (_, _, took) = run(&[Step::RetryAfter(7), Step::Answer(201)], Patience::QUICK).await;
        assert!((Duration::from_secs(7)..Duration::from_secs(8)).contains(&took), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_before_two_minutes_have_passed() {
        for steps in [[Step::Stall], [Step::Answer(503)], [Step::Reset]] {
            let (ending, requests, took) = run(&steps, Patience::PAGE).await;
            assert!(ending.is_failed());
            assert_eq!(u32::try_from(requests.len()).unwrap(), ending.attempts);
            assert!(took <= LIMIT + Patience::PAGE.attempt, "{took:?}");
        }
        let (ending, _, took) = run(&[Step::RetryAfter(3600)], Patience::PAGE).await;
        assert_eq!((ending.attempts, took), (1, Duration::ZERO));
    }

    #[test]
    fn waits_are_spread_over_the_whole_range_and_grow_to_the_cap() {
        let mut random = fastrand::Rng::with_seed(1);
        for (attempt, longest) in [(1, 500), (2, 1000), (3, 2000), (4, 4000), (5, 8000), (6, 8000), (4_000_000, 8000)] {
            let waits: Vec<_> = (0..1000).map(|_| Patience::PAGE.wait(attempt, None, &mut random)).collect();
            let longest = Duration::from_millis(longest);
            assert!(waits.iter().all(|wait| *wait <= longest));
            assert!(waits.iter().any(|wait| *wait < longest / 10) && waits.iter().any(|wait| *wait > longest / 10 * 9));
        }
    }
}
