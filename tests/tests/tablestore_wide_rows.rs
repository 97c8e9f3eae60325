//! Rows that are too wide for one answer: put together from their pieces they are what an answer without a limit has, however
//! they are read.

#![allow(clippy::unwrap_used, reason = "a test: a panic is a finding")]

use std::{pin::pin, sync::Arc, time::Duration};

use campaign_client::{Clock, Transport, transport::InProcess};
use campaign_local::{
    fault::{FaultPlan, FaultSettings, Faults},
    store::Store,
    tablestore::{Emulator, TableStoreOptions},
};
use campaign_tablestore::{
    BatchGetRow, BulkReader, Client, Code, ColumnFilter, CreateTable, Entity, Filter, GetRange, GetRow, PrimaryKey,
    PutRow, Row, RowUpdate, Table, TableReads, TimeRange, Transaction, UpdateRow,
    schema::{KeyType, TableMeta, TableOptions},
};
use campaign_tests::tablestore::{INSTANCE, client, credentials, now, service};
use futures_util::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

const ENDPOINT: &str = "http://127.0.0.1:1";
/// What a row's key takes: its name and 8 bytes, and the partition's.
const KEY_BYTES: usize = 2 + 8 + 4 + 3;

/// One store behind emulators whose answers have more or less of a row.
struct Bed {
    store: Store,
    faults: Faults,
    whole: Client,
}

impl Bed {
    async fn new() -> Self {
        let (store, faults) = (Store::in_memory().unwrap(), Faults::new());
        let whole = over(&store, Faults::new(), TableStoreOptions::default().row_piece_bytes(usize::MAX));
        for table in ["t", "u"] {
            let meta = TableMeta::new(table).key("team", KeyType::String).key("id", KeyType::Integer);
            let create = CreateTable::new(meta).table_options(TableOptions::default().max_versions(3));
            whole.send(&CreateTable { enable_local_txn: Some(true), ..create }).await.unwrap();
        }
        Self { store, faults, whole }
    }

    fn pieces_of(&self, bytes: usize) -> Client {
        over(&self.store, self.faults.clone(), TableStoreOptions::default().row_piece_bytes(bytes))
    }

    /// A row of this many columns with up to three versions each, of different sizes.
    async fn put(&self, table: &str, id: i64, columns: i64) {
        let at = now().timestamp_millis();
        for version in 0..3 {
            let mut update = RowUpdate::new(key(id));
            for n in (0..columns).filter(|n| version == 0 || n % (version + 2) == 0) {
                let text = "x".repeat(usize::try_from((n * 7 + id) % 40).unwrap());
                update = update.put_version(format!("c{n:03}"), text, at + version);
            }
            if columns > 0 {
                self.whole.send(&UpdateRow::new(table, update)).await.unwrap();
            }
        }
    }
}

fn over(store: &Store, faults: Faults, options: TableStoreOptions) -> Client {
    let emulator = Emulator::new(INSTANCE, "cn-hangzhou", [credentials()], store.clone(), faults, Clock::fixed(now()));
    let server: Arc<dyn Transport> = Arc::new(InProcess::new(emulator.unwrap().options(options).router()));
    client(
        ENDPOINT,
        server,
        campaign_client::Service::retry(&service(ENDPOINT)).attempts(8).base(Duration::from_millis(1)),
    )
}

fn key(id: i64) -> PrimaryKey {
    PrimaryKey::new().with("team", "red").with("id", id)
}

fn size(row: &Row) -> usize {
    let value = |value: &campaign_tablestore::Value| value.as_str().map_or(8, str::len);
    KEY_BYTES + row.columns.iter().map(|column| column.name.len() + value(&column.value)).sum::<usize>()
}

/// Reads of a wide row, each in another way.
fn reads() -> Vec<GetRow> {
    let get = || GetRow::new("t", key(1));
    let page = |offset, limit| Filter::Pagination { offset, limit };
    let at = now().timestamp_millis();
    vec![
        get(),
        get().max_versions(3),
        get().max_versions(2).start_column("c010").end_column("c031"),
        get().max_versions(3).columns((0..40).map(|n| format!("c{:03}", n * 2))),
        get().time_range(TimeRange::At(at + 1)),
        get().max_versions(3).filter(ColumnFilter::equal("c000", "no")),
        get().max_versions(1).filter(ColumnFilter::equal("c099", "no").filter_if_missing(false)),
        get().max_versions(3).filter(page(7, 30)),
        get().start_column("c020").filter(page(3, 9)),
        get().columns(["nothing"]),
    ]
}

#[tokio::test]
async fn the_pieces_of_a_row_are_the_row_however_it_is_read() {
    let bed = Bed::new().await;
    bed.put("t", 1, 60).await;
    let mut most = 0;
    for bytes in [0, 1, 40, 100, 333, 1000, 5000] {
        let client = bed.pieces_of(bytes);
        for get in reads() {
            let expected = bed.whole.send(&get).await.unwrap();
            assert_eq!(expected.next_token, None);
            let pieces: Vec<_> = client.pages(get.clone()).try_collect().await.unwrap();
            for row in pieces.iter().filter_map(|piece| piece.row.as_ref()) {
                assert!(size(row) <= bytes || row.columns.len() <= 1, "{} of {bytes}", size(row));
            }
            most = most.max(pieces.len());
            assert_eq!(get.whole(&client).await.unwrap().row, expected.row, "{bytes}");
        }
    }
    assert!(most > 90, "{most} cells, each a piece of its own");
}

#[tokio::test]
async fn ranges_have_wide_rows_among_others_in_both_directions() {
    let bed = Bed::new().await;
    for (id, columns) in [(1, 2), (2, 60), (3, 1), (4, 40), (5, 50), (6, 0), (7, 3)] {
        bed.put("t", id, columns).await;
    }
    bed.whole.send(&PutRow::new("t", Row::new(key(6)))).await.unwrap();
    let forward = || GetRange::new("t", key(1), key(8)).max_versions(3);
    let backward = || GetRange::new("t", key(7), key(0)).backward().max_versions(3);
    let filtered = || forward().filter(ColumnFilter::equal("c005", "x".repeat(39)).filter_if_missing(true));
    for bytes in [0, 64, 500, 2500] {
        let client = bed.pieces_of(bytes);
        for limit in [1, 2, 3, 100] {
            for range in [forward(), backward(), filtered(), forward().start_column("c003").end_column("c044")] {
                let range = range.limit(limit);
                let expected: Vec<Row> = range.clone().rows(&bed.whole).try_collect().await.unwrap();
                let found: Vec<Row> = range.clone().rows(&client).try_collect().await.unwrap();
                assert_eq!(found, expected, "{bytes}, {limit} at a time");
                let mut pages = pin!(client.pages(range));
                while let Some(page) = pages.next().await {
                    let page = page.unwrap();
                    let last = page.rows().unwrap().pop().map(|row| row.primary_key);
                    assert!(page.next_token.is_none() || last == page.next_start_primary_key);
                }
            }
        }
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Visit {
    team: String,
    id: i64,
    first: String,
    second: String,
}

impl Entity for Visit {
    const KEY: &'static [&'static str] = &["team", "id"];
}

#[tokio::test]
async fn rows_by_their_keys_and_typed_rows_are_whole() {
    let bed = Bed::new().await;
    for id in 0..10 {
        bed.put("t", id, id * 9).await;
    }
    let keys = || (0..11).map(key);
    let client = bed.pieces_of(200);
    let reader = |client: &Client| BulkReader::new(client, TableReads::new("t", []).max_versions(2));
    let read = async |client: &Client| -> Vec<_> {
        reader(client).rows(keys()).map(|(key, row)| (key, row.unwrap())).collect().await
    };
    assert_eq!(read(&client).await, read(&bed.whole).await);
    let batch = client.send(&BatchGetRow::new(TableReads::new("t", keys()))).await.unwrap();
    assert_eq!(batch.rows().filter(|row| row.as_ref().unwrap().next_token.is_some()).count(), 8);

    let visit = |n: usize| Visit { team: "red".into(), id: 3, first: "a".repeat(n), second: "b".repeat(n) };
    let table = Table::<Visit>::new(&client, "u");
    table.put(&visit(150)).await.unwrap();
    assert_eq!(table.get(("red", 3)).await.unwrap(), Some(visit(150)));
}

#[tokio::test]
async fn a_token_is_good_for_its_row_only() {
    let bed = Bed::new().await;
    for (table, id) in [("t", 1), ("t", 2), ("u", 1)] {
        bed.put(table, id, 20).await;
    }
    let client = bed.pieces_of(100);
    let token = client.send(&GetRow::new("t", key(1))).await.unwrap().next_token.unwrap();
    let mut changed = token.to_vec();
    changed[20] ^= 1;
    let refused = async |get: GetRow| {
        let error = client.send(&get).await.unwrap_err();
        assert_eq!(Code::of(&error), Some(Code::ParameterInvalid), "{error:?}");
    };
    refused(GetRow::new("t", key(2)).token(token.clone())).await;
    refused(GetRow::new("u", key(1)).token(token.clone())).await;
    refused(GetRow::new("t", key(9)).token(token.clone())).await;
    refused(GetRow::new("t", key(1)).token(changed)).await;
    refused(GetRow::new("t", key(1)).token(token[1..].to_vec())).await;
    refused(GetRow::new("t", key(1)).token(&b"x"[..])).await;
    let range = GetRange::new("t", key(2), key(9)).token(token.clone());
    assert_eq!(Code::of(&client.send(&range).await.unwrap_err()), Some(Code::ParameterInvalid));
    let batch = TableReads::new("t", []).go_on(key(1), token.clone()).go_on(key(2), token.clone());
    let batch = client.send(&BatchGetRow::new(batch)).await.unwrap();
    assert_eq!(batch.rows().map(Result::is_ok).collect::<Vec<_>>(), [true, false], "each row for itself");
    client.send(&GetRow::new("t", key(1)).token(token)).await.unwrap();
}

#[tokio::test]
async fn what_changes_between_two_pieces_is_seen_behind_the_last_cell_and_not_before() {
    let bed = Bed::new().await;
    let columns = |names: &[&str]| names.iter().fold(Row::new(key(1)), |row, name| row.with(*name, "x".repeat(60)));
    bed.whole.send(&PutRow::new("t", columns(&["b", "d", "f", "h"]))).await.unwrap();
    let client = bed.pieces_of(140);
    let first = client.send(&GetRow::new("t", key(1))).await.unwrap();
    let names =
        |row: Option<Row>| -> String { row.iter().flat_map(|row| &row.columns).map(|c| c.name.as_str()).collect() };
    assert_eq!(names(first.row), "bd");
    let token = first.next_token.unwrap();
    let go_on = || GetRow::new("t", key(1)).token(token.clone()).whole(&client);
    assert_eq!(names(go_on().await.unwrap().row), "fh");
    // The last cell itself is gone, as are others; some are new.
    bed.whole.send(&PutRow::new("t", columns(&["a", "c", "e", "h", "i"]))).await.unwrap();
    assert_eq!(names(go_on().await.unwrap().row), "ehi");
    bed.whole.send(&PutRow::new("t", columns(&["a"]))).await.unwrap();
    assert_eq!(go_on().await.unwrap().row, None);
    bed.whole.send(&campaign_tablestore::DeleteRow::new("t", key(1))).await.unwrap();
    assert_eq!(go_on().await.unwrap().row, None);
    let range = GetRange::new("t", key(1), key(9)).token(token.clone());
    bed.put("t", 2, 1).await;
    let page = client.send(&range).await.unwrap();
    assert_eq!(page.rows().unwrap().len(), 1, "the rows behind the one that is gone");
}

#[tokio::test(start_paused = true)]
async fn faults_between_the_pieces_change_nothing() {
    let bed = Bed::new().await;
    bed.put("t", 1, 60).await;
    bed.put("t", 2, 30).await;
    let get = || GetRow::new("t", key(1)).max_versions(3);
    let range = || GetRange::new("t", key(1), key(3)).max_versions(3);
    let expected: Vec<Row> = range().rows(&bed.whole).try_collect().await.unwrap();
    let mut injected = 0;
    for seed in 0..40 {
        let plan = FaultPlan { stall: Duration::from_millis(10), ..FaultPlan::new(seed, 15) };
        bed.faults.set(FaultSettings { plan: Some(plan), script: Vec::new() }).unwrap();
        let client = bed.pieces_of(400);
        assert_eq!(get().whole(&client).await.unwrap().row.as_ref(), expected.first());
        assert_eq!(range().rows(&client).try_collect::<Vec<Row>>().await.unwrap(), expected);
        injected += bed.faults.injected().values().sum::<u64>();
    }
    assert!(injected > 50, "{injected} faults");
}

#[tokio::test]
async fn inside_a_transaction_a_wide_row_is_the_transactions_own() {
    let bed = Bed::new().await;
    bed.put("t", 1, 30).await;
    let client = bed.pieces_of(100);
    let mut transaction = Transaction::begin(&client, "t", PrimaryKey::new().with("team", "red")).await.unwrap();
    let put = (0..20).fold(Row::new(key(1)), |row, n| row.with(format!("n{n:02}"), "y".repeat(30)));
    transaction.send(PutRow::new("t", put.clone())).await.unwrap();
    let inside = GetRow::new("t", key(1)).transaction_id(transaction.id());
    assert_eq!(inside.whole(&client).await.unwrap().row.unwrap().columns.len(), 20);
    assert_eq!(GetRow::new("t", key(1)).whole(&client).await.unwrap().row.unwrap().columns.len(), 30);
    transaction.abort().await.unwrap();
}

#[tokio::test]
async fn by_default_a_row_of_more_than_four_megabytes_is_read_in_pieces() {
    let bed = Bed::new().await;
    let text = "x".repeat(2 << 20);
    for name in ["a", "b", "c"] {
        let update = RowUpdate::new(key(1)).put(name, text.as_str());
        bed.whole.send(&UpdateRow::new("t", update)).await.unwrap();
    }
    let client = over(&bed.store, Faults::new(), TableStoreOptions::default());
    let first = client.send(&GetRow::new("t", key(1))).await.unwrap();
    assert!(first.next_token.is_some());
    let whole = GetRow::new("t", key(1)).whole(&client).await.unwrap().row.unwrap();
    assert_eq!(whole.columns.iter().map(|column| column.value.as_str().unwrap().len()).sum::<usize>(), 6 << 20);
    let rows: Vec<Row> = GetRange::all("t", ["team", "id"]).rows(&client).try_collect().await.unwrap();
    assert_eq!(rows, [whole]);
}
