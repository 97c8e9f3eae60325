//! What a call goes through, against a scripted transport and a paused clock.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use http::response;
use tokio::time::{Duration, Instant};

use super::*;
use crate::{
    Body, Clock, Credentials, CredentialsError, ErrorKind, ProvideCredentials, Settle, Settled, TransportErrorKind,
    testing::{Echo, Script},
};

/// A call of any class that reads its answer as text.
#[derive(Debug, Clone, PartialEq)]
struct Ask(Class);

impl Operation for Ask {
    type Service = Echo;
    type Output = String;
    const NAME: &'static str = "Ask";

    fn class(&self) -> Class {
        self.0
    }

    fn request(&self, service: &Echo) -> Result<http::Request<Body>> {
        let mut request = http::Request::new(Body::from("?"));
        *request.uri_mut() = service.endpoint().uri("/ask?secret=CANARY")?;
        Ok(request)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<String> {
        String::from_utf8(body.to_vec()).map_err(|e| Error::unreadable("not text").with_source(e))
    }

    fn settle(&self, _: &Error) -> Option<Settle<Self>> {
        Some(Settle::by(Self(Class::Read), |found| match found?.as_str() {
            "ours" => Ok(Settled::Ours("settled".to_owned())),
            _ => Ok(Settled::Theirs),
        }))
    }
}

impl Paginate for Ask {
    fn next(&self, output: &String) -> Result<Option<Self>> {
        Ok(match output.as_str() {
            "last" => None,
            "again" => Some(self.clone()),
            _ => Some(Self(if self.0 == Class::Read { Class::Idempotent } else { Class::Read })),
        })
    }
}

fn client(script: &Script) -> Client<Echo> {
    client_of(Echo::default(), script)
}

fn client_of(service: Echo, script: &Script) -> Client<Echo> {
    let clock = Clock::fixed("2026-11-11T00:00:00Z".parse().unwrap());
    Client::builder(service)
        .transport(script.clone())
        .credentials(Credentials::new("key", "secret"))
        .clock(clock)
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_attempt_is_signed_afresh() {
    let script = Script::default().fail(TransportErrorKind::Lost).answer(500, "").answer(200, "yes");
    assert_eq!(client(&script).send(&Ask(Class::Read)).await.unwrap(), "yes");
    let signed = script.signed();
    assert_eq!(signed.len(), 3);
    assert!(signed[0] != signed[1] && signed[1] != signed[2], "a nonce is used once: {signed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_must_not_run_twice_is_sent_again_only_if_nothing_was_done() {
    let script = Script::default().fail(TransportErrorKind::Unsent).answer(429, "").answer(200, "yes");
    assert_eq!(client(&script).send(&Ask(Class::Once)).await.unwrap(), "yes");

    for script in [
        Script::default().fail(TransportErrorKind::Lost),
        Script::default().answer(500, "Internal"),
        Script::default().answer(200, "forged"),
        Script::default().hang(),
    ] {
        let error = client(&script).send(&Ask(Class::Once)).await.unwrap_err();
        assert!(error.outcome_unknown() && error.attempts().len() == 1, "{error}");
        assert_eq!(script.sent(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_final_and_its_outcome_known() {
    let script = Script::default().answer(400, "BadParameter");
    let error = client(&script).send(&Ask(Class::Idempotent)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.is_code("BadParameter") && !error.outcome_unknown());
    assert_eq!(error.to_string(), "Ask: BadParameter (400)");
}

#[tokio::test(start_paused = true)]
async fn attempts_end_at_their_number_and_all_are_told() {
    let script = Script::default().answer(503, "Busy").fail(TransportErrorKind::Lost).answer(503, "Busy");
    let error = client(&script).send(&Ask(Class::Read)).await.unwrap_err();
    let codes: Vec<_> = error.attempts().iter().map(|a| a.code.as_deref()).collect();
    assert_eq!(codes, [Some("Busy"), None, Some("Busy")]);
    assert_eq!((script.sent(), script.left()), (3, 0));
    assert!(error.to_string().ends_with("(after 3 attempts)"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_resource_being_moved_gets_more_attempts() {
    let script = (0..5).fold(Script::default(), |s, _| s.answer(503, "Moving")).answer(200, "yes");
    assert_eq!(client(&script).send(&Ask(Class::Once)).await.unwrap(), "yes");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_clock_is_corrected_once_and_kept() {
    let skewed = [("time", "2026-11-11T01:00:00Z")];
    let script = Script::default().answer_with(403, "Skewed", &skewed).answer(200, "yes").answer(200, "yes");
    let client = client(&script);
    client.send(&Ask(Class::Once)).await.unwrap();
    client.send(&Ask(Class::Once)).await.unwrap();
    let times: Vec<_> = script.signed().iter().map(|s| s.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!(times, ["1794355200", "1794358800", "1794358800"]);

    let script = Script::default().answer_with(403, "Skewed", &skewed).answer_with(403, "Skewed", &skewed);
    let error = self::client(&script).send(&Ask(Class::Read)).await.unwrap_err();
    assert_eq!((error.kind(), script.sent()), (ErrorKind::Denied, 2));
}

#[tokio::test(start_paused = true)]
async fn a_clock_a_day_off_or_told_over_plain_http_is_not_believed() {
    let far = [("time", "2026-11-12T00:00:01Z")];
    let script = Script::default().answer_with(403, "Skewed", &far);
    client(&script).send(&Ask(Class::Read)).await.unwrap_err();
    assert_eq!(script.sent(), 1);

    let script = Script::default().answer_with(403, "Skewed", &[("time", "2026-11-11T01:00:00Z")]);
    client_of(Echo::at("http://example.com"), &script).send(&Ask(Class::Read)).await.unwrap_err();
    assert_eq!(script.sent(), 1);
}

/// Gives `first`, and `second` once `first` was refused.
#[derive(Debug)]
struct Rotating(Credentials, Credentials);

#[async_trait]
impl ProvideCredentials for Rotating {
    async fn credentials(&self, refused: Option<&Credentials>) -> Result<Credentials, CredentialsError> {
        Ok(if refused.is_some_and(|r| r.same(&self.0)) { self.1.clone() } else { self.0.clone() })
    }
}

#[tokio::test(start_paused = true)]
async fn expired_credentials_are_replaced_once_and_not_used_again() {
    let rotating = |second| Rotating(Credentials::new("old", "s"), Credentials::new(second, "s"));
    let run = |script: Script, provider: Rotating| async move {
        let client = Client::builder(Echo::default()).transport(script).credentials(provider).build().unwrap();
        client.send(&Ask(Class::Once)).await
    };
    let script = Script::default().answer(403, "Expired").answer(503, "Moving").answer(200, "yes");
    run(script.clone(), rotating("new")).await.unwrap();
    let keys: Vec<_> = script.signed().iter().map(|s| s.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(keys, ["old", "new", "new"]);

    let script = Script::default().answer(403, "Expired").answer(403, "Expired");
    run(script.clone(), rotating("new")).await.unwrap_err();
    assert_eq!(script.sent(), 2);

    let script = Script::default().answer(403, "Expired");
    let error = run(script.clone(), rotating("old")).await.unwrap_err();
    assert_eq!((error.kind(), script.sent()), (ErrorKind::Denied, 1));
    assert!(error.is_code("Expired"), "the service's words are kept: {error}");
}

#[tokio::test(start_paused = true)]
async fn a_conflict_after_a_lost_answer_is_settled_by_reading_back() {
    let lost = || Script::default().fail(TransportErrorKind::Lost).answer(409, "Exists");
    let script = lost().answer(200, "ours");
    assert_eq!(client(&script).send(&Ask(Class::Conditional)).await.unwrap(), "settled");

    let error = client(&lost().answer(200, "theirs")).send(&Ask(Class::Conditional)).await.unwrap_err();
    assert!(error.is_code("Exists") && !error.outcome_unknown());

    let failing = lost().answer(400, "No");
    let error = client(&failing).send(&Ask(Class::Conditional)).await.unwrap_err();
    assert!(error.is_code("Exists") && error.outcome_unknown());

    let script = lost();
    let error = client(&script).without_settling().send(&Ask(Class::Conditional)).await.unwrap_err();
    assert!(error.is_code("Exists") && error.outcome_unknown() && script.sent() == 2);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_at_once_is_the_answer() {
    let script = Script::default().answer(409, "Exists");
    let error = client(&script).send(&Ask(Class::Conditional)).await.unwrap_err();
    assert!(error.is_conflict() && !error.outcome_unknown() && script.sent() == 1);
    // Nothing was done by the throttled attempt, so nothing is settled either.
    let script = Script::default().answer(429, "").answer(409, "Exists");
    assert!(!client(&script).send(&Ask(Class::Conditional)).await.unwrap_err().outcome_unknown());
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_by_its_deadline() {
    let script = (0..9).fold(Script::default(), |s, _| s.hang());
    let retry = Retry::default().attempts(9).deadline(Duration::from_secs(25));
    let begun = Instant::now();
    let error = client(&script).with_retry(retry).send(&Ask(Class::Read)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(begun.elapsed() <= Duration::from_millis(25_050) && script.sent() == 3, "{:?}", begun.elapsed());

    // A wait that would pass the deadline is not begun.
    let asks = [("retry-after", "5")];
    let script = Script::default().answer_with(503, "Busy", &asks);
    let begun = Instant::now();
    let retry = Retry::default().deadline(Duration::from_secs(5));
    let error = client(&script).with_retry(retry).send(&Ask(Class::Read)).await.unwrap_err();
    assert_eq!((error.retry_after(), script.sent()), (Some(Duration::from_secs(5)), 1));
    assert!(begun.elapsed() < Duration::from_millis(50));
}

#[tokio::test(start_paused = true)]
async fn in_a_full_outage_the_bucket_stops_repetitions() {
    let script = (0..200).fold(Script::default(), |s, _| s.answer(500, ""));
    let client = client(&script);
    for _ in 0..100 {
        client.send(&Ask(Class::Read)).await.unwrap_err();
    }
    assert_eq!(script.sent(), 135);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_leaves_gives_its_turn_back() {
    let script = Script::default().hang().answer(200, "yes");
    let client = Client::builder(Echo::default())
        .transport(script.clone())
        .credentials(Credentials::anonymous())
        .in_flight(1)
        .build()
        .unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(1), client.send(&Ask(Class::Read))).await.is_err());
    assert_eq!(client.send(&Ask(Class::Read)).await.unwrap(), "yes");
    assert_eq!(script.sent(), 2);
}

#[tokio::test(start_paused = true)]
async fn too_many_calls_at_once_are_refused_without_being_sent() {
    let script = Script::default().hang();
    let client = Client::builder(Echo::default())
        .transport(script.clone())
        .credentials(Credentials::anonymous())
        .in_flight(1)
        .build()
        .unwrap();
    let (first, second) = (client.clone(), client);
    tokio::select! {
        _ = first.send(&Ask(Class::Read)) => panic!("it hangs"),
        error = async { tokio::task::yield_now().await; second.send(&Ask(Class::Once)).await } => {
            let error = error.unwrap_err();
            assert!(error.kind() == ErrorKind::Overloaded && !error.outcome_unknown(), "{error}");
        }
    }
    assert_eq!(script.sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_turn_lasts_until_the_answer_has_been_read() {
    let script = Script::default()
        .then(|_| async { Ok(http::Response::new(Download::new(None, stream::pending()))) }.boxed())
        .answer(200, "yes");
    let client = Client::builder(Echo::default())
        .transport(script.clone())
        .credentials(Credentials::anonymous())
        .in_flight(1)
        .build()
        .unwrap();
    let reading = client.send(&Ask(Class::Once));
    let other = async {
        tokio::task::yield_now().await;
        client.send(&Ask(Class::Once)).await
    };
    let (read, refused) = tokio::join!(reading, other);
    assert!(read.unwrap_err().outcome_unknown());
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Overloaded);
    assert_eq!(script.sent(), 1);
}

/// Never gives anything.
#[derive(Debug)]
struct Hanging;

#[async_trait]
impl ProvideCredentials for Hanging {
    async fn credentials(&self, _: Option<&Credentials>) -> Result<Credentials, CredentialsError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_never_sent_is_not_of_unknown_outcome() {
    let script = Script::default();
    let client = Client::builder(Echo::default()).transport(script.clone()).credentials(Hanging).build().unwrap();
    let error = client.send(&Ask(Class::Once)).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Unreachable && error.is_unexecuted() && script.sent() == 0, "{error}");
}

#[tokio::test(start_paused = true)]
async fn settings_without_an_end_are_taken_for_a_year() {
    let script = Script::default().answer(500, "").answer(200, "yes");
    let endless = Retry::default().deadline(Duration::MAX).attempt_timeout(Duration::MAX);
    assert_eq!(client(&script).with_retry(endless).send(&Ask(Class::Read)).await.unwrap(), "yes");
}

#[tokio::test(start_paused = true)]
async fn pages_are_followed_to_the_last_and_never_in_a_circle() {
    let script = Script::default().answer(200, "one").answer(200, "two").answer(200, "last");
    let pages: Vec<_> = client(&script).pages(Ask(Class::Read)).try_collect().await.unwrap();
    assert_eq!(pages, ["one", "two", "last"]);

    let script = Script::default().answer(200, "again");
    let mut pages = client(&script).pages(Ask(Class::Read));
    assert_eq!(pages.next().await.unwrap().unwrap_err().kind(), ErrorKind::Unreadable);
    assert!(pages.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_download_is_handed_over_unread_and_its_errors_are_read() {
    let script = Script::default().answer(503, "Busy").answer(200, "chunk");
    let response = client(&script).stream(&Ask(Class::Read)).await.unwrap();
    assert_eq!(response.into_body().collect(100).await.unwrap(), "chunk");
    let error = client(&Script::default().answer(404, "None")).stream(&Ask(Class::Read)).await.unwrap_err();
    assert!(error.is_not_found());
}

#[tokio::test(start_paused = true)]
async fn an_answer_longer_than_allowed_is_refused_and_a_write_then_unknown() {
    let script = Script::default().answer(200, "0123456789");
    let client = Client::builder(Echo::default())
        .transport(script.clone())
        .credentials(Credentials::anonymous())
        .max_answer(5)
        .build()
        .unwrap();
    let error = client.send(&Ask(Class::Idempotent)).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Unreadable && error.outcome_unknown() && script.sent() == 1, "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn an_error_whose_text_has_no_end_is_told_by_its_status() {
    let script = Script::default().then(|_| {
        async {
            let endless = futures_util::stream::repeat_with(|| Ok(Bytes::from_static(&[b'x'; 4096])));
            let mut response = http::Response::new(Download::new(None, endless));
            *response.status_mut() = http::StatusCode::NOT_FOUND;
            Ok(response)
        }
        .boxed()
    });
    let error = client(&script).send(&Ask(Class::Idempotent)).await.unwrap_err();
    assert!(error.is_not_found() && !error.outcome_unknown(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_body_is_opened_again_for_each_attempt() {
    #[derive(Debug)]
    struct Upload(crate::body::Replayable);
    impl Operation for Upload {
        type Service = Echo;
        type Output = ();
        const NAME: &'static str = "Upload";
        fn class(&self) -> Class {
            Class::Idempotent
        }
        fn request(&self, service: &Echo) -> Result<http::Request<Body>> {
            let mut request = http::Request::new(Body::Replayable(self.0.clone()));
            *request.uri_mut() = service.endpoint().uri("/upload")?;
            Ok(request)
        }
        fn response(&self, _: &response::Parts, _: Bytes) -> Result<()> {
            Ok(())
        }
    }
    let read = Arc::new(Mutex::new(Vec::new()));
    let step = |read: &Arc<Mutex<Vec<Bytes>>>, kind: Option<TransportErrorKind>| {
        let read = Arc::clone(read);
        move |request: http::Request<Body>| {
            async move {
                let Body::Replayable(body) = request.into_body() else { panic!("it is opened") };
                let bytes: Vec<Bytes> = body.open().try_collect().await.unwrap();
                read.lock().unwrap().push(Bytes::from(bytes.concat()));
                match kind {
                    Some(kind) => Err(crate::TransportError::new(kind, "scripted")),
                    None => Ok(http::Response::new(Download::from(Bytes::new()))),
                }
            }
            .boxed()
        }
    };
    let script = Script::default().then(step(&read, Some(TransportErrorKind::Lost))).then(step(&read, None));
    let body = crate::body::Replayable::new(4, || {
        futures_util::stream::iter([Ok(Bytes::from("ab")), Ok(Bytes::from("cd"))]).boxed()
    });
    client(&script).send(&Upload(body)).await.unwrap();
    assert_eq!(*read.lock().unwrap(), ["abcd", "abcd"]);
}

#[tokio::test]
async fn nothing_an_error_says_holds_the_query_or_the_secret() {
    let script = Script::default().fail(TransportErrorKind::Lost).answer(500, "x\ny\u{2028}z\u{1b}[2J");
    let retry = Retry::default().attempts(2).base(Duration::ZERO);
    let error = client(&script).with_retry(retry).send(&Ask(Class::Once)).await.unwrap_err();
    let mut all = format!("{error} {error:?} {error:#}");
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        all.push_str(&cause.to_string());
        source = cause.source();
    }
    assert!(!all.contains("CANARY") && !all.contains("secret"), "{all}");
    let error =
        client(&Script::default().answer(400, "x\ny\u{2028}z\u{1b}[2J")).send(&Ask(Class::Once)).await.unwrap_err();
    assert!(!error.to_string().contains(['\n', '\u{2028}', '\u{1b}']), "{error}");
}

#[test]
fn settings_that_cannot_work_are_refused_when_the_client_is_built() {
    let build = |retry: Retry| {
        Client::builder(Echo::default()).transport(Script::default()).retry(retry).build().map(|_| ()).unwrap_err()
    };
    assert_eq!(build(Retry::default().attempts(0)).kind(), ErrorKind::Invalid);
    assert_eq!(build(Retry::default().attempt_timeout(Duration::ZERO)).kind(), ErrorKind::Invalid);
    assert_eq!(build(Retry::default().deadline(Duration::ZERO)).kind(), ErrorKind::Invalid);
}

#[test]
fn a_call_can_be_spawned() {
    fn is_send<T: Send>(_: T) {}
    let client = client(&Script::default());
    is_send(client.send(&Ask(Class::Read)));
    is_send(client.stream(&Ask(Class::Read)));
    is_send(client.pages(Ask(Class::Read)));
    is_send(client.presign(&Ask(Class::Read), Duration::from_secs(1)));
}
