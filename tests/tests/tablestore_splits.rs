//! Many writers while partitions split, are away for a moment, and rows take one write at a time: what was acknowledged is
//! there, once; scans meanwhile see each row once; what the table and its stream say of the splits fits together.

#![allow(clippy::unwrap_used, reason = "a test: a panic is a finding")]

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use campaign_client::{Body, Clock, Download, Result, Retry, Transport, TransportError};
use campaign_local::{Local, tablestore::TableStoreOptions};
use campaign_tablestore::{
    BulkOptions, BulkWriter, CellChange, Client, ComputeSplitPointsBySize, Condition, CreateTable, DescribeStream,
    DescribeTable, GetRange, KeyValue, ListStream, PrimaryKey, PutRow, Row, RowUpdate, RowWrite, StreamReader,
    TableScan, TableStore, UpdateRow, Value, batch,
    schema::{KeyType, StreamSpecification, TableMeta},
};
use chrono::DateTime;
use futures_util::{
    TryStreamExt,
    future::{BoxFuture, FutureExt, join, join_all},
};
use tokio::time::Instant;

const START: i64 = 1_793_923_200_000;
/// Rows of 2 kB, so that there are megabytes to divide.
const TEXT: usize = 2000;
const COUNTERS: i64 = 16;

/// Counts the answers that a partition is away.
#[derive(Debug)]
struct Counting {
    server: Arc<dyn Transport>,
    away: AtomicUsize,
}

#[async_trait]
impl Transport for Counting {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        let response = self.server.send(request).await?;
        self.away.fetch_add(usize::from(response.status() == 503), Ordering::SeqCst);
        Ok(response)
    }
}

struct Bed {
    _cloud: Local,
    wire: Arc<Counting>,
    client: Client,
    /// The numbers of the rows that were put for certain.
    put: Mutex<BTreeSet<i64>>,
    done: AtomicBool,
}

async fn bed() -> Bed {
    let begun = Instant::now();
    let clock = Clock::new(move || {
        let passed = i64::try_from(begun.elapsed().as_millis()).unwrap();
        DateTime::from_timestamp_millis(START + passed).unwrap()
    });
    let options = TableStoreOptions::default()
        .split_writes_per_second(40)
        .split_pause(Duration::from_millis(30))
        .row_conflicts(true);
    let cloud = Local::builder().clock(clock.clone()).table_store(options).start().await.unwrap();
    let wire = Arc::new(Counting { server: Arc::new(cloud.table_store_transport()), away: AtomicUsize::new(0) });
    let client = Client::builder(TableStore::new("http://127.0.0.1:1", &cloud.settings().instance).unwrap())
        .credentials(cloud.credentials())
        .transport(Arc::clone(&wire))
        .clock(clock)
        .retry(Retry::default())
        .build()
        .unwrap();
    let meta = TableMeta::new("t").key("shard", KeyType::String).key("n", KeyType::Integer);
    let stream = StreamSpecification::enabled(24);
    client.send(&CreateTable { stream_spec: Some(stream), ..CreateTable::new(meta) }).await.unwrap();
    Bed { _cloud: cloud, wire, client, put: Mutex::default(), done: AtomicBool::new(false) }
}

/// Spread over many values of the partition key.
fn key(n: i64) -> PrimaryKey {
    PrimaryKey::new().with("shard", format!("{:02x}", n.wrapping_mul(2_654_435_761) >> 7 & 0xff)).with("n", n)
}

fn row(n: i64) -> Row {
    Row::new(key(n)).with("square", n * n).with("text", "x".repeat(TEXT))
}

fn counter(n: i64) -> PrimaryKey {
    PrimaryKey::new().with("shard", format!("{:x}0", n % COUNTERS)).with("n", -1 - n % COUNTERS)
}

/// A client gives up in the end; then certainly nothing was done, and its caller goes on.
async fn done<T, F: Future<Output = Result<T>>>(call: impl Fn() -> F) -> T {
    loop {
        match call().await {
            Ok(done) => return done,
            Err(error) => assert!(error.is_unexecuted() && error.is_transient(), "{error:?}"),
        }
        pause().await;
    }
}

/// Lets time go on, which it does when nobody is at work: a client that has tried too often gives up at once.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(40)).await;
}

impl Bed {
    fn has_put(&self, n: i64) {
        assert!(self.put.lock().unwrap().insert(n));
    }

    async fn put_one_by_one(&self, numbers: std::ops::Range<i64>) {
        for n in numbers {
            let put = PutRow::new("t", row(n)).condition(Condition::expect_not_exist());
            done(|| self.client.send(&put)).await;
            self.has_put(n);
        }
    }

    async fn put_batches(&self, numbers: std::ops::Range<i64>) {
        let mut left: Vec<i64> = numbers.collect();
        while !left.is_empty() {
            let now: Vec<i64> = left.drain(..left.len().min(25)).collect();
            let results = batch::write_rows(&self.client, "t", now.iter().map(|n| RowWrite::put(row(*n))).collect());
            for (n, result) in now.into_iter().zip(results.await) {
                match result {
                    Ok(_) => self.has_put(n),
                    Err(error) => {
                        assert!(error.is_unexecuted() && error.is_transient(), "{error:?}");
                        left.push(n);
                    }
                }
            }
            pause().await;
        }
    }

    async fn put_in_bulk(&self, numbers: std::ops::Range<i64>) {
        let options = BulkOptions::default().rows(20).linger(Duration::from_millis(5));
        let writer = BulkWriter::new(&self.client, "t", options).unwrap();
        let mut left: Vec<i64> = numbers.collect();
        while !left.is_empty() {
            let mut receipts = Vec::new();
            for n in left.drain(..) {
                receipts.push((n, writer.write(RowWrite::put(row(n))).await.unwrap()));
            }
            for (n, receipt) in receipts {
                match receipt.await {
                    Ok(_) => self.has_put(n),
                    Err(error) => {
                        assert!(error.is_unexecuted() && error.is_transient(), "{error:?}");
                        left.push(n);
                    }
                }
            }
            pause().await;
        }
        writer.close().await;
    }

    async fn count(&self, times: i64) {
        for n in 0..times {
            let add = UpdateRow::new("t", RowUpdate::new(counter(n)).increment("count", 1));
            done(|| self.client.send(&add)).await;
        }
    }

    /// The values of the partition key at which the table is divided.
    async fn points(&self) -> Vec<KeyValue> {
        let describe = DescribeTable::new("t");
        let table = done(|| self.client.send(&describe)).await;
        let points: Vec<_> = table.shard_splits.iter().map(|point| point.get("shard").unwrap().clone()).collect();
        assert!(points.is_sorted_by(|a, b| a < b), "{points:?}");
        points
    }

    /// The rows of a scan of these parts, each seen once; the counters are not among them.
    async fn scan(&self, parts: Vec<GetRange>) -> BTreeSet<i64> {
        let all = GetRange::all("t", ["shard", "n"]).columns(["square"]);
        let (mut seen, mut scan) = (BTreeSet::new(), TableScan::new(parts).at_once(4));
        loop {
            let mut rows = scan.rows(&self.client);
            let error = loop {
                match rows.try_next().await {
                    Ok(Some(row)) => {
                        let n = row.key("n").unwrap().as_i64().unwrap();
                        assert_eq!(row.get("square").and_then(Value::as_i64), Some(n * n));
                        assert!(seen.insert(n), "{n} was seen twice");
                    }
                    Ok(None) => return seen,
                    Err(error) => break error,
                }
            };
            assert!(error.is_transient(), "{error:?}");
            pause().await;
            scan = TableScan::resume(&all, &rows.checkpoint()).unwrap();
        }
    }

    /// Looks at the table again and again while it is written; how often.
    async fn look(&self) -> usize {
        let (mut rounds, mut before) = (0, BTreeSet::new());
        while !self.done.load(Ordering::SeqCst) {
            let points = self.points().await;
            let now: BTreeSet<_> = points.iter().cloned().collect();
            assert!(now.is_superset(&before), "no split is undone");
            before = now;
            let acknowledged = self.put.lock().unwrap().clone();
            let seen = self.scan(parts(&points)).await;
            assert!(seen.is_superset(&acknowledged), "{:?} are missing", acknowledged.difference(&seen));
            rounds += 1;
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        rounds
    }
}

/// The table, divided at these values of the partition key.
fn parts(points: &[KeyValue]) -> Vec<GetRange> {
    let bound = |shard: &KeyValue| PrimaryKey::new().with("shard", shard.clone()).with("n", KeyValue::InfMin);
    let last = PrimaryKey::new().with("shard", KeyValue::InfMax).with("n", KeyValue::InfMax);
    let begins = std::iter::once(&KeyValue::InfMin).chain(points).map(bound);
    let ends = points.iter().map(bound).chain([last]);
    begins.zip(ends).map(|(begin, end)| GetRange::new("t", begin, end).columns(["square"])).collect()
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_and_nothing_there_twice_while_partitions_split() {
    let bed = bed().await;
    let writers = async {
        let mut all: Vec<BoxFuture<'_, ()>> = Vec::new();
        for caller in 0..8 {
            all.push(bed.put_one_by_one(caller * 60..(caller + 1) * 60).boxed());
            all.push(bed.count(4 * COUNTERS).boxed());
        }
        for caller in 0..4 {
            all.push(bed.put_batches(1000 + caller * 150..1000 + (caller + 1) * 150).boxed());
        }
        all.push(bed.put_in_bulk(2000..2500).boxed());
        join_all(all).await;
        bed.done.store(true, Ordering::SeqCst);
    };
    let ((), rounds) = join(writers, bed.look()).await;
    let expected: BTreeSet<i64> = (0..480).chain(1000..1600).chain(2000..2500).collect();
    assert_eq!(*bed.put.lock().unwrap(), expected);

    let points = bed.points().await;
    assert!(rounds > 1 && points.len() > 10, "{rounds} rounds, {} splits", points.len());
    assert!(bed.wire.away.load(Ordering::SeqCst) > 10, "partitions were away");
    assert_eq!(bed.scan(parts(&points)).await, expected);
    let rows: Vec<Row> = GetRange::all("t", ["shard", "n"]).rows(&bed.client).try_collect().await.unwrap();
    let counts = rows.iter().filter_map(|row| row.get("count")?.as_i64()).collect::<Vec<_>>();
    assert_eq!(counts, [8 * 4; 16]);
    assert_eq!(rows.len(), expected.len() + counts.len());

    // Where the rows have so many megabytes.
    let splits = bed.client.send(&ComputeSplitPointsBySize::new("t", 1).unit_bytes(1 << 20)).await.unwrap();
    assert!((2..=4).contains(&splits.split_points.len()), "{} points", splits.split_points.len());
    let by_size = splits.ranges().map(|(begin, end)| GetRange::new("t", begin, end).columns(["square"])).collect();
    assert_eq!(bed.scan(by_size).await, expected);

    bed.stream_agrees(points.len(), &expected).await;
}

impl Bed {
    async fn stream_agrees(&self, splits: usize, put: &BTreeSet<i64>) {
        let streams = self.client.send(&ListStream::of("t")).await.unwrap();
        let stream = self.client.send(&DescribeStream::new(&*streams[0].stream_id)).await.unwrap();
        assert_eq!(stream.shards.len(), 1 + 2 * splits, "each split ends one shard and begins two");
        let mut children: BTreeMap<&str, usize> = BTreeMap::new();
        for shard in &stream.shards {
            let parent = shard.parent_id.as_deref();
            assert!(parent.is_none_or(|parent| stream.shards.iter().any(|other| other.shard_id == parent)));
            parent.into_iter().for_each(|parent| *children.entry(parent).or_default() += 1);
        }
        assert!(children.values().all(|children| *children == 2), "{children:?}");

        let (mut records, mut sums) = (BTreeMap::<i64, usize>::new(), BTreeMap::<i64, Vec<i64>>::new());
        let mut batches = StreamReader::new("t").batches(&self.client);
        while let Some(batch) = batches.try_next().await.unwrap() {
            for record in batch.records {
                let n = record.row.primary_key.get("n").unwrap().as_i64().unwrap();
                match record.row.changes.as_slice() {
                    [CellChange::Put(sum)] => sums.entry(n).or_default().push(sum.value.as_i64().unwrap()),
                    _ => *records.entry(n).or_default() += 1,
                }
            }
        }
        assert!(records.values().all(|records| *records == 1), "a record of each put");
        assert_eq!(records.into_keys().collect::<BTreeSet<_>>(), *put);
        assert_eq!(sums.len(), 16);
        assert!(sums.values().all(|sums| *sums == (1..=8 * 4).collect::<Vec<_>>()), "in their order, over all splits");
    }
}
