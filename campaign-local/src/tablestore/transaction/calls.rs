//! StartLocalTransaction, CommitTransaction, AbortTransaction.

use std::sync::Arc;

use campaign_tablestore::op::abort_transaction::AbortTransaction;
use campaign_tablestore::op::commit_transaction::CommitTransaction;
use campaign_tablestore::op::start_local_transaction::StartLocalTransaction;
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Code, PrimaryKey};

use super::Scope;
use super::log;
use super::turn::Turn;
use crate::tablestore::at::At;
use crate::tablestore::check::{self, invalid};
use crate::tablestore::operations::{Emulate, Moments, Stop};
use crate::tablestore::row::change::write_row;
use crate::tablestore::row::key::row_key;
use crate::tablestore::table::{self, Table};

impl Emulate for StartLocalTransaction {
    fn about(&self) -> Vec<u8> {
        [self.table_name.as_bytes(), &[0], &row_key(0, &self.key)].concat()
    }

    async fn done(self, at: &Moments) -> Result<(Self, String), Stop> {
        at.fate.at_commit()?;
        check::table_name(&self.table_name)?;
        let (start, now, transactions) = (self.clone(), at.now, Arc::clone(&at.cloud.transactions));
        let writing = Arc::clone(&at.cloud.writing);
        let begun = at.read(move |read, service| {
            let table = table::existing(read, service, &start.table_name)?;
            if table.request.enable_local_txn != Some(true) {
                return Err(invalid(
                    "Try to call method using explicit transaction on explicit-transaction-disabled table.",
                ));
            }
            check_key(&table, &start.key)?;
            writing.check_free(&start.table_name, &start.key)?;
            transactions.begin(Scope::new(&table, &start.key), now)
        });
        let id = begun.await?;
        Ok((self, id))
    }
}

/// A partition key: the first column of the table's key and no other.
fn check_key(table: &Table, key: &PrimaryKey) -> Result<(), Refusal> {
    if key.columns().len() != 1 {
        return Err(invalid("StartLocalTransaction support only one primary key."));
    }
    // The service has transactions and numbers of its own in one table nowhere (service document "Local transactions").
    if table.key_schema().iter().any(|column| column.auto_increment) {
        return Err(invalid("Transactions are not supported for tables with an auto increment column."));
    }
    check::partition_key(table, key)
}

impl Emulate for CommitTransaction {
    fn about(&self) -> Vec<u8> {
        self.transaction_id.clone().into_bytes()
    }

    async fn done(self, at: &Moments) -> Result<(Self, ()), Stop> {
        at.fate.at_commit()?;
        let (id, now, transactions) = (self.transaction_id.clone(), at.now, Arc::clone(&at.cloud.transactions));
        let turn = Turn::take(&transactions, &id, now)?;
        let committed = at.write(move |write, service| {
            let committing = transactions.committing(&id, now)?;
            let scope = committing.scope;
            let table = table::find(write, service, &scope.table_name)?;
            if let Some(table) = table.filter(|table| table.number == scope.table_number) {
                for entry in committing.log {
                    let (row, then) = log::read(&entry)?;
                    write_row(write, &table, row, &At::committing(then, scope.clone()))?;
                }
                return transactions.end(&id, now).map(|()| turn);
            }
            // The table was deleted, and the transaction with it.
            transactions.end(&id, now)?;
            Err(Refusal::new(Code::ObjectNotExist, "Requested table does not exist."))
        });
        drop(committed.await?);
        Ok((self, ()))
    }
}

impl Emulate for AbortTransaction {
    fn about(&self) -> Vec<u8> {
        self.transaction_id.clone().into_bytes()
    }

    async fn done(self, at: &Moments) -> Result<(Self, ()), Stop> {
        at.fate.at_commit()?;
        let transactions = &at.cloud.transactions;
        let _turn = Turn::take(transactions, &self.transaction_id, at.now)?;
        transactions.end(&self.transaction_id, at.now)?;
        Ok((self, ()))
    }
}
