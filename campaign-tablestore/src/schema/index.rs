//! Secondary indexes.

use super::proto;
use crate::{
    WireFault,
    wire::{enumeration, required},
};

enumeration! {
    /// Where an index is kept.
    pub enum IndexType {
        /// In a table of its own, brought up to date a moment after a write.
        Global = 0,
        /// With the rows of the same partition key, up to date at once.
        Local = 1,
    }
}

enumeration! {
    /// How far an index has caught up.
    #[non_exhaustive]
    pub enum IndexSyncPhase {
        /// Not at all.
        Invalid = 0,
        /// It takes the rows that were there before.
        Full = 1,
        /// It follows the writes.
        Incremental = 2,
    }
}

/// A secondary index, asked for in [`CreateTable`](crate::CreateTable) and [`CreateIndex`](crate::CreateIndex) and told by
/// [`DescribeTable`](crate::DescribeTable) (service document "Secondary index").
///
/// ```
/// use campaign_tablestore::schema::{IndexMeta, IndexType};
///
/// // The orders of a city; a row of the index also has the order's total.
/// let by_city = IndexMeta::new("orders_by_city", IndexType::Global, ["city"]).defined_column("total");
/// assert_eq!(by_city.primary_key, ["city"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexMeta {
    /// The name: 1 to 255 letters, digits and underscores, no digit first.
    pub name: String,
    /// The key columns of the index: key columns or defined columns of the table.
    pub primary_key: Vec<String>,
    /// Defined columns that the index holds besides.
    pub defined_columns: Vec<String>,
    /// Where it is kept.
    pub index_type: IndexType,
    /// How far it has caught up; only in answers.
    pub index_sync_phase: Option<IndexSyncPhase>,
}

impl IndexMeta {
    /// An index over `primary_key`.
    pub fn new<C: Into<String>>(
        name: impl Into<String>,
        index_type: IndexType,
        primary_key: impl IntoIterator<Item = C>,
    ) -> Self {
        Self {
            name: name.into(),
            primary_key: primary_key.into_iter().map(Into::into).collect(),
            defined_columns: Vec::new(),
            index_type,
            index_sync_phase: None,
        }
    }

    /// The same holding another defined column.
    #[must_use]
    pub fn defined_column(mut self, name: impl Into<String>) -> Self {
        self.defined_columns.push(name.into());
        self
    }

    pub(crate) fn to_wire(&self) -> proto::IndexMeta {
        proto::IndexMeta {
            name: Some(self.name.clone()),
            primary_key: self.primary_key.clone(),
            defined_column: self.defined_columns.clone(),
            // Asynchronous (0) goes with global (0) and synchronous (1) with local (1); the service takes no other pair.
            index_update_mode: Some(self.index_type.number()),
            index_type: Some(self.index_type.number()),
            index_sync_phase: self.index_sync_phase.map(IndexSyncPhase::number),
        }
    }

    pub(crate) fn from_wire(message: proto::IndexMeta) -> Result<Self, WireFault> {
        let index_type = IndexType::from_number(required(message.index_type, "index_type")?, "index_type")?;
        let mode = required(message.index_update_mode, "index_update_mode")?;
        if mode != index_type.number() {
            return Err(WireFault::OutOfRange { field: "index_update_mode", value: mode.into() });
        }
        Ok(Self {
            name: required(message.name, "index_meta.name")?,
            primary_key: message.primary_key,
            defined_columns: message.defined_column,
            index_type,
            index_sync_phase: message
                .index_sync_phase
                .map(|phase| IndexSyncPhase::from_number(phase, "index_sync_phase"))
                .transpose()?,
        })
    }
}
