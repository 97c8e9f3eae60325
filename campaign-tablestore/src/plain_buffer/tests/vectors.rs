//! Reading the golden vectors: rows, keys and values written as JSON.

use serde_json::Value as Json;

use crate::{CellChange, Column, KeyColumn, KeyValue, PrimaryKey, Row, RowUpdate, Value};

/// A file of the workspace's `tests/vectors`.
pub(crate) fn file(name: &str) -> Json {
    let path = format!("{}/../tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn list<'a>(json: &'a Json, name: &str) -> &'a [Json] {
    json[name].as_array().unwrap_or_else(|| panic!("no list {name}"))
}

pub(crate) fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json[name].as_str().unwrap_or_else(|| panic!("no text {name} in {json}"))
}

pub(crate) fn hex(json: &Json, name: &str) -> Vec<u8> {
    bytes(text(json, name))
}

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    assert_eq!(hex.len() % 2, 0);
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn number(json: &Json) -> i64 {
    json.as_str().unwrap().parse().unwrap()
}

/// `{"type", "value" | "hex" | "bits_be_hex" | "repeat"}`
pub(crate) fn value(json: &Json) -> Value {
    let repeat = &json["repeat"];
    let count = || usize::try_from(repeat["count"].as_u64().unwrap()).unwrap();
    match text(json, "type") {
        "integer" => Value::Integer(number(&json["value"])),
        "double" => Value::Double(f64::from_bits(u64::from_str_radix(text(json, "bits_be_hex"), 16).unwrap())),
        "boolean" => Value::Boolean(json["value"].as_bool().unwrap()),
        "string" if repeat.is_object() => Value::String(text(repeat, "unit").repeat(count())),
        "string" => Value::from(text(json, "value")),
        "binary" if repeat.is_object() => Value::Binary(hex(repeat, "unit_hex").repeat(count())),
        "binary" => Value::Binary(hex(json, "hex")),
        other => panic!("type {other}"),
    }
}

pub(crate) fn key_value(json: &Json) -> KeyValue {
    match text(json, "type") {
        "inf_min" => KeyValue::InfMin,
        "inf_max" => KeyValue::InfMax,
        "auto_increment" => KeyValue::AutoIncrement,
        _ => match value(json) {
            Value::Integer(value) => KeyValue::Integer(value),
            Value::String(value) => KeyValue::String(value),
            Value::Binary(value) => KeyValue::Binary(value),
            other => panic!("{other:?} is no key value"),
        },
    }
}

pub(crate) fn primary_key(json: &Json) -> PrimaryKey {
    let column = |json: &Json| KeyColumn { name: text(json, "name").into(), value: key_value(&json["value"]) };
    list(json, "primary_key").iter().map(column).collect()
}

fn timestamp(json: &Json) -> Option<i64> {
    json["timestamp"].as_str().map(|text| text.parse().unwrap())
}

fn column(json: &Json) -> Column {
    Column { name: text(json, "name").into(), value: value(&json["value"]), timestamp: timestamp(json) }
}

pub(crate) fn row(json: &Json) -> Row {
    assert_ne!(json["delete_marker"].as_bool(), Some(true));
    Row { primary_key: primary_key(json), columns: list(json, "columns").iter().map(column).collect() }
}

pub(crate) fn update(json: &Json) -> RowUpdate {
    let change = |json: &Json| {
        let name = text(json, "name").into();
        match text(json, "op") {
            "PUT" => CellChange::Put(column(json)),
            "DELETE" => CellChange::DeleteVersion { name, timestamp: timestamp(json).unwrap() },
            "DELETE_ALL" => CellChange::DeleteAll { name },
            "INCREMENT" => CellChange::Increment { name, by: value(&json["value"]).as_i64().unwrap() },
            other => panic!("operation {other}"),
        }
    };
    RowUpdate { primary_key: primary_key(json), changes: list(json, "updates").iter().map(change).collect() }
}
