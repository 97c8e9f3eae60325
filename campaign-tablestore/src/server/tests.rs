//! Requests signed by the client half are admitted; each way to change one is refused with the service's words.

use campaign_client::{Body, Place, Service, Signing};
use chrono::TimeDelta;

use super::*;
use crate::TableStore;

fn now() -> DateTime<Utc> {
    "2026-01-15T08:30:45Z".parse().unwrap()
}

fn key() -> Credentials {
    Credentials::new("testAccessKeyId", "testAccessKeySecret")
}

fn service() -> TableStore {
    TableStore::new("http://127.0.0.1:8087", "campaign").unwrap().header("x-ots-request-tag", "spring").unwrap()
}

/// A signed request, to be changed, and what `admit` says to it.
struct Sent(Parts, Vec<u8>, Known);

impl Sent {
    fn by(service: &TableStore, credentials: &Credentials) -> Self {
        let body = b"some body".to_vec();
        let mut request = http::Request::new(Body::from(body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = service.endpoint().uri("/PutRow").unwrap();
        request.headers_mut().extend(service.headers().clone());
        let signing = Signing { credentials, now: now(), nonce: "", place: Place::Header };
        service.sign(&mut request, &signing).unwrap();
        Self(request.into_parts().0, body, Known::Key(credentials.clone()))
    }

    fn set(mut self, name: HeaderName, value: &str) -> Self {
        self.0.headers.insert(name, value.parse().unwrap());
        self
    }

    fn admit(&self, at: DateTime<Utc>) -> Result<Caller, String> {
        admit("campaign", &self.0, &self.1, at, |_| self.2.clone()).map_err(|refusal| refusal.to_string())
    }

    fn refused(&self) -> String {
        self.admit(now()).unwrap_err()
    }
}

fn v2() -> Sent {
    Sent::by(&service(), &key())
}

fn v4() -> Sent {
    Sent::by(&service().v4("cn-hangzhou").unwrap(), &key())
}

#[test]
fn what_the_client_signs_is_admitted_and_its_answer_verified() {
    let temporary = Credentials::temporary("id", "secret", "token", None);
    for sent in [v2(), v4(), Sent::by(&service(), &temporary)] {
        let caller = sent.admit(now()).unwrap();
        let mut response = http::Response::new(Bytes::from_static(b"answer"));
        complete(&mut response, "/PutRow", Some(&caller), "r-1", now());
        let id = caller.access_key_id.to_str().unwrap();
        let (headers, body) = (response.headers(), response.body());
        let check = |path| sign::verify_answer(sign::AnswerChecks::ALL, path, headers, body, id, &caller.key, now());
        check("/PutRow").unwrap();
        assert_eq!(check("/GetRow"), Err(sign::AnswerFault::Signature));
    }
}

#[test]
fn a_changed_request_is_refused_in_the_words_of_the_service() {
    let mismatch = "OTSAuthFailed: Signature mismatch.";
    assert_eq!(v2().set(header::INSTANCE, "other").refused(), "OTSAuthFailed: The instance is not found.");
    assert_eq!(v2().set(header::STS_TOKEN, "forged").refused(), mismatch);
    assert_eq!(v2().set(HeaderName::from_static("x-ots-request-tag"), "autumn").refused(), mismatch);
    assert_eq!(v2().set(header::SIGNATURE, "AAAA").refused(), mismatch);
    assert_eq!(v4().set(header::SIGN_REGION, "cn-beijing").refused(), mismatch);
    assert_eq!(v4().set(header::SIGN_DATE, "20260114").refused(), mismatch);
    assert_eq!(v2().set(header::DATE, "today").refused(), "OTSParameterInvalid: Invalid date format: today.");
    let mut body = v2();
    body.1.push(b'!');
    assert_eq!(
        body.refused(),
        "OTSAuthFailed: Mismatch between MD5 value of request body and x-ots-contentmd5 in header."
    );
    let mut path = v2();
    path.0.uri = "/DeleteRow".parse().unwrap();
    assert_eq!(path.refused(), mismatch);
    let mut method = v2();
    method.0.method = Method::GET;
    assert_eq!(method.refused(), "OTSMethodNotAllowed: Only POST method for requests is supported.");
}

#[test]
fn a_missing_header_is_named() {
    for name in [header::DATE, header::VERSION, header::ACCESS_KEY_ID, header::INSTANCE, header::CONTENT_MD5] {
        let mut sent = v2();
        sent.0.headers.remove(&name);
        assert_eq!(sent.refused(), format!("OTSParameterInvalid: Missing header: {name}."));
    }
    let mut unsigned = v2();
    unsigned.0.headers.remove(header::SIGNATURE);
    assert_eq!(unsigned.refused(), "OTSParameterInvalid: Missing header: x-ots-signature.");
}

#[test]
fn a_request_is_admitted_for_fifteen_minutes_either_way() {
    let edge = TimeDelta::minutes(15);
    for at in [now() - edge, now() + edge] {
        v2().admit(at).unwrap();
    }
    for at in [now() - edge - TimeDelta::seconds(1), now() + edge + TimeDelta::seconds(1)] {
        let expected = "OTSAuthFailed: Mismatch between system time and x-ots-date: 2026-01-15T08:30:45.000Z.";
        assert_eq!(v2().admit(at).unwrap_err(), expected);
    }
}

#[test]
fn an_unknown_a_disabled_and_an_expired_key_are_refused() {
    let refused = |known| Sent(v2().0, v2().1, known).refused();
    assert_eq!(refused(Known::No), "OTSAuthFailed: The AccessKeyID does not exist.");
    assert_eq!(refused(Known::Disabled), "OTSAuthFailed: The AccessKeyID is disabled.");
    let wrong = Credentials::new("testAccessKeyId", "another secret");
    assert_eq!(refused(Known::Key(wrong)), "OTSAuthFailed: Signature mismatch.");
    let ended = Credentials::temporary("id", "secret", "token", Some(now()));
    assert_eq!(Sent::by(&service(), &ended).refused(), "OTSAuthFailed: The security token has expired.");
}

#[test]
fn a_refusal_is_read_back_by_the_client() {
    let mut response = Refusal::new(Code::ConditionCheckFail, "Condition check failed.").response();
    complete(&mut response, "/PutRow", None, "r-2", now());
    assert!(!response.headers().contains_key(http::header::AUTHORIZATION));
    let (parts, body) = response.into_parts();
    let error = service().read_error(&parts, &body);
    assert_eq!((error.code.as_str(), error.status.as_u16()), ("OTSConditionCheckFail", 403));
    assert_eq!(error.request_id.as_deref(), Some("r-2"));
}
