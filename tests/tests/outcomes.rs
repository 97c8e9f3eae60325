//! Every kind of write whose answers are lost: whoever is told that it was done, it was; whoever is told that it was not,
//! it was not; and in all other cases the error says that nobody knows.

#![expect(clippy::unwrap_used, reason = "a test: a panic is a finding")]

use std::future::Future;

use campaign_client::{Error, Result};
use campaign_local::{
    Local,
    fault::{Fault, FaultSettings, Hop, Moment, Scripted},
};
use campaign_tablestore::{
    AddDefinedColumn, BatchWriteRow, BulkImport, Client, ColumnFilter, Condition, CreateIndex, CreateSearchIndex,
    CreateTable, DeleteDefinedColumn, DeleteRow, DeleteSearchIndex, DeleteTable, DescribeSearchIndex, DescribeTable,
    DropIndex, GetRange, GetRow, KeyValue, ListSearchIndex, ListTable, PrimaryKey, PutRow, Row, RowChange, RowUpdate,
    RowWrite, TableStore, Transaction, UpdateRow, UpdateSearchIndex, UpdateTable, Value, Written, batch,
    schema::{CapacityUnit, ColumnType, IndexMeta, IndexType, KeyType, TableMeta},
    search::{FieldSchema, FieldType},
};
use futures_util::TryStreamExt;

/// What is said after one answer was lost though all of the call was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Done,
    NobodyKnows,
}
use Said::{Done, NobodyKnows};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Put,
    PutOnce,
    PutIf,
    Numbered,
    Update,
    UpdateIf,
    Increment,
    DeleteColumn,
    Delete,
    DeleteIf,
    Batch,
    BatchOfConditions,
    BatchOfIncrements,
    AtomicBatch,
    RowsOfConditions,
    RowsOfIncrements,
    Import,
    ImportOfIncrements,
    Commit,
    CommitWitnessed,
    MakeTable,
    ChangeTable,
    RemoveTable,
    MakeIndex,
    RemoveIndex,
    AddColumn,
    RemoveColumn,
    MakeSearchIndex,
    ChangeSearchIndex,
    RemoveSearchIndex,
}

/// Each kind, the call whose answer is lost, and what is said of it.
const KINDS: [(Kind, &str, Said); 30] = [
    (Kind::Put, "PutRow", Done),
    (Kind::PutOnce, "PutRow", Done),
    (Kind::PutIf, "PutRow", Done),
    (Kind::Numbered, "PutRow", NobodyKnows),
    (Kind::Update, "UpdateRow", Done),
    (Kind::UpdateIf, "UpdateRow", Done),
    (Kind::Increment, "UpdateRow", NobodyKnows),
    (Kind::DeleteColumn, "UpdateRow", Done),
    (Kind::Delete, "DeleteRow", Done),
    // A row that is gone does not say who deleted it.
    (Kind::DeleteIf, "DeleteRow", NobodyKnows),
    (Kind::Batch, "BatchWriteRow", Done),
    // The single call is not repeated; `batch::write_rows` treats each row as it would be alone.
    (Kind::BatchOfConditions, "BatchWriteRow", NobodyKnows),
    (Kind::BatchOfIncrements, "BatchWriteRow", NobodyKnows),
    (Kind::AtomicBatch, "BatchWriteRow", NobodyKnows),
    (Kind::RowsOfConditions, "BatchWriteRow", Done),
    (Kind::RowsOfIncrements, "BatchWriteRow", NobodyKnows),
    (Kind::Import, "BulkImport", Done),
    (Kind::ImportOfIncrements, "BulkImport", NobodyKnows),
    (Kind::Commit, "CommitTransaction", NobodyKnows),
    (Kind::CommitWitnessed, "CommitTransaction", Done),
    (Kind::MakeTable, "CreateTable", Done),
    (Kind::ChangeTable, "UpdateTable", NobodyKnows),
    (Kind::RemoveTable, "DeleteTable", Done),
    (Kind::MakeIndex, "CreateIndex", Done),
    (Kind::RemoveIndex, "DropIndex", Done),
    (Kind::AddColumn, "AddDefinedColumn", Done),
    (Kind::RemoveColumn, "DeleteDefinedColumn", Done),
    (Kind::MakeSearchIndex, "CreateSearchIndex", NobodyKnows),
    (Kind::ChangeSearchIndex, "UpdateSearchIndex", Done),
    (Kind::RemoveSearchIndex, "DeleteSearchIndex", Done),
];

fn key(id: &str) -> PrimaryKey {
    PrimaryKey::new().with("id", id)
}

/// The row that is there at first has `n` = 1; a write makes it 2.
fn row(id: &str, n: i64) -> Row {
    Row::new(key(id)).with("n", n)
}

fn is_one() -> Condition {
    Condition::expect_exist().column(ColumnFilter::equal("n", 1).filter_if_missing(true))
}

fn increment() -> RowUpdate {
    RowUpdate::new(key("a")).increment("n", 1)
}

fn by_city() -> IndexMeta {
    IndexMeta::new("by_city", IndexType::Global, ["city"])
}

fn fields() -> impl Iterator<Item = FieldSchema> {
    [FieldSchema::new("n", FieldType::Long)].into_iter()
}

struct Bed {
    cloud: Local,
    client: Client,
}

async fn bed() -> Bed {
    let cloud = Local::builder().start().await.unwrap();
    let service = TableStore::new("http://127.0.0.1", &cloud.settings().instance).unwrap();
    let builder = Client::builder(service).credentials(cloud.credentials()).transport(cloud.table_store_transport());
    let client = builder.build().unwrap();
    let meta = TableMeta::new("t").key("id", KeyType::String).defined_column("city", ColumnType::String);
    let meta = meta.defined_column("gone", ColumnType::String);
    client.send(&CreateTable::new(meta).enable_local_txn(true)).await.unwrap();
    let old = TableMeta::new("old").key("id", KeyType::String).defined_column("city", ColumnType::String);
    let old_index = IndexMeta::new("old_by_city", IndexType::Global, ["city"]);
    client.send(&CreateTable::new(old).index(old_index)).await.unwrap();
    let numbered = TableMeta::new("numbered").key("id", KeyType::String).auto_increment("number");
    client.send(&CreateTable::new(numbered)).await.unwrap();
    client.send(&CreateSearchIndex::new("t", "old", fields().collect())).await.unwrap();
    client.send(&PutRow::new("t", row("a", 1))).await.unwrap();
    Bed { cloud, client }
}

async fn each(results: impl Future<Output = Vec<Result<Written>>>) -> Result<()> {
    results.await.into_iter().try_for_each(|result| result.map(drop))
}

impl Bed {
    /// Makes the call of a kind; a batch's rows have no failures of their own here.
    async fn write(&self, kind: Kind) -> Result<()> {
        let client = &self.client;
        let once = || RowWrite::put(row("b", 2)).condition(Condition::expect_not_exist());
        let begin = || Transaction::begin(client, "t", key("a"));
        match kind {
            Kind::Put => client.send(&PutRow::new("t", row("a", 2))).await.map(drop),
            Kind::PutOnce => {
                client.send(&PutRow::new("t", row("b", 2)).condition(Condition::expect_not_exist())).await.map(drop)
            }
            Kind::PutIf => client.send(&PutRow::new("t", row("a", 2)).condition(is_one())).await.map(drop),
            Kind::Numbered => {
                let row = Row::new(key("a").with("number", KeyValue::AutoIncrement)).with("n", 2);
                client.send(&PutRow::new("numbered", row)).await.map(drop)
            }
            Kind::Update => client.send(&UpdateRow::new("t", RowUpdate::new(key("a")).put("n", 2))).await.map(drop),
            Kind::UpdateIf => {
                let update = UpdateRow::new("t", RowUpdate::new(key("a")).put("n", 2)).condition(is_one());
                client.send(&update).await.map(drop)
            }
            Kind::Increment => client.send(&UpdateRow::new("t", increment())).await.map(drop),
            Kind::DeleteColumn => {
                client.send(&UpdateRow::new("t", RowUpdate::new(key("a")).delete("n"))).await.map(drop)
            }
            Kind::Delete => client.send(&DeleteRow::new("t", key("a"))).await.map(drop),
            Kind::DeleteIf => client.send(&DeleteRow::new("t", key("a")).condition(is_one())).await.map(drop),
            Kind::Batch => client.send(&BatchWriteRow::new("t", [RowWrite::put(row("a", 2))])).await.map(drop),
            Kind::BatchOfConditions => client.send(&BatchWriteRow::new("t", [once()])).await.map(drop),
            Kind::BatchOfIncrements => {
                client.send(&BatchWriteRow::new("t", [RowWrite::update(increment())])).await.map(drop)
            }
            Kind::AtomicBatch => client.send(&BatchWriteRow::new("t", [once()]).atomic()).await.map(drop),
            Kind::RowsOfConditions => each(batch::write_rows(client, "t", vec![once()])).await,
            Kind::RowsOfIncrements => each(batch::write_rows(client, "t", vec![RowWrite::update(increment())])).await,
            Kind::Import => client.send(&BulkImport::new("t", [RowChange::Put(row("a", 2))])).await.map(drop),
            Kind::ImportOfIncrements => {
                client.send(&BulkImport::new("t", [RowChange::Update(increment())])).await.map(drop)
            }
            Kind::Commit | Kind::CommitWitnessed => {
                let mut transaction = begin().await?;
                transaction.send(UpdateRow::new("t", increment())).await?;
                if kind == Kind::Commit {
                    return transaction.commit().await;
                }
                // One partition key has one row here, so the witness is the row itself.
                transaction.commit_witnessed(PutRow::new("t", row("a", 2))).await
            }
            Kind::MakeTable => client.send(&CreateTable::new(TableMeta::new("new").key("id", KeyType::String))).await,
            Kind::ChangeTable => {
                let update = UpdateTable::new("old").reserved_throughput(CapacityUnit::new(0, 7));
                client.send(&update).await.map(drop)
            }
            Kind::RemoveTable => client.send(&DeleteTable::new("numbered")).await,
            Kind::MakeIndex => client.send(&CreateIndex::new("t", by_city())).await,
            Kind::RemoveIndex => client.send(&DropIndex::new("old", "old_by_city")).await,
            Kind::AddColumn => client.send(&AddDefinedColumn::new("t").column("new", ColumnType::String)).await,
            Kind::RemoveColumn => client.send(&DeleteDefinedColumn::new("t", ["gone"])).await,
            Kind::MakeSearchIndex => client.send(&CreateSearchIndex::new("t", "new", fields().collect())).await,
            Kind::ChangeSearchIndex => client.send(&UpdateSearchIndex::new("t", "old").time_to_live(86_400)).await,
            Kind::RemoveSearchIndex => client.send(&DeleteSearchIndex::new("t", "old")).await,
        }
    }

    async fn n(&self, id: &str) -> Option<Option<i64>> {
        let row = self.client.send(&GetRow::new("t", key(id))).await.unwrap().row;
        row.map(|row| row.get("n").and_then(Value::as_i64))
    }

    /// How often the effect of a kind is there.
    async fn effects(&self, kind: Kind) -> usize {
        let table = async |name: &str| self.client.send(&DescribeTable::new(name)).await.unwrap();
        let indexes = async || self.client.send(&ListSearchIndex::of("t")).await.unwrap();
        let there = match kind {
            Kind::PutOnce | Kind::BatchOfConditions | Kind::AtomicBatch | Kind::RowsOfConditions => {
                self.n("b").await == Some(Some(2))
            }
            Kind::Increment
            | Kind::BatchOfIncrements
            | Kind::RowsOfIncrements
            | Kind::ImportOfIncrements
            | Kind::Commit
            | Kind::CommitWitnessed => return usize::try_from(self.n("a").await.flatten().unwrap() - 1).unwrap(),
            Kind::Put | Kind::PutIf | Kind::Update | Kind::UpdateIf | Kind::Batch | Kind::Import => {
                self.n("a").await == Some(Some(2))
            }
            Kind::Numbered => {
                let rows = GetRange::all("numbered", ["id", "number"]).rows(&self.client);
                return rows.try_fold(0, async |count, _| Ok(count + 1)).await.unwrap();
            }
            // The row goes with its last column.
            Kind::DeleteColumn | Kind::Delete | Kind::DeleteIf => self.n("a").await.flatten().is_none(),
            Kind::MakeTable => self.client.send(&ListTable).await.unwrap().contains(&"new".to_owned()),
            Kind::RemoveTable => !self.client.send(&ListTable).await.unwrap().contains(&"numbered".to_owned()),
            Kind::ChangeTable => table("old").await.reserved_throughput_details.capacity_unit.write == 7,
            Kind::MakeIndex => !table("t").await.index_metas.is_empty(),
            Kind::RemoveIndex => table("old").await.index_metas.is_empty(),
            Kind::AddColumn => table("t").await.table_meta.defined_columns.iter().any(|column| column.name == "new"),
            Kind::RemoveColumn => {
                table("t").await.table_meta.defined_columns.iter().all(|column| column.name != "gone")
            }
            Kind::MakeSearchIndex => indexes().await.iter().any(|index| index.index_name == "new"),
            Kind::RemoveSearchIndex => indexes().await.is_empty(),
            Kind::ChangeSearchIndex => {
                let index = self.client.send(&DescribeSearchIndex::new("t", "old")).await.unwrap();
                index.time_to_live == Some(86_400)
            }
        };
        usize::from(there)
    }

    /// Makes the call while its first answers are lost, and says what became of it.
    async fn lose(&self, kind: Kind, operation: &str, moment: Moment, times: usize) -> (Result<(), Error>, usize) {
        let cut = Scripted {
            hop: Hop::TableStore,
            operation: Some(operation.to_owned()),
            key: None,
            fault: Fault::Cut(moment),
        };
        self.cloud.faults().set(FaultSettings { plan: None, script: vec![cut; times] }).unwrap();
        let said = self.write(kind).await;
        self.cloud.faults().set(FaultSettings::default()).unwrap();
        (said, self.effects(kind).await)
    }
}

#[tokio::test(start_paused = true)]
async fn one_lost_answer_of_a_write_is_settled_or_said_to_be_of_unknown_outcome() {
    for (kind, operation, expected) in KINDS {
        let (said, effects) = bed().await.lose(kind, operation, Moment::AfterCommit, 1).await;
        assert_eq!(effects, 1, "{kind:?}: it was done once, and not again");
        match said {
            Ok(()) => assert_eq!(expected, Done, "{kind:?}"),
            Err(error) => assert_eq!((expected, error.outcome_unknown()), (NobodyKnows, true), "{kind:?}: {error}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_is_lost_nobody_is_told_what_is_not_so() {
    for (kind, operation, _) in KINDS {
        for moment in [Moment::BeforeHandling, Moment::BeforeCommit, Moment::AfterCommit] {
            for times in [1, 2, 50] {
                let (said, effects) = bed().await.lose(kind, operation, moment, times).await;
                let what = format!("{kind:?}, {times} cut {moment:?}: {said:?}");
                assert!(effects <= 1, "{what}: done {effects} times");
                match said {
                    Ok(()) => assert_eq!(effects, 1, "{what}: was not done"),
                    Err(error) => assert!(error.outcome_unknown() || effects == 0, "{what}: was done"),
                }
            }
        }
    }
}
