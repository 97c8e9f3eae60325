//! What is refused before it is sent: what no table takes (service document "General limits").

use campaign_client::{Error, Result};

use crate::{CellChange, Column, KeyValue, MAX_KEY_COLUMNS, Name, PrimaryKey, Row, RowUpdate, Value};

/// The longest name of a table or a column in bytes.
pub(crate) const MAX_NAME_BYTES: usize = 255;

/// The longest text or binary of a key column in bytes.
const MAX_KEY_BYTES: usize = 1024;

/// The longest text or binary of an attribute column in bytes.
const MAX_VALUE_BYTES: usize = 2 << 20;

/// Attribute columns that one write may name.
const MAX_COLUMNS: usize = 1024;

/// Whether a byte may stand in a table's name.
static IN_TABLE_NAME: [bool; 256] = {
    let mut allowed = [false; 256];
    let mut byte = 0u8;
    while byte < 128 {
        allowed[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_';
        byte += 1;
    }
    allowed
};

/// A table's name is letters, digits and underscores, and does not begin with a digit.
pub(crate) fn check_table_name(name: &str) -> Result<()> {
    let begins = name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    // Without a way out of the loop, and a look-up instead of four comparisons: it is asked of every request.
    let letters = || name.bytes().fold(true, |all, byte| all & IN_TABLE_NAME[usize::from(byte)]);
    if begins && name.len() <= MAX_NAME_BYTES && letters() {
        return Ok(());
    }
    Err(Error::invalid(
        "the name of a table is 1 to 255 letters, digits and underscores, and does not begin with a digit",
    ))
}

/// A key has one to four columns, none of them too long.
pub(crate) fn check_key(key: &PrimaryKey) -> Result<()> {
    if key.is_empty() || key.columns().len() > MAX_KEY_COLUMNS {
        return Err(Error::invalid("a primary key has one to four columns"));
    }
    for column in key.columns() {
        check_name(&column.name)?;
        let length = match &column.value {
            KeyValue::String(text) => text.len(),
            KeyValue::Binary(bytes) => bytes.len(),
            KeyValue::Integer(_) | KeyValue::InfMin | KeyValue::InfMax | KeyValue::AutoIncrement => 0,
        };
        check_length(&column.name, length, MAX_KEY_BYTES)?;
    }
    Ok(())
}

/// The key of a row to be written.
pub(crate) fn check_written_key(key: &PrimaryKey) -> Result<()> {
    if key.columns().iter().any(|column| matches!(column.value, KeyValue::InfMin | KeyValue::InfMax)) {
        return Err(Error::invalid("INF_MIN and INF_MAX are bounds of ranges, not keys of rows"));
    }
    check_key(key)
}

/// The columns of a row to be put.
pub(crate) fn check_put(row: &Row) -> Result<()> {
    check_columns(row.columns.iter().map(|column| &column.name), row.columns.iter())
}

/// The changes of a row.
pub(crate) fn check_update(row: &RowUpdate) -> Result<()> {
    if row.changes.is_empty() {
        return Err(Error::invalid("an update needs at least one change"));
    }
    let put = row.changes.iter().filter_map(|change| match change {
        CellChange::Put(column) => Some(column),
        _ => None,
    });
    check_columns(row.changes.iter().map(CellChange::name), put)
}

/// What a write says of attribute columns: their names and, as far as it puts them, their values.
fn check_columns<'a>(
    names: impl ExactSizeIterator<Item = &'a Name>,
    put: impl Iterator<Item = &'a Column>,
) -> Result<()> {
    if names.len() > MAX_COLUMNS {
        return Err(Error::invalid(format!("a write names at most {MAX_COLUMNS} attribute columns")));
    }
    for name in names {
        check_name(name)?;
    }
    for column in put {
        let length = match &column.value {
            Value::String(text) => text.len(),
            Value::Binary(bytes) => bytes.len(),
            Value::Integer(_) | Value::Boolean(_) | Value::Double(_) => 0,
        };
        check_length(&column.name, length, MAX_VALUE_BYTES)?;
    }
    Ok(())
}

/// Whether a text can be the name of a column.
///
/// The documents have column names of letters, digits and underscores; the service also takes `price-2` and the like, so
/// only what is surely none is refused: spaces, control characters, and what is empty or longer than 255 bytes.
pub(crate) const fn is_column_name(name: &[u8]) -> bool {
    if name.is_empty() || name.len() > MAX_NAME_BYTES {
        return false;
    }
    // Without a way out of the loop, so that many bytes are looked at in a step.
    let (mut all, mut at) = (true, 0);
    while at < name.len() {
        all &= name[at] != b' ' && !name[at].is_ascii_control();
        at += 1;
    }
    all
}

/// A text that is to be the name of a column can be one.
pub(crate) fn check_column_name(name: &str) -> Result<()> {
    if is_column_name(name.as_bytes()) { Ok(()) } else { Err(no_column_name()) }
}

/// The same for a name, which knows it already.
#[inline]
fn check_name(name: &Name) -> Result<()> {
    if name.is_column_name() { Ok(()) } else { Err(no_column_name()) }
}

#[cold]
fn no_column_name() -> Error {
    Error::invalid("the name of a column is 1 to 255 bytes without spaces and control characters")
}

#[inline]
fn check_length(name: &Name, length: usize, most: usize) -> Result<()> {
    if length <= most { Ok(()) } else { Err(too_long(name, length, most)) }
}

#[cold]
fn too_long(name: &Name, length: usize, most: usize) -> Error {
    Error::invalid(format!("the column {name} holds {length} bytes; it may hold {most}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_named_by_visible_text_of_1_to_255_bytes() {
        for good in ["a", "price-2", "姓名", "x".repeat(255).as_str()] {
            assert!(check_name(&Name::from(good)).is_ok(), "{good}");
        }
        for bad in ["", "a b", " a", "a\n", "\u{7f}", "x".repeat(256).as_str()] {
            assert!(check_name(&Name::from(bad)).is_err(), "{bad:?}");
        }
        assert!(check_name(&Name::from_static("a\tb")).is_err());
    }

    #[test]
    fn a_table_is_named_by_letters_digits_and_underscores() {
        for byte in 0..128_u8 {
            let letter = char::from(byte).to_string();
            let may = byte.is_ascii_alphanumeric() || byte == b'_';
            assert_eq!(check_table_name(&format!("a{letter}")).is_ok(), may, "{letter:?}");
            assert_eq!(check_table_name(&letter).is_ok(), may && !byte.is_ascii_digit(), "{letter:?}");
        }
        assert!(check_table_name("täble").is_err());
    }
}
