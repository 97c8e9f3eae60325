//! A struct becomes a row.

use serde::ser::{Impossible, Serialize, SerializeMap, SerializeStruct, Serializer};

use super::column::ValueSerializer;
use super::error::{EntityError, EntityFault};
use crate::Value;
use crate::row::{Column, KeyColumn, KeyValue, MAX_KEY_COLUMNS, Name, Row};

/// Makes a row of a struct or a map.
#[derive(Clone, Copy)]
pub(super) struct RowSerializer<'k> {
    /// The names of the key columns.
    pub(super) key: &'k [&'k str],
    /// The key column that the service chooses where the field is `None`.
    pub(super) auto_increment: Option<&'k str>,
}

/// What a struct says of a row.
pub(super) struct Built {
    pub(super) row: Row,
    /// The columns whose fields are `None`.
    pub(super) absent: Vec<Name>,
}

/// A row to which fields are added.
pub(super) struct RowBuilder<'k> {
    how: RowSerializer<'k>,
    key_columns: [Option<KeyColumn>; MAX_KEY_COLUMNS],
    columns: Vec<Column>,
    absent: Vec<Name>,
    /// The key of a map's entry whose value is due.
    name: Option<Name>,
}

impl RowBuilder<'_> {
    fn add<T: Serialize + ?Sized>(&mut self, name: Name, value: &T) -> Result<(), EntityError> {
        let value = value.serialize(ValueSerializer).map_err(|error| error.at(&name))?;
        let place = self.how.key.iter().position(|key| name == *key).and_then(|place| self.key_columns.get_mut(place));
        let Some(place) = place else {
            if self.columns.iter().any(|column| column.name == name) || self.absent.contains(&name) {
                return Err(EntityError::new(EntityFault::Repeated).at(&name));
            }
            match value {
                Some(value) => self.columns.push(Column { name, value, timestamp: None }),
                None => self.absent.push(name),
            }
            return Ok(());
        };
        if place.is_some() {
            return Err(EntityError::new(EntityFault::Repeated).at(&name));
        }
        let value = match value {
            Some(value) => key_value(value).map_err(|error| error.at(&name))?,
            None if self.how.auto_increment.is_some_and(|chosen| name == *chosen) => KeyValue::AutoIncrement,
            None => return Err(EntityError::new(EntityFault::MissingKey).at(&name)),
        };
        *place = Some(KeyColumn { name, value });
        Ok(())
    }

    fn finish(self) -> Result<Built, EntityError> {
        let key_columns = self.how.key.iter().zip(self.key_columns);
        let primary_key = key_columns
            .map(|(name, column)| column.ok_or_else(|| EntityError::new(EntityFault::MissingKey).at(name)))
            .collect::<Result<_, _>>()?;
        Ok(Built { row: Row { primary_key, columns: self.columns }, absent: self.absent })
    }
}

fn key_value(value: Value) -> Result<KeyValue, EntityError> {
    match value {
        Value::Integer(value) => Ok(KeyValue::Integer(value)),
        Value::String(value) => Ok(KeyValue::String(value)),
        Value::Binary(value) => Ok(KeyValue::Binary(value)),
        Value::Double(_) => Err(EntityError::new(EntityFault::NotAKey("a double"))),
        Value::Boolean(_) => Err(EntityError::new(EntityFault::NotAKey("a boolean"))),
    }
}

impl SerializeStruct for RowBuilder<'_> {
    type Ok = Built;
    type Error = EntityError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), EntityError> {
        self.add(Name::from_static(name), value)
    }

    fn end(self) -> Result<Built, EntityError> {
        self.finish()
    }
}

impl SerializeMap for RowBuilder<'_> {
    type Ok = Built;
    type Error = EntityError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EntityError> {
        match key.serialize(ValueSerializer)? {
            Some(Value::String(name)) => {
                self.name = Some(name.into());
                Ok(())
            }
            _ => Err(EntityError::new(EntityFault::NotARow("a map with other than text keys"))),
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EntityError> {
        // serde gives the key first; without one there is no column to name.
        let name = self.name.take().ok_or(EntityError::new(EntityFault::NotARow("a map without keys")))?;
        self.add(name, value)
    }

    fn end(self) -> Result<Built, EntityError> {
        self.finish()
    }
}

/// What makes no row.
type No = Impossible<Built, EntityError>;

fn refuse<T>(what: &'static str) -> Result<T, EntityError> {
    Err(EntityError::new(EntityFault::NotARow(what)))
}

macro_rules! scalars {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, _: $type) -> Result<Self::Ok, Self::Error> {
            refuse("a single value")
        }
    )*};
}

impl<'k> Serializer for RowSerializer<'k> {
    type Ok = Built;
    type Error = EntityError;
    type SerializeSeq = No;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = RowBuilder<'k>;
    type SerializeStruct = RowBuilder<'k>;
    type SerializeStructVariant = No;

    scalars!(
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_u128: u128, serialize_f32: f32, serialize_f64: f64, serialize_char: char, serialize_str: &str,
        serialize_bytes: &[u8]
    );

    fn serialize_none(self) -> Result<Self::Ok, Self::Error> {
        refuse("nothing")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Self::Ok, Self::Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Self::Ok, Self::Error> {
        refuse("the unit")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Self::Ok, Self::Error> {
        refuse("a struct without fields")
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<Self::Ok, Self::Error> {
        refuse("an enum")
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Self::Ok, Self::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Self::Ok, Self::Error> {
        refuse("an enum")
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<No, Self::Error> {
        refuse("a sequence")
    }

    fn serialize_tuple(self, _: usize) -> Result<No, Self::Error> {
        refuse("a tuple or an array")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<No, Self::Error> {
        refuse("a tuple")
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<No, Self::Error> {
        refuse("an enum")
    }

    fn serialize_map(self, length: Option<usize>) -> Result<RowBuilder<'k>, Self::Error> {
        self.serialize_struct("", length.unwrap_or(0))
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<RowBuilder<'k>, Self::Error> {
        let columns = Vec::with_capacity(length.saturating_sub(self.key.len()));
        Ok(RowBuilder { how: self, key_columns: Default::default(), columns, absent: Vec::new(), name: None })
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<No, Self::Error> {
        refuse("an enum")
    }
}
