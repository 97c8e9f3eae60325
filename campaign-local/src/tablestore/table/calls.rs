//! CreateTable, ListTable, DescribeTable, DeleteTable.

use std::ops::ControlFlow;

use campaign_tablestore::op::create_table::CreateTable;
use campaign_tablestore::op::delete_table::DeleteTable;
use campaign_tablestore::op::describe_table::{DescribeTable, TableDescription, TableStatus};
use campaign_tablestore::op::list_table::ListTable;
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Code, KeyColumn, Name, PrimaryKey, TableStore};

use super::rules::{self, already_exists};
use super::throughput::{self, Throughput};
use crate::store::{Order, Store, StoreError, View, space};
use crate::tablestore::check::{self, unsupported};
use crate::tablestore::index;
use crate::tablestore::operations::{Emulate, Moments, Stop};
use crate::tablestore::row::key::table_prefix;
use crate::tablestore::search;
use crate::tablestore::stream::{self, stream_prefix};
use crate::tablestore::table::{self, REMOVING, Table, sequence_key, table_key};

/// Tables and indexes of an instance (service document "General limits").
const TABLES: usize = 64;

/// Rows of a deleted table that are removed in one commit.
const REMOVED_AT_ONCE: usize = 2000;

impl Emulate for CreateTable {
    fn about(&self) -> Vec<u8> {
        self.table_meta.table_name.clone().into_bytes()
    }

    async fn done(self, at: &Moments) -> Result<(Self, ()), Stop> {
        rules::table(&self)?;
        if self.sse_spec.as_ref().is_some_and(|spec| spec.enable) {
            return Err(unsupported("server-side encryption").into());
        }
        let (request, now) = (self.clone(), at.now);
        let made = at.write(move |write, service| {
            let name = request.table_meta.table_name.clone();
            // Tables and indexes share their names.
            if table::find(write, service, &name)?.is_some() || index::find(write, &name)?.is_some() {
                return Err(already_exists());
            }
            check_quota(write, 1 + request.index_metas.len())?;
            for meta in &request.index_metas {
                index::make(write, service, &meta.name, &name, false, now)?;
            }
            let number = table::next_number(write)?;
            let mut table = Table::new(number, now, request);
            if let Some(spec) = table.request.stream_spec.take() {
                stream::set(write, &mut table, spec, now)?;
            }
            write.put(table_key(&name), table.save(service)?);
            Ok(())
        });
        made.await?;
        at.cloud.partitions.made(&self.table_meta.table_name, &self.split_points, at.now);
        Ok((self, ()))
    }
}

impl Emulate for ListTable {
    fn about(&self) -> Vec<u8> {
        Vec::new()
    }

    async fn done(self, at: &Moments) -> Result<(Self, Vec<String>), Stop> {
        Ok((self, at.read(|read, _| names(read)).await?))
    }
}

/// Refused if an instance cannot have so many `more` tables and indexes.
pub(crate) fn check_quota(view: &impl View, more: usize) -> Result<(), Refusal> {
    if names(view)?.len() + index::count(view)? + more <= TABLES {
        return Ok(());
    }
    Err(Refusal::new(Code::QuotaExhausted, "Number of tables exceeded the quota."))
}

/// The names of all tables, sorted.
pub(crate) fn names(view: &impl View) -> Result<Vec<String>, Refusal> {
    let mut names = Vec::new();
    view.scan(table::ALL..space::end_of(table::ALL).as_slice(), Order::Forward, &mut |key, _| {
        names.push(String::from_utf8_lossy(&key[table::ALL.len()..]).into_owned());
        ControlFlow::Continue(())
    })?;
    Ok(names)
}

impl Emulate for DescribeTable {
    fn about(&self) -> Vec<u8> {
        self.table_name.clone().into_bytes()
    }

    async fn done(self, at: &Moments) -> Result<(Self, TableDescription), Stop> {
        let name = self.table_name.clone();
        check::table_name(&name)?;
        Ok((self, at.read(move |read, service| describe(read, service, &name)).await?))
    }
}

fn describe(view: &impl View, service: &TableStore, name: &str) -> Result<TableDescription, Refusal> {
    let table = match index::find(view, name)? {
        Some(index) => index::described(view, service, name, &index)?,
        None => table::existing(view, service, name)?,
    };
    let stream_details = stream::details(view, &table)?;
    let reserved_throughput_details = Throughput::find(view, &table)?.details(&table);
    let mut request = table.request;
    for meta in &mut request.index_metas {
        meta.index_sync_phase = index::find(view, &meta.name)?.map(|index| index.phase());
    }
    let first = request.table_meta.primary_key.first().map(|column| Name::from(column.name.as_str()));
    let splits = request.split_points.into_iter().filter_map(|value| {
        let name = first.clone()?;
        Some(PrimaryKey::from_iter([KeyColumn { value, name }]))
    });
    Ok(TableDescription {
        reserved_throughput_details,
        table_options: request.table_options,
        table_status: Some(TableStatus::Active),
        stream_details,
        shard_splits: splits.collect(),
        sse_details: None,
        index_metas: request.index_metas,
        // In microseconds, as the service has it.
        creation_time: Some(table.created.saturating_mul(1000)),
        table_meta: request.table_meta,
    })
}

impl Emulate for DeleteTable {
    fn about(&self) -> Vec<u8> {
        self.table_name.clone().into_bytes()
    }

    async fn done(self, at: &Moments) -> Result<(Self, ()), Stop> {
        let name = self.table_name.clone();
        check::table_name(&name)?;
        // The table is gone at once; its rows, which nobody can reach any more, follow in pieces.
        let removed = at.write(move |write, service| {
            let table = table::existing(write, service, &name)?;
            write.delete(table_key(&name));
            write.delete(sequence_key(table.number));
            write.delete(throughput::place(table.number));
            search::index::remove_all(write, &name)?;
            stream::remove(write, table.number)?;
            for meta in &table.request.index_metas {
                index::remove(write, &meta.name)?;
            }
            write.put([REMOVING, &table.number.to_be_bytes()].concat(), []);
            Ok(table.request.index_metas)
        });
        for index in removed.await? {
            at.cloud.partitions.forget(&index.name);
        }
        at.cloud.partitions.forget(&self.table_name);
        finish_removals(&at.cloud.store).await?;
        Ok((self, ()))
    }
}

/// Removes the rows of deleted tables, and the records of streams that were switched off.
pub(crate) async fn finish_removals(store: &Store) -> Result<(), StoreError> {
    loop {
        let done = store.write(|write| {
            let mut removing = None;
            write.scan(REMOVING..space::end_of(REMOVING).as_slice(), Order::Forward, &mut |key, _| {
                removing = Some(key.to_vec());
                ControlFlow::Break(())
            })?;
            let Some(marker) = removing else { return Ok(true) };
            let number = marker[REMOVING.len()..].try_into().map(u64::from_be_bytes).unwrap_or_default();
            let mut rows = Vec::new();
            for prefix in [table_prefix(number), stream_prefix(number)] {
                write.scan(prefix.as_slice()..space::end_of(&prefix).as_slice(), Order::Forward, &mut |key, _| {
                    rows.push(key.to_vec());
                    if rows.len() < REMOVED_AT_ONCE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                })?;
            }
            if rows.is_empty() {
                write.delete(marker);
            }
            rows.into_iter().for_each(|row| write.delete(row));
            Ok::<_, StoreError>(false)
        });
        if done.await? {
            return Ok(());
        }
    }
}
