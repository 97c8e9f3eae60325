//! A cloud whose commits can be held, and clients whose refusals are counted.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use async_trait::async_trait;
use campaign_client::{Body, Download, Error, Retry, Transport, TransportError};
use campaign_local::{
    Local,
    store::{StoreError, Write},
    tablestore::TableStoreOptions,
};
use campaign_tablestore::{
    Client, Code, CreateTable, GetRange, PrimaryKey, Row, RowUpdate, TableStore, Value,
    schema::{KeyType, TableMeta},
};
use futures_util::{FutureExt, TryStreamExt, future::join3};
use tokio::sync::{Notify, oneshot};

/// Counts the refusals on the wire, of requests and of rows in batches.
#[derive(Debug)]
pub(crate) struct Counting {
    server: Arc<dyn Transport>,
    conflicts: AtomicUsize,
}

#[async_trait]
impl Transport for Counting {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        let (parts, body) = self.server.send(request).await?.into_parts();
        let body = body.collect(5 << 20).await?;
        let code = Code::RowOperationConflict.as_str().as_bytes();
        let found = body.windows(code.len()).filter(|part| *part == code).count();
        self.conflicts.fetch_add(found, Ordering::SeqCst);
        Ok(http::Response::from_parts(parts, body.into()))
    }
}

pub(crate) struct Bed {
    pub(crate) cloud: Local,
    pub(crate) wire: Arc<Counting>,
    pub(crate) client: Client,
}

/// A cloud whose rows conflict or not, with a table `t` that takes transactions.
pub(crate) async fn bed(conflicts: bool) -> Bed {
    let options = TableStoreOptions::default().row_conflicts(conflicts);
    let cloud = Local::builder().table_store(options).start().await.unwrap();
    let wire = Arc::new(Counting { server: Arc::new(cloud.table_store_transport()), conflicts: AtomicUsize::new(0) });
    let client = client(&cloud, &wire, Retry::default().base(Duration::from_millis(1)));
    let meta = TableMeta::new("t").key("team", KeyType::String).key("id", KeyType::Integer);
    client.send(&CreateTable { enable_local_txn: Some(true), ..CreateTable::new(meta) }).await.unwrap();
    Bed { cloud, wire, client }
}

pub(crate) fn client(cloud: &Local, wire: &Arc<Counting>, retry: Retry) -> Client {
    Client::builder(TableStore::new("http://127.0.0.1:1", &cloud.settings().instance).unwrap())
        .credentials(cloud.credentials())
        .transport(Arc::clone(wire))
        .retry(retry)
        .build()
        .unwrap()
}

impl Bed {
    pub(crate) fn impatient(&self) -> Client {
        client(&self.cloud, &self.wire, Retry::never())
    }

    /// Both while no commit is done, so that the first is certainly under way when the second comes.
    pub(crate) async fn at_once<A, B>(
        &self,
        first: impl Future<Output = A>,
        second: impl Future<Output = B>,
    ) -> (A, B) {
        let (begun, has_begun) = oneshot::channel();
        let (go_on, may_go_on) = mpsc::channel();
        let store = self.cloud.store().clone();
        let held = tokio::spawn(async move {
            let wait = move |_: &mut Write<'_>| {
                begun.send(()).unwrap();
                may_go_on.recv().unwrap();
                Ok::<_, StoreError>(())
            };
            store.write(wait).await
        });
        has_begun.await.unwrap();
        let is_done = Notify::new();
        let second = second.inspect(|_| is_done.notify_one());
        let release = async {
            // What is refused is refused meanwhile; what needs a commit waits for this one.
            let _ = tokio::time::timeout(Duration::from_secs(1), is_done.notified()).await;
            go_on.send(()).unwrap();
        };
        let (first, second, ()) = join3(first, second, release).await;
        held.await.unwrap().unwrap();
        (first, second)
    }

    pub(crate) fn conflicts(&self) -> usize {
        self.wire.conflicts.load(Ordering::SeqCst)
    }

    pub(crate) async fn counts(&self) -> BTreeMap<i64, i64> {
        let rows: Vec<Row> = GetRange::all("t", ["team", "id"]).rows(&self.client).try_collect().await.unwrap();
        let count = |row: &Row| {
            (row.key("id").unwrap().as_i64().unwrap(), row.get("n").and_then(Value::as_i64).unwrap_or_default())
        };
        rows.iter().map(count).collect()
    }
}

pub(crate) fn key(id: i64) -> PrimaryKey {
    PrimaryKey::new().with("team", "red").with("id", id)
}

pub(crate) fn increment(id: i64) -> RowUpdate {
    RowUpdate::new(key(id)).increment("n", 1)
}

/// That a write was refused for the conflict, and did nothing. The client gave up; the caller need not.
pub(crate) fn was_refused(error: &Error) {
    assert_eq!(Code::of(error), Some(Code::RowOperationConflict), "{error:?}");
    assert!(error.is_unexecuted() && error.is_transient(), "{error:?}");
}

/// Waits a while that differs from caller to caller.
pub(crate) async fn pause(caller: i64, turn: u64) {
    let spread = caller.unsigned_abs().wrapping_mul(7919).wrapping_add(turn.wrapping_mul(104_729)) % 10_000;
    tokio::time::sleep(Duration::from_micros(spread)).await;
}
