//! Ranges, and tables as a whole.

use campaign_local::store::{Order, StoreError, View, space};
use campaign_tablestore::schema::{CapacityUnit, KeyType, TableMeta};
use campaign_tablestore::{
    Code, ColumnFilter, CreateTable, DeleteTable, GetRange, GetRow, KeyValue, ListTable, PrimaryKey, PutRow, Row,
};
use futures_util::future::join_all;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::{bed, bed_with_table, key, row};

#[tokio::test]
async fn a_range_is_in_the_order_of_the_keys_and_bounded() {
    let bed = bed().await;
    let meta = TableMeta::new("t").key("a", KeyType::String).key("b", KeyType::Integer).key("c", KeyType::Binary);
    bed.client.send(&CreateTable::new(meta)).await.unwrap();
    let mut keys = Vec::new();
    for a in ["", "a", "a\0", "a\0b", "ab", "b", "é"] {
        for b in [i64::MIN, -1, 0, 1, i64::MAX] {
            for c in [&[][..], &[0], &[0, 0], &[255]] {
                keys.push(PrimaryKey::new().with("a", a).with("b", b).with("c", c));
            }
        }
    }
    let puts = keys.iter().rev().map(|key| {
        let put = PutRow::new("t", Row::new(key.clone()).with("v", 1));
        let client = &bed.client;
        async move { client.send(&put).await }
    });
    assert!(join_all(puts).await.iter().all(Result::is_ok));
    keys.sort();
    let all = || GetRange::all("t", ["a", "b", "c"]);
    let read = |range: GetRange| {
        let client = bed.client.clone();
        async move {
            let rows: Vec<Row> = range.rows(&client).try_collect().await.unwrap();
            rows.into_iter().map(|row| row.primary_key).collect::<Vec<_>>()
        }
    };
    assert_eq!(read(all()).await, keys);
    assert_eq!(read(all().limit(7)).await, keys, "page by page");
    let GetRange { inclusive_start_primary_key: low, exclusive_end_primary_key: high, .. } = all();
    let mut backward = read(GetRange::new("t", high, low).backward().limit(9)).await;
    backward.reverse();
    assert_eq!(backward, keys);
    let part = |start: usize, end: usize| GetRange::new("t", keys[start].clone(), keys[end].clone());
    assert_eq!(read(part(10, 50)).await, keys[10..50]);
    let mut backward = read(part(50, 10).backward()).await;
    backward.reverse();
    assert_eq!(backward, keys[11..=50]);
    let prefix = |value| PrimaryKey::new().with("a", "a").with("b", value).with("c", KeyValue::InfMin);
    let one = read(GetRange::new("t", prefix(KeyValue::InfMin), prefix(KeyValue::InfMax))).await;
    assert_eq!(one.len(), 20, "all of one partition key, and nothing of `a\\0`");
}

#[tokio::test]
async fn one_call_scans_no_more_than_four_megabytes() {
    let bed = bed_with_table().await;
    for n in 0..5 {
        let row = Row::new(key(&n.to_string())).with("v", vec![7_u8; 1 << 20]);
        bed.client.send(&PutRow::new("t", row)).await.unwrap();
    }
    let page = bed.client.send(&GetRange::all("t", ["id"])).await.unwrap();
    assert_eq!(page.rows().unwrap().len(), 3);
    assert_eq!(page.next_start_primary_key, Some(key("3")));
    assert_eq!(page.consumed, CapacityUnit::new(769, 0));
}

#[tokio::test]
async fn a_filter_may_leave_a_page_empty_and_the_range_still_goes_on() {
    let bed = bed_with_table().await;
    for n in 0..20 {
        bed.client.send(&PutRow::new("t", Row::new(key(&format!("{n:02}"))).with("n", n))).await.unwrap();
    }
    let range = GetRange::all("t", ["id"]).filter(ColumnFilter::greater_equal("n", 15)).limit(2);
    let page = bed.client.send(&range).await.unwrap();
    assert_eq!(page.rows().unwrap().len(), 2);
    let rows: Vec<Row> = range.rows(&bed.client).try_collect().await.unwrap();
    assert_eq!(rows.len(), 5);
}

#[tokio::test]
async fn a_deleted_table_takes_its_rows_with_it() {
    let bed = bed_with_table().await;
    let puts = (0..4500).map(|n| {
        let put = PutRow::new("t", row(&n.to_string()));
        let client = &bed.client;
        async move { client.send(&put).await }
    });
    let results: Vec<_> = stream::iter(puts).buffer_unordered(64).collect().await;
    assert!(results.iter().all(Result::is_ok));
    bed.client.send(&DeleteTable::new("t")).await.unwrap();
    let rows = bed.cloud.store().read(|read| {
        let mut rows = 0;
        let prefix = [space::ROWS];
        let end = space::end_of(&prefix);
        read.scan(&prefix[..]..end.as_slice(), Order::Forward, &mut |_, _| {
            rows += 1;
            std::ops::ControlFlow::Continue(())
        })?;
        Ok::<_, StoreError>(rows)
    });
    assert_eq!(rows.await.unwrap(), 0);
    assert_eq!(bed.refused(GetRow::new("t", key("1"))).await.0, Code::ObjectNotExist);
    bed.client.send(&CreateTable::new(TableMeta::new("t").key("id", KeyType::String))).await.unwrap();
    assert_eq!(bed.get("1").await, None);
}

#[tokio::test]
async fn an_instance_has_no_more_than_64_tables() {
    let bed = bed().await;
    for n in 0..64 {
        let meta = TableMeta::new(format!("t{n:02}")).key("id", KeyType::String);
        bed.client.send(&CreateTable::new(meta)).await.unwrap();
    }
    let one_more = CreateTable::new(TableMeta::new("t64").key("id", KeyType::String));
    let quota = (Code::QuotaExhausted, "Number of tables exceeded the quota.".to_owned());
    assert_eq!(bed.refused(one_more).await, quota);
    assert_eq!(bed.client.send(&ListTable).await.unwrap().len(), 64);
}
