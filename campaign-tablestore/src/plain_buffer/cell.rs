//! Rows and cells as they are read: borrowed from the buffer.

use std::fmt;

use super::sequence::Sequence;
use super::tag;
use crate::{KeyValue, Value};

/// A value in a buffer: of a primary key column or of an attribute column.
///
/// `Debug` shows the type and the length, never the value.
#[derive(Clone, Copy, PartialEq)]
pub enum ValueRef<'a> {
    /// A signed 64-bit number.
    Integer(i64),
    /// A 64-bit floating-point number.
    Double(f64),
    /// True or false.
    Boolean(bool),
    /// Text.
    String(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
    /// Before every value; in bounds only.
    InfMin,
    /// After every value; in bounds only.
    InfMax,
    /// A number the service is to choose; in writes only.
    AutoIncrement,
}

impl ValueRef<'_> {
    /// The owned value of an attribute column, if it can be one.
    #[must_use]
    pub fn to_value(self) -> Option<Value> {
        match self {
            Self::Integer(value) => Some(Value::Integer(value)),
            Self::Double(value) => Some(Value::Double(value)),
            Self::Boolean(value) => Some(Value::Boolean(value)),
            Self::String(value) => Some(Value::String(value.to_owned())),
            Self::Binary(value) => Some(Value::Binary(value.to_vec())),
            Self::InfMin | Self::InfMax | Self::AutoIncrement => None,
        }
    }

    /// The owned value of a primary key column, if it can be one.
    #[must_use]
    pub fn to_key_value(self) -> Option<KeyValue> {
        match self {
            Self::Integer(value) => Some(KeyValue::Integer(value)),
            Self::String(value) => Some(KeyValue::String(value.to_owned())),
            Self::Binary(value) => Some(KeyValue::Binary(value.to_vec())),
            Self::InfMin => Some(KeyValue::InfMin),
            Self::InfMax => Some(KeyValue::InfMax),
            Self::AutoIncrement => Some(KeyValue::AutoIncrement),
            Self::Double(_) | Self::Boolean(_) => None,
        }
    }

    pub(super) const fn type_tag(self) -> u8 {
        match self {
            Self::Integer(_) => tag::INTEGER,
            Self::Double(_) => tag::DOUBLE,
            Self::Boolean(_) => tag::BOOLEAN,
            Self::String(_) => tag::STRING,
            Self::Binary(_) => tag::BLOB,
            Self::InfMin => tag::INF_MIN,
            Self::InfMax => tag::INF_MAX,
            Self::AutoIncrement => tag::AUTO_INCREMENT,
        }
    }
}

impl<'a> From<&'a Value> for ValueRef<'a> {
    #[inline(always)]
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Integer(value) => Self::Integer(*value),
            Value::Double(value) => Self::Double(*value),
            Value::Boolean(value) => Self::Boolean(*value),
            Value::String(value) => Self::String(value),
            Value::Binary(value) => Self::Binary(value),
        }
    }
}

impl<'a> From<&'a KeyValue> for ValueRef<'a> {
    #[inline(always)]
    fn from(value: &'a KeyValue) -> Self {
        match value {
            KeyValue::Integer(value) => Self::Integer(*value),
            KeyValue::String(value) => Self::String(value),
            KeyValue::Binary(value) => Self::Binary(value),
            KeyValue::InfMin => Self::InfMin,
            KeyValue::InfMax => Self::InfMax,
            KeyValue::AutoIncrement => Self::AutoIncrement,
        }
    }
}

impl fmt::Debug for ValueRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(_) => f.write_str("Integer(_)"),
            Self::Double(_) => f.write_str("Double(_)"),
            Self::Boolean(_) => f.write_str("Boolean(_)"),
            Self::String(value) => write!(f, "String({} bytes)", value.len()),
            Self::Binary(value) => write!(f, "Binary({} bytes)", value.len()),
            Self::InfMin => f.write_str("InfMin"),
            Self::InfMax => f.write_str("InfMax"),
            Self::AutoIncrement => f.write_str("AutoIncrement"),
        }
    }
}

/// What a cell does to its column, if it is not a plain value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellOp {
    /// Deletes all versions.
    DeleteAllVersions,
    /// Deletes the version of the cell's timestamp.
    DeleteOneVersion,
    /// Adds the cell's value.
    Increment,
}

impl CellOp {
    pub(super) const fn from_tag(byte: u8) -> Option<Self> {
        match byte {
            tag::DELETE_ALL_VERSION => Some(Self::DeleteAllVersions),
            tag::DELETE_ONE_VERSION => Some(Self::DeleteOneVersion),
            tag::INCREMENT => Some(Self::Increment),
            _ => None,
        }
    }

    pub(super) const fn tag(self) -> u8 {
        match self {
            Self::DeleteAllVersions => tag::DELETE_ALL_VERSION,
            Self::DeleteOneVersion => tag::DELETE_ONE_VERSION,
            Self::Increment => tag::INCREMENT,
        }
    }
}

/// A column of a row in a buffer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellRef<'a> {
    /// The name.
    pub name: &'a str,
    /// The value; deletions have none.
    pub value: Option<ValueRef<'a>>,
    /// What the cell does, if it is not a plain value.
    pub op: Option<CellOp>,
    /// The version: milliseconds since 1970-01-01 UTC.
    pub timestamp: Option<i64>,
}

/// A row in a buffer. `'a` is the buffer, `'r` the reader, which uses one list of cells for all its rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowRef<'r, 'a> {
    pub(super) cells: &'r [CellRef<'a>],
    pub(super) key_columns: usize,
    pub(super) delete_marker: bool,
    pub(super) sequence: Option<Sequence>,
}

impl<'r, 'a> RowRef<'r, 'a> {
    /// The columns of the primary key. Empty only for [`Shape::Record`](super::Shape::Record).
    #[must_use]
    pub fn primary_key(&self) -> &'r [CellRef<'a>] {
        self.cells.get(..self.key_columns).unwrap_or_default()
    }

    /// The attribute columns, in the order of the buffer.
    #[must_use]
    pub fn columns(&self) -> &'r [CellRef<'a>] {
        self.cells.get(self.key_columns..).unwrap_or_default()
    }

    /// Whether the row is marked as deleted.
    #[must_use]
    pub const fn is_deleted(&self) -> bool {
        self.delete_marker
    }

    /// The place of the change in its stream; only rows of a stream have one.
    #[must_use]
    pub const fn sequence(&self) -> Option<Sequence> {
        self.sequence
    }

    /// The value of the first attribute column of this name: in an answer, its newest version.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<ValueRef<'a>> {
        self.columns().iter().find(|cell| cell.name == name).and_then(|cell| cell.value)
    }

    /// The value of the primary key column of this name.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<ValueRef<'a>> {
        self.primary_key().iter().find(|cell| cell.name == name).and_then(|cell| cell.value)
    }
}
