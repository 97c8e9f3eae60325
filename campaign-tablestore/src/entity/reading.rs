//! A row becomes a struct.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::error::{EntityError, EntityFault};
use crate::plain_buffer::{CellRef, RowRef, ValueRef};
use crate::row::Row;

/// A column as it is read: its name, and its value if it has one.
type Cell<'de> = (&'de str, Option<ValueRef<'de>>);

/// Gives a row as a map of its columns: those of the key, then the newest version of each attribute.
#[derive(Clone, Debug)]
pub(super) struct RowDeserializer<K, C> {
    key: K,
    columns: C,
}

/// The columns of a row in memory.
pub(super) fn of_row<'de>(
    row: &'de Row,
) -> RowDeserializer<impl Iterator<Item = Cell<'de>>, impl Iterator<Item = Cell<'de>>> {
    RowDeserializer {
        key: row.primary_key.columns().iter().map(|column| (&*column.name, Some((&column.value).into()))),
        columns: row.columns.iter().map(|column| (&*column.name, Some((&column.value).into()))),
    }
}

/// The columns of a row in a buffer.
pub(super) fn of_row_ref<'r, 'de>(
    row: &RowRef<'r, 'de>,
) -> RowDeserializer<impl Iterator<Item = Cell<'de>> + use<'r, 'de>, impl Iterator<Item = Cell<'de>> + use<'r, 'de>> {
    let cell = |cell: &CellRef<'de>| (cell.name, cell.value);
    RowDeserializer { key: row.primary_key().iter().map(cell), columns: row.columns().iter().map(cell) }
}

impl<'de, K, C> Deserializer<'de> for RowDeserializer<K, C>
where
    K: Iterator<Item = Cell<'de>>,
    C: Iterator<Item = Cell<'de>>,
{
    type Error = EntityError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, EntityError> {
        visitor.visit_map(Columns { key: self.key, columns: self.columns, last: None, value: None })
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

struct Columns<'de, K, C> {
    key: K,
    columns: C,
    /// The attribute column that was given last.
    last: Option<&'de str>,
    /// The column whose value is due.
    value: Option<(&'de str, ValueRef<'de>)>,
}

impl<'de, K, C> Columns<'de, K, C>
where
    K: Iterator<Item = Cell<'de>>,
    C: Iterator<Item = Cell<'de>>,
{
    fn next(&mut self) -> Option<(&'de str, ValueRef<'de>)> {
        if let Some((name, Some(value))) = self.key.next() {
            return Some((name, value));
        }
        // Only a deletion has no value, and no row that is read holds one.
        for (name, value) in self.columns.by_ref() {
            if let Some(value) = value.filter(|_| self.last != Some(name)) {
                self.last = Some(name);
                return Some((name, value));
            }
        }
        None
    }
}

impl<'de, K, C> MapAccess<'de> for Columns<'de, K, C>
where
    K: Iterator<Item = Cell<'de>>,
    C: Iterator<Item = Cell<'de>>,
{
    type Error = EntityError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, EntityError> {
        self.value = self.next();
        let Some((name, _)) = self.value else { return Ok(None) };
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, EntityError> {
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
