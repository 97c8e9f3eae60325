//! Column names, cheap to clone.
//!
//! An answer of a thousand rows holds a dozen different names. They are allocated once per answer and shared by all its
//! rows; names known when the program is compiled are not allocated at all.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use crate::{plain_buffer::checksum, wire::is_column_name};

/// The name of a column: text that is cheap to clone.
///
/// The service allows 1 to 255 bytes and tells upper from lower case.
///
/// ```
/// use campaign_tablestore::Name;
///
/// const EMAIL: Name = Name::from_static("email");
/// assert_eq!(EMAIL, Name::from(String::from("email")));
/// assert_eq!(EMAIL.len(), 5);
/// ```
#[derive(Clone)]
pub struct Name {
    text: Text,
    /// What a cell's checksum begins with, made once: a name is written with every row.
    checksum: u8,
    /// Whether it can be the name of a column, found out once for the same reason.
    is_column_name: bool,
}

#[derive(Clone)]
enum Text {
    Static(&'static str),
    Shared(Arc<str>),
}

impl Name {
    /// A name that is known when the program is compiled; nothing is allocated.
    #[must_use]
    pub const fn from_static(name: &'static str) -> Self {
        Self::new(name.as_bytes(), Text::Static(name))
    }

    /// The name whose text is `text` with these bytes.
    const fn new(bytes: &[u8], text: Text) -> Self {
        Self { checksum: checksum(bytes), is_column_name: is_column_name(bytes), text }
    }

    /// The name as text.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.text {
            Text::Static(name) => name,
            Text::Shared(name) => name,
        }
    }

    /// Whether it can be the name of a column.
    #[inline]
    pub(crate) const fn is_column_name(&self) -> bool {
        self.is_column_name
    }

    /// The checksum of the name's bytes.
    #[inline]
    pub(crate) const fn checksum(&self) -> u8 {
        self.checksum
    }
}

impl Deref for Name {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        self
    }
}

// Borrow demands that Eq, Ord and Hash are those of `str`, as below.
impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        self
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Self::new(name.as_bytes(), Text::Shared(name.into()))
    }
}

impl From<String> for Name {
    fn from(name: String) -> Self {
        Self::from(name.as_str())
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Name {}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
