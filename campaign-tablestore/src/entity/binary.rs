//! Bytes as a binary column.
//!
//! serde takes a `Vec<u8>` for a sequence of numbers, which no column can hold. With
//! `#[serde(with = "campaign_tablestore::binary")]` a field of type `Vec<u8>`, `[u8; N]` or the like is a binary column.
//! For an `Option` use the crate serde_bytes, which is understood as well.
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
