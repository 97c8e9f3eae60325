#![doc = include_str!("../README.md")]

pub mod batch;
mod bulk;
mod code;
mod condition;
mod deflate;
mod entity;
#[cfg(feature = "entries")]
mod entries;
mod filter;
pub mod op;
pub mod plain_buffer;
mod range_page;
mod read;
mod row;
pub mod row_matrix;
mod row_results;
mod row_write;
mod scan;
pub mod schema;
pub mod search;
#[cfg(feature = "server")]
pub mod server;
mod service;
pub mod sign;
mod sql;
mod stream;
#[cfg(all(test, feature = "server"))]
mod testing;
mod token;
mod transaction;
mod value;
mod wire;
mod write;

pub use bulk::{BulkOptions, BulkStats, BulkWriter, Receipt};
pub use code::Code;
pub use condition::{Condition, RowExistence};
pub use deflate::DeflateFault;
pub use entity::{Entity, EntityError, EntityFault, KeyValues, Table, binary, from_row, from_row_ref, to_row};
#[cfg(feature = "entries")]
pub use entries::EntryTable;
#[cfg(feature = "server")]
pub use filter::BadPattern;
pub use filter::{CastType, ColumnFilter, Combinator, Comparator, Filter, FilterError, MAX_CONDITIONS, ValueTransfer};
pub use op::{
    abort_transaction::AbortTransaction,
    add_defined_column::AddDefinedColumn,
    batch_get_row::{BatchGetRow, TableReads},
    batch_write_row::{BatchWriteRow, TableWrites},
    bulk_export::{BulkExport, DataBlockType, ExportPage},
    bulk_import::BulkImport,
    commit_transaction::CommitTransaction,
    compute_split_points_by_size::{ComputeSplitPointsBySize, SplitLocation, SplitPoints},
    compute_splits::{ComputeSplits, ScanSession},
    create_index::CreateIndex,
    create_search_index::CreateSearchIndex,
    create_table::CreateTable,
    delete_defined_column::DeleteDefinedColumn,
    delete_row::DeleteRow,
    delete_search_index::DeleteSearchIndex,
    delete_table::DeleteTable,
    describe_search_index::{DescribeSearchIndex, SearchIndexDescription},
    describe_stream::{DescribeStream, StreamDescription, StreamShard, StreamStatus},
    describe_table::{DescribeTable, TableDescription, TableStatus},
    drop_index::DropIndex,
    get_range::{Direction, GetRange, RangePage},
    get_row::{GetRow, GetRowOutput},
    get_shard_iterator::{GetShardIterator, ShardIterator},
    get_stream_record::{GetStreamRecord, StreamRecords},
    list_search_index::{IndexInfo, ListSearchIndex},
    list_stream::{ListStream, TableStream},
    list_table::ListTable,
    parallel_scan::ParallelScan,
    put_row::PutRow,
    search::Search,
    sql_query::{SqlAnswer, SqlQuery, SqlStatement},
    start_local_transaction::StartLocalTransaction,
    update_row::UpdateRow,
    update_search_index::UpdateSearchIndex,
    update_table::{UpdateTable, UpdatedTable},
};
pub use plain_buffer::Sequence;
pub use read::TimeRange;
pub use row::{CellChange, Column, KeyColumn, KeyValue, MAX_KEY_COLUMNS, Name, PrimaryKey, Row, RowUpdate};
pub use row_results::{RowResult, RowResults};
pub use row_write::{RowChange, RowWrite};
pub use scan::{BulkReader, RangeCursor, Rows, ScanCheckpoint, ScanRows, TableScan};
pub use service::TableStore;
pub use sql::{SqlColumn, SqlRows};
pub use stream::{ShardPosition, StreamAction, StreamBatch, StreamCheckpoint, StreamReader, StreamRecord};
pub use token::Token;
pub use transaction::{Transaction, Transactional};
pub use value::Value;
pub use wire::WireFault;
pub use write::{ReturnContent, Written};

/// What every client is made of: credentials, retries, transports, errors. One dependency is enough.
pub use campaign_client as client;

/// A client of one instance; see [`campaign_client::Client`].
pub type Client = campaign_client::Client<TableStore>;
