//! A row as it is kept: all its versions, as a PlainBuffer.

pub(super) mod batch_get;
pub(super) mod batch_write;
pub(super) mod change;
pub(super) mod conflict;
pub(super) mod export;
pub(super) mod follow;
pub(super) mod key;
mod piece;
pub(super) mod range;
pub(super) mod reads;
pub(super) mod update;
pub(super) mod wanted;
pub(super) mod writes;

use campaign_tablestore::plain_buffer::{Encode, decode_row};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Code, Column, KeyValue, PrimaryKey, Row, Value};

use self::key::row_key;
use crate::store::View;
use crate::tablestore::at::At;
use crate::tablestore::table::Table;

/// Bytes of one capacity unit.
const CAPACITY_UNIT: usize = 4096;

/// The column of an index's row that says how long the row lives: as its version does. No caller can name it.
pub(crate) const LIFE: &str = "\0life";

/// Which versions of a table's columns exist at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Versions {
    /// Of one column.
    most: usize,
    /// Versions of this time or earlier have expired, in milliseconds.
    expired: Option<i64>,
    /// Whether the rows are those of an index.
    of_index: bool,
}

impl Versions {
    pub(crate) fn of(table: &Table, now: i64) -> Self {
        let expired = table.time_to_live().map(|life| now.saturating_sub(life));
        Self { most: table.max_versions(), expired, of_index: table.is_index }
    }

    /// Orders the columns as answers have them, and drops what does not exist any more.
    pub(crate) fn prune(self, columns: &mut Vec<Column>) {
        columns.sort_by(|a, b| a.name.cmp(&b.name).then(b.timestamp.cmp(&a.timestamp)));
        // Of the same version written twice the later one counts; the sort keeps their order.
        columns.reverse();
        columns.dedup_by(|later, kept| later.name == kept.name && later.timestamp == kept.timestamp);
        columns.reverse();
        columns.retain(|column| self.expired.is_none_or(|expired| column.timestamp > Some(expired)));
        let mut name = None;
        let mut count = 0;
        columns.retain(|column| {
            if name.as_ref() != Some(&column.name) {
                name = Some(column.name.clone());
                count = 0;
            }
            count += 1;
            count <= self.most
        });
    }
}

/// Reads a kept row. A row whose columns have all expired is none; one that was put without columns is
/// there for ever.
pub(crate) fn load(bytes: &[u8], versions: Versions) -> Result<Option<Row>, Refusal> {
    let row = decode_row(bytes).ok().flatten();
    // The store's checksums hold, so this would be a mistake of ours.
    let mut row = row.ok_or_else(|| Refusal::new(Code::InternalServerError, "A kept row cannot be read."))?;
    let had_columns = !row.columns.is_empty();
    versions.prune(&mut row.columns);
    if versions.of_index && had_columns {
        let lives = row.columns.iter().position(|column| *column.name == *LIFE);
        return Ok(lives.map(|at| {
            row.columns.remove(at);
            row
        }));
    }
    Ok(Some(row).filter(|row| !had_columns || !row.columns.is_empty()))
}

/// The row of this key as it is at `at`.
pub(crate) fn find(view: &impl View, table: &Table, key: &PrimaryKey, at: &At) -> Result<Option<Row>, Refusal> {
    let bytes = view.get(&row_key(table.number, key))?;
    Ok(bytes.map(|bytes| load(&bytes, Versions::of(table, at.now))).transpose()?.flatten())
}

/// The bytes to keep.
pub(crate) fn save(row: &Row) -> Vec<u8> {
    row.to_bytes()
}

/// A row's size as capacity is counted: names and values (official SDK tests).
pub(crate) fn size(row: &Row) -> usize {
    key_size(&row.primary_key) + row.columns.iter().map(column_size).sum::<usize>()
}

pub(crate) fn column_size(column: &Column) -> usize {
    column.name.len() + value_size(&column.value)
}

pub(crate) fn key_size(key: &PrimaryKey) -> usize {
    let value = |value: &KeyValue| match value {
        KeyValue::String(text) => text.len(),
        KeyValue::Binary(bytes) => bytes.len(),
        _ => 8,
    };
    key.columns().iter().map(|column| column.name.len() + value(&column.value)).sum()
}

pub(crate) fn value_size(value: &Value) -> usize {
    match value {
        Value::Integer(_) | Value::Double(_) => 8,
        Value::Boolean(_) => 1,
        Value::String(text) => text.len(),
        Value::Binary(bytes) => bytes.len(),
    }
}

/// Capacity units of so many bytes: of 4 KB, rounded up, at least one.
pub(crate) fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(CAPACITY_UNIT).max(1)).unwrap_or(u32::MAX)
}
