//! A row as it is put and as it is read.

use super::{KeyValue, Name, PrimaryKey};
use crate::Value;

/// A value of an attribute column, with its version.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The name. Several columns of one row may share a name if their timestamps differ: those are its versions.
    pub name: Name,
    /// The value.
    pub value: Value,
    /// The version: milliseconds since 1970-01-01 UTC, in `[0, i64::MAX / 1000)`. In a write, `None` lets the service take
    /// its own time. In an answer it is there.
    pub timestamp: Option<i64>,
}

impl Column {
    /// A column whose version the service chooses.
    #[must_use]
    pub fn new(name: impl Into<Name>, value: impl Into<Value>) -> Self {
        Self { name: name.into(), value: value.into(), timestamp: None }
    }

    /// A column of a version, in milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn at(name: impl Into<Name>, value: impl Into<Value>, timestamp: i64) -> Self {
        Self { name: name.into(), value: value.into(), timestamp: Some(timestamp) }
    }
}

/// A row: the primary key and the attribute columns.
///
/// ```
/// use campaign_tablestore::{PrimaryKey, Row, Value};
///
/// let row = Row::new(PrimaryKey::new().with("id", "a"))
///     .with("name", "Li")
///     .with("age", 37);
/// assert_eq!(row.get("name").and_then(Value::as_str), Some("Li"));
/// assert!(row.get("city").is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The primary key.
    pub primary_key: PrimaryKey,
    /// The attribute columns. In an answer they are ordered by name, and the versions of one name newest first.
    pub columns: Vec<Column>,
}

impl Row {
    /// A row without attribute columns.
    #[must_use]
    pub const fn new(primary_key: PrimaryKey) -> Self {
        Self { primary_key, columns: Vec::new() }
    }

    /// Adds a column whose version the service chooses.
    #[must_use]
    pub fn with(self, name: impl Into<Name>, value: impl Into<Value>) -> Self {
        self.with_column(Column::new(name, value))
    }

    /// Adds a version of a column; `timestamp` is in milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn with_version(self, name: impl Into<Name>, value: impl Into<Value>, timestamp: i64) -> Self {
        self.with_column(Column::at(name, value, timestamp))
    }

    fn with_column(mut self, column: Column) -> Self {
        if self.columns.is_empty() {
            // Most rows have some columns: room for them at once is moved less often.
            self.columns.reserve(8);
        }
        self.columns.push(column);
        self
    }

    /// The value of the first attribute column of this name: in an answer, its newest version.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.versions(name).next().map(|column| &column.value)
    }

    /// The value of the primary key column of this name.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&KeyValue> {
        self.primary_key.get(name)
    }

    /// The versions of the attribute column of this name: in an answer, newest first.
    pub fn versions(&self, name: &str) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(move |column| column.name == *name)
    }
}
