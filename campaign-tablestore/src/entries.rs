//! The entries of a campaign in a table: the [`EntryStore`] of campaign-core.

mod row;
mod table;

#[cfg(all(test, feature = "server"))]
mod tests;

use async_trait::async_trait;
use campaign_client::{Error, ErrorKind};
use campaign_core::{
    RowKey,
    store::{Entry, EntryStore, Inserted, StoreError, Stored},
};

use crate::{Client, Code, Condition, GetRange, GetRow, KeyValue, PrimaryKey, PutRow};

/// The most rows of one page (service document "General limits").
const MAX_PAGE_ROWS: usize = 5000;

/// A table of entries: one row per person, under the key that campaign-core makes.
///
/// Conflicts are not settled here: the intake reads back by itself, and exactly one layer should.
///
/// ```
/// use std::time::Duration;
/// use campaign_tablestore::{Client, EntryTable};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let entries = EntryTable::new(client, "entries");
/// entries.create(Duration::from_secs(90 * 86_400)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct EntryTable {
    client: Client,
    table_name: String,
}

impl EntryTable {
    /// The table of this name. It is not looked for here; [`create`](Self::create) makes it.
    pub fn new(client: &Client, table_name: impl Into<String>) -> Self {
        Self { client: client.without_settling(), table_name: table_name.into() }
    }

    /// The name of the table.
    #[must_use]
    pub fn table_name(&self) -> &str {
        &self.table_name
    }

    async fn put(&self, row: crate::Row, condition: Condition) -> Result<Put, StoreError> {
        let put = PutRow::new(self.table_name.clone(), row).condition(condition);
        match self.client.send(&put).await {
            Ok(_) => Ok(Put::Done),
            // Also after an attempt whose answer was lost: whose row it is, the caller reads in it.
            Err(error) if Code::of(&error) == Some(Code::ConditionCheckFail) => Ok(Put::ConditionFailed),
            Err(error) => Err(store_error(error)),
        }
    }
}

/// How a conditional put ended.
enum Put {
    Done,
    ConditionFailed,
}

#[async_trait]
impl EntryStore for EntryTable {
    async fn insert(&self, key: &RowKey, entry: &Entry) -> Result<Inserted, StoreError> {
        Ok(match self.put(row::of_entry(key, entry), Condition::expect_not_exist()).await? {
            Put::Done => Inserted::Created,
            Put::ConditionFailed => Inserted::Exists,
        })
    }

    async fn find(&self, key: &RowKey) -> Result<Option<Stored>, StoreError> {
        let get = GetRow::new(self.table_name.clone(), row::key(key));
        let found = self.client.send(&get).await.map_err(store_error)?;
        found.row.map(|row| Ok(row::read(&row)?.1)).transpose()
    }

    async fn erase(&self, key: &RowKey) -> Result<(), StoreError> {
        match self.put(row::of_tombstone(key), Condition::expect_exist()).await? {
            // There is no row to be erased.
            Put::ConditionFailed | Put::Done => Ok(()),
        }
    }

    async fn page(&self, after: Option<&RowKey>, limit: usize) -> Result<Vec<(RowKey, Stored)>, StoreError> {
        let Ok(limit @ 1..) = u32::try_from(limit.min(MAX_PAGE_ROWS)) else { return Ok(Vec::new()) };
        // The least text after a key is the key and a zero.
        let start = after.map_or(KeyValue::InfMin, |key| KeyValue::String(format!("{key}\0")));
        let bound = |value| PrimaryKey::new().with(row::KEY, value);
        let mut range = GetRange::new(self.table_name.clone(), bound(start), bound(KeyValue::InfMax)).limit(limit);
        loop {
            let page = self.client.send(&range).await.map_err(store_error)?;
            let rows = page.rows().map_err(store_error)?;
            // A page may be empty and yet not the last.
            match page.next_start_primary_key {
                Some(next) if rows.is_empty() => range.inclusive_start_primary_key = next,
                _ => return rows.iter().map(row::read).collect(),
            }
        }
    }
}

/// What an error of the client means to the intake. It holds no row and no secret.
fn store_error(error: Error) -> StoreError {
    let as_store = if error.outcome_unknown() {
        StoreError::ambiguous()
    } else if error.is_throttled() {
        StoreError::throttled(error.retry_after())
    } else {
        match error.kind() {
            // The provider of credentials may have them again.
            ErrorKind::Credentials | ErrorKind::Unreachable | ErrorKind::Overloaded => StoreError::unavailable(),
            _ if error.is_transient() => StoreError::unavailable(),
            _ => StoreError::permanent(),
        }
    };
    as_store.with_source(error)
}
