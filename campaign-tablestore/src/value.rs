//! The values of attribute columns.
//!
//! Table Store has five types of attribute values. [`Value`] is one of them; `From` makes it from the Rust types that fit
//! without loss, and the `as_…` methods read it back.
//!
//! `Debug` shows the type and the length of a value, never the value: rows hold personal data and `Debug` ends up in logs.

use std::fmt;

/// A value of an attribute column ("VariantType" in the service's protocol).
///
/// ```
/// use campaign_tablestore::Value;
///
/// let city = Value::from("Hangzhou");
/// assert_eq!(city.as_str(), Some("Hangzhou"));
/// assert_eq!(city.as_i64(), None);
/// assert_eq!(format!("{city:?}"), "String(8 bytes)");
/// ```
#[derive(Clone, PartialEq)]
pub enum Value {
    /// A signed 64-bit number.
    Integer(i64),
    /// A 64-bit floating-point number. The service refuses NaN and the infinities.
    Double(f64),
    /// True or false.
    Boolean(bool),
    /// UTF-8 text, at most 2 MB (2,097,152 bytes).
    String(String),
    /// Bytes, at most 2 MB (2,097,152 bytes). The service calls this type BLOB.
    Binary(Vec<u8>),
}

impl Value {
    /// The number, if this is an integer.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if this is a double.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Double(value) => Some(*value),
            _ => None,
        }
    }

    /// The truth value, if this is a boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    /// The text, if this is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(value) => Some(value),
            _ => None,
        }
    }

    /// The bytes, if this is a binary value.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Binary(value) => Some(value),
            _ => None,
        }
    }

    /// The name of the type, for messages: `integer`, `double`, `boolean`, `string` or `binary`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Integer(_) => "integer",
            Self::Double(_) => "double",
            Self::Boolean(_) => "boolean",
            Self::String(_) => "string",
            Self::Binary(_) => "binary",
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(_) => f.write_str("Integer(_)"),
            Self::Double(_) => f.write_str("Double(_)"),
            Self::Boolean(_) => f.write_str("Boolean(_)"),
            Self::String(value) => write!(f, "String({} bytes)", value.len()),
            Self::Binary(value) => write!(f, "Binary({} bytes)", value.len()),
        }
    }
}

macro_rules! integers {
    ($($from:ty),*) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::Integer(i64::from(value))
            }
        }
    )*};
}
// u64, usize and the 128-bit types do not fit: convert them with `i64::try_from` and decide what an overflow means.
integers!(i64, i32, u32, i16, u16, i8, u8);

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl From<f32> for Value {
    fn from(value: f32) -> Self {
        Self::Double(f64::from(value))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Binary(value.to_vec())
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(value: [u8; N]) -> Self {
        Self::Binary(value.to_vec())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Binary(value)
    }
}
