//! The queue of writes and the group commit.
//!
//! One commit runs at a time, as a blocking task of the runtime that the first waiting caller is
//! on: under tokio's paused clock such a task holds the clock still, which a thread of our own would
//! not. The task takes all that is queued, commits it, and looks again; it ends when nothing is left.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use redb::{Database, TableDefinition};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{StoreError, Write};

/// All that is stored is in this table.
pub(super) const DATA: TableDefinition<'static, &'static [u8], &'static [u8]> = TableDefinition::new("data");

/// Writes that may wait for a commit at once; further callers wait for a place.
const QUEUE: usize = 1024;

/// One queued write.
pub(super) trait Job: Send {
    /// Runs the closure. `Ok(true)`: its changes are to be merged.
    fn run(&mut self, write: &mut Write<'_>) -> bool;
    /// Hands the outcome to the caller: the closure's own when `outcome` is `Ok`.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

struct Waiting {
    job: Box<dyn Job>,
    /// Held until the answer is given, so that the queue stays bounded.
    _place: OwnedSemaphorePermit,
}

struct Answer {
    waiting: Waiting,
    outcome: Result<(), StoreError>,
}

impl Answer {
    fn give(self) {
        self.waiting.job.answer(self.outcome);
    }
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// A task is committing, or about to look at the queue again.
    committing: bool,
}

/// The database with its queue.
pub(super) struct Committer {
    pub(super) database: Database,
    places: Arc<Semaphore>,
    queue: Mutex<Queue>,
    stopped: OnceLock<StoreError>,
}

impl Committer {
    pub(super) fn new(database: Database) -> Self {
        Self { database, places: Arc::new(Semaphore::new(QUEUE)), queue: Mutex::default(), stopped: OnceLock::new() }
    }

    /// Fails once the store has stopped.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.stopped.get().map_or(Ok(()), |why| Err(why.clone()))
    }

    /// From now on nothing is written or read. The first reason stays.
    pub(super) fn stop(&self, why: StoreError) -> StoreError {
        self.stopped.get_or_init(|| why).clone()
    }

    /// Waits for a place and queues `job`. Once this has returned the job runs, whatever becomes of
    /// the caller.
    pub(super) async fn submit(self: &Arc<Self>, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.check()?;
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| self.closed())?;
        let mut queue = self.lock();
        queue.waiting.push_back(Waiting { job, _place: place });
        if !queue.committing {
            queue.committing = true;
            let task = CommitTask { committer: Arc::clone(self), ended: false };
            drop(queue);
            drop(tokio::task::spawn_blocking(move || task.run()));
        }
        Ok(())
    }

    /// Takes no more work and waits until what is queued is done.
    pub(super) async fn close(&self) {
        // All places free means that nothing waits and nothing is being committed.
        let all = u32::try_from(QUEUE).expect("the queue's length is a small constant");
        let _nothing_queued = self.places.acquire_many(all).await;
        self.places.close();
        self.stop(self.closed());
    }

    fn closed(&self) -> StoreError {
        self.stopped.get().cloned().unwrap_or_else(|| StoreError::stopped("it was closed"))
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs all jobs of one commit; what each is to be answered.
    fn commit(&self, batch: VecDeque<Waiting>) -> Vec<Answer> {
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut batch: Vec<Waiting> = batch.into();
        let result = self.check().and_then(|()| self.run(&mut batch, &mut outcomes).map_err(|error| self.stop(error)));
        let mut outcomes = outcomes.into_iter();
        let answer = |waiting| Answer { waiting, outcome: result.clone().and(outcomes.next().unwrap_or(Ok(()))) };
        batch.into_iter().map(answer).collect()
    }

    fn run(&self, batch: &mut [Waiting], outcomes: &mut Vec<Result<(), StoreError>>) -> Result<(), StoreError> {
        let mut transaction = self.database.begin_write().map_err(StoreError::stopped)?;
        // Two syncs instead of one. With one, redb opens the newer of two roots whose checksums
        // hold: damage to the newest commit after a crash would look like a commit that was never
        // finished, and acknowledged writes would vanish unseen. With two it is refused.
        transaction.set_two_phase_commit(true);
        let mut changed = false;
        {
            let mut table = transaction.open_table(DATA).map_err(StoreError::stopped)?;
            for waiting in batch {
                let mut write = Write::new(&table);
                let ran = catch_unwind(AssertUnwindSafe(|| waiting.job.run(&mut write)));
                let changes = write.into_changes()?;
                let keep = matches!(ran, Ok(true));
                outcomes.push(ran.map(drop).map_err(|_| StoreError::Panicked));
                if !keep {
                    continue;
                }
                for (key, change) in changes {
                    changed = true;
                    match change {
                        Some(value) => table.insert(key.as_slice(), value.as_slice()).map(drop),
                        None => table.remove(key.as_slice()).map(drop),
                    }
                    .map_err(StoreError::stopped)?;
                }
            }
        }
        if changed {
            transaction.commit().map_err(StoreError::stopped)
        } else {
            transaction.abort().map_err(StoreError::stopped)
        }
    }
}

/// The running commit. However it ends, also when its runtime ends before it began, nobody is left
/// waiting: dropped jobs tell their callers so.
struct CommitTask {
    committer: Arc<Committer>,
    /// It gave the work back in good order, so another task may already be at it.
    ended: bool,
}

impl CommitTask {
    fn run(mut self) {
        let mut batch = std::mem::take(&mut self.committer.lock().waiting);
        loop {
            let answers = self.committer.commit(batch);
            {
                let mut queue = self.committer.lock();
                batch = std::mem::take(&mut queue.waiting);
                queue.committing = !batch.is_empty();
                self.ended = !queue.committing;
            }
            if self.ended {
                // Before the last answer: whoever has it and drops the store may open the file again.
                drop(self);
                answers.into_iter().for_each(Answer::give);
                return;
            }
            answers.into_iter().for_each(Answer::give);
        }
    }
}

impl Drop for CommitTask {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        if std::thread::panicking() {
            self.committer.stop(StoreError::stopped("a commit panicked"));
        }
        let mut queue = self.committer.lock();
        queue.waiting.clear();
        queue.committing = false;
    }
}
