//! Versions, counters, chosen numbers, capacity.

use std::sync::atomic::Ordering;
use std::time::Duration;

use campaign_tablestore::schema::{CapacityUnit, KeyType, TableMeta, TableOptions};
use campaign_tablestore::{
    Code, Condition, CreateTable, GetRow, KeyValue, PutRow, ReturnContent, Row, RowUpdate, TimeRange, UpdateRow, Value,
};

use crate::{DAY, START, bed, bed_with_table, key, put};

#[tokio::test]
async fn versions_and_their_life_follow_the_clock() {
    let bed = bed().await;
    let options = TableOptions::default().max_versions(2).time_to_live(Duration::from_secs(2 * 86_400));
    let meta = TableMeta::new("t").key("id", KeyType::String);
    bed.client.send(&CreateTable::new(meta).table_options(options)).await.unwrap();
    for value in 1..=3 {
        bed.client.send(&UpdateRow::new("t", RowUpdate::new(key("a")).put("v", value))).await.unwrap();
        bed.advance(1000);
    }
    let versions = |row: &Row| row.columns.iter().map(|c| c.value.as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(versions(&bed.get("a").await.unwrap()), [3, 2], "newest first, two are kept");

    let between = TimeRange::Between { start: START, end: START + 2000 };
    let read = GetRow::new("t", key("a")).max_versions(10).time_range(between);
    assert_eq!(versions(&bed.client.send(&read).await.unwrap().row.unwrap()), [2]);
    let both = GetRow { time_range: Some(TimeRange::At(START + 2000)), ..read.clone() };
    assert_eq!(bed.refused(both).await.0, Code::ParameterInvalid);
    let later =
        GetRow { time_range: Some(TimeRange::Between { start: START + 5000, end: START + 6000 }), ..read.clone() };
    let row = bed.client.send(&later).await.unwrap().row;
    assert_eq!(row, Some(Row::new(key("a"))), "of a row whose cells are all of other times the key is left");
    let column = bed.client.send(&GetRow { columns_to_get: vec!["v".into()], ..later }).await.unwrap().row;
    assert_eq!(column, None, "and nothing when some columns are asked for");
    let read = GetRow { max_versions: None, time_range: Some(TimeRange::At(START + 2000)), ..read };
    assert_eq!(versions(&bed.client.send(&read).await.unwrap().row.unwrap()), [3]);

    bed.advance(2 * DAY - 1500);
    assert_eq!(versions(&bed.get("a").await.unwrap()), [3], "the other has expired");
    bed.advance(1000);
    assert_eq!(bed.get("a").await, None);
    // And for a condition too the row is gone.
    bed.client.send(&put("a")).await.unwrap();

    for (version, taken) in [(-DAY, true), (DAY - 1, true), (-DAY - 1, false), (DAY, false)] {
        let at = bed.now.load(Ordering::SeqCst) + version;
        let put = PutRow::new("t", Row::new(key("b")).with_version("v", 1, at));
        assert_eq!(bed.client.send(&put).await.is_ok(), taken, "{version} ms from now");
    }
}

#[tokio::test]
async fn counters_count_and_return_what_they_became() {
    let bed = bed_with_table().await;
    let count = || {
        UpdateRow::new("t", RowUpdate::new(key("c")).increment("n", 5).put("name", "Li"))
            .return_content(ReturnContent::after_modify(["n"]))
    };
    for expected in [5, 10] {
        let returned = bed.client.send(&count()).await.unwrap().row.unwrap();
        assert_eq!(returned.columns.len(), 1);
        assert_eq!(returned.get("n"), Some(&Value::Integer(expected)));
    }
    let overflow = UpdateRow::new("t", RowUpdate::new(key("c")).increment("n", i64::MAX));
    assert_eq!(bed.refused(overflow).await.0, Code::ParameterInvalid);
    let other = count().return_content(ReturnContent::after_modify(["name"]));
    assert_eq!(bed.refused(other).await.0, Code::ParameterInvalid);
    let twice = UpdateRow::new("t", RowUpdate::new(key("c")).increment("n", 1).put("n", 1));
    assert_eq!(bed.refused(twice).await.0, Code::ParameterInvalid);
    assert_eq!(bed.get("c").await.unwrap().get("n"), Some(&Value::Integer(10)), "nothing of a refused update is kept");
}

#[tokio::test]
async fn deleting_columns_of_no_row_makes_none() {
    let bed = bed_with_table().await;
    bed.client.send(&UpdateRow::new("t", RowUpdate::new(key("x")).delete("name"))).await.unwrap();
    assert_eq!(bed.get("x").await, None);
    bed.client.send(&put("x")).await.unwrap();
    bed.client.send(&UpdateRow::new("t", RowUpdate::new(key("x")).delete("name").delete("age"))).await.unwrap();
    assert_eq!(bed.get("x").await, Some(Row::new(key("x"))), "a row without columns is a row");
}

#[tokio::test]
async fn the_service_chooses_the_numbers_of_an_auto_increment_column() {
    let bed = bed().await;
    let meta = TableMeta::new("t").key("id", KeyType::String).auto_increment("n");
    bed.client.send(&CreateTable::new(meta)).await.unwrap();
    let mut last = 0;
    for _ in 0..3 {
        let row = Row::new(key("a").with("n", KeyValue::AutoIncrement)).with("v", 1);
        let put = PutRow::new("t", row).return_content(ReturnContent::PrimaryKey);
        let returned = bed.client.send(&put).await.unwrap().row.unwrap();
        let number = returned.key("n").and_then(KeyValue::as_i64).unwrap();
        assert!(number > last);
        last = number;
        let read = GetRow::new("t", returned.primary_key);
        assert!(bed.client.send(&read).await.unwrap().row.is_some());
    }
    let row = Row::new(key("a").with("n", KeyValue::AutoIncrement));
    let (code, message) = bed.refused(PutRow::new("t", row).condition(Condition::expect_not_exist())).await;
    assert_eq!(code, Code::ParameterInvalid);
    assert_eq!(message, "Can't set condition when modify row with pk auto increment.");
}

#[tokio::test]
async fn capacity_is_counted_in_units_of_four_kilobytes() {
    let bed = bed_with_table().await;
    let row = |size: usize| Row::new(key("a")).with("v", vec![0_u8; size]);
    // "id" and "a" are three bytes, "v" one.
    for (size, units) in [(1, 1), (4092, 1), (4093, 2)] {
        let consumed = bed.client.send(&PutRow::new("t", row(size))).await.unwrap().consumed;
        assert_eq!(consumed, CapacityUnit::new(0, units), "{size} bytes");
        let consumed = bed.client.send(&GetRow::new("t", key("a"))).await.unwrap().consumed;
        assert_eq!(consumed, CapacityUnit::new(units, 0), "{size} bytes");
    }
    let consumed = bed.client.send(&GetRow::new("t", key("none"))).await.unwrap().consumed;
    assert_eq!(consumed, CapacityUnit::new(1, 0));
    let conditional = PutRow::new("t", row(1)).condition(Condition::expect_exist());
    assert_eq!(bed.client.send(&conditional).await.unwrap().consumed, CapacityUnit::new(1, 1));
}
