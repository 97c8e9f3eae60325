//! The changes of a table, in order: one change, a place to go on from, and a reader of all shards.

mod checkpoint;
mod reader;
mod record;

pub use checkpoint::{ShardPosition, StreamCheckpoint};
pub use reader::{StreamBatch, StreamReader};
pub(crate) use record::WireRecord;
pub use record::{StreamAction, StreamRecord};
