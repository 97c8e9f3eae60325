//! A typed value: a byte for the type, then the content; strings and bytes have a length of four bytes before them.
//!
//! Inside a cell the whole has a length of its own before it. Without that length ("variant" in the SDKs) it is the value
//! of a filter; [`encode_value`] and [`decode_value`] are for that place.

use super::cell::ValueRef;
use super::cursor::Cursor;
use super::error::{DecodeError, DecodeFault};
use super::place::Place;
use super::{crc8, tag};
use crate::Value;

/// The bytes of a value as they stand in a filter: type and content, without a length before the type.
#[must_use]
pub fn encode_value(value: &Value) -> Vec<u8> {
    let value = ValueRef::from(value);
    let mut out = Vec::with_capacity(encoded_len(value));
    write(value, &mut out);
    out
}

/// Reads the bytes of a value as they stand in a filter.
///
/// # Errors
///
/// [`DecodeError`] if the bytes are not exactly one value of an attribute column.
pub fn decode_value(bytes: &[u8]) -> Result<Value, DecodeError> {
    let value = read(bytes, 0)?;
    value.to_value().ok_or_else(|| DecodeError::new(DecodeFault::BadValueType(value.type_tag()), 0))
}

/// What stands before text and bytes: the type and their length.
const SIZED_LEN: u32 = 1 + 4;

/// Length of type and content in bytes.
#[inline(always)]
pub(super) const fn encoded_len(value: ValueRef<'_>) -> usize {
    match value {
        ValueRef::Integer(_) | ValueRef::Double(_) => 1 + 8,
        ValueRef::Boolean(_) => 1 + 1,
        ValueRef::String(text) => SIZED_LEN as usize + text.len(),
        ValueRef::Binary(bytes) => SIZED_LEN as usize + bytes.len(),
        ValueRef::InfMin | ValueRef::InfMax | ValueRef::AutoIncrement => 1,
    }
}

/// Writes type and content.
pub(crate) fn write(value: ValueRef<'_>, out: &mut Vec<u8>) {
    let kind = value.type_tag();
    match value {
        ValueRef::Integer(number) => write_fixed(kind, number.to_le_bytes(), out),
        ValueRef::Double(number) => write_fixed(kind, number.to_le_bytes(), out),
        ValueRef::Boolean(truth) => out.extend_from_slice(&[kind, u8::from(truth)]),
        ValueRef::String(text) => write_sized(kind, text.as_bytes(), out),
        ValueRef::Binary(bytes) => write_sized(kind, bytes, out),
        ValueRef::InfMin | ValueRef::InfMax | ValueRef::AutoIncrement => out.push(kind),
    }
}

/// Writes text or bytes as the value of a cell: the cell's tag, the length of what follows, type and content. Gives the
/// checksum of what `crc` stands for, followed by type and content.
///
/// What stands before the content is written in one piece.
#[inline(always)]
pub(super) fn write_sized_cell(kind: u8, content: &[u8], crc: u8, place: &mut Place<'_>) -> u8 {
    let length = wire_len(content.len());
    let [n0, n1, n2, n3] = length.to_le_bytes();
    let [c0, c1, c2, c3] = length.saturating_add(SIZED_LEN).to_le_bytes();
    place.put([tag::CELL_VALUE, c0, c1, c2, c3, kind, n0, n1, n2, n3]);
    place.put_slice(content);
    crc8::extend(crc8::head(crc, kind, length), content)
}

/// The same for eight bytes.
#[inline(always)]
pub(super) fn write_fixed_cell(kind: u8, content: [u8; 8], crc: u8, place: &mut Place<'_>) -> u8 {
    let [b0, b1, b2, b3, b4, b5, b6, b7] = content;
    place.put([tag::CELL_VALUE, 9, 0, 0, 0, kind, b0, b1, b2, b3, b4, b5, b6, b7]);
    crc8::step(crc8::push(crc, kind), &content)
}

/// The same for a truth.
#[inline(always)]
pub(super) fn write_boolean_cell(truth: bool, crc: u8, place: &mut Place<'_>) -> u8 {
    place.put([tag::CELL_VALUE, 2, 0, 0, 0, tag::BOOLEAN, u8::from(truth)]);
    crc8::push(crc8::push(crc, tag::BOOLEAN), u8::from(truth))
}

/// The same for a type that has no content.
#[inline(always)]
pub(super) fn write_empty_cell(kind: u8, crc: u8, place: &mut Place<'_>) -> u8 {
    place.put([tag::CELL_VALUE, 1, 0, 0, 0, kind]);
    crc8::push(crc, kind)
}

fn write_fixed(kind: u8, [b0, b1, b2, b3, b4, b5, b6, b7]: [u8; 8], out: &mut Vec<u8>) {
    out.extend_from_slice(&[kind, b0, b1, b2, b3, b4, b5, b6, b7]);
}

fn write_sized(kind: u8, bytes: &[u8], out: &mut Vec<u8>) {
    let [n0, n1, n2, n3] = wire_len(bytes.len()).to_le_bytes();
    out.extend_from_slice(&[kind, n0, n1, n2, n3]);
    out.extend_from_slice(bytes);
}

/// A length as it is sent. The service takes bodies of 5 MB, and callers compare [`Encode::encoded_len`] with what they may
/// send; a length that does not fit becomes one that every reader refuses.
///
/// [`Encode::encoded_len`]: super::Encode::encoded_len
#[inline(always)]
pub(crate) fn wire_len(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Takes type and content from where `cursor` stands; nothing but the type says where they end.
pub(crate) fn take<'a>(cursor: &mut Cursor<'a>) -> Result<ValueRef<'a>, DecodeError> {
    let start = cursor.offset();
    let bytes = cursor.rest();
    let length = match bytes.first() {
        Some(&(tag::INTEGER | tag::DOUBLE)) => 1 + 8,
        Some(&tag::BOOLEAN) => 1 + 1,
        Some(&(tag::STRING | tag::BLOB)) => {
            let mut content = cursor.clone();
            content.u8()?;
            content.sized()?;
            content.offset() - start
        }
        _ => 1,
    };
    read(cursor.take(length)?, start)
}

/// Reads type and content, which must be all of `bytes`. `offset` is where they start in the whole buffer.
pub(super) fn read(bytes: &[u8], offset: usize) -> Result<ValueRef<'_>, DecodeError> {
    let fault = |fault| DecodeError::new(fault, offset);
    let Some((kind, content)) = bytes.split_first() else {
        return Err(fault(DecodeFault::BadLength));
    };
    let fixed = || <[u8; 8]>::try_from(content).map_err(|_| fault(DecodeFault::BadLength));
    let none = |value| if content.is_empty() { Ok(value) } else { Err(fault(DecodeFault::BadLength)) };
    match *kind {
        tag::INTEGER => Ok(ValueRef::Integer(i64::from_le_bytes(fixed()?))),
        tag::DOUBLE => Ok(ValueRef::Double(f64::from_le_bytes(fixed()?))),
        tag::BOOLEAN => match content {
            [0] => Ok(ValueRef::Boolean(false)),
            [1] => Ok(ValueRef::Boolean(true)),
            [_] => Err(fault(DecodeFault::BadBoolean)),
            _ => Err(fault(DecodeFault::BadLength)),
        },
        tag::STRING => {
            let text = read_sized(content).map_err(fault)?;
            std::str::from_utf8(text).map(ValueRef::String).map_err(|_| fault(DecodeFault::NotUtf8))
        }
        tag::BLOB => read_sized(content).map(ValueRef::Binary).map_err(fault),
        tag::INF_MIN => none(ValueRef::InfMin),
        tag::INF_MAX => none(ValueRef::InfMax),
        tag::AUTO_INCREMENT => none(ValueRef::AutoIncrement),
        unknown => Err(fault(DecodeFault::BadValueType(unknown))),
    }
}

/// Reads bytes that follow their length and end with `content`.
fn read_sized(content: &[u8]) -> Result<&[u8], DecodeFault> {
    let mut cursor = Cursor::new(content);
    let bytes = cursor.sized().map_err(|_| DecodeFault::BadLength)?;
    if cursor.rest().is_empty() { Ok(bytes) } else { Err(DecodeFault::BadLength) }
}
