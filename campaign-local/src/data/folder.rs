//! Opening a data folder.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::settings::{self, FILE as SETTINGS, Unusable};
use super::{DataError, Ports, Settings};
use crate::store::{Store, StoreError, View};

const STORE: &str = "store.redb";
const LOCK: &str = "lock";

/// Names that a cut-off start leaves behind.
const UNFINISHED: [&str; 2] = ["campaign-local.new", "store.new"];

/// An open data folder; no other process can open it until this is dropped.
#[derive(Debug)]
pub struct DataFolder {
    folder: PathBuf,
    settings: Settings,
    store: Store,
    /// Held, not read.
    _lock: File,
}

impl DataFolder {
    /// Opens `folder`, made if it is not there.
    ///
    /// # Errors
    /// [`DataError`]; a folder with anything of value in it is then as it was.
    pub async fn open(folder: impl Into<PathBuf>) -> Result<Self, DataError> {
        let folder = folder.into();
        make(&folder)?;
        check_ours(&folder)?;
        let lock = lock(&folder)?;
        let (settings_file, store_file) = (folder.join(SETTINGS), folder.join(STORE));
        let found = match settings::read(&settings_file) {
            Ok(found) => Some(found),
            Err(Unusable::Absent) => None,
            Err(unusable) => return Err(unusable.into_error(settings_file)),
        };
        // The settings are written last, so where they are the store has been.
        let store_is_there = fs::metadata(&store_file).is_ok_and(|meta| meta.len() > 0);
        if found.is_some() && !store_is_there {
            return Err(DataError::Missing { file: store_file });
        }
        let store = Store::open(&store_file).map_err(|source| DataError::Store { file: store_file, source })?;
        let io = |source| DataError::Io { doing: "writing", path: settings_file.clone(), source };
        let (settings, unwritten) = match found {
            Some(found) => found,
            None if is_empty(&store).await => (Settings::generate().map_err(io)?, true),
            None => return Err(DataError::Missing { file: settings_file }),
        };
        if unwritten {
            settings::write(&settings_file, &settings).map_err(io)?;
        }
        Ok(Self { folder, settings, store, _lock: lock })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Keys, token and ports.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Keeps the ports that are listened on for the next start.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub fn keep_ports(&mut self, ports: Ports) -> Result<(), DataError> {
        if self.settings.ports == ports {
            return Ok(());
        }
        self.settings.ports = ports;
        let path = self.folder.join(SETTINGS);
        settings::write(&path, &self.settings).map_err(|source| DataError::Io { doing: "writing", path, source })
    }
}

fn make(folder: &Path) -> Result<(), DataError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|source| DataError::Io { doing: "making", path: folder.to_owned(), source })
}

/// Refuses a folder with content that this program did not write, before anything is written to it.
fn check_ours(folder: &Path) -> Result<(), DataError> {
    let io = |source| DataError::Io { doing: "reading", path: folder.to_owned(), source };
    if folder.join(SETTINGS).exists() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(io)? {
        let name = entry.map_err(io)?.file_name();
        let name = name.to_string_lossy();
        if name != STORE && name != LOCK && !UNFINISHED.contains(&name.as_ref()) {
            return Err(DataError::NotOurs { folder: folder.to_owned(), found: name.into_owned() });
        }
    }
    Ok(())
}

/// Takes the folder for this process. The system gives it back when the process ends, however it ends.
fn lock(folder: &Path) -> Result<File, DataError> {
    let path = folder.join(LOCK);
    let io = |doing| {
        let path = path.clone();
        move |source: io::Error| DataError::Io { doing, path, source }
    };
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(&path).map_err(io("opening"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let read = (&mut file).take(20).read_to_string(&mut text);
            let pid = read.ok().and_then(|_| text.trim().parse().ok());
            return Err(DataError::Locked { folder: folder.to_owned(), pid });
        }
        Err(TryLockError::Error(source)) => return Err(io("locking")(source)),
    }
    file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(io("writing"))?;
    Ok(file)
}

async fn is_empty(store: &Store) -> bool {
    let first = store.read(|read| {
        let mut found = false;
        read.scan(&[]..&[u8::MAX], crate::store::Order::Forward, &mut |_, _| {
            found = true;
            std::ops::ControlFlow::Break(())
        })?;
        Ok::<_, StoreError>(found)
    });
    first.await.is_ok_and(|found| !found)
}
