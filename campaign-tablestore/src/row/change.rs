//! The changes of UpdateRow.

use super::{Column, Name, PrimaryKey};
use crate::Value;

/// What UpdateRow does to one attribute column.
#[derive(Clone, Debug, PartialEq)]
pub enum CellChange {
    /// Writes a value; other versions of the column stay.
    Put(Column),
    /// Deletes all versions of the column (`DELETE_ALL_VERSION`).
    DeleteAll {
        /// The column.
        name: Name,
    },
    /// Deletes one version of the column (`DELETE_ONE_VERSION`).
    DeleteVersion {
        /// The column.
        name: Name,
        /// The version: milliseconds since 1970-01-01 UTC.
        timestamp: i64,
    },
    /// Adds to a counter (`INCREMENT`). A column that does not exist counts from 0.
    Increment {
        /// The column. It holds integers.
        name: Name,
        /// What to add; negative to subtract. An overflow is refused by the service.
        by: i64,
    },
}

impl CellChange {
    /// The column that is changed.
    #[must_use]
    pub fn name(&self) -> &Name {
        match self {
            Self::Put(column) => &column.name,
            Self::DeleteAll { name } | Self::DeleteVersion { name, .. } | Self::Increment { name, .. } => name,
        }
    }
}

/// The changes of one row, for UpdateRow. What is not mentioned stays as it is.
///
/// ```
/// use campaign_tablestore::{PrimaryKey, RowUpdate};
///
/// let update = RowUpdate::new(PrimaryKey::new().with("id", "a"))
///     .put("state", "confirmed")
///     .delete("token")
///     .increment("visits", 1);
/// assert_eq!(update.changes.len(), 3);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowUpdate {
    /// The row to be changed. It is made if it does not exist and the condition allows it.
    pub primary_key: PrimaryKey,
    /// The changes. The service refuses an update without changes.
    pub changes: Vec<CellChange>,
}

impl RowUpdate {
    /// An update without changes.
    #[must_use]
    pub const fn new(primary_key: PrimaryKey) -> Self {
        Self { primary_key, changes: Vec::new() }
    }

    /// Writes a value whose version the service chooses.
    #[must_use]
    pub fn put(self, name: impl Into<Name>, value: impl Into<Value>) -> Self {
        self.with(CellChange::Put(Column::new(name, value)))
    }

    /// Writes a version; `timestamp` is in milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn put_version(self, name: impl Into<Name>, value: impl Into<Value>, timestamp: i64) -> Self {
        self.with(CellChange::Put(Column::at(name, value, timestamp)))
    }

    /// Deletes all versions of a column.
    #[must_use]
    pub fn delete(self, name: impl Into<Name>) -> Self {
        self.with(CellChange::DeleteAll { name: name.into() })
    }

    /// Deletes one version of a column; `timestamp` is in milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn delete_version(self, name: impl Into<Name>, timestamp: i64) -> Self {
        self.with(CellChange::DeleteVersion { name: name.into(), timestamp })
    }

    /// Adds to a counter; negative to subtract. The service allows one change per counter and update.
    #[must_use]
    pub fn increment(self, name: impl Into<Name>, by: i64) -> Self {
        self.with(CellChange::Increment { name: name.into(), by })
    }

    fn with(mut self, change: CellChange) -> Self {
        self.changes.push(change);
        self
    }
}
