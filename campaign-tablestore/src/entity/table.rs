//! A table of one Rust type.

use std::fmt;
use std::marker::PhantomData;

use campaign_client::Result;

use super::{Entity, EntityError, KeyValues};
use crate::{Client, Condition, DeleteRow, GetRange, GetRow, PutRow, Rows, UpdateRow, Written};

/// A table whose rows are values of `T`: the calls that most programs need, one line each.
///
/// For more, make the call of [`Entity`]'s parts: `PutRow::new("visits", visit.to_row()?).condition(..)`. Clones are cheap.
///
/// ```
/// use campaign_tablestore::{Client, CreateTable, Entity, Table};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Visit { page: String, day: String, visitors: u32, note: Option<String> }
///
/// impl Entity for Visit {
///     const KEY: &'static [&'static str] = &["page", "day"];
/// }
///
/// # async fn example(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
/// client.send(&CreateTable::new(Visit::table_meta("visits", &[])?)).await?;
///
/// let visits = Table::<Visit>::new(client, "visits");
/// visits.insert(&Visit { page: "home".into(), day: "2026-11-11".into(), visitors: 7, note: None }).await?;
/// if let Some(visit) = visits.get(("home", "2026-11-11")).await? {
///     visits.put(&Visit { visitors: visit.visitors + 1, ..visit }).await?;
/// }
/// # Ok(())
/// # }
/// ```
pub struct Table<T> {
    client: Client,
    name: String,
    rows: PhantomData<fn() -> T>,
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self { client: self.client.clone(), name: self.name.clone(), rows: PhantomData }
    }
}

impl<T> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T: Entity> Table<T> {
    /// The table `name`, called through `client`.
    pub fn new(client: &Client, name: impl Into<String>) -> Self {
        Self { client: client.clone(), name: name.into(), rows: PhantomData }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The row of this key, if there is one.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if it is no key of the type,
    /// [`ErrorKind::Unreadable`](campaign_client::ErrorKind::Unreadable) if the row does not fit the type; its source is an
    /// [`EntityError`] that names the column. And what the call fails with.
    pub fn get<K: KeyValues>(&self, key: K) -> impl Future<Output = Result<Option<T>>> + Send + use<T, K> {
        let client = self.client.clone();
        let call = T::key(key).map(|key| GetRow::new(&self.name, key));
        async move {
            let found = call.map_err(EntityError::unsendable)?.whole(&client).await?.row;
            found.as_ref().map(T::from_row).transpose().map_err(EntityError::unreadable)
        }
    }

    /// Puts a row, in the place of what is there: columns that the type does not have are gone.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if the value makes no row, and what the call fails with.
    pub fn put(&self, value: &T) -> impl Future<Output = Result<Written>> + Send + use<T> {
        self.put_if(value, Condition::ignore())
    }

    /// Puts a row that is not there yet. That there is one is a
    /// [conflict](campaign_client::Error::is_conflict).
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn insert(&self, value: &T) -> impl Future<Output = Result<Written>> + Send + use<T> {
        self.put_if(value, Condition::expect_not_exist())
    }

    fn put_if(&self, value: &T, condition: Condition) -> impl Future<Output = Result<Written>> + Send + use<T> {
        let client = self.client.clone();
        let call = value.to_row().map(|row| PutRow::new(&self.name, row).condition(condition));
        async move { client.send(&call.map_err(EntityError::unsendable)?).await }
    }

    /// Makes the columns of the type those of this value ([`Entity::to_update`]); other columns of the row stay.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn update(&self, value: &T) -> impl Future<Output = Result<Written>> + Send + use<T> {
        let client = self.client.clone();
        let call = value.to_update().map(|update| UpdateRow::new(&self.name, update));
        async move { client.send(&call.map_err(EntityError::unsendable)?).await }
    }

    /// Deletes the row of this key, if there is one.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if it is no key of the type, and what the call fails with.
    pub fn delete<K: KeyValues>(&self, key: K) -> impl Future<Output = Result<Written>> + Send + use<T, K> {
        let client = self.client.clone();
        let call = T::key(key).map(|key| DeleteRow::new(&self.name, key));
        async move { client.send(&call.map_err(EntityError::unsendable)?).await }
    }

    /// The rows whose keys begin with these values, in the order of their keys; `()` for all.
    ///
    /// # Errors
    /// As [`range`](Self::range).
    pub fn rows(&self, prefix: impl KeyValues) -> Result<Rows<T>> {
        Ok(self.range(prefix)?.rows_as(&self.client))
    }

    /// The rows whose keys begin with these values, to be narrowed or turned around; `()` for all.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if there are as many values as the key has columns, or
    /// more.
    pub fn range(&self, prefix: impl KeyValues) -> Result<GetRange> {
        T::range(&self.name, prefix).map_err(EntityError::unsendable)
    }
}
