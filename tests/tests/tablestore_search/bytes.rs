//! Bytes from outside that are no request or no answer: refused in bounded space, however deeply they are nested.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use campaign_client::{Body, Class, ErrorKind, Operation, Result, Retry};
use campaign_tablestore::search::Query;
use campaign_tablestore::{Code, TableStore, WireFault};
use campaign_tests::tablestore::{Script, client, signed};

use crate::bed::{Bed, code, search};

const INVALID: Option<Code> = Some(Code::ParameterInvalid);

/// A request whose body nobody looked at before.
#[derive(Debug, Clone)]
struct Raw<const SEARCH: bool>(Bytes);

impl<const SEARCH: bool> Operation for Raw<SEARCH> {
    type Service = TableStore;
    type Output = ();
    const NAME: &'static str = if SEARCH { "Search" } else { "CreateSearchIndex" };

    fn class(&self) -> Class {
        Class::Once
    }

    fn request(&self, _: &TableStore) -> Result<http::Request<Body>> {
        let uri = format!("http://127.0.0.1/{}", Self::NAME);
        Ok(http::Request::post(uri).body(Body::Bytes(self.0.clone())).unwrap())
    }

    fn response(&self, _: &http::response::Parts, _: Bytes) -> Result<()> {
        Ok(())
    }
}

/// A message around another: the bytes that stand before its field, and the number of the field.
type Layer<'a> = (&'a [u8], u8);

/// `inside` in `levels` messages, each made of the last by these layers from inside out. It is written from its end, so that a million bytes take no longer than they must.
fn nested(inside: &[u8], levels: usize, layers: &[Layer]) -> Vec<u8> {
    let mut reversed: Vec<u8> = inside.iter().rev().copied().collect();
    for _ in 0..levels {
        for (before, field) in layers {
            let mut head = before.to_vec();
            head.push(field << 3 | 2);
            let mut length = reversed.len();
            while length >= 0x80 {
                head.push(length as u8 | 0x80);
                length >>= 7;
            }
            head.push(length as u8);
            reversed.extend(head.iter().rev());
        }
    }
    reversed.reverse();
    reversed
}

/// Ways to put a query, a group-by or a field inside another.
const MATCH_ALL: &[u8] = &[0x08, 11, 0x12, 0];

fn request(query: &[u8]) -> Bytes {
    let query = nested(query, 1, &[(&[], 4)]);
    let names: &[u8] = b"\x0a\x05books\x12\x0aby_content";
    nested(&query, 1, &[(names, 4)]).into()
}

async fn refused<const SEARCH: bool>(bed: &Bed, what: Cow<'static, str>, body: Bytes) {
    let answered = tokio::time::timeout(Duration::from_secs(20), bed.client.send(&Raw::<SEARCH>(body))).await;
    assert_eq!(code(answered.expect("it takes too long")), INVALID, "{what}");
}

#[tokio::test]
async fn requests_nested_a_hundred_thousand_deep_are_refused() {
    let bed = Bed::books().await;
    // Queries in queries: a constant score, a bool, a nested query, a score by functions.
    let kinds: [(&str, &[Layer]); 5] = [
        ("ConstScoreQuery", &[(&[], 1), (&[0x08, 7], 2)]),
        ("BoolQuery", &[(&[], 1), (&[0x08, 6], 2)]),
        ("BoolQuery.should", &[(&[], 4), (&[0x08, 6], 2)]),
        ("NestedQuery", &[(b"\x0a\x05parts", 2), (&[0x08, 9], 2)]),
        ("FunctionsScoreQuery", &[(&[], 1), (&[0x08, 18], 2)]),
    ];
    for (name, layers) in kinds {
        // As deep as any query that somebody writes.
        if name != "NestedQuery" && name != "FunctionsScoreQuery" {
            let shallow = bed.client.send(&Raw::<true>(request(&nested(MATCH_ALL, 10, layers)))).await;
            assert_eq!(code(shallow), None, "{name}");
        }
        for levels in [40, 1_000, 100_000] {
            let body = request(&nested(MATCH_ALL, levels, layers));
            refused::<true>(&bed, format!("{levels} {name}").into(), body).await;
        }
    }
    // Group-bys in group-bys, in the field of a search query.
    let group = nested(b"", 100_000, &[(b"\x0a\x05state", 5), (b"\x0a\x01g\x10\x01", 3), (&[], 1)]);
    let query = [nested(MATCH_ALL, 1, &[(&[], 4)]), nested(&group, 1, &[(&[], 11)])].concat();
    let names: &[u8] = b"\x0a\x05books\x12\x0aby_content";
    refused::<true>(&bed, "group-bys".into(), nested(&query, 1, &[(names, 4)]).into()).await;
    // Groups, the nesting that protobuf had before messages, in a field that nobody knows.
    for opened in [vec![0xfb_u8, 0x07], vec![0x5b]] {
        let body = [request(MATCH_ALL).to_vec(), opened.repeat(100_000)].concat();
        refused::<true>(&bed, "groups".into(), body.into()).await;
    }
    // Fields in the fields of a schema.
    let fields = nested(b"\x0a\x01f\x10\x06", 100_000, &[(b"\x0a\x01f\x10\x06", 8)]);
    let schema = nested(&fields, 1, &[(&[], 1)]);
    let names: &[u8] = b"\x0a\x05books\x12\x03new";
    refused::<false>(&bed, "fields".into(), nested(&schema, 1, &[(names, 3)]).into()).await;
    assert_eq!(bed.find(Query::term("state", "open")).await, "a b", "and it goes on");
}

#[tokio::test]
async fn requests_that_are_no_message_are_refused() {
    let bed = Bed::books().await;
    let whole = request(&nested(MATCH_ALL, 2, &[(&[], 1), (&[0x08, 6], 2)]));
    for end in 1..whole.len() {
        // Cut off anywhere it is none, or one that lacks something.
        let cut = bed.client.send(&Raw::<true>(whole.slice(..end))).await;
        assert_eq!(code(cut), INVALID, "{end} bytes");
    }
    for (what, query) in [
        ("a query of no kind", &[0x08, 99, 0x12, 0][..]),
        ("a query without a kind", &[0x12, 0]),
        ("a term without a field", &[0x08, 3, 0x12, 0]),
        ("a kind that is text", &[0x0a, 1, b'x', 0x12, 0]),
        ("a term that is no value", b"\x08\x03\x12\x0b\x0a\x05state\x12\x02\x03\xff"),
        ("a name that is not text", b"\x08\x10\x12\x04\x0a\x02\xff\xfe"),
    ] {
        refused::<true>(&bed, what.into(), request(query)).await;
    }
}

#[tokio::test]
async fn an_answer_nested_too_deep_is_an_error_of_the_client() {
    // Groups in groups, and hits inside hits.
    let groups = nested(
        b"\x0a\x01g\x10\x01\x1a\x00",
        100_000,
        &[(&[], 1), (b"\x0a\x01k\x10\x01", 4), (&[], 1), (b"\x0a\x01g\x10\x01", 3)],
    );
    let hits = nested(b"", 100_000, &[(b"\x0a\x01p", 2), (&[], 5)]);
    let group_bys = nested(&nested(&groups, 1, &[(&[], 1)]), 1, &[(&[0x18, 1], 8)]);
    let hit = [&[0x12, 0][..], &nested(&hits, 1, &[(&[0x18, 1], 5)])].concat();
    for (what, body) in [("groups", group_bys), ("hits", hit)] {
        let script = Script::new([signed("/Search", 200, body)]);
        let client = client("http://127.0.0.1:1", script, Retry::never());
        let error = client.send(&search(Query::all())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable, "{what}");
        let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<WireFault>());
        assert!(matches!(source, Some(WireFault::TooDeep)), "{what}: {source:?}");
    }
}
