//! Scans in several parts.

use std::collections::BTreeSet;

use campaign_client::ErrorKind;
use futures_util::{StreamExt, TryStreamExt};
use proptest::prelude::*;

use super::{Store, all, key, row};
use crate::{GetRange, Row, ScanCheckpoint, TableScan};

fn numbers(rows: &[Row]) -> Vec<i64> {
    let mut numbers: Vec<_> = rows.iter().map(|row| row.key("n").unwrap().as_i64().unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

fn parts(cuts: &BTreeSet<i64>) -> Vec<GetRange> {
    let GetRange { inclusive_start_primary_key: low, exclusive_end_primary_key: high, .. } = all();
    let cuts: Vec<_> = cuts.iter().map(|n| key(*n)).collect();
    let starts = std::iter::once(low).chain(cuts.clone());
    let ends = cuts.into_iter().chain(std::iter::once(high));
    starts.zip(ends).map(|(start, end)| GetRange::new("t", start, end)).collect()
}

proptest! {
    #[test]
    fn a_scan_gone_on_with_gives_each_row_once(
        rows in 0_i64..40, size in 1_usize..6, cuts: BTreeSet<u8>, at_once in 1_usize..5, stop in 0_usize..41,
    ) {
        let cuts = cuts.into_iter().map(|cut| i64::from(cut % 40)).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let found = runtime.block_on(async {
            let store = Store::of((0..rows).map(row).collect(), size);
            let mut scan = TableScan::new(parts(&cuts)).at_once(at_once).rows(&store.client());
            let mut found: Vec<Row> = scan.by_ref().take(stop).try_collect().await.unwrap();
            let json = serde_json::to_string(&scan.checkpoint()).unwrap();
            drop(scan);
            let checkpoint: ScanCheckpoint = serde_json::from_str(&json).unwrap();
            let rest = TableScan::resume(&all(), &checkpoint).unwrap().at_once(at_once).rows(&store.client());
            found.extend(rest.try_collect::<Vec<_>>().await.unwrap());
            found
        });
        prop_assert_eq!(numbers(&found), (0..rows).collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn so_many_parts_are_read_at_once_and_no_more() {
    let store = Store::of((0..10).map(row).collect(), 4);
    store.0.lock().unwrap().silent_from = Some(0);
    let mut scan = TableScan::new(parts(&(1..10).collect())).at_once(3).rows(&store.client());
    let waited = tokio::time::timeout(std::time::Duration::from_millis(5), scan.next()).await;
    assert!(waited.is_err());
    assert_eq!(store.asked().len(), 3);
    assert_eq!(scan.checkpoint().parts_left(), 10);
}

#[tokio::test(start_paused = true)]
async fn an_error_ends_the_scan_and_the_checkpoint_still_says_what_is_left() {
    let store = Store::of((0..10).map(row).collect(), 2);
    store.0.lock().unwrap().silent_from = Some(2);
    let mut scan = TableScan::new(parts(&BTreeSet::from([5]))).at_once(1).rows(&store.client());
    let mut found = Vec::new();
    let error = loop {
        match scan.next().await.unwrap() {
            Ok(row) => found.push(row),
            Err(error) => break error,
        }
    };
    assert_eq!((error.kind(), numbers(&found)), (ErrorKind::Interrupted, vec![0, 1, 2, 3]));
    assert!(scan.next().await.is_none());
    let checkpoint = scan.checkpoint();
    assert_eq!(checkpoint.parts_left(), 2);
    store.0.lock().unwrap().silent_from = None;
    let rest: Vec<Row> =
        TableScan::resume(&all(), &checkpoint).unwrap().rows(&store.client()).try_collect().await.unwrap();
    assert_eq!(numbers(&rest), (4..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_checkpoint_is_of_its_range_only() {
    let store = Store::of((0..10).map(row).collect(), 2);
    let scan = TableScan::new(parts(&BTreeSet::from([5]))).rows(&store.client());
    let checkpoint = scan.checkpoint();
    assert_eq!(TableScan::resume(&all(), &checkpoint).unwrap(), TableScan::new(parts(&BTreeSet::from([5]))));
    for other in [GetRange::all("u", ["n"]), GetRange::new("t", key(2), key(9)), GetRange::all("t", ["m"])] {
        assert_eq!(TableScan::resume(&other, &checkpoint).unwrap_err().kind(), ErrorKind::Invalid);
    }
    let mut turned = checkpoint;
    for part in &mut turned.parts {
        std::mem::swap(&mut part.from, &mut part.to);
    }
    assert!(TableScan::resume(&all(), &turned).is_err());
}

#[test]
fn a_range_is_cut_where_the_table_is() {
    let bounds = |range: &GetRange, low, high| {
        super::super::table::part(range, low, high)
            .map(|part| (part.inclusive_start_primary_key, part.exclusive_end_primary_key))
    };
    let (low, high) = (key(i64::MIN), key(i64::MAX));
    let middle = GetRange::new("t", key(10), key(20));
    assert_eq!(bounds(&middle, low.clone(), key(5)), None);
    assert_eq!(bounds(&middle, low.clone(), key(10)), None);
    assert_eq!(bounds(&middle, low.clone(), key(15)), Some((key(10), key(15))));
    assert_eq!(bounds(&middle, key(15), high.clone()), Some((key(15), key(20))));
    assert_eq!(bounds(&middle, key(20), high.clone()), None);
    let back = GetRange::new("t", key(20), key(10)).backward();
    assert_eq!(bounds(&back, low.clone(), key(10)), None);
    assert_eq!(bounds(&back, low, key(15)), Some((key(15), key(10))));
    assert_eq!(bounds(&back, key(15), high), Some((key(20), key(15))));
}
