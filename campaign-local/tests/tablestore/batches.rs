//! Batches, BulkImport, BulkExport.

use campaign_client::Result;
use campaign_tablestore::schema::{KeyType, TableMeta};
use campaign_tablestore::{
    BatchGetRow, BatchWriteRow, BulkExport, BulkImport, Code, ColumnFilter, Condition, CreateTable, DataBlockType,
    DeleteRow, GetRange, KeyValue, PrimaryKey, PutRow, ReturnContent, Row, RowChange, RowResult, RowUpdate, RowWrite,
    TableReads, UpdateRow, Value, Written,
};
use futures_util::TryStreamExt;
use proptest::prelude::*;

use crate::{Bed, bed, bed_with_table, key, row};

/// What is known of a row's end: what was written, or code and text.
fn said(result: &RowResult<Written>) -> std::result::Result<Written, (String, String)> {
    result.clone().map_err(|error| (error.code, error.message))
}

async fn all_of(bed: &Bed, table: &str) -> Vec<Row> {
    GetRange::all(table, ["id"]).max_versions(10).rows(&bed.client).try_collect().await.unwrap()
}

#[tokio::test]
async fn each_row_of_a_batch_succeeds_or_fails_for_itself() {
    let bed = bed_with_table().await;
    bed.client.send(&PutRow::new("t", row("a"))).await.unwrap();
    let batch = BatchWriteRow::new(
        "t",
        [
            RowWrite::put(row("b")),
            RowWrite::update(RowUpdate::new(key("a")).increment("age", 1))
                .return_content(ReturnContent::after_modify(["age"])),
            RowWrite::put(Row::new(key("c")).with("n", f64::NAN)),
            RowWrite::put(Row::new(PrimaryKey::new().with("id", 7))),
        ],
    )
    .table("ghost", [RowWrite::delete(key("a"))]);
    let written = bed.client.send(&batch).await.unwrap();
    let codes: Vec<_> = written.rows().map(|row| row.as_ref().err().map(|e| Code::from_text(&e.code))).collect();
    let expected = [None, None, Some(Code::ParameterInvalid), Some(Code::InvalidPk), Some(Code::ObjectNotExist)];
    assert_eq!(codes, expected);
    let counted = written.tables[0][1].as_ref().unwrap().row.as_ref().unwrap();
    assert_eq!(counted.get("age"), Some(&Value::Integer(38)));

    let conditional = RowWrite::put(row("a")).condition(Condition::expect_not_exist());
    let written = bed.client.send(&BatchWriteRow::new("t", [conditional, RowWrite::delete(key("b"))])).await.unwrap();
    let first = written.tables[0][0].as_ref().unwrap_err();
    assert_eq!((&*first.code, &*first.message), ("OTSConditionCheckFail", "Condition check failed."));
    assert!(first.request_id.is_some());
    assert!(bed.get("b").await.is_none());
}

#[tokio::test]
async fn an_atomic_batch_is_written_whole_or_not_at_all() {
    let bed = bed().await;
    let meta = TableMeta::new("t").key("p", KeyType::String).key("n", KeyType::Integer);
    bed.client.send(&CreateTable::new(meta)).await.unwrap();
    let key = |p: &str, n: i64| PrimaryKey::new().with("p", p).with("n", n);
    let put = |p: &str, n: i64| RowWrite::put(Row::new(key(p, n)).with("v", n));
    let count = async || {
        let rows: Vec<Row> = GetRange::all("t", ["p", "n"]).rows(&bed.client).try_collect().await.unwrap();
        rows.len()
    };

    let torn = BatchWriteRow::new("t", [put("0", 1), put("1", 2), put("0", 3)]).atomic();
    let results = bed.client.send(&torn).await.unwrap();
    for error in results.into_rows().map(Result::unwrap_err) {
        assert_eq!(Code::from_text(&error.code), Code::DataOutOfRange);
        assert_eq!(error.message, "Data out of scope of atomic. Atomic PartKey:0. Data PartKey:1");
    }
    let refused = put("0", 2).condition(Condition::expect_exist());
    let results = bed.client.send(&BatchWriteRow::new("t", [put("0", 1), refused]).atomic()).await.unwrap();
    assert!(results.rows().all(|row| row.as_ref().is_err_and(|e| e.code == "OTSConditionCheckFail")));
    assert_eq!(count().await, 0);
    assert!(bed.client.send(&BatchWriteRow::new("t", [put("0", 1), put("0", 2)]).atomic()).await.unwrap().is_ok());
    assert_eq!(count().await, 2);
}

#[tokio::test]
async fn rows_are_read_in_the_order_that_they_are_asked_for() {
    let bed = bed_with_table().await;
    for id in ["a", "b", "c"] {
        bed.client.send(&PutRow::new("t", row(id))).await.unwrap();
    }
    let keys = ["c", "missing", "a"].map(key);
    let old = ColumnFilter::equal("age", 38);
    let batch = BatchGetRow::new(TableReads::new("t", keys).column("name"))
        .table(TableReads::new("ghost", [key("a")]))
        .table(TableReads::new("_other", [key("a"), key("b")]).filter(old.clone()));
    let found = bed.client.send(&batch).await.unwrap();
    let ids: Vec<_> = found.tables[0]
        .iter()
        .map(|row| row.as_ref().unwrap().row.as_ref().map(|row| row.key("id").cloned()))
        .collect();
    assert_eq!(ids, [Some(Some("c".into())), None, Some(Some("a".into()))]);
    let first = found.tables[0][0].as_ref().unwrap();
    assert_eq!((first.row.as_ref().unwrap().columns.len(), first.consumed.read), (1, 1));
    assert_eq!(found.tables[0][1].as_ref().unwrap().consumed.read, 1, "that it is missing costs a unit too");
    for table in &found.tables[1..] {
        assert!(table.iter().all(|row| row.as_ref().is_err_and(|e| e.code == "OTSObjectNotExist")));
    }
    let filtered = BatchGetRow::new(TableReads::new("t", [key("a")]).filter(old));
    assert_eq!(bed.client.send(&filtered).await.unwrap().tables[0][0].as_ref().unwrap().row, None);
}

#[tokio::test]
async fn imported_rows_are_exported_page_by_page_in_either_format() {
    let bed = bed_with_table().await;
    let wide = "x".repeat(30_000);
    let rows: Vec<Row> =
        (0..200).map(|n| Row::new(key(&format!("{n:03}"))).with("n", n).with("v", wide.clone())).collect();
    for part in rows.chunks(100) {
        let imported = bed.client.send(&BulkImport::new("t", part.to_vec())).await.unwrap();
        assert!(imported.iter().all(|row| row.as_ref().is_ok_and(|consumed| consumed.write == 8)));
    }
    let changes = [
        RowChange::Update(RowUpdate::new(key("007")).delete("n")),
        RowChange::Delete(key("008")),
        RowChange::Put(Row::new(PrimaryKey::new().with("id", KeyValue::AutoIncrement))),
    ];
    let imported = bed.client.send(&BulkImport::new("t", changes)).await.unwrap();
    assert_eq!(imported.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false]);

    let export = BulkExport::all("t", ["id"]).columns(["id", "v", "n"]);
    let pages: Vec<_> = bed.client.pages(export.clone()).try_collect().await.unwrap();
    assert_eq!(pages.len(), 2, "four megabytes are a page");
    let mut exported = Vec::new();
    for page in &pages {
        let mut matrix = page.reader().unwrap().unwrap();
        assert_eq!((matrix.key_names(), matrix.column_names()), (["id"].as_slice(), ["v", "n"].as_slice()));
        while let Some(row) = matrix.next_row().unwrap() {
            exported.push((row.get("id").unwrap().to_key_value().unwrap(), row.get("n").is_some()));
        }
    }
    let expected = (0..200).filter(|n| *n != 8).map(|n| (format!("{n:03}").into(), n != 7));
    assert_eq!(exported, expected.collect::<Vec<_>>());

    let plain = BulkExport { data_block_type_hint: Some(DataBlockType::PlainBuffer), ..export };
    let pages: Vec<_> = bed.client.pages(plain).try_collect().await.unwrap();
    let rows: Vec<Row> = pages.iter().flat_map(|page| page.rows().unwrap()).collect();
    assert_eq!(rows.len(), 199);
    assert!(rows[0].columns.iter().all(|column| column.timestamp.is_some()));
}

/// A write of one of a few rows, with or without a condition, of any kind.
fn writes() -> impl Strategy<Value = Vec<RowWrite>> {
    let condition = prop_oneof![
        3 => Just(Condition::ignore()),
        1 => Just(Condition::expect_exist()),
        1 => Just(Condition::expect_not_exist()),
        1 => Just(Condition::ignore().column(ColumnFilter::equal("n", 1))),
    ];
    let one = (0..5_u8, -1..3_i64, condition);
    let ids = Just((b'a'..=b'h').collect::<Vec<u8>>()).prop_shuffle();
    (ids, prop::collection::vec(one, 1..8)).prop_map(|(ids, writes)| {
        let write = |(id, (kind, n, condition)): (u8, (u8, i64, Condition))| {
            let key = key(&char::from(id).to_string());
            let write = match kind {
                0 => RowWrite::put(Row::new(key).with("n", n)).return_content(ReturnContent::PrimaryKey),
                1 => RowWrite::update(RowUpdate::new(key).put("m", n).delete("n")),
                2 => RowWrite::update(RowUpdate::new(key).increment("n", n))
                    .return_content(ReturnContent::after_modify(["n"])),
                3 => RowWrite::put(Row::new(key).with_version("n", n, n.max(0))),
                _ => RowWrite::delete(key),
            };
            write.condition(condition)
        };
        ids.into_iter().zip(writes).map(write).collect()
    })
}

/// The same write as a call of its own.
async fn alone(bed: &Bed, table: &str, write: RowWrite) -> std::result::Result<Written, (String, String)> {
    let RowWrite { change, condition, return_content } = write;
    let result = match change {
        RowChange::Put(row) => bed.client.send(&PutRow { condition, return_content, ..PutRow::new(table, row) }).await,
        RowChange::Update(row) => {
            bed.client.send(&UpdateRow { condition, return_content, ..UpdateRow::new(table, row) }).await
        }
        RowChange::Delete(key) => {
            bed.client.send(&DeleteRow { condition, return_content, ..DeleteRow::new(table, key) }).await
        }
    };
    result.map_err(|error| {
        let answer = error.service_error().unwrap();
        (answer.code.clone(), answer.message.clone())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_batch_is_its_rows_one_by_one(batches in prop::collection::vec(writes(), 1..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bed = bed().await;
            for table in ["one", "many"] {
                bed.client.send(&CreateTable::new(TableMeta::new(table).key("id", KeyType::String))).await.unwrap();
            }
            for writes in batches {
                let batch = bed.client.send(&BatchWriteRow::new("many", writes.clone())).await.unwrap();
                for (result, write) in batch.rows().zip(writes) {
                    assert_eq!(said(result), alone(&bed, "one", write).await);
                }
                assert_eq!(all_of(&bed, "many").await, all_of(&bed, "one").await);
                let keys = || ('a'..='h').map(|id| key(&id.to_string()));
                let reads = |table| TableReads::new(table, keys()).max_versions(10);
                let found = bed.client.send(&BatchGetRow::new(reads("many")).table(reads("one"))).await.unwrap();
                let row = |at: usize| {
                    let rows = found.tables[at].iter().filter_map(|row| row.as_ref().unwrap().row.clone());
                    rows.collect::<Vec<_>>()
                };
                assert_eq!((row(0), row(1)), (all_of(&bed, "many").await, all_of(&bed, "one").await));
                bed.advance(5);
            }
        });
    }
}
