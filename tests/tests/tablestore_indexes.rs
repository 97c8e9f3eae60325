//! Secondary indexes are the table projected: after random writes, indexes made anew and power cuts, each index holds exactly
//! the rows that the table's rows have in it.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test: small numbers, and a panic is a finding"
)]

#[path = "disk/mod.rs"]
mod disk;

use std::collections::BTreeMap;

use campaign_client::Retry;
use campaign_local::{Local, data::Settings, store::Store};
use campaign_tablestore::schema::{ColumnType, IndexMeta, IndexSyncPhase, IndexType, KeyType, TableMeta};
use campaign_tablestore::{
    Client, CreateIndex, CreateTable, DeleteRow, DescribeTable, DropIndex, GetRange, GetRow, KeyColumn, KeyValue,
    PrimaryKey, PutRow, Row, RowUpdate, TableStore, UpdateRow, Value,
};
use futures_util::TryStreamExt;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Builder;

use disk::{Disk, Random};

const CASES: u32 = 150;
const TABLE: &str = "orders";
const KEY: [&str; 2] = ["shop", "n"];

#[derive(Debug, Clone)]
enum Step {
    Put {
        shop: &'static str,
        n: i64,
        columns: Vec<(&'static str, Value)>,
    },
    Update {
        shop: &'static str,
        n: i64,
        put: Vec<(&'static str, Value)>,
        delete: Option<&'static str>,
        count: bool,
    },
    Delete {
        shop: &'static str,
        n: i64,
    },
    /// An index is dropped and made again, to take the rows that are there.
    Remake(usize),
    PowerCut,
}

/// Its key columns are of both kinds, its attribute columns too; one has the table's key in another order.
fn indexes() -> [IndexMeta; 4] {
    [
        IndexMeta::new("by_city", IndexType::Global, ["city"]).defined_column("total").defined_column("open"),
        IndexMeta::new("by_total_and_city", IndexType::Global, ["total", "city"]),
        IndexMeta::new("by_n", IndexType::Global, ["n"]).defined_column("city"),
        IndexMeta::new("in_shop_by_total", IndexType::Local, ["shop", "total"]).defined_column("city"),
    ]
}

fn meta() -> TableMeta {
    TableMeta::new(TABLE)
        .key("shop", KeyType::String)
        .key("n", KeyType::Integer)
        .defined_column("city", ColumnType::String)
        .defined_column("total", ColumnType::Integer)
        .defined_column("open", ColumnType::Boolean)
}

/// Values of the defined type, and others, which an index of that column leaves out.
fn columns() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let city = prop_oneof![Just(Value::from("x")), Just("y\0".into()), Just("".into()), Just(1.into())];
    let total = prop_oneof![Just(Value::from(0)), Just((-1).into()), Just(7.into()), Just("7".into())];
    let open = prop_oneof![Just(Value::from(true)), Just(2.5.into())];
    let maybe = |name, value: BoxedStrategy<Value>| proptest::option::weighted(0.7, (Just(name), value));
    (maybe("city", city.boxed()), maybe("total", total.boxed()), maybe("open", open.boxed()))
        .prop_map(|(a, b, c)| [a, b, c].into_iter().flatten().chain([("note", Value::from("x"))]).collect())
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = || (prop_oneof![Just("a"), Just("b")], 0..3_i64);
    let name = prop_oneof![Just("city"), Just("total"), Just("note")];
    let update = (key(), columns(), proptest::option::of(name), proptest::bool::weighted(0.2));
    let step = prop_oneof![
        8 => (key(), columns()).prop_map(|((shop, n), columns)| Step::Put { shop, n, columns }),
        8 => update.prop_map(|((shop, n), put, delete, count)| Step::Update { shop, n, put, delete, count }),
        4 => key().prop_map(|(shop, n)| Step::Delete { shop, n }),
        1 => (0..4_usize).prop_map(Step::Remake),
        1 => Just(Step::PowerCut),
    ];
    proptest::collection::vec(step, 1..24)
}

async fn begin(disk: Disk, settings: &Settings) -> Client {
    let cloud =
        Local::builder().store(Store::with_backend(disk).unwrap()).settings(settings.clone()).start().await.unwrap();
    Client::builder(TableStore::new("http://127.0.0.1", &settings.instance).unwrap())
        .credentials(cloud.credentials())
        .transport(cloud.table_store_transport())
        .retry(Retry::never())
        .build()
        .unwrap()
}

fn key(shop: &str, n: i64) -> PrimaryKey {
    PrimaryKey::new().with("shop", shop).with("n", n)
}

async fn run(client: &Client, step: &Step) {
    match step {
        Step::Put { shop, n, columns } => {
            let row = columns.iter().fold(Row::new(key(shop, *n)), |row, (name, value)| row.with(*name, value.clone()));
            client.send(&PutRow::new(TABLE, row)).await.unwrap();
        }
        Step::Update { shop, n, put, delete, count } => {
            let put = put.iter().filter(|(name, _)| delete.as_ref() != Some(name) && !(*count && *name == "total"));
            let update =
                put.fold(RowUpdate::new(key(shop, *n)), |update, (name, value)| update.put(*name, value.clone()));
            let update = delete.iter().fold(update, |update, name| update.delete(*name));
            let counts = *count && *delete != Some("total");
            let counted = if counts { update.clone().increment("total", 1) } else { update.clone() };
            // Counting what is no number is refused, and then nothing has changed; the same without it is done.
            if client.send(&UpdateRow::new(TABLE, counted)).await.is_err() {
                assert!(counts);
                client.send(&UpdateRow::new(TABLE, update.delete("other"))).await.unwrap();
            }
        }
        Step::Delete { shop, n } => drop(client.send(&DeleteRow::new(TABLE, key(shop, *n))).await.unwrap()),
        Step::Remake(at) => {
            let index = indexes()[*at].clone();
            client.send(&DropIndex::new(TABLE, index.name.clone())).await.unwrap();
            client.send(&CreateIndex::new(TABLE, index).include_base_data(true)).await.unwrap();
        }
        Step::PowerCut => unreachable!("the process begins again"),
    }
}

/// What an index is to hold of the table's rows, by keys in order.
fn projected(index: &IndexMeta, rows: &[Row]) -> BTreeMap<PrimaryKey, Row> {
    let further = KEY.iter().map(|name| (*name).to_owned()).filter(|name| !index.primary_key.contains(name));
    let names: Vec<String> = index.primary_key.iter().cloned().chain(further).collect();
    let value = |row: &Row, name: &str| match (name, row.key(name), row.get(name)) {
        (_, Some(value), _) => Some(value.clone()),
        ("city", _, Some(Value::String(text))) => Some(KeyValue::String(text.clone())),
        ("total", _, Some(Value::Integer(number))) => Some(KeyValue::Integer(*number)),
        _ => None,
    };
    let key = |row: &Row| {
        let column = |name: &String| Some(KeyColumn { value: value(row, name)?, name: name.as_str().into() });
        names.iter().map(column).collect::<Option<PrimaryKey>>()
    };
    let of = |row: &Row| {
        let mut of = Row::new(key(row)?);
        let held = |name: &str| index.defined_columns.iter().any(|held| *held == *name);
        of.columns = row.columns.iter().filter(|column| held(&column.name)).cloned().collect();
        Some((of.primary_key.clone(), of))
    };
    rows.iter().filter_map(of).collect()
}

async fn all(client: &Client, table: &str, key: impl IntoIterator<Item = String>) -> Vec<Row> {
    let key: Vec<_> = key.into_iter().map(campaign_tablestore::Name::from).collect();
    GetRange::all(table, key).limit(5).rows(client).try_collect().await.unwrap()
}

/// Looks at all indexes; how many rows they have.
async fn check(client: &Client) -> Result<usize, TestCaseError> {
    loop {
        let indexes = client.send(&DescribeTable::new(TABLE)).await.unwrap().index_metas;
        if indexes.iter().all(|index| index.index_sync_phase == Some(IndexSyncPhase::Incremental)) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    let rows = all(client, TABLE, KEY.map(str::to_owned)).await;
    let mut found = 0;
    for index in indexes() {
        let expected = projected(&index, &rows);
        let further = KEY.iter().map(|name| (*name).to_owned()).filter(|name| !index.primary_key.contains(name));
        let names: Vec<String> = index.primary_key.iter().cloned().chain(further).collect();
        let held = all(client, &index.name, names).await;
        prop_assert_eq!(&held, &expected.into_values().collect::<Vec<_>>(), "{}", &index.name);
        for row in &held {
            let one = client.send(&GetRow::new(&index.name, row.primary_key.clone())).await.unwrap().row;
            prop_assert_eq!(one.as_ref(), Some(row));
        }
        found += held.len();
    }
    Ok(found)
}

#[test]
fn an_index_is_the_table_projected_after_any_writes_and_power_cuts() {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let (random, found) = (std::cell::RefCell::new(Random(5)), std::cell::Cell::new(0));
    let case = |steps: Vec<Step>| {
        runtime.block_on(async {
            let settings = Settings::generate().unwrap();
            let mut disk = Disk::with_store();
            let mut client = begin(disk.clone(), &settings).await;
            let table = indexes().into_iter().fold(CreateTable::new(meta()), CreateTable::index);
            client.send(&table).await.unwrap();
            for step in &steps {
                if matches!(step, Step::PowerCut) {
                    disk = Disk::new(disk.power_cut(&mut random.borrow_mut()));
                    client = begin(disk.clone(), &settings).await;
                } else {
                    run(&client, step).await;
                }
            }
            found.set(found.get() + check(&client).await?);
            Ok(())
        })
    };
    TestRunner::new(config).run(&steps(), case).unwrap();
    assert!(found.get() > 1_000, "the indexes hold rows: {}", found.get());
}
