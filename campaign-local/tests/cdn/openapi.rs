//! Who may call, and what is answered otherwise.

use campaign_cdn::{Cdn, Code, DescribeRefreshQuota, RefreshObjectCaches};
use campaign_client::{Operation, Place, Service, Signing, TransportErrorKind};
use campaign_local::fault::{Fault, FaultSettings, Hop, Moment, Scripted};
use chrono::Utc;
use http::HeaderValue;
use serde_json::Value;
use tower::ServiceExt;

use super::*;

/// A request as it goes over the wire.
fn signed(
    call: &impl Operation<Service = Cdn>,
    credentials: &Credentials,
    second: i64,
    nonce: &str,
) -> http::Request<campaign_client::Body> {
    let service = Cdn::new("http://127.0.0.1:1").unwrap();
    let mut request = call.request(&service).unwrap();
    let now = DateTime::<Utc>::from_timestamp(START + second, 0).unwrap();
    service.sign(&mut request, &Signing { credentials, now, nonce, place: Place::Header }).unwrap();
    request
}

/// Status, code and the whole body.
async fn send(bed: &Bed, request: http::Request<campaign_client::Body>) -> (u16, String, Value) {
    let (parts, body) = request.into_parts();
    let body = Body::from(body.bytes().unwrap().clone());
    let answer = read(bed.openapi.router().oneshot(http::Request::from_parts(parts, body)).await.unwrap()).await;
    assert_eq!(answer.header("date"), "Wed, 11 Nov 2026 00:00:00 GMT");
    let json: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(json["RequestId"], answer.header("x-acs-request-id"));
    (answer.status, json["Code"].as_str().unwrap_or_default().to_owned(), json)
}

#[tokio::test]
async fn each_way_to_be_no_caller_is_refused_in_the_services_words() {
    let bed = bed();
    let call = RefreshObjectCaches::files(["http://127.0.0.1:8091/"]);
    let with = |name: &'static str, value: &'static str| {
        let mut request = signed(&call, &credentials(), 0, "nonce-0001");
        request.headers_mut().insert(name, HeaderValue::from_static(value));
        request
    };
    let without = |name: &str| {
        let mut request = signed(&call, &credentials(), 0, "nonce-0001");
        request.headers_mut().remove(name);
        request
    };
    let other_body = {
        let mut request = signed(&call, &credentials(), 0, "nonce-0001");
        *request.body_mut() = "ObjectPath=http%3A%2F%2F127.0.0.1%2Fx".to_owned().into();
        request
    };
    let other_query = {
        let mut request = signed(&DescribeRefreshQuota, &credentials(), 0, "nonce-0001");
        *request.uri_mut() = "http://127.0.0.1:1/?Force=true".parse().unwrap();
        request
    };
    let token = Credentials::temporary("key", "secret", "token", None);
    for (request, status, code) in [
        (with("x-acs-action", "PushObjectCache"), 404, "InvalidAction.NotFound"),
        (with("x-acs-version", "2014-11-11"), 400, "InvalidVersion"),
        (without("authorization"), 400, "IncompleteSignature"),
        (with("authorization", "acs key:signature"), 400, "IncompleteSignature"),
        (with("x-acs-extra", "unsigned"), 400, "IncompleteSignature"),
        (without("x-acs-signature-nonce"), 400, "IncompleteSignature"),
        (with("x-acs-signature-nonce", "nonce-0002"), 400, "SignatureDoesNotMatch"),
        (with("x-acs-date", "yesterday"), 400, "InvalidTimeStamp.Format"),
        (signed(&call, &credentials(), 901, "nonce-0001"), 400, "InvalidTimeStamp.Expired"),
        (signed(&call, &credentials(), -901, "nonce-0001"), 400, "InvalidTimeStamp.Expired"),
        (other_body, 400, "SignatureDoesNotMatch"),
        (other_query, 400, "SignatureDoesNotMatch"),
        (signed(&call, &Credentials::new("key", "other"), 0, "nonce-0001"), 400, "SignatureDoesNotMatch"),
        (signed(&call, &Credentials::new("nobody", "secret"), 0, "nonce-0001"), 404, "InvalidAccessKeyId.NotFound"),
        (signed(&call, &token, 0, "nonce-0001"), 400, "InvalidSecurityToken.MismatchWithAccessKey"),
        (signed(&call, &credentials(), 0, "short"), 400, "IncompleteSignature"),
    ] {
        let (got, text, body) = send(&bed, request).await;
        assert_eq!((got, text.as_str()), (status, code), "{body}");
        assert_eq!(body["HostId"], "cdn.aliyuncs.com");
        assert!(body["Message"].is_string() && body["Recommend"].is_string());
        assert!(!body.to_string().contains("secret"));
    }
    assert_eq!(
        send(&bed, signed(&call, &credentials(), 899, "nonce-0001")).await.0,
        200,
        "no refused request uses a nonce up"
    );
    let (status, code, _) = send(&bed, signed(&call, &credentials(), 899, "nonce-0001")).await;
    assert_eq!((status, code.as_str()), (400, "SignatureNonceUsed"));
    assert_eq!(bed.client.send(&DescribeRefreshQuota).await.unwrap().url.remain, 1999);
}

#[tokio::test]
async fn what_no_parameter_can_be_is_refused() {
    let bed = bed();
    let raw = |body: &str, nonce: &str| {
        let service = Cdn::new("http://127.0.0.1:1").unwrap();
        let mut request = RefreshObjectCaches::files(["http://h/"]).request(&service).unwrap();
        *request.body_mut() = body.to_owned().into();
        let credentials = credentials();
        let now = DateTime::from_timestamp(START, 0).unwrap();
        service.sign(&mut request, &Signing { credentials: &credentials, now, nonce, place: Place::Header }).unwrap();
        request
    };
    let many = format!("ObjectPath={}", "http://127.0.0.1/%0A".repeat(1001));
    for (n, (body, code)) in [
        ("ObjectType=File", "MissingObjectPath"),
        ("ObjectPath=&ObjectType=File", "MissingObjectPath"),
        ("ObjectPath=http://127.0.0.1/&ObjectType=Regex; drop", "InvalidObjectType.Malformed"),
        ("ObjectPath=127.0.0.1/", "InvalidObjectPath.Malformed"),
        ("ObjectPath=http://127.0.0.1/a&ObjectType=Directory", "InvalidObjectPath.Malformed"),
        ("ObjectPath=http://127.0.0.1/&ObjectPath=http://127.0.0.1/", "InvalidParameter"),
        (many.as_str(), "InvalidObjectPath.Size.Malformed"),
    ]
    .into_iter()
    .enumerate()
    {
        let (status, text, answer) = send(&bed, raw(body, &format!("nonce-{n:04}"))).await;
        assert_eq!((status, text.as_str()), (400, code), "{answer}");
    }
    let both = "ObjectPath=http%3A%2F%2F127.0.0.1%2F%0D%0Ahttp%3A%2F%2F127.0.0.1%2Fb&ObjectType=file&Force=True";
    assert_eq!(send(&bed, raw(both, "nonce-9999")).await.1, "InvalidObjectPath.Malformed", "Force is not for files");
    let both = both.replace("&Force=True", "");
    assert_eq!(send(&bed, raw(&both, "nonce-9998")).await.0, 200, "both kinds of line ends");
}

#[tokio::test]
async fn it_hurts_as_it_is_told_and_a_lost_answer_was_done() {
    let bed = bed();
    let call = RefreshObjectCaches::files(["http://127.0.0.1:8091/"]);
    let faults = [
        (Fault::Cut(Moment::BeforeHandling), 2000),
        (Fault::Cut(Moment::BeforeCommit), 2000),
        (Fault::Busy { retry_after: 1 }, 2000),
        (Fault::Cut(Moment::AfterCommit), 1999),
    ];
    for (fault, remain) in faults {
        let script =
            vec![Scripted { hop: Hop::Openapi, operation: Some("RefreshObjectCaches".to_owned()), key: None, fault }];
        bed.faults.set(FaultSettings { plan: None, script }).unwrap();
        let error = bed.client.send(&call).await.unwrap_err();
        let lost = std::error::Error::source(&error)
            .and_then(|source| source.downcast_ref::<campaign_client::TransportError>())
            .is_some_and(|error| error.kind() == TransportErrorKind::Lost);
        match fault {
            Fault::Busy { .. } => assert_eq!(Code::of(&error), Some(Code::ServiceUnavailable)),
            _ => assert!(lost && error.outcome_unknown(), "{error:?}"),
        }
        assert!(bed.faults.settings().script.is_empty());
        assert_eq!(bed.client.send(&DescribeRefreshQuota).await.unwrap().url.remain, remain);
    }
}
