//! UpdateTable, AddDefinedColumn, DeleteDefinedColumn: a table changes, its rows stay.

use campaign_tablestore::op::add_defined_column::AddDefinedColumn;
use campaign_tablestore::op::delete_defined_column::DeleteDefinedColumn;
use campaign_tablestore::op::update_table::{UpdateTable, UpdatedTable};
use campaign_tablestore::schema::{CapacityUnit, TableOptions};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Code, TableStore};

use super::calls::finish_removals;
use super::rules;
use super::throughput::Throughput;
use crate::store::Write;
use crate::tablestore::check::{self, invalid};
use crate::tablestore::operations::{Emulate, Moments, Stop};
use crate::tablestore::stream;
use crate::tablestore::table::{self, Table, table_key};

/// Milliseconds between two changes of what is reserved (service document "UpdateTable").
const BETWEEN_CHANGES: i64 = 2 * 60 * 1000;

impl Emulate for UpdateTable {
    fn about(&self) -> Vec<u8> {
        self.table_name.clone().into_bytes()
    }

    async fn done(self, at: &Moments) -> Result<(Self, UpdatedTable), Stop> {
        check::table_name(&self.table_name)?;
        let (update, now) = (self.clone(), at.now);
        let updated = at.write(move |write, service| update_table(write, service, &update, now)).await?;
        if self.stream_spec.is_some() {
            // Of a stream that was switched off.
            finish_removals(&at.cloud.store).await?;
        }
        Ok((self, updated))
    }
}

fn update_table(
    write: &mut Write<'_>,
    service: &TableStore,
    update: &UpdateTable,
    now: i64,
) -> Result<UpdatedTable, Refusal> {
    let mut table = table::existing(write, service, &update.table_name)?;
    let reserves = update.reserved_read.is_some() || update.reserved_write.is_some();
    if !reserves && update.table_options == TableOptions::unset() && update.stream_spec.is_none() {
        return Err(invalid("No property of the table is given to be updated."));
    }
    if update.table_options.update_full_row.is_some() {
        // Functional tests of the official Go client hold `contain updateFullRow`; the rest of the text is ours.
        return Err(invalid("The options of a table to be updated must not contain updateFullRow."));
    }
    rules::options(&update.table_options)?;
    merge(&mut table.request.table_options, &update.table_options);
    let request = &table.request;
    rules::indexes(&request.table_meta, &request.table_options, &request.index_metas)?;
    let mut throughput = Throughput::find(write, &table)?;
    if reserves {
        let before = table.request.reserved_throughput;
        let units = CapacityUnit::new(
            update.reserved_read.unwrap_or(before.read),
            update.reserved_write.unwrap_or(before.write),
        );
        rules::reserved(units.read, units.write)?;
        if throughput.changed().is_some_and(|last| now < last.saturating_add(BETWEEN_CHANGES)) {
            // No document has the text.
            return Err(Refusal::new(
                Code::TooFrequentReservedThroughputAdjustment,
                "The reserved throughput was adjusted less than 2 minutes ago.",
            ));
        }
        throughput.change(before, units, now);
        throughput.keep(write, &table);
        table.request.reserved_throughput = units;
    }
    if let Some(spec) = update.stream_spec.clone() {
        stream::set(write, &mut table, spec, now)?;
    }
    write.put(table_key(&update.table_name), table.save(service)?);
    Ok(UpdatedTable {
        reserved_throughput_details: throughput.details(&table),
        stream_details: stream::details(write, &table)?,
        table_options: table.request.table_options,
    })
}

/// What is said replaces what was.
fn merge(options: &mut TableOptions, said: &TableOptions) {
    options.time_to_live = said.time_to_live.or(options.time_to_live);
    options.max_versions = said.max_versions.or(options.max_versions);
    options.deviation_cell_version_in_sec =
        said.deviation_cell_version_in_sec.or(options.deviation_cell_version_in_sec);
    options.allow_update = said.allow_update.or(options.allow_update);
}

impl Emulate for AddDefinedColumn {
    fn about(&self) -> Vec<u8> {
        self.table_name.clone().into_bytes()
    }

    async fn done(self, at: &Moments) -> Result<(Self, ()), Stop> {
        let add = self.clone();
        let work = move |table: &mut Table| {
            if add.columns.is_empty() {
                return Err(invalid("No defined column is given to be added."));
            }
            table.request.table_meta.defined_columns.extend(add.columns);
            rules::defined_columns(&table.request.table_meta)
        };
        change(at, self.table_name.clone(), work).await?;
        Ok((self, ()))
    }
}

impl Emulate for DeleteDefinedColumn {
    fn about(&self) -> Vec<u8> {
        self.table_name.clone().into_bytes()
    }

    async fn done(self, at: &Moments) -> Result<(Self, ()), Stop> {
        let names = self.columns.clone();
        let work = move |table: &mut Table| {
            if names.is_empty() {
                return Err(invalid("No defined column is given to be deleted."));
            }
            for name in &names {
                let request = &mut table.request;
                let columns = &mut request.table_meta.defined_columns;
                let Some(at) = columns.iter().position(|column| column.name == *name) else {
                    return Err(invalid(format!(
                        "The defined column '{}' does not exist.",
                        crate::log::printable(name)
                    )));
                };
                columns.remove(at);
                let has = |names: &[String]| names.contains(name);
                if let Some(index) =
                    request.index_metas.iter().find(|index| has(&index.primary_key) || has(&index.defined_columns))
                {
                    return Err(invalid(format!("The defined column '{name}' is used by the index '{}'.", index.name)));
                }
            }
            Ok(())
        };
        change(at, self.table_name.clone(), work).await?;
        Ok((self, ()))
    }
}

/// Changes what is kept of a table.
async fn change(
    at: &Moments,
    name: String,
    work: impl FnOnce(&mut Table) -> Result<(), Refusal> + Send + 'static,
) -> Result<(), Stop> {
    check::table_name(&name)?;
    let changed = at.write(move |write, service| {
        let mut table = table::existing(write, service, &name)?;
        work(&mut table)?;
        write.put(table_key(&name), table.save(service)?);
        Ok(())
    });
    changed.await
}
