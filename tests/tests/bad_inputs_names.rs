//! Names, lengths and counts that Table Store does not take: refused before anything is sent.
//!
//! Those of OSS are in `bad_inputs_oss`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use bytes::Bytes;
use campaign_client::{ErrorKind, Operation, Retry};
use campaign_tablestore::{
    BatchGetRow, BatchWriteRow, BulkImport, Client, CreateTable, DescribeTable, GetRow, PrimaryKey, PutRow, Row,
    RowUpdate, RowWrite, TableReads, TableStore, UpdateRow,
    schema::{KeyType, TableMeta},
};
use campaign_tests::tablestore::Script;

#[tokio::test]
async fn what_no_table_takes_is_refused_before_anything_is_sent() {
    let mut seen = Vec::new();
    for case in campaign_tests::bad_inputs("resource-names") {
        let id = case["id"].as_str().unwrap().strip_prefix("resource-names-").unwrap().to_owned();
        let args = &case["input"]["args"];
        let key = || PrimaryKey::new().with("id", "a");
        if let Some(table) = args["table"].as_str() {
            refused(&id, CreateTable::new(TableMeta::new(table).key("id", KeyType::String))).await;
            refused(&id, DescribeTable::new(table)).await;
            refused(&id, GetRow::new(table, key())).await;
            refused(&id, PutRow::new(table, Row::new(key()))).await;
        } else if let Some(column) = args["column"].as_str() {
            let column = || column.to_owned();
            refused(&id, PutRow::new("t", Row::new(key()).with(column(), 1))).await;
            refused(&id, UpdateRow::new("t", RowUpdate::new(key()).put(column(), 1))).await;
            refused(&id, GetRow::new("t", PrimaryKey::new().with(column(), 1))).await;
        } else if let Some(value) = args["pk"].as_str() {
            let key = || PrimaryKey::new().with("id", value);
            refused(&id, PutRow::new("t", Row::new(key()))).await;
            refused(&id, GetRow::new("t", key())).await;
        } else if let Some(length) = args["attr_bytes"].as_u64() {
            let value = "x".repeat(usize::try_from(length).unwrap());
            refused(&id, PutRow::new("t", Row::new(key()).with("v", value.clone()))).await;
            refused(&id, UpdateRow::new("t", RowUpdate::new(key()).put("v", value))).await;
        } else if let Some(count) = args["columns"].as_u64() {
            let wide = (0..count).fold(Row::new(key()), |row, n| row.with(format!("c{n}"), 1));
            refused(&id, PutRow::new("t", wide)).await;
        } else if let Some(count) = args["rows"].as_u64() {
            let id = |n: u64| if args["dup_pk"] == true { 0 } else { n };
            let rows = || (0..count).map(|n| Row::new(PrimaryKey::new().with("id", i64::try_from(id(n)).unwrap())));
            refused(case["id"].as_str().unwrap(), BatchWriteRow::new("t", rows().map(RowWrite::put))).await;
            refused(case["id"].as_str().unwrap(), BulkImport::new("t", rows())).await;
            if args["dup_pk"] == true {
                refused(case["id"].as_str().unwrap(), get(rows().map(|row| row.primary_key))).await;
            }
        } else if let Some(tables) = args["tables"].as_array() {
            let names = || tables.iter().map(|name| name.as_str().unwrap());
            let writes = names().fold(none(), |batch, table| batch.table(table, [RowWrite::put(Row::new(key()))]));
            refused(&id, writes).await;
            let reads = names().map(|table| TableReads::new(table, [key()])).collect();
            refused(&id, BatchGetRow { tables: reads }).await;
        } else if let Some(count) = args["get_rows"].as_u64() {
            let keys = (0..count).map(|n| PrimaryKey::new().with("id", i64::try_from(n).unwrap()));
            refused(&id, get(keys)).await;
        } else {
            continue;
        }
        seen.push(id);
    }
    assert_eq!(seen, ["018", "020", "021", "023", "024", "025", "026", "028", "029", "030"]);
}

fn none() -> BatchWriteRow {
    BatchWriteRow { tables: Vec::new(), transaction_id: None, is_atomic: None }
}

fn get(keys: impl Iterator<Item = PrimaryKey>) -> BatchGetRow {
    BatchGetRow::new(TableReads::new("t", keys))
}

/// The nearest that are legal, so that the refusals above are for what they say.
#[test]
fn what_a_table_takes_at_most_is_sent() {
    let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
    let key = PrimaryKey::new().with("id", "x".repeat(1024));
    let row = Row::new(key).with("price-2", "x".repeat(2 << 20));
    assert!(PutRow::new("_t".repeat(127), row).request(&service).is_ok());
    let wide = (0..1024).fold(Row::new(PrimaryKey::new().with("id", 1)), |row, n| row.with(format!("c{n}"), 1));
    assert!(PutRow::new("t", wide).request(&service).is_ok());
    let keys = |count: i64| (0..count).map(|n| PrimaryKey::new().with("id", n));
    let rows = |count| keys(count).map(|key| RowWrite::put(Row::new(key)));
    assert!(BatchWriteRow::new("t", rows(100)).table("u", rows(100)).request(&service).is_ok());
    assert!(BulkImport::new("t", keys(200).map(Row::new)).request(&service).is_ok());
    assert!(get(keys(100)).request(&service).is_ok());
}

async fn refused<O: Operation<Service = TableStore>>(id: &str, operation: O) {
    let script = Script::new(Vec::<http::Response<Bytes>>::new());
    let client = Client::builder(TableStore::new("http://127.0.0.1:1", "campaign").unwrap())
        .credentials(campaign_client::Credentials::new("id", "secret"))
        .transport(script.clone())
        .retry(Retry::never())
        .build()
        .unwrap();
    let error = client.send(&operation).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{id}: {error}");
    assert!(script.sent().is_empty(), "{id}");
}
