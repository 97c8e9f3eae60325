//! The store on a disk that forgets: after any power cut every acknowledged write is there, and no
//! write is there by half. Killing the process would prove less, for the page cache survives it.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test: small numbers, and a panic is a finding"
)]

mod disk;

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use campaign_local::store::{OpenError, Order, Store, StoreError, View};
use futures_util::future::join_all;
use tokio::task::unconstrained;

use disk::{Disk, Failure, Random};

/// Places at which the power is cut, each with its own seed.
const CUTS: u64 = 600;
/// Writes each run attempts; four at a time, so that commits hold several.
const WRITES: u32 = 24;
const AT_A_TIME: u32 = 4;

#[tokio::test]
async fn every_acknowledged_write_survives_a_power_cut_and_none_is_there_by_half() {
    let length = backend_calls_of_a_whole_run().await;
    let mut acknowledged = 0;
    let mut cut_short = 0;
    for seed in 0..CUTS {
        let mut random = Random(seed);
        let disk = Disk::with_store();
        disk.fail_after(random.below(length), Failure::PowerOff);
        let acks = run(&disk, 0).await;
        let survived = disk.power_cut(&mut random);
        check(survived, &acks, seed).await;
        acknowledged += acks.len();
        cut_short += u32::from(acks.len() < WRITES as usize);
    }
    // The test would prove nothing if all cuts fell before the first or after the last write.
    assert!(acknowledged > 1000, "only {acknowledged} acknowledged writes were put to the test");
    assert!(cut_short > 300, "only {cut_short} runs were cut short");
}

#[tokio::test]
async fn acknowledged_writes_survive_one_power_cut_after_another_on_the_same_disk() {
    for seed in 0..20 {
        let mut random = Random(0xcafe + seed);
        let mut bytes = Disk::with_store().killed();
        let mut acks = Vec::new();
        for round in 0..8 {
            let disk = Disk::new(bytes);
            disk.fail_after(10 + random.below(200), Failure::PowerOff);
            acks.extend(run(&disk, round * WRITES).await);
            bytes = disk.power_cut(&mut random);
        }
        check(bytes, &acks, seed).await;
    }
}

#[tokio::test]
async fn a_disk_that_lies_about_its_syncs_is_found_out_by_this_test() {
    let mut lost = 0;
    for seed in 0..20 {
        let disk = Disk::with_store();
        disk.lie_about_syncs();
        let acks = run(&disk, 0).await;
        assert_eq!(acks.len(), WRITES as usize, "the lie is not seen while the power is on");
        let survived = disk.power_cut(&mut Random(seed));
        let there = match Store::with_backend(Disk::new(survived)) {
            Ok(store) => rows(&store).await.0.len(),
            Err(_) => 0,
        };
        lost += u32::from(there < acks.len());
    }
    assert!(lost > 0, "un-synced bytes were never lost, so the simulated disk proves nothing");
}

#[tokio::test]
async fn a_full_disk_a_failed_sync_or_a_short_write_is_never_acknowledged() {
    let length = backend_calls_of_a_whole_run().await;
    for failure in [Failure::NoSpace, Failure::SyncFails, Failure::ShortWrite] {
        let mut hit = 0;
        for seed in 0..60 {
            let mut random = Random(seed ^ 0xd15c);
            let disk = Disk::with_store();
            disk.fail_after(random.below(length), failure);
            let Ok(store) = Store::with_backend(disk.clone()) else { continue };
            let mut acks = Vec::new();
            let mut refused = false;
            for n in 0..WRITES {
                match store.write(move |write| put(write, n)).await {
                    Ok(()) => {
                        assert!(!refused, "seed {seed}: {failure:?} was forgotten");
                        acks.push(n);
                    }
                    Err(error) => {
                        assert!(matches!(error, StoreError::Stopped(_)), "{error:?}");
                        refused = true;
                    }
                }
            }
            if refused {
                hit += 1;
                let read = store.read(|read| read.get(b"count")).await;
                assert!(matches!(read, Err(StoreError::Stopped(_))), "it reads on after {failure:?}");
            }
            drop(store);
            check(disk.power_cut(&mut random), &acks, seed).await;
        }
        assert!(hit > 10, "{failure:?} struck only {hit} times");
    }
}

#[tokio::test]
async fn a_write_dropped_after_any_number_of_polls_is_done_whole_and_blocks_nobody() {
    let store = Store::in_memory().unwrap();
    let mut expected = 0;
    for polls in 0..40 {
        {
            let mut write = pin!(store.write(move |write| put(write, polls)));
            for _ in 0..polls {
                if poll(write.as_mut()).is_ready() {
                    break;
                }
                tokio::time::sleep(Duration::from_micros(20)).await;
            }
        }
        // Polled once it was queued, and then it is done whatever becomes of its caller.
        expected += usize::from(polls > 0);
        let count = tokio::time::timeout(Duration::from_secs(5), store.write(count));
        let count = count.await.expect("a dropped write left a lock").unwrap();
        assert_eq!(count, expected, "after {polls} polls");
    }
    assert_eq!(rows(&store).await.0.len(), expected);
}

#[tokio::test]
async fn a_write_dropped_while_it_waits_for_a_place_gives_the_place_back() {
    const PLACES: u32 = 1024;
    let store = Store::in_memory().unwrap();
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let mut queued: Vec<_> = Vec::new();
    // Polled by hand many times in one turn, so outside tokio's budget of polls a turn.
    queued.push(Box::pin(unconstrained(store.write(move |_| {
        gate.recv().expect("the gate is opened below");
        Ok::<_, StoreError>(())
    }))) as std::pin::Pin<Box<dyn Future<Output = _>>>);
    for n in 1..PLACES {
        queued.push(Box::pin(unconstrained(store.write(move |write| put(write, n)))));
    }
    for write in &mut queued {
        assert!(poll(write.as_mut()).is_pending());
    }
    for polls in 1..20 {
        let mut waiting = pin!(unconstrained(store.write(move |write| put(write, 5000 + polls))));
        for _ in 0..polls {
            assert!(poll(waiting.as_mut()).is_pending());
        }
    }
    drop(queued);
    open.send(()).unwrap();
    let more = (0..2 * PLACES).map(|n| store.write(move |write| put(write, 10_000 + n)));
    let more = tokio::time::timeout(Duration::from_secs(30), join_all(more)).await;
    assert!(more.expect("a place was lost").iter().all(Result::is_ok));
    let (rows, _) = rows(&store).await;
    assert_eq!(rows.len() as u32, PLACES - 1 + 2 * PLACES, "one that never had a place was done");
}

#[tokio::test]
async fn a_panic_and_an_error_fail_their_own_write_and_no_other() {
    let store = Store::in_memory().unwrap();
    let good = (0..10).map(|n| store.write(move |write| put(write, n)));
    let bad = store.write(|write| {
        write.put("row/half", "half");
        Err::<(), _>(StoreError::Panicked)
    });
    let panicking = store.write(|write| -> Result<(), StoreError> {
        write.put("row/half", "half");
        panic!("a bug in a request's handler");
    });
    let (good, bad, panicking) = tokio::join!(join_all(good), bad, panicking);
    assert!(good.iter().all(Result::is_ok));
    assert!(matches!(bad, Err(StoreError::Panicked)));
    assert!(matches!(panicking, Err(StoreError::Panicked)));
    assert_eq!(rows(&store).await.0.len(), 10);
}

#[tokio::test]
async fn a_snapshot_keeps_what_is_overwritten_and_deleted_after_it() {
    let store = Store::in_memory().unwrap();
    store.write(|write| put(write, 1)).await.unwrap();
    let snapshot = store.snapshot().await.unwrap();
    let change = store.write(|write| {
        write.put("row/00000001/a", "new");
        write.delete("row/00000001/b");
        Ok::<_, StoreError>(())
    });
    change.await.unwrap();
    for part in ["a", "b", "c"] {
        let key = format!("row/{:08}/{part}", 1);
        let kept = snapshot.read(move |read| read.get(key.as_bytes())).await.unwrap();
        assert_eq!(kept, Some(value(1)), "part {part}");
    }
    let now = store.read(|read| read.get(b"row/00000001/a")).await.unwrap();
    assert_eq!(now.as_deref(), Some(b"new".as_slice()));
    store.close().await;
    assert!(store.snapshot().await.is_err(), "a closed store gives no snapshot");
}

#[tokio::test(start_paused = true)]
async fn commits_go_on_under_a_paused_clock() {
    let store = Store::in_memory().unwrap();
    for n in 0..20 {
        let write = tokio::time::timeout(Duration::from_millis(1), store.write(move |w| put(w, n)));
        write.await.expect("the clock jumped over a running commit").unwrap();
    }
}

#[test]
fn a_runtime_that_ends_leaves_the_store_usable_from_another() {
    let store = Store::in_memory().unwrap();
    for n in 0..20 {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let abandoned = store.clone();
        runtime.block_on(async move {
            let mut write = pin!(abandoned.write(move |write| put(write, n)));
            assert!(poll(write.as_mut()).is_pending());
        });
        runtime.shutdown_background();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let write = tokio::time::timeout(Duration::from_secs(5), store.write(|w| put(w, 99)));
        write.await.expect("an ended runtime left the queue held").unwrap();
        check_whole(&store, &[99], 0).await;
    });
}

/// Write number `n`: three keys that belong together, and a count that a repeated write would spoil.
fn put(write: &mut campaign_local::store::Write<'_>, n: u32) -> Result<(), StoreError> {
    let count = count(write)? + 1;
    for part in ["a", "b", "c"] {
        write.put(format!("row/{n:08}/{part}"), value(n));
    }
    write.put("count", count.to_string());
    Ok(())
}

fn count(view: &mut campaign_local::store::Write<'_>) -> Result<usize, StoreError> {
    let count = view.get(b"count")?;
    Ok(count.map_or(0, |count| String::from_utf8(count).unwrap().parse().unwrap()))
}

/// Long enough that writes span pages, and other for each write.
fn value(n: u32) -> Vec<u8> {
    let mut random = Random(u64::from(n));
    (0..100 + n % 7 * 300).map(|_| random.next().to_le_bytes()[0]).collect()
}

/// Makes the run's writes on `disk` until it fails; the numbers of those acknowledged.
async fn run(disk: &Disk, first: u32) -> Vec<u32> {
    let Ok(store) = Store::with_backend(disk.clone()) else { return Vec::new() };
    let mut acks = Vec::new();
    for start in (first..first + WRITES).step_by(AT_A_TIME as usize) {
        let numbers: Vec<u32> = (start..start + AT_A_TIME).collect();
        let writes = numbers.iter().map(|&n| store.write(move |write| put(write, n)));
        for (n, result) in numbers.iter().zip(join_all(writes).await) {
            if result.is_ok() {
                acks.push(*n);
            }
        }
    }
    acks
}

async fn backend_calls_of_a_whole_run() -> u64 {
    let disk = Disk::with_store();
    assert_eq!(run(&disk, 0).await.len(), WRITES as usize);
    disk.calls()
}

async fn check(bytes: Vec<u8>, acks: &[u32], seed: u64) {
    let store = match Store::with_backend(Disk::new(bytes)) {
        Ok(store) => store,
        Err(error) => panic!("seed {seed}: {error} {:?}", std::error::Error::source(&error)),
    };
    check_whole(&store, acks, seed).await;
    // And it takes writes again.
    store.write(|write| put(write, 99_999_999)).await.unwrap();
}

async fn check_whole(store: &Store, acks: &[u32], seed: u64) {
    let (rows, count) = rows(store).await;
    for n in acks {
        assert!(rows.contains_key(n), "seed {seed}: write {n} was acknowledged and is gone");
    }
    for (n, parts) in &rows {
        assert_eq!(parts.len(), 3, "seed {seed}: write {n} is there by half");
        assert!(parts.iter().all(|part| *part == value(*n)), "seed {seed}: write {n} is mixed up");
    }
    assert_eq!(count, rows.len(), "seed {seed}: a write was done twice, or counted and lost");
}

/// All rows with their parts, and the count.
async fn rows(store: &Store) -> (BTreeMap<u32, Vec<Vec<u8>>>, usize) {
    let read = store.read(|read| {
        let mut rows = BTreeMap::<u32, Vec<Vec<u8>>>::new();
        read.scan(b"row/".as_slice()..b"row0".as_slice(), Order::Forward, &mut |key, value| {
            let key = std::str::from_utf8(key).unwrap();
            let n = key.split('/').nth(1).unwrap().parse().unwrap();
            rows.entry(n).or_default().push(value.to_vec());
            ControlFlow::Continue(())
        })?;
        let count = read.get(b"count")?;
        let count = count.map_or(0, |count| String::from_utf8(count).unwrap().parse().unwrap());
        Ok::<_, StoreError>((rows, count))
    });
    read.await.unwrap()
}

fn poll<F: Future + ?Sized>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The refusal is an `OpenError`, which callers match on.
#[test]
fn a_file_that_is_no_store_is_refused_and_left_alone() {
    let disk = Disk::new(b"the letters of another program, long enough to hold a header".repeat(100));
    let before = disk.killed();
    let refused = Store::with_backend(disk.clone());
    assert!(matches!(refused, Err(OpenError::Damaged(_))), "{refused:?}");
    assert_eq!(disk.killed(), before);
}
