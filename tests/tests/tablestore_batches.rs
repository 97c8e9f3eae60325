//! Batches of any number of rows under faults: which rows are sent again, and what each is told. The sequences are those of
//! the fault matrix ("batch").

#![expect(clippy::unwrap_used, reason = "a test: a panic is a finding")]

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use campaign_client::{
    Body, Clock, Download, Error, Place, Retry, Serve, Service, Signing, Transport, TransportError, TransportErrorKind,
    transport::InProcess,
};
use campaign_local::{fault::Faults, store::Store, tablestore::Emulator};
use campaign_tablestore::{
    BatchGetRow, BatchWriteRow, Client, Code, Condition, CreateTable, GetRow, PrimaryKey, Row, RowResult, RowResults,
    RowUpdate, RowWrite, TableReads, TableStore, Value, batch,
    schema::{KeyType, TableMeta, TableOptions},
    server::Refusal,
};
use campaign_tests::tablestore::{INSTANCE, client, credentials, now, service, signed};

const ENDPOINT: &str = "http://127.0.0.1:1";

/// What happens to one batch.
enum Play {
    /// Nothing.
    Pass,
    /// These rows are answered so, and not done; the others are.
    Rows(HashMap<String, Code>),
    /// The answer is lost; the rows were written or not.
    Lost { done: bool },
    /// The whole call is refused if this row is in it, now and ever after.
    Poisoned(&'static str),
}

fn failing<const N: usize>(rows: [(&str, Code); N]) -> Play {
    Play::Rows(rows.into_iter().map(|(id, code)| (id.to_owned(), code)).collect())
}

/// The way to the emulator; it keeps which rows each batch had.
struct Wire {
    server: Arc<dyn Transport>,
    plays: Mutex<VecDeque<Play>>,
    sent: Mutex<Vec<Vec<String>>>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wire")
    }
}

fn id(key: &PrimaryKey) -> String {
    key.get("id").unwrap().as_str().unwrap().to_owned()
}

/// A call of many rows, as the wire looks at it.
trait Batch: Serve<Service = TableStore, Output = RowResults<<Self as Batch>::Row>> {
    type Row: Send;
    fn keys(&self) -> Vec<String>;
    fn without(&self, ids: &HashMap<String, Code>) -> Self;
}

impl Batch for BatchWriteRow {
    type Row = campaign_tablestore::Written;

    fn keys(&self) -> Vec<String> {
        self.tables.iter().flat_map(|table| table.rows.iter().map(|row| id(row.primary_key()))).collect()
    }

    fn without(&self, ids: &HashMap<String, Code>) -> Self {
        let mut rest = self.clone();
        rest.tables.iter_mut().for_each(|table| table.rows.retain(|row| !ids.contains_key(&id(row.primary_key()))));
        rest
    }
}

impl Batch for BatchGetRow {
    type Row = campaign_tablestore::GetRowOutput;

    fn keys(&self) -> Vec<String> {
        self.tables.iter().flat_map(|table| table.primary_keys.iter().map(id)).collect()
    }

    fn without(&self, ids: &HashMap<String, Code>) -> Self {
        let mut rest = self.clone();
        rest.tables.iter_mut().for_each(|table| table.primary_keys.retain(|key| !ids.contains_key(&id(key))));
        rest
    }
}

impl Wire {
    async fn play<O: Batch>(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        let (parts, body) = request.clone().into_parts();
        let service = service(ENDPOINT);
        let batch = O::read_request(&service, &parts, body.bytes().unwrap().clone()).unwrap();
        self.sent.lock().unwrap().push(batch.keys());
        let lost = || TransportError::new(TransportErrorKind::Lost, "lost");
        let path = format!("/{}", O::NAME);
        let play = self.plays.lock().unwrap().pop_front().unwrap_or(Play::Pass);
        let failures = match play {
            Play::Pass => return self.server.send(request).await,
            Play::Lost { done } => {
                if done {
                    self.server.send(request).await.unwrap();
                }
                return Err(lost());
            }
            Play::Poisoned(poison) => {
                self.plays.lock().unwrap().push_front(Play::Poisoned(poison));
                if batch.keys().iter().any(|id| id == poison) {
                    let refusal = Refusal::new(Code::ParameterInvalid, "Poison.").response();
                    let (parts, body) = refusal.into_parts();
                    return Ok(signed(&path, parts.status.as_u16(), body).map(Into::into));
                }
                return self.server.send(request).await;
            }
            Play::Rows(failures) => failures,
        };
        let rest = batch.without(&failures);
        let mut done: VecDeque<RowResult<O::Row>> = VecDeque::new();
        if !rest.keys().is_empty() {
            let mut request = rest.request(&service).unwrap();
            let signing = Signing { credentials: &credentials(), now: now(), nonce: "", place: Place::Header };
            service.sign(&mut request, &signing).unwrap();
            let (parts, body) = self.server.send(request).await?.into_parts();
            let body = body.collect(1 << 20).await.unwrap();
            done.extend(rest.response(&parts, body).unwrap().into_rows());
        }
        let row = |id: String| match failures.get(&id) {
            Some(code) => Err(Refusal::new(*code, "Injected.").into_row()),
            None => done.pop_front().unwrap(),
        };
        let results = RowResults { tables: vec![batch.keys().into_iter().map(row).collect()] };
        let body = batch.write_response(&results).unwrap().into_body();
        Ok(signed(&path, 200, body).map(Into::into))
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        match request.uri().path() {
            "/BatchWriteRow" => self.play::<BatchWriteRow>(request).await,
            "/BatchGetRow" => self.play::<BatchGetRow>(request).await,
            _ => self.server.send(request).await,
        }
    }
}

struct Bed {
    wire: Arc<Wire>,
    client: Client,
}

async fn bed(plays: impl IntoIterator<Item = Play>) -> Bed {
    let store = Store::in_memory().unwrap();
    let emulator =
        Emulator::new(INSTANCE, "cn-hangzhou", [credentials()], store, Faults::new(), Clock::fixed(now())).unwrap();
    let server: Arc<dyn Transport> = Arc::new(InProcess::new(emulator.router()));
    let plays = Mutex::new(plays.into_iter().collect());
    let wire = Arc::new(Wire { server, plays, sent: Mutex::default() });
    let client = client(ENDPOINT, Arc::clone(&wire), service(ENDPOINT).retry());
    let meta = TableMeta::new("t").key("id", KeyType::String);
    client.send(&CreateTable::new(meta).table_options(TableOptions::default().max_versions(5))).await.unwrap();
    Bed { wire, client }
}

impl Bed {
    fn sent(&self) -> Vec<String> {
        self.wire.sent.lock().unwrap().iter().map(|ids| ids.join(" ")).collect()
    }

    async fn get(&self, id: &str) -> Option<Row> {
        self.client.send(&GetRow::new("t", key(id))).await.unwrap().row
    }

    async fn write(&self, rows: Vec<RowWrite>) -> Vec<Result<(), Error>> {
        let results = batch::write_rows(&self.client, "t", rows).await;
        results.into_iter().map(|result| result.map(drop)).collect()
    }
}

fn key(id: &str) -> PrimaryKey {
    PrimaryKey::new().with("id", id)
}

fn put(id: &str) -> RowWrite {
    RowWrite::put(Row::new(key(id)).with("n", 1).with("call", format!("call of {id}")))
}

fn puts(ids: &str) -> Vec<RowWrite> {
    ids.split(' ').map(put).collect()
}

fn once(id: &str) -> RowWrite {
    put(id).condition(Condition::expect_not_exist())
}

fn count(id: &str) -> RowWrite {
    RowWrite::update(RowUpdate::new(key(id)).increment("n", 1))
}

/// `.` for a row that was written, else its code and `?` if the outcome is not known.
fn shown(results: &[Result<(), Error>]) -> String {
    let one = |result: &Result<(), Error>| match result {
        Ok(()) => ".".to_owned(),
        Err(error) => {
            let code = error.service_error().map_or("none", |answer| answer.code.trim_start_matches("OTS"));
            format!("{code}{}", if error.outcome_unknown() { "?" } else { "" })
        }
    };
    results.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[tokio::test(start_paused = true)]
async fn only_the_row_that_failed_is_sent_again_even_when_others_failed_for_good() {
    let bed = bed([failing([("c", Code::ServerBusy)])]).await;
    assert_eq!(shown(&bed.write(puts("a b c d e f g h i j")).await), ". . . . . . . . . .");
    assert_eq!(bed.sent(), ["a b c d e f g h i j", "c"]);

    let all = [("a", Code::RowOperationConflict), ("b", Code::ServerBusy)];
    let bed = self::bed([failing(all)]).await;
    assert_eq!(shown(&bed.write(puts("a b")).await), ". .");
    assert_eq!(bed.sent(), ["a b", "a b"]);

    let mixed = [("b", Code::ServerBusy), ("c", Code::ParameterInvalid), ("d", Code::PartitionUnavailable)];
    let bed = self::bed([failing(mixed)]).await;
    assert_eq!(shown(&bed.write(puts("a b c d e")).await), ". . ParameterInvalid . .");
    assert_eq!(bed.sent(), ["a b c d e", "b d"], "in the caller's order");
    for id in ["a", "b", "d", "e"] {
        assert!(bed.get(id).await.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_condition_is_the_rows_own_result() {
    let bed = bed([]).await;
    bed.write(puts("b")).await;
    assert_eq!(shown(&bed.write(vec![once("a"), once("b"), once("c")]).await), ". ConditionCheckFail .");
    assert_eq!(bed.sent(), ["b", "a b c"]);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_fails_every_time_fails_with_all_its_attempts_and_alone() {
    let busy = || failing([("b", Code::ServerBusy)]);
    let bed = bed([busy(), busy(), busy(), busy()]).await;
    let results = bed.write(puts("a b c")).await;
    assert_eq!(shown(&results), ". ServerBusy .");
    assert_eq!(bed.sent(), ["a b c", "b", "b"]);
    let error = results[1].as_ref().unwrap_err();
    assert_eq!((error.attempts().len(), error.operation()), (3, Some("BatchWriteRow")));
    assert!(error.is_unexecuted() && error.request_id().is_some());
}

#[tokio::test(start_paused = true)]
async fn conditional_rows_whose_answer_was_lost_are_settled_by_reading_them_back() {
    for done in [true, false] {
        let bed = bed([Play::Lost { done }]).await;
        assert_eq!(shown(&bed.write(vec![once("a"), put("b"), once("c")]).await), ". . .", "done: {done}");
        assert_eq!(bed.sent(), ["a b c", "a b c"]);
        // Another's row stays another's: its values are not those that were put.
        let other = RowWrite::put(Row::new(key("x")).with("n", 2));
        bed.write(vec![other]).await;
        bed.wire.plays.lock().unwrap().push_back(Play::Lost { done });
        let results = bed.write(vec![once("x"), once("y")]).await;
        assert_eq!(shown(&results), "ConditionCheckFail? .");
        assert_eq!(bed.get("x").await.unwrap().get("n"), Some(&Value::Integer(2)));
    }
}

#[tokio::test(start_paused = true)]
async fn an_increment_is_never_sent_after_a_lost_answer_and_the_rows_beside_it_are() {
    for done in [true, false] {
        let bed = bed([Play::Lost { done }]).await;
        let results = bed.write(vec![put("a"), count("b"), put("c")]).await;
        assert_eq!(shown(&results), ". none? .", "done: {done}");
        assert_eq!(bed.sent(), ["a b c", "a c"]);
        assert_eq!(bed.get("b").await.is_some(), done);
    }
    let busy = bed([failing([("b", Code::ServerBusy)]), failing([("b", Code::Timeout)])]).await;
    assert_eq!(shown(&busy.write(vec![put("a"), count("b")]).await), ". Timeout?");
    assert_eq!(busy.sent(), ["a b", "b"], "nothing was done when it was busy");
}

#[tokio::test(start_paused = true)]
async fn rows_are_split_by_number_and_by_encoded_bytes_and_a_part_that_fails_does_not_stop_the_others() {
    let ids: Vec<String> = (0..450).map(|n| format!("{n:03}")).collect();
    let bed =
        bed([Play::Pass, Play::Lost { done: true }, Play::Lost { done: false }, Play::Lost { done: false }]).await;
    let rows = ids.iter().map(|id| put(id)).collect();
    let results = bed.write(rows).await;
    let failed: Vec<_> = (0..450).filter(|at| results[*at].is_err()).collect();
    assert_eq!(failed, (200..400).collect::<Vec<_>>(), "the second part, three times");
    assert!(results[200].as_ref().unwrap_err().outcome_unknown());
    let counts: Vec<usize> = bed.wire.sent.lock().unwrap().iter().map(Vec::len).collect();
    assert_eq!(counts, [200, 200, 200, 200, 50]);

    let bed = self::bed([]).await;
    let wide = |id: &str| RowWrite::put(Row::new(key(id)).with("v", "x".repeat(1 << 20)));
    assert_eq!(shown(&bed.write(["a", "b", "c", "d", "e"].map(wide).into()).await), ". . . . .");
    assert_eq!(bed.sent(), ["a b c", "d e"]);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_is_there_twice_is_written_in_the_callers_order() {
    let bed = bed([failing([("a", Code::ServerBusy)])]).await;
    let later = RowWrite::update(RowUpdate::new(key("a")).put("n", 2));
    assert_eq!(shown(&bed.write(vec![put("a"), put("b"), later, RowWrite::delete(key("b"))]).await), ". . . .");
    assert_eq!(bed.sent(), ["a b", "a", "a b"]);
    assert_eq!(bed.get("a").await.unwrap().get("n"), Some(&Value::Integer(2)));
    assert!(bed.get("b").await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_is_halved_until_the_row_is_found() {
    let bed = bed([Play::Poisoned("c")]).await;
    assert_eq!(shown(&bed.write(puts("a b c d e")).await), ". . ParameterInvalid . .");
    assert_eq!(bed.sent(), ["a b c d e", "a b", "c d e", "c", "d e"]);
    // What the client itself refuses never leaves.
    let bed = self::bed([]).await;
    let nameless = RowWrite::put(Row::new(key("b")).with("", 1));
    let results = bed.write(vec![put("a"), nameless, put("c")]).await;
    assert_eq!(shown(&results), ". none .");
    assert_eq!(results[1].as_ref().unwrap_err().kind(), campaign_client::ErrorKind::Invalid);
    assert_eq!(bed.sent(), ["a c"]);
}

#[tokio::test(start_paused = true)]
async fn rows_that_could_not_be_read_are_asked_for_again() {
    let half = [("b", Code::PartitionUnavailable), ("d", Code::Timeout)];
    let bed = bed([Play::Pass, failing(half), Play::Lost { done: true }]).await;
    bed.write(puts("a b c d")).await;
    let keys = ["a", "b", "c", "d", "missing"].map(key);
    let found = batch::get_rows(&bed.client, TableReads::new("t", keys).column("n")).await;
    let found: Vec<_> = found.into_iter().map(|row| row.unwrap().row.map(|row| id(&row.primary_key))).collect();
    assert_eq!(found, [Some("a".to_owned()), Some("b".to_owned()), Some("c".to_owned()), Some("d".to_owned()), None]);
    assert_eq!(bed.sent(), ["a b c d", "a b c d missing", "b d", "b d"]);
    assert!(batch::get_rows(&bed.client, TableReads::new("t", [])).await.is_empty());
    assert!(bed.write(Vec::new()).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_tries_once_tries_each_row_once() {
    let bed = bed([failing([("a", Code::ServerBusy)])]).await;
    let patient = bed.client.with_retry(Retry::never());
    let results = batch::write_rows(&patient, "t", puts("a b")).await;
    assert!(results[0].as_ref().is_err_and(Error::is_throttled) && results[1].is_ok());
    assert_eq!(bed.sent(), ["a b"]);
}
