//! PlainBuffer, the format of rows inside the requests and answers of Table Store.
//!
//! ```text
//! buffer = 0x75 0 0 0, row*                                     little-endian throughout
//! row    = [0x01 cell*] [0x02 cell*] [0x08] [extension] 0x09 crc  primary key, attributes, delete marker
//! cell   = 0x03 0x04 name 0x05 value [0x06 op] [0x07 timestamp] 0x0A crc
//! ```
//!
//! Writing: [`Encode`] says the exact length first and then writes in one pass to the end of a buffer, so that a row goes
//! straight into the body of a request. Reading: [`RowReader`] checks both checksums and hands out rows that borrow from
//! the buffer; the `decode_…` functions make owned rows of them. The shape of a buffer depends on where it stands in the
//! protocol, so each reader is told a [`Shape`] and refuses what cannot stand there.
//!
//! Sources: service document "PlainBuffer", whose grammar lists type and length of a value in another order than they are
//! sent; where it differs from the official SDKs, the SDKs' order is the one on the wire.

mod cell;
mod crc8;
mod cursor;
mod decode;
mod encode;
mod encode_cell;
mod error;
mod names;
mod place;
mod reader;
mod record;
mod sequence;
mod shape;
mod tag;
mod variant;

#[cfg(test)]
pub(crate) mod tests;

pub use cell::{CellOp, CellRef, RowRef, ValueRef};
pub(crate) use crc8::checksum;
pub(crate) use cursor::Cursor;
pub use decode::{decode_delete, decode_key, decode_put, decode_row, decode_rows, decode_update};
pub(crate) use decode::{owned_key, owned_row};
pub(crate) use encode::append;
pub use encode::{DeletedRow, Encode};
pub use error::{DecodeError, DecodeFault};
pub(crate) use names::Names;
pub(crate) use place::Place;
pub use reader::{MAX_BUFFER_BYTES, RowReader};
pub use record::{decode_columns, decode_record};
pub use sequence::Sequence;
pub use shape::Shape;
pub(crate) use variant::take as read_value;
pub use variant::{decode_value, encode_value};
#[cfg(feature = "server")]
pub(crate) use variant::{wire_len, write as write_value};
