//! Table Store's calls: how each is prepared, made, and how often its effect is found afterwards.

use std::sync::Arc;

use bytes::Bytes;
use campaign_client::{Body, Class, Clock, Credentials, Endpoint, Operation, Result, Transport, transport::InProcess};
use campaign_local::{
    fault::{Faults, Hop},
    store::Store,
    tablestore::Emulator,
};
use campaign_tablestore::{
    BatchGetRow, BatchWriteRow, Client, Code, ColumnFilter, Condition, CreateTable, DeleteRow, DeleteTable,
    DescribeTable, GetRange, GetRow, KeyValue, ListTable, PrimaryKey, PutRow, Row, RowUpdate, RowWrite, TableReads,
    TableStore, UpdateRow, UpdateTable, Value,
    schema::{CapacityUnit, KeyType, TableMeta, TableOptions},
    server::{Refusal, complete},
};
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;

use super::subject::{Subject, Word};

const INSTANCE: &str = "campaign";
const REGION: &str = "cn-hangzhou";

/// The version that the calls set themselves: 2026-11-11, as the clocks of the tests.
const VERSION: i64 = 1_794_355_200_000;
const RESERVED: CapacityUnit = CapacityUnit::new(5, 7);
pub(crate) const TABLE: &str = "entries";

/// A call of Table Store, by the matrix's name of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableStoreCall {
    BatchGet,
    BatchWrite,
    GetRow,
    GetRange,
    ListTable,
    DescribeTable,
    PutIgnore,
    UpdateCells,
    DeleteIgnore,
    PutExpectNotExist,
    UpdateColumnCondition,
    CreateTable,
    DeleteTable,
    Increment,
    AutoIncrement,
    UpdateTable,
}

impl TableStoreCall {
    /// The call of this name; `None` if it does not exist yet.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "ots:GetRow" => Self::GetRow,
            "ots:GetRange" => Self::GetRange,
            "ots:ListTable" => Self::ListTable,
            "ots:DescribeTable" => Self::DescribeTable,
            "ots:PutRow(IGNORE)" => Self::PutIgnore,
            "ots:UpdateRow(put/delete cells, fixed ts)" => Self::UpdateCells,
            "ots:DeleteRow(IGNORE)" => Self::DeleteIgnore,
            "ots:PutRow(EXPECT_NOT_EXIST)" => Self::PutExpectNotExist,
            "ots:UpdateRow(column condition)" => Self::UpdateColumnCondition,
            "ots:CreateTable" => Self::CreateTable,
            "ots:DeleteTable" => Self::DeleteTable,
            "ots:UpdateRow(INCREMENT)" => Self::Increment,
            "ots:PutRow(AUTO_INCREMENT pk)" => Self::AutoIncrement,
            "ots:BatchGetRow" => Self::BatchGet,
            "ots:BatchWriteRow(all idempotent)" => Self::BatchWrite,
            "ots:UpdateTable" => Self::UpdateTable,
            _ => return None,
        })
    }
}

impl Subject for TableStoreCall {
    type Service = TableStore;
    const HOP: Hop = Hop::TableStore;
    const SIGNS_ANSWERS: bool = true;

    fn service(endpoint: Endpoint) -> Result<TableStore> {
        TableStore::at(endpoint, INSTANCE)
    }

    fn emulator(keys: Vec<Credentials>, faults: Faults, clock: Clock) -> Result<Arc<dyn Transport>> {
        let store = Store::in_memory().expect("memory can be opened");
        let emulator = Emulator::new(INSTANCE, REGION, keys, store, faults, clock)?;
        Ok(Arc::new(InProcess::new(emulator.router())))
    }

    fn operation_of(request: &http::Request<Body>) -> String {
        request.uri().path().trim_start_matches('/').to_owned()
    }

    fn says(word: Word) -> Option<http::Response<Bytes>> {
        let (code, message) = match word {
            Word::Busy => (Code::ServerBusy, "Server is busy."),
            Word::Flow => (Code::FlowControl, "Too many requests."),
            Word::Internal => (Code::InternalServerError, "Internal server error."),
            Word::Timeout => (Code::RequestTimeout, "Request timeout."),
            Word::Moving => (Code::PartitionUnavailable, "The partition is not available."),
            Word::BadParameter => (Code::ParameterInvalid, "Invalid parameter."),
            Word::BadSignature => (Code::AuthFailed, "Signature mismatch."),
            Word::Missing => (Code::ObjectNotExist, "Requested table does not exist."),
            Word::Skewed => (Code::AuthFailed, "Mismatch between system time and x-ots-date: 2026."),
            Word::Expired => (Code::AuthFailed, "The security token has expired."),
        };
        Some(Refusal::new(code, message).response())
    }

    fn sent_at(response: &mut http::Response<Bytes>, path: &str, date: DateTime<Utc>) {
        complete(response, path, None, "injected", date);
    }

    async fn look(client: &Client) -> Result<()> {
        client.send(&ListTable).await.map(drop)
    }

    fn operation(self) -> &'static str {
        match self {
            Self::GetRow => GetRow::NAME,
            Self::GetRange => GetRange::NAME,
            Self::BatchGet => BatchGetRow::NAME,
            Self::BatchWrite => BatchWriteRow::NAME,
            Self::ListTable => ListTable::NAME,
            Self::DescribeTable => DescribeTable::NAME,
            Self::PutIgnore | Self::PutExpectNotExist | Self::AutoIncrement => PutRow::NAME,
            Self::UpdateCells | Self::UpdateColumnCondition | Self::Increment => UpdateRow::NAME,
            Self::DeleteIgnore => DeleteRow::NAME,
            Self::CreateTable => CreateTable::NAME,
            Self::DeleteTable => DeleteTable::NAME,
            Self::UpdateTable => UpdateTable::NAME,
        }
    }

    fn class(self) -> Class {
        match self {
            Self::GetRow => get("r").class(),
            Self::GetRange => range().class(),
            Self::BatchGet => batch_get().class(),
            Self::BatchWrite => batch_write().class(),
            Self::ListTable => ListTable.class(),
            Self::DescribeTable => DescribeTable::new(TABLE).class(),
            Self::PutIgnore => put_ignore().class(),
            Self::UpdateCells => update_cells().class(),
            Self::DeleteIgnore => delete_ignore().class(),
            Self::PutExpectNotExist => put_expect_not_exist().class(),
            Self::UpdateColumnCondition => update_column_condition().class(),
            Self::CreateTable => CreateTable::new(meta("new")).class(),
            Self::DeleteTable => DeleteTable::new("old").class(),
            Self::Increment => increment().class(),
            Self::AutoIncrement => numbered().class(),
            Self::UpdateTable => reserve().class(),
        }
    }

    async fn prepare(self, client: &Client) -> Result<()> {
        client.send(&CreateTable::new(meta(TABLE)).table_options(options())).await?;
        for row in [before(), bystander()] {
            client.send(&PutRow::new(TABLE, row)).await?;
        }
        match self {
            Self::DeleteTable => client.send(&CreateTable::new(meta("old"))).await,
            Self::AutoIncrement => client.send(&CreateTable::new(meta("numbered").auto_increment("n"))).await,
            _ => Ok(()),
        }
    }

    async fn call(self, client: &Client) -> Result<()> {
        match self {
            Self::GetRow => {
                let found = client.send(&get("r")).await?;
                assert_eq!(found.row, Some(before()), "what was read");
            }
            Self::GetRange => {
                let rows: Vec<Row> = range().rows(client).try_collect().await?;
                assert_eq!(rows, [bystander(), before()], "what was read");
            }
            Self::ListTable => assert_eq!(client.send(&ListTable).await?, [TABLE], "what was listed"),
            Self::DescribeTable => {
                let found = client.send(&DescribeTable::new(TABLE)).await?;
                assert_eq!(found.table_meta, meta(TABLE), "what was described");
            }
            Self::BatchGet => {
                let found = client.send(&batch_get()).await?;
                let rows: Vec<_> = found.into_rows().map(|row| row.unwrap().row).collect();
                assert_eq!(rows, [Some(before()), None, Some(bystander())], "what was read");
            }
            Self::BatchWrite => assert!(client.send(&batch_write()).await?.is_ok(), "a row failed"),
            Self::PutIgnore => drop(client.send(&put_ignore()).await?),
            Self::UpdateCells => drop(client.send(&update_cells()).await?),
            Self::DeleteIgnore => drop(client.send(&delete_ignore()).await?),
            Self::PutExpectNotExist => drop(client.send(&put_expect_not_exist()).await?),
            Self::UpdateColumnCondition => drop(client.send(&update_column_condition()).await?),
            Self::CreateTable => client.send(&CreateTable::new(meta("new")).table_options(options())).await?,
            Self::DeleteTable => client.send(&DeleteTable::new("old")).await?,
            Self::Increment => drop(client.send(&increment()).await?),
            Self::AutoIncrement => drop(client.send(&numbered()).await?),
            Self::UpdateTable => {
                let updated = client.send(&reserve()).await?;
                assert_eq!(updated.reserved_throughput_details.capacity_unit, RESERVED, "what was reserved");
            }
        }
        Ok(())
    }

    async fn effects(self, client: &Client) -> Result<Option<usize>> {
        let row = client.send(&get("b")).await?.row;
        assert_eq!(row, Some(bystander()), "a row that has no part in it");
        Ok(Some(match self {
            Self::GetRow | Self::GetRange | Self::BatchGet | Self::ListTable | Self::DescribeTable => return Ok(None),
            Self::BatchWrite => {
                let (put, updated) = (client.send(&get("e")).await?.row, client.send(&get("r")).await?.row);
                if put.is_none() && updated == Some(before()) {
                    0
                } else {
                    assert_eq!((put, updated), (Some(put_ignore().row), Some(after_cells())), "half a batch, or two");
                    1
                }
            }
            Self::PutIgnore => {
                let row = client.send(&get("e")).await?.row;
                row.map_or(0, |row| {
                    assert_eq!(row, put_ignore().row);
                    1
                })
            }
            Self::UpdateCells => {
                let row = client.send(&get("r")).await?.row;
                if row == Some(before()) {
                    0
                } else {
                    assert_eq!(row, Some(after_cells()), "half an update, or two");
                    1
                }
            }
            Self::DeleteIgnore => usize::from(client.send(&get("r")).await?.row.is_none()),
            Self::PutExpectNotExist => versions(client, "e", "name", &"Li".into()).await?,
            Self::UpdateColumnCondition => versions(client, "r", "state", &"confirmed".into()).await?,
            Self::CreateTable => usize::from(exists(client, "new").await?),
            Self::DeleteTable => usize::from(!exists(client, "old").await?),
            Self::Increment => {
                let row = client.send(&get("r")).await?.row.expect("it is there");
                let visits = row.get("visits").and_then(Value::as_i64).expect("a number");
                usize::try_from(visits - 5).expect("it only grows")
            }
            Self::AutoIncrement => {
                let all = GetRange::all("numbered", ["id", "n"]);
                let rows: Vec<Row> = all.rows(client).try_collect().await?;
                rows.len()
            }
            Self::UpdateTable => {
                let table = client.send(&DescribeTable::new(TABLE)).await?;
                usize::from(table.reserved_throughput_details.capacity_unit == RESERVED)
            }
        }))
    }
}

/// How many versions of a column hold `value`.
async fn versions(client: &Client, id: &'static str, column: &str, value: &Value) -> Result<usize> {
    let row = client.send(&get(id)).await?.row;
    Ok(row.map_or(0, |row| row.versions(column).filter(|c| c.value == *value).count()))
}

async fn exists(client: &Client, table: &str) -> Result<bool> {
    match client.send(&DescribeTable::new(table)).await {
        Ok(_) => Ok(true),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}

fn meta(table: &str) -> TableMeta {
    TableMeta::new(table).key("id", KeyType::String)
}

/// Several versions, so that a write done twice shows.
fn options() -> TableOptions {
    TableOptions::default().max_versions(5)
}

fn key(id: &'static str) -> PrimaryKey {
    PrimaryKey::new().with("id", id)
}

fn get(id: &'static str) -> GetRow {
    GetRow::new(TABLE, key(id)).max_versions(5)
}

fn range() -> GetRange {
    GetRange::all(TABLE, ["id"])
}

fn before() -> Row {
    Row::new(key("r"))
        .with_version("old", "x", VERSION)
        .with_version("state", "pending", VERSION)
        .with_version("visits", 5, VERSION)
}

fn after_cells() -> Row {
    Row::new(key("r"))
        .with_version("size", "M", VERSION)
        .with_version("state", "pending", VERSION)
        .with_version("visits", 5, VERSION)
}

fn bystander() -> Row {
    Row::new(key("b")).with_version("state", "pending", VERSION)
}

fn put_ignore() -> PutRow {
    PutRow::new(TABLE, Row::new(key("e")).with_version("name", "Li", VERSION).with_version("size", "M", VERSION))
}

fn update_cells() -> UpdateRow {
    let update = RowUpdate::new(key("r")).put_version("size", "M", VERSION).delete_version("old", VERSION);
    UpdateRow::new(TABLE, update)
}

fn delete_ignore() -> DeleteRow {
    DeleteRow::new(TABLE, key("r"))
}

fn put_expect_not_exist() -> PutRow {
    let row = Row::new(key("e")).with("name", "Li").with("call", "c-1");
    PutRow::new(TABLE, row).condition(Condition::expect_not_exist())
}

fn update_column_condition() -> UpdateRow {
    let pending = ColumnFilter::equal("state", "pending").filter_if_missing(true);
    UpdateRow::new(TABLE, RowUpdate::new(key("r")).put("state", "confirmed").delete("old"))
        .condition(Condition::expect_exist().column(pending))
}

fn batch_get() -> BatchGetRow {
    BatchGetRow::new(TableReads::new(TABLE, ["r", "missing", "b"].map(key)).max_versions(5))
}

fn batch_write() -> BatchWriteRow {
    BatchWriteRow::new(TABLE, [RowWrite::put(put_ignore().row), RowWrite::update(update_cells().row)])
}

fn increment() -> UpdateRow {
    UpdateRow::new(TABLE, RowUpdate::new(key("r")).increment("visits", 1))
}

/// What is reserved can be changed once in two minutes, so a second change would be refused.
fn reserve() -> UpdateTable {
    UpdateTable::new(TABLE).reserved_throughput(RESERVED)
}

fn numbered() -> PutRow {
    PutRow::new("numbered", Row::new(key("e").with("n", KeyValue::AutoIncrement)).with("name", "Li"))
}
