//! Rows that go on over several pages.

use campaign_client::ErrorKind;
use futures_util::{StreamExt, TryStreamExt};
use serde::Deserialize;

use super::{Store, all, key, page, row};
use crate::Row;

#[derive(Debug, PartialEq, Deserialize)]
struct Wide {
    n: i64,
    a: Option<i64>,
    b: Option<i64>,
    c: Option<i64>,
}

fn part(name: &str) -> Row {
    Row::new(key(5)).with_version(name, 1, 1)
}

/// Row 5 in three parts, with rows before and after it.
fn pages() -> [crate::RangePage; 3] {
    [
        page(&[row(1), part("a")], Some(5), Some("one")),
        page(&[part("b")], Some(5), Some("two")),
        page(&[part("c"), row(9)], None, None),
    ]
}

#[tokio::test]
async fn a_row_that_goes_on_over_pages_comes_whole() {
    let store = Store::telling(pages());
    let mut rows = all().rows(&store.client());
    assert_eq!(rows.next().await.unwrap().unwrap(), row(1));
    assert_eq!(rows.cursor().unwrap().key, key(5), "nothing of it has been handed out");
    let whole = part("a").with_version("b", 1, 1).with_version("c", 1, 1);
    assert_eq!(rows.next().await.unwrap().unwrap(), whole);
    assert_eq!(rows.cursor().unwrap().key, key(9));
    assert_eq!(rows.next().await.unwrap().unwrap(), row(9));
    assert!(rows.next().await.is_none() && rows.cursor().is_none());
    let tokens: Vec<_> = store.asked().iter().map(|range| range.token.clone()).collect();
    assert_eq!(tokens, [None, Some("one".into()), Some("two".into())]);

    let store = Store::telling(pages());
    let typed: Vec<Wide> = all().rows_as(&store.client()).try_collect().await.unwrap();
    assert_eq!(typed[1], Wide { n: 5, a: Some(1), b: Some(1), c: Some(1) });
}

#[tokio::test]
async fn a_row_whose_rest_does_not_come_is_handed_out_as_far_as_it_came() {
    // The rest was deleted meanwhile; the next page begins with the row after it, or is empty.
    let store = Store::telling([page(&[part("a")], Some(5), Some("one")), page(&[row(9)], None, None)]);
    let rows: Vec<Row> = all().rows(&store.client()).try_collect().await.unwrap();
    assert_eq!(rows, [part("a"), row(9)]);
    let store = Store::telling([page(&[part("a")], Some(5), Some("one")), page(&[], None, None)]);
    let mut rows = all().rows(&store.client());
    assert_eq!(rows.next().await.unwrap().unwrap(), part("a"));
    assert!(rows.next().await.is_none());
    // A page without rows in the middle.
    let told = [
        page(&[part("a")], Some(5), Some("one")),
        page(&[], Some(5), Some("two")),
        page(&[part("b")], Some(8), None),
        page(&[row(9)], None, None),
    ];
    let rows: Vec<Row> = all().rows(&Store::telling(told).client()).try_collect().await.unwrap();
    assert_eq!(rows, [part("a").with_version("b", 1, 1), row(9)]);
}

#[tokio::test]
async fn a_row_that_does_not_end_is_refused() {
    let big = || Row::new(key(5)).with_version("a", vec![0_u8; 4 << 20], 1);
    let told = (0..20).map(|n| page(&[big()], Some(5), Some(["x", "y"][n % 2])));
    let store = Store::telling(told);
    let mut rows = all().rows(&store.client());
    let error = rows.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreadable);
    assert!(error.to_string().contains("64 MiB"), "{error}");
    assert!(store.asked().len() <= 18, "{}", store.asked().len());
    assert_eq!(rows.cursor().unwrap().key, key(5));
}
