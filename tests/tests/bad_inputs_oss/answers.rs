//! Downloads that contradict themselves, and errors that hold more than they should.

use std::error::Error as _;

use bytes::Bytes;
use campaign_client::{Error, ErrorKind, Retry, TransportErrorKind};
use campaign_oss::{ByteRange, ChecksumFault, Code, GetObject, HeadObject, Object, RangeFault, crc64, server::Refusal};
use campaign_tests::{
    oss::{BUCKET, client},
    tablestore::Script,
};
use futures_util::TryStreamExt;
use serde_json::Value;

/// The answer of a case.
fn answer(case: &Value) -> http::Response<Bytes> {
    let given = &case["input"]["response"];
    let mut response = http::Response::builder().status(u16::try_from(given["status"].as_u64().unwrap()).unwrap());
    for header in given["headers"].as_array().unwrap() {
        response = response.header(header[0].as_str().unwrap(), header[1].as_str().unwrap());
    }
    response.body(Bytes::from(given["body_utf8"].as_str().unwrap().to_owned())).unwrap()
}

fn get() -> GetObject {
    GetObject::new(BUCKET, "k")
}

/// Reads an answer into memory, and the same as a stream, which must fail alike.
async fn read(get: &GetObject, answer: http::Response<Bytes>) -> Result<Object, Error> {
    let script = Script::new([answer.clone()]);
    let read = client("http://127.0.0.1:1", script, Retry::never()).send(get).await;
    let script = Script::new([answer]);
    let streamed = client("http://127.0.0.1:1", script, Retry::never()).stream(get).await;
    match (&read, streamed) {
        (Ok(object), Ok(response)) => {
            let chunks: Vec<Bytes> = response.into_body().try_collect().await.unwrap();
            assert_eq!(chunks.concat(), object.body);
        }
        (Err(error), Err(streamed)) => assert_eq!(error.kind(), streamed.kind()),
        // What only the last byte shows.
        (Err(_), Ok(response)) => {
            let end = response.into_body().try_for_each(|_| async { Ok(()) }).await.unwrap_err();
            assert_eq!(end.kind(), TransportErrorKind::Lost);
            assert!(end.source().is_some_and(|source| source.is::<ChecksumFault>()), "{end:?}");
        }
        (Ok(_), Err(error)) => panic!("only the stream failed: {error}"),
    }
    read
}

fn range_fault(error: &Error) -> Option<RangeFault> {
    error.source()?.downcast_ref().cloned()
}

#[tokio::test]
async fn a_download_that_contradicts_itself_is_refused() {
    let cases = campaign_tests::bad_inputs("http-response");
    let case = |id: &str| {
        let id = format!("http-response-{id}");
        answer(cases.iter().find(|case| case["id"] == id.as_str()).unwrap())
    };
    let part = get().range(ByteRange::Between(0, 1));
    assert_eq!(range_fault(&read(&get(), case("012")).await.unwrap_err()), Some(RangeFault::Unasked));
    assert_eq!(range_fault(&read(&part, case("013")).await.unwrap_err()), Some(RangeFault::Ignored));
    assert_eq!(range_fault(&read(&part, case("014")).await.unwrap_err()), Some(RangeFault::Another));
    let error = read(&get(), case("020")).await.unwrap_err();
    let fault = error.source().and_then(|source| source.downcast_ref());
    assert_eq!((error.kind(), fault), (ErrorKind::Unreadable, Some(&ChecksumFault::NotANumber)));
    let error = read(&get(), case("035")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreadable, "{error}");
    let script = Script::new([case("035")]);
    let error = client("http://127.0.0.1:1", script, Retry::never()).send(&HeadObject::new(BUCKET, "k")).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Unreadable);
}

/// Two members of gzip, each "hello".
const MEMBERS: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\xcb\x48\xcd\xc9\xc9\x07\0\x86\xa6\x10\x36\x05\0\0\0\
                         \x1f\x8b\x08\0\0\0\0\0\0\xff\xcb\x48\xcd\xc9\xc9\x07\0\x86\xa6\x10\x36\x05\0\0\0";

#[tokio::test]
async fn an_object_that_is_stored_compressed_comes_as_it_is_stored() {
    // compression-009. Nothing is inflated, so what it would inflate to does not matter.
    let stored = |sum: u64| {
        let answer = http::Response::builder().header("content-encoding", "gzip").header("etag", "\"E\"");
        answer.header("x-oss-hash-crc64ecma", sum).body(Bytes::from_static(MEMBERS)).unwrap()
    };
    let object = read(&get(), stored(crc64::checksum(MEMBERS))).await.unwrap();
    assert_eq!((object.body.as_ref(), object.meta.content_encoding.as_deref()), (MEMBERS, Some("gzip")));
    let error = read(&get(), stored(1)).await.unwrap_err();
    let fault = ChecksumFault::Download { received: crc64::checksum(MEMBERS), stored: 1 };
    assert_eq!(error.source().and_then(|source| source.downcast_ref()), Some(&fault));
    // What was compressed on its way has no tag, and the checksum is not that of its bytes.
    let mut on_its_way = stored(1);
    on_its_way.headers_mut().remove("etag");
    assert_eq!(read(&get(), on_its_way).await.unwrap().body, MEMBERS);
}

#[tokio::test]
async fn an_error_shows_no_signature_and_none_of_what_was_signed() {
    // log-and-secrets-028.
    let refusal = Refusal::new(Code::SignatureDoesNotMatch, "The request signature we calculated does not match.")
        .with("SignatureProvided", "CANARY-signature")
        .with("StringToSign", "x-oss-security-token:CANARY-token")
        .with("StringToSignBytes", "43 41 4E 41 52 59");
    let script = Script::new([refusal.response(&http::Method::GET, "R1", "h")]);
    let error = client("http://127.0.0.1:1", script, Retry::never()).send(&get()).await.unwrap_err();
    assert_eq!(Code::of(&error), Some(Code::SignatureDoesNotMatch));
    let shown = format!("{error} {error:?} {:?}", error.service_error());
    assert!(!shown.contains("CANARY") && !shown.contains("43 41"), "{shown}");
    assert_eq!(error.request_id(), Some("R1"));
}
