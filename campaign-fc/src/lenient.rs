//! Reading the gateway's JSON, which is written with some freedom: a flag may be `true` or
//! `"true"`, a header's value may be a number.

use serde_json::{Map, Value};

/// `true`, `false`, or one of them as a text; an absent or null field is `false`.
pub(crate) fn flag(object: &Map<String, Value>, field: &str) -> Option<bool> {
    match object.get(field) {
        None | Some(Value::Null) => Some(false),
        Some(Value::Bool(flag)) => Some(*flag),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Some(true),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Some(false),
        Some(_) => None,
    }
}

/// A map of texts; numbers and flags are taken as they are written, anything else is refused.
pub(crate) fn texts(value: &Value) -> Option<Vec<(String, String)>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    value.as_object()?.iter().map(|(name, value)| Some((name.clone(), text(value)?))).collect()
}
