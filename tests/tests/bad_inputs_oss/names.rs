//! Names and headers that cannot be sent.

use std::time::Duration;

use campaign_client::{ErrorKind, Operation, Retry};
use campaign_oss::{ByteRange, GetBucketInfo, GetObject, ListObjectsV2, Oss, PutObject};
use campaign_tests::{
    oss::{BUCKET, client},
    tablestore::Script,
};

fn oss() -> Oss {
    Oss::new("https://oss-cn-hangzhou.aliyuncs.com", "cn-hangzhou").unwrap()
}

/// Cases about other services and later calls, and where they are.
const ELSEWHERE: [(&str, &str); 11] = [
    ("018", "Table Store: bad_inputs_names"),
    ("020", "Table Store: bad_inputs_names"),
    ("021", "Table Store: bad_inputs_names"),
    ("023", "Table Store: bad_inputs_names"),
    ("024", "Table Store: bad_inputs_names"),
    ("025", "Table Store: bad_inputs_names"),
    ("026", "Table Store: batches come later"),
    ("028", "Table Store: batches come later"),
    ("029", "Table Store: batches come later"),
    ("030", "Table Store: batches come later"),
    ("032", "multipart uploads come later"),
];

#[tokio::test]
async fn a_name_that_cannot_be_is_refused_before_anything_is_sent() {
    let mut elsewhere = Vec::new();
    for case in campaign_tests::bad_inputs("resource-names") {
        let id = case["id"].as_str().unwrap().strip_prefix("resource-names-").unwrap().to_owned();
        let script = Script::new(Vec::<http::Response<bytes::Bytes>>::new());
        let client = client("http://127.0.0.1:1", script.clone(), Retry::never());
        let args = &case["input"]["args"];
        let refused = if let Some(bucket) = args["bucket"].as_str() {
            vec![
                client.send(&GetObject::new(bucket, "k")).await.err(),
                client.send(&PutObject::new(bucket, "k", "")).await.err(),
                client.send(&GetBucketInfo::new(bucket)).await.err(),
                client.send(&ListObjectsV2::new(bucket)).await.err(),
                client.stream(&GetObject::new(bucket, "k")).await.err(),
            ]
        } else if let Some(key) = args["key"].as_str() {
            if case["expect"]["outcome"] == "accept" {
                let request = GetObject::new(BUCKET, key).request(&oss()).unwrap();
                assert_eq!(request.uri(), "https://campaign-site.oss-cn-hangzhou.aliyuncs.com/a/../b");
                continue;
            }
            vec![
                client.send(&GetObject::new(BUCKET, key)).await.err(),
                client.send(&PutObject::new(BUCKET, key, "")).await.err(),
            ]
        } else if args["expires"].is_u64() {
            vec![client.presign(&GetObject::new(BUCKET, "k"), Duration::ZERO).await.err()]
        } else if args["range"].is_string() {
            vec![client.send(&GetObject::new(BUCKET, "k").range(ByteRange::Between(5, 2))).await.err()]
        } else {
            elsewhere.push(id);
            continue;
        };
        for error in refused {
            assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Invalid), "{id}");
        }
        assert!(script.sent().is_empty(), "{id}");
    }
    assert_eq!(elsewhere, ELSEWHERE.map(|(id, _)| id));
}

#[tokio::test]
async fn a_header_that_would_hold_two_lines_is_never_sent() {
    let cases = campaign_tests::bad_inputs("header-injection");
    let args = |id: &str| {
        let id = format!("header-injection-{id}");
        cases.iter().find(|case| case["id"] == id.as_str()).unwrap()["input"]["args"].clone()
    };
    let put = || PutObject::new(BUCKET, "k", "");
    // 002: CRLF in Content-Disposition; 003, in a type guessed from a name; 009 and 010, no names; 004, as metadata here.
    let disposition = args("002")["content_disposition"].as_str().unwrap().to_owned();
    let guessed = args("003")["file"].as_str().unwrap().to_owned();
    let header = |id: &str, at: usize| args(id)["header"][at].as_str().unwrap().to_owned();
    for bad in [
        put().content_disposition(disposition),
        put().content_type(guessed),
        put().metadata(&header("004", 0), header("004", 1)),
        put().metadata(&header("009", 0), header("009", 1)),
        put().metadata(&header("010", 0), header("010", 1)),
    ] {
        assert_eq!(bad.request(&oss()).unwrap_err().kind(), ErrorKind::Invalid, "{bad:?}");
    }
    // 006: an AccessKey id that no header can hold.
    let script = Script::new(Vec::<http::Response<bytes::Bytes>>::new());
    let id = args("006")["credentials"]["id"].as_str().unwrap().to_owned();
    let named = campaign_client::Client::builder(oss())
        .transport(script.clone())
        .credentials(campaign_client::Credentials::new(id, "secret"))
        .retry(Retry::never())
        .build()
        .unwrap();
    assert_eq!(named.send(&put()).await.unwrap_err().kind(), ErrorKind::Credentials);
    assert!(script.sent().is_empty());
    // 011: no call takes a header by name; as metadata it is another header.
    let request = put().metadata(&header("011", 0), header("011", 1)).request(&oss()).unwrap();
    assert!(!request.headers().contains_key("authorization"));
    assert!(oss().sign_headers(["Authorization"]).is_err());
    // 014: what would end the request line is encoded.
    let prefix = args("014")["prefix"].as_str().unwrap().to_owned();
    let request = ListObjectsV2::new(BUCKET).prefix(prefix).request(&oss()).unwrap();
    assert!(request.uri().query().unwrap().contains("prefix=a%0D%0AHost%3A%20evil"), "{}", request.uri());
}
