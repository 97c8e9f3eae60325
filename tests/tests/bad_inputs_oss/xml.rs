//! Documents that expand, nest, lie or are none.

use std::{error::Error as _, time::Instant};

use bytes::Bytes;
use campaign_client::{Error, ErrorKind, Operation, Result, Retry, Service};
use campaign_oss::{
    Code, DeleteMultipleObjects, GetBucketAcl, GetBucketInfo, GetBucketWebsite, ListBuckets, ListObjectsV2, Oss,
    XmlFault,
};
use campaign_tests::{
    oss::{BUCKET, client},
    tablestore::Script,
};
use futures_util::StreamExt;
use serde_json::Value;

fn oss() -> Oss {
    Oss::new("https://oss-cn-hangzhou.aliyuncs.com", "cn-hangzhou").unwrap()
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn entries(count: usize) -> String {
    let entry = "<Contents><Key>k</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>\"0\"</ETag>\
                 <Size>1</Size></Contents>";
    format!("<ListBucketResult><IsTruncated>false</IsTruncated>{}</ListBucketResult>", entry.repeat(count))
}

/// The bytes of a case.
fn document(case: &Value) -> Vec<u8> {
    let input = &case["input"];
    if let Some(text) = input["utf8"].as_str() {
        return text.as_bytes().to_vec();
    }
    if let Some(hex) = input["hex"].as_str() {
        return unhex(hex);
    }
    let made = &input["gen"];
    let count = usize::try_from(made["count"].as_u64().unwrap()).unwrap();
    let text = |name: &str| made[name].as_str().unwrap();
    match text("op") {
        "repeat" => [text("prefix"), &text("unit").repeat(count), text("suffix")].concat().into_bytes(),
        "xml_attrs" => {
            let attributes: String = (0..count).map(|n| format!(" a{n}='1'")).collect();
            format!("<ListBucketResult{attributes}><IsTruncated>false</IsTruncated></ListBucketResult>").into_bytes()
        }
        "xml_contents" => entries(count).into_bytes(),
        other => panic!("no generator {other}"),
    }
}

/// Each reader of this crate on one document.
fn read_by_all(document: &[u8]) -> Vec<Error> {
    fn failed<O: Operation>(operation: &O, document: &[u8]) -> Error {
        let (parts, ()) = http::Response::new(()).into_parts();
        let result: Result<O::Output> = operation.response(&parts, Bytes::copy_from_slice(document));
        result.err().unwrap_or_else(|| panic!("{} was read from it", O::NAME))
    }
    vec![
        failed(&ListObjectsV2::new(BUCKET), document),
        failed(&ListBuckets::new(), document),
        failed(&DeleteMultipleObjects::new(BUCKET, ["k"]), document),
        failed(&GetBucketAcl::new(BUCKET), document),
        failed(&GetBucketInfo::new(BUCKET), document),
        failed(&GetBucketWebsite::new(BUCKET), document),
    ]
}

fn listed(case: &Value) -> String {
    let (parts, ()) = http::Response::new(()).into_parts();
    let page = ListObjectsV2::new(BUCKET).response(&parts, document(case).into()).unwrap();
    page.contents[0].key.clone()
}

#[tokio::test]
async fn every_document_of_the_corpus_has_its_outcome() {
    let cases = campaign_tests::bad_inputs("oss-xml");
    assert_eq!(cases.len(), 34);
    for case in cases {
        let id = case["id"].as_str().unwrap().strip_prefix("oss-xml-").unwrap();
        match id {
            "039" => the_same_token_again(&case).await,
            "042" => assert_eq!(listed(&case), "a&<>\"'b"),
            "048" => assert_eq!(listed(&case), " "),
            "044" => {
                let (parts, ()) = http::Response::builder().status(404).body(()).unwrap().into_parts();
                let error = oss().read_error(&parts, &document(&case));
                assert_eq!((error.code.as_str(), error.message.as_str()), ("NoSuchKey", "a<b"));
            }
            _ => {
                assert_eq!(case["expect"]["outcome"], "error", "{id}");
                let document = document(&case);
                let began = Instant::now();
                for error in read_by_all(&document) {
                    assert_eq!(error.kind(), ErrorKind::Unreadable, "{id}: {error}");
                    assert!(error.source().is_some_and(|source| source.is::<XmlFault>()), "{id}: {error:?}");
                }
                let (parts, ()) = http::Response::builder().status(400).body(()).unwrap().into_parts();
                let error = Error::from_service(oss().read_error(&parts, &document));
                assert_eq!(Code::of(&error), Some(Code::Other), "{id}: {error}");
                assert!(error.kind() == ErrorKind::Refused && !error.to_string().contains("lol"), "{id}: {error}");
                // A reader that looks at each pair of attributes or entities would take minutes.
                assert!(began.elapsed().as_secs() < 30, "{id} took {:?}", began.elapsed());
            }
        }
    }
}

#[test]
fn a_page_with_more_than_was_asked_for_is_refused_however_short() {
    let (parts, ()) = http::Response::new(()).into_parts();
    let list = ListObjectsV2::new(BUCKET);
    assert_eq!(list.response(&parts, entries(1000).into()).unwrap().contents.len(), 1000);
    for (list, count) in [(list.clone(), 1001), (list.max_keys(2), 3)] {
        let error = list.response(&parts, entries(count).into()).unwrap_err();
        let fault = error.source().and_then(|source| source.downcast_ref());
        assert!(matches!(fault, Some(XmlFault::TooMany(_))), "{error}");
    }
}

/// The pages end with an error after the first token that comes again.
async fn the_same_token_again(case: &Value) {
    let page = case["input"]["response_sequence"]["repeat"].as_str().unwrap();
    let answer = || http::Response::new(Bytes::from(page.to_owned()));
    let script = Script::new((0..9).map(|_| answer()));
    let client = client("http://127.0.0.1:1", script.clone(), Retry::never());
    let pages: Vec<_> = client.pages(ListObjectsV2::new(BUCKET)).collect().await;
    let failed: Vec<_> = pages.iter().map(Result::is_err).collect();
    assert_eq!((failed.as_slice(), script.sent().len()), ([false, true].as_slice(), 2));
}
