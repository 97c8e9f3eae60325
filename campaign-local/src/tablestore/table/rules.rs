//! What is refused of tables and indexes to be made or changed (service documents "Limits" and "Secondary index"; texts as
//! the official SDKs' functional tests have them where they have them).

use std::collections::HashSet;

use campaign_tablestore::op::create_table::CreateTable;
use campaign_tablestore::schema::{
    ColumnType, IndexMeta, IndexType, KeyType, MIN_TIME_TO_LIVE, PrimaryKeySchema, TableMeta, TableOptions,
};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Code, KeyValue, MAX_KEY_COLUMNS};

use crate::tablestore::check::{column_name, invalid, table_name};

const DEFINED_COLUMNS: usize = 32;
/// Indexes of a table.
const INDEXES: usize = 5;
/// Attribute columns of an index.
const INDEX_COLUMNS: usize = 32;
/// Capacity units that can be reserved, for reading and for writing.
const RESERVED_UNITS: u32 = 100_000;
/// Partitions that a table can be made with.
const PARTITIONS: usize = 10;
/// Bytes of a split point.
const SPLIT_POINT_BYTES: usize = 64;

/// A table to be made.
pub(crate) fn table(request: &CreateTable) -> Result<(), Refusal> {
    let meta = &request.table_meta;
    table_name(&meta.table_name)?;
    if !(1..=MAX_KEY_COLUMNS).contains(&meta.primary_key.len()) {
        return Err(invalid("The number of primary key columns must be in range: [1, 4]."));
    }
    for (index, column) in meta.primary_key.iter().enumerate() {
        column_name(&column.name)?;
        if meta.primary_key[..index].iter().any(|other| other.name == column.name) {
            return Err(invalid(format!("Duplicated primary key name: '{}'.", column.name)));
        }
        let earlier = meta.primary_key[..index].iter().any(|other| other.auto_increment);
        if column.auto_increment && (index == 0 || earlier || column.kind != KeyType::Integer) {
            return Err(invalid("AUTO_INCREMENT is for one INTEGER column that is not the first."));
        }
    }
    defined_columns(meta)?;
    options(&request.table_options)?;
    reserved(request.reserved_throughput.read, request.reserved_throughput.write)?;
    split_points(meta, &request.split_points)?;
    indexes(meta, &request.table_options, &request.index_metas)
}

/// The defined columns of a table as it is to be.
pub(crate) fn defined_columns(meta: &TableMeta) -> Result<(), Refusal> {
    if meta.defined_columns.len() > DEFINED_COLUMNS {
        return Err(invalid("The number of defined columns must be in range: [0, 32]."));
    }
    let mut names: HashSet<&str> = meta.primary_key.iter().map(|column| column.name.as_str()).collect();
    for column in &meta.defined_columns {
        column_name(&column.name)?;
        if !names.insert(&column.name) {
            return Err(invalid(format!("Duplicated defined column name: '{}'.", column.name)));
        }
    }
    Ok(())
}

/// What an options message says; what it leaves out stays as it is.
pub(crate) fn options(options: &TableOptions) -> Result<(), Refusal> {
    let least = i32::try_from(MIN_TIME_TO_LIVE.as_secs()).unwrap_or(i32::MAX);
    if options.time_to_live.is_some_and(|seconds| seconds != -1 && seconds < least) {
        return Err(invalid("The time to live must be -1 or at least 86400 seconds."));
    }
    if options.max_versions.is_some_and(|versions| versions < 1) {
        return Err(invalid("The max versions must be greater than 0."));
    }
    if options.deviation_cell_version_in_sec.is_some_and(|seconds| seconds < 1) {
        return Err(invalid("The deviation of cell versions must be greater than 0."));
    }
    Ok(())
}

/// Throughput to be reserved.
pub(crate) fn reserved(read: u32, write: u32) -> Result<(), Refusal> {
    if read.max(write) <= RESERVED_UNITS {
        return Ok(());
    }
    Err(invalid("The reserved throughput must be in range: [0, 100000]."))
}

fn split_points(meta: &TableMeta, points: &[KeyValue]) -> Result<(), Refusal> {
    if points.len() >= PARTITIONS {
        return Err(invalid("The count of partitions cannot be greater than 10"));
    }
    let bytes = |length: usize, empty: &str| match length {
        0 => Err(invalid(format!("The value of partition range can not be empty {empty}."))),
        1..=SPLIT_POINT_BYTES => Ok(()),
        _ => Err(invalid(format!(
            "The value of partition range exceeds the MaxLength:{SPLIT_POINT_BYTES} with CurrentLength:{length}."
        ))),
    };
    for point in points {
        match (point, meta.primary_key[0].kind) {
            (KeyValue::Integer(i64::MIN | i64::MAX), KeyType::Integer) => {
                return Err(invalid("The value of partition range can not be INT64_MIN or INT64_MAX."));
            }
            (KeyValue::Integer(_), KeyType::Integer) => {}
            (KeyValue::String(text), KeyType::String) => bytes(text.len(), "string")?,
            (KeyValue::Binary(binary), KeyType::Binary) => bytes(binary.len(), "binary")?,
            _ => return Err(invalid("The value type of partition does not match with primary key.")),
        }
    }
    Ok(())
}

/// All indexes of a table, and the table's options under them.
pub(crate) fn indexes(meta: &TableMeta, options: &TableOptions, indexes: &[IndexMeta]) -> Result<(), Refusal> {
    if indexes.len() > INDEXES {
        return Err(invalid(format!("Number of index per table exceeds the quota:{INDEXES}.")));
    }
    for (at, index) in indexes.iter().enumerate() {
        self::index(meta, index)?;
        if index.name == meta.table_name || indexes[..at].iter().any(|other| other.name == index.name) {
            return Err(already_exists());
        }
    }
    if indexes.is_empty() {
        return Ok(());
    }
    if options.max_versions.unwrap_or(1) != 1 {
        return Err(invalid("A table with indexes keeps one version: its max versions must be 1."));
    }
    // An update would make the columns of one row expire at different times, and the index with it.
    let lives_for_ever = options.time_to_live.unwrap_or(-1) == -1;
    let whole_rows = options.allow_update == Some(false) || options.update_full_row == Some(true);
    if !lives_for_ever && !whole_rows {
        return Err(invalid("A table with indexes and a time to live must not allow updates."));
    }
    Ok(())
}

pub(crate) fn already_exists() -> Refusal {
    Refusal::new(Code::ObjectAlreadyExist, "Requested table already exists.")
}

/// The numbers of an index's columns, which are checked before everything else.
pub(crate) fn index_counts(index: &IndexMeta) -> Result<(), Refusal> {
    if !(1..=MAX_KEY_COLUMNS).contains(&index.primary_key.len()) {
        return Err(invalid("The number of primary key columns must be in range: [1, 4] in index."));
    }
    if index.defined_columns.len() > INDEX_COLUMNS {
        return Err(invalid("The number of attribute columns must be in range: [0, 32] in index."));
    }
    Ok(())
}

fn index(meta: &TableMeta, index: &IndexMeta) -> Result<(), Refusal> {
    table_name(&index.name)?;
    index_counts(index)?;
    let mut names = HashSet::new();
    let repeated = index.primary_key.iter().chain(&index.defined_columns).find(|name| !names.insert(name.as_str()));
    if let Some(name) = repeated {
        return Err(invalid(format!("Duplicated column name in index: '{name}'.")));
    }
    let key = index_key(meta, index)?;
    if key.len() > MAX_KEY_COLUMNS {
        // Rows of more key columns cannot be read: a key has four (service document "General limits").
        return Err(invalid("The index columns and the table's primary key columns are more than 4 together."));
    }
    let unknown = |name: &&String| meta.defined_columns.iter().all(|column| column.name != **name);
    if let Some(name) = index.defined_columns.iter().find(unknown) {
        return Err(invalid(format!("The column '{name}' of the index is not a defined column.")));
    }
    match index.index_type {
        IndexType::Global if key[0].auto_increment => {
            Err(invalid("The first column of an index cannot be AUTO_INCREMENT."))
        }
        IndexType::Local if key[0] != meta.primary_key[0] => {
            Err(invalid("The first column of a local index must be the partition key of its table."))
        }
        _ => Ok(()),
    }
}

/// The key of an index: its own columns, then the table's key columns that are not among them.
pub(crate) fn index_key(meta: &TableMeta, index: &IndexMeta) -> Result<Vec<PrimaryKeySchema>, Refusal> {
    let own = index.primary_key.iter().map(|name| {
        if let Some(column) = meta.primary_key.iter().find(|column| column.name == *name) {
            return Ok(column.clone());
        }
        let defined = meta.defined_columns.iter().find(|column| column.name == *name);
        let kind = match defined.map(|column| column.kind) {
            Some(ColumnType::Integer) => KeyType::Integer,
            Some(ColumnType::String) => KeyType::String,
            Some(ColumnType::Binary) => KeyType::Binary,
            Some(ColumnType::Double | ColumnType::Boolean) => {
                return Err(invalid(format!("The type of '{name}' is invalid for the primary key in index.")));
            }
            None => {
                return Err(invalid(format!("The column '{name}' of the index is no key column or defined column.")));
            }
        };
        Ok(PrimaryKeySchema { name: name.clone(), kind, auto_increment: false })
    });
    let mut key = own.collect::<Result<Vec<_>, _>>()?;
    key.extend(meta.primary_key.iter().filter(|column| !index.primary_key.contains(&column.name)).cloned());
    Ok(key)
}
