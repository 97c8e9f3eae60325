//! The client against a transport that plays a script: checksums both ways, what is sent again, what is settled.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::VecDeque,
    error::Error as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use campaign_client::{
    Body, Clock, Credentials, Download, Error, ErrorKind, Transport, TransportError, TransportErrorKind,
    body::Replayable,
};
use campaign_oss::{
    ChecksumFault, Client, Code, DeleteBucket, DeleteMultipleObjects, GetObject, ListObjectsV2, Oss, PutBucket,
    PutObject, crc64,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};

/// What a request is answered with: an answer, or nothing.
type Answer = Result<http::Response<Bytes>, TransportErrorKind>;

/// A transport that reads each request to its end and plays its answers in order.
#[derive(Debug, Clone, Default)]
struct Script(Arc<Mutex<Play>>);

#[derive(Debug, Default)]
struct Play {
    answers: VecDeque<Answer>,
    sent: Vec<http::Request<Bytes>>,
}

impl Script {
    fn of(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self(Arc::new(Mutex::new(Play { answers: answers.into_iter().collect(), sent: Vec::new() })))
    }

    fn sent(&self) -> Vec<http::Request<Bytes>> {
        self.0.lock().unwrap().sent.clone()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        let (parts, body) = request.into_parts();
        let body = match body {
            Body::Bytes(bytes) => bytes,
            Body::Replayable(body) => {
                let chunks: Vec<Bytes> = body.open().try_collect().await.unwrap();
                chunks.concat().into()
            }
        };
        let mut play = self.0.lock().unwrap();
        play.sent.push(http::Request::from_parts(parts, body));
        match play.answers.pop_front().expect("the script has an answer to each request") {
            Ok(answer) => Ok(answer.map(Download::from)),
            Err(kind) => Err(TransportError::new(kind, "scripted")),
        }
    }
}

fn now() -> DateTime<Utc> {
    "2026-11-11T00:00:00Z".parse().unwrap()
}

fn client(script: &Script) -> Client {
    let oss = Oss::new("http://127.0.0.1:9000", "cn-hangzhou").unwrap();
    let builder = Client::builder(oss).transport(script.clone()).credentials(Credentials::new("id", "secret"));
    builder.clock(Clock::fixed(now())).build().unwrap()
}

fn stored(sum: u64) -> Answer {
    let answer = http::Response::builder().header("etag", "\"E\"").header("x-oss-hash-crc64ecma", sum);
    Ok(answer.body(Bytes::new()).unwrap())
}

fn object(body: &'static str, sum: u64) -> Answer {
    stored(sum).map(|answer| answer.map(|_| Bytes::from_static(body.as_bytes())))
}

fn refused(code: Code, detail: &str) -> Answer {
    let body = format!("<Error><Code>{}</Code><Message>m</Message>{detail}</Error>", code.as_str());
    Ok(http::Response::builder().status(code.status()).body(body.into()).unwrap())
}

fn lost() -> Answer {
    Err(TransportErrorKind::Lost)
}

fn fault(error: &Error) -> Option<&ChecksumFault> {
    error.source()?.downcast_ref()
}

fn put() -> PutObject {
    PutObject::new("campaign-site", "k", "hello")
}

fn hello() -> u64 {
    crc64::checksum(b"hello")
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_was_damaged_is_sent_again() {
    let script = Script::of([stored(1), stored(hello())]);
    assert_eq!(client(&script).send(&put()).await.unwrap().crc64, Some(hello()));
    assert_eq!(script.sent().len(), 2);

    let script = Script::of([stored(1), stored(1), stored(1)]);
    let error = client(&script).send(&put()).await.unwrap_err();
    assert_eq!(fault(&error), Some(&ChecksumFault::Upload { sent: hello(), stored: 1 }));
    assert_eq!(error.kind(), ErrorKind::Unreadable);
    assert!(error.outcome_unknown() && error.is_transient());
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_is_streamed_is_compared_too_and_opened_for_each_attempt() {
    let opened = Arc::new(AtomicUsize::new(0));
    let body = {
        let opened = Arc::clone(&opened);
        Body::Replayable(Replayable::new(5, move || {
            opened.fetch_add(1, Ordering::Relaxed);
            stream::iter(["he", "", "llo"]).map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).boxed()
        }))
    };
    let put = PutObject::new("campaign-site", "k", body);
    let script = Script::of([lost(), stored(1), stored(hello())]);
    client(&script).send(&put).await.unwrap();
    assert_eq!(opened.load(Ordering::Relaxed), 3);
    assert!(script.sent().iter().all(|request| request.body() == "hello"));

    let script = Script::of([stored(7), stored(7), stored(7)]);
    let error = client(&script).send(&put).await.unwrap_err();
    assert_eq!(fault(&error), Some(&ChecksumFault::Upload { sent: hello(), stored: 7 }));

    let empty = Replayable::new(0, || stream::empty().boxed());
    let script = Script::of([stored(3), stored(3), stored(3)]);
    let empty = PutObject::new("campaign-site", "k", Body::Replayable(empty));
    assert_eq!(
        fault(&client(&script).send(&empty).await.unwrap_err()),
        Some(&ChecksumFault::Upload { sent: 0, stored: 3 })
    );
}

#[tokio::test(start_paused = true)]
async fn a_download_that_was_damaged_is_read_again_into_memory_and_ends_with_an_error_as_a_stream() {
    let get = GetObject::new("campaign-site", "k");
    let script = Script::of([object("hellO", hello()), object("hello", hello())]);
    assert_eq!(client(&script).send(&get).await.unwrap().body, "hello");

    let script = Script::of([object("hellO", hello()), object("hello", hello())]);
    let client = client(&script);
    let download = client.stream(&get).await.unwrap().into_body();
    let damaged: Vec<_> = StreamExt::collect(download).await;
    assert_eq!(damaged[0].as_ref().unwrap(), "hellO");
    let end = damaged[1].as_ref().unwrap_err();
    assert_eq!((damaged.len(), end.kind()), (2, TransportErrorKind::Lost));
    assert!(end.source().is_some_and(|source| source.is::<ChecksumFault>()));
    let whole: Vec<_> = client.stream(&get).await.unwrap().into_body().try_collect().await.unwrap();
    assert_eq!(whole.concat(), *b"hello");
}

#[tokio::test(start_paused = true)]
async fn checksums_can_be_passed_over() {
    let script = Script::of([stored(1), object("hello", 1)]);
    let oss = Oss::new("http://127.0.0.1:9000", "cn-hangzhou").unwrap().without_checksums();
    let trusting = Client::builder(oss).transport(script).credentials(Credentials::anonymous()).build().unwrap();
    trusting.send(&put()).await.unwrap();
    assert_eq!(trusting.send(&GetObject::new("campaign-site", "k")).await.unwrap().body, "hello");
}

#[tokio::test(start_paused = true)]
async fn a_put_that_meets_itself_succeeds() {
    let put = put().forbid_overwrite();
    let script = Script::of([lost(), refused(Code::FileAlreadyExists, ""), stored(hello())]);
    let settled = client(&script).send(&put).await.unwrap();
    assert_eq!((settled.crc64, script.sent()[2].method().as_str()), (Some(hello()), "HEAD"));

    let script = Script::of([lost(), refused(Code::FileAlreadyExists, ""), stored(1)]);
    let error = client(&script).send(&put).await.unwrap_err();
    assert_eq!((Code::of(&error), error.outcome_unknown()), (Some(Code::FileAlreadyExists), false));

    // Without a lost answer the conflict is somebody else's.
    let script = Script::of([refused(Code::FileAlreadyExists, "")]);
    let error = client(&script).send(&put).await.unwrap_err();
    assert_eq!((error.is_conflict(), error.outcome_unknown()), (true, false));
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_is_gone_after_a_lost_answer_was_removed() {
    let script = Script::of([lost(), refused(Code::NoSuchBucket, ""), refused(Code::NoSuchBucket, "")]);
    client(&script).send(&DeleteBucket::new("campaign-site")).await.unwrap();

    let script = Script::of([refused(Code::NoSuchBucket, "")]);
    assert!(client(&script).send(&DeleteBucket::new("campaign-site")).await.unwrap_err().is_not_found());
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off_is_corrected_once() {
    let skewed = || refused(Code::RequestTimeTooSkewed, "<ServerTime>2026-11-11T01:00:00.000Z</ServerTime>");
    let script = Script::of([skewed(), stored(hello()), stored(hello())]);
    let client = client(&script);
    client.send(&put()).await.unwrap();
    client.send(&put()).await.unwrap();
    let dates: Vec<_> = script.sent().iter().map(|r| r.headers()["x-oss-date"].to_str().unwrap().to_owned()).collect();
    assert_eq!(dates, ["20261111T000000Z", "20261111T010000Z", "20261111T010000Z"]);
    assert_eq!(now() + TimeDelta::hours(1), "2026-11-11T01:00:00Z".parse::<DateTime<Utc>>().unwrap());
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_done_is_sent_again_and_a_refusal_is_not() {
    let script = Script::of([refused(Code::InternalError, ""), lost(), stored(hello())]);
    client(&script).send(&put()).await.unwrap();
    for code in [Code::AccessDenied, Code::NoSuchBucket, Code::InvalidArgument, Code::PreconditionFailed] {
        let script = Script::of([refused(code, "")]);
        let error = client(&script).send(&put()).await.unwrap_err();
        assert_eq!((Code::of(&error), script.sent().len()), (Some(code), 1));
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_comes_as_a_success_is_an_error_unless_it_is_an_object() {
    let body = "<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code><Message>m</Message></Error>";
    let wrong = || Ok(http::Response::new(Bytes::from_static(body.as_bytes())));
    let script = Script::of([wrong(), Ok(http::Response::default())]);
    client(&script).send(&PutBucket::new("campaign-site")).await.unwrap();
    let script = Script::of([wrong(), wrong(), wrong()]);
    let error = client(&script).send(&GetObject::new("campaign-site", "k")).await.unwrap_err();
    assert_eq!((Code::of(&error), script.sent().len()), (Some(Code::InternalError), 3));
    let script = Script::of([object(body, crc64::checksum(body.as_bytes()))]);
    assert_eq!(client(&script).send(&GetObject::new("campaign-site", "k")).await.unwrap().body, body);
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_right_endpoint_is_told() {
    let moved = http::Response::builder().status(301).header("location", "http://127.0.0.1:1/");
    let script = Script::of([
        Ok(moved.body(Bytes::new()).unwrap()),
        refused(Code::AccessDenied, "<Endpoint>oss-cn-shanghai.aliyuncs.com</Endpoint>"),
    ]);
    let client = client(&script);
    assert_eq!(client.send(&PutBucket::new("campaign-site")).await.unwrap_err().kind(), ErrorKind::Refused);
    let error = client.send(&PutBucket::new("campaign-site")).await.unwrap_err();
    assert!(error.to_string().contains("oss-cn-shanghai.aliyuncs.com"), "{error}");
    assert_eq!(script.sent().len(), 2);
}

#[tokio::test]
async fn a_document_is_sent_with_its_digest_and_nobody_sends_no_signature() {
    let list = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
    let script =
        Script::of([Ok(http::Response::new("<DeleteResult/>".into())), Ok(http::Response::new(Bytes::from(list)))]);
    client(&script).send(&DeleteMultipleObjects::new("campaign-site", ["k"])).await.unwrap();
    let oss = Oss::new("http://127.0.0.1:9000", "cn-hangzhou").unwrap();
    let anonymous =
        Client::builder(oss).transport(script.clone()).credentials(Credentials::anonymous()).build().unwrap();
    anonymous.send(&ListObjectsV2::new("campaign-site")).await.unwrap();
    let sent = script.sent();
    assert_eq!(sent[0].headers()["content-md5"], "iAma4rcOGPD9/6P3Y8fmcQ==");
    assert!(sent[0].headers().contains_key("authorization") && !sent[1].headers().contains_key("authorization"));
}
