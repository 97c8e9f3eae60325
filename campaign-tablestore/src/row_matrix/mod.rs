//! SimpleRowMatrix, the format of BulkExport's rows: every row has the same fields, in the same order, without versions.
//!
//! ```text
//! matrix  = "SRM0" data_offset options_offset key_count attribute_count name* options row* footer    little-endian
//! name    = length of 2 bytes, text                                       one for each field, those of the key first
//! options = 10 has_entire_key, 3 row_count                                1 byte and 4 bytes
//! row     = 2 field*          field = type of 1 byte, content as in PlainBuffer; type 6 is a column the row has not
//! footer  = 1 crc             CRC-8 of every byte before it, the 1 included
//! ```
//!
//! Source: official SDK for Java, its SimpleRowMatrix parser. No document has the format.

mod decode;
#[cfg(feature = "server")]
mod encode;
#[cfg(all(test, feature = "server"))]
mod tests;

pub use decode::{MatrixRow, RowMatrix};
#[cfg(feature = "server")]
pub(crate) use encode::encode;

const MAGIC: u32 = u32::from_le_bytes(*b"SRM0");
const TAG_CHECKSUM: u8 = 1;
const TAG_ROW: u8 = 2;
const TAG_ROW_COUNT: u8 = 3;
const TAG_ENTIRE_KEY: u8 = 10;
/// The type of a column that the row has not.
const ABSENT: u8 = 6;
