//! A row becomes a struct.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::error::{EntityError, EntityFault};
use crate::plain_buffer::ValueRef;
use crate::row::{Column, KeyColumn, Row};

/// Gives a row as a map of its columns.
#[derive(Clone, Copy)]
pub(super) struct RowDeserializer<'de> {
    pub(super) row: &'de Row,
}

impl<'de> Deserializer<'de> for RowDeserializer<'de> {
    type Error = EntityError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, EntityError> {
        visitor.visit_map(Columns {
            key: self.row.primary_key.columns().iter(),
            columns: self.row.columns.iter(),
            last: None,
            value: None,
        })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, EntityError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, EntityError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

/// The columns of a row: those of the key, then the newest version of each attribute.
struct Columns<'de> {
    key: std::slice::Iter<'de, KeyColumn>,
    columns: std::slice::Iter<'de, Column>,
    /// The attribute column that was given last.
    last: Option<&'de str>,
    /// The column whose value is due.
    value: Option<(&'de str, ValueRef<'de>)>,
}

impl<'de> Columns<'de> {
    fn next(&mut self) -> Option<(&'de str, ValueRef<'de>)> {
        if let Some(column) = self.key.next() {
            return Some((&column.name, (&column.value).into()));
        }
        let last = self.last;
        let column = self.columns.find(|column| Some(column.name.as_str()) != last)?;
        self.last = Some(&column.name);
        Some((&column.name, (&column.value).into()))
    }
}

impl<'de> MapAccess<'de> for Columns<'de> {
    type Error = EntityError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, EntityError> {
        self.value = self.next();
        let Some((name, _)) = self.value else { return Ok(None) };
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, EntityError> {
        // serde asks for the key first.
        let (name, value) = self.value.take().ok_or(EntityError::new(EntityFault::Missing))?;
        seed.deserialize(ValueDeserializer(value)).map_err(|error| error.at(name))
    }
}

/// Gives the value of a column.
struct ValueDeserializer<'de>(ValueRef<'de>);

impl<'de> Deserializer<'de> for ValueDeserializer<'de> {
    type Error = EntityError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, EntityError> {
        match self.0 {
            ValueRef::Integer(value) => visitor.visit_i64(value),
            ValueRef::Double(value) => visitor.visit_f64(value),
            ValueRef::Boolean(value) => visitor.visit_bool(value),
            ValueRef::String(value) => visitor.visit_borrowed_str(value),
            ValueRef::Binary(value) => visitor.visit_borrowed_bytes(value),
            ValueRef::InfMin | ValueRef::InfMax | ValueRef::AutoIncrement => {
                Err(EntityError::new(EntityFault::Unexpected {
                    found: "a bound or a placeholder",
                    expected: "a value".to_owned(),
                }))
            }
        }
    }

    /// A double that is too large for an `f32` is refused; it would become infinite.
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, EntityError> {
        match self.0 {
            ValueRef::Double(value) if value.is_finite() && value.abs() > f64::from(f32::MAX) => {
                Err(EntityError::new(EntityFault::OutOfRange))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, EntityError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, EntityError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, EntityError> {
        match self.0 {
            ValueRef::String(variant) => visitor.visit_enum(BorrowedStrDeserializer::new(variant)),
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}
