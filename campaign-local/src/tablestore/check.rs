//! What is refused, in the service's words (service documents "Error codes" and "Limits"; texts as
//! the official SDKs' functional tests have them).

use campaign_tablestore::plain_buffer::{DecodeError, DecodeFault};
use campaign_tablestore::schema::{KeyType, PrimaryKeySchema};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{
    Code, Column, FilterError, KeyColumn, KeyValue, MAX_CONDITIONS, Name, PrimaryKey, Value, WireFault,
};

use crate::store::StoreError;
use crate::tablestore::row::value_size;
use crate::tablestore::table::Table;

const NAME_BYTES: usize = 255;
/// Bytes of a text or binary in a key.
pub(crate) const KEY_BYTES: usize = 1024;
const VALUE_BYTES: usize = 2 << 20;
const COLUMNS: usize = 1024;
/// Bytes of one row's data in one write.
const DATA_BYTES: usize = 4 << 20;
/// Versions are below this (official SDK tests: "INT64_MAX/1000").
const LAST_VERSION: i64 = i64::MAX / 1000;
pub(crate) const LIMIT: &str = "The limit must be greater than 0.";
/// Of ComputeSplitPointsBySize (official SDK tests).
pub(crate) const SPLIT_SIZE: &str = "The split_size should be greater than 0.";
const TIMESTAMP: &str = "Timestamp must be in range [0, INT64_MAX/1000).";

pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(Code::ParameterInvalid, message)
}

/// A filter's expression is none. No document has the text.
pub(crate) fn bad_pattern() -> Refusal {
    invalid("The regular expression of a filter is invalid.")
}

pub(crate) fn unsupported(what: &str) -> Refusal {
    Refusal::new(Code::UnsupportOperation, format!("campaign-local does not emulate {what}."))
}

impl From<StoreError> for Refusal {
    /// What a stopped store did is not known, so neither is what became of the request.
    fn from(error: StoreError) -> Self {
        Self::new(Code::ServerUnavailable, format!("The emulator cannot go on: {error}."))
    }
}

/// The refusal of a request that is not the operation's message.
pub(crate) fn unreadable(operation: &str, error: &campaign_client::Error) -> Refusal {
    let fault = std::error::Error::source(error).and_then(|source| source.downcast_ref::<WireFault>());
    match fault {
        Some(WireFault::Row(error)) => invalid(plain_buffer(operation, error)),
        // The limit is the document's; the official Java client's tests have it as 32, of joins and comparisons.
        Some(WireFault::Filter(FilterError::TooManyConditions(_))) => {
            invalid(format!("The count of filter exceeds the max:{MAX_CONDITIONS}."))
        }
        Some(WireFault::Filter(error)) => invalid(format!("Invalid filter: {error}.")),
        Some(WireFault::OutOfRange { field: "limit", .. }) => invalid(LIMIT),
        Some(WireFault::OutOfRange { field: "split_size", .. }) => invalid(SPLIT_SIZE),
        Some(WireFault::OutOfRange { field, .. }) => invalid(format!("Invalid value of {field}.")),
        Some(WireFault::Contradiction(what)) => invalid(format!("{what}.")),
        _ => invalid("Parse PBMessage from RawString failed."),
    }
}

/// Types of values that are bounds or placeholders (service document "PlainBuffer").
const INF_MIN: u8 = 0x09;
const INF_MAX: u8 = 0x0a;
const AUTO_INCREMENT: u8 = 0x0b;

fn plain_buffer(operation: &str, error: &DecodeError) -> String {
    match error.fault() {
        DecodeFault::BadValueType(INF_MIN) => not_a_key("VT_INF_MIN"),
        DecodeFault::BadValueType(INF_MAX) => not_a_key("VT_INF_MAX"),
        DecodeFault::BadValueType(AUTO_INCREMENT) => not_a_key("VT_AUTO_INCREMENT"),
        DecodeFault::NegativeTimestamp => TIMESTAMP.to_owned(),
        DecodeFault::MissingTimestamp => "Timestamp must be given when type is DELETE_ONE_VERSION.".to_owned(),
        DecodeFault::BadDeleteMarker if operation == "DeleteRow" => {
            "Invalid request of delete row: missing RowDeleteMarker in request.".to_owned()
        }
        DecodeFault::BadHeader => "Cell data broken, mismatch header.".to_owned(),
        DecodeFault::CellChecksum => "Cell data broken, cell checksum is mismatch.".to_owned(),
        DecodeFault::RowChecksum => "Cell data broken, row checksum is mismatch.".to_owned(),
        fault => format!("Cell data broken: {fault}."),
    }
}

pub(crate) fn table_name(name: &str) -> Result<(), Refusal> {
    let mut bytes = name.bytes();
    let first = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let rest = bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if first && rest && name.len() <= NAME_BYTES {
        Ok(())
    } else {
        Err(invalid(format!("Invalid table name: '{name}'.")))
    }
}

/// Names such as `price-2` are taken by the service, against its documents.
pub(crate) fn column_name(name: &str) -> Result<(), Refusal> {
    let fits = (1..=NAME_BYTES).contains(&name.len()) && !name.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(invalid(format!("Invalid column name: '{}'.", crate::log::printable(name)))) }
}

/// Whether a key may hold more than plain values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The key of a row.
    Row,
    /// The key of a row to be put, whose AUTO_INCREMENT column the service fills in.
    NewRow,
    /// A bound of a range.
    Bound,
}

/// A primary key against its table's schema.
pub(crate) fn key(table: &Table, key: &PrimaryKey, place: Place) -> Result<(), Refusal> {
    let (schema, columns) = (table.key_schema(), key.columns());
    if columns.len() != schema.len() {
        return Err(wrong_key("size", &columns.len().to_string(), &schema.len().to_string()));
    }
    key_columns(schema, columns, place)
}

/// The first column of a primary key and no other.
pub(crate) fn partition_key(table: &Table, key: &PrimaryKey) -> Result<(), Refusal> {
    key_columns(table.key_schema(), key.columns(), Place::Row)
}

fn wrong_key(what: &str, input: &str, meta: &str) -> Refusal {
    Refusal::new(Code::InvalidPk, format!("Validate PK {what} fail. Input: {input}, Meta: {meta}."))
}

fn key_columns(schema: &[PrimaryKeySchema], columns: &[KeyColumn], place: Place) -> Result<(), Refusal> {
    for (column, schema) in columns.iter().zip(schema) {
        if column.name != *schema.name {
            return Err(wrong_key("name", &column.name, &schema.name));
        }
        let (length, input) = match &column.value {
            KeyValue::Integer(_) => (0, "VT_INTEGER"),
            KeyValue::String(text) => (text.len(), "VT_STRING"),
            KeyValue::Binary(bytes) => (bytes.len(), "VT_BLOB"),
            KeyValue::InfMin | KeyValue::InfMax if place == Place::Bound => continue,
            KeyValue::InfMin => return Err(invalid(not_a_key("VT_INF_MIN"))),
            KeyValue::InfMax => return Err(invalid(not_a_key("VT_INF_MAX"))),
            KeyValue::AutoIncrement if place == Place::NewRow && schema.auto_increment => continue,
            KeyValue::AutoIncrement => return Err(invalid(not_a_key("VT_AUTO_INCREMENT"))),
        };
        let meta = match schema.kind {
            KeyType::Integer => "VT_INTEGER",
            KeyType::String => "VT_STRING",
            KeyType::Binary => "VT_BLOB",
        };
        if input != meta {
            return Err(wrong_key("type", input, meta));
        }
        if length > KEY_BYTES {
            return Err(too_long("primary key", &column.name, KEY_BYTES, length));
        }
    }
    Ok(())
}

fn not_a_key(kind: &str) -> String {
    format!("{kind} is an invalid type for the primary key.")
}

/// The columns that a write puts, and how many it touches in all.
pub(crate) fn columns<'a>(
    table: &Table,
    now: i64,
    put: impl Iterator<Item = &'a Column>,
    names: impl Iterator<Item = &'a Name>,
) -> Result<(), Refusal> {
    let mut count = 0;
    for name in names {
        column_name(name)?;
        if table.key_schema().iter().any(|column| *name == *column.name) {
            return Err(invalid(format!("Duplicated attribute column name with primary key column: '{name}'.")));
        }
        count += 1;
    }
    if count > COLUMNS {
        return Err(invalid(format!(
            "The number of attribute columns exceeds the limit, limit count: {COLUMNS}, column count: {count}."
        )));
    }
    for column in put {
        value(&column.name, &column.value)?;
        if let Some(version) = column.timestamp {
            self::version(table, now, version)?;
        }
    }
    Ok(())
}

fn value(name: &Name, value: &Value) -> Result<(), Refusal> {
    match value {
        Value::Double(number) if number.is_nan() => return Err(invalid("NaN can't be set to double value.")),
        Value::Double(number) if number.is_infinite() => {
            return Err(invalid("Infinity can't be set to double value."));
        }
        _ => {}
    }
    let length = value_size(value);
    if length > VALUE_BYTES { Err(too_long("attribute", name, VALUE_BYTES, length)) } else { Ok(()) }
}

pub(crate) fn too_long(kind: &str, name: &str, most: usize, length: usize) -> Refusal {
    invalid(format!("The length of {kind} column: '{name}' exceeds the MaxLength:{most} with CurrentLength:{length}."))
}

/// A version that a write names: within the deviation around the clock, and not expired.
fn version(table: &Table, now: i64, version: i64) -> Result<(), Refusal> {
    if !(0..LAST_VERSION).contains(&version) {
        return Err(invalid(TIMESTAMP));
    }
    let oldest = now.saturating_sub(table.deviation().min(table.time_to_live().unwrap_or(i64::MAX)));
    let newest = now.saturating_add(table.deviation());
    if (oldest..newest).contains(&version) {
        return Ok(());
    }
    // No document has the text.
    Err(invalid(format!("Timestamp {version} is outside the table's deviation: [{oldest}, {newest}).")))
}

/// The data of one write.
pub(crate) fn data(operation: &str, bytes: usize) -> Result<(), Refusal> {
    if bytes <= DATA_BYTES {
        return Ok(());
    }
    Err(invalid(format!(
        "The total data size of {operation} request exceeds the limit, limit size: {DATA_BYTES}, data size: {bytes}."
    )))
}

#[cfg(test)]
mod tests {
    use campaign_tablestore::Row;
    use campaign_tablestore::plain_buffer::{Encode, decode_delete, decode_put};

    use super::*;

    #[test]
    fn rows_that_cannot_stand_there_are_refused_in_the_services_words() {
        let id = || PrimaryKey::new().with("id", "a");
        let bound = Row::new(PrimaryKey::new().with("id", KeyValue::InfMax));
        let refused = |operation, error: DecodeError| plain_buffer(operation, &error);
        assert_eq!(
            refused("PutRow", decode_put(&bound.to_bytes()).unwrap_err()),
            "VT_INF_MAX is an invalid type for the primary key."
        );
        assert_eq!(
            refused("DeleteRow", decode_delete(&id().to_bytes()).unwrap_err()),
            "Invalid request of delete row: missing RowDeleteMarker in request."
        );
        let limit = WireFault::OutOfRange { field: "limit", value: -1 };
        let error = campaign_client::Error::unreadable("no GetRange").with_source(limit);
        assert_eq!(unreadable("GetRange", &error).message, "The limit must be greater than 0.");
        let early = Row::new(id()).with_version("v", 1, -1);
        assert_eq!(refused("PutRow", decode_put(&early.to_bytes()).unwrap_err()), TIMESTAMP);
    }
}
