//! Construction, addressing, errors read from answers, and that nothing secret shows.

use campaign_client::{Credentials, Place, Verdict};
use chrono::{DateTime, Utc};
use http::StatusCode;

use super::*;

fn oss() -> Oss {
    Oss::new("https://oss-cn-hangzhou.aliyuncs.com", "cn-hangzhou").unwrap()
}

fn now() -> DateTime<Utc> {
    "2024-05-06T07:08:09Z".parse().unwrap()
}

fn read(status: u16, headers: &[(&'static str, &str)], body: &[u8]) -> ServiceError {
    let mut response = http::Response::new(());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    oss().read_error(&response.into_parts().0, body)
}

#[test]
fn a_region_is_taken_with_and_without_the_prefix_of_locations() {
    assert_eq!(Oss::new("http://127.0.0.1:1", "oss-cn-hangzhou").unwrap().region(), "cn-hangzhou");
    for bad in ["", "oss-", "cn hangzhou", "CN", "cn-hangzhou\n", "cn/x"] {
        assert_eq!(Oss::new("http://127.0.0.1:1", bad).unwrap_err().kind(), ErrorKind::Invalid, "{bad:?}");
    }
}

#[test]
fn a_bucket_stands_where_the_addressing_says() {
    let at = |endpoint: &str| Oss::new(endpoint, "cn-hangzhou").unwrap();
    let custom = at("https://static.example.com").cname("campaign-site").unwrap();
    for (oss, bucket, object) in [
        (oss(), "https://campaign-site.oss-cn-hangzhou.aliyuncs.com/", "a//b/../c%20d"),
        (oss().path_style(), "https://oss-cn-hangzhou.aliyuncs.com/campaign-site/", "a//b/../c%20d"),
        (at("http://127.0.0.1:9000"), "http://127.0.0.1:9000/campaign-site/", "a//b/../c%20d"),
        (at("http://[::1]:9000"), "http://[::1]:9000/campaign-site/", "a//b/../c%20d"),
        (at("http://localhost:9000"), "http://localhost:9000/campaign-site/", "a//b/../c%20d"),
        (custom, "https://static.example.com/", "a//b/../c%20d"),
    ] {
        assert_eq!(oss.bucket_uri("campaign-site", &Query::default()).unwrap(), bucket);
        let uri = oss.object_uri("campaign-site", "a//b/../c d", &Query::default().flag("acl")).unwrap();
        assert_eq!(uri.to_string(), format!("{bucket}{object}?acl"));
    }
    let custom = at("https://static.example.com").cname("campaign-site").unwrap();
    assert!(custom.bucket_uri("other", &Query::default()).is_err());
    assert!(custom.service_uri(&Query::default()).is_err());
    assert!(at("http://127.0.0.1:1").virtual_host().is_err() && at("http://127.0.0.1:1").cname("abc").is_err());
    assert!(at("http://localhost:1").virtual_host().is_ok());
}

#[test]
fn a_signature_is_replaced_by_a_second_one_wherever_it_stands() {
    for oss in [oss(), oss().v1()] {
        for place in [Place::Header, Place::Url { expires: std::time::Duration::from_secs(60) }] {
            let mut request = http::Request::new(Body::from("body"));
            *request.uri_mut() = oss.object_uri("campaign-site", "k", &Query::default().pair("x", "1")).unwrap();
            let mut sign = |credentials: &Credentials| {
                oss.sign(&mut request, &Signing { credentials, now: now(), nonce: "", place }).unwrap();
                (request.uri().clone(), request.headers().clone())
            };
            let temporary = Credentials::temporary("id", "secret", "CANARY", None);
            let first = sign(&temporary);
            let second = sign(&Credentials::new("id", "secret"));
            assert_ne!(first, second);
            assert!(!format!("{second:?}").contains("CANARY"));
            assert_eq!(sign(&temporary), first);
            assert!(!format!("{:?}", first.1).contains("CANARY"), "{:?}", first.1);
        }
    }
}

#[test]
fn nobody_sends_no_signature_and_signs_no_url() {
    let mut request = http::Request::new(Body::empty());
    *request.uri_mut() = oss().bucket_uri("campaign-site", &Query::default()).unwrap();
    let (known, nobody) = (Credentials::new("id", "secret"), Credentials::anonymous());
    let mut sign =
        |credentials, place| oss().sign(&mut request, &Signing { credentials, now: now(), nonce: "", place });
    sign(&known, Place::Header).unwrap();
    sign(&nobody, Place::Header).unwrap();
    let url = Place::Url { expires: std::time::Duration::from_secs(60) };
    assert_eq!(sign(&nobody, url).unwrap_err().kind(), ErrorKind::Credentials);
    for seconds in [0, 604_801] {
        let url = Place::Url { expires: std::time::Duration::from_secs(seconds) };
        assert_eq!(sign(&known, url).unwrap_err().kind(), ErrorKind::Invalid);
    }
    assert!(!request.headers().contains_key("authorization"));
}

#[test]
fn an_error_that_names_the_endpoint_shows_it_and_is_final() {
    let body = b"<Error><Code>AccessDenied</Code><Message>The bucket must be addressed elsewhere.</Message>\
                 <Endpoint>oss-cn-shanghai.aliyuncs.com</Endpoint></Error>";
    let error = read(403, &[("x-oss-request-id", "R")], body);
    assert_eq!(error.verdict, Verdict::Final);
    assert!(error.to_string().contains("oss-cn-shanghai.aliyuncs.com"), "{error}");
}

#[test]
fn a_clock_error_tells_the_time_of_the_service() {
    let body = |time: &str| {
        format!("<Error><Code>RequestTimeTooSkewed</Code><Message>m</Message><ServerTime>{time}</ServerTime></Error>")
    };
    let date = [("date", "Mon, 06 May 2024 07:08:09 GMT")];
    let own = read(403, &[], body("2024-05-06T07:08:09.000Z").as_bytes());
    assert_eq!((own.verdict, own.server_time), (Verdict::Skewed, Some(now())));
    assert_eq!(read(403, &date, body("soon").as_bytes()).server_time, Some(now()));
    assert_eq!(read(403, &[], body("soon").as_bytes()).server_time, None);
}

#[test]
fn what_is_no_error_message_is_judged_by_its_status() {
    let html = read(502, &[("x-oss-request-id", "r-1")], b"<html><body>bad gateway</body>");
    assert_eq!((html.code.as_str(), html.verdict), ("", Verdict::AMBIGUOUS));
    assert_eq!(html.request_id.as_deref(), Some("r-1"));
    let moved = read(301, &[("location", "file:///etc/passwd")], b"");
    assert_eq!((moved.kind, moved.verdict), (ErrorKind::Refused, Verdict::Final));
    assert!(!moved.to_string().contains("passwd"));
    for (status, code) in [(304, Code::NotModified), (412, Code::PreconditionFailed)] {
        let error = Error::from_service(read(status, &[], b""));
        assert_eq!(Code::of(&error), Some(code));
        assert!(error.is_conflict() && error.verdict() == Verdict::Final);
    }
}

#[test]
fn public_types_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone + std::fmt::Debug>() {}
    shared::<(Oss, Code, Addressing, Signature, crate::sign::SigningKey, crate::sign::Scope, crate::Resource)>();
    shared::<(crate::PutObject, crate::GetObject, crate::HeadObject, crate::PutBucket, crate::Object)>();
    shared::<(crate::ObjectMeta, crate::Stored, crate::ETag, crate::Conditions, crate::ChecksumFault, crate::XmlFault)>(
    );
}
