#![doc = include_str!("../README.md")]

mod code;
mod condition;
mod entity;
#[cfg(feature = "entries")]
mod entries;
mod filter;
pub mod op;
pub mod plain_buffer;
mod range_page;
mod read;
mod row;
pub mod schema;
#[cfg(feature = "server")]
pub mod server;
mod service;
pub mod sign;
#[cfg(all(test, feature = "server"))]
mod testing;
mod value;
mod wire;
mod write;

pub use code::Code;
pub use condition::{Condition, RowExistence};
pub use entity::{Entity, EntityError, EntityFault, KeyValues, Table, binary, from_row, from_row_ref, to_row};
#[cfg(feature = "entries")]
pub use entries::EntryTable;
#[cfg(feature = "server")]
pub use filter::UnsupportedFilter;
pub use filter::{CastType, ColumnFilter, Combinator, Comparator, Filter, FilterError, MAX_CONDITIONS, ValueTransfer};
pub use op::{
    add_defined_column::AddDefinedColumn,
    compute_split_points_by_size::{ComputeSplitPointsBySize, SplitLocation, SplitPoints},
    create_index::CreateIndex,
    create_table::CreateTable,
    delete_defined_column::DeleteDefinedColumn,
    delete_row::DeleteRow,
    delete_table::DeleteTable,
    describe_table::{DescribeTable, TableDescription, TableStatus},
    drop_index::DropIndex,
    get_range::{Direction, GetRange, RangePage},
    get_row::{GetRow, GetRowOutput},
    list_table::ListTable,
    put_row::PutRow,
    update_row::UpdateRow,
    update_table::{UpdateTable, UpdatedTable},
};
pub use read::TimeRange;
pub use row::{CellChange, Column, KeyColumn, KeyValue, MAX_KEY_COLUMNS, Name, PrimaryKey, Row, RowUpdate};
pub use service::TableStore;
pub use value::Value;
pub use wire::WireFault;
pub use write::{ReturnContent, Written};

/// What every client is made of: credentials, retries, transports, errors. One dependency is enough.
pub use campaign_client as client;

/// A client of one instance; see [`campaign_client::Client`].
pub type Client = campaign_client::Client<TableStore>;
