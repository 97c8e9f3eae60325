//! When a request happens, and inside which transaction.

use std::sync::Arc;

use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Code, PrimaryKey};

use crate::tablestore::table::Table;
use crate::tablestore::transaction::{Scope, Transactions};

/// The moment of a request: one for all that it does.
#[derive(Clone, Debug)]
pub(crate) struct At {
    /// Milliseconds since 1970.
    pub(crate) now: i64,
    /// The transaction that it is part of.
    pub(crate) transaction: Option<String>,
    whose: Whose,
}

/// Whose rows it may change.
#[derive(Clone, Debug)]
enum Whose {
    /// Those that no transaction holds.
    Free(Arc<Transactions>),
    /// Those of its transaction.
    Held(Scope),
}

impl At {
    /// At `now`, inside the transaction of this id if there is one.
    pub(crate) fn new(now: i64, transaction: Option<&str>, all: &Arc<Transactions>) -> Result<Self, Refusal> {
        let transaction = transaction.filter(|id| !id.is_empty());
        let whose = match transaction {
            Some(id) => Whose::Held(all.scope(id, now)?),
            None => Whose::Free(Arc::clone(all)),
        };
        Ok(Self { now, transaction: transaction.map(str::to_owned), whose })
    }

    /// At the moment when a transaction that is being committed was asked for a write.
    pub(crate) const fn committing(now: i64, scope: Scope) -> Self {
        Self { now, transaction: None, whose: Whose::Held(scope) }
    }

    /// Refuses a write of the row of `key` if it is not this request's to change.
    pub(crate) fn admit(&self, table: &Table, key: &PrimaryKey) -> Result<(), Refusal> {
        match &self.whose {
            Whose::Free(transactions) => transactions.check_free(table, key, self.now),
            Whose::Held(scope) if scope.has(table, key) => Ok(()),
            Whose::Held(_) => {
                Err(Refusal::new(Code::DataOutOfRange, "Data out of scope of the partition key of the transaction."))
            }
        }
    }
}
