//! A transaction that ends when it is dropped.

use std::fmt;

use campaign_client::{Error, Operation, Result};
use tokio::runtime::Handle;

use crate::{
    AbortTransaction, BatchWriteRow, Client, Code, CommitTransaction, DeleteRow, GetRange, GetRow, PrimaryKey, PutRow,
    StartLocalTransaction, TableStore, UpdateRow,
};

/// An operation that can be part of a transaction.
pub trait Transactional: Operation<Service = TableStore> {
    /// The same inside the transaction of this id.
    #[must_use]
    fn inside(self, transaction_id: &str) -> Self;
}

macro_rules! transactional {
    ($($operation:ty),*) => {$(
        impl Transactional for $operation {
            fn inside(self, transaction_id: &str) -> Self {
                self.transaction_id(transaction_id)
            }
        }
    )*};
}
transactional!(GetRow, GetRange, PutRow, UpdateRow, DeleteRow, BatchWriteRow);

/// A transaction over the rows of one partition key: all its writes take effect with [`commit`](Self::commit), or none does
/// (service document "Local transactions").
///
/// Until then nobody else sees them, and nobody else can write rows of this partition key: others get
/// [`Code::RowOperationConflict`] and are sent again for a while. It lives for 60 seconds at most and writes 4 MB at most. One
/// request at a time is made inside it, which `&mut self` sees to.
///
/// **Dropped** before it is committed or aborted it is aborted in the background, on the tokio runtime that it was begun on,
/// so that the partition key is free again at once. Where that is not possible, for there is no such runtime or it ends first,
/// the service aborts it when its 60 seconds are over; nothing of it is ever seen in either case. To be sure that it has
/// ended, [`abort`](Self::abort) it.
///
/// ```
/// use campaign_tablestore::{Client, GetRow, PrimaryKey, RowUpdate, Transaction, UpdateRow, Value};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let team = PrimaryKey::new().with("team", "red");
/// let (li, an) = (team.clone().with("member", "Li"), team.clone().with("member", "An"));
///
/// let mut transaction = Transaction::begin(client, "teams", team).await?;
/// let found = transaction.send(GetRow::new("teams", li.clone())).await?;
/// let points = found.row.and_then(|row| row.get("points").and_then(Value::as_i64)).unwrap_or(0);
/// if points >= 3 {
///     transaction.send(UpdateRow::new("teams", RowUpdate::new(li).put("points", points - 3))).await?;
///     transaction.send(UpdateRow::new("teams", RowUpdate::new(an).increment("points", 3))).await?;
///     transaction.commit().await?;
/// }
/// # Ok(())
/// # }
/// ```
pub struct Transaction {
    client: Client,
    id: String,
    /// It may still hold its partition key.
    open: bool,
    runtime: Option<Handle>,
}

impl Transaction {
    /// Begins a transaction over the rows whose first key column is that of `key`, which has no other column.
    ///
    /// # Errors
    /// As [`StartLocalTransaction`]; [`Code::RowOperationConflict`] while another transaction holds the partition key.
    pub async fn begin(client: &Client, table_name: impl Into<String>, key: PrimaryKey) -> Result<Self> {
        let id = client.send(&StartLocalTransaction::new(table_name, key)).await?;
        Ok(Self { client: client.clone(), id, open: true, runtime: Handle::try_current().ok() })
    }

    /// Its id, for operations that are made by other means.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Makes a call inside the transaction. After an error the transaction is still there: the call may be made again, or
    /// others instead.
    ///
    /// # Errors
    /// As the operation's own; [`Code::SessionNotExist`] when the 60 seconds are over, [`Code::DataOutOfRange`] for a write of
    /// another partition key, [`Code::OutOfTransactionDataSizeLimit`] beyond 4 MB.
    pub async fn send<O: Transactional>(&mut self, operation: O) -> Result<O::Output> {
        self.client.send(&operation.inside(&self.id)).await
    }

    /// Makes the writes take effect, all of them at once.
    ///
    /// If no answer comes, the transaction is aborted: if that succeeds, it was not committed, and the error says so for
    /// certain.
    ///
    /// # Errors
    /// As [`CommitTransaction`]. Unless the error is [`outcome_unknown`](Error::outcome_unknown), nothing was written.
    pub async fn commit(self) -> Result<()> {
        let commit = CommitTransaction::new(&*self.id);
        self.finish(commit).await
    }

    /// The same with a witness that settles a commit whose answer was lost: the last put of this transaction, of a row that
    /// nothing else puts, for it holds an id of this attempt. If it is there, the commit succeeded.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub async fn commit_witnessed(self, witness: PutRow) -> Result<()> {
        let commit = CommitTransaction::new(&*self.id).witness(witness);
        self.finish(commit).await
    }

    /// Ends the transaction without its writes. That it has ended by itself is no error.
    ///
    /// # Errors
    /// As [`AbortTransaction`]; the writes have no effect all the same.
    pub async fn abort(mut self) -> Result<()> {
        let ended = match self.client.send(&AbortTransaction::new(&*self.id)).await {
            Err(error) if is_over(&error) => Ok(()),
            ended => ended,
        };
        self.open = ended.is_err();
        ended
    }

    async fn finish(mut self, commit: CommitTransaction) -> Result<()> {
        let error = match self.client.send(&commit).await {
            Ok(()) => {
                self.open = false;
                return Ok(());
            }
            Err(error) => error,
        };
        self.open = !is_over(&error);
        if !error.outcome_unknown() || !self.open {
            return Err(error);
        }
        // What can still be aborted was not committed.
        if self.client.send(&AbortTransaction::new(&*self.id)).await.is_err() {
            return Err(error);
        }
        self.open = false;
        Err(Error::new(error.kind())
            .with_message("the transaction was not committed and has been aborted")
            .with_source(error))
    }
}

/// The service knows of no such transaction any more.
fn is_over(error: &Error) -> bool {
    Code::of(error) == Some(Code::SessionNotExist)
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take().filter(|_| self.open) else { return };
        let (client, abort) = (self.client.clone(), AbortTransaction::new(&*self.id));
        // A runtime that is ending drops the task; then the service ends the transaction in its time.
        drop(runtime.spawn(async move {
            let _ = client.send(&abort).await;
        }));
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("id", &self.id).field("open", &self.open).finish_non_exhaustive()
    }
}
