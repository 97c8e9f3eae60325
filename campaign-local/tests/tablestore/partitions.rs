//! Tables that are not ready yet, partitions that are split, and where a table can be cut.

use std::time::Duration;

use campaign_local::store::Store;
use campaign_local::tablestore::TableStoreOptions;
use campaign_tablestore::op::compute_split_points_by_size::MIN_UNIT_BYTES;
use campaign_tablestore::schema::{KeyType, TableMeta};
use campaign_tablestore::{
    Code, ComputeSplitPointsBySize, CreateTable, DescribeTable, GetRange, GetRow, KeyValue, PrimaryKey, PutRow, Row,
};

use crate::{Bed, bed, bed_with, key, row};

fn meta() -> TableMeta {
    TableMeta::new("t").key("id", KeyType::String).key("n", KeyType::Integer)
}

fn wide(id: &str, n: i64) -> PutRow {
    let key = PrimaryKey::new().with("id", id).with("n", n);
    PutRow::new("t", Row::new(key).with("page", vec![7_u8; 16 << 10]))
}

async fn shards(bed: &Bed) -> Vec<PrimaryKey> {
    bed.client.send(&DescribeTable::new("t")).await.unwrap().shard_splits
}

#[tokio::test]
async fn a_new_table_is_not_ready_at_once_if_that_is_asked_for() {
    let bed = bed_with(|cloud| cloud.table_store(TableStoreOptions::default().warm_up(Duration::from_secs(2)))).await;
    bed.client.send(&CreateTable::new(TableMeta::new("t").key("id", KeyType::String))).await.unwrap();
    bed.client.send(&DescribeTable::new("t")).await.unwrap();
    let not_ready = (Code::TableNotReady, "The table is not ready.".to_owned());
    bed.advance(1999);
    assert_eq!(bed.refused(PutRow::new("t", row("a"))).await, not_ready);
    assert_eq!(bed.refused(GetRow::new("t", key("a"))).await, not_ready);
    assert_eq!(bed.refused(GetRange::all("t", ["id"])).await, not_ready);
    bed.advance(1);
    bed.client.send(&PutRow::new("t", row("a"))).await.unwrap();
}

#[tokio::test]
async fn a_partition_that_grows_is_split_between_values_of_the_partition_key() {
    let store = Store::in_memory().unwrap();
    let options = TableStoreOptions::default().split_bytes(1 << 20).split_pause(Duration::from_millis(300));
    let kept = store.clone();
    let bed = bed_with(|cloud| cloud.store(kept).table_store(options)).await;
    bed.client.send(&CreateTable::new(meta())).await.unwrap();
    let mut unavailable = 0;
    for n in 0..100 {
        for id in ["a", "b"] {
            // Whoever meets the split is told to come back, and comes back later.
            while let Err(error) = bed.client.send(&wide(id, n)).await {
                assert_eq!(Code::of(&error), Some(Code::PartitionUnavailable));
                unavailable += 1;
                bed.advance(100);
            }
        }
    }
    let at_b = PrimaryKey::new().with("id", "b");
    assert_eq!(
        shards(&bed).await,
        std::slice::from_ref(&at_b),
        "one value is never split, though each half is too large again"
    );
    assert_eq!(unavailable, 3);
    let again = bed_with(|cloud| cloud.store(store)).await;
    assert_eq!(shards(&again).await, [at_b], "a restart keeps it");
}

#[tokio::test]
async fn a_busy_partition_is_split_where_half_of_the_writes_are() {
    let bed = bed_with(|cloud| cloud.table_store(TableStoreOptions::default().split_writes_per_second(10))).await;
    let points = [KeyValue::from("m")];
    bed.client
        .send(&CreateTable::new(TableMeta::new("t").key("id", KeyType::String)).split_points(points))
        .await
        .unwrap();
    for id in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
        bed.client.send(&PutRow::new("t", row(id))).await.unwrap();
    }
    assert_eq!(shards(&bed).await, [key("f"), key("m")]);
}

#[tokio::test]
async fn parts_of_about_a_size_cover_the_table_once() {
    let bed = bed().await;
    bed.client.send(&CreateTable::new(meta())).await.unwrap();
    let cut = ComputeSplitPointsBySize::new("t", 1).unit_bytes(MIN_UNIT_BYTES);
    let whole = bed.client.send(&cut).await.unwrap();
    assert!(whole.split_points.is_empty());
    assert_eq!(whole.schema, meta().primary_key);

    for n in 0..100 {
        bed.client.send(&wide("a", n)).await.unwrap();
        bed.client.send(&wide(&format!("b{n:02}"), 0)).await.unwrap();
    }
    let parts = bed.client.send(&cut).await.unwrap();
    assert_eq!(parts.split_points.len(), 3, "200 rows of 16 KiB");
    assert_eq!(parts.locations.iter().map(|location| location.repeat).sum::<u64>(), 4);
    let lengths: Vec<_> = parts.split_points.iter().map(|key| key.columns().len()).collect();
    assert_eq!(lengths, [2, 1, 1], "where a value begins its other columns are left out");
    let mut keys = Vec::new();
    for (start, end) in parts.ranges() {
        let page = bed
            .client
            .send(&GetRange { columns_to_get: vec!["n".into()], ..GetRange::new("t", start, end) })
            .await
            .unwrap();
        assert_eq!(page.next_start_primary_key, None);
        keys.extend(page.rows().unwrap().into_iter().map(|row| row.primary_key));
    }
    assert_eq!(keys.len(), 200);
    assert!(keys.is_sorted());
    assert_eq!(bed.client.send(&cut.clone().limit(1)).await.unwrap().split_points.len(), 1);

    let missing = ComputeSplitPointsBySize { table_name: "none".to_owned(), ..cut };
    assert_eq!(bed.refused(missing).await.0, Code::ObjectNotExist);
}
