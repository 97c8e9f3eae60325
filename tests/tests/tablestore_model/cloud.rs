//! The emulator under test: a cloud with one table, each case with keys of its own, so that one cloud serves many cases.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use campaign_client::{Clock, Error, Result, Retry};
use campaign_local::Local;
use campaign_local::data::Settings;
use campaign_local::fault::{FaultPlan, FaultSettings};
use campaign_local::store::Store;
use campaign_tablestore::schema::{KeyType, TableMeta, TableOptions};
use campaign_tablestore::{
    AbortTransaction, BatchGetRow, BatchWriteRow, CellChange, Client, Code, Column, CommitTransaction, CreateTable,
    DeleteRow, GetRange, GetRow, KeyValue, PrimaryKey, PutRow, Row, RowChange, RowResult, RowUpdate, RowWrite,
    StartLocalTransaction, TableReads, TableStore, UpdateRow,
};
use chrono::DateTime;
use futures_util::TryStreamExt;

use crate::case;
use crate::disk::{Disk, Random};
use crate::model::{Answer, MAX_VERSIONS, TIME_TO_LIVE};
use crate::step::{Change, Id, RowStep, Step};

const START: i64 = 1_793_923_200_000;
const TABLE: &str = "model";

pub(crate) struct Cloud {
    /// None: memory, which no restart is for.
    disk: Option<Disk>,
    settings: Settings,
    faults: Option<FaultPlan>,
    local: Local,
    client: Client,
    now: Arc<AtomicI64>,
    case: i64,
    /// The transaction that was begun last.
    transaction: String,
}

/// No transaction had it.
const NO_TRANSACTION: &str = "00000000000000000000000000000000";

/// What a read or a write of a step came to.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    Done,
    Refused(Code),
    Row(Option<Answer>),
    Rows(Vec<(Id, Answer)>),
    /// Of each row of a batch, why it was not written.
    Each(Vec<Option<Code>>),
    Found(Vec<Option<Answer>>),
    /// The write may have been done, or not.
    Unknown,
}

impl Cloud {
    /// One over `disk`, or in memory, whose requests suffer `faults`, and whose client tries again.
    pub(crate) async fn new(disk: Option<Disk>, faults: Option<FaultPlan>) -> Self {
        let now = Arc::new(AtomicI64::new(START));
        let settings = Settings::generate().unwrap();
        let (local, client) = begin(disk.clone(), settings.clone(), None, &now).await;
        let meta = TableMeta::new(TABLE)
            .key("case", KeyType::Integer)
            .key("text", KeyType::String)
            .key("number", KeyType::Integer);
        let options = TableOptions {
            max_versions: Some(i32::try_from(MAX_VERSIONS).unwrap()),
            time_to_live: Some(i32::try_from(TIME_TO_LIVE / 1000).unwrap()),
            ..TableOptions::default()
        };
        let create = CreateTable { enable_local_txn: Some(true), ..CreateTable::new(meta).table_options(options) };
        client.send(&create).await.unwrap();
        suffer(&local, faults);
        Self { disk, settings, faults, local, client, now, case: 0, transaction: NO_TRANSACTION.to_owned() }
    }

    /// Begins the next case: no row of it is there.
    pub(crate) fn next_case(&mut self) {
        self.case += 1;
        NO_TRANSACTION.clone_into(&mut self.transaction);
        // Refusals that last take from what the client may spend on trying again.
        if self.suffers() {
            self.client = client(&self.local, &self.now);
        }
    }

    /// True if requests suffer faults.
    pub(crate) const fn suffers(&self) -> bool {
        self.faults.is_some()
    }

    pub(crate) fn now(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    pub(crate) fn wait(&self, milliseconds: i64) {
        self.now.fetch_add(milliseconds, Ordering::SeqCst);
    }

    /// The power fails, and the process begins again on what the disk holds; false if there is none.
    pub(crate) async fn restart(&mut self, random: &mut Random) -> bool {
        let Some(disk) = &self.disk else { return false };
        let disk = Some(Disk::new(disk.power_cut(random)));
        (self.local, self.client) = begin(disk.clone(), self.settings.clone(), self.faults, &self.now).await;
        self.disk = disk;
        true
    }

    pub(crate) async fn run(&mut self, step: &Step) -> Outcome {
        let done = match step {
            Step::Begin => {
                match self.client.send(&StartLocalTransaction::new(TABLE, self.partition(self.case))).await {
                    Ok(id) => {
                        self.transaction = id;
                        Ok(Outcome::Done)
                    }
                    Err(error) => Err(error),
                }
            }
            Step::Commit => self.client.send(&CommitTransaction::new(&*self.transaction)).await.map(|()| Outcome::Done),
            Step::Abort => self.client.send(&AbortTransaction::new(&*self.transaction)).await.map(|()| Outcome::Done),
            Step::Inside(step) => self.rows(step, Some(&self.transaction)).await,
            step => self.rows(step, None).await,
        };
        done.unwrap_or_else(|error| refused(&error))
    }

    async fn rows(&self, step: &Step, transaction: Option<&String>) -> Result<Outcome> {
        let transaction_id = transaction.cloned();
        Ok(match step {
            Step::Write(write) => {
                self.write(write, transaction_id).await?;
                Outcome::Done
            }
            Step::BatchWrite { rows, atomic, stray } => {
                let stray = stray.then(|| {
                    self.row_write(&case::stray(), self.partition(-self.case).with("text", "k").with("number", 0))
                });
                let rows = rows.iter().map(|row| self.row_write(row, self.key(row.id))).chain(stray);
                let is_atomic = atomic.then_some(true);
                let batch = BatchWriteRow { transaction_id, is_atomic, ..BatchWriteRow::new(TABLE, rows) };
                let results = self.client.send(&batch).await?;
                let code = |row: RowResult<_>| row.err().map(|error| Code::from_text(&error.code));
                Outcome::Each(results.into_rows().map(code).collect())
            }
            Step::Get { id, columns, versions, filter } => {
                let mut get =
                    GetRow::new(TABLE, self.key(*id)).columns(columns.iter().copied()).max_versions(*versions);
                (get.filter, get.transaction_id) = (filter.clone(), transaction_id);
                Outcome::Row(self.client.send(&get).await?.row.map(answer))
            }
            Step::BatchGet { ids, columns, versions, filter } => {
                let reads = TableReads::new(TABLE, ids.iter().map(|id| self.key(*id)));
                let mut reads = reads.columns(columns.iter().copied()).max_versions(*versions);
                reads.filter.clone_from(filter);
                let results = self.client.send(&BatchGetRow::new(reads)).await?;
                Outcome::Found(results.into_rows().map(|row| row.unwrap().row.map(answer)).collect())
            }
            Step::Range { from, to, backward, limit, versions, filter } => {
                let mut range = GetRange::new(TABLE, self.key(*from), self.key(*to));
                if *backward {
                    range = range.backward();
                }
                range = range.limit(*limit).max_versions(*versions);
                (range.filter, range.transaction_id) = (filter.clone(), transaction_id);
                let rows: Vec<Row> = range.rows(&self.client).try_collect().await?;
                Outcome::Rows(rows.into_iter().map(|row| (id(&row), answer(row))).collect())
            }
            _ => Outcome::Done,
        })
    }

    async fn write(&self, step: &RowStep, transaction_id: Option<String>) -> Result<()> {
        let RowWrite { change, condition, .. } = self.row_write(step, self.key(step.id));
        let written = match change {
            RowChange::Put(row) => {
                self.client.send(&PutRow { condition, transaction_id, ..PutRow::new(TABLE, row) }).await
            }
            RowChange::Update(row) => {
                self.client.send(&UpdateRow { condition, transaction_id, ..UpdateRow::new(TABLE, row) }).await
            }
            RowChange::Delete(key) => {
                self.client.send(&DeleteRow { condition, transaction_id, ..DeleteRow::new(TABLE, key) }).await
            }
        };
        written.map(drop)
    }

    /// The step's write of the row of this key.
    fn row_write(&self, step: &RowStep, primary_key: PrimaryKey) -> RowWrite {
        let now = self.now();
        let absolute = |column: &Column| Column { timestamp: column.timestamp.map(|at| now + at), ..column.clone() };
        let write = match &step.change {
            Change::Put(columns) => RowWrite::put(Row { primary_key, columns: columns.iter().map(absolute).collect() }),
            Change::Update(changes) => {
                let changes = changes.iter().map(|change| match change {
                    CellChange::Put(column) => CellChange::Put(absolute(column)),
                    CellChange::DeleteVersion { name, timestamp } => {
                        CellChange::DeleteVersion { name: name.clone(), timestamp: now + timestamp }
                    }
                    other => other.clone(),
                });
                RowWrite::update(RowUpdate { primary_key, changes: changes.collect() })
            }
            Change::Delete => RowWrite::delete(primary_key),
        };
        write.condition(step.condition.clone())
    }

    fn partition(&self, case: i64) -> PrimaryKey {
        PrimaryKey::new().with("case", case)
    }

    fn key(&self, (text, number): Id) -> PrimaryKey {
        self.partition(self.case).with("text", text).with("number", number)
    }
}

async fn begin(
    disk: Option<Disk>,
    settings: Settings,
    faults: Option<FaultPlan>,
    now: &Arc<AtomicI64>,
) -> (Local, Client) {
    let store = disk.map_or_else(Store::in_memory, Store::with_backend).unwrap();
    let local = Local::builder().clock(clock(now)).settings(settings).store(store).start().await.unwrap();
    let client = client(&local, now);
    suffer(&local, faults);
    (local, client)
}

fn client(local: &Local, now: &Arc<AtomicI64>) -> Client {
    let retry = Retry::default().attempts(6).attempt_timeout(Duration::from_millis(300));
    Client::builder(TableStore::new("http://127.0.0.1", &local.settings().instance).unwrap())
        .credentials(local.credentials())
        .transport(local.table_store_transport())
        .clock(clock(now))
        .retry(retry)
        .build()
        .unwrap()
}

fn clock(now: &Arc<AtomicI64>) -> Clock {
    let now = Arc::clone(now);
    Clock::new(move || DateTime::from_timestamp_millis(now.load(Ordering::SeqCst)).unwrap())
}

fn suffer(local: &Local, plan: Option<FaultPlan>) {
    local.faults().set(FaultSettings { plan, script: Vec::new() }).unwrap();
}

fn refused(error: &Error) -> Outcome {
    match Code::of(error) {
        _ if error.outcome_unknown() => Outcome::Unknown,
        Some(code) => Outcome::Refused(code),
        // What the client itself refuses, the service would.
        None if error.kind() == campaign_client::ErrorKind::Invalid => Outcome::Refused(Code::ParameterInvalid),
        None => panic!("no answer: {error:?}"),
    }
}

fn id(row: &Row) -> Id {
    let text = match row.key("text").and_then(KeyValue::as_str) {
        Some("k") => "k",
        Some("l") => "l",
        other => panic!("no step has the key {other:?}"),
    };
    (text, row.key("number").and_then(KeyValue::as_i64).unwrap())
}

fn answer(row: Row) -> Answer {
    row.columns.into_iter().map(|column| (column.name.to_string(), column.timestamp.unwrap(), column.value)).collect()
}
