//! What an SQL query answers: columns of values, in a FlatBuffer.
//!
//! ```text
//! SQLResponseColumns { columns: [SQLResponseColumn], row_count: long }
//! SQLResponseColumn  { column_name: string, column_type: byte, column_value: ColumnValues }
//! ColumnValues       { is_nullvalues: [bool], long_values: [long], bool_values: [bool], double_values: [double],
//!                      string_values: [string], binary_values: [BytesValue], rle_string_values: RLEStringValues }
//! BytesValue         { value: [byte] }
//! RLEStringValues    { array: [string], index_mapping: [int] }
//! ```
//!
//! The schema is the one that the official Python client ships (`sql.fbs`). The reader is our own: the crate flatbuffers reads
//! through generated `unsafe`, and this schema needs a table, a vector and a string.

mod answer;
mod flat;
mod read;
#[cfg(feature = "server")]
mod write;

#[cfg(test)]
mod tests;

pub use answer::{SqlColumn, SqlRows};
pub(crate) use read::read;
#[cfg(feature = "server")]
pub(crate) use write::write;

/// `DataType`.
const LONG: u8 = 1;
const BOOLEAN: u8 = 2;
const DOUBLE: u8 = 3;
const STRING: u8 = 4;
const BINARY: u8 = 5;
const STRING_RLE: u8 = 6;
