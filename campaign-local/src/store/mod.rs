//! The embedded store: one ordered space of bytes → bytes in one file, under every service of this crate.
//!
//! A write is a closure that runs inside the commit: it reads, checks its conditions and puts or
//! deletes, and either all of it is kept or none. What arrived while the last sync ran goes into the
//! next commit together; nobody waits for a timer. A write is answered only after its commit is on
//! the disk, and a read sees only what is on the disk. When a sync fails the store answers
//! [`StoreError::Stopped`] to everything until it is opened again: after a failed sync nobody can say
//! what the disk holds.
//!
//! | file | what |
//! |---|---|
//! | `database` | [`Store`]: opening, `write`, `read`; [`Snapshot`] |
//! | `commit` | the queue and the group commit |
//! | `view` | [`View`]: what a closure sees; [`Read`] and [`Write`] |
//! | `error` | [`OpenError`], [`StoreError`] |
//! | `space` | the first byte of every key: which service it belongs to |

mod commit;
mod database;
mod error;
pub mod space;
mod view;

pub(crate) use database::sync_folder_of;
pub use database::{Snapshot, Store};
pub use error::{OpenError, StoreError};
pub use redb::StorageBackend;
pub use view::{Order, Read, View, Visit, Write};
