//! The columns of a table.

use super::proto;
use crate::{
    WireFault,
    wire::{enumeration, required},
};

/// The name of a table and its columns.
///
/// ```
/// use campaign_tablestore::schema::{ColumnType, KeyType, TableMeta};
///
/// let votes = TableMeta::new("votes")
///     .key("campaign", KeyType::String)
///     .key("voter", KeyType::Binary)
///     .defined_column("choice", ColumnType::String);
/// assert_eq!(votes.primary_key.len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableMeta {
    /// The name: 1 to 255 letters, digits and underscores, no digit first.
    pub table_name: String,
    /// One to four columns in their order; the first is the partition key.
    pub primary_key: Vec<PrimaryKeySchema>,
    /// Attribute columns with a type, which indexes can refer to; at most 32. All other columns need no schema.
    pub defined_columns: Vec<DefinedColumnSchema>,
}

impl TableMeta {
    /// A table without columns.
    pub fn new(table_name: impl Into<String>) -> Self {
        Self { table_name: table_name.into(), primary_key: Vec::new(), defined_columns: Vec::new() }
    }

    /// The same with another column of the primary key.
    #[must_use]
    pub fn key(self, name: impl Into<String>, kind: KeyType) -> Self {
        self.with_key(PrimaryKeySchema { name: name.into(), kind, auto_increment: false })
    }

    /// The same with a column of the primary key whose numbers the service chooses. At most one, never the first.
    #[must_use]
    pub fn auto_increment(self, name: impl Into<String>) -> Self {
        self.with_key(PrimaryKeySchema { name: name.into(), kind: KeyType::Integer, auto_increment: true })
    }

    /// The same with another defined column.
    #[must_use]
    pub fn defined_column(mut self, name: impl Into<String>, kind: ColumnType) -> Self {
        self.defined_columns.push(DefinedColumnSchema::new(name, kind));
        self
    }

    fn with_key(mut self, column: PrimaryKeySchema) -> Self {
        self.primary_key.push(column);
        self
    }

    pub(crate) fn to_wire(&self) -> proto::TableMeta {
        proto::TableMeta {
            table_name: Some(self.table_name.clone()),
            primary_key: self.primary_key.iter().map(PrimaryKeySchema::to_wire).collect(),
            defined_column: self.defined_columns.iter().map(DefinedColumnSchema::to_wire).collect(),
        }
    }

    pub(crate) fn from_wire(message: proto::TableMeta) -> Result<Self, WireFault> {
        Ok(Self {
            table_name: required(message.table_name, "table_name")?,
            primary_key: message.primary_key.into_iter().map(PrimaryKeySchema::from_wire).collect::<Result<_, _>>()?,
            defined_columns: message
                .defined_column
                .into_iter()
                .map(DefinedColumnSchema::from_wire)
                .collect::<Result<_, _>>()?,
        })
    }
}

/// A column of a primary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrimaryKeySchema {
    /// The name.
    pub name: String,
    /// The type of its values.
    pub kind: KeyType,
    /// Whether the service chooses the numbers.
    pub auto_increment: bool,
}

/// `PrimaryKeyOption`; it has one value.
const AUTO_INCREMENT: i32 = 1;

impl PrimaryKeySchema {
    pub(crate) fn to_wire(&self) -> proto::PrimaryKeySchema {
        proto::PrimaryKeySchema {
            name: Some(self.name.clone()),
            kind: Some(self.kind.number()),
            option: self.auto_increment.then_some(AUTO_INCREMENT),
        }
    }

    pub(crate) fn from_wire(message: proto::PrimaryKeySchema) -> Result<Self, WireFault> {
        Ok(Self {
            name: required(message.name, "primary_key.name")?,
            kind: KeyType::from_number(required(message.kind, "primary_key.type")?, "primary_key.type")?,
            auto_increment: match message.option {
                None => false,
                Some(AUTO_INCREMENT) => true,
                Some(value) => {
                    return Err(WireFault::OutOfRange { field: "primary_key.option", value: value.into() });
                }
            },
        })
    }
}

enumeration! {
    /// The types of primary key columns.
    pub enum KeyType {
        /// Signed 64-bit numbers.
        Integer = 1,
        /// UTF-8 text of at most 1,024 bytes.
        String = 2,
        /// Bytes, at most 1,024.
        Binary = 3,
    }
}

/// An attribute column with a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinedColumnSchema {
    /// The name.
    pub name: String,
    /// The type of its values.
    pub kind: ColumnType,
}

impl DefinedColumnSchema {
    /// A column of this name and type.
    pub fn new(name: impl Into<String>, kind: ColumnType) -> Self {
        Self { name: name.into(), kind }
    }

    pub(crate) fn to_wire(&self) -> proto::DefinedColumnSchema {
        proto::DefinedColumnSchema { name: Some(self.name.clone()), kind: Some(self.kind.number()) }
    }

    pub(crate) fn from_wire(message: proto::DefinedColumnSchema) -> Result<Self, WireFault> {
        let kind = required(message.kind, "defined_column.type")?;
        Ok(Self {
            name: required(message.name, "defined_column.name")?,
            kind: ColumnType::from_number(kind, "defined_column.type")?,
        })
    }
}

enumeration! {
    /// The types of defined columns.
    pub enum ColumnType {
        /// Signed 64-bit numbers.
        Integer = 1,
        /// 64-bit floating-point numbers.
        Double = 2,
        /// True or false.
        Boolean = 3,
        /// UTF-8 text.
        String = 4,
        /// Bytes.
        Binary = 7,
    }
}
