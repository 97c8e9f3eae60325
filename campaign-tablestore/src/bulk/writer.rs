//! Writing rows that come one by one.

use std::sync::Arc;

use campaign_client::Result;

use super::{BulkOptions, BulkStats, Receipt, core::Core, receipt::Then};
use crate::{Client, RowWrite, Written, batch::Writes};

/// Writes rows of a table that come one by one, many in a call.
///
/// Clones are the same writer. Without [`ordered`](BulkOptions::ordered), two writes of one row may be done in either order.
///
/// ```no_run
/// use campaign_tablestore::{BulkOptions, BulkWriter, Client, PrimaryKey, Row, RowWrite};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let writer = BulkWriter::new(client, "numbers", BulkOptions::default())?;
/// for n in 0..1_000_000 {
///     let row = Row::new(PrimaryKey::new().with("id", n)).with("square", n * n);
///     // Waits when too much is under way; the row's own result is asked for where it matters.
///     writer.write_then(RowWrite::put(row), move |result| {
///         if let Err(error) = result {
///             println!("{n}: {error}");
///         }
///     }).await?;
/// }
/// let stats = writer.close().await;
/// println!("{} written in {} calls", stats.succeeded, stats.calls);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct BulkWriter(Arc<Core<Writes>>);

impl BulkWriter {
    /// Starts writing to a table. It must be called inside a tokio runtime, which writes until the last row has its result.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if `options` cannot work.
    pub fn new(client: &Client, table_name: impl Into<String>, options: BulkOptions) -> Result<Self> {
        let many = Writes { table_name: table_name.into() };
        Ok(Self(Arc::new(Core::new(client.clone(), many, options)?)))
    }

    /// Accepts a row, once there is room for it; the receipt becomes its result.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if the writer was closed; the row was not accepted.
    pub async fn write(&self, row: RowWrite) -> Result<Receipt<Written>> {
        let (then, receipt) = Then::receipt();
        self.0.accept(row, then).await?;
        Ok(receipt)
    }

    /// The same with a function that is called with the result. It must not block, for other rows wait for it.
    ///
    /// # Errors
    /// As [`write`](Self::write); then the function is not called.
    pub async fn write_then(&self, row: RowWrite, then: impl FnOnce(Result<Written>) + Send + 'static) -> Result<()> {
        self.0.accept(row, Then::Callback(Box::new(then))).await
    }

    /// Ends when every row that was accepted before has its result. Dropped, the rows are written all the same.
    pub async fn flush(&self) {
        self.0.flush().await;
    }

    /// Accepts no more rows, by any clone, and ends when every row that was accepted has its result.
    pub async fn close(&self) -> BulkStats {
        self.0.close().await
    }

    /// What was done so far.
    #[must_use]
    pub fn stats(&self) -> BulkStats {
        self.0.stats()
    }
}
