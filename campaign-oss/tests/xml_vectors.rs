//! Answers and requests of the official client: what it reads, this crate reads; what it sends, this crate sends.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use campaign_client::{Body, Credentials, Endpoint, Error, Operation, Place, Service, Signing, Verdict};
use campaign_oss::{
    BucketAcl, ByteRange, Code, DeleteMultipleObjects, ETag, Element, ErrorDocument, GetBucketAcl, GetBucketInfo,
    GetBucketWebsite, GetObject, HeadObject, IndexDocument, ListBuckets, ListObjectsV2, ObjectAcl, ObjectIdentifier,
    Oss, PutBucketWebsite, PutObject, Website,
};
use chrono::DateTime;
use http::response;
use serde_json::{Value, json};

/// Answers to calls that this crate does not have yet.
const NOT_RUN: &[(&str, &str)] = &[
    ("bucket-location", "GetBucketLocation: GetBucketInfo tells it"),
    ("complete-multipart", "multipart uploads come later"),
    ("copy-object", "CopyObject comes later"),
    ("cors", "cross-origin rules come later"),
    ("initiate-multipart", "multipart uploads come later"),
    ("list-parts", "multipart uploads come later"),
    ("list-uploads", "multipart uploads come later"),
    ("list-v1-page", "ListObjects: superseded by ListObjectsV2"),
    ("object-acl", "GetObjectAcl comes later"),
    ("object-tagging", "GetObjectTagging comes later"),
    ("upload-part-copy", "multipart uploads come later"),
];

fn file(name: &str) -> Value {
    let text = match name {
        "xml" => include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/oss-xml.json")),
        _ => include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/oss-sign.json")),
    };
    serde_json::from_str(text).unwrap()
}

fn case(file_name: &str, id: &str) -> Value {
    let file = file(file_name);
    let cases = file["cases"].as_array().unwrap();
    cases.iter().find(|case| case["id"] == id).unwrap_or_else(|| panic!("no case {id}")).clone()
}

fn oss() -> Oss {
    Oss::new("https://oss-cn-hangzhou.aliyuncs.com", "cn-hangzhou").unwrap()
}

fn answer(case: &Value) -> (response::Parts, bytes::Bytes) {
    let mut response = http::Response::builder().status(u16::try_from(case["status"].as_u64().unwrap()).unwrap());
    for (name, value) in case["headers"].as_object().unwrap() {
        response = response.header(name, value.as_str().unwrap());
    }
    let (parts, body) = response.body(case["body"].as_str().unwrap().to_owned()).unwrap().into_parts();
    (parts, body.into())
}

/// What `operation` reads from the answer, and what the official client read.
fn read<O: Operation>(id: &str, operation: &O) -> (O::Output, Value) {
    let case = case("xml", id);
    assert_eq!(case["operation"], O::NAME);
    let (parts, body) = answer(&case);
    (operation.response(&parts, body).unwrap(), case["official_client_reads"].clone())
}

fn time(at: chrono::DateTime<chrono::Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// The same value without the fields that are null.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            map.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k, without_nulls(v))).collect()
        }
        Value::Array(values) => values.into_iter().map(without_nulls).collect(),
        value => value,
    }
}

#[test]
fn pages_of_objects_are_read() {
    let list = ListObjectsV2::new("campaign-site");
    for (id, list) in [
        ("list-v2-full", list.clone().prefix("assets/").delimiter("/").max_keys(2)),
        ("list-v2-empty", list.clone()),
        ("list-v2-archive", list),
    ] {
        let (page, official) = read(id, &list);
        let contents: Vec<Value> = page
            .contents
            .iter()
            .map(|object| {
                json!({
                    "key": object.key,
                    "object_type": object.object_type,
                    "size": object.size,
                    "etag": object.etag.to_string(),
                    "last_modified": time(object.last_modified),
                    "storage_class": object.storage_class.as_ref().map(ToString::to_string),
                    "owner": object.owner.as_ref().map(|o| json!({"id": o.id, "display_name": o.display_name})),
                    "restore_info": object.restore_info,
                    "transition_time": object.transition_time.map(time),
                })
            })
            .collect();
        let none = json!([]);
        assert_eq!(without_nulls(json!(contents)), *official.get("contents").unwrap_or(&none), "{id}");
        let prefixes: Vec<Value> = page.common_prefixes.iter().map(|prefix| json!({ "prefix": prefix })).collect();
        assert_eq!(json!(prefixes), *official.get("common_prefixes").unwrap_or(&none), "{id}");
        assert_eq!(page.next_continuation_token.as_deref(), official["next_continuation_token"].as_str(), "{id}");
        assert_eq!(page.next_continuation_token.is_some(), official["is_truncated"] == true, "{id}");
    }
}

#[test]
fn buckets_are_read() {
    let (page, official) = read("list-buckets", &ListBuckets::new().prefix("c"));
    let buckets: Vec<Value> = page
        .buckets
        .iter()
        .map(|bucket| {
            json!({
                "name": bucket.name,
                "location": bucket.location,
                "creation_date": time(bucket.creation_date),
                "storage_class": bucket.storage_class.as_ref().map(ToString::to_string),
                "extranet_endpoint": bucket.extranet_endpoint,
                "intranet_endpoint": bucket.intranet_endpoint,
                "region": bucket.region,
            })
        })
        .collect();
    assert_eq!(json!(buckets), official["buckets"]);
    assert_eq!(page.owner.unwrap().id, official["owner"]["id"]);
    assert_eq!(page.next_marker, None);

    let (info, official) = read("bucket-info", &GetBucketInfo::new("campaign-site"));
    // The rest belongs to calls that this crate does not have: monitoring, acceleration, replication, encryption, logging.
    let ours = json!({
        "name": info.name,
        "location": info.location,
        "creation_date": time(info.creation_date),
        "extranet_endpoint": info.extranet_endpoint,
        "intranet_endpoint": info.intranet_endpoint,
        "acl": info.acl.as_str(),
        "data_redundancy_type": info.data_redundancy_type,
        "owner": {"id": info.owner.id, "display_name": info.owner.display_name},
        "storage_class": info.storage_class.map(|class| class.to_string()),
        "versioning": info.versioning,
        "block_public_access": info.block_public_access,
    });
    for (name, value) in ours.as_object().unwrap() {
        assert_eq!(*value, official["bucket_info"][name], "{name}");
    }

    let (access, official) = read("bucket-acl", &GetBucketAcl::new("campaign-site"));
    assert_eq!(access.acl, BucketAcl::PublicRead);
    assert_eq!((json!(access.owner.id), json!(access.owner.display_name)), {
        (official["owner"]["id"].clone(), official["owner"]["display_name"].clone())
    });
}

#[test]
fn removals_are_read() {
    let call = DeleteMultipleObjects::new("campaign-site", ["multipart.data", "中 &.jpg"]);
    let (deleted, official) = read("delete-result-verbose", &call);
    let deleted: Vec<Value> = deleted
        .iter()
        .map(|object| {
            json!({
                "key": object.key,
                "delete_marker": object.delete_marker.then_some(true),
                "delete_marker_version_id": object.delete_marker_version_id,
            })
        })
        .collect();
    assert_eq!(without_nulls(json!(deleted)), official["deleted_objects"]);
    let (deleted, _) = read("delete-result-quiet-empty", &call.quiet());
    assert!(deleted.is_empty());
}

#[test]
fn a_website_is_read_with_its_routing_rules() {
    let (website, official) = read("website", &GetBucketWebsite::new("campaign-site"));
    let official = &official["website_configuration"];
    let index = IndexDocument { sub_dir_type: Some(0), ..IndexDocument::new("index.html").in_folders() };
    assert_eq!(website.index, Some(index));
    assert_eq!(official["index_document"], json!({"suffix": "index.html", "support_sub_dir": true, "type": 0}));
    assert_eq!(website.error, Some(ErrorDocument { http_status: Some(404), ..ErrorDocument::new("error.html") }));
    let rule = website.rules[0].child("RoutingRule").unwrap();
    let value = |path: &[&str]| path.iter().fold(rule, |at, name| at.child(name).unwrap()).text.clone();
    let official = &official["routing_rules"]["routing_rules"][0];
    assert_eq!(value(&["Condition", "KeyPrefixEquals"]), official["condition"]["key_prefix_equals"]);
    assert_eq!(value(&["Redirect", "MirrorURL"]), official["redirect"]["mirror_url"]);
    assert_eq!(value(&["Redirect", "MirrorHeaders", "Set", "Value"]), "v");
}

#[test]
fn errors_are_read_as_the_official_client_reads_them() {
    for id in ["error-nosuchkey", "error-signature", "error-head-x-oss-err", "error-skew"] {
        let case = case("xml", id);
        let (parts, body) = answer(&case);
        let (error, official) = (oss().read_error(&parts, &body), &case["official_client_reads"]);
        assert_eq!((json!(error.code), json!(error.message)), (official["code"].clone(), official["message"].clone()));
        assert_eq!(json!(error.status.as_u16()), official["status_code"]);
        assert!(error.request_id.is_some());
        let code = Code::of(&Error::from_service(error)).unwrap();
        assert!(code != Code::Other && code.as_str() == official["code"]);
    }
    let (parts, body) = answer(&case("xml", "error-skew"));
    let skew = oss().read_error(&parts, &body);
    assert_eq!((skew.verdict, skew.server_time), (Verdict::Skewed, Some("2024-05-06T07:08:09Z".parse().unwrap())));
    // The official client invents a code for what is no error message; here there is none.
    let (parts, body) = answer(&case("xml", "error-html-from-proxy"));
    let proxy = oss().read_error(&parts, &body);
    assert_eq!((proxy.code.as_str(), proxy.verdict), ("", Verdict::AMBIGUOUS));
    assert_eq!(proxy.request_id.as_deref(), Some("534B371674E88A4D8906****"));
}

#[test]
fn every_answer_is_run_or_named() {
    let run = [
        "ListObjectsV2",
        "ListBuckets",
        "DeleteMultipleObjects",
        "GetBucketInfo",
        "GetBucketAcl",
        "GetBucketWebsite",
        "GetObject",
        "HeadObject",
        "PutObject",
    ];
    let file = file("xml");
    let cases = file["cases"].as_array().unwrap().iter();
    let mut left: Vec<_> = cases
        .filter(|case| !run.contains(&case["operation"].as_str().unwrap()))
        .map(|case| case["id"].as_str().unwrap())
        .collect();
    left.sort_unstable();
    let named: Vec<_> = NOT_RUN.iter().map(|(id, _)| *id).collect();
    assert_eq!(left, named);
}

/// The request of `operation` as the client sends it.
fn sent<O: Operation<Service = Oss>>(oss: &Oss, operation: &O) -> http::Request<Body> {
    let mut request = operation.request(oss).unwrap();
    let credentials = Credentials::new("testAccessKeyId", "testAccessKeySecret");
    let now = DateTime::from_timestamp(1_714_979_289, 0).unwrap();
    oss.sign(&mut request, &Signing { credentials: &credentials, now, nonce: "", place: Place::Header }).unwrap();
    request
}

/// The official client's request. Its order of parameters is free, and `?acl` is `?acl=`.
fn parameters(url: &str) -> (String, Vec<String>) {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let mut all: Vec<String> = query.split('&').map(|pair| pair.trim_end_matches('=').to_owned()).collect();
    all.sort();
    (path.to_owned(), all)
}

#[test]
fn requests_are_those_of_the_official_client() {
    let put = PutObject::new("campaign-site", "报名/a b+c.html", "<p>hi</p>")
        .content_type("text/html")
        .cache_control("max-age=60")
        .metadata("build", "7")
        .tag("k1", "v1")
        .tag("k2", "v2")
        .acl(ObjectAcl::PublicRead)
        .forbid_overwrite();
    let get = GetObject::new("campaign-site", "v.mp4").range(ByteRange::Between(0, 9)).if_match(ETag::new("E"));
    let mut delete = DeleteMultipleObjects::new("campaign-site", ["a&<b>.txt"]).quiet();
    delete.objects.push(ObjectIdentifier { key: "中".to_owned(), version_id: Some("v1".to_owned()) });
    let custom = Oss::at(Endpoint::new("https://static.example.com").unwrap(), "cn-hangzhou").unwrap();
    let custom = custom.cname("campaign-site").unwrap();
    let head = HeadObject::new("campaign-site", "a/b");
    for (id, request) in [
        ("cl-put-object", sent(&oss(), &put)),
        ("cl-get-range", sent(&oss(), &get)),
        ("cl-delete-multiple", sent(&oss(), &delete)),
        ("cl-cname", sent(&custom, &head)),
    ] {
        let case = case("sign", id);
        let expect = &case["expect"];
        assert_eq!(parameters(&request.uri().to_string()), parameters(expect["url"].as_str().unwrap()), "{id}");
        assert_eq!(request.body().bytes().unwrap(), expect["body"].as_str().unwrap(), "{id}");
        let headers = expect["headers"].as_object().unwrap();
        for (name, value) in headers {
            assert_eq!(request.headers()[name].as_bytes(), value.as_str().unwrap().as_bytes(), "{id}: {name}");
        }
        assert_eq!(request.headers().len(), headers.len(), "{id}: no other headers");
    }
}

#[test]
fn requests_that_the_official_client_adorns_are_the_same_otherwise() {
    // It sends an empty body's digest and a type with each read of XML; nothing asks for them.
    let list = ListObjectsV2::new("campaign-site").prefix("a b/").delimiter("/").start_after("a b/k").max_keys(50);
    let path = Oss::new("http://127.0.0.1:9000", "cn-hangzhou").unwrap();
    let internal = Oss::new("https://oss-cn-hangzhou-internal.aliyuncs.com", "cn-hangzhou").unwrap();
    for (id, request) in [
        ("cl-list-v2", sent(&oss(), &list.fetch_owner())),
        ("cl-path-style-sts", sent(&path, &GetBucketInfo::new("campaign-site"))),
        ("cl-internal", sent(&internal, &GetBucketAcl::new("campaign-site"))),
    ] {
        let case = case("sign", id);
        assert_eq!(parameters(&request.uri().to_string()), parameters(case["expect"]["url"].as_str().unwrap()), "{id}");
    }

    let rule = |name: &str, children: Vec<Element>| Element { children, ..Element::new(name, "") };
    let website = Website {
        index: Some(IndexDocument::new("index.html").in_folders()),
        error: Some(ErrorDocument { http_status: Some(404), ..ErrorDocument::new("404.html") }),
        rules: vec![rule(
            "RoutingRules",
            vec![rule(
                "RoutingRule",
                vec![
                    Element::new("RuleNumber", "1"),
                    rule(
                        "Condition",
                        vec![
                            Element::new("HttpErrorCodeReturnedEquals", "404"),
                            Element::new("KeyPrefixEquals", "old/"),
                        ],
                    ),
                    rule(
                        "Redirect",
                        vec![
                            Element::new("HttpRedirectCode", "301"),
                            Element::new("Protocol", "https"),
                            Element::new("ReplaceKeyPrefixWith", "new/"),
                            Element::new("RedirectType", "External"),
                            Element::new("HostName", "www.example.com"),
                        ],
                    ),
                ],
            )],
        )],
    };
    let request = sent(&oss(), &PutBucketWebsite::new("campaign-site", website));
    let case = case("sign", "cl-put-website");
    assert_eq!(request.body().bytes().unwrap(), case["expect"]["body"].as_str().unwrap());
    assert_eq!(request.headers()["authorization"], case["expect"]["headers"]["authorization"].as_str().unwrap());
}
