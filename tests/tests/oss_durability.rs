//! Objects on a disk that forgets: after any power cut every acknowledged put is there with its bytes,
//! no object is there without its content, and no content without its object.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test: small numbers, and a panic is a finding"
)]

mod disk;

use std::ops::ControlFlow;
use std::sync::LazyLock;

use bytes::Bytes;
use campaign_client::transport::InProcess;
use campaign_client::{Clock, Credentials, Retry};
use campaign_local::fault::Faults;
use campaign_local::oss::Emulator;
use campaign_local::store::{Order, Store, StoreError, View, space};
use campaign_oss::{Client, Code, GetObject, Oss, PutBucket, PutObject};
use chrono::DateTime;
use futures_util::future::join_all;

use disk::{Disk, Failure, Random};

/// Places at which the power is cut, each with its own seed.
const CUTS: u64 = 40;
/// Puts of a run, two at a time; every key is put several times.
const PUTS: u32 = 12;
const KEYS: u32 = 3;
const BUCKET: &str = "site";
/// A content of two pieces; a piece is a little less than 1 MiB.
const LONG: usize = (1 << 20) + 1000;

#[tokio::test]
async fn every_acknowledged_object_survives_a_power_cut_whole() {
    let length = {
        let disk = Disk::with_store();
        assert_eq!(run(&disk).await.len(), PUTS as usize);
        disk.calls()
    };
    let (mut acknowledged, mut cut_short, mut long) = (0, 0, 0);
    for seed in 0..CUTS {
        let mut random = Random(seed ^ 0x055);
        let disk = Disk::with_store();
        disk.fail_after(random.below(length), Failure::PowerOff);
        let acks = run(&disk).await;
        let survived = disk.power_cut(&mut random);
        drop(disk);
        check(survived, &acks, seed).await;
        acknowledged += acks.len();
        long += acks.iter().filter(|n| content(**n).len() == LONG).count();
        cut_short += u64::from(acks.len() < PUTS as usize);
    }
    // The test would prove nothing if all cuts fell before the first or after the last put.
    assert!(acknowledged > 100 && long > 20, "only {acknowledged} puts were put to the test, {long} of them long");
    assert!(cut_short > CUTS / 2, "only {cut_short} runs were cut short");
}

#[tokio::test]
async fn a_full_disk_a_failed_sync_or_a_short_write_is_never_acknowledged() {
    let mut refused = 0;
    for failure in [Failure::NoSpace, Failure::SyncFails, Failure::ShortWrite] {
        for seed in 0..4 {
            let mut random = Random(seed ^ 0xd15c);
            let disk = Disk::with_store();
            disk.fail_after(20 + random.below(100), failure);
            let acks = run(&disk).await;
            refused += u32::from(acks.len() < PUTS as usize);
            check(disk.power_cut(&mut random), &acks, seed).await;
        }
    }
    assert!(refused > 6, "the disk failed only {refused} runs");
}

#[tokio::test]
async fn a_disk_that_lies_about_its_syncs_is_found_out_by_this_test() {
    let mut lost = 0;
    for seed in 0..6 {
        let disk = Disk::with_store();
        disk.lie_about_syncs();
        assert_eq!(run(&disk).await.len(), PUTS as usize, "the lie is not seen while the power is on");
        let there = match Store::with_backend(Disk::new(disk.power_cut(&mut Random(seed)))) {
            Ok(store) => objects(&store).await,
            Err(_) => 0,
        };
        lost += u32::from(there < KEYS as usize);
    }
    assert!(lost > 0, "un-synced bytes were never lost, so the simulated disk proves nothing");
}

/// The contents of the puts: one piece or two, other for each put.
static CONTENTS: LazyLock<Vec<Bytes>> = LazyLock::new(|| {
    let content = |n: u32| {
        let length = if n.is_multiple_of(3) { LONG } else { 300 };
        let mut random = Random(u64::from(n));
        (0..length.div_ceil(8)).flat_map(|_| random.next().to_le_bytes()).take(length).collect()
    };
    (0..PUTS).map(content).collect()
});

fn content(n: u32) -> Bytes {
    CONTENTS[n as usize].clone()
}

fn key(n: u32) -> String {
    format!("key/{}", n % KEYS)
}

async fn client(store: &Store) -> Result<Client, StoreError> {
    let keys = Credentials::new("key", "secret");
    let clock = Clock::fixed(DateTime::from_timestamp(1_794_355_200, 0).unwrap());
    let emulator = Emulator::new("cn-hangzhou", [keys.clone()], store.clone(), Faults::new(), clock.clone()).unwrap();
    emulator.restore().await?;
    let client = Client::builder(Oss::new("http://127.0.0.1", "cn-hangzhou").unwrap())
        .transport(InProcess::new(emulator.router()))
        .credentials(keys)
        .clock(clock)
        .retry(Retry::never())
        .build()
        .unwrap();
    Ok(client)
}

/// Makes the run's puts on `disk` until it fails; the numbers of those acknowledged.
async fn run(disk: &Disk) -> Vec<u32> {
    let Ok(store) = Store::with_backend(disk.clone()) else { return Vec::new() };
    let Ok(client) = client(&store).await else { return Vec::new() };
    if client.send(&PutBucket::new(BUCKET)).await.is_err() {
        return Vec::new();
    }
    let mut acks = Vec::new();
    for first in (0..PUTS).step_by(2) {
        // Of two keys, so that which of the two was last is no question.
        let numbers = [first, first + 1];
        let puts = numbers.map(|n| {
            let client = client.clone();
            async move { client.send(&PutObject::new(BUCKET, key(n), content(n))).await }
        });
        for (n, result) in numbers.iter().zip(join_all(puts).await) {
            if result.is_ok() {
                acks.push(*n);
            }
        }
    }
    acks
}

async fn check(bytes: Vec<u8>, acks: &[u32], seed: u64) {
    let store = match Store::with_backend(Disk::new(bytes)) {
        Ok(store) => store,
        Err(error) => panic!("seed {seed}: {error} {:?}", std::error::Error::source(&error)),
    };
    let client = client(&store).await.unwrap();
    let mut pieces = 0;
    for n in 0..KEYS {
        let name = key(n);
        let last = acks.iter().filter(|ack| **ack % KEYS == n).max();
        let found = match client.send(&GetObject::new(BUCKET, name.as_str())).await {
            // The client compares the checksum.
            Ok(found) => found.body,
            Err(error) if last.is_none() && Code::of(&error).is_some_and(is_missing) => continue,
            Err(error) => panic!("seed {seed}: {name} was acknowledged: {error}"),
        };
        // The last one acknowledged, or one that was put after it and never answered.
        let put = (last.copied().unwrap_or(0)..PUTS).find(|m| m % KEYS == n && content(*m) == found);
        assert!(put.is_some(), "seed {seed}: {name} has bytes of an earlier put, or of none");
        pieces += if found.len() == LONG { 2 } else { 1 };
    }
    assert_eq!(kept(&store, space::CONTENTS).await, pieces, "seed {seed}: a content belongs to no object");
    assert_eq!(kept(&store, space::LOOSE_CONTENTS).await, 0, "seed {seed}: a mark was left");
    // And it takes puts again.
    client.send(&PutBucket::new(BUCKET)).await.unwrap();
    client.send(&PutObject::new(BUCKET, "again", content(0))).await.unwrap();
    assert_eq!(client.send(&GetObject::new(BUCKET, "again")).await.unwrap().body, content(0));
}

fn is_missing(code: Code) -> bool {
    matches!(code, Code::NoSuchKey | Code::NoSuchBucket)
}

/// How many of the objects can be read.
async fn objects(store: &Store) -> usize {
    let Ok(client) = client(store).await else { return 0 };
    let mut there = 0;
    for n in 0..KEYS {
        there += usize::from(client.send(&GetObject::new(BUCKET, key(n))).await.is_ok());
    }
    there
}

/// How many entries the store has in a space.
async fn kept(store: &Store, of: u8) -> usize {
    let count = store.read(move |read| {
        let mut count = 0;
        read.scan(&[of]..&[of + 1], Order::Forward, &mut |_, _| {
            count += 1;
            ControlFlow::Continue(())
        })?;
        Ok::<_, StoreError>(count)
    });
    count.await.unwrap()
}
