//! campaign-tablestore

mod condition;
mod entity;
mod filter;
pub mod plain_buffer;
mod row;
mod value;

pub use condition::{Condition, RowExistence};
pub use entity::{Entity, EntityError, EntityFault, binary, from_row, to_row};
#[cfg(feature = "server")]
pub use filter::UnsupportedFilter;
pub use filter::{CastType, ColumnFilter, Combinator, Comparator, Filter, FilterError, MAX_CONDITIONS, ValueTransfer};
pub use row::{CellChange, Column, KeyColumn, KeyValue, MAX_KEY_COLUMNS, Name, PrimaryKey, Row, RowUpdate};
pub use value::Value;
