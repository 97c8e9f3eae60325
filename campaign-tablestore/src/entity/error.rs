//! Why a struct makes no row, or a row no struct.

use std::fmt;

use campaign_client::ErrorKind;
use serde::de::{self, Unexpected};
use serde::ser;
use thiserror::Error;

/// A struct makes no row, or a row no struct.
///
/// The message names the column and the fault. It holds no value, unless the type's own `Serialize` or `Deserialize` puts
/// one into an error of its own.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}{fault}", prefix(.column.as_deref()))]
pub struct EntityError {
    column: Option<String>,
    fault: EntityFault,
}

/// What cannot be sent is the call's fault.
impl EntityError {
    pub(crate) fn unsendable(self) -> campaign_client::Error {
        campaign_client::Error::invalid("the value makes no row").with_source(self)
    }

    /// What cannot be read is the answer's.
    pub(crate) fn unreadable(self) -> campaign_client::Error {
        // Read again, it is the same row.
        campaign_client::Error::new(ErrorKind::Unreadable).with_message("a row does not fit the type").with_source(self)
    }
}

fn prefix(column: Option<&str>) -> String {
    column.map_or_else(String::new, |column| format!("column `{column}`: "))
}

impl EntityError {
    pub(super) const fn new(fault: EntityFault) -> Self {
        Self { column: None, fault }
    }

    /// Names the column, unless it is named already.
    pub(super) fn at(mut self, column: &str) -> Self {
        self.column.get_or_insert_with(|| column.to_owned());
        self
    }

    /// The column, if it is about one.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        self.column.as_deref()
    }

    /// What is wrong.
    #[must_use]
    pub const fn fault(&self) -> &EntityFault {
        &self.fault
    }
}

/// What is wrong with a struct or a row.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EntityFault {
    /// The value to be stored has no columns.
    #[error("{0} makes no row; use a struct or a map with text keys")]
    NotARow(&'static str),
    /// A field holds what no column can.
    #[error(
        "{0} is no column value; keep it as JSON text, as columns of its own (`#[serde(flatten)]`), in rows of its own, \
         or, if it is bytes, with `#[serde(with = \"campaign_tablestore::binary\")]`"
    )]
    NotAColumn(&'static str),
    /// A number does not fit the type of the column or of the field.
    #[error("the number is out of range; columns hold 64-bit signed integers, keep larger ones as text")]
    OutOfRange,
    /// A double is NaN or infinite, which the service refuses.
    #[error("the number is NaN or infinite, which the service refuses")]
    NotFinite,
    /// Not one to four key columns were named.
    #[error("a primary key has one to four columns")]
    KeyColumns,
    /// A key was given another number of values than it has columns.
    #[error("a key of {columns} columns was given {given} values")]
    KeyValues {
        /// The columns of the key.
        columns: usize,
        /// The values given.
        given: usize,
    },
    /// A key column is absent.
    #[error("a primary key column must have a value")]
    MissingKey,
    /// A key column has a type no key can have.
    #[error("{0} cannot be a primary key value; use an integer, text or bytes")]
    NotAKey(&'static str),
    /// Two fields make one column.
    #[error("the column is there twice")]
    Repeated,
    /// A column is absent and its field is no `Option`.
    #[error("the column is absent; make the field an `Option` or give it a `#[serde(default)]`")]
    Missing,
    /// The type has no field for a column that is to be declared.
    #[error("the type has no field for it")]
    NoField,
    /// The type does not tell what a column holds: the field is flattened, or takes anything.
    #[error("the field does not tell what the column holds; declare it in a `TableMeta` by hand")]
    Untold,
    /// A column does not fit its field.
    #[error("found {found}, expected {expected}")]
    Unexpected {
        /// What the column holds.
        found: &'static str,
        /// What the field takes.
        expected: String,
    },
    /// What the type's own `Serialize` or `Deserialize` said.
    #[error("{0}")]
    Custom(String),
}

impl ser::Error for EntityError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(EntityFault::Custom(message.to_string()))
    }
}

// serde's own messages quote the value; rows hold personal data, so these say its type only.
impl de::Error for EntityError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        ser::Error::custom(message)
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(EntityFault::Unexpected { found: kind(&found), expected: expected.to_string() })
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        match found {
            Unexpected::Signed(_) | Unexpected::Unsigned(_) => Self::new(EntityFault::OutOfRange),
            _ => Self::invalid_type(found, expected),
        }
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        let expected = format!("one of `{}`", expected.join("`, `"));
        Self::new(EntityFault::Unexpected { found: "another string", expected })
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        let expected = "a column the struct has a field for".to_owned();
        Self::new(EntityFault::Unexpected { found: "an unknown column", expected }).at(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(EntityFault::Missing).at(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(EntityFault::Repeated).at(field)
    }
}

fn kind(found: &Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "an integer",
        Unexpected::Float(_) => "a double",
        Unexpected::Char(_) | Unexpected::Str(_) => "a string",
        Unexpected::Bytes(_) => "bytes",
        Unexpected::Map => "a row",
        _ => "another type",
    }
}
