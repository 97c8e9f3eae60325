//! The emulated Table Store, called through the client in this process. That official SDKs get the
//! right answers is tested in `interop/`.

#![expect(clippy::unwrap_used, reason = "a test: a panic is a finding")]

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use campaign_client::{Body, Clock, Credentials, Operation, Place, Retry, Service, Signing, Transport};
use campaign_local::Local;
use campaign_local::fault::{Fault, FaultSettings, Hop, Moment, Scripted};
use campaign_local::store::{Order, StoreError, View, space};
use campaign_tablestore::schema::{CapacityUnit, KeyType, TableMeta, TableOptions};
use campaign_tablestore::{
    Client, Code, ColumnFilter, Condition, CreateTable, DeleteRow, DeleteTable, DescribeTable, GetRange, GetRow,
    KeyValue, ListTable, PrimaryKey, PutRow, ReturnContent, Row, RowUpdate, TableStore, TimeRange, UpdateRow, Value,
};
use chrono::DateTime;
use futures_util::future::join_all;
use futures_util::{StreamExt, TryStreamExt, stream};

const DAY: i64 = 86_400_000;
const START: i64 = 1_793_923_200_000;

/// A cloud whose clock is moved by hand, and a client of it that tries once.
struct Bed {
    cloud: Local,
    client: Client,
    now: Arc<AtomicI64>,
}

async fn bed() -> Bed {
    let now = Arc::new(AtomicI64::new(START));
    let shown = Arc::clone(&now);
    let clock = Clock::new(move || DateTime::from_timestamp_millis(shown.load(Ordering::SeqCst)).unwrap());
    let cloud = Local::builder().clock(clock.clone()).start().await.unwrap();
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
async fn bed_with_table() -> Bed {
    let bed = bed().await;
    bed.client.send(&CreateTable::new(TableMeta::new("t").key("id", KeyType::String))).await.unwrap();
    bed
}

fn key(id: &str) -> PrimaryKey {
    PrimaryKey::new().with("id", id)
}

fn row(id: &str) -> Row {
    Row::new(key(id)).with("name", "Li").with("age", 37)
}

fn put(id: &str) -> PutRow {
    PutRow::new("t", row(id)).condition(Condition::expect_not_exist())
}

impl Bed {
    fn advance(&self, milliseconds: i64) {
        self.now.fetch_add(milliseconds, Ordering::SeqCst);
    }

    async fn get(&self, id: &str) -> Option<Row> {
        self.client.send(&GetRow::new("t", key(id)).max_versions(10)).await.unwrap().row
    }

    async fn refused<O: Operation<Service = TableStore>>(&self, operation: O) -> (Code, String) {
        let error = self.client.send(&operation).await.err().expect("it was not refused");
        (Code::of(&error).unwrap(), error.service_error().unwrap().message.clone())
    }

    fn script(&self, operation: &str, fault: Fault) {
        let entry = Scripted { hop: Hop::TableStore, operation: Some(operation.to_owned()), key: None, fault };
        self.cloud.faults().set(FaultSettings { plan: None, script: vec![entry] }).unwrap();
    }
}

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
        let request = signed(&bed, &put(&id));
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

fn signed(bed: &Bed, put: &PutRow) -> http::Request<Body> {
    let service = TableStore::new("http://127.0.0.1", &bed.cloud.settings().instance).unwrap();
    let mut request = put.request(&service).unwrap();
    let now = DateTime::from_timestamp_millis(bed.now.load(Ordering::SeqCst)).unwrap();
    let signing = Signing { credentials: &bed.cloud.credentials(), now, nonce: "", place: Place::Header };
    service.sign(&mut request, &signing).unwrap();
    request
}

#[tokio::test]
async fn versions_and_their_life_follow_the_clock() {
    let bed = bed().await;
    let options = TableOptions::default().max_versions(2).time_to_live(Duration::from_secs(2 * 86_400));
    let meta = TableMeta::new("t").key("id", KeyType::String);
    bed.client.send(&CreateTable::new(meta).table_options(options)).await.unwrap();
    for value in 1..=3 {
        bed.client.send(&UpdateRow::new("t", RowUpdate::new(key("a")).put("v", value))).await.unwrap();
        bed.advance(1000);
    }
    let versions = |row: &Row| row.columns.iter().map(|c| c.value.as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(versions(&bed.get("a").await.unwrap()), [3, 2], "newest first, two are kept");

    let between = TimeRange::Between { start: START, end: START + 2000 };
    let read = GetRow::new("t", key("a")).max_versions(10).time_range(between);
    assert_eq!(versions(&bed.client.send(&read).await.unwrap().row.unwrap()), [2]);
    let read = GetRow { max_versions: None, time_range: Some(TimeRange::At(START + 2000)), ..read };
    assert_eq!(versions(&bed.client.send(&read).await.unwrap().row.unwrap()), [3]);

    bed.advance(2 * DAY - 1500);
    assert_eq!(versions(&bed.get("a").await.unwrap()), [3], "the other has expired");
    bed.advance(1000);
    assert_eq!(bed.get("a").await, None);
    // And for a condition too the row is gone.
    bed.client.send(&put("a")).await.unwrap();

    for (version, taken) in [(-DAY, true), (DAY - 1, true), (-DAY - 1, false), (DAY, false)] {
        let at = bed.now.load(Ordering::SeqCst) + version;
        let put = PutRow::new("t", Row::new(key("b")).with_version("v", 1, at));
        assert_eq!(bed.client.send(&put).await.is_ok(), taken, "{version} ms from now");
    }
}

#[tokio::test]
async fn a_range_is_in_the_order_of_the_keys_and_bounded() {
    let bed = bed().await;
    let meta = TableMeta::new("t").key("a", KeyType::String).key("b", KeyType::Integer).key("c", KeyType::Binary);
    bed.client.send(&CreateTable::new(meta)).await.unwrap();
    let mut keys = Vec::new();
    for a in ["", "a", "a\0", "a\0b", "ab", "b", "é"] {
        for b in [i64::MIN, -1, 0, 1, i64::MAX] {
            for c in [&[][..], &[0], &[0, 0], &[255]] {
                keys.push(PrimaryKey::new().with("a", a).with("b", b).with("c", c));
            }
        }
    }
    let puts = keys.iter().rev().map(|key| {
        let put = PutRow::new("t", Row::new(key.clone()).with("v", 1));
        let client = &bed.client;
        async move { client.send(&put).await }
    });
    assert!(join_all(puts).await.iter().all(Result::is_ok));
    keys.sort();
    let all = || GetRange::all("t", ["a", "b", "c"]);
    let read = |range: GetRange| {
        let client = bed.client.clone();
        async move {
            let rows: Vec<Row> = range.rows(&client).try_collect().await.unwrap();
            rows.into_iter().map(|row| row.primary_key).collect::<Vec<_>>()
        }
    };
    assert_eq!(read(all()).await, keys);
    assert_eq!(read(all().limit(7)).await, keys, "page by page");
    let GetRange { inclusive_start_primary_key: low, exclusive_end_primary_key: high, .. } = all();
    let mut backward = read(GetRange::new("t", high, low).backward().limit(9)).await;
    backward.reverse();
    assert_eq!(backward, keys);
    let part = |start: usize, end: usize| GetRange::new("t", keys[start].clone(), keys[end].clone());
    assert_eq!(read(part(10, 50)).await, keys[10..50]);
    let mut backward = read(part(50, 10).backward()).await;
    backward.reverse();
    assert_eq!(backward, keys[11..=50]);
    let prefix = |value| PrimaryKey::new().with("a", "a").with("b", value).with("c", KeyValue::InfMin);
    let one = read(GetRange::new("t", prefix(KeyValue::InfMin), prefix(KeyValue::InfMax))).await;
    assert_eq!(one.len(), 20, "all of one partition key, and nothing of `a\\0`");
}

#[tokio::test]
async fn one_call_scans_no_more_than_four_megabytes() {
    let bed = bed_with_table().await;
    for n in 0..5 {
        let row = Row::new(key(&n.to_string())).with("v", vec![7_u8; 1 << 20]);
        bed.client.send(&PutRow::new("t", row)).await.unwrap();
    }
    let page = bed.client.send(&GetRange::all("t", ["id"])).await.unwrap();
    assert_eq!(page.rows().unwrap().len(), 3);
    assert_eq!(page.next_start_primary_key, Some(key("3")));
    assert_eq!(page.consumed, CapacityUnit::new(769, 0));
}

#[tokio::test]
async fn a_filter_may_leave_a_page_empty_and_the_range_still_goes_on() {
    let bed = bed_with_table().await;
    for n in 0..20 {
        bed.client.send(&PutRow::new("t", Row::new(key(&format!("{n:02}"))).with("n", n))).await.unwrap();
    }
    let range = GetRange::all("t", ["id"]).filter(ColumnFilter::greater_equal("n", 15)).limit(2);
    let page = bed.client.send(&range).await.unwrap();
    assert_eq!(page.rows().unwrap().len(), 2);
    let rows: Vec<Row> = range.rows(&bed.client).try_collect().await.unwrap();
    assert_eq!(rows.len(), 5);
}

#[tokio::test]
async fn a_deleted_table_takes_its_rows_with_it() {
    let bed = bed_with_table().await;
    let puts = (0..4500).map(|n| {
        let put = PutRow::new("t", row(&n.to_string()));
        let client = &bed.client;
        async move { client.send(&put).await }
    });
    let results: Vec<_> = stream::iter(puts).buffer_unordered(64).collect().await;
    assert!(results.iter().all(Result::is_ok));
    bed.client.send(&DeleteTable::new("t")).await.unwrap();
    let rows = bed.cloud.store().read(|read| {
        let mut rows = 0;
        let prefix = [space::ROWS];
        let end = space::end_of(&prefix);
        read.scan(&prefix[..]..end.as_slice(), Order::Forward, &mut |_, _| {
            rows += 1;
            std::ops::ControlFlow::Continue(())
        })?;
        Ok::<_, StoreError>(rows)
    });
    assert_eq!(rows.await.unwrap(), 0);
    assert_eq!(bed.refused(GetRow::new("t", key("1"))).await.0, Code::ObjectNotExist);
    bed.client.send(&CreateTable::new(TableMeta::new("t").key("id", KeyType::String))).await.unwrap();
    assert_eq!(bed.get("1").await, None);
}

#[tokio::test]
async fn counters_count_and_return_what_they_became() {
    let bed = bed_with_table().await;
    let count = || {
        UpdateRow::new("t", RowUpdate::new(key("c")).increment("n", 5).put("name", "Li"))
            .return_content(ReturnContent::AfterModify(vec!["n".into()]))
    };
    for expected in [5, 10] {
        let returned = bed.client.send(&count()).await.unwrap().row.unwrap();
        assert_eq!(returned.columns.len(), 1);
        assert_eq!(returned.get("n"), Some(&Value::Integer(expected)));
    }
    let overflow = UpdateRow::new("t", RowUpdate::new(key("c")).increment("n", i64::MAX));
    assert_eq!(bed.refused(overflow).await.0, Code::ParameterInvalid);
    let other = count().return_content(ReturnContent::AfterModify(vec!["name".into()]));
    assert_eq!(bed.refused(other).await.0, Code::ParameterInvalid);
    let twice = UpdateRow::new("t", RowUpdate::new(key("c")).increment("n", 1).put("n", 1));
    assert_eq!(bed.refused(twice).await.0, Code::ParameterInvalid);
    assert_eq!(bed.get("c").await.unwrap().get("n"), Some(&Value::Integer(10)), "nothing of a refused update is kept");
}

#[tokio::test]
async fn deleting_columns_of_no_row_makes_none() {
    let bed = bed_with_table().await;
    bed.client.send(&UpdateRow::new("t", RowUpdate::new(key("x")).delete("name"))).await.unwrap();
    assert_eq!(bed.get("x").await, None);
    bed.client.send(&put("x")).await.unwrap();
    bed.client.send(&UpdateRow::new("t", RowUpdate::new(key("x")).delete("name").delete("age"))).await.unwrap();
    assert_eq!(bed.get("x").await, Some(Row::new(key("x"))), "a row without columns is a row");
}

#[tokio::test]
async fn the_service_chooses_the_numbers_of_an_auto_increment_column() {
    let bed = bed().await;
    let meta = TableMeta::new("t").key("id", KeyType::String).auto_increment("n");
    bed.client.send(&CreateTable::new(meta)).await.unwrap();
    let mut last = 0;
    for _ in 0..3 {
        let row = Row::new(key("a").with("n", KeyValue::AutoIncrement)).with("v", 1);
        let put = PutRow::new("t", row).return_content(ReturnContent::PrimaryKey);
        let returned = bed.client.send(&put).await.unwrap().row.unwrap();
        let number = returned.key("n").and_then(KeyValue::as_i64).unwrap();
        assert!(number > last);
        last = number;
        let read = GetRow::new("t", returned.primary_key);
        assert!(bed.client.send(&read).await.unwrap().row.is_some());
    }
    let row = Row::new(key("a").with("n", KeyValue::AutoIncrement));
    let (code, message) = bed.refused(PutRow::new("t", row).condition(Condition::expect_not_exist())).await;
    assert_eq!(code, Code::ParameterInvalid);
    assert_eq!(message, "Can't set condition when modify row with pk auto increment.");
}

#[tokio::test]
async fn what_is_wrong_is_refused_in_the_services_words() {
    let bed = bed_with_table().await;
    let parameter = |text: &str| (Code::ParameterInvalid, text.to_owned());
    let pk = |text: &str| (Code::InvalidPk, text.to_owned());
    let with = |row: Row| PutRow::new("t", row);

    let two = PrimaryKey::new().with("id", "a").with("n", 1);
    assert_eq!(bed.refused(with(Row::new(two))).await, pk("Validate PK size fail. Input: 2, Meta: 1."));
    let other = PrimaryKey::new().with("di", "a");
    assert_eq!(bed.refused(with(Row::new(other))).await, pk("Validate PK name fail. Input: di, Meta: id."));
    let number = PrimaryKey::new().with("id", 1);
    assert_eq!(
        bed.refused(with(Row::new(number))).await,
        pk("Validate PK type fail. Input: VT_INTEGER, Meta: VT_STRING.")
    );
    let long = "x".repeat(1025);
    assert_eq!(
        bed.refused(with(Row::new(key(&long)))).await,
        parameter("The length of primary key column: 'id' exceeds the MaxLength:1024 with CurrentLength:1025.")
    );
    let bound = PrimaryKey::new().with("id", KeyValue::InfMax);
    assert_eq!(
        bed.refused(GetRow::new("t", bound)).await,
        parameter("VT_INF_MAX is an invalid type for the primary key.")
    );
    let value = "x".repeat((2 << 20) + 1);
    assert_eq!(
        bed.refused(with(Row::new(key("a")).with("attr", value))).await,
        parameter("The length of attribute column: 'attr' exceeds the MaxLength:2097152 with CurrentLength:2097153.")
    );
    let wide = (0..1025).fold(Row::new(key("a")), |row, n| row.with(format!("c{n}"), 1));
    assert_eq!(
        bed.refused(with(wide)).await,
        parameter("The number of attribute columns exceeds the limit, limit count: 1024, column count: 1025.")
    );
    assert_eq!(
        bed.refused(with(Row::new(key("a")).with("d", f64::NAN))).await,
        parameter("NaN can't be set to double value.")
    );
    let late = Row::new(key("a")).with_version("v", 1, i64::MAX / 1000);
    assert_eq!(bed.refused(with(late)).await, parameter("Timestamp must be in range [0, INT64_MAX/1000)."));
    assert_eq!(bed.refused(with(row("a")).transaction_id("t-1")).await, parameter("TransactionID is invalid."));
    assert_eq!(
        bed.refused(DescribeTable::new("none")).await,
        (Code::ObjectNotExist, "Requested table does not exist.".to_owned())
    );
    assert_eq!(bed.refused(DescribeTable::new("1t")).await, parameter("Invalid table name: '1t'."));
    let again = CreateTable::new(TableMeta::new("t").key("id", KeyType::String));
    assert_eq!(bed.refused(again).await, (Code::ObjectAlreadyExist, "Requested table already exists.".to_owned()));
    let doubled = CreateTable::new(TableMeta::new("u").key("a", KeyType::String).key("a", KeyType::String));
    assert_eq!(bed.refused(doubled).await, parameter("Duplicated primary key name: 'a'."));
    let txn = CreateTable::new(TableMeta::new("u").key("a", KeyType::String)).enable_local_txn(true);
    assert_eq!(bed.refused(txn).await.0, Code::UnsupportOperation);
    assert_eq!(bed.get("a").await, None, "nothing of all that was kept");
}

#[tokio::test]
async fn an_instance_has_no_more_than_64_tables() {
    let bed = bed().await;
    for n in 0..64 {
        let meta = TableMeta::new(format!("t{n:02}")).key("id", KeyType::String);
        bed.client.send(&CreateTable::new(meta)).await.unwrap();
    }
    let one_more = CreateTable::new(TableMeta::new("t64").key("id", KeyType::String));
    let quota = (Code::QuotaExhausted, "Number of tables exceeded the quota.".to_owned());
    assert_eq!(bed.refused(one_more).await, quota);
    assert_eq!(bed.client.send(&ListTable).await.unwrap().len(), 64);
}

#[tokio::test]
async fn capacity_is_counted_in_units_of_four_kilobytes() {
    let bed = bed_with_table().await;
    let row = |size: usize| Row::new(key("a")).with("v", vec![0_u8; size]);
    // "id" and "a" are three bytes, "v" one.
    for (size, units) in [(1, 1), (4092, 1), (4093, 2)] {
        let consumed = bed.client.send(&PutRow::new("t", row(size))).await.unwrap().consumed;
        assert_eq!(consumed, CapacityUnit::new(0, units), "{size} bytes");
        let consumed = bed.client.send(&GetRow::new("t", key("a"))).await.unwrap().consumed;
        assert_eq!(consumed, CapacityUnit::new(units, 0), "{size} bytes");
    }
    let consumed = bed.client.send(&GetRow::new("t", key("none"))).await.unwrap().consumed;
    assert_eq!(consumed, CapacityUnit::new(1, 0));
    let conditional = PutRow::new("t", row(1)).condition(Condition::expect_exist());
    assert_eq!(bed.client.send(&conditional).await.unwrap().consumed, CapacityUnit::new(1, 1));
}

#[tokio::test]
async fn a_stopped_store_is_answered_with_503_of_unknown_outcome() {
    let bed = bed_with_table().await;
    bed.cloud.store().close().await;
    let error = bed.client.send(&put("a")).await.unwrap_err();
    assert_eq!(error.service_error().unwrap().status, 503);
    assert!(error.outcome_unknown());
}

#[tokio::test]
async fn only_who_has_the_keys_is_served() {
    let bed = bed_with_table().await;
    let id = bed.cloud.settings().access_key_id.clone();
    for credentials in [Credentials::new(id, "wrong"), Credentials::new("unknown", "wrong")] {
        let client = Client::builder(TableStore::new("http://127.0.0.1", &bed.cloud.settings().instance).unwrap())
            .credentials(credentials)
            .transport(bed.cloud.table_store_transport())
            .clock(Clock::fixed(DateTime::from_timestamp_millis(START).unwrap()))
            .retry(Retry::never())
            .build()
            .unwrap();
        assert_eq!(Code::of(&client.send(&put("a")).await.unwrap_err()), Some(Code::AuthFailed));
    }
    assert_eq!(bed.get("a").await, None);
}
