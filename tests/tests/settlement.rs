//! What a conditional write says when its first answer was lost and it then meets a conflict: its own effect, somebody
//! else's, or that nobody knows.

#![expect(clippy::unwrap_used, reason = "a test: a panic is a finding")]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use campaign_client::{Body, Download, Operation, Transport, TransportError, TransportErrorKind};
use campaign_local::Local;
use campaign_tablestore::{
    Client, ColumnFilter, CommitTransaction, Condition, CreateTable, DeleteRow, DeleteTable, GetRow, PrimaryKey,
    PutRow, ReturnContent, Row, RowUpdate, StartLocalTransaction, TableStore, UpdateRow, Value,
    schema::{KeyType, TableMeta, TableOptions},
};
use futures_util::future::BoxFuture;

type Meddling = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// Loses the first answer; the request was delivered or not. Before the loss shows, somebody else may act.
struct Lossy {
    server: Arc<dyn Transport>,
    delivered: bool,
    meanwhile: Mutex<Option<Meddling>>,
    sent: AtomicUsize,
}

impl std::fmt::Debug for Lossy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lossy")
    }
}

#[async_trait]
impl Transport for Lossy {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        if self.sent.fetch_add(1, Ordering::Relaxed) > 0 {
            return self.server.send(request).await;
        }
        if self.delivered {
            self.server.send(request).await?;
        }
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some(act) = meanwhile {
            act().await;
        }
        Err(TransportError::new(TransportErrorKind::Lost, "the answer was lost"))
    }
}

/// A cloud with the table `t`, in which row `a` holds `n` = 1.
struct Bed {
    cloud: Local,
    other: Client,
}

fn client(cloud: &Local, transport: impl Transport) -> Client {
    let service = TableStore::new("http://127.0.0.1:1", &cloud.settings().instance).unwrap();
    Client::builder(service).credentials(cloud.credentials()).transport(transport).build().unwrap()
}

fn meta(table: &str) -> TableMeta {
    TableMeta::new(table).key("id", KeyType::String)
}

fn key(id: &str) -> PrimaryKey {
    PrimaryKey::new().with("id", id)
}

fn put(id: &str, n: i64) -> PutRow {
    PutRow::new("t", Row::new(key(id)).with("n", n).with("owner", "me"))
}

/// Sets `n` to `to` if it is `from`.
fn swap(from: i64, to: i64) -> UpdateRow {
    let is = ColumnFilter::equal("n", from).filter_if_missing(true);
    UpdateRow::new("t", RowUpdate::new(key("a")).put("n", to)).condition(Condition::expect_exist().column(is))
}

impl Bed {
    async fn new() -> Self {
        let cloud = Local::builder().start().await.unwrap();
        let other = client(&cloud, cloud.table_store_transport());
        other.send(&CreateTable::new(meta("t"))).await.unwrap();
        other.send(&put("a", 1)).await.unwrap();
        Self { cloud, other }
    }

    /// A client whose first answer is lost.
    fn lossy(&self, delivered: bool, meanwhile: Option<Meddling>) -> Client {
        let server = Arc::new(self.cloud.table_store_transport());
        client(&self.cloud, Lossy { server, delivered, meanwhile: Mutex::new(meanwhile), sent: AtomicUsize::new(0) })
    }

    /// What somebody else does in the meantime.
    fn somebody<O>(&self, call: O) -> Option<Meddling>
    where
        O: Operation<Service = TableStore> + 'static,
    {
        let other = self.other.clone();
        Some(Box::new(move || {
            Box::pin(async move {
                other.send(&call).await.map(|_| ()).unwrap();
            })
        }))
    }

    async fn n(&self, id: &str) -> Option<i64> {
        let row = self.other.send(&GetRow::new("t", key(id))).await.unwrap().row;
        row.and_then(|row| row.get("n").and_then(Value::as_i64))
    }
}

#[tokio::test]
async fn an_insert_that_meets_itself_succeeds() {
    let bed = Bed::new().await;
    let insert = put("b", 7).condition(Condition::expect_not_exist()).return_content(ReturnContent::PrimaryKey);
    let written = bed.lossy(true, None).send(&insert).await.unwrap();
    assert_eq!(written.row.unwrap().primary_key, key("b"));
    assert_eq!(bed.n("b").await, Some(7));
}

#[tokio::test]
async fn an_insert_that_meets_another_row_is_of_unknown_outcome() {
    // Somebody else's row, and the call's own that was changed since, look the same.
    for delivered in [false, true] {
        let bed = Bed::new().await;
        let lossy = bed.lossy(delivered, bed.somebody(put("b", 8)));
        let error = lossy.send(&put("b", 7).condition(Condition::expect_not_exist())).await.unwrap_err();
        assert!(error.is_conflict() && error.outcome_unknown(), "delivered {delivered}: {error}");
        assert_eq!(bed.n("b").await, Some(8));
    }
}

#[tokio::test]
async fn a_conflict_on_the_first_attempt_needs_no_reading_back() {
    let bed = Bed::new().await;
    let error = bed.other.send(&put("a", 1).condition(Condition::expect_not_exist())).await.unwrap_err();
    assert!(error.is_conflict() && !error.outcome_unknown(), "the same row, yet not this call's: {error}");
}

#[tokio::test]
async fn a_conflict_is_handed_on_unsettled_to_a_caller_that_settles_by_itself() {
    let bed = Bed::new().await;
    let caller = bed.lossy(true, None).without_settling();
    let error = caller.send(&put("b", 7).condition(Condition::expect_not_exist())).await.unwrap_err();
    assert!(error.is_conflict() && error.outcome_unknown(), "{error}");
}

#[tokio::test]
async fn a_compared_update_that_meets_itself_succeeds() {
    let bed = Bed::new().await;
    bed.lossy(true, None).send(&swap(1, 2)).await.unwrap();
    assert_eq!(bed.n("a").await, Some(2));
}

#[tokio::test]
async fn a_compared_update_that_was_overwritten_since_is_of_unknown_outcome() {
    let bed = Bed::new().await;
    for (delivered, meanwhile) in [(true, swap(2, 3)), (false, swap(3, 4))] {
        let from = if delivered { 1 } else { 3 };
        let lossy = bed.lossy(delivered, bed.somebody(meanwhile));
        let error = lossy.send(&swap(from, 2)).await.unwrap_err();
        assert!(error.is_conflict() && error.outcome_unknown(), "delivered {delivered}: {error}");
    }
    assert_eq!(bed.n("a").await, Some(4));
}

#[tokio::test]
async fn a_put_over_a_row_that_went_away_is_of_unknown_outcome() {
    let bed = Bed::new().await;
    let lossy = bed.lossy(true, bed.somebody(DeleteRow::new("t", key("a"))));
    let error = lossy.send(&put("a", 2).condition(Condition::expect_exist())).await.unwrap_err();
    assert!(error.is_conflict() && error.outcome_unknown(), "{error}");
}

#[tokio::test]
async fn a_compared_delete_whose_answer_was_lost_and_whose_condition_then_fails_is_of_unknown_outcome() {
    let bed = Bed::new().await;
    let delete = |n: i64| {
        let is = ColumnFilter::equal("n", n).filter_if_missing(true);
        DeleteRow::new("t", key("a")).condition(Condition::expect_exist().column(is))
    };
    let cases = [
        ("changed by another", false, 1, bed.somebody(swap(1, 2))),
        ("deleted here, made anew by another", true, 2, bed.somebody(put("a", 3))),
        ("deleted by another: who deletes a row must not believe it twice", false, 3, bed.somebody(delete(3))),
    ];
    for (case, delivered, n, meanwhile) in cases {
        let error = bed.lossy(delivered, meanwhile).send(&delete(n)).await.unwrap_err();
        assert!(error.is_conflict() && error.outcome_unknown(), "{case}: {error}");
    }
    bed.other.send(&put("a", 4)).await.unwrap();
    let error = bed.lossy(true, None).send(&delete(4)).await.unwrap_err();
    assert!(error.is_conflict() && error.outcome_unknown(), "deleted here: {error}");
    assert_eq!(bed.n("a").await, None);
}

#[tokio::test]
async fn a_table_is_made_by_the_call_whose_columns_and_options_it_has() {
    let bed = Bed::new().await;
    bed.lossy(true, None).send(&CreateTable::new(meta("mine"))).await.unwrap();

    let others = CreateTable::new(meta("theirs")).table_options(TableOptions::default().max_versions(3));
    let error = bed.lossy(false, bed.somebody(others)).send(&CreateTable::new(meta("theirs"))).await.unwrap_err();
    assert!(error.is_conflict() && !error.outcome_unknown(), "{error}");
}

#[tokio::test]
async fn a_table_that_is_gone_was_deleted() {
    let bed = Bed::new().await;
    bed.lossy(true, None).send(&DeleteTable::new("t")).await.unwrap();
    let error = bed.other.send(&DeleteTable::new("t")).await.unwrap_err();
    assert!(error.is_not_found(), "the first attempt of a second call: {error}");
}

/// Inside a transaction only the transaction itself sees its row, so it is read back there.
#[tokio::test(start_paused = true)]
async fn an_insert_inside_a_transaction_that_meets_itself_succeeds() {
    let bed = Bed::new().await;
    bed.other.send(&CreateTable::new(meta("inside")).enable_local_txn(true)).await.unwrap();
    for delivered in [true, false] {
        let id = bed.other.send(&StartLocalTransaction::new("inside", key("a"))).await.unwrap();
        let insert = PutRow { table_name: "inside".to_owned(), ..put("a", 1) }
            .condition(Condition::expect_not_exist())
            .transaction_id(&*id);
        bed.lossy(delivered, None).send(&insert).await.unwrap();
        bed.other.send(&CommitTransaction::new(id)).await.unwrap();
        assert!(bed.other.send(&GetRow::new("inside", key("a"))).await.unwrap().row.is_some());
        bed.other.send(&DeleteRow::new("inside", key("a"))).await.unwrap();
    }
}
