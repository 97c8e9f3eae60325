//! A row takes one write at a time, and a transaction one request: whoever is refused is told so and did nothing, so that
//! every sum is exact when all have been done in the end.

#![allow(clippy::unwrap_used, reason = "a test: a panic is a finding")]

mod bed;

use std::{collections::BTreeMap, time::Duration};

use bed::{bed, client, increment, key, pause, was_refused};
use campaign_client::Retry;
use campaign_core::{
    RowKey,
    store::{Entry, EntryStore, Inserted, StoreError, Stored},
};
use campaign_tablestore::{
    BatchWriteRow, BulkOptions, BulkWriter, Client, Code, CommitTransaction, EntryTable, GetRow, PrimaryKey, PutRow,
    Row, RowWrite, StartLocalTransaction, Transaction, UpdateRow, batch,
};
use futures_util::future::{join_all, ready};

/// Counts up one row until that was done once.
async fn add(client: &Client, caller: i64) {
    for turn in 0.. {
        match client.send(&UpdateRow::new("t", increment(1))).await {
            Ok(_) => return,
            Err(error) => was_refused(&error),
        }
        pause(caller, turn).await;
    }
}

#[tokio::test]
async fn many_increments_of_one_row_at_once_are_each_done_once() {
    let bed = bed(true).await;
    bed.at_once(join_all((0..64).map(|caller| add(&bed.client, caller))), ready(())).await;
    assert_eq!(bed.counts().await, BTreeMap::from([(1, 64)]));
    assert!(bed.conflicts() > 0, "no conflict was seen");
}

#[tokio::test]
async fn without_the_option_they_wait_for_each_other() {
    let bed = bed(false).await;
    let impatient = bed.impatient();
    let update = UpdateRow::new("t", increment(1));
    join_all((0..64).map(|_| impatient.send(&update))).await.into_iter().for_each(|done| drop(done.unwrap()));
    assert_eq!((bed.counts().await, bed.conflicts()), (BTreeMap::from([(1, 64)]), 0));
}

#[tokio::test]
async fn of_two_puts_of_one_row_the_first_is_done_and_the_second_is_refused() {
    let bed = bed(true).await;
    let impatient = bed.impatient();
    let put = |n: i64| PutRow::new("t", Row::new(key(1)).with("n", n));
    let (first, second) = (put(1), put(2));
    let (first, second) = bed.at_once(impatient.send(&first), impatient.send(&second)).await;
    first.unwrap();
    let error = second.unwrap_err();
    was_refused(&error);
    let answer = error.service_error().unwrap();
    assert_eq!(answer.message, "Data is being modified by the other request.");
    assert_eq!(bed.counts().await, BTreeMap::from([(1, 1)]));
    impatient.send(&put(2)).await.unwrap();
}

#[tokio::test]
async fn a_row_of_a_batch_conflicts_for_itself() {
    let bed = bed(true).await;
    let impatient = bed.impatient();
    let puts = |ids: [i64; 2]| ids.map(|id| RowWrite::put(Row::new(key(id)).with("n", id)));
    let (first, second) = (BatchWriteRow::new("t", puts([1, 2])), BatchWriteRow::new("t", puts([2, 3])));
    let (first, second) = bed.at_once(impatient.send(&first), impatient.send(&second)).await;
    assert!(first.unwrap().into_rows().all(|row| row.is_ok()));
    let second: Vec<_> = second.unwrap().into_rows().map(|row| row.err().map(|error| error.code)).collect();
    assert_eq!(second, [Some(Code::RowOperationConflict.as_str().to_owned()), None]);
    assert_eq!(bed.counts().await, BTreeMap::from([(1, 1), (2, 2), (3, 3)]));
}

#[tokio::test]
async fn an_atomic_batch_that_meets_another_write_does_nothing() {
    let bed = bed(true).await;
    let impatient = bed.impatient();
    let adds = |ids: [i64; 2]| BatchWriteRow::new("t", ids.map(|id| RowWrite::update(increment(id)))).atomic();
    let (first, second) = (adds([1, 2]), adds([3, 2]));
    let (first, second) = bed.at_once(impatient.send(&first), impatient.send(&second)).await;
    assert!(first.unwrap().into_rows().all(|row| row.is_ok()));
    assert!(second.unwrap().into_rows().all(|row| row.is_err()));
    assert_eq!(bed.counts().await, BTreeMap::from([(1, 1), (2, 1)]));
    let again = impatient.send(&adds([3, 2])).await.unwrap();
    assert!(again.into_rows().all(|row| row.is_ok()), "nothing of it stayed behind");
}

/// Sends rows in batches until each was done once.
async fn add_all(client: &Client, caller: i64, ids: Vec<i64>) {
    let mut left = ids;
    for turn in 0.. {
        let rows = left.iter().map(|id| RowWrite::update(increment(*id))).collect();
        let results = batch::write_rows(client, "t", rows).await;
        let failed = left.iter().zip(results).filter_map(|(id, result)| Some((*id, result.err()?)));
        left = failed.inspect(|(_, error)| was_refused(error)).map(|(id, _)| id).collect();
        if left.is_empty() {
            return;
        }
        pause(caller, turn).await;
    }
}

#[tokio::test]
async fn batches_of_the_same_rows_at_once_do_each_row_once_each() {
    let bed = bed(true).await;
    let ids = |caller| (0..10).map(|id| (id * 3 + caller) % 10).collect();
    bed.at_once(join_all((0..16).map(|caller| add_all(&bed.client, caller, ids(caller)))), ready(())).await;
    assert_eq!(bed.counts().await, (0..10).map(|id| (id, 16)).collect());
    assert!(bed.conflicts() > 0, "no conflict was seen");
}

#[tokio::test]
async fn bulk_writers_over_the_same_rows_lose_nothing() {
    let bed = bed(true).await;
    let write = |caller: i64| {
        let client = &bed.client;
        async move {
            let options = BulkOptions::default().rows(10).linger(Duration::from_millis(1));
            let writer = BulkWriter::new(client, "t", options).unwrap();
            let mut left: Vec<i64> = (0..40).collect();
            for turn in 0.. {
                let mut receipts = Vec::new();
                for id in left {
                    receipts.push((id, writer.write(RowWrite::update(increment(id))).await.unwrap()));
                }
                left = Vec::new();
                for (id, receipt) in receipts {
                    if let Err(error) = receipt.await {
                        was_refused(&error);
                        left.push(id);
                    }
                }
                if left.is_empty() {
                    break;
                }
                pause(caller, turn).await;
            }
            writer.close().await;
        }
    };
    bed.at_once(join_all((0..8).map(write)), ready(())).await;
    assert_eq!(bed.counts().await, (0..40).map(|id| (id, 8)).collect());
    assert!(bed.conflicts() > 0, "no conflict was seen");
}

#[tokio::test]
async fn a_caller_that_went_away_leaves_no_row_taken() {
    let bed = bed(true).await;
    let impatient = bed.impatient();
    let mut done = 0;
    for turn in 0..20 {
        let update = UpdateRow::new("t", increment(1));
        // Polled once or some more times, and dropped.
        let _ = tokio::time::timeout(Duration::from_micros(turn * 100), impatient.send(&update)).await;
        add(&bed.client, 1).await;
        done += 1;
    }
    let count = bed.counts().await[&1];
    assert!((done..=done + 20).contains(&count), "{count} of {done} and 20 that nobody waited for");
}

fn entry(n: usize) -> Entry {
    Entry {
        id: format!("entry-id-{n}").parse().unwrap(),
        digest: "a5".repeat(32).parse().unwrap(),
        call: format!("{n:032x}").parse().unwrap(),
        received_at: "2026-11-11T00:00:00.123Z".parse().unwrap(),
        fields: [("name", "李"), ("email", "li@example.com")].into_iter().collect(),
    }
}

#[tokio::test]
async fn of_two_entries_of_one_person_at_once_one_is_kept_and_both_know_it() {
    let bed = bed(true).await;
    let entries = EntryTable::new(&bed.client, "entries");
    entries.create(Duration::from_secs(90 * 86_400)).await.unwrap();
    let person = |n: usize| format!("{:064x}", n / 2).parse::<RowKey>().unwrap();
    let insert = |n: usize| {
        let entries = &entries;
        async move {
            for turn in 0.. {
                match entries.insert(&person(n), &entry(n)).await {
                    Ok(inserted) => return inserted,
                    Err(StoreError::Unavailable { .. }) => pause(i64::try_from(n).unwrap(), turn).await,
                    Err(error) => panic!("{error:?}"),
                }
            }
            unreachable!("the turns do not end")
        }
    };
    let (answers, ()) = bed.at_once(join_all((0..64).map(insert)), ready(())).await;
    for (of_one, n) in answers.chunks(2).zip((0..64).step_by(2)) {
        let kept = entries.find(&person(n)).await.unwrap();
        let winner = match of_one {
            [Inserted::Created, Inserted::Exists] => n,
            [Inserted::Exists, Inserted::Created] => n + 1,
            other => panic!("{other:?}"),
        };
        assert_eq!(kept, Some(Stored::Entry(entry(winner))));
    }
    assert_eq!(entries.page(None, 5000).await.unwrap().len(), 32);
    assert!(bed.conflicts() > 0, "no conflict was seen");
}

#[tokio::test]
async fn a_transaction_does_not_begin_over_a_row_that_is_being_written() {
    let bed = bed(true).await;
    let impatient = bed.impatient();
    let (write, start) =
        (UpdateRow::new("t", increment(1)), StartLocalTransaction::new("t", PrimaryKey::new().with("team", "red")));
    let (written, begun) = bed.at_once(impatient.send(&write), impatient.send(&start)).await;
    written.unwrap();
    was_refused(&begun.unwrap_err());
    let mut transaction = Transaction::begin(&bed.client, "t", PrimaryKey::new().with("team", "red")).await.unwrap();
    was_refused(&impatient.send(&write).await.unwrap_err());
    transaction.send(UpdateRow::new("t", increment(1))).await.unwrap();
    transaction.commit().await.unwrap();
    impatient.send(&write).await.unwrap();
    assert_eq!(bed.counts().await, BTreeMap::from([(1, 3)]));
}

#[tokio::test]
async fn of_two_requests_of_one_transaction_at_once_the_second_is_answered_that_it_is_busy() {
    for conflicts in [false, true] {
        let bed = bed(conflicts).await;
        let impatient = bed.impatient();
        let start = StartLocalTransaction::new("t", PrimaryKey::new().with("team", "red"));
        let id = bed.client.send(&start).await.unwrap();
        let (add, get) =
            (UpdateRow::new("t", increment(1)).transaction_id(&*id), GetRow::new("t", key(1)).transaction_id(&*id));
        let (first, second) = bed.at_once(impatient.send(&add), impatient.send(&get)).await;
        first.unwrap();
        let error = second.unwrap_err();
        assert_eq!(Code::of(&error), Some(Code::SessionBusy), "{error:?}");
        assert!(error.is_unexecuted() && error.is_transient(), "{error:?}");

        // Tried again, all are done, one after another.
        let patient = client(&bed.cloud, &bed.wire, Retry::default().base(Duration::from_millis(3)).attempts(20));
        let all = join_all((0..8).map(|_| patient.send(&add))).await;
        all.into_iter().for_each(|done| drop(done.unwrap()));
        let commit = CommitTransaction::new(&*id);
        patient.send(&commit).await.unwrap();
        assert_eq!(bed.counts().await, BTreeMap::from([(1, 9)]));
    }
}
