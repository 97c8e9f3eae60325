//! The driver against an intake in the same process: exact counts, and a table that lies is found out.

use async_trait::async_trait;
use campaign_client::{Body, Download, TransportError, TransportErrorKind};
use campaign_core::{
    Intake, Pepper, RowKey, Sent,
    store::{Entry, Inserted, MemoryStore},
};
use http::{Request, Response};
use serde_json::Value;

use super::*;

const SLICE: &str = include_str!("../../../tests/vectors/entries-slice.ndjson");

fn campaign() -> Campaign {
    Campaign::from_toml(crate::CAMPAIGN).unwrap()
}

/// An intake behind a line that loses every `lossy`th answer after the work is done.
#[derive(Debug)]
struct Direct {
    intake: Intake,
    sent: AtomicUsize,
    lossy: usize,
}

#[async_trait]
impl Transport for Direct {
    async fn send(&self, request: Request<Body>) -> Result<Response<Download>, TransportError> {
        let key = request.headers().get("idempotency-key").map(|key| key.as_bytes().to_vec());
        let body = request.body().bytes().unwrap().clone();
        let answer = self.intake.submit(Sent { key: key.as_deref(), body: &body }).await;
        if self.sent.fetch_add(1, Ordering::Relaxed) % self.lossy == self.lossy - 1 {
            return Err(TransportError::new(TransportErrorKind::Lost, "the answer is lost"));
        }
        let mut response = Response::builder().status(answer.status);
        for (name, value) in &answer.headers {
            response = response.header(*name, value);
        }
        Ok(response.body(Download::from(bytes::Bytes::from(answer.body))).unwrap())
    }
}

/// A store whose read-back leaves out the first row.
#[derive(Debug)]
struct Forgetful(MemoryStore);

#[async_trait]
impl EntryStore for Forgetful {
    async fn insert(&self, key: &RowKey, entry: &Entry) -> Result<Inserted, StoreError> {
        self.0.insert(key, entry).await
    }
    async fn find(&self, key: &RowKey) -> Result<Option<Stored>, StoreError> {
        self.0.find(key).await
    }
    async fn erase(&self, key: &RowKey) -> Result<(), StoreError> {
        self.0.erase(key).await
    }
    async fn page(&self, after: Option<&RowKey>, limit: usize) -> Result<Vec<(RowKey, Stored)>, StoreError> {
        let mut page = self.0.page(after, limit).await?;
        if after.is_none() {
            page.remove(0);
        }
        Ok(page)
    }
}

async fn run(store: Arc<dyn EntryStore>, concurrency: usize, lossy: usize) -> (bool, Value) {
    let campaign = campaign();
    let intake = Intake::new(campaign.clone(), Pepper::new([1; 32]).unwrap(), store.clone());
    let transport = Arc::new(Direct { intake, sent: AtomicUsize::new(0), lossy });
    let settings = Settings { concurrency, patience: Patience::QUICK, seed: 1, journal: None };
    let uri = Uri::from_static("http://127.0.0.1/campaigns/double11/entries");
    let lines = read(&campaign, SLICE.as_bytes()).unwrap();
    let sent = send(lines, transport, uri, settings).await.unwrap();
    let report = sent.prove(&campaign, &*store).await.unwrap();
    (report.is_clean(), serde_json::to_value(&report).unwrap())
}

/// What the file itself says, counted without the driver.
fn expected() -> Value {
    let mut outcomes: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for line in SLICE.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        *outcomes.entry(line["expect"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    serde_json::to_value(outcomes).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_slice_has_the_outcomes_it_names_at_every_width() {
    for concurrency in [1, 16, 64] {
        let (clean, report) = run(Arc::new(MemoryStore::new()), concurrency, usize::MAX).await;
        assert!(clean, "{report}");
        assert_eq!(report["outcomes"], expected());
        assert_eq!(report["stored"], report["outcomes"]["created"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_change_the_statuses_and_not_the_outcomes() {
    let began = Instant::now();
    let (clean, report) = run(Arc::new(MemoryStore::new()), 64, 3).await;
    assert!(clean, "{report}");
    assert_eq!(report["outcomes"], expected());
    assert!(report["statuses"]["200"].as_u64() > report["outcomes"]["replayed"].as_u64(), "{report}");
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_the_table_lost_is_missing() {
    let (clean, report) = run(Arc::new(Forgetful(MemoryStore::new())), 16, usize::MAX).await;
    assert!(!clean);
    assert_ne!(report["missing"], 0);
    assert_eq!((&report["twice"], &report["mismatched"], &report["unexpected"]), (&0.into(), &0.into(), &0.into()));
}
