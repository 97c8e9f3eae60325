//! A search index as it is kept: when it was made, and the request that made it.

use std::ops::ControlFlow;

use bytes::Bytes;
use campaign_client::{Operation, Serve};
use campaign_tablestore::op::create_search_index::CreateSearchIndex;
use campaign_tablestore::search::{FieldSchema, FieldType, IndexSchema};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Code, PrimaryKey, Row, TableStore};

use crate::store::{Order, View, Write, space};
use crate::tablestore::check::invalid;
use crate::tablestore::row::key::{row_key, table_prefix};
use crate::tablestore::row::{self, Versions};
use crate::tablestore::table::{self, Table, unreadable};

/// An index.
#[derive(Clone, Debug)]
pub(in super::super) struct SearchIndex {
    /// Milliseconds since 1970.
    pub(super) created: i64,
    /// What was asked for, with the service's defaults.
    pub(super) request: CreateSearchIndex,
}

/// What the keys of all search indexes begin with; a table's name ends with a zero.
const ALL: &[u8] = &[space::TABLES, b'z'];

fn prefix(table: &str) -> Vec<u8> {
    [ALL, table.as_bytes(), &[0]].concat()
}

/// Where an index is kept.
pub(super) fn place(table: &str, index: &str) -> Vec<u8> {
    [prefix(table).as_slice(), index.as_bytes()].concat()
}

impl SearchIndex {
    /// The bytes to keep.
    pub(super) fn save(&self, service: &TableStore) -> Result<Vec<u8>, Refusal> {
        let request = self.request.request(service).map_err(|_| unreadable())?.into_body();
        let body = request.bytes().ok_or_else(unreadable)?;
        Ok([&self.created.to_be_bytes(), body.as_ref()].concat())
    }

    fn load(service: &TableStore, bytes: &[u8]) -> Result<Self, Refusal> {
        let (created, body) = bytes.split_first_chunk().ok_or_else(unreadable)?;
        let uri = http::Uri::from_static("/CreateSearchIndex");
        let (parts, ()) = http::Request::post(uri).body(()).map_err(|_| unreadable())?.into_parts();
        let request = CreateSearchIndex::read_request(service, &parts, Bytes::copy_from_slice(body));
        Ok(Self { created: i64::from_be_bytes(*created), request: request.map_err(|_| unreadable())? })
    }

    pub(super) const fn schema(&self) -> &IndexSchema {
        &self.request.schema
    }

    /// Calls `visit` with each row that the index has at `now`, in the order of their keys from the one behind `after` on,
    /// with the newest version of each column, until it answers `Break`. One row at a time is held.
    pub(super) fn each(
        &self,
        view: &impl View,
        (table, now): (&Table, i64),
        after: Option<&PrimaryKey>,
        visit: &mut dyn FnMut(Row) -> Result<ControlFlow<()>, Refusal>,
    ) -> Result<(), Refusal> {
        let all = table_prefix(table.number);
        // No key begins another one, so the next one is behind all that begins so.
        let start = after.map_or_else(|| all.clone(), |key| space::end_of(&row_key(table.number, key)));
        let mut refused = None;
        view.scan(start.as_slice()..space::end_of(&all).as_slice(), Order::Forward, &mut |_, bytes| {
            let flow = match self.read(bytes, table, now) {
                Ok(Some(row)) => visit(row),
                Ok(None) => Ok(ControlFlow::Continue(())),
                Err(refusal) => Err(refusal),
            };
            flow.unwrap_or_else(|refusal| {
                refused = Some(refusal);
                ControlFlow::Break(())
            })
        })?;
        refused.map_or(Ok(()), Err)
    }

    /// The row of this key, if the index has it at `now`.
    pub(super) fn row(
        &self,
        view: &impl View,
        (table, now): (&Table, i64),
        key: &PrimaryKey,
    ) -> Result<Option<Row>, Refusal> {
        let bytes = view.get(&row_key(table.number, key))?;
        bytes.map_or(Ok(None), |bytes| self.read(&bytes, table, now))
    }

    fn read(&self, bytes: &[u8], table: &Table, now: i64) -> Result<Option<Row>, Refusal> {
        let oldest = self.request.time_to_live.filter(|seconds| *seconds > 0);
        let oldest = oldest.map(|seconds| now.saturating_sub(i64::from(seconds) * 1000));
        let Some(mut row) = row::load(bytes, Versions::of(table, now))? else { return Ok(None) };
        row.columns.dedup_by(|later, kept| later.name == kept.name);
        let newest = row.columns.iter().filter_map(|column| column.timestamp).max();
        Ok(Some(row).filter(|_| oldest.is_none_or(|oldest| newest.is_none_or(|newest| newest > oldest))))
    }
}

/// The table of this name; searches have a text of their own for one that is missing (official SDK tests).
pub(super) fn table_of(view: &impl View, service: &TableStore, name: &str) -> Result<Table, Refusal> {
    table::find(view, service, name)?.ok_or_else(|| invalid(format!("table [{name}] does not exist")))
}

/// The index of this name.
pub(super) fn find(
    view: &impl View,
    service: &TableStore,
    table: &str,
    name: &str,
) -> Result<Option<SearchIndex>, Refusal> {
    view.get(&place(table, name))?.map(|bytes| SearchIndex::load(service, &bytes)).transpose()
}

/// The same, and refused if there is none (official SDK tests).
pub(super) fn existing(
    view: &impl View,
    service: &TableStore,
    table: &str,
    name: &str,
) -> Result<SearchIndex, Refusal> {
    let found = find(view, service, table, name)?;
    found.ok_or_else(|| Refusal::new(Code::MetaNotMatch, format!("search index [{name}] does not exist")))
}

/// The names of tables and indexes, sorted.
pub(super) fn names(view: &impl View, table: Option<&str>) -> Result<Vec<(String, String)>, Refusal> {
    let start = table.map_or_else(|| ALL.to_vec(), prefix);
    let mut names = Vec::new();
    view.scan(start.as_slice()..space::end_of(&start).as_slice(), Order::Forward, &mut |key, _| {
        let name = String::from_utf8_lossy(key.get(ALL.len()..).unwrap_or_default()).into_owned();
        names.extend(name.split_once('\0').map(|(table, index)| (table.to_owned(), index.to_owned())));
        ControlFlow::Continue(())
    })?;
    Ok(names)
}

/// Removes the indexes of a table that is deleted.
pub(in super::super) fn remove_all(write: &mut Write<'_>, table: &str) -> Result<(), Refusal> {
    for (table, index) in names(write, Some(table))? {
        write.delete(place(&table, &index));
    }
    Ok(())
}

/// The field of this path, through nested fields.
pub(super) fn field<'a>(fields: &'a [FieldSchema], path: &str) -> Option<&'a FieldSchema> {
    fields.iter().find_map(|field| {
        if field.name == path {
            return Some(field);
        }
        let rest = path.strip_prefix(field.name.as_str())?.strip_prefix('.')?;
        if field.field_type == FieldType::Nested { self::field(&field.fields, rest) } else { None }
    })
}
