//! The data folder of the program: what survives a restart.
//!
//! | file | what |
//! |---|---|
//! | `campaign-local.json` | the folder's format, keys, admin token and ports; mode 600, written once and when ports change |
//! | `store.redb` | the store |
//! | `lock` | held by the process that uses the folder; its content is that process's id |
//!
//! A folder that is not ours, is in use, is newer than this program or is damaged is refused and left
//! as it is. One whose making was cut off half way is made to its end.

mod error;
mod folder;
mod settings;

pub use error::DataError;
pub use folder::DataFolder;
pub use settings::{Ports, Settings};
