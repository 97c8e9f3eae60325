//! Accepting rows within bounds, and handing them to their buckets.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use campaign_client::{Error, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::{
    BulkOptions, BulkStats,
    bucket::{Entry, Message, bucket},
    receipt::Then,
    stats::Counts,
};
use crate::{Client, batch::Many};

/// What a row takes beside its encoded bytes, about.
const OVERHEAD: usize = 256;

pub(super) struct Core<M: Many> {
    shared: Arc<Shared<M>>,
    buckets: Vec<mpsc::UnboundedSender<Message<M>>>,
    hasher: RandomState,
}

/// What the buckets share.
pub(super) struct Shared<M> {
    pub(super) client: Client,
    pub(super) many: M,
    pub(super) options: BulkOptions,
    /// A permit for each byte of the buffer.
    room: Arc<Semaphore>,
    /// A permit for each call at once.
    pub(super) turns: Arc<Semaphore>,
    pub(super) counts: Counts,
}

impl<M: Many + 'static> Core<M> {
    pub(super) fn new(client: Client, many: M, options: BulkOptions) -> Result<Self> {
        options.check()?;
        // A semaphore holds far more than these on every platform.
        let room = usize::try_from(options.buffer).unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        let shared = Arc::new(Shared {
            client,
            many,
            room: Arc::new(Semaphore::new(room)),
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
        Ok(Self { shared, buckets, hasher: RandomState::new() })
    }

    /// Accepts a row, once there is room.
    pub(super) async fn accept(&self, row: M::Row, then: Then<M::Output>) -> Result<()> {
        let bytes = M::bytes(&row);
        let room = self.room_for(bytes + OVERHEAD).await?;
        // Nothing is waited for from here on: the row is accepted, or was not.
        let partition = M::key(&row).columns().first().map(|column| &column.value);
        let hash = usize::try_from(self.hasher.hash_one(partition) & u64::from(u32::MAX)).unwrap_or_default();
        let entry = Entry { row, bytes, then, room };
        let bucket = self.buckets.get(hash % self.buckets.len().max(1)).ok_or_else(closed)?;
        self.shared.counts.accepted();
        bucket.send(Message::Row(entry)).map_err(|_| closed())
    }

    async fn room_for(&self, bytes: usize) -> Result<OwnedSemaphorePermit> {
        // A row larger than the buffer has it alone.
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).min(self.shared.options.buffer);
        Arc::clone(&self.shared.room).acquire_many_owned(bytes).await.map_err(|_| closed())
    }

    /// Ends when every row that was accepted before has its result.
    pub(super) async fn flush(&self) {
        // All are told before any is waited for.
        let told: Vec<_> = self
            .buckets
            .iter()
            .map(|bucket| {
                let (sender, receiver) = oneshot::channel();
                drop(bucket.send(Message::Flush(sender)));
                receiver
            })
            .collect();
        for bucket in told {
            // A bucket that is gone has no rows left.
            drop(bucket.await);
        }
    }

    /// Accepts no more rows, and flushes.
    pub(super) async fn close(&self) -> BulkStats {
        self.shared.room.close();
        self.flush().await;
        self.stats()
    }

    pub(super) fn stats(&self) -> BulkStats {
        self.shared.counts.shown()
    }
}

impl<M: Many> fmt::Debug for Core<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = &self.shared;
        f.debug_struct("BulkWriter")
            .field("options", &shared.options)
            .field("stats", &shared.counts.shown())
            .finish_non_exhaustive()
    }
}

fn closed() -> Error {
    Error::invalid("the writer was closed; the row was not accepted")
}
