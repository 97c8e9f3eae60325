//! Search indexes as callers make, change and exchange them.

use campaign_tablestore::schema::{KeyType, TableMeta};
use campaign_tablestore::search::{
    ColumnsToGet, FieldSchema, FieldType, IndexScan, IndexSchema, Query, ReturnType, Sort, Sorter,
};
use campaign_tablestore::{
    Code, CreateSearchIndex, CreateTable, DeleteSearchIndex, DescribeSearchIndex, PrimaryKey, PutRow, Row, Search,
    UpdateSearchIndex,
};
use futures_util::TryStreamExt;

use crate::{Bed, bed};

fn fields(names: &[&str]) -> IndexSchema {
    names.iter().map(|name| FieldSchema::new(*name, FieldType::Long)).collect()
}

async fn bed_with_rows() -> Bed {
    let bed = bed().await;
    bed.client.send(&CreateTable::new(TableMeta::new("people").key("id", KeyType::Integer))).await.unwrap();
    for id in 0..20 {
        let row = Row::new(PrimaryKey::new().with("id", id)).with("age", 20 + id).with("size", 200 - id);
        bed.client.send(&PutRow::new("people", row)).await.unwrap();
    }
    bed.client.send(&CreateSearchIndex::new("people", "found", fields(&["age"]))).await.unwrap();
    bed
}

async fn ids(bed: &Bed, query: Query) -> Vec<i64> {
    let page = bed.client.send(&Search::new("people", "found", query)).await.unwrap();
    page.rows().unwrap().iter().map(|row| row.key("id").unwrap().as_i64().unwrap()).collect()
}

async fn names(bed: &Bed, index: &str) -> Vec<String> {
    let described = bed.client.send(&DescribeSearchIndex::new("people", index)).await.unwrap();
    described.schema.fields.into_iter().map(|field| field.name).collect()
}

#[tokio::test]
async fn an_added_field_is_there_for_all_rows_at_once() {
    let bed = bed_with_rows().await;
    assert!(ids(&bed, Query::term("size", 190)).await.is_empty());
    let mut update = UpdateSearchIndex::new("people", "found");
    update.added_fields = vec![FieldSchema::new("size", FieldType::Long)];
    bed.client.send(&update).await.unwrap();
    assert_eq!(names(&bed, "found").await, ["age", "size"]);
    assert_eq!(ids(&bed, Query::term("size", 190)).await, [10]);
    let again = bed.client.send(&update).await.unwrap_err();
    assert!(again.is_code(Code::ParameterInvalid.as_str()));
    assert_eq!(names(&bed, "found").await, ["age", "size"]);
}

#[tokio::test]
async fn a_rebuilt_index_exchanges_its_fields_with_the_one_it_was_rebuilt_from() {
    let bed = bed_with_rows().await;
    let rebuilt = |name: &str| {
        let mut create = CreateSearchIndex::new("people", name, fields(&["size"]));
        create.source_index_name = Some("found".to_owned());
        create
    };
    let refused = bed.client.send(&rebuilt("other")).await.unwrap_err();
    assert!(refused.is_code(Code::ParameterInvalid.as_str()));
    bed.client.send(&rebuilt("found_reindex")).await.unwrap();
    let refused = bed.client.send(&rebuilt("second_reindex")).await.unwrap_err();
    assert!(refused.is_code(Code::ParameterInvalid.as_str()));
    for (index, brother) in [("found", "found_reindex"), ("found_reindex", "found")] {
        let described = bed.client.send(&DescribeSearchIndex::new("people", index)).await.unwrap();
        assert_eq!(described.brother_index_name.as_deref(), Some(brother));
    }
    let mut switch = UpdateSearchIndex::new("people", "found");
    switch.switch_index_name = Some("found_reindex".to_owned());
    bed.client.send(&switch).await.unwrap();
    assert_eq!(
        (names(&bed, "found").await, names(&bed, "found_reindex").await),
        (vec!["size".into()], vec!["age".into()])
    );
    assert_eq!(ids(&bed, Query::term("size", 190)).await, [10]);
    bed.client.send(&DeleteSearchIndex::new("people", "found_reindex")).await.unwrap();
    let described = bed.client.send(&DescribeSearchIndex::new("people", "found")).await.unwrap();
    assert_eq!(described.brother_index_name, None);
    let refused = bed.client.send(&switch).await.unwrap_err();
    assert!(refused.is_code(Code::MetaNotMatch.as_str()));
}

#[tokio::test]
async fn an_index_is_not_made_in_an_order_that_it_cannot_keep() {
    let bed = bed_with_rows().await;
    for (name, sorter) in [("by a field it has not", Sorter::ascending("size")), ("by the score", Sorter::score())] {
        let mut schema = fields(&["age"]);
        schema.index_sort = Some(Sort::from_iter([sorter]));
        let refused = bed.client.send(&CreateSearchIndex::new("people", "sorted", schema)).await.unwrap_err();
        assert!(refused.is_code(Code::ParameterInvalid.as_str()), "{name}");
    }
    let mut schema = fields(&["age"]);
    schema.index_sort = Some(Sort::from_iter([Sorter::descending("age")]));
    bed.client.send(&CreateSearchIndex::new("people", "sorted", schema)).await.unwrap();
    let page = bed.client.send(&Search::new("people", "sorted", Query::all()).limit(1)).await.unwrap();
    assert_eq!(page.rows().unwrap()[0].key("id").unwrap().as_i64(), Some(19));
}

#[tokio::test]
async fn a_scan_reads_each_row_once_whatever_is_written_between_its_pages() {
    let bed = bed_with_rows().await;
    let columns = ColumnsToGet::of(ReturnType::AllFromIndex);
    let scan = IndexScan::new("people", "found", Query::all()).columns_to_get(columns).limit(3);
    let mut rows = Box::pin(scan.rows(&bed.client).await.unwrap());
    let mut found = Vec::new();
    while let Some(row) = rows.try_next().await.unwrap() {
        let id = row.key("id").unwrap().as_i64().unwrap();
        found.push(id);
        // A new version of a row that was read, and a row before it.
        let row = Row::new(PrimaryKey::new().with("id", id)).with("age", 99);
        bed.client.send(&PutRow::new("people", row)).await.unwrap();
        let row = Row::new(PrimaryKey::new().with("id", -1 - id)).with("age", 99);
        bed.client.send(&PutRow::new("people", row)).await.unwrap();
    }
    assert_eq!(found, (0..20).collect::<Vec<_>>());
}
