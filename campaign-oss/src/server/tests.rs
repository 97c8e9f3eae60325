//! What a client signs is admitted, and what was changed since is not.

use std::time::Duration;

use campaign_client::{Body, Credentials, Operation, Place, Service, Signing};
use chrono::{DateTime, TimeDelta, Utc};
use http::request::Parts;

use super::*;
use crate::{Code, GetObject, Oss, PutObject, Resource};

const REGION: &str = "cn-hangzhou";

fn now() -> DateTime<Utc> {
    "2024-05-06T07:08:09Z".parse().unwrap()
}

fn credentials() -> Credentials {
    Credentials::temporary("AK", "secret", "token/+==", None)
}

fn oss() -> Oss {
    Oss::new("http://127.0.0.1:9000", REGION).unwrap()
}

fn resource(request: &Parts) -> Resource {
    resource_at(None, request.uri.path()).unwrap()
}

fn signed(oss: &Oss, place: Place) -> Parts {
    let put = PutObject::new("campaign-site", "活动/a+b c", "x").content_type("text/html").metadata("a", "张三");
    let mut request = put.request(oss).unwrap();
    oss.sign(&mut request, &Signing { credentials: &credentials(), now: now(), nonce: "", place }).unwrap();
    request.into_parts().0
}

fn asked(request: &Parts, at: DateTime<Utc>, known: Known) -> Result<Caller, Refusal> {
    admit(&resource(request), request, Some(REGION), at, |_| known)
}

fn code(request: &Parts, at: DateTime<Utc>) -> Code {
    asked(request, at, Known::Key(credentials())).unwrap_err().code
}

fn places() -> [Place; 2] {
    [Place::Header, Place::Url { expires: Duration::from_secs(60) }]
}

#[test]
fn what_the_client_signs_is_admitted() {
    for oss in [oss(), oss().v1(), oss().sign_headers(["host", "cache-control"]).unwrap()] {
        for place in places() {
            let mut request = signed(&oss, place);
            request.headers.insert("host", "127.0.0.1:9000".parse().unwrap());
            let caller = asked(&request, now(), Known::Key(credentials()));
            assert_eq!(caller.unwrap(), Caller::Signed { access_key_id: "AK".to_owned() });
        }
    }
}

#[test]
fn a_request_without_a_signature_is_anonymous() {
    let (parts, _) = GetObject::new("campaign-site", "k").request(&oss()).unwrap().into_parts();
    assert_eq!(asked(&parts, now(), Known::No).unwrap(), Caller::Anonymous);
}

#[test]
fn a_path_may_be_encoded_otherwise() {
    for oss in [oss(), oss().v1()] {
        let mut request = signed(&oss, Place::Header);
        let uri = request.uri.to_string().replace("%2Bb%20c", "+b%20%63").replace("/a", "%2Fa");
        assert_ne!(request.uri.to_string(), uri);
        request.uri = uri.parse().unwrap();
        assert!(asked(&request, now(), Known::Key(credentials())).is_ok());
    }
}

#[test]
fn fields_of_the_authorization_come_in_any_order() {
    let mut request = signed(&oss(), Place::Header);
    let text = request.headers["authorization"].to_str().unwrap().to_owned();
    let (credential, signature) = text.split_once(',').unwrap();
    let credential = credential.strip_prefix("OSS4-HMAC-SHA256 ").unwrap();
    let turned = format!("OSS4-HMAC-SHA256 {signature} , {credential}, AdditionalHeaders=");
    request.headers.insert("authorization", turned.parse().unwrap());
    assert!(asked(&request, now(), Known::Key(credentials())).is_ok());
}

#[test]
fn a_change_of_what_is_signed_breaks_the_signature() {
    for oss in [oss(), oss().v1()] {
        for place in places() {
            let request = signed(&oss, place);
            let mut method = request.clone();
            method.method = http::Method::DELETE;
            let mut kind = request.clone();
            kind.headers.insert("content-type", "text/plain".parse().unwrap());
            let mut meta = request.clone();
            meta.headers.insert("x-oss-meta-b", "1".parse().unwrap());
            let mut sub = request.clone();
            let joined = if request.uri.query().is_some() { "&acl" } else { "?acl" };
            sub.uri = format!("{}{joined}", request.uri).parse().unwrap();
            let mut path = request.clone();
            path.uri = request.uri.to_string().replace("/a", "/b").parse().unwrap();
            for (what, changed) in [("method", method), ("kind", kind), ("meta", meta), ("sub", sub), ("path", path)] {
                assert_eq!(code(&changed, now()), Code::SignatureDoesNotMatch, "{what} {place:?}");
            }
            let other = Credentials::temporary("AK", "other", "token/+==", None);
            let refusal = asked(&request, now(), Known::Key(other)).unwrap_err();
            assert_eq!(refusal.code, Code::SignatureDoesNotMatch);
            assert!(refusal.details.iter().any(|(name, text)| *name == "StringToSign" && !text.contains("other")));
        }
    }
}

#[test]
fn keys_and_tokens_must_be_known_and_in_force() {
    for oss in [oss(), oss().v1()] {
        for place in places() {
            let request = signed(&oss, place);
            let refused = |known| asked(&request, now(), known).unwrap_err().code;
            assert_eq!(refused(Known::No), Code::InvalidAccessKeyId);
            assert_eq!(refused(Known::Disabled), Code::InvalidAccessKeyId);
            assert_eq!(refused(Known::Key(Credentials::new("AK", "secret"))), Code::InvalidSecurityToken);
            let other = Credentials::temporary("AK", "secret", "other", None);
            assert_eq!(refused(Known::Key(other)), Code::InvalidSecurityToken);
            let ended = Credentials::temporary("AK", "secret", "token/+==", Some(now()));
            assert_eq!(refused(Known::Key(ended)), Code::SecurityTokenExpired);
        }
    }
}

#[test]
fn a_date_is_good_for_a_quarter_of_an_hour_and_a_url_until_it_ends() {
    let (minutes, second) = (TimeDelta::minutes(15), TimeDelta::seconds(1));
    for oss in [oss(), oss().v1()] {
        let request = signed(&oss, Place::Header);
        for edge in [now() - minutes, now() + minutes] {
            assert!(asked(&request, edge, Known::Key(credentials())).is_ok());
        }
        assert_eq!(code(&request, now() + minutes + second), Code::RequestTimeTooSkewed);
        assert_eq!(code(&request, now() - minutes - second), Code::RequestTimeTooSkewed);

        let request = signed(&oss, places()[1]);
        assert!(asked(&request, now() + TimeDelta::seconds(60), Known::Key(credentials())).is_ok());
        assert_eq!(code(&request, now() + TimeDelta::seconds(61)), Code::AccessDenied);
    }
    assert_eq!(code(&signed(&oss(), places()[1]), now() - minutes - second), Code::RequestTimeTooSkewed);
}

#[test]
fn another_scope_is_refused() {
    let elsewhere = Oss::new("http://127.0.0.1:9000", "cn-shanghai").unwrap();
    assert_eq!(code(&signed(&elsewhere, Place::Header), now()), Code::InvalidArgument);
    let mut request = signed(&oss(), Place::Header);
    for (from, to) in
        [("20240506", "20240505"), ("/oss/", "/ecs/"), ("Credential=", "Credentials="), (",Signature", ",S")]
    {
        let text = request.headers["authorization"].to_str().unwrap().replace(from, to);
        let before = request.headers.insert("authorization", text.parse().unwrap()).unwrap();
        assert_eq!(code(&request, now()), Code::InvalidArgument, "{from}");
        request.headers.insert("authorization", before);
    }
}

#[test]
fn a_signature_in_two_places_is_refused() {
    let mut request = signed(&oss(), places()[1]);
    let header = signed(&oss(), Place::Header).headers["authorization"].clone();
    request.headers.insert("authorization", header);
    assert_eq!(code(&request, now()), Code::InvalidArgument);
}

#[test]
fn a_refusal_is_read_back_by_the_client_also_from_a_head() {
    let refusal = Refusal::new(Code::NoSuchKey, "The specified key does not exist.").with("Key", "a<b");
    for method in [http::Method::GET, http::Method::HEAD] {
        let (parts, body) = refusal.response(&method, "R1", "h").into_parts();
        let error = oss().read_error(&parts, &body);
        assert_eq!((error.code.as_str(), error.request_id.as_deref()), ("NoSuchKey", Some("R1")));
        assert_eq!(body.is_empty(), method == http::Method::HEAD);
    }
}

#[test]
fn names_that_no_bucket_or_object_has_are_refused() {
    let of = |bucket: &str, key: &str| Refusal::of_name(&resource_at(Some(bucket), key).unwrap()).map(|r| r.code);
    assert_eq!(of("site", "/k"), None);
    assert_eq!(of("Site", "/k"), Some(Code::InvalidBucketName));
    assert_eq!(of("site", "//k"), Some(Code::InvalidObjectName));
    assert!(resource_at(None, "/site/%ff").is_err());
}

#[test]
fn a_body_that_is_not_in_memory_is_signed_too() {
    let replayable = campaign_client::body::Replayable::new(0, || Box::pin(futures_util::stream::empty()));
    let mut request = PutObject::new("campaign-site", "k", Body::empty()).request(&oss()).unwrap();
    *request.body_mut() = Body::Replayable(replayable);
    let signing = Signing { credentials: &credentials(), now: now(), nonce: "", place: Place::Header };
    assert!(oss().sign(&mut request, &signing).is_ok());
}
