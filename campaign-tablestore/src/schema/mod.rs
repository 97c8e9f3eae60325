//! What a table is: keys, defined columns, options, throughput, streams, indexes.
//!
//! The names are those of the service's messages (service document "API reference, Data types").

mod check;
mod index;
mod options;
pub(crate) mod partition;
pub(crate) mod proto;
mod stream;
mod table;
pub(crate) mod throughput;

pub use self::{
    check::{Finding, Growth, check},
    index::{IndexMeta, IndexSyncPhase, IndexType},
    options::{MIN_TIME_TO_LIVE, TableOptions},
    stream::{SseDetails, SseKeyType, StreamDetails, StreamSpecification},
    table::{ColumnType, DefinedColumnSchema, KeyType, PrimaryKeySchema, TableMeta},
    throughput::{CapacityUnit, ReservedThroughputDetails},
};
