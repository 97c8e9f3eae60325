//! What a table can be made with, and how it changes.

use campaign_tablestore::schema::{CapacityUnit, ColumnType, KeyType, TableMeta, TableOptions};
use campaign_tablestore::{
    AddDefinedColumn, Code, CreateTable, DeleteDefinedColumn, DescribeTable, KeyValue, PutRow, RowUpdate, UpdateRow,
    UpdateTable,
};
use chrono::{DateTime, Utc};
use std::time::Duration;

use crate::{Bed, START, bed, bed_with_table, key, row};

fn time(milliseconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(milliseconds).unwrap()
}

async fn described(bed: &Bed) -> campaign_tablestore::TableDescription {
    bed.client.send(&DescribeTable::new("t")).await.unwrap()
}

#[tokio::test]
async fn options_that_are_said_change_and_the_others_stay() {
    let bed = bed_with_table().await;
    let year = TableOptions::unset().time_to_live(Duration::from_secs(31_536_000));
    let updated = bed.client.send(&UpdateTable::new("t").table_options(year.allow_update(false))).await.unwrap();
    let expected = TableOptions {
        time_to_live: Some(31_536_000),
        max_versions: Some(1),
        deviation_cell_version_in_sec: Some(86_400),
        allow_update: Some(false),
        update_full_row: None,
    };
    assert_eq!(updated.table_options, expected);
    assert_eq!(described(&bed).await.table_options, expected);
    let update = UpdateRow::new("t", RowUpdate::new(key("a")).put("name", "Li"));
    assert_eq!(bed.refused(update).await.0, Code::ParameterInvalid);
}

#[tokio::test]
async fn what_is_reserved_changes_once_in_two_minutes_and_says_when() {
    let bed = bed_with_table().await;
    assert_eq!(described(&bed).await.reserved_throughput_details.last_increase_time, time(START));
    bed.advance(1000);
    let raise = UpdateTable::new("t").reserved_throughput(CapacityUnit::new(5, 7));
    let details = bed.client.send(&raise).await.unwrap().reserved_throughput_details;
    assert_eq!(details.capacity_unit, CapacityUnit::new(5, 7));
    assert_eq!((details.last_increase_time, details.last_decrease_time), (time(START + 1000), None));

    bed.advance(119_999);
    let lower = UpdateTable { reserved_read: Some(4), ..UpdateTable::new("t") };
    assert_eq!(bed.refused(lower.clone()).await.0, Code::TooFrequentReservedThroughputAdjustment);
    let options = UpdateTable::new("t").table_options(TableOptions::unset().max_versions(2));
    bed.client.send(&options).await.unwrap();
    bed.advance(1);
    bed.client.send(&lower).await.unwrap();
    let details = described(&bed).await.reserved_throughput_details;
    assert_eq!(details.capacity_unit, CapacityUnit::new(4, 7));
    assert_eq!(
        (details.last_increase_time, details.last_decrease_time),
        (time(START + 1000), Some(time(START + 121_000)))
    );
    assert_eq!(described(&bed).await.table_options.max_versions, Some(2));
}

#[tokio::test]
async fn changes_that_no_table_can_have_are_refused_and_change_nothing() {
    let bed = bed_with_table().await;
    let before = described(&bed).await;
    let options = |options| UpdateTable::new("t").table_options(options);
    for (bad, text) in [
        (options(TableOptions::unset().max_versions(0)), "The max versions must be greater than 0."),
        (
            options(TableOptions { update_full_row: Some(false), ..TableOptions::unset() }),
            "The options of a table to be updated must not contain updateFullRow.",
        ),
        (
            options(TableOptions::unset().time_to_live(Duration::from_secs(60))),
            "The time to live must be -1 or at least 86400 seconds.",
        ),
        (
            options(TableOptions::unset().deviation_cell_version_in_sec(0)),
            "The deviation of cell versions must be greater than 0.",
        ),
        (
            UpdateTable { reserved_write: Some(100_001), ..UpdateTable::new("t") },
            "The reserved throughput must be in range: [0, 100000].",
        ),
    ] {
        assert_eq!(bed.refused(bad).await, (Code::ParameterInvalid, text.to_owned()));
    }
    let missing = UpdateTable::new("none").table_options(TableOptions::default());
    assert_eq!(bed.refused(missing).await.0, Code::ObjectNotExist);
    assert_eq!(described(&bed).await, before);
}

#[tokio::test]
async fn defined_columns_come_and_go_and_the_rows_keep_what_they_hold() {
    let bed = bed_with_table().await;
    bed.client.send(&PutRow::new("t", row("a"))).await.unwrap();
    let add = AddDefinedColumn::new("t").column("name", ColumnType::String).column("age", ColumnType::Integer);
    bed.client.send(&add).await.unwrap();
    assert_eq!(described(&bed).await.table_meta.defined_columns, add.columns);
    for (name, text) in
        [("age", "Duplicated defined column name: 'age'."), ("id", "Duplicated defined column name: 'id'.")]
    {
        let again = AddDefinedColumn::new("t").column(name, ColumnType::Integer);
        assert_eq!(bed.refused(again).await, (Code::ParameterInvalid, text.to_owned()));
    }
    let many = (0..31).fold(AddDefinedColumn::new("t"), |add, n| add.column(format!("c{n}"), ColumnType::Double));
    let too_many = "The number of defined columns must be in range: [0, 32].".to_owned();
    assert_eq!(bed.refused(many).await, (Code::ParameterInvalid, too_many));

    bed.client.send(&DeleteDefinedColumn::new("t", ["age"])).await.unwrap();
    assert_eq!(described(&bed).await.table_meta.defined_columns, add.columns[..1]);
    assert_eq!(bed.refused(DeleteDefinedColumn::new("t", ["age"])).await.0, Code::ParameterInvalid);
    assert_eq!(bed.get("a").await.unwrap().get("age"), Some(&37.into()));
}

#[tokio::test]
async fn tables_that_cannot_be_are_refused_in_the_services_words() {
    let bed = bed().await;
    let integers = || TableMeta::new("n").key("id", KeyType::Integer);
    let texts = || TableMeta::new("n").key("id", KeyType::String);
    let points = |meta, points: Vec<KeyValue>| CreateTable::new(meta).split_points(points);
    for (bad, text) in [
        (points(integers(), (0..10).map(Into::into).collect()), "The count of partitions cannot be greater than 10"),
        (points(integers(), vec![i64::MIN.into()]), "The value of partition range can not be INT64_MIN or INT64_MAX."),
        (points(integers(), vec!["a".into()]), "The value type of partition does not match with primary key."),
        (points(texts(), vec!["".into()]), "The value of partition range can not be empty string."),
        (
            points(texts(), vec!["Z".repeat(65).into()]),
            "The value of partition range exceeds the MaxLength:64 with CurrentLength:65.",
        ),
        (CreateTable::new(texts().defined_column("id", ColumnType::String)), "Duplicated defined column name: 'id'."),
        (
            CreateTable::new(texts()).reserved_throughput(CapacityUnit::new(100_001, 0)),
            "The reserved throughput must be in range: [0, 100000].",
        ),
    ] {
        assert_eq!(bed.refused(bad).await, (Code::ParameterInvalid, text.to_owned()));
    }
    bed.client.send(&points(texts(), vec!["Z".repeat(64).into()])).await.unwrap();
}
