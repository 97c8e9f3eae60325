//! PutRow, UpdateRow, DeleteRow.

use campaign_tablestore::op::{delete_row::DeleteRow, put_row::PutRow, update_row::UpdateRow};
use campaign_tablestore::schema::CapacityUnit;
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{
    CellChange, Code, Column, Condition, KeyColumn, KeyValue, PrimaryKey, ReturnContent, Row, TableStore, Written,
};

use super::check::{self, Place, invalid, unsupported};
use super::key::row_key;
use super::operations::{Emulate, Moments, Stop};
use super::row::{self, Versions, units};
use super::table::{self, Table, sequence_key};
use super::update;
use crate::store::{View, Write};

impl Emulate for PutRow {
    fn about(&self) -> Vec<u8> {
        about(&self.table_name, &self.row.primary_key)
    }

    async fn done(self, at: &Moments) -> Result<(Self, Written), Stop> {
        check::no_transaction(self.transaction_id.as_deref())?;
        let (put, now) = (self.clone(), at.now);
        let written = at.write(move |write, service| {
            let found = Found::of(write, service, &put.table_name, put.row.primary_key, Place::NewRow, now)?;
            let columns = &put.row.columns;
            check::columns(&found.table, now, columns.iter(), columns.iter().map(|column| &column.name))?;
            found.check(&put.condition)?;
            let mut row = Row { primary_key: found.key.clone(), columns: put.row.columns };
            row.columns.iter_mut().for_each(|column| {
                column.timestamp.get_or_insert(now);
            });
            check::data("PutRow", row::size(&row))?;
            let bytes = row::size(&row);
            found.save(write, &mut row);
            Ok(Written {
                consumed: consumed(&put.condition, bytes),
                row: returned(put.return_content.as_ref(), row, &[])?,
            })
        });
        let written = written.await?;
        Ok((self, written))
    }
}

impl Emulate for UpdateRow {
    fn about(&self) -> Vec<u8> {
        about(&self.table_name, &self.row.primary_key)
    }

    async fn done(self, at: &Moments) -> Result<(Self, Written), Stop> {
        check::no_transaction(self.transaction_id.as_deref())?;
        let (update, now) = (self.clone(), at.now);
        let written = at.write(move |write, service| {
            let found = Found::of(write, service, &update.table_name, update.row.primary_key, Place::NewRow, now)?;
            let changes = &update.row.changes;
            if changes.is_empty() {
                return Err(invalid("Attribute column is missing."));
            }
            if found.table.request.table_options.allow_update == Some(false) {
                return Err(invalid("UpdateRow is not allowed for this table."));
            }
            let put = changes.iter().filter_map(|change| match change {
                CellChange::Put(column) => Some(column),
                _ => None,
            });
            check::columns(&found.table, now, put, changes.iter().map(CellChange::name))?;
            found.check(&update.condition)?;
            let bytes = row::key_size(&found.key) + changes.iter().map(update::size).sum::<usize>();
            check::data("UpdateRow", bytes)?;
            let columns = found.row.as_ref().map(|row| row.columns.clone()).unwrap_or_default();
            let writes = |change: &CellChange| matches!(change, CellChange::Put(_) | CellChange::Increment { .. });
            let makes_a_row = found.row.is_some() || changes.iter().any(writes);
            let (columns, counted) = update::apply(columns, update.row.changes, now)?;
            let mut row = Row { primary_key: found.key.clone(), columns };
            // Deleting columns of a row that is not there does not make one (service document "UpdateRow").
            if makes_a_row {
                found.save(write, &mut row);
            }
            let row = returned(update.return_content.as_ref(), row, &counted)?;
            Ok(Written { consumed: consumed(&update.condition, bytes), row })
        });
        let written = written.await?;
        Ok((self, written))
    }
}

impl Emulate for DeleteRow {
    fn about(&self) -> Vec<u8> {
        about(&self.table_name, &self.primary_key)
    }

    async fn done(self, at: &Moments) -> Result<(Self, Written), Stop> {
        check::no_transaction(self.transaction_id.as_deref())?;
        let (delete, now) = (self.clone(), at.now);
        let written = at.write(move |write, service| {
            let found = Found::of(write, service, &delete.table_name, delete.primary_key, Place::Row, now)?;
            found.check(&delete.condition)?;
            write.delete(found.place);
            let bytes = row::key_size(&found.key);
            let row = returned(delete.return_content.as_ref(), Row::new(found.key), &[])?;
            Ok(Written { consumed: consumed(&delete.condition, bytes), row })
        });
        let written = written.await?;
        Ok((self, written))
    }
}

fn about(table: &str, key: &PrimaryKey) -> Vec<u8> {
    [table.as_bytes(), &[0], &row_key(0, key)].concat()
}

/// The row that a write is about, as it was before.
struct Found {
    table: Table,
    key: PrimaryKey,
    /// Where it is kept.
    place: Vec<u8>,
    row: Option<Row>,
    versions: Versions,
    /// Its key was chosen here.
    numbered: bool,
}

impl Found {
    fn of(
        write: &mut Write<'_>,
        service: &TableStore,
        table: &str,
        key: PrimaryKey,
        place: Place,
        now: i64,
    ) -> Result<Self, Refusal> {
        check::table_name(table)?;
        let table = table::existing(write, service, table)?;
        check::key(&table, &key, place)?;
        let (key, numbered) = number(write, &table, key)?;
        let place = row_key(table.number, &key);
        let versions = Versions::of(&table, now);
        let row = write.get(&place)?.map(|bytes| row::load(&bytes, versions)).transpose()?.flatten();
        Ok(Self { table, key, place, row, versions, numbered })
    }

    /// Existence first, then the columns; both in this commit.
    fn check(&self, condition: &Condition) -> Result<(), Refusal> {
        if self.numbered && *condition != Condition::ignore() {
            return Err(invalid("Can't set condition when modify row with pk auto increment."));
        }
        match condition.holds(self.row.as_ref()) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refusal::new(Code::ConditionCheckFail, "Condition check failed.")),
            Err(_) => Err(unsupported("filters with a value transfer rule")),
        }
    }

    fn save(&self, write: &mut Write<'_>, row: &mut Row) {
        self.versions.prune(&mut row.columns);
        write.put(self.place.clone(), row::save(row));
    }
}

/// The key with the number that the service chooses, if it is to choose one.
fn number(write: &mut Write<'_>, table: &Table, key: PrimaryKey) -> Result<(PrimaryKey, bool), Refusal> {
    if !key.columns().iter().any(|column| column.value == KeyValue::AutoIncrement) {
        return Ok((key, false));
    }
    let at = sequence_key(table.number);
    let next = table::number_at(write, &at)? + 1;
    write.put(at, next.to_be_bytes());
    let next = i64::try_from(next).map_err(|_| invalid("The auto increment column has no number left."))?;
    let chosen = |column: KeyColumn| match column.value {
        KeyValue::AutoIncrement => KeyColumn { value: KeyValue::Integer(next), ..column },
        _ => column,
    };
    Ok((key.into_columns().into_iter().map(chosen).collect(), true))
}

/// A write costs what it carries; a condition costs a read.
fn consumed(condition: &Condition, bytes: usize) -> CapacityUnit {
    CapacityUnit::new(u32::from(*condition != Condition::ignore()), units(bytes))
}

/// What the caller asked to have back. `counted` are the columns that were incremented.
fn returned(content: Option<&ReturnContent>, row: Row, counted: &[Column]) -> Result<Option<Row>, Refusal> {
    match content {
        None => Ok(None),
        Some(ReturnContent::PrimaryKey) => Ok(Some(Row::new(row.primary_key))),
        Some(ReturnContent::AfterModify(names)) => {
            let is_counted = |name: &&campaign_tablestore::Name| counted.iter().any(|column| column.name == **name);
            if let Some(name) = names.iter().find(|name| !is_counted(name)) {
                return Err(invalid(format!("The column '{name}' to return is not incremented.")));
            }
            let columns = counted.iter().filter(|column| names.contains(&column.name)).cloned().collect();
            Ok(Some(Row { primary_key: row.primary_key, columns }))
        }
    }
}
