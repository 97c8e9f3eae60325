//! campaign-tablestore

pub mod plain_buffer;
mod row;
mod value;

pub use row::{CellChange, Column, KeyColumn, KeyValue, MAX_KEY_COLUMNS, Name, PrimaryKey, Row, RowUpdate};
pub use value::Value;
