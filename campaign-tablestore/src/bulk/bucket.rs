//! One bucket: rows wait in it until they fill a call.

use std::sync::Arc;

use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, oneshot},
    task::JoinSet,
    time::{Instant, timeout_at},
};

use super::{core::Shared, receipt::Then};
use crate::batch::{Many, run};

/// A row that was accepted.
pub(super) struct Entry<M: Many> {
    pub(super) row: M::Row,
    pub(super) bytes: usize,
    pub(super) then: Then<M::Output>,
    /// Given back when the row has its result.
    pub(super) room: OwnedSemaphorePermit,
}

pub(super) enum Message<M: Many> {
    Row(Entry<M>),
    /// To be answered when all rows before it have their results.
    Flush(oneshot::Sender<()>),
}

/// The rows of the next call.
struct Part<M: Many> {
    entries: Vec<Entry<M>>,
    bytes: usize,
    /// When the first of them has waited long enough.
    due: Option<Instant>,
}

/// Takes messages until the writer is gone, then makes the last calls.
pub(super) async fn bucket<M: Many + 'static>(
    shared: Arc<Shared<M>>,
    mut messages: mpsc::UnboundedReceiver<Message<M>>,
) {
    let mut part = Part { entries: Vec::new(), bytes: 0, due: None };
    let mut calls = JoinSet::new();
    let (rows, bytes) = (shared.options.rows.min(M::MOST), shared.options.bytes);
    loop {
        let message = match part.due {
            None => Ok(messages.recv().await),
            Some(due) => timeout_at(due, messages.recv()).await,
        };
        while calls.try_join_next().is_some() {}
        match message {
            Err(_) => call(&shared, &mut part, &mut calls).await,
            Ok(Some(Message::Row(entry))) => {
                if part.bytes + entry.bytes > bytes {
                    call(&shared, &mut part, &mut calls).await;
                }
                part.due.get_or_insert_with(|| Instant::now() + shared.options.linger);
                part.bytes += entry.bytes;
                part.entries.push(entry);
                if part.entries.len() >= rows {
                    call(&shared, &mut part, &mut calls).await;
                }
            }
            Ok(Some(Message::Flush(done))) => {
                call(&shared, &mut part, &mut calls).await;
                while calls.join_next().await.is_some() {}
                // Whoever flushed may have gone.
                let _ = done.send(());
            }
            Ok(None) => {
                call(&shared, &mut part, &mut calls).await;
                while calls.join_next().await.is_some() {}
                return;
            }
        }
    }
}

/// Makes a call of the rows that wait, once it is its turn; it goes on by itself.
async fn call<M: Many + 'static>(shared: &Arc<Shared<M>>, part: &mut Part<M>, calls: &mut JoinSet<()>) {
    part.due = None;
    part.bytes = 0;
    if part.entries.is_empty() {
        return;
    }
    if shared.options.ordered {
        while calls.join_next().await.is_some() {}
    }
    let entries = std::mem::take(&mut part.entries);
    let turn = Arc::clone(&shared.turns).acquire_owned().await;
    let shared = Arc::clone(shared);
    calls.spawn(async move {
        let mut rows = Vec::with_capacity(entries.len());
        let mut waiting = Vec::with_capacity(entries.len());
        for entry in entries {
            rows.push(entry.row);
            waiting.push((entry.then, entry.room));
        }
        shared.counts.called();
        let results = run(&shared.client, &shared.many, rows).await;
        drop(turn);
        for ((then, room), result) in waiting.into_iter().zip(results) {
            shared.counts.ended(&result);
            then.tell(result);
            drop(room);
        }
    });
}
