//! An entry as a row and back.
//!
//! | column | holds |
//! |---|---|
//! | `k` (primary key) | the row key |
//! | `id`, `digest`, `call` | the names of the entry, as text |
//! | `at` | when it was accepted, in milliseconds since 1970-01-01 UTC |
//! | `f_NAME` | the field NAME |
//! | `erased` | true; the only column of a tombstone |

use campaign_core::{
    RowKey,
    store::{Entry, Fields, StoreError, Stored},
};
use chrono::DateTime;
use thiserror::Error;

use crate::{KeyValue, Name, PrimaryKey, Row, Value};

/// The primary key column.
pub(super) const KEY: Name = Name::from_static("k");
const ID: Name = Name::from_static("id");
const DIGEST: Name = Name::from_static("digest");
const CALL: Name = Name::from_static("call");
const AT: Name = Name::from_static("at");
const ERASED: Name = Name::from_static("erased");
/// Begins the column of a field, so that no field can be taken for another column.
const FIELD: &str = "f_";

/// A row of the table is not an entry. The message names the column and never shows what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a row of the table is not an entry: column {0} is missing or not what it should be")]
struct NotAnEntry(&'static str);

impl From<NotAnEntry> for StoreError {
    fn from(error: NotAnEntry) -> Self {
        Self::permanent().with_source(error)
    }
}

/// The primary key of a row.
pub(super) fn key(key: &RowKey) -> PrimaryKey {
    PrimaryKey::new().with(KEY, key.as_str())
}

/// The row of an entry.
pub(super) fn of_entry(row_key: &RowKey, entry: &Entry) -> Row {
    let row = Row::new(key(row_key))
        .with(ID, entry.id.as_str())
        .with(DIGEST, entry.digest.to_string())
        .with(CALL, entry.call.to_string())
        .with(AT, entry.received_at.timestamp_millis());
    entry.fields.iter().fold(row, |row, (name, value)| row.with([FIELD, name].concat(), value))
}

/// The row that stays of an erased entry.
pub(super) fn of_tombstone(row_key: &RowKey) -> Row {
    Row::new(key(row_key)).with(ERASED, true)
}

/// Reads a row of the table.
pub(super) fn read(row: &Row) -> Result<(RowKey, Stored), StoreError> {
    let key = row.key(&KEY).and_then(KeyValue::as_str).and_then(|key| key.parse().ok()).ok_or(NotAnEntry("k"))?;
    if row.get(&ERASED).is_some() {
        return Ok((key, Stored::Erased));
    }
    let at = row.get(&AT).and_then(Value::as_i64).and_then(DateTime::from_timestamp_millis);
    let entry = Entry {
        id: parsed(row, &ID, "id")?,
        digest: parsed(row, &DIGEST, "digest")?,
        call: parsed(row, &CALL, "call")?,
        received_at: at.ok_or(NotAnEntry("at"))?,
        fields: fields(row)?,
    };
    Ok((key, Stored::Entry(entry)))
}

fn parsed<T: std::str::FromStr>(row: &Row, name: &Name, known: &'static str) -> Result<T, NotAnEntry> {
    row.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok()).ok_or(NotAnEntry(known))
}

fn fields(row: &Row) -> Result<Fields, NotAnEntry> {
    let mut fields = Fields::new();
    for column in &row.columns {
        let Some(name) = column.name.strip_prefix(FIELD) else { continue };
        fields.insert(name, column.value.as_str().ok_or(NotAnEntry("f_NAME"))?);
    }
    Ok(fields)
}
