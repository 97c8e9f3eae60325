//! A row as an index sees it: the values of its fields.

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv6Addr};

use campaign_tablestore::search::{FieldSchema, FieldType, GeoPoint};
use campaign_tablestore::{KeyValue, Row, Value};
use serde_json::Value as Json;

use super::dates;

/// A value of a field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Long(i64),
    Double(f64),
    Boolean(bool),
    Text(String),
    Place(GeoPoint),
    /// Milliseconds since 1970.
    Date(i64),
    /// An address; one of version 4 as version 6 has it, `::ffff:192.0.2.1`.
    Ip(Ipv6Addr),
}

impl Scalar {
    /// As a number, where it is one.
    #[allow(clippy::cast_precision_loss, reason = "numbers are aggregated as doubles, as the service does")]
    pub(super) const fn number(&self) -> Option<f64> {
        match self {
            Self::Long(number) | Self::Date(number) => Some(*number as f64),
            Self::Double(number) => Some(*number),
            Self::Boolean(_) | Self::Text(_) | Self::Place(_) | Self::Ip(_) => None,
        }
    }

    /// As a group's key.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Long(number) | Self::Date(number) => number.to_string(),
            Self::Double(number) => format!("{number:?}"),
            Self::Boolean(truth) => truth.to_string(),
            Self::Text(text) => text.clone(),
            Self::Place(place) => place.to_string(),
            Self::Ip(address) => address.to_canonical().to_string(),
        }
    }

    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Long(a), Self::Long(b)) | (Self::Date(a), Self::Date(b)) => a.cmp(b),
            (Self::Double(a), Self::Double(b)) => a.total_cmp(b),
            (Self::Boolean(a), Self::Boolean(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Ip(a), Self::Ip(b)) => a.cmp(b),
            _ => self.key().cmp(&other.key()),
        }
    }

    /// Appends bytes that compare as values of one field do, none of which begins another's.
    pub(super) fn comparable(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Long(number) | Self::Date(number) => bytes.extend((number ^ i64::MIN).to_be_bytes()),
            Self::Double(number) => {
                let bits = number.to_bits();
                // As the standard library's total order has it: below zero all bits are turned.
                let turned = if number.is_sign_negative() { !bits } else { bits ^ (1 << 63) };
                bytes.extend(turned.to_be_bytes());
            }
            Self::Boolean(truth) => bytes.push(u8::from(*truth)),
            Self::Text(_) | Self::Place(_) => {
                for byte in self.key().bytes() {
                    bytes.push(byte);
                    if byte == 0 {
                        bytes.push(0xff);
                    }
                }
                bytes.extend([0, 0]);
            }
            Self::Ip(address) => bytes.extend(address.octets()),
        }
    }
}

/// A row, or a row inside a nested field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Document<'a> {
    Row(&'a Row),
    Inner(&'a Json),
}

impl Document<'_> {
    /// The values of `field`, which is one of this document's own.
    pub(super) fn values(&self, field: &FieldSchema) -> Vec<Scalar> {
        match self.raw(column(field)) {
            Some(Json::Array(items)) if field.is_array == Some(true) => {
                items.iter().filter_map(|item| scalar(field, item)).collect()
            }
            // A column holds an array as JSON in a text.
            Some(Json::String(text)) if field.is_array == Some(true) => match serde_json::from_str(&text) {
                Ok(Json::Array(items)) => items.iter().filter_map(|item| scalar(field, item)).collect(),
                _ => Vec::new(),
            },
            Some(raw) => scalar(field, &raw).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// The vector of a VECTOR field: JSON in a text, or the numbers' bytes, the lowest first (service document "Data types").
    pub(super) fn vector(&self, field: &FieldSchema) -> Option<Vec<f32>> {
        if let Self::Row(row) = self
            && let Some(Value::Binary(bytes)) = row.get(column(field))
        {
            let (numbers, rest) = bytes.as_chunks();
            return rest.is_empty().then(|| numbers.iter().map(|number| f32::from_le_bytes(*number)).collect());
        }
        let Some(Json::String(text)) = self.raw(column(field)) else { return None };
        serde_json::from_str(&text).ok()
    }

    /// The rows inside a nested field, in their order.
    pub(super) fn inner(&self, field: &FieldSchema) -> Vec<Json> {
        let rows = match self.raw(&field.name) {
            Some(Json::String(text)) => serde_json::from_str(&text).unwrap_or(Json::Null),
            Some(other) => other,
            None => Json::Null,
        };
        match rows {
            Json::Array(rows) => rows.into_iter().filter(Json::is_object).collect(),
            row @ Json::Object(_) => vec![row],
            _ => Vec::new(),
        }
    }

    fn raw(&self, name: &str) -> Option<Json> {
        match self {
            Self::Inner(row) => row.get(name).filter(|value| !value.is_null()).cloned(),
            Self::Row(row) => match (row.get(name), row.key(name)) {
                (Some(value), _) => attribute(value),
                (None, Some(KeyValue::Integer(number))) => Some(Json::from(*number)),
                (None, Some(KeyValue::String(text))) => Some(Json::from(text.as_str())),
                _ => None,
            },
        }
    }
}

/// The column that a field's values are in.
fn column(field: &FieldSchema) -> &str {
    field.source_field_names.first().filter(|_| field.is_virtual_field == Some(true)).unwrap_or(&field.name)
}

fn attribute(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Integer(number) => Json::from(*number),
        Value::Double(number) => Json::from(*number),
        Value::Boolean(truth) => Json::from(*truth),
        Value::String(text) => Json::from(text.as_str()),
        Value::Binary(_) => return None,
    })
}

/// A value as one of `field`; none if it is not of the field's type, which is then not found.
fn scalar(field: &FieldSchema, raw: &Json) -> Option<Scalar> {
    Some(match field.field_type {
        FieldType::Long => Scalar::Long(raw.as_i64()?),
        FieldType::Double => Scalar::Double(raw.as_f64()?),
        FieldType::Boolean => Scalar::Boolean(raw.as_bool()?),
        FieldType::Keyword | FieldType::FuzzyKeyword | FieldType::Text => Scalar::Text(raw.as_str()?.to_owned()),
        FieldType::GeoPoint => Scalar::Place(raw.as_str()?.parse().ok()?),
        FieldType::Date => Scalar::Date(match raw {
            Json::String(text) => dates::parse(&field.date_formats, text)?,
            raw => dates::parse(&field.date_formats, &raw.as_i64()?.to_string()).or(raw.as_i64())?,
        }),
        FieldType::Ip => Scalar::Ip(match raw.as_str()?.parse().ok()? {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        }),
        // Nested fields and vectors have no values of this kind; of other types no index is made.
        _ => return None,
    })
}

/// A value of a query as one of `field`: a text stands for what it says.
pub(super) fn asked(field: &FieldSchema, value: &Value) -> Option<Scalar> {
    match (field.field_type, value) {
        (FieldType::Long, Value::String(text)) => text.parse().ok().map(Scalar::Long),
        (FieldType::Double, Value::String(text)) => text.parse().ok().map(Scalar::Double),
        (FieldType::Boolean, Value::String(text)) => text.parse().ok().map(Scalar::Boolean),
        (FieldType::Keyword | FieldType::FuzzyKeyword, Value::Integer(number)) => {
            Some(Scalar::Text(number.to_string()))
        }
        _ => scalar(field, &attribute(value)?),
    }
}
