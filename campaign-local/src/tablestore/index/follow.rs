//! Keeps the rows of a table's indexes, in the commit that changes the table's row.
//!
//! A row of an index has the values of the index's key columns and of its attribute columns. A row of the table that lacks a
//! key column of the index, or holds a value of another type there, is not in the index (service document "Secondary index").

use campaign_tablestore::plain_buffer::decode_row;
use campaign_tablestore::schema::{IndexMeta, KeyType, PrimaryKeySchema};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Column, KeyColumn, KeyValue, Name, Row, Value};

use crate::store::{View, Write};
use crate::tablestore::check::{KEY_BYTES, too_long};
use crate::tablestore::index;
use crate::tablestore::row;
use crate::tablestore::row::follow::Changed;
use crate::tablestore::row::key::row_key;
use crate::tablestore::table::rules::index_key;
use crate::tablestore::table::{Table, unreadable};

/// Follows a change of a row, before the row itself is kept.
pub(crate) fn keep_indexes(write: &mut Write<'_>, changed: &Changed<'_>) -> Result<(), Refusal> {
    let table = changed.table;
    if table.request.index_metas.is_empty() {
        return Ok(());
    }
    // As it is kept, and not as it is at this moment: what has expired has its place in the index all the same.
    let kept = write.get(&row_key(table.number, changed.key))?;
    let before = kept.and_then(|bytes| decode_row(&bytes).ok().flatten());
    for meta in &table.request.index_metas {
        let index = index::find(write, &meta.name)?.ok_or_else(unreadable)?;
        let schema = index_key(&table.request.table_meta, meta)?;
        let before = before.as_ref().and_then(|row| projected(&schema, meta, row));
        let after = changed.after.and_then(|row| projected(&schema, meta, row));
        if let Some(row) = &after {
            check(row)?;
        }
        if let Some(before) =
            before.filter(|row| after.as_ref().is_none_or(|after| after.primary_key != row.primary_key))
        {
            write.delete(row_key(index.number, &before.primary_key));
        }
        if let Some(after) = after {
            write.put(row_key(index.number, &after.primary_key), row::save(&after));
        }
    }
    Ok(())
}

/// Takes a row that was there before the index.
pub(crate) fn take(
    write: &mut Write<'_>,
    table: &Table,
    meta: &IndexMeta,
    number: u64,
    kept: &[u8],
) -> Result<(), Refusal> {
    let row = decode_row(kept).ok().flatten().ok_or_else(unreadable)?;
    let schema = index_key(&table.request.table_meta, meta)?;
    // One that is too long was written before there was the index; nobody can be told.
    if let Some(row) = projected(&schema, meta, &row).filter(|row| check(row).is_ok()) {
        write.put(row_key(number, &row.primary_key), row::save(&row));
    }
    Ok(())
}

/// The row of the index that `row` has.
fn projected(schema: &[PrimaryKeySchema], meta: &IndexMeta, row: &Row) -> Option<Row> {
    let mut expires = None;
    let key = schema.iter().map(|column| {
        if let Some(own) = row.primary_key.columns().iter().find(|own| *own.name == *column.name) {
            return Some(own.clone());
        }
        let cell = row.columns.iter().find(|cell| *cell.name == *column.name)?;
        let value = match (&cell.value, column.kind) {
            (Value::Integer(number), KeyType::Integer) => KeyValue::Integer(*number),
            (Value::String(text), KeyType::String) => KeyValue::String(text.clone()),
            (Value::Binary(bytes), KeyType::Binary) => KeyValue::Binary(bytes.clone()),
            _ => return None,
        };
        // The row leaves the index when the first of its indexed columns expires.
        expires = expires.map_or(cell.timestamp, |earlier: i64| cell.timestamp.map(|time| time.min(earlier)));
        Some(KeyColumn { value, name: cell.name.clone() })
    });
    let primary_key = key.collect::<Option<_>>()?;
    let held = row.columns.iter().filter(|cell| meta.defined_columns.iter().any(|name| *cell.name == **name));
    let mut columns: Vec<Column> = held.cloned().collect();
    // Without indexed columns it lives as long as any column of the table's row.
    if let Some(time) = expires.or_else(|| row.columns.iter().filter_map(|cell| cell.timestamp).max()) {
        columns.push(Column { name: Name::from_static(row::LIFE), value: Value::Boolean(true), timestamp: Some(time) });
    }
    Some(Row { primary_key, columns })
}

/// Values in keys are shorter than those of columns.
fn check(row: &Row) -> Result<(), Refusal> {
    for column in row.primary_key.columns() {
        let length = match &column.value {
            KeyValue::String(text) => text.len(),
            KeyValue::Binary(bytes) => bytes.len(),
            _ => 0,
        };
        if length > KEY_BYTES {
            return Err(too_long("primary key", &column.name, KEY_BYTES, length));
        }
    }
    Ok(())
}
