//! Primary keys and their order.
//!
//! A primary key is one to four named columns in the order of the table's schema; the first is the partition key. Rows
//! stand in the order of their keys (service document "Data model", and the SDKs' range reads): column by column, INTEGER
//! as numbers, STRING and BINARY as unsigned bytes, INF_MIN before and INF_MAX after everything.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use super::Name;

/// The most columns a primary key can have (service document "General limits").
pub const MAX_KEY_COLUMNS: usize = 4;

/// A value of a primary key column.
///
/// The order of two values is the order of the rows they stand for. Values of different types never meet in one column of
/// a table; they are ordered by type here, so that the order is total.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum KeyValue {
    /// Before every value. Only as a bound of a range.
    InfMin,
    /// A signed 64-bit number.
    Integer(i64),
    /// UTF-8 text, at most 1,024 bytes.
    String(String),
    /// Bytes, at most 1,024.
    Binary(Vec<u8>),
    /// A number the service is to choose. Only in a row to be written, in the column the table declares AUTO_INCREMENT.
    AutoIncrement,
    /// After every value. Only as a bound of a range.
    InfMax,
}

impl KeyValue {
    /// The number, if this is an integer.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            _ => None,
        }
    }

    /// The text, if this is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(value) => Some(value),
            _ => None,
        }
    }

    /// The bytes, if this is a binary value.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Binary(value) => Some(value),
            _ => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::InfMin => 0,
            Self::Integer(_) => 1,
            Self::String(_) => 2,
            Self::Binary(_) => 3,
            Self::AutoIncrement => 4,
            Self::InfMax => 5,
        }
    }
}

impl Ord for KeyValue {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => a.cmp(b),
            (Self::String(a), Self::String(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Self::Binary(a), Self::Binary(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for KeyValue {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Shows the type and the length, never the value.
impl fmt::Debug for KeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InfMin => f.write_str("InfMin"),
            Self::Integer(_) => f.write_str("Integer(_)"),
            Self::String(value) => write!(f, "String({} bytes)", value.len()),
            Self::Binary(value) => write!(f, "Binary({} bytes)", value.len()),
            Self::AutoIncrement => f.write_str("AutoIncrement"),
            Self::InfMax => f.write_str("InfMax"),
        }
    }
}

macro_rules! integers {
    ($($from:ty),*) => {$(
        impl From<$from> for KeyValue {
            fn from(value: $from) -> Self {
                Self::Integer(i64::from(value))
            }
        }
    )*};
}
integers!(i64, i32, u32, i16, u16, i8, u8);

impl From<&str> for KeyValue {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<String> for KeyValue {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

impl From<&[u8]> for KeyValue {
    fn from(value: &[u8]) -> Self {
        Self::Binary(value.to_vec())
    }
}

impl<const N: usize> From<[u8; N]> for KeyValue {
    fn from(value: [u8; N]) -> Self {
        Self::Binary(value.to_vec())
    }
}

impl From<Vec<u8>> for KeyValue {
    fn from(value: Vec<u8>) -> Self {
        Self::Binary(value)
    }
}

/// A named column of a primary key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyColumn {
    // Value before name, so that the derived order asks the value first.
    /// The value.
    pub value: KeyValue,
    /// The name, as in the table's schema.
    pub name: Name,
}

/// The columns of a primary key, in the order of the table's schema.
///
/// Two keys of one table compare as their rows are ordered in it.
///
/// ```
/// use campaign_tablestore::{KeyValue, PrimaryKey};
///
/// let key = PrimaryKey::new().with("campaign", "double11").with("entry", 7);
/// assert_eq!(key.get("entry"), Some(&KeyValue::Integer(7)));
///
/// let first = PrimaryKey::new().with("campaign", "double11").with("entry", KeyValue::InfMin);
/// assert!(first < key);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrimaryKey(Vec<KeyColumn>);

impl PrimaryKey {
    /// A key without columns, to be filled by [`with`](Self::with).
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a column after those already there. The order is that of the table's schema.
    #[must_use]
    pub fn with(mut self, name: impl Into<Name>, value: impl Into<KeyValue>) -> Self {
        if self.0.is_empty() {
            self.0.reserve_exact(MAX_KEY_COLUMNS);
        }
        self.0.push(KeyColumn { value: value.into(), name: name.into() });
        self
    }

    /// The least key and the one after the greatest of a table whose primary key has these columns.
    pub fn bounds<N: Into<Name>>(columns: impl IntoIterator<Item = N>) -> (Self, Self) {
        columns.into_iter().fold((Self::new(), Self::new()), |(start, end), name| {
            let name = name.into();
            (start.with(name.clone(), KeyValue::InfMin), end.with(name, KeyValue::InfMax))
        })
    }

    /// The value of the column of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&KeyValue> {
        self.0.iter().find(|column| column.name == *name).map(|column| &column.value)
    }

    /// The columns in their order.
    #[must_use]
    pub fn columns(&self) -> &[KeyColumn] {
        &self.0
    }

    /// The columns in their order, owned.
    #[must_use]
    pub fn into_columns(self) -> Vec<KeyColumn> {
        self.0
    }

    /// Whether the service is to choose a column's number.
    pub(crate) fn has_auto_increment(&self) -> bool {
        self.0.iter().any(|column| column.value == KeyValue::AutoIncrement)
    }

    /// A number that is the same for the same key, and but by chance another one for another. Nobody who chooses keys can
    /// choose it, as long as `by` is not known.
    pub(crate) fn mark(&self, by: &RandomState) -> u64 {
        let mut mark = by.build_hasher();
        self.0.iter().for_each(|column| column.value.hash(&mut mark));
        mark.finish()
    }

    /// Whether there is no column. Such a key addresses no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<KeyColumn> for PrimaryKey {
    fn from_iter<I: IntoIterator<Item = KeyColumn>>(columns: I) -> Self {
        Self(columns.into_iter().collect())
    }
}
