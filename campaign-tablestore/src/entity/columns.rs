//! What a type says of its columns, for the table that is to hold it.
//!
//! serde has no reflection, but a field asks for what it wants: one that is given nothing else is offered a column, and
//! what it asks for is the column's type.

use std::cell::Cell;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::error::{EntityError, EntityFault};
use crate::row::MAX_KEY_COLUMNS;
use crate::schema::{ColumnType, KeyType, TableMeta};

/// The name and columns of a table of `T`.
pub(super) fn table_meta<T: DeserializeOwned>(
    table_name: String,
    key: &[&str],
    auto_increment: Option<&str>,
    defined_columns: &[&str],
) -> Result<TableMeta, EntityError> {
    if key.is_empty() || key.len() > MAX_KEY_COLUMNS {
        return Err(EntityError::new(EntityFault::KeyColumns));
    }
    let mut meta = TableMeta::new(table_name);
    for name in key {
        let kind = match column_type::<T>(name)? {
            ColumnType::Integer => KeyType::Integer,
            ColumnType::String => KeyType::String,
            ColumnType::Binary => KeyType::Binary,
            ColumnType::Double => return Err(EntityError::new(EntityFault::NotAKey("a double")).at(name)),
            ColumnType::Boolean => return Err(EntityError::new(EntityFault::NotAKey("a boolean")).at(name)),
        };
        meta = match auto_increment.filter(|chosen| chosen == name) {
            None => meta.key(*name, kind),
            Some(_) if kind == KeyType::Integer => meta.auto_increment(*name),
            Some(_) => {
                let expected = "an integer, which the service can choose".to_owned();
                return Err(EntityError::new(EntityFault::Unexpected { found: "another type", expected }).at(name));
            }
        };
    }
    for name in defined_columns {
        if key.contains(name) || meta.defined_columns.iter().any(|column| column.name == *name) {
            return Err(EntityError::new(EntityFault::Repeated).at(name));
        }
        meta = meta.defined_column(*name, column_type::<T>(name)?);
    }
    Ok(meta)
}

/// What a field asked for.
#[derive(Clone, Copy, Debug)]
enum Asked {
    /// Nothing yet, or to be passed over.
    Nothing,
    /// A value of this type.
    For(ColumnType),
    /// Whatever there is.
    Anything,
    /// What no column holds.
    NotAColumn(&'static str),
}

/// The type of the column `name`.
fn column_type<T: DeserializeOwned>(name: &str) -> Result<ColumnType, EntityError> {
    let asked = Cell::new(Asked::Nothing);
    // It ends with an error, of the column or of the columns that are missing: what counts has been noted by then.
    let _ = T::deserialize(Offer { name, asked: &asked });
    match asked.get() {
        Asked::For(kind) => Ok(kind),
        Asked::Nothing => Err(EntityError::new(EntityFault::NoField).at(name)),
        Asked::Anything => Err(EntityError::new(EntityFault::Untold).at(name)),
        Asked::NotAColumn(what) => Err(EntityError::new(EntityFault::NotAColumn(what)).at(name)),
    }
}

/// Offers a row with one column.
#[derive(Clone, Copy)]
struct Offer<'de> {
    name: &'de str,
    asked: &'de Cell<Asked>,
}

impl<'de> Deserializer<'de> for Offer<'de> {
    type Error = EntityError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, EntityError> {
        visitor.visit_map(OneColumn { name: Some(self.name), asked: self.asked })
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

struct OneColumn<'de> {
    name: Option<&'de str>,
    asked: &'de Cell<Asked>,
}

impl<'de> MapAccess<'de> for OneColumn<'de> {
    type Error = EntityError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, EntityError> {
        self.name.take().map(|name| seed.deserialize(BorrowedStrDeserializer::new(name))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, EntityError> {
        seed.deserialize(Listen(self.asked))
    }
}

/// Notes what it is asked for, and gives nothing.
#[derive(Clone, Copy)]
struct Listen<'de>(&'de Cell<Asked>);

impl Listen<'_> {
    fn note<T>(self, asked: Asked) -> Result<T, EntityError> {
        self.0.set(asked);
        Err(EntityError::new(EntityFault::Missing))
    }
}

macro_rules! note {
    ($($asked:expr => $($method:ident)*;)*) => {$($(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, EntityError> {
            self.note($asked)
        }
    )*)*};
}

impl<'de> Deserializer<'de> for Listen<'de> {
    type Error = EntityError;

    note! {
        Asked::Anything => deserialize_any;
        Asked::Nothing => deserialize_ignored_any;
        Asked::For(ColumnType::Boolean) => deserialize_bool;
        Asked::For(ColumnType::Integer) => deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
            deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128;
        Asked::For(ColumnType::Double) => deserialize_f32 deserialize_f64;
        Asked::For(ColumnType::String) => deserialize_char deserialize_str deserialize_string deserialize_identifier;
        Asked::For(ColumnType::Binary) => deserialize_bytes deserialize_byte_buf;
        Asked::NotAColumn("the unit") => deserialize_unit;
        Asked::NotAColumn("a sequence") => deserialize_seq;
        Asked::NotAColumn("a map") => deserialize_map;
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
        _: V,
    ) -> Result<V::Value, EntityError> {
        self.note(Asked::For(ColumnType::String))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, _: V) -> Result<V::Value, EntityError> {
        self.note(Asked::NotAColumn("a struct without fields"))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, EntityError> {
        self.note(Asked::NotAColumn("a tuple or an array"))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        _: V,
    ) -> Result<V::Value, EntityError> {
        self.note(Asked::NotAColumn("a tuple"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, EntityError> {
        self.note(Asked::NotAColumn("a struct"))
    }
}
