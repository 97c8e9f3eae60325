//! BatchWriteRow and BulkImport: many rows, each with a result of its own.

use std::collections::{HashMap, HashSet};

use campaign_tablestore::op::batch_write_row::MAX_ROWS;
use campaign_tablestore::schema::CapacityUnit;
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{
    BatchWriteRow, BulkImport, CellChange, Code, Condition, KeyValue, PrimaryKey, RowChange, RowResult, RowResults,
    RowWrite, TableStore, TableWrites, Written,
};

use super::change::write_row;
use super::key::row_key;
use super::update;
use crate::store::Write;
use crate::tablestore::at::At;
use crate::tablestore::check::{self, invalid};
use crate::tablestore::operations::{Emulate, Moments, Stop};
use crate::tablestore::row;
use crate::tablestore::table;

impl Emulate for BatchWriteRow {
    fn about(&self) -> Vec<u8> {
        let tables = self.tables.iter();
        about(tables.flat_map(|table| table.rows.iter().map(|row| (table.table_name.as_str(), row.primary_key()))))
    }

    async fn done(self, at: &Moments) -> Result<(Self, RowResults<Written>), Stop> {
        check_batch(&self)?;
        let (batch, at_once) = (self.clone(), at.at(self.transaction_id.as_deref())?);
        let mut rows = at.rows(at_once.transaction.is_some());
        let mut taken = Vec::with_capacity(self.tables.len());
        for table in &self.tables {
            let keys: Vec<&PrimaryKey> = table.rows.iter().map(RowWrite::primary_key).collect();
            let admitted = admitted(at, &table.table_name, keys.clone()).await?.into_iter().zip(keys);
            taken.push(admitted.map(|(row, key)| row.and_then(|()| rows.take(&table.table_name, key))).collect());
        }
        let (atomic, then) = (self.is_atomic == Some(true), at_once.clone());
        let results = at.change(&at_once, move |write: &mut Write<'_>, service: &TableStore| {
            let tables = batch.tables.into_iter().zip(taken);
            let tables = tables.map(|(table, taken)| written(write, service, &table, taken, atomic, &then));
            Ok((RowResults { tables: tables.collect::<Result<_, _>>()? }, rows))
        });
        let (results, rows): (RowResults<Written>, _) = results.await?;
        drop(rows);
        for (table, results) in self.tables.iter().zip(&results.tables) {
            for (row, _) in table.rows.iter().zip(results).filter(|(_, result)| result.is_ok()) {
                if let Some(first) = row.primary_key().columns().first() {
                    at.wrote(&table.table_name, &first.value, size(row)).await;
                }
            }
        }
        Ok((self, results))
    }
}

impl Emulate for BulkImport {
    fn about(&self) -> Vec<u8> {
        about(self.rows.iter().map(|row| (self.table_name.as_str(), row.primary_key())))
    }

    async fn done(self, at: &Moments) -> Result<(Self, Vec<RowResult<CapacityUnit>>), Stop> {
        // The same as a batch of rows without conditions.
        let rows = self.rows.iter().cloned().map(Into::into);
        let (_, results) = BatchWriteRow::new(self.table_name.clone(), rows).done(at).await?;
        let consumed = results.into_rows().map(|row| row.map(|written| written.consumed));
        Ok((self, consumed.collect()))
    }
}

/// What makes the whole request one that is refused.
fn check_batch(batch: &BatchWriteRow) -> Result<(), Refusal> {
    if batch.tables.is_empty() {
        return Err(invalid("No row is specified in BatchWriteRow."));
    }
    check_tables(batch.tables.iter().map(|table| (table.table_name.as_str(), table.rows.len())), MAX_ROWS)?;
    check::data("BatchWriteRow", batch.tables.iter().flat_map(|table| &table.rows).map(size).sum())
}

/// The tables of a batch, each with how many rows it names: each once, none without rows, `most` rows in all.
pub(crate) fn check_tables<'a>(tables: impl Iterator<Item = (&'a str, usize)>, most: usize) -> Result<(), Refusal> {
    let (mut count, mut names) = (0, HashSet::new());
    for (name, rows) in tables {
        check::table_name(name)?;
        if rows == 0 {
            return Err(invalid(format!("No operation is specified for table: '{name}'.")));
        }
        if !names.insert(name) {
            return Err(invalid(format!("Duplicated table name: '{name}'.")));
        }
        count += rows;
    }
    if count > most { Err(invalid(format!("Rows count exceeds the upper limit: {most}."))) } else { Ok(()) }
}

/// The bytes that a row carries.
fn size(row: &RowWrite) -> usize {
    row::key_size(row.primary_key())
        + match &row.change {
            RowChange::Put(row) => row.columns.iter().map(row::column_size).sum(),
            RowChange::Update(row) => row.changes.iter().map(update::size).sum(),
            RowChange::Delete(_) => 0,
        }
}

/// The rows of one table, in their order: each sees what those before it did.
fn written(
    write: &mut Write<'_>,
    service: &TableStore,
    writes: &TableWrites,
    taken: Vec<Admitted>,
    atomic: bool,
    at: &At,
) -> Result<Vec<RowResult<Written>>, Refusal> {
    let count = writes.rows.len();
    let all_fail = |refusal: Refusal| Ok(vec![Err(refusal.into_row()); count]);
    let table = match table::existing(write, service, &writes.table_name) {
        Ok(table) => table,
        Err(refusal) => return all_fail(refusal),
    };
    let repeated = repeated(&writes.rows);
    let rows = writes.rows.iter().cloned().zip(repeated).zip(taken);
    let one = |write: &mut Write<'_>, ((row, repeated), taken): ((RowWrite, bool), Admitted)| {
        taken?;
        if repeated {
            check_repeated(&row)?;
        }
        write.nested(|write| write_row(write, &table, row.into(), at))
    };
    if !atomic {
        return Ok(rows.map(|row| one(write, row).map_err(Refusal::into_row)).collect());
    }
    // All or none. The service does not say which error the others have; here it is the first one's.
    let done = write.nested(|write| {
        check_partition(&writes.rows)?;
        rows.map(|row| one(write, row)).collect::<Result<Vec<_>, Refusal>>()
    });
    match done {
        Ok(rows) => Ok(rows.into_iter().map(Ok).collect()),
        Err(refusal) => all_fail(refusal),
    }
}

/// Which rows are there more than once. A number that the service chooses is never another's.
fn repeated(rows: &[RowWrite]) -> Vec<bool> {
    let mut counts: HashMap<&PrimaryKey, usize> = HashMap::with_capacity(rows.len());
    for row in rows {
        *counts.entry(row.primary_key()).or_default() += 1;
    }
    let chosen = |key: &PrimaryKey| key.columns().iter().any(|column| column.value == KeyValue::AutoIncrement);
    rows.iter().map(|row| counts.get(row.primary_key()) > Some(&1) && !chosen(row.primary_key())).collect()
}

/// A row that is there more than once has no condition and no increment (official SDK tests for the condition's text; none
/// has that of the increment).
fn check_repeated(row: &RowWrite) -> Result<(), Refusal> {
    if row.condition != Condition::ignore() {
        return Err(invalid("Repeated rows do not support row condition check in BatchModify."));
    }
    let adds = |change: &CellChange| matches!(change, CellChange::Increment { .. });
    match &row.change {
        RowChange::Update(update) if update.changes.iter().any(adds) => {
            Err(invalid("Repeated rows do not support increment in BatchModify."))
        }
        _ => Ok(()),
    }
}

/// The rows of an atomic batch have one partition key.
fn check_partition(rows: &[RowWrite]) -> Result<(), Refusal> {
    let mut keys = rows.iter().filter_map(|row| Some(&row.primary_key().columns().first()?.value));
    let Some(first) = keys.next() else { return Ok(()) };
    let Some(other) = keys.find(|key| *key != first) else { return Ok(()) };
    let shown = |value: &KeyValue| match value {
        KeyValue::Integer(number) => number.to_string(),
        KeyValue::String(text) => crate::log::printable(text).to_string(),
        other => format!("{other:?}"),
    };
    let message =
        format!("Data out of scope of atomic. Atomic PartKey:{}. Data PartKey:{}", shown(first), shown(other));
    Err(Refusal::new(Code::DataOutOfRange, message))
}

/// Which of the rows of these keys their partitions take.
pub(crate) async fn admitted(at: &Moments, table: &str, keys: Vec<&PrimaryKey>) -> Result<Vec<Admitted>, Stop> {
    let mut admitted = Vec::with_capacity(keys.len());
    for key in keys {
        admitted.push(match at.admit(table, key).await {
            Err(Stop::Refused(refusal)) => Err(refusal),
            other => Ok(other?),
        });
    }
    Ok(admitted)
}

/// Whether a row's partition takes it.
pub(crate) type Admitted = Result<(), Refusal>;

/// Tables and keys.
pub(crate) fn about<'a>(rows: impl Iterator<Item = (&'a str, &'a PrimaryKey)>) -> Vec<u8> {
    rows.flat_map(|(table, key)| [table.as_bytes(), &[0], &row_key(0, key)].concat()).collect()
}
