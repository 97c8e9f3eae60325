//! The entry store over Table Store does what the one in memory does, and says what it knows when answers are lost.

#![expect(clippy::unwrap_used, reason = "a test: a panic is a finding")]

use std::time::Duration;

use campaign_client::{ErrorKind, Retry, Service};
use campaign_core::{
    RowKey,
    store::{Entry, EntryStore, Inserted, MemoryStore, StoreError, Stored},
};
use campaign_local::{
    Local,
    fault::{Fault, FaultSettings, Hop, Moment, Scripted},
};
use campaign_tablestore::{
    Client, CreateTable, EntryTable, PrimaryKey, PutRow, Row, TableStore,
    schema::{KeyType, TableMeta, TableOptions},
};

const RETENTION: Duration = Duration::from_secs(90 * 86_400);
const TABLE: &str = "entries";

fn client(cloud: &Local, retry: Retry) -> Client {
    Client::builder(TableStore::new("http://127.0.0.1:1", &cloud.settings().instance).unwrap())
        .credentials(cloud.credentials())
        .transport(cloud.table_store_transport())
        .retry(retry)
        .build()
        .unwrap()
}

/// A cloud with the table, and the store over it.
async fn cloud(retry: Retry) -> (Local, EntryTable) {
    let cloud = Local::builder().start().await.unwrap();
    let entries = EntryTable::new(&client(&cloud, retry), TABLE);
    entries.create(RETENTION).await.unwrap();
    (cloud, entries)
}

fn usual(attempts: u32) -> Retry {
    let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
    service.retry().attempts(attempts).base(Duration::from_millis(1))
}

fn key(n: u32) -> RowKey {
    format!("{n:064x}").parse().unwrap()
}

fn entry(id: &str) -> Entry {
    Entry {
        id: id.parse().unwrap(),
        digest: "a5".repeat(32).parse().unwrap(),
        call: "b".repeat(32).parse().unwrap(),
        received_at: "2026-11-11T00:00:00.123Z".parse().unwrap(),
        fields: [("name", "李"), ("email", "li@example.com")].into_iter().collect(),
    }
}

/// What every entry store does.
async fn conforms(store: &dyn EntryStore) {
    assert_eq!(store.find(&key(1)).await.unwrap(), None);
    assert_eq!(store.page(None, 10).await.unwrap(), []);

    assert_eq!(store.insert(&key(1), &entry("first-id")).await.unwrap(), Inserted::Created);
    assert_eq!(store.insert(&key(1), &entry("other-id")).await.unwrap(), Inserted::Exists);
    assert_eq!(store.find(&key(1)).await.unwrap(), Some(Stored::Entry(entry("first-id"))));

    for absent_or_there in [1, 1, 2] {
        store.erase(&key(absent_or_there)).await.unwrap();
    }
    assert_eq!(store.find(&key(1)).await.unwrap(), Some(Stored::Erased));
    assert_eq!(store.find(&key(2)).await.unwrap(), None, "erasing makes no row");
    assert_eq!(store.insert(&key(1), &entry("other-id")).await.unwrap(), Inserted::Exists, "a tombstone is a row");

    for n in [9, 3, 7, 5] {
        assert_eq!(store.insert(&key(n), &entry("first-id")).await.unwrap(), Inserted::Created);
    }
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = store.page(after.as_ref(), 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        seen.extend(page);
    }
    let keys: Vec<RowKey> = seen.iter().map(|(key, _)| key.clone()).collect();
    assert_eq!(keys, [1, 3, 5, 7, 9].map(key));
    assert_eq!(seen[0].1, Stored::Erased);
    assert_eq!(store.page(None, 0).await.unwrap(), []);
}

#[tokio::test]
async fn the_table_and_the_memory_do_the_same() {
    conforms(&MemoryStore::new()).await;
    let (_cloud, entries) = cloud(usual(3)).await;
    conforms(&entries).await;
}

fn script(cloud: &Local, operation: &str, faults: impl IntoIterator<Item = Fault>) {
    let scripted = |fault| Scripted { hop: Hop::TableStore, operation: Some(operation.to_owned()), key: None, fault };
    let script = faults.into_iter().map(scripted).collect();
    cloud.faults().set(FaultSettings { plan: None, script }).unwrap();
}

#[tokio::test]
async fn an_insert_whose_answer_is_lost_is_ambiguous_and_never_a_failure() {
    let (cloud, entries) = cloud(Retry::never()).await;
    for (n, moment) in [(1, Moment::BeforeHandling), (2, Moment::BeforeCommit), (3, Moment::AfterCommit)] {
        script(&cloud, "PutRow", [Fault::Cut(moment)]);
        let error = entries.insert(&key(n), &entry("first-id")).await.unwrap_err();
        assert!(matches!(error, StoreError::Ambiguous { .. }), "{moment:?}: {error:?}");
        let there = entries.find(&key(n)).await.unwrap().is_some();
        assert_eq!(there, moment == Moment::AfterCommit);
    }
}

#[tokio::test]
async fn an_insert_that_meets_its_own_row_says_that_a_row_exists_for_the_caller_to_read() {
    let (cloud, entries) = cloud(usual(3)).await;
    script(&cloud, "PutRow", [Fault::Cut(Moment::AfterCommit)]);
    assert_eq!(entries.insert(&key(1), &entry("first-id")).await.unwrap(), Inserted::Exists);
    assert_eq!(entries.find(&key(1)).await.unwrap(), Some(Stored::Entry(entry("first-id"))));
    assert_eq!(cloud.faults().settings().script, [], "the fault was used");
}

#[tokio::test]
async fn a_busy_table_is_throttled_with_the_wait_it_asks_for() {
    let (cloud, entries) = cloud(Retry::never()).await;
    script(&cloud, "PutRow", [Fault::Busy { retry_after: 3 }]);
    let error = entries.insert(&key(1), &entry("first-id")).await.unwrap_err();
    let three = Some(Duration::from_secs(3));
    assert!(matches!(error, StoreError::Throttled { retry_after, .. } if retry_after == three), "{error:?}");
    assert_eq!(entries.find(&key(1)).await.unwrap(), None);
}

#[tokio::test]
async fn a_lost_read_and_a_missing_table_are_told_apart() {
    let (cloud, entries) = cloud(Retry::never()).await;
    script(&cloud, "GetRow", [Fault::Cut(Moment::BeforeHandling)]);
    let lost = entries.find(&key(1)).await.unwrap_err();
    assert!(matches!(lost, StoreError::Unavailable { .. }), "{lost:?}");
    let nowhere = EntryTable::new(&client(&cloud, Retry::never()), "nowhere");
    assert!(matches!(nowhere.find(&key(1)).await, Err(StoreError::Permanent { .. })));
    assert!(matches!(nowhere.insert(&key(1), &entry("first-id")).await, Err(StoreError::Permanent { .. })));
}

#[tokio::test]
async fn a_row_that_is_no_entry_is_permanent() {
    let (cloud, entries) = cloud(usual(3)).await;
    let row = Row::new(PrimaryKey::new().with("k", key(1).as_str())).with("note", "by hand");
    client(&cloud, usual(3)).send(&PutRow::new(TABLE, row)).await.unwrap();
    assert!(matches!(entries.find(&key(1)).await, Err(StoreError::Permanent { .. })));
    assert!(matches!(entries.page(None, 10).await, Err(StoreError::Permanent { .. })));
}

#[tokio::test]
async fn making_the_table_again_is_fine_and_another_table_under_its_name_is_not() {
    let (cloud, entries) = cloud(usual(3)).await;
    entries.create(RETENTION).await.unwrap();
    assert_eq!(entries.create(RETENTION * 2).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(entries.create(Duration::from_secs(3600)).await.unwrap_err().kind(), ErrorKind::Invalid);

    let client = client(&cloud, usual(3));
    let options = TableOptions::default().time_to_live(RETENTION);
    let other = TableMeta::new("other").key("id", KeyType::String);
    client.send(&CreateTable::new(other).table_options(options)).await.unwrap();
    assert_eq!(EntryTable::new(&client, "other").create(RETENTION).await.unwrap_err().kind(), ErrorKind::Conflict);

    // The answer to the first CreateTable is lost; the second meets the table.
    script(&cloud, "CreateTable", [Fault::Cut(Moment::AfterCommit)]);
    EntryTable::new(&client, "lost").create(RETENTION).await.unwrap();
    assert_eq!(cloud.faults().settings().script, [], "the fault was used");
}
