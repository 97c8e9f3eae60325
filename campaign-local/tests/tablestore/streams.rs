//! Streams: the changes of a table in order, for as long as they are kept.

use std::time::Duration;

use campaign_local::tablestore::TableStoreOptions;
use campaign_tablestore::schema::{KeyType, StreamSpecification, TableMeta, TableOptions};
use campaign_tablestore::{
    CellChange, Client, Code, Column, Condition, CreateTable, DeleteRow, DeleteTable, DescribeStream, DescribeTable,
    GetRange, GetShardIterator, GetStreamRecord, ListStream, PrimaryKey, PutRow, Row, RowUpdate, ShardPosition,
    StreamAction, StreamBatch, StreamCheckpoint, StreamReader, StreamRecord, StreamRecords, Transaction, UpdateRow,
    UpdateTable,
};
use futures_util::TryStreamExt;
use proptest::prelude::*;

use crate::changes::changes;
use crate::{Bed, START, bed, bed_with, key};

const HOUR: i64 = 3_600_000;

fn spec(hours: u32, columns: &[&str]) -> StreamSpecification {
    StreamSpecification::enabled(hours).columns_to_get(columns.iter().copied())
}

fn table() -> CreateTable {
    CreateTable::new(TableMeta::new("t").key("id", KeyType::String)).stream_spec(spec(24, &["n"]))
}

async fn streamed() -> Bed {
    let bed = bed().await;
    bed.client.send(&table()).await.unwrap();
    bed
}

fn put(id: &str, n: i64) -> PutRow {
    PutRow::new("t", Row::new(key(id)).with("n", n))
}

async fn read(client: &Client, reader: StreamReader) -> Vec<StreamBatch> {
    reader.batches(client).try_collect().await.unwrap()
}

impl Bed {
    async fn stream_id(&self) -> String {
        self.client.send(&ListStream::of("t")).await.unwrap().remove(0).stream_id
    }

    /// An iterator at the start of the only shard.
    async fn start(&self) -> String {
        let stream = self.client.send(&DescribeStream::new(self.stream_id().await)).await.unwrap();
        let [shard] = stream.shards.as_slice() else { panic!("one shard") };
        let get = GetShardIterator::new(stream.stream_id, &*shard.shard_id);
        self.client.send(&get).await.unwrap().shard_iterator
    }

    async fn page(&self, iterator: &str, limit: u32) -> StreamRecords {
        self.client.send(&GetStreamRecord::new(iterator).limit(limit)).await.unwrap()
    }

    async fn all(&self) -> Vec<StreamRecord> {
        let batches = read(&self.client, StreamReader::new("t")).await;
        batches.into_iter().flat_map(|batch| batch.records).collect()
    }
}

#[tokio::test]
async fn each_change_is_one_record_with_what_was_there_before() {
    let bed = streamed().await;
    bed.client.send(&PutRow::new("t", Row::new(key("a")).with("n", 1).with("m", true))).await.unwrap();
    let update = RowUpdate::new(key("a")).increment("n", 5).delete("m").delete_version("x", 7);
    bed.client.send(&UpdateRow::new("t", update)).await.unwrap();
    bed.client.send(&DeleteRow::new("t", key("a"))).await.unwrap();
    // Neither is a change.
    bed.client.send(&DeleteRow::new("t", key("a"))).await.unwrap();
    bed.refused(put("a", 1).condition(Condition::expect_exist())).await;

    let records = bed.all().await;
    let rows: Vec<_> =
        records.iter().map(|record| (record.action, record.row.clone(), record.origin.clone())).collect();
    let expected = [
        (StreamAction::PutRow, RowUpdate::new(key("a")).put_version("m", true, START).put_version("n", 1, START), None),
        (
            StreamAction::UpdateRow,
            RowUpdate::new(key("a")).put_version("n", 6, START).delete("m").delete_version("x", 7),
            Some(vec![Column::at("n", 1, START)]),
        ),
        (StreamAction::DeleteRow, RowUpdate::new(key("a")), Some(vec![Column::at("n", 6, START)])),
    ];
    assert_eq!(rows, expected);
    let places: Vec<_> = records.iter().map(|record| record.sequence.unwrap()).collect();
    assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
    assert_eq!(places[0].timestamp, START * 1000);
}

#[tokio::test]
async fn a_stream_is_described_where_its_table_is() {
    let bed = streamed().await;
    let id = bed.stream_id().await;
    let described = bed.client.send(&DescribeTable::new("t")).await.unwrap().stream_details.unwrap();
    assert_eq!(described.stream_id.as_deref(), Some(&*id));
    assert_eq!((described.enable_stream, described.expiration_hours), (true, Some(24)));
    assert_eq!((described.last_enable_time, described.columns_to_get), (Some(START * 1000), vec!["n".to_owned()]));
    let stream = bed.client.send(&DescribeStream::new(&*id)).await.unwrap();
    assert_eq!((&*stream.table_name, stream.expiration_hours), ("t", 24));
    let plain = CreateTable::new(TableMeta::new("plain").key("id", KeyType::String));
    bed.client.send(&plain).await.unwrap();
    assert_eq!(bed.client.send(&ListStream::all()).await.unwrap().len(), 1);
    assert_eq!(bed.client.send(&ListStream::of("plain")).await.unwrap(), []);
    assert_eq!(bed.client.send(&DescribeTable::new("plain")).await.unwrap().stream_details, None);
}

#[tokio::test]
async fn pages_follow_one_another_and_an_empty_one_waits_for_more() {
    let bed = streamed().await;
    for n in 0..5 {
        bed.client.send(&put("a", n)).await.unwrap();
    }
    let first = bed.page(&bed.start().await, 2).await;
    assert_eq!((first.records.len(), first.may_more_record), (2, Some(true)));
    let second = bed.page(first.next_shard_iterator.as_deref().unwrap(), 3).await;
    assert_eq!((second.records.len(), second.may_more_record), (3, Some(false)));
    assert!(second.consumed.is_some_and(|units| units.read == 1));
    let third = bed.page(second.next_shard_iterator.as_deref().unwrap(), 3).await;
    assert_eq!((third.records.len(), third.may_more_record), (0, Some(false)));
    bed.client.send(&put("a", 5)).await.unwrap();
    let fourth = bed.page(third.next_shard_iterator.as_deref().unwrap(), 3).await;
    assert_eq!(fourth.records.len(), 1);
}

#[tokio::test]
async fn a_shard_is_read_from_a_time_on() {
    let bed = streamed().await;
    for n in 0..3 {
        bed.client.send(&put("a", n)).await.unwrap();
        bed.advance(1000);
    }
    let from = (START + 1000) * 1000;
    let batches = read(&bed.client, StreamReader::new("t").since(from)).await;
    assert_eq!(batches.iter().map(|batch| batch.records.len()).sum::<usize>(), 2);
}

#[tokio::test]
async fn an_iterator_that_nobody_was_given_is_refused() {
    let bed = streamed().await;
    let start = bed.start().await;
    let invalid = (Code::ParameterInvalid, "The shard iterator is invalid.".to_owned());
    for bad in ["x", &start[1..], &format!("{start}A"), &start.to_lowercase()] {
        assert_eq!(bed.refused(GetStreamRecord::new(bad)).await, invalid, "{bad}");
    }
    assert_eq!(bed.refused(GetShardIterator::new(bed.stream_id().await, "9")).await.0, Code::ObjectNotExist);
    assert_eq!(bed.refused(DescribeStream::new("t_1")).await.0, Code::ObjectNotExist);
    assert_eq!(bed.refused(ListStream::of("none")).await.0, Code::ObjectNotExist);
}

#[tokio::test]
async fn changes_are_kept_as_long_as_the_table_says_and_no_longer() {
    let bed = streamed().await;
    let start = bed.start().await;
    bed.client.send(&put("a", 0)).await.unwrap();
    let behind = bed.page(&start, 10).await.next_shard_iterator.unwrap();
    bed.advance(24 * HOUR);
    assert_eq!(bed.page(&start, 10).await.records.len(), 1);
    bed.advance(1);
    let trimmed = Code::TrimmedDataAccess;
    assert_eq!(bed.refused(GetStreamRecord::new(&*start)).await.0, trimmed);
    assert_eq!(bed.page(&bed.start().await, 10).await.records.len(), 0, "a new iterator misses nothing");
    // Who has seen it has missed nothing, however long ago.
    assert_eq!(bed.page(&behind, 10).await.records.len(), 0);
    // Also once it has been removed.
    bed.client.send(&put("b", 1)).await.unwrap();
    assert_eq!(bed.refused(GetStreamRecord::new(&*start)).await.0, trimmed);
    assert_eq!(bed.page(&behind, 10).await.records.len(), 1);
    assert_eq!(bed.all().await.len(), 1);
}

#[tokio::test]
async fn a_stream_that_is_switched_off_and_on_is_another_one() {
    let bed = bed().await;
    bed.client.send(&CreateTable::new(TableMeta::new("t").key("id", KeyType::String))).await.unwrap();
    bed.client.send(&put("a", 0)).await.unwrap();
    let on = UpdateTable::new("t").stream_spec(spec(48, &[]));
    let details = bed.client.send(&on).await.unwrap().stream_details.unwrap();
    assert_eq!((details.enable_stream, details.expiration_hours), (true, Some(48)));
    bed.client.send(&put("a", 1)).await.unwrap();
    let (first, start) = (bed.stream_id().await, bed.start().await);
    let records = bed.all().await;
    assert_eq!((records.len(), records[0].origin.as_ref()), (1, None));

    let off = StreamSpecification::disabled();
    bed.client.send(&UpdateTable::new("t").stream_spec(off)).await.unwrap();
    bed.client.send(&put("a", 2)).await.unwrap();
    assert_eq!(bed.client.send(&ListStream::of("t")).await.unwrap(), []);
    assert_eq!(bed.refused(GetStreamRecord::new(&*start)).await.0, Code::TrimmedDataAccess);
    bed.advance(1);
    bed.client.send(&on).await.unwrap();
    bed.client.send(&put("a", 3)).await.unwrap();
    assert_ne!(bed.stream_id().await, first);
    assert_eq!(bed.all().await.len(), 1);

    let checkpoint = StreamCheckpoint { stream_id: first, shards: [].into() };
    let mut batches = StreamReader::new("t").checkpoint(Some(checkpoint)).batches(&bed.client);
    assert!(batches.try_next().await.unwrap_err().is_not_found());
    let bad = UpdateTable::new("t").stream_spec(spec(169, &[]));
    assert_eq!(bed.refused(bad).await.0, Code::ParameterInvalid);
}

#[tokio::test]
async fn the_stream_of_a_deleted_table_is_gone() {
    let bed = streamed().await;
    bed.client.send(&put("a", 0)).await.unwrap();
    let start = bed.start().await;
    bed.client.send(&DeleteTable::new("t")).await.unwrap();
    assert_eq!(bed.refused(GetStreamRecord::new(&*start)).await.0, Code::TrimmedDataAccess);
    bed.client.send(&table()).await.unwrap();
    assert_eq!(bed.refused(GetStreamRecord::new(&*start)).await.0, Code::TrimmedDataAccess);
    assert_eq!(bed.all().await, []);
}

#[tokio::test]
async fn the_changes_of_a_transaction_come_with_its_commit() {
    let bed = bed().await;
    let meta = TableMeta::new("t").key("id", KeyType::String);
    bed.client.send(&CreateTable::new(meta).enable_local_txn(true).stream_spec(spec(24, &["n"]))).await.unwrap();
    let mut aborted = Transaction::begin(&bed.client, "t", key("a")).await.unwrap();
    aborted.send(put("a", 1)).await.unwrap();
    aborted.abort().await.unwrap();
    let mut transaction = Transaction::begin(&bed.client, "t", key("a")).await.unwrap();
    transaction.send(put("a", 2)).await.unwrap();
    bed.client.send(&put("b", 1)).await.unwrap();
    transaction.send(UpdateRow::new("t", RowUpdate::new(key("a")).increment("n", 1))).await.unwrap();
    assert_eq!(bed.all().await.len(), 1);
    transaction.commit().await.unwrap();
    let records = bed.all().await;
    let seen: Vec<_> = records.iter().map(|record| (record.action, record.row.primary_key.clone())).collect();
    let (put, update) = (StreamAction::PutRow, StreamAction::UpdateRow);
    assert_eq!(seen, [(put, key("b")), (put, key("a")), (update, key("a"))]);
    assert_eq!(records[2].row.changes, [CellChange::Put(Column::at("n", 3, START))]);
}

#[tokio::test]
async fn each_partition_has_its_shard_and_a_checkpoint_goes_on_where_it_was_kept() {
    let bed = bed().await;
    bed.client.send(&table().split_points(["g", "n"])).await.unwrap();
    for id in ["a", "g", "m", "n", "z"] {
        bed.client.send(&put(id, 0)).await.unwrap();
    }
    let mut pages = bed.client.pages(DescribeStream::new(bed.stream_id().await).shard_limit(2));
    let mut shards = Vec::new();
    while let Some(page) = pages.try_next().await.unwrap() {
        shards.extend(page.shards);
    }
    assert_eq!(shards.len(), 3);
    assert!(shards.iter().all(|shard| shard.parent_id.is_none()));

    let batches = read(&bed.client, StreamReader::new("t").limit(1)).await;
    let ids = |batches: &[StreamBatch]| {
        let id =
            |record: &StreamRecord| record.row.primary_key.get("id").and_then(|id| id.as_str()).unwrap().to_owned();
        let mut ids: Vec<_> = batches.iter().flat_map(|batch| &batch.records).map(id).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&batches), ["a", "g", "m", "n", "z"]);
    // From any checkpoint on, the rest comes: nothing twice, nothing missing.
    for (at, batch) in batches.iter().enumerate() {
        let rest = read(&bed.client, StreamReader::new("t").checkpoint(Some(batch.checkpoint.clone()))).await;
        assert_eq!(ids(&rest), ids(&batches[at + 1..]), "{at}");
    }
    let last = batches.last().unwrap().checkpoint.clone();
    assert!(last.shards.values().all(|position| matches!(position, ShardPosition::At(_))));
}

#[tokio::test]
async fn the_shard_of_a_partition_that_was_split_ends_and_is_read_before_its_children() {
    let bed = bed_with(|cloud| cloud.table_store(TableStoreOptions::default().split_writes_per_second(10))).await;
    bed.client.send(&table()).await.unwrap();
    let ids = ["a", "f", "k", "p", "u", "z"];
    for n in 0..12 {
        for id in ids {
            bed.client.send(&put(id, n)).await.unwrap();
        }
    }
    let stream = bed.client.send(&DescribeStream::new(bed.stream_id().await)).await.unwrap();
    let splits = bed.client.send(&DescribeTable::new("t")).await.unwrap().shard_splits.len();
    assert!(splits >= 2, "{splits}");
    assert_eq!(stream.shards.len(), 1 + 2 * splits, "each split ends one shard and begins two");
    assert!(stream.shards.iter().skip(1).all(|shard| shard.parent_id.is_some()));

    let records = bed.all().await;
    assert_eq!(records.len(), 72);
    for id in ids {
        let own = records.iter().filter(|record| record.row.primary_key == key(id));
        let written: Vec<_> = own.map(|record| record.row.changes.clone()).collect();
        let expected: Vec<_> = (0..12).map(|n| vec![CellChange::Put(Column::at("n", n, START))]).collect();
        assert_eq!(written, expected, "{id}: in the order in which they were written");
    }
}

#[tokio::test]
async fn a_reader_that_follows_sees_what_is_written_later() {
    let bed = streamed().await;
    bed.client.send(&put("a", 0)).await.unwrap();
    let mut batches = StreamReader::new("t").follow(Duration::from_millis(1)).batches(&bed.client);
    assert_eq!(batches.try_next().await.unwrap().unwrap().records.len(), 1);
    let later = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        bed.client.send(&put("b", 0)).await.unwrap();
    };
    let (batch, ()) = futures_util::future::join(batches.try_next(), later).await;
    assert_eq!(batch.unwrap().unwrap().records[0].row.primary_key, key("b"));
}

fn id(n: u8) -> PrimaryKey {
    key(["a", "h", "p", "x"][usize::from(n)])
}

impl Bed {
    /// Does to the table `to` what the records of `t` say.
    async fn replay(&self, to: &str) {
        for record in self.all().await {
            let row = record.row;
            match record.action {
                StreamAction::PutRow => {
                    let columns = row.changes.into_iter().filter_map(|change| match change {
                        CellChange::Put(column) => Some(column),
                        _ => None,
                    });
                    let row = Row { primary_key: row.primary_key, columns: columns.collect() };
                    self.client.send(&PutRow::new(to, row)).await.unwrap();
                }
                StreamAction::UpdateRow => drop(self.client.send(&UpdateRow::new(to, row)).await.unwrap()),
                StreamAction::DeleteRow => drop(self.client.send(&DeleteRow::new(to, row.primary_key)).await.unwrap()),
            }
        }
    }

    async fn rows(&self, table: &str) -> Vec<Row> {
        let range = GetRange::all(table, ["id"]).max_versions(9);
        self.client.send(&range).await.unwrap().rows().unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn who_does_what_the_records_say_has_the_table(changes in changes(), inside in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bed = bed().await;
            let options = TableOptions { max_versions: Some(2), ..TableOptions::default() };
            let made = table().table_options(options.clone()).split_points(["g", "p"]).enable_local_txn(true);
            bed.client.send(&made).await.unwrap();
            let copy = TableMeta::new("copy").key("id", KeyType::String);
            bed.client.send(&CreateTable::new(copy).table_options(options)).await.unwrap();
            for change in &changes {
                // What the service refuses is no change.
                let _ = change.write("t", id).send(&bed.client, None).await;
                bed.advance(1);
            }
            if inside {
                // A transaction in between that is committed, and one that is not.
                for commit in [false, true] {
                    let mut transaction = Transaction::begin(&bed.client, "t", id(0)).await.unwrap();
                    let add = UpdateRow::new("t", RowUpdate::new(id(0)).increment("count", 1).put("x", 1));
                    let refused = transaction.send(add).await.is_err();
                    assert!(!refused, "nothing else writes count");
                    transaction.send(DeleteRow::new("t", id(0))).await.unwrap();
                    transaction.send(PutRow::new("t", Row::new(id(0)).with("z", 1))).await.unwrap();
                    if commit { transaction.commit().await.unwrap() } else { transaction.abort().await.unwrap() }
                }
            }
            bed.replay("copy").await;
            assert_eq!(bed.rows("copy").await, bed.rows("t").await);
        });
    }
}
