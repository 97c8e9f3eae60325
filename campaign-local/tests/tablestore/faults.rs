//! Faults, cut requests, a stopped store.

use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use campaign_client::{Retry, Transport};
use campaign_local::fault::{Fault, Moment};
use campaign_tablestore::{Code, Condition, DeleteRow, PutRow, Row, RowUpdate, UpdateRow, Value};
use futures_util::future::join_all;

use crate::{bed_with_table, key, put, row, signed};

#[tokio::test]
async fn of_many_puts_that_expect_no_row_one_is_done() {
    let bed = bed_with_table().await;
    let puts = (0..64).map(|n| {
        let row = Row::new(key("one")).with("by", n);
        let client = bed.client.clone();
        async move { client.send(&PutRow::new("t", row).condition(Condition::expect_not_exist())).await }
    });
    let results = join_all(puts).await;
    let winners: Vec<usize> = (0..64).filter(|n| results[*n].is_ok()).collect();
    assert_eq!(winners.len(), 1);
    let by = bed.get("one").await.unwrap().get("by").and_then(Value::as_i64);
    assert_eq!(by, i64::try_from(winners[0]).ok());
    for error in results.iter().filter_map(|result| result.as_ref().err()) {
        assert_eq!(Code::of(error), Some(Code::ConditionCheckFail));
    }
}

#[tokio::test]
async fn a_cut_is_before_the_handling_before_the_commit_or_after_it() {
    let bed = bed_with_table().await;
    let cases = [(Moment::BeforeHandling, false), (Moment::BeforeCommit, false), (Moment::AfterCommit, true)];
    for (index, (moment, is_there)) in cases.into_iter().enumerate() {
        let id = format!("cut-{index}");
        bed.script("PutRow", Fault::Cut(moment));
        let error = bed.client.send(&put(&id)).await.unwrap_err();
        assert!(error.outcome_unknown(), "{moment:?}: {error}");
        assert_eq!(bed.get(&id).await.is_some(), is_there, "{moment:?}");
        assert!(bed.cloud.faults().settings().script.is_empty(), "{moment:?} was not used");
    }
    for operation in ["UpdateRow", "DeleteRow"] {
        bed.client.send(&PutRow::new("t", row("x"))).await.unwrap();
        bed.script(operation, Fault::Cut(Moment::BeforeCommit));
        let update = UpdateRow::new("t", RowUpdate::new(key("x")).put("name", "Wu"));
        let error = match operation {
            "UpdateRow" => bed.client.send(&update).await.unwrap_err(),
            _ => bed.client.send(&DeleteRow::new("t", key("x"))).await.unwrap_err(),
        };
        assert!(error.outcome_unknown());
        let name = bed.get("x").await.unwrap().get("name").cloned();
        assert_eq!(name, Some("Li".into()), "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_service_did_nothing_and_a_stalled_one_does_it_late() {
    let bed = bed_with_table().await;
    bed.script("PutRow", Fault::Busy { retry_after: 1 });
    let error = bed.client.send(&put("busy")).await.unwrap_err();
    assert_eq!(Code::of(&error), Some(Code::ServerBusy));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
    assert!(error.is_unexecuted());
    assert!(bed.get("busy").await.is_none());

    bed.script("PutRow", Fault::Stall(Duration::from_millis(450)));
    let impatient = bed.client.with_retry(Retry::never().attempt_timeout(Duration::from_millis(300)));
    let error = impatient.send(&put("late")).await.unwrap_err();
    assert!(error.outcome_unknown(), "{error}");
    assert!(bed.get("late").await.is_none());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(bed.get("late").await.is_some(), "the caller went away, the work was to be done");
}

#[tokio::test]
async fn a_request_dropped_after_any_number_of_polls_is_done_whole_and_blocks_nobody() {
    let bed = bed_with_table().await;
    let transport = bed.cloud.table_store_transport();
    for polls in 0..30 {
        let id = format!("row-{polls}");
        let request = signed(&bed, &put(&id), |_| {});
        {
            let mut sending = pin!(transport.send(request));
            for _ in 0..polls {
                if sending.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                    break;
                }
                tokio::time::sleep(Duration::from_micros(50)).await;
            }
        }
        // Another write to the same row is not blocked, and meets it whole or not at all.
        let again = put(&id);
        let put = tokio::time::timeout(Duration::from_secs(5), bed.client.send(&again));
        let put = put.await.expect("a dropped request left a lock");
        match put {
            Ok(_) => {}
            Err(error) => assert_eq!(Code::of(&error), Some(Code::ConditionCheckFail)),
        }
        let found = bed.get(&id).await.unwrap();
        assert_eq!((found.columns.len(), found.get("name").cloned()), (2, Some("Li".into())));
    }
}

#[tokio::test]
async fn a_stopped_store_is_answered_with_503_of_unknown_outcome() {
    let bed = bed_with_table().await;
    bed.cloud.store().close().await;
    let error = bed.client.send(&put("a")).await.unwrap_err();
    assert_eq!(error.service_error().unwrap().status, 503);
    assert!(error.outcome_unknown());
}
