//! Requests by chance: signed by the client, admitted and read by the server, and the canonical request against a second
//! implementation that is slow and plain.

use std::{collections::BTreeMap, time::Duration};

use campaign_client::{Body, Credentials, Endpoint, Operation, Place, Serve, Service, Signing};
use chrono::{DateTime, Utc};
use http::{HeaderMap, Method};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{Oss, PutObject, Resource, resource, sign::v4};

fn services() -> Vec<Oss> {
    let oss = |endpoint: &str| Oss::at(Endpoint::insecure(endpoint).unwrap(), "cn-hangzhou").unwrap();
    let name = oss("https://oss-cn-hangzhou.aliyuncs.com");
    let custom = oss("https://static.example.com").cname("campaign-site").unwrap();
    [name.clone(), name.path_style(), oss("http://127.0.0.1:9000"), custom]
        .into_iter()
        .flat_map(|oss| [oss.clone(), oss.v1()])
        .collect()
}

/// The same key with nothing but escapes.
fn escaped(path: &str) -> String {
    let bytes = percent_encoding::percent_decode_str(path).collect::<Vec<u8>>();
    bytes.iter().map(|b| if *b == b'/' { "/".to_owned() } else { format!("%{b:02x}") }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_a_client_signs_is_admitted_and_read_as_it_was_written(
        key in "\\PC{1,40}|[a-z/%+. ~&=?#]{1,20}",
        value in "[!-~\u{a1}-\u{2fff}]{1,20}( [!-~]{1,5})?",
        token in proptest::option::of("[A-Za-z0-9+/=]{1,20}"),
        url in any::<bool>(),
    ) {
        prop_assume!(resource::check_key(&key).is_ok());
        let now: DateTime<Utc> = "2026-11-11T00:00:00Z".parse().unwrap();
        let credentials = match token {
            Some(token) => Credentials::temporary("AK", "secret", token, None),
            None => Credentials::new("AK", "secret"),
        };
        let put = PutObject::new("campaign-site", key, "body").metadata("note", value.clone()).tag(value, "v");
        for oss in services() {
            let mut request = put.request(&oss).unwrap();
            let place = if url { Place::Url { expires: Duration::from_secs(9) } } else { Place::Header };
            oss.sign(&mut request, &Signing { credentials: &credentials, now, nonce: "", place }).unwrap();
            let (mut parts, body) = request.into_parts();
            let body = body.bytes().cloned().unwrap();
            let own = Resource { bucket: Some("campaign-site".to_owned()), key: Some(put.key.clone()) };
            // A second client, which escapes all it can.
            parts.uri = {
                let path = escaped(parts.uri.path());
                let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
                oss.endpoint().uri(&format!("{path}{query}")).unwrap()
            };
            let found = admit(&own, &parts, Some("cn-hangzhou"), now, |_| Known::Key(credentials.clone()));
            prop_assert!(found.is_ok(), "{:?}", found);
            parts.extensions.insert(own);
            prop_assert_eq!(&PutObject::read_request(&oss, &parts, body).unwrap(), &put);
        }
    }

    #[test]
    fn the_canonical_request_is_that_of_a_plain_implementation(
        path in "(/[A-Za-z0-9.~%_-]{0,9}){1,4}",
        query in vec(("[a-zA-Z0-9.%_-]{1,6}", "[a-z0-9%]{0,4}"), 0..6),
        headers in vec(("(x-oss-[a-z-]{1,8}|content-md5|content-type|range|host|date)", " ?[!-~]{0,9} ?"), 0..8),
        wanted in vec("(range|host|date|absent|content-type)", 0..4),
    ) {
        let mut seen = std::collections::HashSet::new();
        let query: Vec<_> = query.into_iter().filter(|(name, _)| seen.insert(name.clone())).collect();
        let sent: HeaderMap = headers.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
        let text = query.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("&");
        let additional = v4::additional_headers(wanted.iter().map(String::as_str), &sent);
        let (method, bucket) = (Method::PUT, Some("site"));
        let ours = v4::canonical_request(&v4::Canonical {
            method: &method, bucket, path: &path, query: &text, headers: &sent, additional: &additional,
        });

        let always = |name: &str| name.starts_with("x-oss-") || name == "content-type" || name == "content-md5";
        let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in &headers {
            if always(name) || wanted.contains(name) {
                lines.entry(name.clone()).or_default().push(value.trim().to_owned());
            }
        }
        let pairs: BTreeMap<_, _> = query.into_iter().collect();
        let pairs: Vec<_> =
            pairs.iter().map(|(n, v)| if v.is_empty() { n.clone() } else { format!("{n}={v}") }).collect();
        let signed: String = lines.iter().map(|(name, values)| format!("{name}:{}\n", values.join(","))).collect();
        let names: Vec<_> = lines.keys().filter(|name| !always(name)).cloned().collect();
        let plain = format!("PUT\n/site{path}\n{}\n{signed}\n{}\nUNSIGNED-PAYLOAD", pairs.join("&"), names.join(";"));
        prop_assert_eq!(String::from_utf8(ours).unwrap(), plain);
    }

    #[test]
    fn any_request_is_admitted_or_refused(
        path in "/[!-~]{0,20}",
        query in "[!-~]{0,60}",
        authorization in "(OSS4-HMAC-SHA256 |OSS )?[ -~]{0,60}",
        date in "[0-9TZ]{0,16}",
    ) {
        let uri = format!("http://h{path}?{query}").replace(['<', '>', '"', '`', '\\', '^', '{', '|', '}', '#', ' '], "");
        prop_assume!(uri.parse::<http::Uri>().is_ok());
        let request = http::Request::builder()
            .uri(uri)
            .header("authorization", authorization)
            .header("x-oss-date", date)
            .header("x-oss-content-sha256", "UNSIGNED-PAYLOAD")
            .body(Body::empty())
            .unwrap();
        let (parts, _) = request.into_parts();
        let now: DateTime<Utc> = "2026-11-11T00:00:00Z".parse().unwrap();
        let named = resource_at(None, parts.uri.path()).unwrap_or_default();
        let known = |_: &str| Known::Key(Credentials::new("AK", "secret"));
        prop_assert!(admit(&named, &parts, None, now, known).is_err(), "nobody signed it");
    }
}
