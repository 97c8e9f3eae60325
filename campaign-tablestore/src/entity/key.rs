//! The values of a key, without its names.

use super::error::{EntityError, EntityFault};
use crate::row::{KeyValue, MAX_KEY_COLUMNS, Name, PrimaryKey};

/// The values of the first columns of a key in their order: one value, or a tuple of up to four.
///
/// ```
/// use campaign_tablestore::{KeyValue, KeyValues};
///
/// assert_eq!(("double11", 7).values(), [KeyValue::from("double11"), KeyValue::from(7)]);
/// assert_eq!("double11".values(), [KeyValue::from("double11")]);
/// assert_eq!(().values(), []);
/// ```
pub trait KeyValues {
    /// The values.
    fn values(self) -> Vec<KeyValue>;
}

macro_rules! one {
    ($($type:ty),*) => {$(
        impl KeyValues for $type {
            fn values(self) -> Vec<KeyValue> {
                vec![self.into()]
            }
        }
    )*};
}
one!(KeyValue, i64, i32, u32, i16, u16, i8, u8, &str, String, &[u8], Vec<u8>);

macro_rules! several {
    ($($name:ident),*) => {
        impl<$($name: Into<KeyValue>),*> KeyValues for ($($name,)*) {
            #[expect(non_snake_case, reason = "the types' names serve for their values")]
            fn values(self) -> Vec<KeyValue> {
                let ($($name,)*) = self;
                vec![$($name.into()),*]
            }
        }
    };
}
several!(A);
several!(A, B);
several!(A, B, C);
several!(A, B, C, D);

impl KeyValues for () {
    fn values(self) -> Vec<KeyValue> {
        Vec::new()
    }
}

/// The key of these names and values.
pub(super) fn key(names: &[&'static str], values: impl KeyValues) -> Result<PrimaryKey, EntityError> {
    let values = values.values();
    if values.len() != names.len() {
        return Err(EntityError::new(EntityFault::KeyValues { columns: names.len(), given: values.len() }));
    }
    bound(names, values, &KeyValue::InfMin)
}

/// The key of these names whose first values are given and whose others are `rest`.
pub(super) fn bound(names: &[&'static str], values: Vec<KeyValue>, rest: &KeyValue) -> Result<PrimaryKey, EntityError> {
    if names.is_empty() || names.len() > MAX_KEY_COLUMNS {
        return Err(EntityError::new(EntityFault::KeyColumns));
    }
    if values.len() > names.len() {
        return Err(EntityError::new(EntityFault::KeyValues { columns: names.len(), given: values.len() }));
    }
    let values = values.into_iter().chain(std::iter::repeat_with(|| rest.clone()));
    let columns = names.iter().zip(values).map(|(name, value)| (Name::from_static(name), value));
    Ok(columns.fold(PrimaryKey::new(), |key, (name, value)| key.with(name, value)))
}
