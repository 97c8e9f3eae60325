//! Search indexes over power cuts and killed processes: their definitions are there, and they are what the table is.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::{Arc, atomic::AtomicI64};
use std::time::Duration;

use campaign_client::{Credentials, Retry};
use campaign_local::{
    data::Settings,
    store::{Order, Store, StoreError, View},
};
use campaign_tablestore::schema::{KeyType, TableMeta};
use campaign_tablestore::search::{ColumnsToGet, FieldSchema, FieldType, IndexScan, IndexSchema, Query, ReturnType};
use campaign_tablestore::{
    Client, Code, CreateSearchIndex, CreateTable, DeleteRow, DeleteSearchIndex, DeleteTable, DescribeSearchIndex,
    GetRange, IndexInfo, ListSearchIndex, PutRow, Row, Search, TableStore, UpdateSearchIndex, Value,
};
use futures_util::TryStreamExt;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value as Json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::bed::{Bed, INDEX, TABLE, code, id, ids, key, schema};
use crate::disk::{Disk, Random};

const CASES: u32 = 60;
const DAY: i32 = 86_400;
const INDEXES: [&str; 2] = ["by_n", "by_word"];

#[derive(Debug, Clone)]
enum Step {
    Put(u8, i64),
    Delete(u8),
    Make(usize, Option<i32>),
    Drop(usize),
    Live(usize, i32),
    /// The table goes, and comes again empty.
    Remake,
    PowerCut,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let life = || prop_oneof![Just(-1), Just(DAY), Just(7 * DAY)];
    let step = prop_oneof![
        8 => (0..6_u8, -3..4_i64).prop_map(|(row, n)| Step::Put(row, n)),
        3 => (0..6_u8).prop_map(Step::Delete),
        4 => (0..2_usize, proptest::option::of(life())).prop_map(|(at, life)| Step::Make(at, life)),
        2 => (0..2_usize).prop_map(Step::Drop),
        2 => (0..2_usize, life()).prop_map(|(at, life)| Step::Live(at, life)),
        1 => Just(Step::Remake),
        3 => Just(Step::PowerCut),
    ];
    proptest::collection::vec(step, 1..30)
}

/// What an index holds; each another part of a row.
fn holds(at: usize) -> IndexSchema {
    let fields = [FieldSchema::new("n", FieldType::Long), FieldSchema::new("word", FieldType::Keyword)];
    std::iter::once(fields[at].clone().sort_and_agg(true)).collect()
}

/// What should be there: the rows, and the life of each index.
#[derive(Default)]
struct Model {
    rows: BTreeMap<String, i64>,
    indexes: BTreeMap<&'static str, i32>,
}

async fn make_table(client: &Client) {
    client.send(&CreateTable::new(TableMeta::new(TABLE).key("id", KeyType::String))).await.unwrap();
}

impl Model {
    async fn run(&mut self, client: &Client, step: &Step) {
        match *step {
            Step::Put(row, n) => {
                let id = row.to_string();
                let row = Row::new(key(&id)).with("n", n).with("word", format!("w{n}"));
                client.send(&PutRow::new(TABLE, row)).await.unwrap();
                self.rows.insert(id, n);
            }
            Step::Delete(row) => {
                client.send(&DeleteRow::new(TABLE, key(&row.to_string()))).await.unwrap();
                self.rows.remove(&row.to_string());
            }
            Step::Make(at, life) => {
                let mut create = CreateSearchIndex::new(TABLE, INDEXES[at], holds(at));
                create.time_to_live = life;
                let made = code(client.send(&create).await);
                let there = self.indexes.contains_key(INDEXES[at]);
                assert_eq!(made, there.then_some(Code::ParameterInvalid));
                self.indexes.entry(INDEXES[at]).or_insert(life.unwrap_or(-1));
            }
            Step::Drop(at) => {
                let dropped = code(client.send(&DeleteSearchIndex::new(TABLE, INDEXES[at])).await);
                assert_eq!(dropped.is_none(), self.indexes.remove(INDEXES[at]).is_some());
            }
            Step::Live(at, life) => {
                let update = UpdateSearchIndex::new(TABLE, INDEXES[at]).time_to_live(life);
                let updated = code(client.send(&update).await);
                let there = self.indexes.get_mut(INDEXES[at]);
                assert_eq!(updated.is_none(), there.is_some());
                there.into_iter().for_each(|kept| *kept = life);
            }
            Step::Remake => {
                client.send(&DeleteTable::new(TABLE)).await.unwrap();
                make_table(client).await;
                *self = Self::default();
            }
            Step::PowerCut => unreachable!("the process begins again"),
        }
    }

    /// Looks at all that can be seen; how many rows the indexes have.
    async fn check(&self, client: &Client) -> Result<usize, TestCaseError> {
        let listed = client.send(&ListSearchIndex::of(TABLE)).await.unwrap();
        let name = |name: &&str| IndexInfo { table_name: TABLE.to_owned(), index_name: (*name).to_owned() };
        prop_assert_eq!(&listed, &self.indexes.keys().map(name).collect::<Vec<_>>());
        prop_assert_eq!(client.send(&ListSearchIndex::default()).await.unwrap(), listed);
        for (at, index) in INDEXES.iter().enumerate() {
            let Some(life) = self.indexes.get(index) else {
                let search = client.send(&Search::new(TABLE, *index, Query::all())).await;
                prop_assert_eq!(code(search), Some(Code::MetaNotMatch));
                continue;
            };
            let described = client.send(&DescribeSearchIndex::new(TABLE, *index)).await.unwrap();
            prop_assert_eq!(described.time_to_live, Some(*life));
            prop_assert_eq!(&described.schema.fields, &holds(at).fields);
            let all =
                Search::new(TABLE, *index, Query::all()).columns_to_get(ColumnsToGet::of(ReturnType::AllFromIndex));
            let rows: Vec<Row> = all.limit(4).rows(client).try_collect().await.unwrap();
            let value = |n: &i64| if at == 0 { Value::from(*n) } else { format!("w{n}").into() };
            let column = ["n", "word"][at];
            let expected = self.rows.iter().map(|(id, n)| (id.as_str(), Some(value(n))));
            prop_assert!(rows.iter().map(|row| (id(row), row.get(column).cloned())).eq(expected), "{}", index);
            let of_one = Query::term(column, value(&2));
            let found: Vec<Row> = Search::new(TABLE, *index, of_one).rows(client).try_collect().await.unwrap();
            let twos: Vec<&str> = self.rows.iter().filter(|(_, n)| **n == 2).map(|(id, _)| id.as_str()).collect();
            prop_assert_eq!(ids(&found), twos.join(" "));
        }
        Ok(self.rows.len() * self.indexes.len())
    }
}

#[test]
fn an_index_is_the_table_after_any_writes_and_power_cuts() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let (random, found) = (RefCell::new(Random(7)), Cell::new(0));
    let case = |steps: Vec<Step>| {
        runtime.block_on(async {
            let (settings, now) = (Settings::generate().unwrap(), Arc::new(AtomicI64::new(1_794_355_200_000)));
            let mut disk = Disk::with_store();
            let begin = async |disk: &Disk| {
                Bed::over(Store::with_backend(disk.clone()).unwrap(), settings.clone(), Arc::clone(&now)).await
            };
            let mut bed = begin(&disk).await;
            make_table(&bed.client).await;
            let mut model = Model::default();
            for step in &steps {
                if matches!(step, Step::PowerCut) {
                    disk = Disk::new(disk.power_cut(&mut random.borrow_mut()));
                    bed = begin(&disk).await;
                    found.set(found.get() + model.check(&bed.client).await?);
                } else {
                    model.run(&bed.client, step).await;
                }
            }
            found.set(found.get() + model.check(&bed.client).await?);
            Ok(())
        })
    };
    TestRunner::new(config).run(&steps(), case).unwrap();
    assert!(found.get() > 200, "the indexes hold rows: {}", found.get());
}

/// What the store holds, by keys.
async fn kept(store: &Store) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let read = store.read(|read| {
        let mut all = BTreeMap::new();
        read.scan(&[][..]..&[0xff; 8][..], Order::Forward, &mut |key, value| {
            all.insert(key.to_vec(), value.to_vec());
            std::ops::ControlFlow::Continue(())
        })?;
        Ok::<_, StoreError>(all)
    });
    read.await.unwrap()
}

#[tokio::test]
async fn a_deleted_index_and_a_deleted_table_leave_nothing_behind() {
    let bed = Bed::numbered(20).await;
    let store = bed.local.store().clone();
    let before = kept(&store).await;
    for life in [None, Some(DAY)] {
        let mut create = CreateSearchIndex::new(TABLE, "another", schema());
        create.time_to_live = life;
        bed.client.send(&create).await.unwrap();
        assert_ne!(kept(&store).await, before);
        bed.client.send(&DeleteSearchIndex::new(TABLE, "another")).await.unwrap();
        assert!(kept(&store).await == before, "the index left something");
    }
    bed.client.send(&DeleteTable::new(TABLE)).await.unwrap();
    // Rows of a deleted table go by and by.
    for _ in 0..200 {
        if kept(&store).await.keys().all(|key| !contains(key, TABLE) && !contains(key, INDEX)) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for (key, value) in kept(&store).await {
        for name in [TABLE, INDEX, "pages"] {
            assert!(!contains(&key, name) && !contains(&value, name), "{name} is in {key:?}");
        }
    }
    // A table of the same name begins without indexes.
    make_table(&bed.client).await;
    assert_eq!(bed.client.send(&ListSearchIndex::of(TABLE)).await.unwrap(), []);
    let search = bed.client.send(&Search::new(TABLE, INDEX, Query::all())).await;
    assert_eq!(code(search), Some(Code::MetaNotMatch));
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

#[tokio::test]
async fn rows_leave_an_index_when_their_time_is_over_and_stay_in_the_table() {
    let bed = Bed::numbered(3).await;
    bed.client.send(&UpdateSearchIndex::new(TABLE, INDEX).time_to_live(2 * DAY)).await.unwrap();
    assert_eq!(bed.find(Query::all()).await, "00000 00001 00002");
    bed.wait(Duration::from_secs(86_400));
    bed.client.send(&PutRow::new(TABLE, Row::new(key("young")).with("pages", 1))).await.unwrap();
    bed.wait(Duration::from_secs(86_400 + 1));
    assert_eq!(bed.find(Query::all()).await, "young");
    let scan = IndexScan::new(TABLE, INDEX, Query::all()).rows(&bed.client).await.unwrap();
    assert_eq!(ids(&scan.try_collect::<Vec<_>>().await.unwrap()), "young");
    let rows: Vec<Row> = GetRange::all(TABLE, ["id"]).rows(&bed.client).try_collect().await.unwrap();
    assert_eq!(rows.len(), 4);
    assert!(bed.now() > 0);
}

/// The program, in a process of its own.
async fn start(folder: &std::path::Path) -> (Child, Client) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_test-local"));
    command.arg("--data").arg(folder).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut process = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).await.unwrap();
    let ready: Json = serde_json::from_str(&line).unwrap();
    let text = |name: &str| ready[name].as_str().unwrap();
    let service = TableStore::new(text("tablestore"), text("instance")).unwrap();
    let credentials = Credentials::new(text("access_key_id"), text("access_key_secret"));
    let client = Client::builder(service).credentials(credentials).retry(Retry::never()).build().unwrap();
    (process, client)
}

#[tokio::test]
async fn a_killed_process_comes_back_with_its_indexes_and_every_acknowledged_row_in_them() {
    const KILLS: u64 = 8;
    let folder = tempfile::TempDir::new().unwrap();
    let (mut process, client) = start(folder.path()).await;
    make_table(&client).await;
    client.send(&CreateSearchIndex::new(TABLE, INDEX, schema())).await.unwrap();
    client.send(&UpdateSearchIndex::new(TABLE, INDEX).time_to_live(7 * DAY)).await.unwrap();
    process.kill().await.unwrap();
    let mut acknowledged = 0;
    let mut next = 0;
    for round in 0..=KILLS {
        let (mut process, client) = start(folder.path()).await;
        let described = client.send(&DescribeSearchIndex::new(TABLE, INDEX)).await.unwrap();
        assert_eq!((described.time_to_live, described.schema.fields), (Some(7 * DAY), schema().fields));
        let rows: Vec<Row> = GetRange::all(TABLE, ["id"]).rows(&client).try_collect().await.unwrap();
        let found: Vec<Row> =
            Search::new(TABLE, INDEX, Query::all()).limit(100).rows(&client).try_collect().await.unwrap();
        assert_eq!(ids(&found), ids(&rows), "after {round} kills");
        assert!(rows.len() >= acknowledged && rows.len() <= next, "{acknowledged} <= {} <= {next}", rows.len());
        acknowledged = rows.len();
        if round == KILLS {
            break;
        }
        let writer = tokio::spawn(async move {
            let mut n = next;
            let put = |n: usize| PutRow::new(TABLE, Row::new(key(&format!("{n:06}"))).with("pages", n as i64));
            while client.send(&put(n)).await.is_ok() {
                n += 1;
            }
            n
        });
        tokio::time::sleep(Duration::from_millis(40 + round * 13)).await;
        process.kill().await.unwrap();
        let written = writer.await.unwrap();
        acknowledged += written - next;
        next = written + 1;
    }
    assert!(acknowledged > 20, "only {acknowledged} rows were put");
}
