//! Reading many rows: ranges as streams, and tables in several parts at once.

mod checkpoint;
mod cursor;
mod decode;
mod page;
mod rows;
mod table;

pub use checkpoint::ScanCheckpoint;
pub use cursor::RangeCursor;
pub use rows::Rows;
pub use table::{ScanRows, TableScan};

#[cfg(all(test, feature = "server"))]
mod tests;
