//! Whatever comes in a signed request is answered: with the service's error message, or done if it means something. Nothing
//! panics, nothing hangs, and the table that is there stays whole.

use std::path::Path;

use bytes::Bytes;
use campaign_client::Service;
use campaign_tablestore::plain_buffer::Encode;
use campaign_tablestore::{Code, PutRow, TableStore};
use http::{HeaderName, HeaderValue, StatusCode, header, response};
use proptest::prelude::*;

use crate::wire::{bytes, call, call_with, field};
use crate::{Bed, bed_with_table, key, row};

/// The calls, by the files of their wire forms.
fn operations() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../campaign-tablestore/src/op");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let source = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        if let Some((_, rest)) = source.split_once("const NAME: &'static str = \"") {
            names.push(rest.split('"').next().unwrap().to_owned());
        }
    }
    names.sort();
    assert!(names.len() >= 35, "the folder of calls was read");
    names
}

/// Whether the answer is one of Table Store's: done, or refused with a code that is not its own failure.
fn sane(bed: &Bed, operation: &str, (parts, body): &(response::Parts, Bytes)) -> Result<(), String> {
    for name in ["x-ots-contentmd5", "x-ots-requestid", "x-ots-date", "x-ots-contenttype"] {
        if !parts.headers.contains_key(name) {
            return Err(format!("{operation}: no {name}"));
        }
    }
    if parts.status.is_success() {
        return Ok(());
    }
    let service = TableStore::new("http://127.0.0.1", &bed.cloud.settings().instance).unwrap();
    let error = service.read_error(parts, body);
    let known = !matches!(Code::from_text(&error.code), Code::Other | Code::InternalServerError);
    if known && parts.status.is_client_error() && !error.message.is_empty() {
        Ok(())
    } else {
        Err(format!("{operation}: {} {error:?}", parts.status))
    }
}

/// Bytes that begin as a message of the call does, so that more than the first field is read.
fn likely() -> impl Strategy<Value = Vec<u8>> {
    let content = prop_oneof![
        Just(b"t".to_vec()),
        Just(key("a").to_bytes().to_vec()),
        Just(row("a").to_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
        (1_u8..8, prop::collection::vec(any::<u8>(), 0..20)).prop_map(|(tag, content)| bytes(tag, &content)),
    ];
    let one = prop_oneof![
        (1_u8..13, any::<u64>()).prop_map(|(tag, value)| field(tag, value)),
        (1_u8..13, 0_u64..4).prop_map(|(tag, value)| field(tag, value)),
        (1_u8..13, content).prop_map(|(tag, content)| bytes(tag, &content)),
    ];
    let fields = prop::collection::vec(one, 0..8).prop_map(|fields| fields.concat());
    let table = prop::collection::vec(any::<u8>(), 0..60).prop_map(|more| [bytes(1, b"t"), more].concat());
    prop_oneof![fields.clone(), fields.prop_map(|more| [bytes(1, b"t"), more].concat()), table]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_call_answers_whatever_bytes_it_gets(
        bodies in prop::collection::vec(prop_oneof![likely(), prop::collection::vec(any::<u8>(), 0..200)], 4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let failure = runtime.block_on(async {
            let bed = bed_with_table().await;
            for operation in operations() {
                for body in &bodies {
                    let answer = call(&bed, &operation, body.clone()).await;
                    if let Err(why) = sane(&bed, &operation, &answer) {
                        return Some(format!("{why} for {body:02x?}"));
                    }
                }
            }
            None
        });
        prop_assert_eq!(failure, None);
    }
}

#[tokio::test]
async fn a_request_cut_anywhere_or_with_any_bit_turned_is_refused_or_means_something_else() {
    let bed = bed_with_table().await;
    let whole = [bytes(1, b"t"), bytes(2, &row("a").to_bytes()), bytes(3, &field(1, 0))].concat();
    assert!(call(&bed, "PutRow", whole.clone()).await.0.status.is_success());
    for length in 0..whole.len() {
        let answer = call(&bed, "PutRow", whole[..length].to_vec()).await;
        assert_eq!(answer.0.status, StatusCode::BAD_REQUEST, "cut to {length}");
        sane(&bed, "PutRow", &answer).unwrap();
    }
    for bit in 0..whole.len() * 8 {
        let mut turned = whole.clone();
        turned[bit / 8] ^= 1 << (bit % 8);
        sane(&bed, "PutRow", &call(&bed, "PutRow", turned).await).unwrap();
    }
    assert_eq!(bed.get("a").await.map(|row| row.columns.len()), Some(2), "the row is as it was put");
}

#[tokio::test]
async fn headers_that_nobody_asked_for_change_nothing_or_are_refused() {
    let bed = bed_with_table().await;
    let body = [bytes(1, b"t"), bytes(2, &row("a").to_bytes()), bytes(3, &field(1, 0))].concat();
    let kilobytes = "x".repeat(60 << 10);
    let harmless = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_TYPE, "multipart/form-data; boundary=\"\""),
        (header::CONTENT_TYPE, "\u{7f}".trim()),
        (header::CONTENT_ENCODING, "gzip"),
        (header::ACCEPT_ENCODING, "br"),
        (header::EXPECT, "100-continue"),
        (header::RANGE, "bytes=0-0"),
        (header::IF_NONE_MATCH, "*"),
        (HeaderName::from_static("x-ots-request-priority"), "-1"),
        (HeaderName::from_static("x-ots-something-new"), &kilobytes),
        (header::COOKIE, &kilobytes),
    ];
    for (name, value) in harmless {
        let Ok(value) = HeaderValue::from_str(value) else { continue };
        let shown = format!("{name}: {} bytes", value.len());
        let answer = call_with(&bed, "PutRow", body.clone(), |request| {
            request.headers_mut().insert(name, value);
        });
        assert!(answer.await.0.status.is_success(), "{shown}");
    }
    for (name, value) in [
        ("x-ots-request-compress-type", "gzip"),
        ("x-ots-request-compress-type", "deflate"),
        ("x-ots-request-compress-type", ""),
    ] {
        let answer = call_with(&bed, "PutRow", body.clone(), |request| {
            request.headers_mut().insert(name, HeaderValue::from_static(value));
        });
        let answer = answer.await;
        assert_eq!(answer.0.status, StatusCode::BAD_REQUEST, "{name}: {value}");
        sane(&bed, "PutRow", &answer).unwrap();
    }
}

#[tokio::test]
async fn a_path_that_is_no_call_is_refused_by_its_name() {
    let bed = bed_with_table().await;
    for path in ["", "putrow", "PutRow/", "/PutRow", "PutRow/..", "GetRow%00", "%E8%A1%A8", &"x".repeat(4000)] {
        let answer = call(&bed, path, Vec::new()).await;
        assert_eq!(answer.0.status, StatusCode::BAD_REQUEST, "{path}");
        sane(&bed, path, &answer).unwrap();
    }
    bed.client.send(&PutRow::new("t", row("a"))).await.unwrap();
}
