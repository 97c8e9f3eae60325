//! Construction, errors read from answers, and that nothing secret shows.

use campaign_client::{Credentials, ErrorKind, Verdict};
use http::StatusCode;

use super::*;

fn service() -> TableStore {
    TableStore::new("http://127.0.0.1:8087", "campaign").unwrap()
}

fn now() -> DateTime<Utc> {
    "2026-01-15T08:30:45Z".parse().unwrap()
}

fn read(status: u16, headers: &[(&'static str, &str)], body: &[u8]) -> ServiceError {
    let mut response = http::Response::new(());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    service().read_error(&response.into_parts().0, body)
}

#[test]
fn an_instance_name_that_the_service_cannot_have_is_refused_at_once() {
    for bad in ["", "ab", "1nstance", "-abc", "abcdefghijklmnopq", "with_line", "ünstance", "a b c"] {
        let error = TableStore::new("http://127.0.0.1:1", bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{bad:?}");
    }
    for good in ["abc", "a-1", "abcdefghijklmnop"] {
        assert_eq!(TableStore::new("http://127.0.0.1:1", good).unwrap().instance(), good);
    }
}

#[test]
fn v4_needs_a_region() {
    for bad in ["", "cn hangzhou", "cn-hangzhou\n", "CN"] {
        assert_eq!(service().v4(bad).unwrap_err().kind(), ErrorKind::Invalid, "{bad:?}");
    }
}

#[test]
fn a_header_of_the_protocol_cannot_be_given_as_an_extra_one() {
    for (name, value) in [
        ("x-ots-signature", "a"),
        ("X-Ots-Date", "b"),
        ("host", "c"),
        ("x-ots-response-compress-type", "deflate"),
        ("bad name", "d"),
        ("x-ots-request-tag", "a\nb"),
    ] {
        assert_eq!(service().header(name, value).unwrap_err().kind(), ErrorKind::Invalid, "{name}");
    }
}

#[test]
fn a_signature_is_replaced_by_a_second_one() {
    let service = service();
    let credentials = Credentials::temporary("id", "secret", "CANARY", None);
    let mut request = http::Request::new(Body::from("body"));
    *request.uri_mut() = service.endpoint().uri("/PutRow").unwrap();
    let mut sign = |credentials: &Credentials, now| {
        let signing = Signing { credentials, now, nonce: "", place: Place::Header };
        service.sign(&mut request, &signing).unwrap();
        request.headers().clone()
    };
    let first = sign(&credentials, now());
    let second = sign(&Credentials::new("id", "secret"), now());
    assert!(first.contains_key(header::STS_TOKEN) && !second.contains_key(header::STS_TOKEN));
    assert_ne!(first[header::SIGNATURE], second[header::SIGNATURE]);
    assert_eq!(sign(&credentials, now()), first);
    assert!(!format!("{first:?}").contains("CANARY"), "{first:?}");
}

#[test]
fn a_url_cannot_be_signed_and_nobody_cannot_sign() {
    let service = service();
    let mut request = http::Request::new(Body::empty());
    let (known, nobody) = (Credentials::new("id", "secret"), Credentials::anonymous());
    let url = Place::Url { expires: Duration::from_secs(60) };
    let mut kind = |credentials, place| {
        service.sign(&mut request, &Signing { credentials, now: now(), nonce: "", place }).unwrap_err().kind()
    };
    assert_eq!(kind(&known, url), ErrorKind::Invalid);
    assert_eq!(kind(&nobody, Place::Header), ErrorKind::Credentials);
}

#[test]
fn a_clock_error_tells_the_time_of_the_service() {
    let error = ErrorMessage {
        code: Some("OTSAuthFailed".to_owned()),
        message: Some("Mismatch between system time and x-ots-date: 2026-01-15T09:30:45.000Z.".to_owned()),
    };
    let body = prost::Message::encode_to_vec(&error);
    let by = |headers: &[(&'static str, &str)]| read(403, headers, &body);
    let own = by(&[("x-ots-date", "2026-01-15T08:30:45.000000Z"), ("date", "Thu, 15 Jan 2026 00:00:00 GMT")]);
    assert_eq!((own.verdict, own.server_time), (Verdict::Skewed, Some(now())));
    assert_eq!(by(&[("date", "Thu, 15 Jan 2026 08:30:45 GMT")]).server_time, Some(now()));
    assert_eq!(by(&[("date", "soon")]).server_time, None);
    assert_eq!(by(&[]).server_time, None);
}

#[test]
fn what_is_no_error_message_is_judged_by_its_status() {
    let html = read(502, &[("x-ots-requestid", "r-1")], b"<html>bad gateway</html>");
    assert_eq!((html.code.as_str(), html.verdict), ("", Verdict::AMBIGUOUS));
    assert_eq!(html.request_id.as_deref(), Some("r-1"));
    assert_eq!(read(429, &[], b"").verdict, Verdict::THROTTLED);
    let moved = read(301, &[("location", "file:///etc/passwd")], b"");
    assert_eq!((moved.kind, moved.verdict), (ErrorKind::Refused, Verdict::Final));
    assert!(!moved.to_string().contains("passwd"));
}

#[test]
fn public_types_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone + std::fmt::Debug>() {}
    shared::<(TableStore, Code, crate::sign::SigningKey, crate::sign::AnswerFault, Signature)>();
    shared::<(crate::PutRow, crate::UpdateRow, crate::DeleteRow, crate::GetRow, crate::GetRange, crate::Written)>();
    shared::<(crate::CreateTable, crate::DescribeTable, crate::DeleteTable, crate::ListTable, crate::TimeRange)>();
    shared::<(crate::op::get_range::RangePage, crate::op::get_row::GetRowOutput)>();
    shared::<(crate::op::describe_table::TableDescription, crate::schema::CapacityUnit)>();
}
