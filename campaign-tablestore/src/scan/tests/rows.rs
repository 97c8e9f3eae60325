//! The stream: reading ahead, errors, cursors.

use std::time::Duration;

use campaign_client::ErrorKind;
use futures_util::{StreamExt, TryStreamExt};
use proptest::prelude::*;
use serde::Deserialize;

use super::{Store, all, key, page, row};
use crate::{GetRange, KeyValue, PrimaryKey, RangeCursor, Row};

#[derive(Debug, PartialEq, Deserialize)]
struct Pair {
    n: i64,
    v: i64,
}

fn store() -> Store {
    Store::of((0..10).map(row).collect(), 4)
}

async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn the_next_page_is_read_while_the_rows_of_one_are_handed_out() {
    let store = store();
    let mut rows = all().rows(&store.client());
    assert_eq!(store.asked().len(), 0, "nothing is read before a row is asked for");
    rows.next().await.unwrap().unwrap();
    settle().await;
    assert_eq!(store.asked().len(), 2);
    settle().await;
    assert_eq!(store.asked().len(), 2, "one page ahead and no more");

    let store = self::store();
    let mut rows = all().rows(&store.client()).without_prefetch();
    for _ in 0..4 {
        rows.next().await.unwrap().unwrap();
        settle().await;
        assert_eq!(store.asked().len(), 1);
    }
    rows.next().await.unwrap().unwrap();
    assert_eq!(store.asked().len(), 2);
}

#[tokio::test]
async fn all_rows_come_in_order_as_they_are_or_as_a_type() {
    let store = store();
    let rows: Vec<Row> = all().rows(&store.client()).try_collect().await.unwrap();
    assert_eq!(rows, (0..10).map(row).collect::<Vec<_>>());
    assert_eq!(store.asked().len(), 3);
    let mut stream = all().rows_as::<Pair>(&store.client());
    let mut pairs = Vec::new();
    while let Some(pair) = stream.try_next().await.unwrap() {
        pairs.push(pair);
    }
    assert_eq!(pairs, (0..10).map(|n| Pair { n, v: n * 2 }).collect::<Vec<_>>());
    assert_eq!((stream.consumed().read, stream.cursor()), (3, None));
    assert!(stream.next().await.is_none(), "it stays at its end");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_gives_up_what_it_reads() {
    let store = store();
    store.0.lock().unwrap().silent_from = Some(1);
    let mut rows = all().rows(&store.client());
    rows.next().await.unwrap().unwrap();
    settle().await;
    drop(rows);
    settle().await;
    assert_eq!(store.0.lock().unwrap().given_up, 1);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_ends_the_stream_after_the_rows_before_it() {
    let store = store();
    store.0.lock().unwrap().silent_from = Some(1);
    let mut rows = all().rows(&store.client());
    for n in 0..4 {
        assert_eq!(rows.next().await.unwrap().unwrap(), row(n));
    }
    assert_eq!(rows.next().await.unwrap().unwrap_err().kind(), ErrorKind::Interrupted);
    assert!(rows.next().await.is_none());
    let cursor = rows.cursor().unwrap();
    store.0.lock().unwrap().silent_from = None;
    let rest: Vec<Row> = all().resume(&cursor).unwrap().rows(&store.client()).try_collect().await.unwrap();
    assert_eq!(rest, (4..10).map(row).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_row_that_does_not_fit_is_an_error_after_the_rows_before_it_and_the_cursor_stays_at_it() {
    let mut rows: Vec<Row> = (0..4).map(row).collect();
    rows[2].columns[0].value = "secret".into();
    let store = Store::of(rows, 4);
    let mut pairs = all().rows_as::<Pair>(&store.client());
    assert_eq!(pairs.next().await.unwrap().unwrap().n, 0);
    assert_eq!(pairs.next().await.unwrap().unwrap().n, 1);
    let error = pairs.next().await.unwrap().unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!((error.kind(), source.as_str()), (ErrorKind::Unreadable, "column `v`: found a string, expected i64"));
    assert!(!error.is_transient() && pairs.next().await.is_none());
    assert_eq!(pairs.cursor().unwrap().key, key(2));
}

#[tokio::test]
async fn pages_without_rows_are_passed_over() {
    let store = Store::telling([page(&[], Some(3), None), page(&[], Some(5), None), page(&[row(7)], None, None)]);
    let rows: Vec<Row> = all().rows(&store.client()).try_collect().await.unwrap();
    assert_eq!(rows, [row(7)]);
}

#[tokio::test]
async fn a_cursor_is_of_its_range_only() {
    let mut rows = all().rows(&store().client());
    let first = rows.cursor().unwrap();
    assert_eq!(all().resume(&first).unwrap(), all(), "before the first row it is the beginning");
    rows.next().await.unwrap().unwrap();
    let cursor = rows.cursor().unwrap();
    assert!(all().resume(&cursor).is_ok());
    let other_key = GetRange::all("t", ["m"]);
    let part = |from, to| GetRange::new("t", key(from), key(to));
    for other in [GetRange::all("u", ["n"]), other_key, part(2, 5), part(0, 1), part(9, 0).backward()] {
        assert_eq!(other.resume(&cursor).unwrap_err().kind(), ErrorKind::Invalid);
    }
    assert!(!format!("{cursor:?}").contains("Integer(1)"), "it shows no key");
}

#[test]
fn a_text_that_is_no_cursor_is_refused() {
    let cursor = RangeCursor { table_name: "t".into(), direction: crate::Direction::Forward, key: key(5) };
    let text = cursor.to_string();
    for bad in ["", "AQ", "????", &text[..text.len() - 2], &format!("{text}AAA9"), &"A".repeat(9000), "AgABdA"] {
        assert_eq!(bad.parse::<RangeCursor>().unwrap_err().kind(), ErrorKind::Invalid, "{bad}");
    }
    assert!(serde_json::from_str::<RangeCursor>("5").is_err());
}

proptest! {
    #[test]
    fn a_cursor_comes_back_from_its_text(name in "[a-z_]{1,255}", backward: bool, n: i64, text: String, bytes: Vec<u8>) {
        let key = PrimaryKey::new().with("n", n).with("文", text.as_str()).with("b", bytes).with("x", KeyValue::InfMin);
        let direction = if backward { crate::Direction::Backward } else { crate::Direction::Forward };
        let cursor = RangeCursor { table_name: name, direction, key };
        let json = serde_json::to_string(&cursor).unwrap();
        prop_assert_eq!(serde_json::from_str::<RangeCursor>(&json).unwrap(), cursor);
    }

    #[test]
    fn a_stream_gone_on_with_gives_each_row_once(
        rows in 0_i64..30, size in 1_usize..8, stop in 0_usize..31, backward: bool, prefetch: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let range = if backward {
            let GetRange { inclusive_start_primary_key: low, exclusive_end_primary_key: high, .. } = all();
            GetRange::new("t", high, low).backward()
        } else {
            all()
        };
        let found = runtime.block_on(async {
            let store = Store::of((0..rows).map(row).collect(), size);
            let mut stream = range.clone().rows(&store.client());
            if !prefetch {
                stream = stream.without_prefetch();
            }
            let mut found: Vec<Row> = stream.by_ref().take(stop).try_collect().await.unwrap();
            if let Some(cursor) = stream.cursor() {
                let rest = range.resume(&cursor.to_string().parse().unwrap()).unwrap();
                found.extend(rest.rows(&store.client()).try_collect::<Vec<_>>().await.unwrap());
            }
            found
        });
        let mut expected: Vec<Row> = (0..rows).map(row).collect();
        if backward {
            expected.reverse();
        }
        prop_assert_eq!(found, expected);
    }
}
