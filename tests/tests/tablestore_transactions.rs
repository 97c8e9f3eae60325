//! Transactions and streams over random steps and power cuts, against a naive model: what was committed is there, whole, with
//! its records and in its index; of everything else nothing is, and a reader with a checkpoint sees each change once.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test: small numbers, and a panic is a finding"
)]

#[path = "disk/mod.rs"]
mod disk;

use std::{
    cell::Cell,
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use campaign_client::{Clock, Result, Retry};
use campaign_local::{Local, data::Settings, store::Store};
use campaign_tablestore::{
    AbortTransaction, BatchWriteRow, CellChange, Client, Code, CommitTransaction, CreateTable, DeleteRow, GetRange,
    PrimaryKey, PutRow, Row, RowUpdate, RowWrite, StartLocalTransaction, StreamAction, StreamCheckpoint, StreamReader,
    TableStore, UpdateRow, Value,
    schema::{ColumnType, IndexMeta, IndexType, KeyType, StreamSpecification, TableMeta},
};
use chrono::DateTime;
use disk::{Disk, Random};
use futures_util::TryStreamExt;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Builder;

const CASES: u32 = 120;
const START: i64 = 1_793_923_200_000;
const LIFE: i64 = 60_000;
const TEAMS: [&str; 2] = ["blue", "red"];

/// A write of one of three members of a team.
#[derive(Debug, Clone)]
enum Write {
    Put(i64),
    Add(i64),
    Delete,
    /// Two rows in one request.
    Batch(i64),
}

#[derive(Debug, Clone)]
enum Step {
    Begin(usize),
    Inside(usize, i64, Write),
    Outside(usize, i64, Write),
    Commit(usize),
    Abort(usize),
    Wait(i64),
    ReadStream,
    PowerCut,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let write = || {
        prop_oneof![
            4 => (0..100_i64).prop_map(Write::Put),
            3 => (-3..4_i64).prop_map(Write::Add),
            2 => Just(Write::Delete),
            1 => (0..100_i64).prop_map(Write::Batch),
        ]
    };
    let (team, member) = (|| 0..TEAMS.len(), || 0..3_i64);
    let step = prop_oneof![
        4 => team().prop_map(Step::Begin),
        10 => (team(), member(), write()).prop_map(|(team, n, write)| Step::Inside(team, n, write)),
        6 => (team(), member(), write()).prop_map(|(team, n, write)| Step::Outside(team, n, write)),
        4 => team().prop_map(Step::Commit),
        1 => team().prop_map(Step::Abort),
        1 => prop_oneof![Just(1), Just(LIFE / 2), Just(LIFE)].prop_map(Step::Wait),
        2 => Just(Step::ReadStream),
        1 => Just(Step::PowerCut),
    ];
    proptest::collection::vec(step, 1..40)
}

type Rows = BTreeMap<(usize, i64), i64>;

impl Write {
    /// What it does to `rows`.
    fn apply(&self, rows: &mut Rows, team: usize, member: i64) {
        match self {
            Self::Put(n) => drop(rows.insert((team, member), *n)),
            Self::Add(by) => *rows.entry((team, member)).or_default() += by,
            Self::Delete => drop(rows.remove(&(team, member))),
            Self::Batch(n) => {
                rows.insert((team, member), *n);
                rows.remove(&(team, member + 1));
            }
        }
    }

    async fn send(&self, client: &Client, team: usize, member: i64, inside: Option<&str>) -> Result<()> {
        let (key, transaction_id) = (key(team, member), inside.map(str::to_owned));
        match self {
            Self::Put(n) => {
                let put = PutRow::new("teams", Row::new(key).with("n", *n));
                client.send(&PutRow { transaction_id, ..put }).await.map(drop)
            }
            Self::Add(by) => {
                let update = UpdateRow::new("teams", RowUpdate::new(key).increment("n", *by));
                client.send(&UpdateRow { transaction_id, ..update }).await.map(drop)
            }
            Self::Delete => client.send(&DeleteRow { transaction_id, ..DeleteRow::new("teams", key) }).await.map(drop),
            Self::Batch(n) => {
                let next = RowWrite::delete(self::key(team, member + 1));
                let rows = [RowWrite::put(Row::new(key).with("n", *n)), next];
                let batch = BatchWriteRow { transaction_id, ..BatchWriteRow::new("teams", rows) };
                let results = client.send(&batch).await?;
                results.into_rows().try_for_each(|row| row.map(drop).map_err(campaign_client::Error::from_service))
            }
        }
    }
}

fn key(team: usize, member: i64) -> PrimaryKey {
    PrimaryKey::new().with("team", TEAMS[team]).with("member", member)
}

/// The transaction that holds a team.
struct Open {
    id: String,
    begun: i64,
    rows: Rows,
}

/// The cloud and what it should be like.
struct Bed {
    disk: Disk,
    settings: Settings,
    now: Arc<AtomicI64>,
    client: Client,
    committed: Rows,
    open: BTreeMap<usize, Open>,
    /// What the records of the stream say, as far as it was read.
    replayed: Rows,
    checkpoint: Option<StreamCheckpoint>,
}

async fn begin(disk: Disk, settings: &Settings, now: &Arc<AtomicI64>) -> Client {
    let shown = Arc::clone(now);
    let clock = Clock::new(move || DateTime::from_timestamp_millis(shown.load(Ordering::SeqCst)).unwrap());
    let store = Store::with_backend(disk).unwrap();
    let cloud = Local::builder().store(store).settings(settings.clone()).clock(clock.clone()).start().await.unwrap();
    Client::builder(TableStore::new("http://127.0.0.1", &settings.instance).unwrap())
        .credentials(cloud.credentials())
        .transport(cloud.table_store_transport())
        .clock(clock)
        .retry(Retry::never())
        .build()
        .unwrap()
}

impl Bed {
    async fn new() -> Self {
        let (disk, settings) = (Disk::with_store(), Settings::generate().unwrap());
        let now = Arc::new(AtomicI64::new(START));
        let client = begin(disk.clone(), &settings, &now).await;
        let meta = TableMeta::new("teams")
            .key("team", KeyType::String)
            .key("member", KeyType::Integer)
            .defined_column("n", ColumnType::Integer);
        let spec = StreamSpecification::enabled(24);
        let table = CreateTable::new(meta).enable_local_txn(true).stream_spec(spec).split_points(["c"]);
        client.send(&table.index(IndexMeta::new("by_n", IndexType::Global, ["n"]))).await.unwrap();
        Self {
            disk,
            settings,
            now,
            client,
            committed: Rows::new(),
            open: BTreeMap::new(),
            replayed: Rows::new(),
            checkpoint: None,
        }
    }

    /// The transaction that holds the team now.
    fn holder(&mut self, team: usize) -> Option<&mut Open> {
        let now = self.now.load(Ordering::SeqCst);
        self.open.get_mut(&team).filter(|open| now < open.begun + LIFE)
    }

    async fn run(&mut self, step: &Step, random: &Mutex<Random>) -> Result<(), TestCaseError> {
        let client = self.client.clone();
        match step {
            Step::Begin(team) => {
                let start = StartLocalTransaction::new("teams", PrimaryKey::new().with("team", TEAMS[*team]));
                let begun = client.send(&start).await;
                if self.holder(*team).is_some() {
                    prop_assert_eq!(code(begun.map(drop)), Some(Code::RowOperationConflict));
                } else {
                    let open = Open {
                        id: begun.unwrap(),
                        begun: self.now.load(Ordering::SeqCst),
                        rows: self.committed.clone(),
                    };
                    self.open.insert(*team, open);
                }
            }
            Step::Inside(team, member, write) => {
                let Some(id) = self.open.get(team).map(|open| open.id.clone()) else { return Ok(()) };
                let sent = write.send(&client, *team, *member, Some(&id)).await;
                match self.holder(*team) {
                    Some(open) => {
                        prop_assert!(sent.is_ok(), "{:?}", sent);
                        write.apply(&mut open.rows, *team, *member);
                    }
                    None => prop_assert_eq!(code(sent), Some(Code::SessionNotExist)),
                }
            }
            Step::Outside(team, member, write) => {
                let sent = write.send(&client, *team, *member, None).await;
                if self.holder(*team).is_some() {
                    prop_assert_eq!(code(sent), Some(Code::RowOperationConflict));
                } else {
                    prop_assert!(sent.is_ok(), "{:?}", sent);
                    write.apply(&mut self.committed, *team, *member);
                }
            }
            Step::Commit(team) | Step::Abort(team) => {
                let lives = self.holder(*team).is_some();
                let Some(open) = self.open.remove(team) else { return Ok(()) };
                let commits = matches!(step, Step::Commit(_));
                let ended = if commits {
                    client.send(&CommitTransaction::new(open.id)).await
                } else {
                    client.send(&AbortTransaction::new(open.id)).await
                };
                prop_assert_eq!(code(ended), (!lives).then_some(Code::SessionNotExist));
                if commits && lives {
                    self.committed.retain(|(of, _), _| of != team);
                    self.committed.extend(open.rows.into_iter().filter(|((of, _), _)| of == team));
                }
            }
            Step::Wait(time) => drop(self.now.fetch_add(*time, Ordering::SeqCst)),
            Step::ReadStream => self.read_stream().await,
            Step::PowerCut => {
                self.disk = Disk::new(self.disk.power_cut(&mut random.lock().unwrap()));
                self.client = begin(self.disk.clone(), &self.settings, &self.now).await;
                for (_, open) in std::mem::take(&mut self.open) {
                    let over = self.client.send(&CommitTransaction::new(open.id)).await;
                    prop_assert_eq!(code(over), Some(Code::SessionNotExist));
                }
            }
        }
        self.check().await
    }

    async fn read_stream(&mut self) {
        let reader = StreamReader::new("teams").checkpoint(self.checkpoint.take()).limit(3);
        let mut batches = reader.batches(&self.client);
        let mut last = None;
        while let Some(batch) = batches.try_next().await.unwrap() {
            for record in batch.records {
                let at = (team_of(&record.row.primary_key), member_of(&record.row.primary_key));
                match (record.action, record.row.changes.as_slice()) {
                    // The record of an increment holds the sum.
                    (StreamAction::PutRow | StreamAction::UpdateRow, [CellChange::Put(column)]) => {
                        self.replayed.insert(at, column.value.as_i64().unwrap());
                    }
                    (StreamAction::DeleteRow, []) => drop(self.replayed.remove(&at)),
                    other => panic!("no such record was written: {other:?}"),
                }
            }
            last = Some(batch.checkpoint);
        }
        self.checkpoint = last.or_else(|| self.checkpoint.take());
    }

    /// The table and its index hold what was committed and nothing else; each transaction sees its own rows besides.
    async fn check(&self) -> Result<(), TestCaseError> {
        prop_assert_eq!(&self.rows("teams", ["team", "member"], None).await, &self.committed);
        prop_assert_eq!(&self.rows("by_n", ["n", "team", "member"], None).await, &self.committed);
        let now = self.now.load(Ordering::SeqCst);
        for (team, open) in self.open.iter().filter(|(_, open)| now < open.begun + LIFE) {
            let own = |rows: &Rows| rows.clone().into_iter().filter(|((of, _), _)| of == team).collect::<Rows>();
            let seen = self.rows("teams", ["team", "member"], Some(&open.id)).await;
            prop_assert_eq!(own(&seen), own(&open.rows));
        }
        Ok(())
    }

    async fn rows<const N: usize>(&self, table: &str, key: [&'static str; N], inside: Option<&str>) -> Rows {
        let range = GetRange { transaction_id: inside.map(str::to_owned), ..GetRange::all(table, key) };
        let rows = self.client.send(&range).await.unwrap().rows().unwrap();
        let n = |row: &Row| row.get("n").and_then(Value::as_i64).or(row.key("n").and_then(|n| n.as_i64())).unwrap();
        rows.iter().map(|row| ((team_of(&row.primary_key), member_of(&row.primary_key)), n(row))).collect()
    }
}

fn team_of(key: &PrimaryKey) -> usize {
    let team = key.get("team").and_then(|team| team.as_str()).unwrap();
    TEAMS.iter().position(|name| *name == team).unwrap()
}

fn member_of(key: &PrimaryKey) -> i64 {
    key.get("member").and_then(|member| member.as_i64()).unwrap()
}

fn code(result: Result<()>) -> Option<Code> {
    result.err().map(|error| Code::of(&error).unwrap_or(Code::Other))
}

#[test]
fn what_was_committed_is_there_whole_and_nothing_else_after_any_steps_and_power_cuts() {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let (random, committed, cuts) = (Mutex::new(Random(11)), Cell::new(0), Cell::new(0));
    let case = |steps: Vec<Step>| {
        runtime.block_on(async {
            let mut bed = Bed::new().await;
            for step in &steps {
                let held = bed.open.len();
                bed.run(step, &random).await?;
                committed.set(committed.get() + usize::from(matches!(step, Step::Commit(_)) && bed.open.len() < held));
                cuts.set(cuts.get() + usize::from(matches!(step, Step::PowerCut) && held > 0));
            }
            bed.read_stream().await;
            prop_assert_eq!(&bed.replayed, &bed.committed);
            Ok(())
        })
    };
    TestRunner::new(config).run(&steps(), case).unwrap();
    assert!(committed.get() > 50 && cuts.get() > 20, "{} commits, {} cuts", committed.get(), cuts.get());
}
