//! Many rows: scans by the service's split points, rows by their keys.

use campaign_local::fault::Fault;
use campaign_tablestore::{
    BulkReader, Client, Entity, GetRange, PrimaryKey, PutRow, Row, RowWrite, SqlQuery, Table, TableReads, TableScan,
    batch,
};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::typed::{Visit, visit};
use crate::{Bed, bed, bed_with_table, key, row};

async fn fill(bed: &Bed, rows: std::ops::Range<i32>) {
    let writes = rows.map(|n| RowWrite::put(row(&format!("{n:05}")))).collect();
    for written in batch::write_rows(&bed.client, "t", writes).await {
        written.unwrap();
    }
}

fn all() -> GetRange {
    GetRange::all("t", ["id"])
}

#[tokio::test]
async fn a_table_is_read_in_the_parts_that_the_service_tells() {
    let bed = bed_with_table().await;
    for n in 0..12 {
        let row = Row::new(key(&format!("{n:02}"))).with("v", vec![7_u8; 1 << 20]);
        bed.client.send(&PutRow::new("t", row)).await.unwrap();
    }
    let scan = TableScan::plan(&bed.client, &all(), 3 << 20).await.unwrap();
    assert!(scan.parts().count() >= 3, "{scan:?}");
    let mut rows = scan.at_once(3).rows(&bed.client);
    let mut found: Vec<PrimaryKey> = Vec::new();
    while found.len() < 5 {
        found.push(rows.try_next().await.unwrap().unwrap().primary_key);
    }
    let json = serde_json::to_string(&rows.checkpoint()).unwrap();
    drop(rows);
    let scan = TableScan::resume(&all(), &serde_json::from_str(&json).unwrap()).unwrap();
    let rest: Vec<Row> = scan.rows(&bed.client).try_collect().await.unwrap();
    found.extend(rest.into_iter().map(|row| row.primary_key));
    found.sort();
    assert_eq!(found, (0..12).map(|n| key(&format!("{n:02}"))).collect::<Vec<_>>());

    // A part of the table is cut where it lies in the parts of the table.
    let middle = GetRange::new("t", key("03"), key("09"));
    let scan = TableScan::plan(&bed.client, &middle, 1 << 20).await.unwrap();
    assert!(scan.parts().count() >= 2, "{scan:?}");
    let rows: Vec<Row> = scan.rows(&bed.client).try_collect().await.unwrap();
    assert_eq!(rows.len(), 6);
    let back = GetRange::new("t", key("09"), key("03")).backward();
    let scan = TableScan::plan(&bed.client, &back, 1 << 20).await.unwrap();
    let mut rows: Vec<_> = scan.rows(&bed.client).map_ok(|row| row.primary_key).try_collect().await.unwrap();
    rows.sort();
    assert_eq!(rows, (4..10).map(|n| key(&format!("{n:02}"))).collect::<Vec<_>>());
}

#[tokio::test]
async fn rows_are_read_by_their_keys_in_calls_of_a_hundred() {
    let bed = bed_with_table().await;
    fill(&bed, 0..350).await;
    let reader = BulkReader::new(&bed.client, TableReads::new("t", []).column("age")).in_flight(2);
    let keys: Vec<_> = (0..400).rev().map(|n| key(&format!("{n:05}"))).collect();
    let found: Vec<_> = reader.rows(keys.clone()).collect().await;
    assert_eq!(found.len(), 400);
    for ((asked, (given, row)), n) in keys.iter().zip(&found).zip((0..400).rev()) {
        assert_eq!(asked, given);
        let columns = row.as_ref().unwrap().as_ref().map(|row| row.columns.len());
        assert_eq!(columns, (n < 350).then_some(1), "{n}");
    }
    let stream: Vec<_> = reader
        .rows_of(stream::iter(keys))
        .filter(|(_, row)| {
            let there = row.as_ref().unwrap().is_some();
            async move { there }
        })
        .collect()
        .await;
    assert_eq!(stream.len(), 350);
}

#[tokio::test]
async fn a_call_that_is_cut_is_made_again_and_a_table_that_is_not_there_is_each_keys_error() {
    let bed = bed_with_table().await;
    fill(&bed, 0..150).await;
    let client: Client = bed.client.with_retry(campaign_client::Retry::default());
    bed.script("BatchGetRow", Fault::Cut(campaign_local::fault::Moment::BeforeHandling));
    let keys = || (0..150).map(|n| key(&format!("{n:05}")));
    let found: Vec<_> = BulkReader::new(&client, TableReads::new("t", [])).rows(keys()).collect().await;
    assert!(found.iter().all(|(_, row)| row.as_ref().unwrap().is_some()));
    let found: Vec<_> = BulkReader::new(&client, TableReads::new("none", [])).rows(keys()).collect().await;
    assert_eq!(found.len(), 150);
    assert!(found.iter().all(|(_, row)| row.as_ref().unwrap_err().is_not_found()));
}

#[tokio::test]
async fn values_of_a_type_are_read_by_their_keys() {
    let bed = bed().await;
    bed.client.send(&campaign_tablestore::CreateTable::new(Visit::table_meta("visits", &[]).unwrap())).await.unwrap();
    let table = Table::<Visit>::new(&bed.client, "visits");
    for seq in 0..5 {
        table.put(&visit("home", seq)).await.unwrap();
    }
    let keys = (0..7).map(|seq| Visit::key(("home", seq)).unwrap());
    let reader = BulkReader::new(&bed.client, TableReads::new("visits", []));
    let found: Vec<_> = reader.rows_as::<Visit, _>(keys).map(|(_, visit)| visit.unwrap()).collect().await;
    let expected: Vec<_> = (0..7).map(|seq| (seq < 5).then(|| visit("home", seq))).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn sql_is_refused_and_not_pretended() {
    let bed = bed().await;
    let (code, text) = bed.refused(SqlQuery::new("select 1")).await;
    assert_eq!(
        (code, text.as_str()),
        (campaign_tablestore::Code::ParameterInvalid, "Unsupported operation: SQLQuery.")
    );
}
