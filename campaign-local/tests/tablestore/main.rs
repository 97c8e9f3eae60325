//! The emulated Table Store, called through the client in this process. That official SDKs get the
//! right answers is tested in `interop/`.

#![expect(clippy::unwrap_used, reason = "a test: a panic is a finding")]

mod batches;
mod changes;
mod compression;
mod faults;
mod indexes;
mod limits;
mod partitions;
mod ranges;
mod reading;
mod refusals;
mod rows;
mod rubbish;
mod search;
mod streams;
mod tables;
mod transactions;
mod typed;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use campaign_client::{Body, Clock, Operation, Place, Retry, Service, Signing};
use campaign_local::fault::{Fault, FaultSettings, Hop, Scripted};
use campaign_local::{Local, LocalBuilder};
use campaign_tablestore::schema::{KeyType, TableMeta};
use campaign_tablestore::{Client, Code, Condition, CreateTable, GetRow, PrimaryKey, PutRow, Row, TableStore};
use chrono::DateTime;

pub(crate) const DAY: i64 = 86_400_000;
pub(crate) const START: i64 = 1_793_923_200_000;

/// A cloud whose clock is moved by hand, and a client of it that tries once.
pub(crate) struct Bed {
    pub(crate) cloud: Local,
    pub(crate) client: Client,
    pub(crate) now: Arc<AtomicI64>,
}

pub(crate) async fn bed() -> Bed {
    bed_with(|cloud| cloud).await
}

/// The same with a cloud that is made otherwise.
pub(crate) async fn bed_with(make: impl FnOnce(LocalBuilder) -> LocalBuilder) -> Bed {
    let now = Arc::new(AtomicI64::new(START));
    let shown = Arc::clone(&now);
    let clock = Clock::new(move || DateTime::from_timestamp_millis(shown.load(Ordering::SeqCst)).unwrap());
    let cloud = make(Local::builder().clock(clock.clone())).start().await.unwrap();
    let client = Client::builder(TableStore::new("http://127.0.0.1", &cloud.settings().instance).unwrap())
        .credentials(cloud.credentials())
        .transport(cloud.table_store_transport())
        .clock(clock)
        .retry(Retry::never())
        .build()
        .unwrap();
    Bed { cloud, client, now }
}

/// The same with the table `t`, one text key.
pub(crate) async fn bed_with_table() -> Bed {
    let bed = bed().await;
    bed.client.send(&CreateTable::new(TableMeta::new("t").key("id", KeyType::String))).await.unwrap();
    bed
}

pub(crate) fn key(id: &str) -> PrimaryKey {
    PrimaryKey::new().with("id", id)
}

pub(crate) fn row(id: &str) -> Row {
    Row::new(key(id)).with("name", "Li").with("age", 37)
}

pub(crate) fn put(id: &str) -> PutRow {
    PutRow::new("t", row(id)).condition(Condition::expect_not_exist())
}

impl Bed {
    pub(crate) fn advance(&self, milliseconds: i64) {
        self.now.fetch_add(milliseconds, Ordering::SeqCst);
    }

    pub(crate) async fn get(&self, id: &str) -> Option<Row> {
        self.client.send(&GetRow::new("t", key(id)).max_versions(10)).await.unwrap().row
    }

    pub(crate) async fn refused<O: Operation<Service = TableStore>>(&self, operation: O) -> (Code, String) {
        let error = self.client.send(&operation).await.err().expect("it was not refused");
        (Code::of(&error).unwrap(), error.service_error().unwrap().message.clone())
    }

    pub(crate) fn script(&self, operation: &str, fault: Fault) {
        let entry = Scripted { hop: Hop::TableStore, operation: Some(operation.to_owned()), key: None, fault };
        self.cloud.faults().set(FaultSettings { plan: None, script: vec![entry] }).unwrap();
    }
}

/// A request as it goes over the wire, changed before it is signed.
pub(crate) fn signed(bed: &Bed, put: &PutRow, change: impl FnOnce(&mut http::Request<Body>)) -> http::Request<Body> {
    let service = TableStore::new("http://127.0.0.1", &bed.cloud.settings().instance).unwrap();
    let mut request = put.request(&service).unwrap();
    change(&mut request);
    let now = DateTime::from_timestamp_millis(bed.now.load(Ordering::SeqCst)).unwrap();
    let signing = Signing { credentials: &bed.cloud.credentials(), now, nonce: "", place: Place::Header };
    service.sign(&mut request, &signing).unwrap();
    request
}
