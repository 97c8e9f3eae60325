//! Reading many rows: ranges as streams, tables in several parts at once, rows by their keys, rows that are wide.

mod bulk;
mod checkpoint;
mod cursor;
mod decode;
mod page;
mod rows;
mod table;
mod wide;

pub use bulk::BulkReader;
pub use checkpoint::ScanCheckpoint;
pub use cursor::RangeCursor;
pub use rows::Rows;
pub use table::{ScanRows, TableScan};

#[cfg(all(test, feature = "server"))]
mod tests;
