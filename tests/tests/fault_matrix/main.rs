//! Every call that exists under every fault of the matrix, through the real client: Table Store, OSS, CDN and API Gateway.
//!
//! A row of the matrix is a call, its class, a fault and what is expected. The client signs, verifies and repeats as it does
//! in a program; the service is the emulator; a decorator of the transport injects exactly the fault and counts. A fault that
//! can happen in several ways (the write done or not, before the answer is lost) happens in each of them, every time in a
//! cloud of its own. Afterwards a second client looks what was done.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cdn;
mod cloud;
mod gateway;
mod oss;
mod row;
mod subject;
mod tablestore;
mod variant;
mod wire;

use std::{any::Any, collections::BTreeSet, panic::AssertUnwindSafe};

use campaign_oss::ListObjectsV2;
use campaign_tablestore::{GetRange, PrimaryKey, PutRow, Row as TableRow};
use chrono::{DateTime, Utc};
use futures_util::{FutureExt, TryStreamExt};

use cdn::CdnCall;
use cloud::Cloud;
use gateway::GatewayCall;
use oss::OssCall;
use row::Row;
use subject::Subject;
use tablestore::TableStoreCall;
use variant::Variant;
use wire::Step;

/// The time of all clocks that are right.
fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_794_355_200, 0).expect("2026-11-11")
}

/// Runs every row of the calls whose names begin so; how many rows and runs, and which calls do not exist yet.
async fn run<S: Subject>(prefix: &str, of: fn(&str) -> Option<S>) -> (usize, usize, Vec<String>) {
    let mut later: Vec<String> = Vec::new();
    let mut failures = Vec::new();
    let (mut rows, mut runs) = (0, 0);
    for row in Row::all().into_iter().filter(|row| row.op.starts_with(prefix)) {
        let Some(subject) = of(&row.op) else {
            if !later.contains(&row.op) {
                later.push(row.op);
            }
            continue;
        };
        rows += 1;
        let variants = row.variants(subject);
        assert!(!variants.is_empty(), "{} {} cannot happen", row.op, row.fault);
        for variant in variants {
            runs += 1;
            let run = AssertUnwindSafe(row.run(subject, &variant)).catch_unwind().await;
            if let Err(got) = run.unwrap_or_else(|panic| Err(said(&*panic))) {
                failures.push(format!("{} {} ({}): expected {}: {got}", row.op, row.fault, variant.label, row.expect));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {runs} runs failed:\n{}", failures.len(), failures.join("\n"));
    (rows, runs, later)
}

#[tokio::test(start_paused = true)]
async fn every_row_of_table_store_ends_as_it_says() {
    let (rows, runs, later) = run("ots:", TableStoreCall::of).await;
    assert!(later.is_empty(), "{later:?}");
    assert_eq!((rows, runs), (16 * 30, 858));
}

#[tokio::test(start_paused = true)]
async fn every_row_of_the_cdn_ends_as_it_says() {
    let (rows, runs, later) = run("cdn:", CdnCall::of).await;
    assert_eq!(later, ["cdn:PushObjectCache"]);
    assert_eq!((rows, runs), (3 * 30, 156));
}

#[tokio::test(start_paused = true)]
async fn every_row_of_the_gateway_ends_as_it_says() {
    let (rows, runs, later) = run("apigw:", GatewayCall::of).await;
    assert!(later.is_empty(), "{later:?}");
    assert_eq!((rows, runs), (3 * 30, 154));
}

#[tokio::test(start_paused = true)]
async fn every_row_of_oss_ends_as_it_says() {
    let (rows, runs, later) = run("oss:", OssCall::of).await;
    let multipart = ["ListParts", "ListMultipartUploads", "UploadPart", "AbortMultipartUpload"];
    let others = ["CompleteMultipartUpload", "InitiateMultipartUpload", "CopyObject", "PutBucketCors", "AppendObject"];
    let expected: BTreeSet<String> = multipart.iter().chain(&others).map(|name| format!("oss:{name}")).collect();
    assert_eq!(BTreeSet::from_iter(later), expected);
    assert_eq!((rows, runs), (12 * 30, 627));
}

/// The words of a failed assertion, so that the row it belongs to can be told with it.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_scan_goes_on_where_a_page_failed_and_gives_no_row_twice() {
    let hurts = ["F08", "F14", "F16"].into_iter().flat_map(|id| variant::variants(TableStoreCall::GetRange, id));
    for hurt in hurts {
        let steps = [vec![Step::Pass, Step::Pass], hurt.steps].concat();
        let cloud = Cloud::new(TableStoreCall::GetRange, &Variant { steps, ..hurt }).await.unwrap();
        let put = |id: String| PutRow::new(tablestore::TABLE, TableRow::new(PrimaryKey::new().with("id", id)));
        for id in ["c", "d", "e", "f"] {
            cloud.looker.send(&put(id.to_owned())).await.unwrap();
        }
        let rows: Vec<TableRow> =
            GetRange::all(tablestore::TABLE, ["id"]).limit(1).rows(&cloud.client).try_collect().await.unwrap();
        let ids: Vec<_> = rows.iter().filter_map(|row| row.key("id")?.as_str()).collect();
        assert_eq!(ids, ["b", "c", "d", "e", "f", "r"]);
        assert_eq!((cloud.wire.sent().len(), cloud.wire.left()), (6 + 1, 0), "one page was read again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_listing_goes_on_where_a_page_failed_and_gives_no_object_twice() {
    for hurt in ["F08", "F14", "F16"].into_iter().flat_map(|id| variant::variants(OssCall::ListObjectsV2, id)) {
        let steps = [vec![Step::Pass, Step::Pass], hurt.steps].concat();
        let cloud = Cloud::new(OssCall::ListObjectsV2, &Variant { steps, ..hurt }).await.unwrap();
        let pages = cloud.client.pages(ListObjectsV2::new(oss::BUCKET).max_keys(1));
        let pages: Vec<_> = pages.try_collect().await.unwrap();
        let keys: Vec<_> = pages.iter().flat_map(|page| &page.contents).map(|object| object.key.as_str()).collect();
        assert_eq!(keys, ["b", "r", "s"]);
        assert_eq!((cloud.wire.sent().len(), cloud.wire.left()), (3 + 1, 0), "one page was read again");
    }
}
