//! Rows, their primary keys, and the changes of UpdateRow.

mod change;
mod key;
mod name;
mod owned;

#[cfg(test)]
mod tests;

pub use change::{CellChange, RowUpdate};
pub use key::{KeyColumn, KeyValue, MAX_KEY_COLUMNS, PrimaryKey};
pub use name::Name;
pub use owned::{Column, Row};
