//! One request at a time inside a transaction: another one meanwhile is answered `OTSSessionBusy`.
//!
//! Source: service document "Local transactions": a transaction that is in use takes no other operation.

use std::sync::Arc;

use campaign_tablestore::Code;
use campaign_tablestore::server::Refusal;

use super::Transactions;

/// A request's turn inside a transaction, over when it is dropped. It goes into the commit, and comes out with its answer.
#[derive(Debug)]
pub(super) struct Turn {
    transactions: Arc<Transactions>,
    id: String,
}

impl Turn {
    /// The turn inside the transaction of this id.
    pub(super) fn take(transactions: &Arc<Transactions>, id: &str, now: i64) -> Result<Self, Refusal> {
        let mut state = transactions.lock();
        let open = state.find(id, now)?;
        if open.busy {
            return Err(Refusal::new(Code::SessionBusy, "The last request of the transaction is not finished."));
        }
        open.busy = true;
        drop(state);
        Ok(Self { transactions: Arc::clone(transactions), id: id.to_owned() })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // A transaction that has ended is not there, and ids are never used again.
        if let Some(open) = self.transactions.lock().open.get_mut(&self.id) {
            open.busy = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tablestore::transaction::{LIFE, Scope};

    fn begun(transactions: &Transactions, team: &str) -> String {
        let partition = team.as_bytes().to_vec();
        transactions.begin(Scope { table_name: "t".to_owned(), table_number: 1, partition }, 0).unwrap()
    }

    fn code<T>(taken: Result<T, Refusal>) -> Option<Code> {
        taken.err().map(|refusal| refusal.code)
    }

    #[test]
    fn a_transaction_gives_one_turn_at_a_time() {
        let transactions = Arc::default();
        let (red, blue) = (begun(&transactions, "red"), begun(&transactions, "blue"));
        let turn = Turn::take(&transactions, &red, 0).unwrap();
        assert_eq!(code(Turn::take(&transactions, &red, 0)), Some(Code::SessionBusy));
        drop(Turn::take(&transactions, &blue, 0).unwrap());
        drop(turn);
        drop(Turn::take(&transactions, &red, 0).unwrap());
    }

    #[test]
    fn a_turn_that_outlives_its_transaction_leaves_nothing_behind() {
        let transactions = Arc::default();
        let red = begun(&transactions, "red");
        let turn = Turn::take(&transactions, &red, 0).unwrap();
        assert_eq!(code(Turn::take(&transactions, &red, LIFE)), Some(Code::SessionNotExist));
        let again = begun(&transactions, "red");
        drop(turn);
        drop(Turn::take(&transactions, &again, 0).unwrap());
    }
}
