//! Bytes as a binary column.
//!
//! serde takes a `Vec<u8>` for a sequence of numbers, which no column can hold. With
//! `#[serde(with = "campaign_tablestore::binary")]` a field of type `Vec<u8>`, `[u8; N]` or the like is a binary column.
//! An `Option` of those takes [`binary::option`](option). The crate serde_bytes is understood as well.
//!
//! ```
//! use campaign_tablestore::{from_row, to_row};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Photo {
//!     id: String,
//!     #[serde(with = "campaign_tablestore::binary")]
//!     content: Vec<u8>,
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let row = to_row(&Photo { id: "a".into(), content: vec![1, 2, 3] }, &["id"])?;
//! assert_eq!(row.get("content").and_then(|value| value.as_bytes()), Some([1, 2, 3].as_slice()));
//! let photo: Photo = from_row(&row)?;
//! assert_eq!(photo.content, [1, 2, 3]);
//! # Ok(())
//! # }
//! ```

use std::fmt;

use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::ser::Serializer;

/// Writes bytes; called by serde.
///
/// # Errors
///
/// What the serializer refuses.
pub fn serialize<T: AsRef<[u8]>, S: Serializer>(bytes: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes.as_ref())
}

/// Reads bytes; called by serde.
///
/// # Errors
///
/// If the column is not binary, or has not as many bytes as the field.
pub fn deserialize<'de, T: TryFrom<Vec<u8>>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let bytes = deserializer.deserialize_byte_buf(BytesVisitor)?;
    T::try_from(bytes).map_err(|_| D::Error::invalid_value(Unexpected::Bytes(&[]), &"as many bytes as the field has"))
}

/// The same for an `Option`: with `#[serde(default, with = "campaign_tablestore::binary::option")]`, `None` is a column that
/// is not there.
///
/// ```
/// # use campaign_tablestore::{from_row, to_row};
/// # use serde::{Deserialize, Serialize};
/// #[derive(Serialize, Deserialize)]
/// struct Photo {
///     id: String,
///     #[serde(default, with = "campaign_tablestore::binary::option")]
///     preview: Option<Vec<u8>>,
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let row = to_row(&Photo { id: "a".into(), preview: None }, &["id"])?;
/// assert!(row.columns.is_empty());
/// assert_eq!(from_row::<Photo>(&row)?.preview, None);
/// # Ok(())
/// # }
/// ```
pub mod option {
    use serde::de::Deserializer;
    use serde::ser::Serializer;

    /// Writes bytes, if there are any; called by serde.
    ///
    /// # Errors
    ///
    /// What the serializer refuses.
    pub fn serialize<T: AsRef<[u8]>, S: Serializer>(bytes: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => super::serialize(bytes, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Reads bytes; called by serde, for a column that is there.
    ///
    /// # Errors
    ///
    /// If the column is not binary, or has not as many bytes as the field.
    pub fn deserialize<'de, T: TryFrom<Vec<u8>>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }
}

struct BytesVisitor;

impl Visitor<'_> for BytesVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }
}
