//! What is refused before it is sent: what no table takes (service document "Limits").

use campaign_client::{Error, Result};

use crate::{Column, KeyValue, MAX_KEY_COLUMNS, Name, PrimaryKey, Value};

/// The longest name of a table or a column in bytes.
pub(crate) const MAX_NAME_BYTES: usize = 255;

/// The longest text or binary of a key column in bytes.
const MAX_KEY_BYTES: usize = 1024;

/// The longest text or binary of an attribute column in bytes.
const MAX_VALUE_BYTES: usize = 2 << 20;

/// Attribute columns that one write may name.
const MAX_COLUMNS: usize = 1024;

/// A table's name is letters, digits and underscores, and does not begin with a digit.
pub(crate) fn check_table_name(name: &str) -> Result<()> {
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let begins = name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    if letters && begins && name.len() <= MAX_NAME_BYTES {
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
        check_column_name(&column.name)?;
        let length = match &column.value {
            KeyValue::String(text) => text.len(),
            KeyValue::Binary(bytes) => bytes.len(),
            KeyValue::Integer(_) | KeyValue::InfMin | KeyValue::InfMax | KeyValue::AutoIncrement => 0,
        };
        check_length(&column.name, length, MAX_KEY_BYTES)?;
    }
    Ok(())
}

/// What a write says of attribute columns: their names and, as far as it puts them, their values.
pub(crate) fn check_columns<'a>(
    names: impl ExactSizeIterator<Item = &'a Name>,
    put: impl Iterator<Item = &'a Column>,
) -> Result<()> {
    if names.len() > MAX_COLUMNS {
        return Err(Error::invalid(format!("a write names at most {MAX_COLUMNS} attribute columns")));
    }
    for name in names {
        check_column_name(name)?;
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

/// The documents have column names of letters, digits and underscores; the service also takes `price-2` and the like, so
/// only what is surely none is refused.
fn check_column_name(name: &str) -> Result<()> {
    let visible = !name.bytes().any(|byte| byte == b' ' || byte.is_ascii_control());
    if visible && (1..=MAX_NAME_BYTES).contains(&name.len()) {
        return Ok(());
    }
    Err(Error::invalid("the name of a column is 1 to 255 bytes without spaces and control characters"))
}

fn check_length(name: &str, length: usize, most: usize) -> Result<()> {
    if length <= most {
        return Ok(());
    }
    Err(Error::invalid(format!("the column {name} holds {length} bytes; it may hold {most}")))
}
