//! Rows from and to Rust structs, through serde.
//!
//! A field is a column of its name; the fields named as key columns are the primary key.
//!
//! | Rust | column |
//! |---|---|
//! | integers | integer, if it fits an `i64` |
//! | `f32`, `f64` | double, if it is finite |
//! | `bool` | boolean |
//! | `String`, `&str`, `char`, enums without data, times of chrono | string |
//! | bytes: [`binary`], or the crate serde_bytes | binary |
//! | `Option` | no column if `None` |
//! | a newtype | what it holds |
//! | a field with `#[serde(flatten)]` | the columns of its fields |
//!
//! Maps, sequences and structs inside a field are refused with an error that names the field: keep them as JSON text, as
//! columns of their own, or in rows of their own.

pub mod binary;
mod column;
mod error;
mod reading;
mod writing;

#[cfg(test)]
mod tests;

pub use error::{EntityError, EntityFault};

use serde::de::{Deserialize, DeserializeOwned};
use serde::ser::Serialize;

use crate::row::{MAX_KEY_COLUMNS, Row};

/// A Rust type whose values are the rows of a table.
///
/// ```
/// use campaign_tablestore::{Entity, KeyValue, Value};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, PartialEq, Debug)]
/// struct Entry {
///     campaign: String,
///     id: u32,
///     email: String,
///     comment: Option<String>,
/// }
///
/// impl Entity for Entry {
///     const KEY: &'static [&'static str] = &["campaign", "id"];
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let entry = Entry { campaign: "double11".into(), id: 7, email: "li@example.com".into(), comment: None };
/// let row = entry.to_row()?;
/// assert_eq!(row.key("id"), Some(&KeyValue::Integer(7)));
/// assert_eq!(row.get("email").and_then(Value::as_str), Some("li@example.com"));
/// assert!(row.get("comment").is_none());
/// assert_eq!(Entry::from_row(&row)?, entry);
/// # Ok(())
/// # }
/// ```
pub trait Entity: Serialize + DeserializeOwned {
    /// The names of the primary key columns, one to four, in the order of the table's schema.
    const KEY: &'static [&'static str];

    /// The row of this value.
    ///
    /// # Errors
    ///
    /// As [`to_row`].
    fn to_row(&self) -> Result<Row, EntityError> {
        to_row(self, Self::KEY)
    }

    /// The value of a row.
    ///
    /// # Errors
    ///
    /// As [`from_row`].
    fn from_row(row: &Row) -> Result<Self, EntityError> {
        from_row(row)
    }
}

/// The row of a struct, whose fields named in `key` are the primary key, in that order.
///
/// For a type that is stored in one table only, [`Entity`] names the key once.
///
/// # Errors
///
/// [`EntityError`] if the value is neither a struct nor a map with text keys, if a field is no column value, or if a key
/// column is absent or of a type that no key can have. It names the column.
pub fn to_row<T: Serialize + ?Sized>(value: &T, key: &[&str]) -> Result<Row, EntityError> {
    if key.is_empty() || key.len() > MAX_KEY_COLUMNS {
        return Err(EntityError::new(EntityFault::KeyColumns));
    }
    value.serialize(writing::RowSerializer { key })
}

/// The struct of a row, from the newest version of each column, which may borrow text and bytes from the row. Columns
/// without a field are ignored. The versions of a column stand side by side in the row, as the service answers them.
///
/// # Errors
///
/// [`EntityError`] if a column is absent and its field is no `Option`, or if it does not fit the type of its field. It
/// names the column.
pub fn from_row<'de, T: Deserialize<'de>>(row: &'de Row) -> Result<T, EntityError> {
    T::deserialize(reading::RowDeserializer { row })
}
