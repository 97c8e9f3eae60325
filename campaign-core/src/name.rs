//! Names of fields and members: shared by every entry that is checked with a form, and quick to compare.

use std::{cmp::Ordering, fmt, ops::Deref, sync::Arc};

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

/// Bytes of a name's start.
const START: usize = 8;

/// A name and its first bytes, which tell most names apart at once. In the order of the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key<'a> {
    /// As [`start`] gives it.
    pub(crate) start: u64,
    pub(crate) name: &'a str,
}

impl<'a> Key<'a> {
    pub(crate) fn new(name: &'a str) -> Self {
        Self { start: start(name), name }
    }

    /// Whether both are one name.
    #[inline]
    pub(crate) fn is(self, other: Key<'_>) -> bool {
        let length = self.name.len();
        self.start == other.start && length == other.name.len() && (length <= START || self.name == other.name)
    }
}

/// The first eight bytes of a name, zeros behind a shorter one, as a number that is in the order of the names.
pub(crate) fn start(name: &str) -> u64 {
    match name.as_bytes().first_chunk() {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => name.bytes().zip(0..).fold(0, |start, (byte, at)| start | u64::from(byte) << (56 - 8 * at)),
    }
}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let (here, there) = (self.name, other.name);
        self.start.cmp(&other.start).then_with(|| {
            // Of two that end within their starts the longer one goes on with zeros.
            if here.len() <= START && there.len() <= START { here.len().cmp(&there.len()) } else { here.cmp(there) }
        })
    }
}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_are_in_the_order_of_their_names(a in "[a\u{0}\u{e9}]{0,11}", b in "[a\u{0}\u{e9}]{0,11}") {
            prop_assert_eq!(Key::new(&a).cmp(&Key::new(&b)), a.cmp(&b));
            prop_assert_eq!(Key::new(&a).is(Key::new(&b)), a == b);
        }
    }
}
