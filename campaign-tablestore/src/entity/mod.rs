//! Rows from and to Rust structs, through serde.
//!
//! A field is a column of its name; the fields named as key columns are the primary key.
//!
//! | Rust | column |
//! |---|---|
//! | integers | integer, if it fits an `i64` |
//! | `f32`, `f64` | double, if it is finite |
//! | `bool` | boolean |
//! | `String`, `&str`, `char`, enums without data | string |
//! | bytes: [`binary`], or the crate serde_bytes | binary |
//! | `Option` | no column if `None` |
//! | a newtype | what it holds |
//! | `DateTime` of chrono | string, RFC 3339 |
//! | `DateTime` with `#[serde(with = "chrono::serde::ts_milliseconds")]` | integer |
//! | `NaiveDate` of chrono | string, `YYYY-MM-DD` |
//! | a field with `#[serde(flatten)]` | the columns of its fields |
//!
//! RFC 3339 leaves the digits of a second open, so that texts of it are not in the order of time: keep a time that is to be
//! compared or ordered as an integer. Days as `YYYY-MM-DD` are in order.
//!
//! Maps, sequences and structs inside a field are refused with an error that names the field: keep them as JSON text, as
//! columns of their own, or in rows of their own. Columns without a field are ignored.

pub mod binary;
mod column;
mod columns;
mod error;
mod key;
mod reading;
mod table;
mod writing;

#[cfg(test)]
mod tests;

pub use error::{EntityError, EntityFault};
pub use key::KeyValues;
pub use table::Table;

use serde::de::{Deserialize, DeserializeOwned};
use serde::ser::Serialize;

use crate::op::get_range::GetRange;
use crate::plain_buffer::RowRef;
use crate::row::{CellChange, KeyValue, MAX_KEY_COLUMNS, PrimaryKey, Row, RowUpdate};
use crate::schema::TableMeta;

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

    /// The column of the key whose numbers the service chooses, if there is one. Its field is an `Option` that is `None`
    /// until the row is put.
    const AUTO_INCREMENT: Option<&'static str> = None;

    /// The row of this value.
    ///
    /// # Errors
    ///
    /// As [`to_row`].
    fn to_row(&self) -> Result<Row, EntityError> {
        built(self, Self::KEY, Self::AUTO_INCREMENT).map(|built| built.row)
    }

    /// What makes the columns of a row those of this value: a field's column is put, that of a `None` deleted. Columns
    /// without a field, and fields that serde skips, are left as they are.
    ///
    /// # Errors
    ///
    /// As [`to_row`].
    fn to_update(&self) -> Result<RowUpdate, EntityError> {
        let built = built(self, Self::KEY, None)?;
        let put = built.row.columns.into_iter().map(CellChange::Put);
        let changes = put.chain(built.absent.into_iter().map(|name| CellChange::DeleteAll { name })).collect();
        Ok(RowUpdate { primary_key: built.row.primary_key, changes })
    }

    /// The value of a row.
    ///
    /// # Errors
    ///
    /// As [`from_row`].
    fn from_row(row: &Row) -> Result<Self, EntityError> {
        from_row(row)
    }

    /// The key of these values, in the order of [`KEY`](Self::KEY).
    ///
    /// # Errors
    ///
    /// [`EntityFault::KeyValues`] if there are not as many as the key has columns.
    fn key(values: impl KeyValues) -> Result<PrimaryKey, EntityError> {
        key::key(Self::KEY, values)
    }

    /// The rows of `table_name` whose keys begin with these values; `()` for all.
    ///
    /// # Errors
    ///
    /// [`EntityFault::KeyValues`] if there are more than the key has columns. A range of one row is none: see
    /// [`GetRow`](crate::GetRow).
    fn range(table_name: impl Into<String>, prefix: impl KeyValues) -> Result<GetRange, EntityError> {
        let values = prefix.values();
        if values.len() == Self::KEY.len() {
            return Err(EntityError::new(EntityFault::KeyValues { columns: values.len() - 1, given: values.len() }));
        }
        let start = key::bound(Self::KEY, values.clone(), &KeyValue::InfMin)?;
        Ok(GetRange::new(table_name, start, key::bound(Self::KEY, values, &KeyValue::InfMax)?))
    }

    /// The name and columns of a table for this type: the key with the types of its fields, and the fields named in
    /// `defined_columns`, as indexes need them.
    ///
    /// ```
    /// # use campaign_tablestore::{CreateTable, Entity};
    /// # use campaign_tablestore::schema::{KeyType, TableMeta};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize)]
    /// # struct Entry { campaign: String, id: u32 }
    /// # impl Entity for Entry { const KEY: &'static [&'static str] = &["campaign", "id"]; }
    /// let meta = Entry::table_meta("entries", &[])?;
    /// assert_eq!(meta, TableMeta::new("entries").key("campaign", KeyType::String).key("id", KeyType::Integer));
    /// let create = CreateTable::new(meta);
    /// # Ok::<(), campaign_tablestore::EntityError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`EntityError`] that names the column if there is no field for it, or the field does not tell what the column holds,
    /// as one that is flattened.
    fn table_meta(table_name: impl Into<String>, defined_columns: &[&str]) -> Result<TableMeta, EntityError> {
        columns::table_meta::<Self>(table_name.into(), Self::KEY, Self::AUTO_INCREMENT, defined_columns)
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
    built(value, key, None).map(|built| built.row)
}

fn built<T: Serialize + ?Sized>(
    value: &T,
    key: &[&str],
    auto_increment: Option<&str>,
) -> Result<writing::Built, EntityError> {
    if key.is_empty() || key.len() > MAX_KEY_COLUMNS {
        return Err(EntityError::new(EntityFault::KeyColumns));
    }
    value.serialize(writing::RowSerializer { key, auto_increment })
}

/// The struct of a row, from the newest version of each column, which may borrow text and bytes from the row. Columns
/// without a field are ignored. The versions of a column stand side by side in the row, as the service answers them.
///
/// # Errors
///
/// [`EntityError`] if a column is absent and its field is no `Option`, or if it does not fit the type of its field. It
/// names the column.
pub fn from_row<'de, T: Deserialize<'de>>(row: &'de Row) -> Result<T, EntityError> {
    T::deserialize(reading::of_row(row))
}

/// The struct of a row in a buffer, without a [`Row`] between them; it may borrow text and bytes from the buffer.
///
/// # Errors
///
/// As [`from_row`].
pub fn from_row_ref<'de, T: Deserialize<'de>>(row: &RowRef<'_, 'de>) -> Result<T, EntityError> {
    T::deserialize(reading::of_row_ref(row))
}
