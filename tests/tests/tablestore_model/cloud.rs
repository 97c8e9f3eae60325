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
    CellChange, Client, Code, Column, CreateTable, DeleteRow, GetRange, GetRow, KeyValue, PrimaryKey, PutRow, Row,
    RowUpdate, TableStore, UpdateRow,
};
use chrono::DateTime;
use futures_util::TryStreamExt;

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
}

/// What a read or a write of a step came to.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    Done,
    Refused(Code),
    Row(Option<Answer>),
    Rows(Vec<(Id, Answer)>),
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
        client.send(&CreateTable::new(meta).table_options(options)).await.unwrap();
        suffer(&local, faults);
        Self { disk, settings, faults, local, client, now, case: 0 }
    }

    /// Begins the next case: no row of it is there.
    pub(crate) fn next_case(&mut self) {
        self.case += 1;
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

    /// The power fails, and the process begins again on what the disk holds.
    pub(crate) async fn restart(&mut self, random: &mut Random) {
        let Some(disk) = &self.disk else { return };
        let disk = Some(Disk::new(disk.power_cut(random)));
        (self.local, self.client) = begin(disk.clone(), self.settings.clone(), self.faults, &self.now).await;
        self.disk = disk;
    }

    pub(crate) async fn run(&self, step: &Step) -> Outcome {
        match step {
            Step::Write(write) => match self.write(write).await {
                Ok(()) => Outcome::Done,
                Err(error) => refused(&error),
            },
            Step::Get { id, columns, versions, filter } => {
                let mut get =
                    GetRow::new(TABLE, self.key(*id)).columns(columns.iter().copied()).max_versions(*versions);
                get.filter = filter.clone();
                match self.client.send(&get).await {
                    Ok(found) => Outcome::Row(found.row.map(answer)),
                    Err(error) => refused(&error),
                }
            }
            Step::Range { from, to, backward, limit, versions, filter } => {
                let mut range = GetRange::new(TABLE, self.key(*from), self.key(*to));
                if *backward {
                    range = range.backward();
                }
                range = range.limit(*limit).max_versions(*versions);
                range.filter = filter.clone();
                match range.rows(&self.client).try_collect::<Vec<Row>>().await {
                    Ok(rows) => Outcome::Rows(rows.into_iter().map(|row| (id(&row), answer(row))).collect()),
                    Err(error) => refused(&error),
                }
            }
            Step::Wait(_) | Step::Restart => Outcome::Done,
        }
    }

    async fn write(&self, step: &RowStep) -> Result<()> {
        let (key, now, condition) = (self.key(step.id), self.now(), step.condition.clone());
        let absolute = |column: &Column| Column { timestamp: column.timestamp.map(|at| now + at), ..column.clone() };
        match &step.change {
            Change::Put(columns) => {
                let row = Row { primary_key: key, columns: columns.iter().map(absolute).collect() };
                self.client.send(&PutRow::new(TABLE, row).condition(condition)).await.map(drop)
            }
            Change::Update(changes) => {
                let changes = changes.iter().map(|change| match change {
                    CellChange::Put(column) => CellChange::Put(absolute(column)),
                    CellChange::DeleteVersion { name, timestamp } => {
                        CellChange::DeleteVersion { name: name.clone(), timestamp: now + timestamp }
                    }
                    other => other.clone(),
                });
                let update = RowUpdate { primary_key: key, changes: changes.collect() };
                self.client.send(&UpdateRow::new(TABLE, update).condition(condition)).await.map(drop)
            }
            Change::Delete => self.client.send(&DeleteRow::new(TABLE, key).condition(condition)).await.map(drop),
        }
    }

    fn key(&self, (text, number): Id) -> PrimaryKey {
        PrimaryKey::new().with("case", self.case).with("text", text).with("number", number)
    }
}

async fn begin(
    disk: Option<Disk>,
    settings: Settings,
    faults: Option<FaultPlan>,
    now: &Arc<AtomicI64>,
) -> (Local, Client) {
    let shown = Arc::clone(now);
    let clock = Clock::new(move || DateTime::from_timestamp_millis(shown.load(Ordering::SeqCst)).unwrap());
    let store = disk.map_or_else(Store::in_memory, Store::with_backend).unwrap();
    let local = Local::builder().clock(clock.clone()).settings(settings).store(store).start().await.unwrap();
    let retry = Retry::default().attempts(6).attempt_timeout(Duration::from_millis(300));
    let client = Client::builder(TableStore::new("http://127.0.0.1", &local.settings().instance).unwrap())
        .credentials(local.credentials())
        .transport(local.table_store_transport())
        .clock(clock)
        .retry(retry)
        .build()
        .unwrap();
    suffer(&local, faults);
    (local, client)
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
