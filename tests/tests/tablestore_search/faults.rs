//! The streams while requests are hurt: every row once, in as many requests as the faults make necessary.

use std::time::Duration;

use campaign_local::fault::{Fault, FaultPlan, FaultSettings, Hop, Moment, Scripted};
use campaign_tablestore::search::{IndexScan, Query, Sorter};
use campaign_tablestore::{CreateSearchIndex, DeleteSearchIndex, DescribeSearchIndex, Row, UpdateSearchIndex};
use futures_util::TryStreamExt;

use crate::bed::{Bed, INDEX, TABLE, id, schema, search};

const ROWS: i64 = 40;
const PAGES: usize = 8;

fn script(bed: &Bed, operation: &str, faults: &[Fault]) {
    let entry = |fault: &Fault| Scripted {
        hop: Hop::TableStore,
        operation: Some(operation.to_owned()),
        key: None,
        fault: *fault,
    };
    bed.local.faults().set(FaultSettings { plan: None, script: faults.iter().map(entry).collect() }).unwrap();
}

async fn searched(bed: &Bed) -> Vec<Row> {
    let by_pages = search(Query::all()).sort_by([Sorter::ascending("pages")]).limit(5);
    by_pages.rows(&bed.client).try_collect().await.unwrap()
}

async fn scanned(bed: &Bed) -> Vec<Row> {
    let scan = IndexScan::new(TABLE, INDEX, Query::all()).limit(5);
    scan.rows(&bed.client).await.unwrap().try_collect().await.unwrap()
}

fn check(rows: &[Row]) {
    let expected: Vec<String> = (0..ROWS).map(|n| format!("{n:05}")).collect();
    assert!(rows.iter().map(id).eq(expected.iter().map(String::as_str)), "{} rows", rows.len());
}

#[tokio::test(start_paused = true)]
async fn each_fault_costs_one_more_request_and_no_row() {
    let bed = Bed::numbered(ROWS).await;
    let faults = [
        Fault::Cut(Moment::BeforeHandling),
        Fault::Cut(Moment::BeforeCommit),
        Fault::Cut(Moment::AfterCommit),
        Fault::Busy { retry_after: 0 },
        Fault::Busy { retry_after: 1 },
        Fault::Stall(Duration::from_millis(450)),
    ];
    for fault in faults {
        for (operation, pages) in [("Search", PAGES), ("ParallelScan", PAGES + 1), ("ComputeSplits", 1)] {
            bed.forget();
            script(&bed, operation, &[fault]);
            check(&if operation == "Search" { searched(&bed).await } else { scanned(&bed).await });
            assert!(bed.local.faults().settings().script.is_empty(), "{operation}: {fault:?} was not met");
            assert_eq!(bed.sent(operation), pages + 1, "{operation}: {fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_quarter_of_all_requests_may_be_hurt() {
    let bed = Bed::numbered(ROWS).await;
    let mut injected = 0;
    for seed in 0..12 {
        let plan = Some(FaultPlan::new(seed, 25));
        bed.local.faults().set(FaultSettings { plan, script: Vec::new() }).unwrap();
        check(&searched(&bed).await);
        check(&scanned(&bed).await);
        injected += bed.local.faults().injected().values().sum::<u64>();
    }
    assert!(injected > 30, "only {injected} requests were hurt");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_does_not_come_ends_the_stream_and_its_token_goes_on() {
    let bed = Bed::numbered(ROWS).await;
    let by_pages = search(Query::all()).sort_by([Sorter::ascending("pages")]).limit(5);
    let mut pages = bed.client.pages(by_pages);
    let mut rows = pages.try_next().await.unwrap().unwrap();
    let mut found = rows.rows().unwrap();
    script(&bed, "Search", &[Fault::Cut(Moment::AfterCommit); 8]);
    let error = pages.try_next().await.unwrap_err();
    assert_eq!(error.attempts().len(), 8);
    assert!(!error.outcome_unknown(), "a read changes nothing");
    assert!(pages.try_next().await.unwrap().is_none());
    let rest = search(Query::all()).limit(5).token(rows.next_token.take().unwrap());
    found.extend(rest.rows(&bed.client).try_collect::<Vec<_>>().await.unwrap());
    check(&found);
}

#[tokio::test(start_paused = true)]
async fn a_change_of_an_index_whose_answer_is_lost_is_repeated_settled_or_said_to_be_unknown() {
    let bed = Bed::numbered(1).await;
    let lost = [Fault::Cut(Moment::AfterCommit)];
    script(&bed, "UpdateSearchIndex", &lost);
    bed.client.send(&UpdateSearchIndex::new(TABLE, INDEX).time_to_live(86_400)).await.unwrap();
    assert_eq!(bed.sent("UpdateSearchIndex"), 2);
    let described = bed.client.send(&DescribeSearchIndex::new(TABLE, INDEX)).await.unwrap();
    assert_eq!(described.time_to_live, Some(86_400));

    // Sent again it meets no index, and the list says that there is none: it is gone, as was asked.
    script(&bed, "DeleteSearchIndex", &lost);
    bed.client.send(&DeleteSearchIndex::new(TABLE, INDEX)).await.unwrap();
    assert_eq!((bed.sent("DeleteSearchIndex"), bed.sent("ListSearchIndex")), (2, 1));

    // What making an index twice meets is not documented, so that it is not repeated.
    script(&bed, "CreateSearchIndex", &lost);
    let error = bed.client.send(&CreateSearchIndex::new(TABLE, INDEX, schema())).await.unwrap_err();
    assert!(error.outcome_unknown() && bed.sent("CreateSearchIndex") == 1, "{error}");
    bed.client.send(&DescribeSearchIndex::new(TABLE, INDEX)).await.unwrap();
}
