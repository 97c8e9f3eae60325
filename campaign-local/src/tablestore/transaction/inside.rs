//! Work that may be part of a transaction: over the committed rows and the transaction's own, in the store's turn, and kept
//! aside instead of committed.

use std::convert::Infallible;
use std::sync::Arc;

use campaign_tablestore::TableStore;
use campaign_tablestore::server::Refusal;

use crate::store::{StoreError, View, Write};
use crate::tablestore::at::At;
use crate::tablestore::operations::{Moments, Stop};
use crate::tablestore::transaction::turn::Turn;

impl Moments {
    /// This moment, inside the transaction of this id if there is one.
    pub(crate) fn at(&self, transaction: Option<&str>) -> Result<At, Refusal> {
        At::new(self.now, transaction, &self.cloud.transactions)
    }

    /// Runs `work` inside a commit, or inside the transaction of `at`, whose changes wait for its own commit.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        at: &At,
        work: impl FnOnce(&mut Write<'_>, &TableStore) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Stop> {
        match &at.transaction {
            None => self.write(work).await,
            Some(id) => self.inside(id.clone(), work).await,
        }
    }

    /// Runs `work` over the committed state, and over what the transaction of `at` wrote.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        at: &At,
        work: impl FnOnce(&dyn View, &TableStore) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Stop> {
        match &at.transaction {
            None => self.read(|read, service| work(read, service)).await,
            Some(id) => self.inside(id.clone(), |write, service| work(write, service)).await,
        }
    }

    async fn inside<T: Send + 'static>(
        &self,
        id: String,
        work: impl FnOnce(&mut Write<'_>, &TableStore) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Stop> {
        self.fate.at_commit()?;
        let (service, now) = (Arc::clone(&self.cloud.service), self.now);
        let transactions = Arc::clone(&self.cloud.transactions);
        let turn = Turn::take(&transactions, &id, now)?;
        let aside = self.cloud.store.write(move |write| {
            transactions.show(&id, now, write)?;
            let value = work(write, &service)?;
            transactions.take(&id, now, write)?;
            // Not kept: the transaction has taken it.
            Err::<Infallible, _>(Aside::Done((value, turn)))
        });
        match aside.await {
            Err(Aside::Done((value, turn))) => {
                drop(turn);
                Ok(value)
            }
            Err(Aside::Stop(stop)) => Err(stop),
            Ok(never) => match never {},
        }
    }
}

/// How work inside a transaction ends: never with a commit.
enum Aside<T> {
    Done(T),
    Stop(Stop),
}

impl<T> From<Refusal> for Aside<T> {
    fn from(refusal: Refusal) -> Self {
        Self::Stop(refusal.into())
    }
}

impl<T> From<StoreError> for Aside<T> {
    fn from(error: StoreError) -> Self {
        Self::Stop(error.into())
    }
}
