//! Where entries are kept: the [`EntryStore`] trait, what it stores, and a store in memory.

mod entry;
mod error;
mod memory;

use std::fmt::Debug;

use async_trait::async_trait;

pub use self::{
    entry::{Entry, Fields, Stored},
    error::StoreError,
    memory::MemoryStore,
};
use crate::RowKey;

/// What a conditional insert found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// The row did not exist; now it holds the entry.
    Created,
    /// The row existed, live or erased, and is unchanged.
    Exists,
}

/// The table of one campaign service: one row per person, found by [`RowKey`].
///
/// Each call is one operation of a key-value store; none spans rows. The intake
/// builds exactly-once entries on top and settles ambiguous writes by reading back itself, so an
/// implementation reports [`StoreError::Ambiguous`] and does not settle it.
#[async_trait]
pub trait EntryStore: Debug + Send + Sync + 'static {
    /// Writes `entry` if, and only if, the row does not exist. A tombstone is a row.
    ///
    /// # Errors
    /// [`StoreError::Ambiguous`] when the write may have happened; any other error promises that
    /// it did not.
    async fn insert(&self, key: &RowKey, entry: &Entry) -> Result<Inserted, StoreError>;

    /// Reads a row as of the last completed write.
    ///
    /// # Errors
    /// The store did not answer, refused, or holds a row that cannot be read.
    async fn find(&self, key: &RowKey) -> Result<Option<Stored>, StoreError>;

    /// Replaces a live entry by a tombstone, which holds neither data nor digest.
    ///
    /// A row that is already erased stays so; an absent row stays absent. Calling it again is safe.
    ///
    /// # Errors
    /// The store did not answer or refused; call again.
    async fn erase(&self, key: &RowKey) -> Result<(), StoreError>;

    /// Reads up to `limit` rows in ascending key order, starting behind `after`.
    ///
    /// A page may be shorter than `limit`; only an empty page is the end.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    async fn page(&self, after: Option<&RowKey>, limit: usize) -> Result<Vec<(RowKey, Stored)>, StoreError>;
}
