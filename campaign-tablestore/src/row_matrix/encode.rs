//! Writing a matrix, for a server.

use super::{ABSENT, MAGIC, TAG_CHECKSUM, TAG_ENTIRE_KEY, TAG_ROW, TAG_ROW_COUNT};
use crate::{
    Name, Row,
    plain_buffer::{ValueRef, checksum, wire_len, write_value},
};

/// The bytes of a block with a field for each name. Of several versions of a column the first is taken.
pub(crate) fn encode(key: &[Name], columns: &[Name], rows: &[Row]) -> Vec<u8> {
    let names = || key.iter().chain(columns);
    let header = 4 * 5;
    let options = header + names().map(|name| 2 + name.len()).sum::<usize>();
    let data = options + 2 + 5;
    let mut out = Vec::with_capacity(data);
    for number in [MAGIC, wire_len(data), wire_len(options), wire_len(key.len()), wire_len(columns.len())] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    for name in names() {
        // A name has at most 255 bytes.
        out.extend_from_slice(&u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes());
        out.extend_from_slice(name.as_bytes());
    }
    out.extend_from_slice(&[TAG_ENTIRE_KEY, 1, TAG_ROW_COUNT]);
    out.extend_from_slice(&wire_len(rows.len()).to_le_bytes());
    for row in rows {
        out.push(TAG_ROW);
        let key = key.iter().map(|name| row.key(name).map(ValueRef::from));
        let columns = columns.iter().map(|name| row.get(name).map(ValueRef::from));
        for field in key.chain(columns) {
            match field {
                Some(value) => write_value(value, &mut out),
                None => out.push(ABSENT),
            }
        }
    }
    out.push(TAG_CHECKSUM);
    out.push(checksum(&out));
    out
}
