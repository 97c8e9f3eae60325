//! Signatures against vectors of the official Go, Python v2 and oss2 clients and of the service's documents: step by step, and
//! as a whole request.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, time::Duration};

use campaign_client::{Body, Credentials, Endpoint, Place, Service, Signing, acs3::encode};
use campaign_oss::{
    Addressing, Oss, Resource,
    sign::{Scope, SigningKey, v1, v4},
};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use serde_json::Value;

/// Forms for browsers: the service has them, this crate does not yet.
const NOT_RUN: &[&str] = &["post-v1-basic", "post-v4-basic", "post-v4-sts-in"];

fn cases() -> Vec<Value> {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/oss-sign.json"));
    let file: Value = serde_json::from_str(text).unwrap();
    file["cases"].as_array().unwrap().clone()
}

fn family(names: &[&str]) -> Vec<Value> {
    let cases: Vec<_> = cases().into_iter().filter(|case| names.contains(&case["family"].as_str().unwrap())).collect();
    assert!(!cases.is_empty());
    cases
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    match value {
        Value::Array(pairs) => pairs.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        _ => Vec::new(),
    }
}

fn headers(pairs: &[(String, String)]) -> HeaderMap {
    let header = |(name, value): &(String, String)| {
        (name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
    };
    pairs.iter().map(header).collect()
}

fn now(case: &Value) -> DateTime<Utc> {
    DateTime::from_timestamp(case["unix"].as_i64().unwrap(), 0).unwrap()
}

fn credentials(case: &Value) -> Credentials {
    let given = &case["credentials"];
    let (id, secret) = (text(given, "access_key_id"), text(given, "access_key_secret"));
    match given["security_token"].as_str() {
        Some(token) => Credentials::temporary(id, secret, token, None),
        None => Credentials::new(id, secret),
    }
}

fn method(case: &Value) -> Method {
    text(case, "method").parse().unwrap()
}

fn resource(case: &Value) -> Resource {
    let name = |field: &str| case[field].as_str().map(str::to_owned);
    Resource { bucket: name("bucket"), key: name("key") }
}

/// The pairs as a client of this crate writes them.
fn query(pairs: &[(String, String)]) -> String {
    let pair = |(name, value): &(String, String)| match value.as_str() {
        "" => encode(name),
        value => format!("{}={}", encode(name), encode(value)),
    };
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

fn additional(case: &Value) -> Vec<String> {
    let names = case["additional_headers"].as_array().cloned().unwrap_or_default();
    names.iter().map(|name| name.as_str().unwrap().to_ascii_lowercase()).collect()
}

/// The service of a case, as a client would be set up.
fn service(case: &Value, version_1: bool) -> Oss {
    let endpoint = match text(case, "endpoint") {
        "" => "bucket.example.com",
        endpoint => endpoint,
    };
    let endpoint = Endpoint::insecure(&format!("https://{endpoint}")).unwrap();
    let oss = Oss::at(endpoint, case["region"].as_str().unwrap_or("cn-hangzhou")).unwrap();
    let oss = match text(case, "style") {
        "path" => oss.path_style(),
        "cname" => oss.cname(text(case, "bucket")).unwrap(),
        _ => oss,
    };
    let names = additional(case);
    let oss = oss.sign_headers(names.iter().map(String::as_str)).unwrap();
    if version_1 { oss.v1() } else { oss }
}

/// The request of a case, signed by the service.
fn signed(case: &Value, oss: &Oss, place: Place) -> http::Request<Body> {
    let url = text(&case["expect"], "url");
    let unsigned = match (place, url.split_once('?')) {
        (Place::Url { .. }, Some((path, _))) => {
            [path, "?", &query(&pairs(&case["query"]))].concat().trim_end_matches('?').to_owned()
        }
        _ => url.to_owned(),
    };
    let mut request = http::Request::new(Body::empty());
    *request.method_mut() = method(case);
    *request.uri_mut() = unsigned.parse().unwrap();
    *request.headers_mut() = headers(&pairs(&case["headers"]));
    let credentials = credentials(case);
    oss.sign(&mut request, &Signing { credentials: &credentials, now: now(case), nonce: "", place }).unwrap();
    request
}

/// The parameters of a URL, decoded, in any order.
fn parameters(uri: &Uri) -> BTreeMap<String, String> {
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let pairs = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(n, v)| (decode(n), decode(v))).collect()
}

/// Each step of V4 gives what the vector says.
fn check_v4_steps(case: &Value, query: &str, headers: &HeaderMap, date: &str) {
    let (id, expect) = (text(case, "id"), &case["expect"]);
    let names = additional(case);
    let additional = v4::additional_headers(names.iter().map(String::as_str), headers);
    let (method, path) = (method(case), resource(case).canonical_path());
    let request = v4::Canonical { method: &method, bucket: None, path: &path, query, headers, additional: &additional };
    let canonical = v4::canonical_request(&request);
    assert_eq!(String::from_utf8(canonical.clone()).unwrap(), text(expect, "canonical_request"), "{id}");
    let scope = Scope { product: text(case, "product").to_owned(), ..Scope::new(now(case), text(case, "region")) };
    let to_sign = v4::string_to_sign(date, &scope.to_string(), &canonical);
    assert_eq!(to_sign, text(expect, "string_to_sign"), "{id}");
    let key = SigningKey::v4(credentials(case).secret(), &scope);
    assert_eq!(key.sign(to_sign.as_bytes()), text(expect, "signature"), "{id}");
}

#[test]
fn v4_headers_are_signed_as_the_official_clients_sign_them() {
    for case in family(&["v4-header"]) {
        let (id, expect) = (text(&case, "id"), &case["expect"]);
        let mut sent = headers(&pairs(&case["headers"]));
        sent.extend(headers(&pairs(&expect["request_headers"])));
        let uri: Uri = text(expect, "url").parse().unwrap();
        check_v4_steps(&case, uri.query().unwrap_or_default(), &sent, sent["x-oss-date"].to_str().unwrap());

        let request = signed(&case, &service(&case, false), Place::Header);
        for (name, value) in pairs(&expect["request_headers"]) {
            assert_eq!(request.headers()[&name].as_bytes(), value.as_bytes(), "{id}: {name}");
        }
        assert_eq!(request.headers()["authorization"], text(expect, "authorization"), "{id}");
        assert_eq!(request.uri(), &uri, "{id}: the URI is not rewritten");
    }
}

#[test]
fn published_v4_signatures_come_out() {
    for case in family(&["v4-known-header"]) {
        let at = now(&case).format("%Y%m%dT%H%M%SZ").to_string();
        let mut sent = headers(&pairs(&case["headers"]));
        sent.insert("x-oss-date", at.parse().unwrap());
        if let Some(token) = credentials(&case).token() {
            sent.insert("x-oss-security-token", token.parse().unwrap());
        }
        check_v4_steps(&case, &query(&pairs(&case["query"])), &sent, &at);
    }
}

#[test]
fn v4_urls_are_signed_as_the_official_clients_sign_them() {
    for case in family(&["v4-presign"]) {
        let (id, expect) = (text(&case, "id"), &case["expect"]);
        let expires = Duration::from_secs(case["expires_seconds"].as_u64().unwrap());
        let request = signed(&case, &service(&case, false), Place::Url { expires });
        let expected: Uri = text(expect, "url").parse().unwrap();
        assert_eq!(parameters(request.uri()), parameters(&expected), "{id}");
        assert_eq!((request.uri().authority(), request.uri().path()), (expected.authority(), expected.path()), "{id}");

        let query = expected.query().unwrap().split_once("&x-oss-signature=").unwrap().0;
        let date = &parameters(&expected)["x-oss-date"];
        check_v4_steps(&case, query, &headers(&pairs(&case["headers"])), date);
    }
    for case in family(&["v4-known-presign"]) {
        let at = now(&case).format("%Y%m%dT%H%M%SZ").to_string();
        let mut all = pairs(&case["query"]);
        let scope = Scope::new(now(&case), text(&case, "region"));
        for (name, value) in [
            ("x-oss-signature-version", "OSS4-HMAC-SHA256".to_owned()),
            ("x-oss-date", at.clone()),
            ("x-oss-expires", case["expires_seconds"].to_string()),
            ("x-oss-credential", format!("{}/{scope}", credentials(&case).access_key_id())),
        ] {
            all.push((name.to_owned(), value));
        }
        check_v4_steps(&case, &query(&all), &headers(&pairs(&case["headers"])), &at);
    }
}

#[test]
fn v1_headers_are_signed_as_the_official_clients_sign_them() {
    for case in family(&["v1-header"]) {
        let (id, expect) = (text(&case, "id"), &case["expect"]);
        let sent = headers(&pairs(&expect["request_headers"]));
        let uri: Uri = text(expect, "url").parse().unwrap();
        let date = sent["date"].to_str().unwrap();
        let path = resource(&case).canonical_path();
        let to_sign = v1::string_to_sign(&method(&case), date, &sent, None, &path, uri.query().unwrap_or_default());
        assert_eq!(String::from_utf8(to_sign.clone()).unwrap(), text(expect, "string_to_sign"), "{id}");
        assert_eq!(SigningKey::v1(credentials(&case).secret()).sign(&to_sign), text(expect, "signature"), "{id}");

        let request = signed(&case, &service(&case, true), Place::Header);
        assert_eq!(request.headers()["authorization"], text(expect, "authorization"), "{id}");
        assert_eq!(request.headers()["date"].to_str().unwrap(), date, "{id}");
    }
}

#[test]
fn published_v1_signatures_come_out() {
    for case in family(&["v1-known"]) {
        let (id, expect) = (text(&case, "id"), &case["expect"]);
        let (sent, path) = (headers(&pairs(&case["headers"])), resource(&case).canonical_path());
        let query = query(&pairs(&case["query"]));
        let to_sign = v1::string_to_sign(&method(&case), text(&case, "date_field"), &sent, None, &path, &query);
        assert_eq!(String::from_utf8(to_sign.clone()).unwrap(), text(expect, "string_to_sign"), "{id}");
        assert_eq!(SigningKey::v1(credentials(&case).secret()).sign(&to_sign), text(expect, "signature"), "{id}");
    }
}

#[test]
fn v1_urls_are_signed_as_the_official_clients_sign_them() {
    for case in family(&["v1-presign"]) {
        let (id, expect) = (text(&case, "id"), &case["expect"]);
        let expires = Duration::from_secs(case["expires_seconds"].as_u64().unwrap());
        let request = signed(&case, &service(&case, true), Place::Url { expires });
        let expected: Uri = text(expect, "url").parse().unwrap();
        assert_eq!(parameters(request.uri()), parameters(&expected), "{id}");
        assert_eq!((request.uri().authority(), request.uri().path()), (expected.authority(), expected.path()), "{id}");
    }
}

/// Any request of the official client, whether this crate has the operation or not, gets the signature it got there.
#[test]
fn requests_of_the_official_client_get_its_signature() {
    for case in family(&["v4-client-request"]) {
        let (id, expect) = (text(&case, "id"), &case["expect"]);
        let uri: Uri = text(expect, "url").parse().unwrap();
        let (config, host) = (&case["config"], uri.authority().unwrap().as_str());
        let scheme = uri.scheme_str().unwrap();
        let at = |host: &str| {
            Oss::at(Endpoint::insecure(&format!("{scheme}://{host}")).unwrap(), text(&case, "region")).unwrap()
        };
        let oss = if config["use_cname"] == true {
            at(host).cname("campaign-site").unwrap()
        } else if config["use_path_style"] == true {
            at(host)
        } else {
            at(host.strip_prefix("campaign-site.").unwrap())
        };
        let mut request = http::Request::new(Body::empty());
        *request.method_mut() = method(&case);
        *request.headers_mut() = headers(&pairs(&expect["headers"]));
        *request.uri_mut() = uri;
        let signing = Signing { credentials: &credentials(&case), now: now(&case), nonce: "", place: Place::Header };
        oss.sign(&mut request, &signing).unwrap();
        assert_eq!(request.headers(), &headers(&pairs(&expect["headers"])), "{id}");
        assert_eq!(matches!(oss.addressing(), Addressing::Path), config["use_path_style"] == true, "{id}");
    }
}

#[test]
fn every_case_is_run_or_named() {
    let run = [
        "v4-header",
        "v4-known-header",
        "v4-presign",
        "v4-known-presign",
        "v1-header",
        "v1-known",
        "v1-presign",
        "v4-client-request",
    ];
    let mut left: Vec<String> = cases()
        .iter()
        .filter(|case| !run.contains(&text(case, "family")))
        .map(|case| text(case, "id").to_owned())
        .collect();
    left.sort();
    assert_eq!(left, NOT_RUN);
}
