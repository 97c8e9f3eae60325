//! Calls that fail, and processes that are killed.

use campaign_local::store::{Store, StoreError};

use crate::damage::opens_whole;
use crate::disk::{Disk, Failure, Random};
use crate::rows::{ROWS, assert_rows, file_of_a_killed_process, put, read_all};

/// The full matrix of failures and moments is in `durability.rs`; here every moment of one run.
pub(crate) async fn fails(id: &str, failure: Failure) {
    for after in 0..60 {
        let disk = Disk::with_store();
        let Ok(store) = Store::with_backend(disk.clone()) else { continue };
        disk.fail_after(disk.calls() + after, failure);
        let mut acknowledged = 0;
        for n in 0..ROWS {
            match store.write(move |write| put(write, n)).await {
                Ok(()) => acknowledged += 1,
                Err(error) => assert!(matches!(error, StoreError::Stopped(_)), "{id}: {error}"),
            }
        }
        assert!(acknowledged < ROWS, "{id}: the failure did not strike");
        assert_rows_at_least(id, disk.power_cut(&mut Random(after)), acknowledged).await;
    }
}

/// All of the first `acknowledged` rows are there; a further one may be, whole.
pub(crate) async fn assert_rows_at_least(id: &str, bytes: Vec<u8>, acknowledged: u32) {
    let store = Store::with_backend(Disk::new(bytes)).unwrap();
    let (_, count) = read_all(&store).await;
    assert!(count == acknowledged || count == acknowledged + 1, "{id}: {count} of {acknowledged}");
    assert_rows(id, &store, count).await;
}

pub(crate) async fn killed_at_every_call(id: &str) {
    let mut unacknowledged_but_there = 0;
    for after in 0..120 {
        let disk = Disk::with_store();
        let store = Store::with_backend(disk.clone()).unwrap();
        disk.fail_after(disk.calls() + after, Failure::PowerOff);
        let mut acknowledged = 0;
        for n in 0..ROWS {
            acknowledged += u32::from(store.write(move |write| put(write, n)).await.is_ok());
        }
        let bytes = disk.killed();
        let reopened = Store::with_backend(Disk::new(bytes.clone())).unwrap();
        unacknowledged_but_there += u32::from(read_all(&reopened).await.1 > acknowledged);
        assert_rows_at_least(id, bytes, acknowledged).await;
    }
    assert!(unacknowledged_but_there > 0, "{id}: no kill fell between the sync and the answer");
}

pub(crate) async fn killed_while_opening(id: &str) {
    let bytes = file_of_a_killed_process().await;
    for after in 0..40 {
        let disk = Disk::new(bytes.clone());
        disk.fail_after(after, Failure::PowerOff);
        drop(Store::with_backend(disk.clone()));
        assert!(opens_whole(id, disk.killed(), ROWS).await, "{id}: killed at call {after} of opening");
        assert!(opens_whole(id, disk.power_cut(&mut Random(after)), ROWS).await, "{id}: cut at call {after}");
    }
}

/// The files of a process that was killed, a hundred times over: each round opens what the last one
/// left behind. Real processes are killed in `local_binary.rs`.
pub(crate) async fn killed_a_hundred_times(id: &str) {
    let mut bytes = Disk::with_store().killed();
    let mut acknowledged = 0;
    let mut random = Random(25);
    for _ in 0..100 {
        let disk = Disk::new(bytes);
        disk.fail_after(random.below(60), Failure::PowerOff);
        if let Ok(store) = Store::with_backend(disk.clone()) {
            // What the last round left unanswered may be there; it is the next row then.
            let (_, count) = read_all(&store).await;
            assert!(count == acknowledged || count == acknowledged + 1, "{id}: {count} of {acknowledged}");
            acknowledged = count;
            while store
                .write({
                    let n = acknowledged;
                    move |write| put(write, n)
                })
                .await
                .is_ok()
            {
                acknowledged += 1;
            }
        }
        bytes = disk.killed();
    }
    assert_rows_at_least(id, bytes, acknowledged).await;
    assert!(acknowledged > 100, "{id}: {acknowledged}");
}
