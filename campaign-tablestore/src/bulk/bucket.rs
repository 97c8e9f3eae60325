//! One bucket: rows wait in it until they fill a call.

use std::sync::Arc;

use campaign_client::Result;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::JoinSet,
    time::{Instant, timeout_at},
};

use super::{BulkOptions, receipt::Then, stats::Counts};
use crate::{
    Client, Written,
    batch::{Encoded, Writes, run},
    op::batch_write_row::MAX_ROWS,
};

/// What the buckets of a writer share.
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) table: Writes,
    pub(super) options: BulkOptions,
    /// A permit for each byte of the buffer.
    pub(super) room: Arc<Semaphore>,
    /// A permit for each call at once.
    pub(super) turns: Arc<Semaphore>,
    pub(super) counts: Counts,
}

impl Shared {
    /// A row has its result.
    pub(super) fn end(&self, then: Then, result: Result<Written>) {
        self.counts.ended(&result);
        then.tell(result);
    }
}

pub(super) enum Message {
    /// A row that was accepted.
    Row {
        row: Encoded,
        then: Then,
        /// Given back when the row has its result.
        room: OwnedSemaphorePermit,
    },
    /// To be answered when all rows before it have their results.
    Flush(oneshot::Sender<()>),
}

/// The rows of the next call, and what is told and given back afterwards.
#[derive(Default)]
struct Part {
    rows: Vec<Encoded>,
    then: Vec<Then>,
    room: Option<OwnedSemaphorePermit>,
    bytes: usize,
    /// When the first of them has waited long enough.
    due: Option<Instant>,
}

struct Bucket {
    shared: Arc<Shared>,
    /// Rows that fill a call.
    most: usize,
    part: Part,
    calls: JoinSet<()>,
}

/// Takes messages until the writer is gone, then makes the last calls.
pub(super) async fn bucket(shared: Arc<Shared>, mut messages: mpsc::UnboundedReceiver<Message>) {
    let most = shared.options.rows.min(MAX_ROWS);
    let mut bucket = Bucket { shared, most, part: Part::default(), calls: JoinSet::new() };
    // Many are taken at a time, so that a row does not wake anybody.
    let mut taken = Vec::new();
    loop {
        let taking = messages.recv_many(&mut taken, most);
        let count = match bucket.part.due {
            None => taking.await,
            Some(due) => match timeout_at(due, taking).await {
                Ok(count) => count,
                Err(_) => {
                    bucket.call().await;
                    continue;
                }
            },
        };
        while bucket.calls.try_join_next().is_some() {}
        for message in taken.drain(..) {
            match message {
                Message::Row { row, then, room } => bucket.take(row, then, room).await,
                Message::Flush(done) => {
                    bucket.finish().await;
                    // Whoever flushed may have gone.
                    let _ = done.send(());
                }
            }
        }
        if count == 0 {
            return bucket.finish().await;
        }
    }
}

impl Bucket {
    /// Puts a row to those that wait, and makes a call once there are enough.
    async fn take(&mut self, row: Encoded, then: Then, room: OwnedSemaphorePermit) {
        if self.part.bytes + row.len() > self.shared.options.bytes {
            self.call().await;
        }
        let part = &mut self.part;
        part.due.get_or_insert_with(|| Instant::now() + self.shared.options.linger);
        part.bytes += row.len();
        part.rows.push(row);
        part.then.push(then);
        match &mut part.room {
            Some(taken) => taken.merge(room),
            None => part.room = Some(room),
        }
        if part.rows.len() >= self.most {
            self.call().await;
        }
    }

    /// Makes a call of the rows that wait, once it is its turn; it goes on by itself.
    async fn call(&mut self) {
        let part = std::mem::take(&mut self.part);
        if part.rows.is_empty() {
            return;
        }
        if self.shared.options.ordered {
            while self.calls.join_next().await.is_some() {}
        }
        let turn = Arc::clone(&self.shared.turns).acquire_owned().await;
        let shared = Arc::clone(&self.shared);
        self.calls.spawn(async move {
            shared.counts.called();
            let results = run(&shared.client, &shared.table, part.rows).await;
            drop(turn);
            for (then, result) in part.then.into_iter().zip(results) {
                shared.end(then, result);
            }
            drop(part.room);
        });
    }

    /// Makes the last call, and ends when all have ended.
    async fn finish(&mut self) {
        self.call().await;
        while self.calls.join_next().await.is_some() {}
    }
}
