//! Entries in no order, 64 at a time, through gateway, function and Table Store while one request in
//! ten is hurt at both hops and a row takes one write at a time: whatever the order, one row a person, no acknowledged entry lost, no row
//! made of two payloads.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use campaign_client::{Body, Retry, Transport};
use campaign_core::{
    Campaign, Intake, Pepper, RowKey, Sent, body,
    form::Kind,
    store::{Entry, EntryStore, Fields, Inserted, StoreError, Stored},
};
use campaign_fc::{Runtime, handler};
use campaign_local::{
    Local,
    fault::{FaultPlan, FaultSettings},
    function::{FunctionSpec, InProcess},
    gateway::Route,
    tablestore::TableStoreOptions,
};
use campaign_tablestore::{Client, EntryTable, TableStore};
use futures_util::{StreamExt, stream};
use serde_json::Value;

/// One request in ten, at each hop.
const PERCENT: u8 = 10;
/// A stall lasts longer.
const ATTEMPT: Duration = Duration::from_millis(300);
/// More than any line should need.
const ATTEMPTS: u64 = 200;

struct Line {
    key: String,
    body: String,
    /// What would be stored, and under which row key; `None` if it is refused.
    stored: Option<(String, Fields)>,
}

fn campaign() -> Campaign {
    Campaign::from_toml(include_str!("../../examples/double11.toml")).unwrap()
}

fn pepper() -> Pepper {
    Pepper::new([7; 32]).unwrap()
}

fn lines() -> Vec<Line> {
    let campaign = campaign();
    let read = |text: &str| {
        let line: Value = serde_json::from_str(text).unwrap();
        let key = line["idempotency_key"].as_str().unwrap().to_owned();
        let body = line["raw"].as_str().map_or_else(|| line["body"].to_string(), str::to_owned);
        let fields = body::Body::read(body.as_bytes()).ok().filter(|body| !campaign.form().is_trapped(body));
        let fields = fields.and_then(|body| campaign.form().check(&body).ok());
        let stored = fields.map(|fields| {
            let row = campaign.row_key(&pepper(), fields.get("email").unwrap()).unwrap();
            (row.to_string(), fields)
        });
        Line { key, body, stored }
    };
    include_str!("../vectors/entries-slice.ndjson").lines().map(read).collect()
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A broken store: takes a write of which nobody knows for one that was done.
#[derive(Debug)]
struct Optimist(EntryTable);

#[async_trait]
impl EntryStore for Optimist {
    async fn insert(&self, key: &RowKey, entry: &Entry) -> Result<Inserted, StoreError> {
        match self.0.insert(key, entry).await {
            Err(StoreError::Ambiguous { .. }) => Ok(Inserted::Created),
            outcome => outcome,
        }
    }

    async fn find(&self, key: &RowKey) -> Result<Option<Stored>, StoreError> {
        self.0.find(key).await
    }

    async fn erase(&self, key: &RowKey) -> Result<(), StoreError> {
        self.0.erase(key).await
    }

    async fn page(&self, after: Option<&RowKey>, limit: usize) -> Result<Vec<(RowKey, Stored)>, StoreError> {
        self.0.page(after, limit).await
    }
}

/// The cloud with the campaign in it, and the table to look into.
async fn cloud(seed: u64, broken: bool) -> (Local, EntryTable) {
    let options = TableStoreOptions::default().row_conflicts(true);
    let local = Local::builder().table_store(options).start().await.unwrap();
    let service = TableStore::new("http://127.0.0.1", &local.settings().instance).unwrap();
    let client = Client::builder(service)
        .credentials(local.credentials())
        .transport(local.table_store_transport())
        .retry(Retry::never().attempt_timeout(ATTEMPT)) // the intake's own repetition is on trial
        .build()
        .unwrap();
    let table = EntryTable::new(&client, "entries");
    table.create(campaign().retention()).await.unwrap();
    let store: Arc<dyn EntryStore> = if broken { Arc::new(Optimist(table.clone())) } else { Arc::new(table.clone()) };
    let intake = Intake::new(campaign(), pepper(), store);
    let answer = handler(move |request: http::Request<Bytes>| {
        let intake = intake.clone();
        async move {
            let key = request.headers().get("idempotency-key").map(http::HeaderValue::as_bytes);
            let answer = intake.submit(Sent { key, body: request.body() }).await;
            let response = http::Response::builder().status(answer.status).body(Bytes::from(answer.body));
            Ok::<_, Infallible>(response.unwrap())
        }
    });
    let function = FunctionSpec::in_process("intake", InProcess::new(Runtime::new(answer)));
    local.functions().set(function).await.unwrap();
    local.routes().set(Route::new("POST", "/campaigns/{id}/entries", "intake")).unwrap();
    let plan = Some(FaultPlan::new(seed, PERCENT));
    local.faults().set(FaultSettings { plan, ..FaultSettings::default() }).unwrap();
    (local, table)
}

/// Sends a line until its answer is final.
async fn send(gateway: &dyn Transport, line: &Line, seed: u64) -> u16 {
    for attempt in 0..ATTEMPTS {
        let request = http::Request::post("http://127.0.0.1/campaigns/double11/entries")
            .header("host", "127.0.0.1")
            .header("content-type", "application/json")
            .header("idempotency-key", &line.key)
            .body(Body::from(line.body.clone()))
            .unwrap();
        if let Ok(Ok(response)) = tokio::time::timeout(ATTEMPT, gateway.send(request)).await {
            let status = response.status().as_u16();
            if !matches!(status, 429 | 500..) {
                return status;
            }
        }
        tokio::time::sleep(Duration::from_millis(hash((seed, &line.key, attempt)) % 50)).await;
    }
    panic!("a line got no final answer in {ATTEMPTS} attempts");
}

async fn rows(table: &EntryTable) -> BTreeMap<String, (String, Fields)> {
    let mut rows = BTreeMap::new();
    let mut last = None;
    loop {
        let page = table.page(last.as_ref(), 5000).await.unwrap();
        let Some((key, _)) = page.last() else { return rows };
        last = Some(key.clone());
        for (key, row) in page {
            let Stored::Entry(entry) = row else { panic!("nobody was erased") };
            rows.insert(key.to_string(), (entry.id.to_string(), entry.fields));
        }
    }
}

/// The fields that make two payloads different: a page fills the hidden ones in.
fn payload(fields: &Fields) -> Vec<(&str, &str)> {
    let campaign = campaign();
    let hidden = |name: &str| matches!(campaign.form().field(name).unwrap().kind(), Kind::Hidden { .. });
    let kept: BTreeSet<String> = fields.iter().map(|(n, _)| n.to_owned()).filter(|n| !hidden(n)).collect();
    fields.iter().filter(|(name, _)| kept.contains(*name)).collect()
}

async fn race(seed: u64, broken: bool) {
    let (local, table) = cloud(seed, broken).await;
    let mut lines = lines();
    lines.sort_by_key(|line| hash((seed, &line.key, &line.body)));
    let gateway = local.gateway_transport();
    let answered: Vec<(&Line, u16)> = stream::iter(&lines)
        .map(|line| {
            let gateway = &gateway;
            async move { (line, send(gateway, line, seed).await) }
        })
        .buffer_unordered(64)
        .collect()
        .await;
    let injected = local.faults().injected();
    assert_eq!(injected.len(), 10, "five kinds at two hops: {injected:?}");
    local.faults().set(FaultSettings::default()).unwrap();

    let rows = rows(&table).await;
    // The row key follows from the address, so two rows of one person would be two keys of one address.
    let campaign = campaign();
    for (key, (_, fields)) in &rows {
        let expected = campaign.row_key(&pepper(), fields.get("email").unwrap()).unwrap();
        assert_eq!(*key, expected.to_string(), "seed {seed}: a row stands under another person's key");
    }
    for (line, status) in &answered {
        let acknowledged = matches!(status, 200 | 201);
        let Some((row, fields)) = &line.stored else {
            assert!(!acknowledged, "seed {seed}: a line that must be refused was answered {status}");
            continue;
        };
        assert!(matches!(status, 200 | 201 | 409 | 422), "seed {seed}: {status}");
        let (id, stored) = rows
            .get(row)
            .unwrap_or_else(|| panic!("seed {seed}: acknowledged or known ({status}), and no row of the person"));
        if acknowledged {
            assert_eq!(*id, line.key, "seed {seed}: acknowledged, and the row is another submission's");
            // Not `assert_eq`: it would print what a person wrote.
            assert!(payload(stored) == payload(fields), "seed {seed}: acknowledged, and another payload is stored");
        }
    }
    for (key, (id, stored)) in &rows {
        let sent = lines.iter().any(|line| {
            line.key == *id && line.stored.as_ref().is_some_and(|(row, fields)| row == key && fields == stored)
        });
        assert!(sent, "seed {seed}: a row that nobody sent as it stands");
    }
    local.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_order_one_row_a_person_and_no_acknowledged_entry_lost() {
    for seed in [1, 2, 3] {
        race(seed, false).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
// Which of the laws is found broken first depends on timing; each says what was acknowledged.
#[should_panic(expected = ": acknowledged")]
async fn the_race_catches_a_store_that_acknowledges_too_early() {
    race(1, true).await;
}
