//! [`Store`]: opening, writing, reading.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use redb::backends::{FileBackend, InMemoryBackend};
use redb::{Builder, ReadableDatabase, StorageBackend};
use tokio::sync::oneshot;

use super::commit::{Committer, DATA, Job};
use super::{OpenError, Read, StoreError, Write};

/// Bytes of the file that redb keeps in memory.
const CACHE: usize = 64 << 20;

/// An ordered space of bytes → bytes. Cheap to clone; all clones are the same store.
///
/// ```
/// use campaign_local::store::{Store, StoreError, View};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Store::in_memory()?;
/// let was_new = store.write(|write| {
///     let was_new = write.get(b"key")?.is_none();
///     write.put("key", "value");
///     Ok::<_, StoreError>(was_new)
/// }).await?;
/// assert!(was_new);
/// let value = store.read(|read| read.get(b"key")).await?;
/// assert_eq!(value.as_deref(), Some(b"value".as_slice()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Store {
    committer: Arc<Committer>,
}

impl Store {
    /// Opens the file `path`; where there is none, or an empty one, it is made. Every checksum in it
    /// is verified first, and what an unclean end left behind is put in order; that reads the whole
    /// file.
    ///
    /// # Errors
    /// [`OpenError`]; the file is then as it was.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let made = std::fs::metadata(path).is_ok_and(|meta| meta.len() > 0);
        if !made {
            // Under another name first: cut off in the middle, this leaves no store, not half of one.
            let unfinished = path.with_extension("new");
            let mut options = File::options();
            options.read(true).write(true).create(true).truncate(true);
            // What is stored is its owner's business.
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let file = options.open(&unfinished).map_err(OpenError::Io)?;
            drop(Self::with_file(file)?);
            std::fs::rename(&unfinished, path).map_err(OpenError::Io)?;
            sync_folder_of(path).map_err(OpenError::Io)?;
        }
        let file = File::options().read(true).write(true).open(path).map_err(OpenError::Io)?;
        Self::with_file(file)
    }

    fn with_file(file: File) -> Result<Self, OpenError> {
        let backend = FileBackend::new(file).map_err(redb::Error::from)?;
        Self::with_backend(backend)
    }

    /// A store that is gone when its last clone is dropped.
    ///
    /// # Errors
    /// [`OpenError`], which memory has no reason for.
    pub fn in_memory() -> Result<Self, OpenError> {
        Self::with_backend(InMemoryBackend::new())
    }

    /// Opens a store on a backend of the caller's, such as a simulated disk.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn with_backend(backend: impl StorageBackend) -> Result<Self, OpenError> {
        let open = || -> Result<_, redb::Error> {
            let database =
                Builder::new().set_cache_size(CACHE).set_check_integrity_on_open(true).create_with_backend(backend)?;
            // The table is made at once, so that a read before the first write finds it.
            let made = {
                let read = database.begin_read()?;
                read.open_table(DATA).is_ok()
            };
            if !made {
                let mut write = database.begin_write()?;
                write.set_two_phase_commit(true);
                drop(write.open_table(DATA)?);
                write.commit()?;
            }
            Ok(database)
        };
        // redb's debug builds panic where its release builds report a damaged file.
        let database = catch_unwind(AssertUnwindSafe(open))
            .map_err(|_| OpenError::Damaged("its pages contradict each other".to_owned()))?
            .map_err(OpenError::from)?;
        Ok(Self { committer: Arc::new(Committer::new(database)) })
    }

    /// Runs `work` inside the next commit and returns what it returned, once that commit is on the
    /// disk. With `Err` nothing of this write is kept; other writes of the same commit are not
    /// concerned. `work` must not block: it holds up everybody's commit.
    ///
    /// When the returned future is dropped, `work` is either run whole or, if it was still waiting
    /// for a place in the queue, not at all.
    ///
    /// # Errors
    /// What `work` returned, or a [`StoreError`] turned into it.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Write<'_>) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Task { work: Some(work), result: None, reply };
        self.committer.submit(Box::new(job)).await?;
        answer.await.unwrap_or_else(|_| Err(StoreError::stopped("the runtime that ran the commit has ended").into()))
    }

    /// Runs `work` over the state of the last commit.
    ///
    /// # Errors
    /// What `work` returned, or a [`StoreError`] turned into it.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Read) -> Result<T, E> + Send + 'static,
    {
        self.committer.check()?;
        let committer = Arc::clone(&self.committer);
        let read = move || {
            let transaction = committer.database.begin_read().map_err(StoreError::stopped)?;
            let table = transaction.open_table(DATA).map_err(StoreError::stopped)?;
            work(&Read::new(table))
        };
        blocking(read).await
    }

    /// The state of the last commit, kept for as long as the snapshot is: what is overwritten or deleted
    /// meanwhile can still be read from it. The file keeps the old pages until then.
    ///
    /// # Errors
    /// [`StoreError::Stopped`].
    pub async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.committer.check()?;
        let committer = Arc::clone(&self.committer);
        let open = move || {
            let transaction = committer.database.begin_read().map_err(StoreError::stopped)?;
            let table = transaction.open_table(DATA).map_err(StoreError::stopped)?;
            Ok(Snapshot { read: Arc::new(Read::new(table)) })
        };
        blocking(open).await
    }

    /// Takes no more work, and returns when all that was accepted is on the disk. Later calls on any
    /// clone answer [`StoreError::Stopped`].
    pub async fn close(&self) {
        self.committer.close().await;
    }
}

/// One state of the store, for reading in pieces. Cheap to clone; all clones are the same state.
#[derive(Clone, Debug)]
pub struct Snapshot {
    read: Arc<Read>,
}

impl Snapshot {
    /// Runs `work` over the state.
    ///
    /// # Errors
    /// What `work` returned, or a [`StoreError`] turned into it.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&Read) -> Result<T, E> + Send + 'static,
    {
        let read = Arc::clone(&self.read);
        blocking(move || work(&read)).await
    }
}

/// Runs what reads the file where it may block.
async fn blocking<T, E, F>(work: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    F: FnOnce() -> Result<T, E> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => Err(StoreError::Panicked.into()),
        Err(_) => Err(StoreError::stopped("the runtime that ran the read has ended").into()),
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

/// Makes the names in the folder of `path` survive a power cut.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

/// A write with the way back to its caller.
struct Task<T, E, F> {
    work: Option<F>,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for Task<T, E, F>
where
    T: Send,
    E: From<StoreError> + Send,
    F: FnOnce(&mut Write<'_>) -> Result<T, E> + Send,
{
    fn run(&mut self, write: &mut Write<'_>) -> bool {
        self.result = self.work.take().map(|work| work(write));
        matches!(self.result, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let result = match (outcome, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(StoreError::Panicked.into()),
            (Err(error), _) => Err(error.into()),
        };
        // The caller may be gone; its write stands all the same.
        drop(self.reply.send(result));
    }
}
