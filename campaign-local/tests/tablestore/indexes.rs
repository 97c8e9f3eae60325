//! Secondary indexes: which rows they have, from when on, and what they cannot be.

use std::time::Duration;

use campaign_local::store::Store;
use campaign_local::tablestore::TableStoreOptions;
use campaign_tablestore::schema::{ColumnType, IndexMeta, IndexSyncPhase, IndexType, KeyType, TableMeta, TableOptions};
use campaign_tablestore::{
    Code, CreateIndex, CreateTable, DeleteDefinedColumn, DeleteRow, DeleteTable, DescribeTable, DropIndex, GetRange,
    GetRow, ListTable, PrimaryKey, PutRow, Row, RowUpdate, UpdateRow, UpdateTable,
};

use crate::{Bed, DAY, bed, bed_with};

fn meta() -> TableMeta {
    TableMeta::new("orders")
        .key("shop", KeyType::String)
        .key("n", KeyType::Integer)
        .defined_column("city", ColumnType::String)
        .defined_column("total", ColumnType::Integer)
        .defined_column("open", ColumnType::Boolean)
}

fn by_city() -> IndexMeta {
    IndexMeta::new("by_city", IndexType::Global, ["city"]).defined_column("total")
}

fn by_total() -> IndexMeta {
    IndexMeta::new("by_total", IndexType::Local, ["shop", "total"])
}

fn key(shop: &str, n: i64) -> PrimaryKey {
    PrimaryKey::new().with("shop", shop).with("n", n)
}

fn order(shop: &str, n: i64, city: &str, total: i64) -> Row {
    Row::new(key(shop, n)).with("city", city).with("total", total).with("note", "x")
}

async fn bed_with_indexes() -> Bed {
    let bed = bed().await;
    bed.client.send(&CreateTable::new(meta()).index(by_city()).index(by_total())).await.unwrap();
    bed
}

async fn put(bed: &Bed, row: Row) {
    bed.client.send(&PutRow::new("orders", row)).await.unwrap();
}

/// The rows of an index as texts: key and columns.
async fn all(bed: &Bed, index: &str, key: &[&'static str]) -> Vec<String> {
    let page = bed.client.send(&GetRange::all(index, key.iter().copied())).await.unwrap();
    let rows = page.rows().unwrap().into_iter();
    rows.map(|row| {
        let value = |column: &campaign_tablestore::KeyColumn| match &column.value {
            campaign_tablestore::KeyValue::Integer(n) => n.to_string(),
            other => other.as_str().unwrap().to_owned(),
        };
        let key: Vec<_> = row.primary_key.columns().iter().map(value).collect();
        let columns: Vec<_> = row.columns.iter().map(|c| format!("{}={}", c.name, c.value.as_i64().unwrap())).collect();
        [key.join(" "), columns.join(" ")].join("|")
    })
    .collect()
}

const CITY: &[&str] = &["city", "shop", "n"];
const TOTAL: &[&str] = &["shop", "total", "n"];

#[tokio::test]
async fn a_row_is_in_an_index_exactly_while_it_has_the_indexed_columns() {
    let bed = bed_with_indexes().await;
    put(&bed, order("s", 1, "Paris", 7)).await;
    put(&bed, order("s", 2, "Lyon", 5)).await;
    put(&bed, Row::new(key("s", 3)).with("total", 9)).await;
    put(&bed, Row::new(key("s", 4)).with("city", 4).with("total", "much")).await;
    assert_eq!(all(&bed, "by_city", CITY).await, ["Lyon s 2|total=5", "Paris s 1|total=7"]);
    assert_eq!(all(&bed, "by_total", TOTAL).await, ["s 5 2|", "s 7 1|", "s 9 3|"]);

    let moved = RowUpdate::new(key("s", 1)).put("city", "Nice").increment("total", 1);
    bed.client.send(&UpdateRow::new("orders", moved)).await.unwrap();
    let gone = RowUpdate::new(key("s", 2)).delete("city");
    bed.client.send(&UpdateRow::new("orders", gone)).await.unwrap();
    assert_eq!(all(&bed, "by_city", CITY).await, ["Nice s 1|total=8"]);
    assert_eq!(all(&bed, "by_total", TOTAL).await, ["s 5 2|", "s 8 1|", "s 9 3|"]);

    put(&bed, Row::new(key("s", 1)).with("city", "Nice")).await;
    bed.client.send(&DeleteRow::new("orders", key("s", 3))).await.unwrap();
    assert_eq!(all(&bed, "by_city", CITY).await, ["Nice s 1|"]);
    assert_eq!(all(&bed, "by_total", TOTAL).await, ["s 5 2|"]);
}

#[tokio::test]
async fn a_row_of_an_index_is_read_by_its_key_and_never_written() {
    let bed = bed_with_indexes().await;
    put(&bed, order("s", 1, "Paris", 7)).await;
    let at = PrimaryKey::new().with("city", "Paris").with("shop", "s").with("n", 1);
    let found = bed.client.send(&GetRow::new("by_city", at.clone())).await.unwrap().row.unwrap();
    assert_eq!(found.primary_key, at);
    assert_eq!(found.columns.len(), 1, "only what the index holds");
    assert_eq!(bed.refused(GetRow::new("by_city", key("s", 1))).await.0, Code::InvalidPk);
    assert_eq!(bed.refused(PutRow::new("by_city", Row::new(at))).await.0, Code::ObjectNotExist);
    assert_eq!(bed.client.send(&ListTable).await.unwrap(), ["orders"]);
    let described = bed.client.send(&DescribeTable::new("by_city")).await.unwrap();
    assert_eq!(described.table_meta.primary_key.len(), 3);
}

#[tokio::test]
async fn a_new_index_takes_the_rows_that_are_there_only_if_asked_to() {
    let pause = Duration::from_millis(50);
    let options = TableStoreOptions::default().index_pause(pause);
    let bed = bed_with(|cloud| cloud.table_store(options)).await;
    bed.client.send(&CreateTable::new(meta())).await.unwrap();
    for n in 0..600 {
        put(&bed, order("s", n, "Paris", n)).await;
    }
    bed.client.send(&CreateIndex::new("orders", by_total()).include_base_data(false)).await.unwrap();
    bed.client.send(&CreateIndex::new("orders", by_city()).include_base_data(true)).await.unwrap();
    // While it is filled it follows the writes, cannot be read, and says so.
    bed.client.send(&DeleteRow::new("orders", key("s", 599))).await.unwrap();
    put(&bed, order("s", 1000, "Berlin", 1)).await;
    let phase = bed.client.send(&DescribeTable::new("orders")).await.unwrap().index_metas;
    let phase: Vec<_> = phase.into_iter().map(|index| index.index_sync_phase.unwrap()).collect();
    assert_eq!(phase, [IndexSyncPhase::Incremental, IndexSyncPhase::Full]);
    let building = "Disallow read index table in building base state".to_owned();
    assert_eq!(bed.refused(GetRange::all("by_city", CITY.iter().copied())).await, (Code::ParameterInvalid, building));

    assert_eq!(all(&bed, "by_total", TOTAL).await, ["s 1 1000|"]);
    loop {
        let indexes = bed.client.send(&DescribeTable::new("orders")).await.unwrap().index_metas;
        if indexes[1].index_sync_phase == Some(IndexSyncPhase::Incremental) {
            break;
        }
        tokio::time::sleep(pause).await;
    }
    let rows = all(&bed, "by_city", CITY).await;
    assert_eq!((rows.len(), rows[0].as_str(), rows[1].as_str()), (600, "Berlin s 1000|total=1", "Paris s 0|total=0"));
}

#[tokio::test]
async fn a_dropped_index_is_gone_and_its_name_free() {
    let bed = bed_with_indexes().await;
    put(&bed, order("s", 1, "Paris", 7)).await;
    assert_eq!(
        bed.refused(CreateTable::new(TableMeta::new("by_city").key("id", KeyType::String))).await.0,
        Code::ObjectAlreadyExist
    );
    let used = bed.refused(DeleteDefinedColumn::new("orders", ["city"])).await;
    assert_eq!(used.0, Code::ParameterInvalid);
    bed.client.send(&DropIndex::new("orders", "by_city")).await.unwrap();
    assert_eq!(bed.refused(GetRange::all("by_city", CITY.iter().copied())).await.0, Code::ObjectNotExist);
    assert_eq!(bed.refused(DropIndex::new("orders", "by_city")).await.0, Code::ObjectNotExist);
    bed.client.send(&DeleteDefinedColumn::new("orders", ["city"])).await.unwrap();
    bed.client.send(&DeleteTable::new("orders")).await.unwrap();
    assert_eq!(bed.refused(GetRange::all("by_total", TOTAL.iter().copied())).await.0, Code::ObjectNotExist);
    bed.client.send(&CreateTable::new(meta()).index(by_city()).index(by_total())).await.unwrap();
    assert!(all(&bed, "by_city", CITY).await.is_empty());
}

#[tokio::test]
async fn a_row_leaves_the_index_when_the_table_lets_it_expire() {
    let bed = bed().await;
    let day = TableOptions::default().time_to_live(Duration::from_secs(86_400)).allow_update(false);
    bed.client.send(&CreateTable::new(meta()).table_options(day).index(by_city()).index(by_total())).await.unwrap();
    put(&bed, order("s", 1, "Paris", 7)).await;
    bed.advance(DAY / 2);
    put(&bed, order("s", 2, "Paris", 5)).await;
    bed.advance(DAY / 2);
    assert_eq!(all(&bed, "by_city", CITY).await, ["Paris s 2|total=5"]);
    assert_eq!(all(&bed, "by_total", TOTAL).await, ["s 5 2|"]);
    // A new row in the place of the expired one leaves nothing of the old one behind.
    put(&bed, order("s", 1, "Lyon", 1)).await;
    let for_ever = TableOptions { time_to_live: Some(-1), ..TableOptions::unset() };
    bed.client.send(&UpdateTable::new("orders").table_options(for_ever)).await.unwrap();
    assert_eq!(all(&bed, "by_city", CITY).await, ["Lyon s 1|total=1", "Paris s 2|total=5"]);
}

#[tokio::test]
async fn indexes_that_cannot_be_are_refused_in_the_services_words() {
    let bed = bed().await;
    bed.client.send(&CreateTable::new(meta().auto_increment("k")).index(by_city())).await.unwrap();
    let global = |columns: &[&str]| IndexMeta::new("i", IndexType::Global, columns.iter().copied());
    let make = |index| CreateIndex::new("orders", index);
    let many = (0..33).fold(global(&["city"]), |index, n| index.defined_column(format!("c{n}")));
    for (bad, text) in [
        (make(many), "The number of attribute columns must be in range: [0, 32] in index."),
        (make(global(&["open"])), "The type of 'open' is invalid for the primary key in index."),
        (make(global(&["none"])), "The column 'none' of the index is no key column or defined column."),
        (make(global(&["city", "city"])), "Duplicated column name in index: 'city'."),
        (make(global(&["city"]).defined_column("none")), "The column 'none' of the index is not a defined column."),
        (make(global(&["k"])), "The first column of an index cannot be AUTO_INCREMENT."),
        (
            make(IndexMeta::new("i", IndexType::Local, ["city"])),
            "The first column of a local index must be the partition key of its table.",
        ),
    ] {
        assert_eq!(bed.refused(bad).await, (Code::ParameterInvalid, text.to_owned()));
    }
    assert_eq!(bed.refused(make(by_city())).await.0, Code::ObjectAlreadyExist);
    let orders = IndexMeta { name: "orders".to_owned(), ..by_city() };
    assert_eq!(bed.refused(make(orders)).await.0, Code::ObjectAlreadyExist);
    for n in 0..4 {
        let another = IndexMeta { name: format!("i{n}"), ..by_city() };
        bed.client.send(&make(another)).await.unwrap();
    }
    let five = "Number of index per table exceeds the quota:5.".to_owned();
    assert_eq!(bed.refused(make(global(&["city"]))).await, (Code::ParameterInvalid, five));

    let versions = UpdateTable::new("orders").table_options(TableOptions::unset().max_versions(2));
    assert_eq!(bed.refused(versions).await.0, Code::ParameterInvalid);
    let day = TableOptions::unset().time_to_live(Duration::from_secs(86_400));
    assert_eq!(bed.refused(UpdateTable::new("orders").table_options(day)).await.0, Code::ParameterInvalid);
    let long = Row::new(key("s", 1).with("k", 1)).with("city", "x".repeat(1025));
    let text = "The length of primary key column: 'city' exceeds the MaxLength:1024 with CurrentLength:1025.";
    assert_eq!(bed.refused(PutRow::new("orders", long)).await, (Code::ParameterInvalid, text.to_owned()));
}

#[tokio::test]
async fn an_index_that_was_being_filled_goes_on_after_a_restart() {
    let store = Store::in_memory().unwrap();
    let kept = store.clone();
    let slow = TableStoreOptions::default().index_pause(Duration::from_secs(3600));
    let bed = bed_with(|cloud| cloud.store(kept).table_store(slow)).await;
    bed.client.send(&CreateTable::new(meta())).await.unwrap();
    for n in 0..1100 {
        put(&bed, order("s", n, "Paris", n)).await;
    }
    bed.client.send(&CreateIndex::new("orders", by_city()).include_base_data(true)).await.unwrap();
    assert_eq!(bed.refused(GetRange::all("by_city", CITY.iter().copied())).await.0, Code::ParameterInvalid);
    let again = bed_with(|cloud| cloud.store(store)).await;
    assert_eq!(all(&again, "by_city", CITY).await.len(), 1100);
}
