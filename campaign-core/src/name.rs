//! A field's name, made once by the form and shared by every entry that is checked with it.

use std::{fmt, ops::Deref, sync::Arc};

/// A name that is copied without copying its text.
#[derive(Clone)]
pub(crate) enum FieldName {
    /// Written in the program.
    Static(&'static str),
    /// Read from somewhere.
    Shared(Arc<str>),
}

impl Deref for FieldName {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Static(name) => name,
            Self::Shared(name) => name,
        }
    }
}

impl From<String> for FieldName {
    fn from(name: String) -> Self {
        Self::Shared(name.into())
    }
}

/// The text counts, not where it came from.
impl PartialEq for FieldName {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for FieldName {}

impl fmt::Debug for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
