//! Writing rows that come one by one.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use campaign_client::{Error, Result};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::yield_now,
};

use super::{
    BulkOptions, BulkStats, Receipt,
    bucket::{Message, Shared, bucket},
    receipt::Then,
    stats::Counts,
};
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
#[derive(Clone)]
pub struct BulkWriter(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    buckets: Vec<mpsc::UnboundedSender<Message>>,
    hasher: RandomState,
}

impl BulkWriter {
    /// Starts writing to a table. It must be called inside a tokio runtime, which writes until the last row has its result.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if `options` cannot work.
    pub fn new(client: &Client, table_name: impl Into<String>, options: BulkOptions) -> Result<Self> {
        options.check()?;
        let shared = Arc::new(Shared {
            client: client.clone(),
            table: Writes::new(table_name),
            room: Arc::new(Semaphore::new(room(&options))),
            turns: Arc::new(Semaphore::new(options.in_flight)),
            counts: Counts::default(),
            options,
        });
        let start = |_| {
            let (sender, receiver) = mpsc::unbounded_channel();
            tokio::spawn(bucket(Arc::clone(&shared), receiver));
            sender
        };
        let buckets = (0..shared.options.buckets).map(start).collect();
        Ok(Self(Arc::new(Inner { shared, buckets, hasher: RandomState::new() })))
    }

    /// Accepts a row, once there is room for it; the receipt becomes its result. That is an error if no table takes the row.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if the writer was closed; the row was not accepted.
    pub async fn write(&self, row: RowWrite) -> Result<Receipt> {
        let (then, receipt) = Then::receipt();
        self.accept(row, then).await?;
        Ok(receipt)
    }

    /// The same with a function that is called with the result. It must not block, for other rows wait for it.
    ///
    /// # Errors
    /// As [`write`](Self::write); then the function is not called.
    pub async fn write_then(&self, row: RowWrite, then: impl FnOnce(Result<Written>) + Send + 'static) -> Result<()> {
        self.accept(row, Then::Callback(Box::new(then))).await
    }

    /// Ends when every row that was accepted before has its result. Dropped, the rows are written all the same.
    pub async fn flush(&self) {
        // All are told before any is waited for.
        let tell = |bucket: &mpsc::UnboundedSender<Message>| {
            let (sender, receiver) = oneshot::channel();
            drop(bucket.send(Message::Flush(sender)));
            receiver
        };
        let told: Vec<_> = self.0.buckets.iter().map(tell).collect();
        for bucket in told {
            // A bucket that is gone has no rows left.
            drop(bucket.await);
        }
    }

    /// Accepts no more rows, by any clone, and ends when every row that was accepted has its result.
    pub async fn close(&self) -> BulkStats {
        let shared = &self.0.shared;
        shared.room.close();
        self.flush().await;
        // A row that was just being accepted by another thread may have come after the flush. It holds room until its result.
        while shared.room.available_permits() < room(&shared.options) {
            self.flush().await;
            yield_now().await;
        }
        self.stats()
    }

    /// What was done so far.
    #[must_use]
    pub fn stats(&self) -> BulkStats {
        self.0.shared.counts.shown()
    }

    async fn accept(&self, row: RowWrite, then: Then) -> Result<()> {
        let (shared, buckets) = (&self.0.shared, &self.0.buckets);
        let partition = row.primary_key().columns().first().map(|column| &column.value);
        let hash = usize::try_from(self.0.hasher.hash_one(partition) & u64::from(u32::MAX)).unwrap_or_default();
        let bucket = buckets.get(hash % buckets.len().max(1)).ok_or_else(closed)?;
        // At once, while the row is at hand; from here on it is much smaller.
        let row = match shared.table.encode(row) {
            Ok(row) => row,
            Err(_) if shared.room.is_closed() => return Err(closed()),
            Err(error) => {
                shared.counts.accepted();
                shared.end(then, Err(error));
                return Ok(());
            }
        };
        let room = self.room_for(row.held()).await?;
        // Nothing is waited for from here on: the row is accepted, or was not.
        shared.counts.accepted();
        bucket.send(Message::Row { row, then, room }).map_err(|_| closed())
    }

    async fn room_for(&self, bytes: usize) -> Result<OwnedSemaphorePermit> {
        let shared = &self.0.shared;
        // A row larger than the buffer has it alone.
        let bytes =
            u32::try_from(bytes).unwrap_or(u32::MAX).max(shared.options.least_room()).min(shared.options.buffer);
        Arc::clone(&shared.room).acquire_many_owned(bytes).await.map_err(|_| closed())
    }
}

impl fmt::Debug for BulkWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkWriter")
            .field("options", &self.0.shared.options)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// The permits of the buffer.
fn room(options: &BulkOptions) -> usize {
    // A semaphore holds far more than these on every platform.
    usize::try_from(options.buffer).unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS)
}

fn closed() -> Error {
    Error::invalid("the writer was closed; the row was not accepted")
}
