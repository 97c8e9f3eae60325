//! The bulk writer: bounded memory, order, and that nothing is lost.

#![expect(clippy::unwrap_used, reason = "a test: a panic is a finding")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use campaign_client::{Body, Clock, Download, ErrorKind, Service, Transport, TransportError, transport::InProcess};
use campaign_local::{
    fault::{Fault, FaultSettings, Faults, Hop, Moment, Scripted},
    store::Store,
    tablestore::Emulator,
};
use campaign_tablestore::{
    BulkOptions, BulkWriter, Client, CreateTable, GetRange, PrimaryKey, Row, RowUpdate, RowWrite, Value,
    schema::{KeyType, TableMeta},
};
use campaign_tests::tablestore::{INSTANCE, client, credentials, now, service};
use futures_util::{TryStreamExt, future::join_all};
use tokio::{sync::Semaphore, time::Instant};

const ENDPOINT: &str = "http://127.0.0.1:1";

/// Lets a batch pass for each permit, and counts those that wait or are under way.
#[derive(Debug)]
struct Gate {
    server: Arc<dyn Transport>,
    open: Semaphore,
    inside: AtomicUsize,
    most: AtomicUsize,
    calls: AtomicUsize,
}

#[async_trait]
impl Transport for Gate {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        if !request.uri().path().starts_with("/Batch") {
            return self.server.send(request).await;
        }
        self.calls.fetch_add(1, Ordering::SeqCst);
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
        self.open.acquire().await.unwrap().forget();
        let response = self.server.send(request).await;
        self.inside.fetch_sub(1, Ordering::SeqCst);
        response
    }
}

struct Bed {
    gate: Arc<Gate>,
    faults: Faults,
    client: Client,
}

/// A table `t`, and a gate that lets `open` batches pass.
async fn bed(open: usize) -> Bed {
    let faults = Faults::new();
    let store = Store::in_memory().unwrap();
    let clock = Clock::fixed(now());
    let emulator = Emulator::new(INSTANCE, "cn-hangzhou", [credentials()], store, faults.clone(), clock).unwrap();
    let gate = Arc::new(Gate {
        server: Arc::new(InProcess::new(emulator.router())),
        open: Semaphore::new(open),
        inside: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
        calls: AtomicUsize::new(0),
    });
    let retry =
        service(ENDPOINT).retry().attempt_timeout(Duration::from_secs(3000)).deadline(Duration::from_secs(9000));
    let client = client(ENDPOINT, Arc::clone(&gate), retry);
    client.send(&CreateTable::new(TableMeta::new("t").key("id", KeyType::Integer))).await.unwrap();
    Bed { gate, faults, client }
}

impl Bed {
    fn writer(&self, options: BulkOptions) -> BulkWriter {
        BulkWriter::new(&self.client, "t", options).unwrap()
    }

    async fn rows(&self) -> Vec<Row> {
        GetRange::all("t", ["id"]).rows(&self.client).try_collect().await.unwrap()
    }
}

fn key(n: i64) -> PrimaryKey {
    PrimaryKey::new().with("id", n)
}

fn put(n: i64) -> RowWrite {
    RowWrite::put(Row::new(key(n)).with("square", n * n))
}

const OPEN: usize = 1 << 20;

#[tokio::test]
async fn every_row_gets_its_result_in_full_calls() {
    let bed = bed(OPEN).await;
    let writer = bed.writer(BulkOptions::default().buckets(2).linger(Duration::from_secs(60)));
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut receipts = Vec::new();
    for n in 0..5000 {
        if n % 2 == 0 {
            receipts.push(writer.write(put(n)).await.unwrap());
        } else {
            let told = Arc::clone(&told);
            let then = move |result: campaign_client::Result<_>| told.lock().unwrap().push((n, result.is_ok()));
            writer.write_then(put(n), then).await.unwrap();
        }
    }
    writer.flush().await;
    assert_eq!(writer.stats().waiting(), 0, "a flush is over when all have their results");
    for receipt in receipts {
        receipt.await.unwrap();
    }
    let mut told = told.lock().unwrap().clone();
    told.sort_unstable();
    assert_eq!(told, (0..5000).filter(|n| n % 2 == 1).map(|n| (n, true)).collect::<Vec<_>>());
    let rows = bed.rows().await;
    assert_eq!(rows.len(), 5000);
    assert!(rows.iter().zip(0_i64..).all(|(row, n)| row.get("square") == Some(&Value::Integer(n * n))));
    let stats = writer.close().await;
    assert_eq!((stats.accepted, stats.succeeded, stats.failed, stats.waiting()), (5000, 5000, 0, 0));
    assert!(stats.calls <= 5000 / 200 + 2, "{stats:?}");
    assert_eq!(usize::try_from(stats.calls).unwrap(), bed.gate.calls.load(Ordering::SeqCst));
    let refused = writer.write(put(1)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
}

#[tokio::test(start_paused = true)]
async fn a_full_buffer_makes_the_caller_wait_and_drops_nothing() {
    let bed = bed(0).await;
    // About 340 bytes a row: room for some thirty.
    let options = BulkOptions::default().buckets(1).rows(5).buffer(10_000).in_flight(2);
    let writer = bed.writer(options);
    let mut accepted = 0;
    while tokio::time::timeout(Duration::from_secs(1), writer.write(put(accepted))).await.is_ok() {
        accepted += 1;
    }
    assert!((20..40).contains(&accepted), "{accepted}");
    assert_eq!(bed.gate.inside.load(Ordering::SeqCst), 2, "calls at once");
    let stats = writer.stats();
    assert_eq!((stats.accepted, stats.succeeded), (u64::try_from(accepted).unwrap(), 0), "a row that waited is not in");
    bed.gate.open.add_permits(OPEN);
    for n in accepted..200 {
        drop(writer.write(put(n)).await.unwrap());
    }
    writer.close().await;
    assert_eq!(bed.rows().await.len(), 200);
    assert_eq!(bed.gate.most.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn no_more_small_rows_wait_than_fill_all_buckets_and_calls_twice() {
    let bed = bed(0).await;
    let writer = bed.writer(BulkOptions::default().buckets(2).rows(10).in_flight(3));
    let mut accepted = 0_i64;
    while tokio::time::timeout(Duration::from_secs(1), writer.write(put(accepted))).await.is_ok() {
        accepted += 1;
    }
    assert_eq!(accepted, 2 * 10 * (2 + 3), "64 MiB would take them all");
    bed.gate.open.add_permits(OPEN);
    assert_eq!(writer.close().await.succeeded, 100);
}

#[tokio::test(start_paused = true)]
async fn a_call_goes_when_it_has_rows_or_bytes_enough_or_has_waited_long_enough() {
    let bed = bed(OPEN).await;
    let writer = bed.writer(BulkOptions::default().buckets(1).rows(3).bytes(2000).linger(Duration::from_secs(5)));
    let calls = || bed.gate.calls.load(Ordering::SeqCst);
    let rows = join_all((0..3).map(|n| writer.write(put(n)))).await;
    for receipt in rows {
        receipt.unwrap().await.unwrap();
    }
    assert_eq!(calls(), 1, "three rows");
    let wide = |n: i64| RowWrite::put(Row::new(key(n)).with("v", "x".repeat(1500)));
    let first = writer.write(wide(10)).await.unwrap();
    let began = Instant::now();
    let second = writer.write(wide(11)).await.unwrap();
    first.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(1));
    assert_eq!(calls(), 2, "too many bytes for one call");
    second.await.unwrap();
    assert!((Duration::from_secs(5)..Duration::from_secs(6)).contains(&began.elapsed()), "{:?}", began.elapsed());
    assert_eq!(calls(), 3);
}

#[tokio::test]
async fn writes_of_one_row_keep_their_order_if_that_is_asked_for() {
    let bed = bed(OPEN).await;
    let writer = bed.writer(BulkOptions::default().rows(7).in_flight(8).ordered());
    for step in 0..100_i64 {
        for n in 0..5 {
            let write = match step % 3 {
                0 => RowWrite::put(Row::new(key(n)).with("last", step)),
                1 => RowWrite::delete(key(n)),
                _ => RowWrite::update(RowUpdate::new(key(n)).put("last", step).increment("steps", 1)),
            };
            drop(writer.write(write).await.unwrap());
        }
    }
    assert_eq!(writer.close().await.succeeded, 500);
    let rows = bed.rows().await;
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row.get("last") == Some(&Value::Integer(99)) && row.get("steps").is_none()));
}

#[tokio::test(start_paused = true)]
async fn whoever_goes_away_takes_no_accepted_row_along() {
    let bed = bed(0).await;
    let writer = bed.writer(BulkOptions::default().rows(10).linger(Duration::from_secs(60)));
    for n in 0..95 {
        drop(writer.write(put(n)).await.unwrap());
    }
    // A flush that is given up, and a writer that is dropped with rows in every place.
    assert!(tokio::time::timeout(Duration::from_millis(10), writer.flush()).await.is_err());
    let last = writer.write(put(95)).await.unwrap();
    drop(writer);
    bed.gate.open.add_permits(OPEN);
    last.await.unwrap();
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(bed.rows().await.len(), 96);
}

#[tokio::test]
async fn a_row_that_poisons_a_call_fails_alone() {
    let bed = bed(OPEN).await;
    let writer = bed.writer(BulkOptions::default().buckets(1));
    let receipts = join_all((0..100).map(|n| {
        let row = if n == 42 { RowWrite::put(Row::new(key(n)).with("", 1)) } else { put(n) };
        writer.write(row)
    }));
    let receipts: Vec<_> = receipts.await.into_iter().map(Result::unwrap).collect();
    // A callback that panics is nobody else's fault either.
    writer.write_then(put(100), |_| panic!("on purpose")).await.unwrap();
    let stats = writer.close().await;
    assert_eq!((stats.succeeded, stats.failed, stats.outcome_unknown), (100, 1, 0));
    let failed: Vec<_> =
        join_all(receipts).await.into_iter().enumerate().filter(|(_, result)| result.is_err()).collect();
    assert!(matches!(&failed[..], [(42, Err(error))] if error.kind() == ErrorKind::Invalid));
}

#[tokio::test(start_paused = true)]
async fn lost_answers_are_repeated_or_told_row_by_row() {
    let bed = bed(OPEN).await;
    let lost = || Scripted {
        hop: Hop::TableStore,
        operation: Some("BatchWriteRow".to_owned()),
        key: None,
        fault: Fault::Cut(Moment::AfterCommit),
    };
    bed.faults.set(FaultSettings { plan: None, script: vec![lost()] }).unwrap();
    let writer = bed.writer(BulkOptions::default().buckets(1));
    let plain = writer.write(put(1)).await.unwrap();
    let counter = writer.write(RowWrite::update(RowUpdate::new(key(2)).increment("n", 1))).await.unwrap();
    plain.await.unwrap();
    assert!(counter.await.unwrap_err().outcome_unknown());
    let stats = writer.close().await;
    assert_eq!((stats.succeeded, stats.failed, stats.outcome_unknown), (1, 1, 1));
}

#[test]
fn options_that_cannot_work_are_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let bed = bed(0).await;
        let options = BulkOptions::default;
        for bad in [
            options().rows(0),
            options().buckets(0),
            options().in_flight(0),
            options().buffer(0),
            options().bytes(5 << 20),
            options().buckets(5000),
        ] {
            let error = BulkWriter::new(&bed.client, "t", bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_accepted_while_another_thread_closes_has_its_result_when_that_is_done() {
    let bed = bed(OPEN).await;
    for round in 0..50 {
        let writer = bed.writer(BulkOptions::default().buckets(3).rows(20));
        let write = |lane: i64| {
            let writer = writer.clone();
            tokio::spawn(async move {
                let mut accepted = 0_u64;
                for n in 0.. {
                    if writer.write_then(put(lane * 1_000_000 + n), |_| ()).await.is_err() {
                        break;
                    }
                    accepted += 1;
                }
                accepted
            })
        };
        let lanes: Vec<_> = (0..6).map(write).collect();
        tokio::time::sleep(Duration::from_millis(2 + round % 5)).await;
        let stats = writer.close().await;
        assert_eq!((stats.waiting(), stats.failed), (0, 0), "{stats:?}");
        let accepted: u64 = join_all(lanes).await.into_iter().map(Result::unwrap).sum();
        assert_eq!(stats.succeeded, accepted, "close is over before a row that was accepted has its result");
    }
}
