//! Bad inputs as the local OSS meets them: hostile documents, names, and headers made of what a request says.
//!
//! The documents of the corpus are answers; here they come as requests, once as they are and once with the names that a
//! request has, so that what is hostile in them is where the server reads.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use campaign_client::{Body as ClientBody, Clock, Place, Service, Signing};
use campaign_local::Local;
use campaign_oss::{
    BucketAcl, Client, GetBucketInfo, GetObject, HeadObject, Oss, PutBucket, PutBucketWebsite, Website,
};
use campaign_oss::{IndexDocument, PutObject};
use campaign_tests::tablestore::now;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use md5::{Digest, Md5};
use serde_json::Value;
use tower::ServiceExt;

const BUCKET: &str = "site";
/// A reader that compared attributes pair by pair, or expanded entities, would need far longer.
const PATIENCE: Duration = Duration::from_secs(10);

struct Bed {
    cloud: Local,
    oss: Oss,
    client: Client,
}

impl Bed {
    async fn new() -> Self {
        let cloud = Local::builder().clock(Clock::fixed(now())).start().await.unwrap();
        let oss = Oss::new("http://127.0.0.1:1", "cn-hangzhou").unwrap();
        let builder = Client::builder(oss.clone()).transport(cloud.oss_transport()).credentials(cloud.credentials());
        let client = builder.clock(Clock::fixed(now())).build().unwrap();
        client.send(&PutBucket::new(BUCKET).acl(BucketAcl::PublicRead)).await.unwrap();
        Self { cloud, oss, client }
    }

    /// A document as its owner sends it.
    async fn post(&self, method: Method, path: &str, document: &[u8]) -> (StatusCode, String) {
        let request = Request::builder().method(method).uri(format!("http://127.0.0.1:1{path}"));
        let request = request.header("content-md5", STANDARD.encode(Md5::digest(document)));
        let mut request = request.body(ClientBody::empty()).unwrap();
        let credentials = self.cloud.credentials();
        let signing = Signing { credentials: &credentials, now: now(), nonce: "", place: Place::Header };
        self.oss.sign(&mut request, &signing).unwrap();
        let (status, _, answer) = self.send(request.map(|_| Body::from(document.to_vec()))).await;
        (status, answer)
    }

    /// What a browser asks for.
    async fn get(&self, path: &str) -> (StatusCode, HeaderMap, String) {
        self.send(Request::get(format!("http://127.0.0.1:1{path}")).body(Body::empty()).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
        let (parts, body) = self.cloud.oss().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }
}

/// The bytes of a case; `None` if it is about several answers.
fn document(case: &Value) -> Option<Vec<u8>> {
    let input = &case["input"];
    if let Some(text) = input["utf8"].as_str() {
        return Some(text.as_bytes().to_vec());
    }
    if let Some(hex) = input["hex"].as_str() {
        return Some((0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect());
    }
    let made = input.get("gen")?;
    let count = usize::try_from(made["count"].as_u64().unwrap()).unwrap();
    let text = |name: &str| made[name].as_str().unwrap();
    let made = match text("op") {
        "repeat" => [text("prefix"), &text("unit").repeat(count), text("suffix")].concat(),
        "xml_attrs" => {
            let attributes: String = (0..count).map(|n| format!(" a{n}='1'")).collect();
            format!("<ListBucketResult{attributes}><Contents><Key>k</Key></Contents></ListBucketResult>")
        }
        "xml_contents" => {
            format!("<ListBucketResult>{}</ListBucketResult>", "<Contents><Key>k</Key></Contents>".repeat(count))
        }
        other => panic!("no generator {other}"),
    };
    Some(made.into_bytes())
}

/// The same with the names that DeleteMultipleObjects reads.
fn as_request(document: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(document).ok()?;
    let text = text.replace("ListBucketResult", "Delete").replace("DeleteResult", "Delete").replace("Error", "Delete");
    Some(text.replace("Contents", "Object").replace("Deleted", "Object").into_bytes())
}

/// Those that ask for a deletion once they have a request's names: what is wrong in them is not what a request has.
const REQUESTS: [&str; 9] = [
    "oss-xml-018",
    "oss-xml-019",
    "oss-xml-020",
    "oss-xml-023",
    "oss-xml-028",
    "oss-xml-029",
    "oss-xml-040",
    "oss-xml-042",
    "oss-xml-048",
];

#[tokio::test]
async fn hostile_documents_are_refused_as_malformed_in_time() {
    let bed = Bed::new().await;
    let mut taken = BTreeSet::new();
    let mut count = 0;
    for case in campaign_tests::bad_inputs("oss-xml") {
        let id = case["id"].as_str().unwrap();
        let Some(document) = document(&case) else { continue };
        count += 1;
        let began = Instant::now();
        for (method, path) in
            [(Method::POST, "/site/?delete"), (Method::PUT, "/site/?website"), (Method::PUT, "/other/")]
        {
            // No document at all makes a bucket as it usually is.
            let makes_a_bucket = path == "/other/" && document.is_empty();
            let (status, answer) = bed.post(method, path, &document).await;
            let expected = if makes_a_bucket { StatusCode::OK } else { StatusCode::BAD_REQUEST };
            assert_eq!(status, expected, "{id} to {path}: {answer}");
            assert_eq!(answer.contains("<Code>MalformedXML</Code>"), !makes_a_bucket, "{id} to {path}: {answer}");
            assert!(!answer.contains("root:"), "{id} read a file");
        }
        if let Some(request) = as_request(&document) {
            let (status, answer) = bed.post(Method::POST, "/site/?delete", &request).await;
            match status {
                StatusCode::OK => drop(taken.insert(id.to_owned())),
                StatusCode::BAD_REQUEST => assert!(answer.contains("<Code>MalformedXML</Code>"), "{id}: {answer}"),
                other => panic!("{id}: {other} {answer}"),
            }
        }
        assert!(began.elapsed() < PATIENCE, "{id} took {:?}", began.elapsed());
    }
    assert_eq!(taken, BTreeSet::from(REQUESTS.map(str::to_owned)));
    assert_eq!(count, 33);
    bed.client.send(&GetBucketInfo::new(BUCKET)).await.unwrap();
}

#[tokio::test]
async fn names_that_cannot_be_are_refused_and_all_others_kept_as_they_are() {
    let bed = Bed::new().await;
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let mut seen = 0;
    for case in campaign_tests::bad_inputs("resource-names") {
        let id = case["id"].as_str().unwrap();
        let args = &case["input"]["args"];
        // Without a bucket or a key a request is about something else.
        let named = |name: &str| args[name].as_str().filter(|text| !text.is_empty());
        let (path, refused) = match (named("bucket"), named("key")) {
            (Some(bucket), _) => (format!("/{}/", encode(bucket)), "InvalidBucketName"),
            (_, Some(key)) => (format!("/{BUCKET}/{}", encode(key)), "InvalidObjectName"),
            _ => continue,
        };
        seen += 1;
        let (status, _, answer) = bed.get(&path).await;
        if case["expect"]["outcome"] == "accept" {
            assert_eq!(status, StatusCode::NOT_FOUND, "{id}: {answer}");
            assert!(answer.contains(&format!("<Key>{}</Key>", named("key").unwrap())), "{id}: {answer}");
        } else {
            assert_eq!(status, StatusCode::BAD_REQUEST, "{id}: {answer}");
            assert!(answer.contains(&format!("<Code>{refused}</Code>")), "{id}: {answer}");
        }
    }
    assert_eq!(seen, 11);
}

#[tokio::test]
async fn what_a_request_says_makes_no_second_header_and_no_element() {
    let bed = Bed::new().await;
    bed.client.send(&PutObject::new(BUCKET, "k", "x")).await.unwrap();
    bed.client.send(&PutObject::new(BUCKET, "a\r\nSet-Cookie: s=1/index.html", "x")).await.unwrap();
    let index = Website { index: Some(IndexDocument::new("index.html").in_folders()), ..Website::default() };
    bed.client.send(&PutBucketWebsite::new(BUCKET, index)).await.unwrap();

    // Into the answer's headers.
    for name in ["response-content-type", "response-content-disposition", "response-expires"] {
        let path = format!("/{BUCKET}/k?{name}=a%0D%0ASet-Cookie%3A%20s%3D1");
        let (status, answer) = bed.post(Method::GET, &path, b"").await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{name}: {answer}");
    }
    let kind = GetObject::new(BUCKET, "k").response_content_type("a\r\nSet-Cookie: s=1");
    assert!(bed.client.send(&kind).await.is_err());

    // Into the place that a browser is sent to.
    let (status, headers, _) = bed.get(&format!("/{BUCKET}/a%0D%0ASet-Cookie:%20s=1")).await;
    assert_eq!(status, StatusCode::FOUND);
    let location = headers["location"].to_str().unwrap();
    assert_eq!(location, format!("/{BUCKET}/a%0D%0ASet-Cookie%3A%20s%3D1/"));
    assert!(!headers.contains_key("set-cookie"));

    // Into the document of an error, and of a listing.
    let hostile = "x%3C%2FKey%3E%3CCode%3EOk%3C%2FCode%3E";
    for path in [format!("/{BUCKET}/{hostile}"), format!("/{BUCKET}/{hostile}?acl")] {
        let (status, _, answer) = bed.get(&path).await;
        assert!(status.is_client_error() || status.is_server_error(), "{path}: {answer}");
        assert!(!answer.contains("<Code>Ok</Code>"), "{path}: {answer}");
    }
    bed.client.send(&PutObject::new(BUCKET, "<Key>&</Key>\"'", "x")).await.unwrap();
    for path in [format!("/{BUCKET}/?list-type=2"), format!("/{BUCKET}/?prefix=%3C")] {
        let (status, answer) = bed.post(Method::GET, &path, b"").await;
        assert_eq!(status, StatusCode::OK);
        assert!(answer.contains("&lt;Key&gt;&amp;&lt;/Key&gt;"), "{path}: {answer}");
    }
    // Into the headers of a HEAD, where the document is.
    let head = bed.client.send(&HeadObject::new(BUCKET, "a\nb")).await.unwrap_err();
    assert!(head.is_not_found());
}
