//! A field becomes the value of a column.

use serde::ser::{Impossible, Serialize, Serializer};

use super::error::{EntityError, EntityFault};
use crate::Value;

/// Makes a value of a field; `None` is an absent column.
#[derive(Clone, Copy)]
pub(super) struct ValueSerializer;

/// What no column can hold.
type No = Impossible<Option<Value>, EntityError>;

fn integer<T>(value: T) -> Result<Option<Value>, EntityError>
where
    i64: TryFrom<T>,
{
    let value = i64::try_from(value).map_err(|_| EntityError::new(EntityFault::OutOfRange))?;
    Ok(Some(Value::Integer(value)))
}

fn refuse<T>(what: &'static str) -> Result<T, EntityError> {
    Err(EntityError::new(EntityFault::NotAColumn(what)))
}

macro_rules! integers {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<Self::Ok, Self::Error> {
            integer(value)
        }
    )*};
}

impl Serializer for ValueSerializer {
    type Ok = Option<Value>;
    type Error = EntityError;
    type SerializeSeq = No;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = No;
    type SerializeStruct = No;
    type SerializeStructVariant = No;

    integers!(
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128
    );

    fn serialize_bool(self, value: bool) -> Result<Self::Ok, Self::Error> {
        Ok(Some(Value::Boolean(value)))
    }

    fn serialize_f32(self, value: f32) -> Result<Self::Ok, Self::Error> {
        self.serialize_f64(f64::from(value))
    }

    fn serialize_f64(self, value: f64) -> Result<Self::Ok, Self::Error> {
        if value.is_finite() { Ok(Some(Value::Double(value))) } else { Err(EntityError::new(EntityFault::NotFinite)) }
    }

    fn serialize_char(self, value: char) -> Result<Self::Ok, Self::Error> {
        Ok(Some(Value::String(value.into())))
    }

    fn serialize_str(self, value: &str) -> Result<Self::Ok, Self::Error> {
        Ok(Some(value.into()))
    }

    fn collect_str<T: std::fmt::Display + ?Sized>(self, value: &T) -> Result<Self::Ok, Self::Error> {
        Ok(Some(Value::String(value.to_string())))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Self::Ok, Self::Error> {
        Ok(Some(value.into()))
    }

    fn serialize_none(self) -> Result<Self::Ok, Self::Error> {
        Ok(None)
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

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Self::Ok, Self::Error> {
        self.serialize_str(variant)
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
        refuse("an enum with data")
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
        refuse("an enum with data")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<No, Self::Error> {
        refuse("a map")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<No, Self::Error> {
        refuse("a struct")
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<No, Self::Error> {
        refuse("an enum with data")
    }
}
