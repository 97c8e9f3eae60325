//! What rows hold is nobody's business but the caller's: no `Debug` and no error shows it. The service's own text of an
//! atomic batch with rows of several partition keys names two of them (`OTSDataOutOfRange`); it is passed on as it came.

use campaign_client::Retry;
use campaign_local::Local;
use campaign_tablestore::schema::{IndexMeta, IndexType, KeyType, StreamSpecification, TableMeta};
use campaign_tablestore::search::{
    Aggregation, BoolQuery, ColumnsToGet, FieldSchema, FieldType, GroupBy, GroupByKind, GroupByResult, IndexScan,
    Query, RangeQuery, ReturnType, ScanPage, SearchPage, Sorter,
};
use campaign_tablestore::{
    BatchGetRow, BatchWriteRow, BulkExport, BulkImport, BulkOptions, BulkReader, BulkWriter, Client, ColumnFilter,
    Condition, CreateIndex, CreateSearchIndex, CreateTable, DeleteRow, Entity, GetRange, GetRow, GetRowOutput,
    ParallelScan, PrimaryKey, PutRow, RangePage, Row, RowUpdate, RowWrite, ScanCheckpoint, Search, SqlAnswer, SqlQuery,
    StartLocalTransaction, StreamReader, Table, TableReads, TableScan, TableStore, Token, Transaction, UpdateRow,
    batch, from_row, to_row,
};
use futures_util::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use crate::canary::assert_absent;
use crate::client::said;

/// A person's data, as it would be kept.
const CANARY: &str = "zephyrine.quintanilla@example.org";

#[derive(Debug, Serialize, Deserialize)]
struct Person {
    email: String,
    n: i64,
    name: String,
}

impl Entity for Person {
    const KEY: &'static [&'static str] = &["email", "n"];
}

fn person() -> Person {
    Person { email: CANARY.to_owned(), n: 1, name: CANARY.to_owned() }
}

fn key() -> PrimaryKey {
    PrimaryKey::new().with("email", CANARY).with("n", 1)
}

fn row() -> Row {
    Row::new(key()).with("name", CANARY).with("photo", CANARY.as_bytes())
}

fn condition() -> Condition {
    Condition::expect_exist().column(ColumnFilter::equal("name", CANARY))
}

async fn client() -> Client {
    let cloud = Local::builder().start().await.unwrap();
    let client = Client::builder(TableStore::new("http://127.0.0.1", &cloud.settings().instance).unwrap())
        .credentials(cloud.credentials())
        .transport(cloud.table_store_transport())
        .retry(Retry::never())
        .build()
        .unwrap();
    let meta = TableMeta::new("people").key("email", KeyType::String).key("n", KeyType::Integer);
    let create = CreateTable::new(meta).enable_local_txn(true).stream_spec(StreamSpecification::enabled(24));
    client.send(&create).await.unwrap();
    client.send(&PutRow::new("people", row())).await.unwrap();
    client
}

fn silent(what: &str, shown: impl std::fmt::Debug) {
    assert_absent(CANARY, &format!("{what}: {shown:?} {shown:#?}"));
}

#[test]
fn no_call_shows_what_it_carries() {
    let range = GetRange::new("people", key(), key()).filter(ColumnFilter::equal("name", CANARY));
    silent("GetRow", GetRow::new("people", key()).filter(ColumnFilter::equal("name", CANARY)));
    silent("GetRange", &range);
    silent("PutRow", PutRow::new("people", row()).condition(condition()));
    silent("UpdateRow", UpdateRow::new("people", RowUpdate::new(key()).put("name", CANARY)).condition(condition()));
    silent("DeleteRow", DeleteRow::new("people", key()).condition(condition()));
    silent("BatchWriteRow", BatchWriteRow::new("people", [RowWrite::put(row()).condition(condition())]));
    silent("BatchGetRow", BatchGetRow::new(TableReads::new("people", [key()])));
    silent("BulkImport", BulkImport::new("people", [campaign_tablestore::RowChange::Put(row())]));
    silent("BulkExport", BulkExport::new("people", key(), key()));
    silent("CreateTable", CreateTable::new(TableMeta::new("t").key("id", KeyType::String)).split_points([CANARY]));
    silent("StartLocalTransaction", StartLocalTransaction::new("people", PrimaryKey::new().with("email", CANARY)));
    silent("SQLQuery", SqlQuery::new(format!("SELECT * FROM people WHERE name = {}", SqlQuery::text(CANARY))));
    let query = BoolQuery::new()
        .must(Query::term("name", CANARY))
        .must(Query::words("name", CANARY))
        .filter(RangeQuery::new("name").from(CANARY).below(CANARY))
        .must_not(Query::terms("name", [CANARY]));
    silent("Search", Search::new("people", "i", query));
    silent("CreateIndex", CreateIndex::new("people", IndexMeta::new("i", IndexType::Global, ["name"])));
}

/// A token may hold the key of a row, or what rows are ordered by.
#[test]
fn no_token_is_shown() {
    let range = GetRange::all("people", Person::KEY.iter().copied());
    silent("GetRow", GetRow::new("people", PrimaryKey::new()).token(CANARY));
    silent("GetRange", range.token(CANARY));
    let reads = TableReads::new("people", []).go_on(PrimaryKey::new(), CANARY);
    silent("TableReads", &reads);
    silent("BatchGetRow", BatchGetRow::new(reads));
    let composite = GroupBy::composite("by", [GroupBy::field("name", "name")]).token(CANARY);
    silent("Search", Search::new("people", "i", Query::all()).token(CANARY).group_by(composite));
    silent("ParallelScan", ParallelScan::new("people", "i", Query::all()).token(CANARY));
    silent("SQLQuery", SqlQuery::new("show tables").search_token(CANARY));

    let next_token = Some(Token::from(CANARY));
    silent("GetRowOutput", GetRowOutput { next_token: next_token.clone(), ..GetRowOutput::default() });
    let composite = GroupByResult {
        name: "by".to_owned(),
        kind: Some(GroupByKind::Composite),
        groups: Vec::new(),
        source_names: Vec::new(),
        next_token: Some(CANARY.into()),
    };
    let (mut range, mut found, mut scanned) = (RangePage::default(), SearchPage::default(), ScanPage::default());
    range.next_token = next_token.clone();
    silent("RangePage", range);
    (found.next_token, found.group_bys) = (next_token.clone(), vec![composite]);
    silent("SearchPage", found);
    scanned.next_token = next_token;
    silent("ScanPage", scanned);
    silent("SqlAnswer", SqlAnswer { next_search_token: Some(CANARY.to_owned()), ..SqlAnswer::default() });
    assert_eq!(format!("{:?}", Token::from(CANARY)), format!("Token({} bytes)", CANARY.len()));
}

#[tokio::test]
async fn no_answer_and_no_convenience_shows_what_rows_hold() {
    let client = client().await;
    silent("GetRowOutput", client.send(&GetRow::new("people", key())).await.unwrap());
    let all = GetRange::all("people", Person::KEY.iter().copied());
    let page = client.send(&all).await.unwrap();
    silent("RangePage", &page);
    silent("RowReader", page.reader().unwrap());
    let mut rows = all.clone().limit(1).rows(&client);
    silent("Row", rows.try_next().await.unwrap());
    silent("Rows", &rows);
    silent("RangeCursor", rows.cursor());
    let scan = TableScan::plan(&client, &all, 1 << 20).await.unwrap();
    silent("TableScan", &scan);
    let rows = scan.rows(&client);
    silent("ScanRows", &rows);
    let checkpoint: ScanCheckpoint = rows.checkpoint();
    silent("ScanCheckpoint", &checkpoint);
    let results = batch::get_rows(&client, TableReads::new("people", [key()])).await;
    silent("batch::get_rows", results);
    let reader =
        BulkReader::new(&client, TableReads::new("people", [key()]).filter(ColumnFilter::equal("name", CANARY)));
    silent("BulkReader", &reader);
    silent("its rows", reader.rows([key()]).next().await);
    let writer = BulkWriter::new(&client, "people", BulkOptions::default()).unwrap();
    let receipt = writer.write(RowWrite::put(row())).await.unwrap();
    silent("BulkWriter", &writer);
    silent("Receipt", &receipt);
    silent("BulkStats", writer.close().await);
    let transaction = Transaction::begin(&client, "people", PrimaryKey::new().with("email", CANARY)).await.unwrap();
    silent("Transaction", &transaction);
    transaction.abort().await.unwrap();
    silent("Table", Table::<Person>::new(&client, "people"));
    let changes = StreamReader::new("people").batches(&client).try_next().await.unwrap().unwrap();
    silent("StreamBatch", &changes);

    let fields =
        ["name"].map(|name| FieldSchema::new(name, FieldType::Keyword).sort_and_agg(true).enable_highlighting(false));
    client.send(&CreateSearchIndex::new("people", "i", fields.into_iter().collect())).await.unwrap();
    let search = Search::new("people", "i", Query::term("name", CANARY))
        .columns_to_get(ColumnsToGet::of(ReturnType::AllFromIndex))
        .sort_by([Sorter::ascending("name")])
        .group_by(GroupBy::field("by", "name"))
        .aggregation(Aggregation::top_rows("top", 1, None))
        .limit(1);
    silent("SearchPage", client.send(&search).await.unwrap());
    silent("IndexScan", IndexScan::new("people", "i", Query::term("name", CANARY)));
}

#[tokio::test]
async fn no_refusal_shows_what_rows_hold() {
    let client = client().await;
    let once = PutRow::new("people", row()).condition(Condition::expect_not_exist());
    let mut errors = vec![client.send(&once).await.unwrap_err()];
    errors.push(
        client
            .send(
                &PutRow::new("people", row())
                    .condition(Condition::expect_exist().column(ColumnFilter::equal("name", "x"))),
            )
            .await
            .unwrap_err(),
    );
    errors.push(client.send(&PutRow::new("none", row())).await.unwrap_err());
    errors.push(
        client.send(&PutRow::new("people", Row::new(PrimaryKey::new().with("email", CANARY)))).await.unwrap_err(),
    );
    let long = Row::new(PrimaryKey::new().with("email", CANARY.repeat(40)).with("n", 1));
    errors.push(client.send(&PutRow::new("people", long)).await.unwrap_err());
    let backwards = GetRange::new("people", key(), PrimaryKey::new().with("email", CANARY).with("n", 0));
    errors.push(client.send(&backwards).await.unwrap_err());
    let added = RowUpdate::new(key()).increment("name", 1);
    errors.push(client.send(&UpdateRow::new("people", added)).await.unwrap_err());
    let bad = SqlQuery::new(format!("SELECT '{CANARY}'"));
    errors.push(client.send(&bad).await.unwrap_err());
    for error in &errors {
        silent(&said(error), error);
    }

    #[derive(Debug, Deserialize)]
    struct Other {
        #[expect(dead_code, reason = "only read")]
        name: i64,
    }
    let row = row();
    silent("from_row", from_row::<Other>(&row).unwrap_err());
    assert_absent(CANARY, &said(&from_row::<Other>(&row).unwrap_err()));
    #[derive(Serialize)]
    struct Nested {
        email: String,
        more: Vec<String>,
    }
    let nested = to_row(&Nested { email: CANARY.to_owned(), more: vec![CANARY.to_owned()] }, &["email"]).unwrap_err();
    assert_absent(CANARY, &said(&nested));
    silent("to_row", nested);
    silent("a person is its own", person().to_row().unwrap());
    let cursor = "not-a-cursor".to_owned() + CANARY;
    assert_absent(CANARY, &said(&cursor.parse::<campaign_tablestore::RangeCursor>().unwrap_err()));
}
