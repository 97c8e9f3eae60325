//! The rules.

use campaign_client::{Error, Result};

use super::{
    finding::{Finding, Growth},
    words,
};
use crate::{
    CreateTable, TableDescription,
    schema::{ColumnType, IndexMeta, IndexType, KeyType, TableMeta, TableOptions},
};

/// Finds what will put the load of a table on one partition, and what the service refuses beside a time to live.
///
/// A table is divided into partitions by ranges of its first key column; each takes only so much. Whether the values of a
/// column are spread is told by its type and its name, so that most findings are guesses ([`Finding::is_guess`]).
///
/// Sources: service documents "Table design", "Secondary index" (the first column of an index), "Time to live" (updates beside
/// an index).
///
/// ```
/// use campaign_tablestore::schema::{KeyType, TableMeta, TableOptions, check};
///
/// let by_day = TableMeta::new("visits").key("day", KeyType::String).key("visitor", KeyType::String);
/// let findings = check(&by_day, &TableOptions::default(), &[]);
/// assert!(findings[0].to_string().starts_with("the first key column `day` has the name of a time"));
///
/// let by_hash = TableMeta::new("visits").key("visitor_hash", KeyType::String).key("day", KeyType::String);
/// assert!(check(&by_hash, &TableOptions::default(), &[]).is_empty());
/// ```
#[must_use]
pub fn check(meta: &TableMeta, options: &TableOptions, indexes: &[IndexMeta]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(first) = meta.primary_key.first()
        && let Some(growth) = of_column(meta, &first.name)
    {
        findings.push(Finding::HotKey { column: first.name.clone(), growth });
    }
    // A local index begins with the table's first column.
    for index in indexes.iter().filter(|index| index.index_type == IndexType::Global) {
        if let Some(first) = index.primary_key.first()
            && let Some(growth) = of_column(meta, first)
        {
            findings.push(Finding::HotIndex { index: index.name.clone(), column: first.clone(), growth });
        }
    }
    let ends = options.time_to_live.is_some_and(|seconds| seconds > 0);
    let updates = options.allow_update != Some(false) && options.update_full_row != Some(true);
    if let Some(index) = indexes.first().filter(|_| ends && updates) {
        findings.push(Finding::TimeToLiveBesideIndex { index: index.name.clone() });
    }
    findings
}

/// How the values of a column of the table come.
fn of_column(meta: &TableMeta, name: &str) -> Option<Growth> {
    let kind = match meta.primary_key.iter().find(|column| column.name == name) {
        Some(column) if column.auto_increment => return Some(Growth::AutoIncrement),
        Some(column) => Some(match column.kind {
            KeyType::Integer => ColumnType::Integer,
            KeyType::String => ColumnType::String,
            KeyType::Binary => ColumnType::Binary,
        }),
        None => meta.defined_columns.iter().find(|column| column.name == name).map(|column| column.kind),
    };
    words::growth(name, kind)
}

impl CreateTable {
    /// Finds what will put the load of this table on one partition; see [`check`].
    #[must_use]
    pub fn check(&self) -> Vec<Finding> {
        check(&self.table_meta, &self.table_options, &self.index_metas)
    }

    /// The same call, unless something is found. For a table that is known to be small, or whose names mislead, leave this
    /// out.
    ///
    /// ```
    /// use campaign_tablestore::CreateTable;
    /// use campaign_tablestore::schema::{KeyType, TableMeta};
    ///
    /// let hot = TableMeta::new("orders").key("created_at", KeyType::Integer);
    /// assert!(CreateTable::new(hot).checked().is_err());
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) with the first finding.
    pub fn checked(self) -> Result<Self> {
        match self.check().first() {
            None => Ok(self),
            Some(finding) => Err(Error::invalid(finding.to_string())),
        }
    }
}

impl TableDescription {
    /// Finds what puts the load of this table on one partition; see [`check`].
    #[must_use]
    pub fn check(&self) -> Vec<Finding> {
        check(&self.table_meta, &self.table_options, &self.index_metas)
    }
}
