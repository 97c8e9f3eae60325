//! What a row holds.

use std::{collections::BTreeMap, fmt, sync::Arc};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{CallId, Digest, SubmissionId, name::FieldName};

/// The accepted fields of an entry: name to normalised value, in name order.
///
/// The values are personal data: `Debug` shows the names only.
// The values stand behind one another in one text: an entry needs few allocations, however many fields it has.
#[derive(Clone, Default)]
pub struct Fields {
    values: String,
    /// The names of these fields, and of others, in no particular order; shared by all entries of a form.
    names: Arc<Vec<FieldName>>,
    /// In the order of their names.
    places: Vec<Place>,
}

/// A field that is there.
#[derive(Clone, Copy)]
struct Place {
    /// Where its name is among the names.
    name: usize,
    /// Where its value ends.
    end: usize,
}

impl Fields {
    /// No fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// None yet, with room for so many of these names and bytes of their values.
    pub(crate) fn of(names: &Arc<Vec<FieldName>>, fields: usize, bytes: usize) -> Self {
        Self { values: String::with_capacity(bytes), names: Arc::clone(names), places: Vec::with_capacity(fields) }
    }

    /// Sets a field.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        let found = self.find(&name);
        let (Ok(at) | Err(at)) = found;
        let begin = self.begin(at);
        if found.is_err() {
            let known = self.names.iter().position(|other| **other == *name);
            let name = known.unwrap_or_else(|| {
                Arc::make_mut(&mut self.names).push(name.into());
                self.names.len() - 1
            });
            self.places.insert(at, Place { name, end: begin });
        }
        let end = self.places[at].end;
        self.values.replace_range(begin..end, &value);
        for moved in &mut self.places[at..] {
            moved.end = moved.end - (end - begin) + value.len();
        }
    }

    /// Sets a field, its name given by its place; the name comes after all that are there.
    #[inline]
    pub(crate) fn push(&mut self, name: usize, value: &str) {
        debug_assert!(
            self.places.last().is_none_or(|last| *self.names[last.name] < *self.names[name]),
            "the fields are in name order"
        );
        self.values.push_str(value);
        self.places.push(Place { name, end: self.values.len() });
    }

    /// Where the field is, or where it would have to be put.
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.places.binary_search_by(|place| (*self.names[place.name]).cmp(name))
    }

    /// Where the value of the field at this place begins: where the one before ends.
    fn begin(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |before| self.places[before].end)
    }

    /// The value of a field, `None` if it was left out.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name).ok().map(|at| &self.values[self.begin(at)..self.places[at].end])
    }

    /// Name and value of every field, in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut begin = 0;
        self.places.iter().map(move |place| {
            let value = &self.values[begin..place.end];
            begin = place.end;
            (&*self.names[place.name], value)
        })
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

/// The same names with the same values.
impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Fields {}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fields")?;
        f.debug_set().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let pairs: BTreeMap<String, String> =
            pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let (names, values): (Vec<FieldName>, Vec<String>) =
            pairs.into_iter().map(|(name, value)| (name.into(), value)).unzip();
        let mut fields = Self::of(&Arc::new(names), values.len(), values.iter().map(String::len).sum());
        for (at, value) in values.iter().enumerate() {
            fields.push(at, value);
        }
        fields
    }
}

/// A map of name to value.
impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::<String, String>::deserialize(deserializer).map(Self::from_iter)
    }
}

/// One person's entry, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The id the page sent.
    pub id: SubmissionId,
    /// Keyed hash of the fields that count as the payload.
    pub digest: Digest,
    /// The intake call that wrote the row.
    pub call: CallId,
    /// When the intake accepted it, to the millisecond.
    pub received_at: DateTime<Utc>,
    /// The fields. A consent field holds the version of the terms that were accepted.
    pub fields: Fields,
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// A live entry.
    Entry(Entry),
    /// A tombstone: somebody was here, and was erased.
    Erased,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_a_map_in_name_order_in_which_the_last_value_of_a_name_stays() {
        let mut set = Fields::new();
        for (name, value) in [("b", "1"), ("c", "2"), ("a", "3"), ("b", "4")] {
            set.insert(name, value);
        }
        let json = r#"{"a":"3","b":"4","c":"2"}"#;
        assert_eq!(serde_json::to_string(&set).unwrap(), json);
        assert_eq!(serde_json::from_str::<Fields>(r#"{"c":"2","b":"1","a":"3","b":"4"}"#).unwrap(), set);
        assert_eq!(Fields::from_iter([("b", "1"), ("c", "2"), ("a", "3"), ("b", "4")]), set);
        assert_eq!((set.len(), set.get("b"), set.get("d")), (3, Some("4"), None));
        for (name, value) in [("b", ""), ("a", "long"), ("aa", "\u{e9}"), ("c", "5"), ("b", "6")] {
            set.insert(name, value);
        }
        assert_eq!(
            serde_json::to_string(&set).unwrap(),
            r#"{"a":"long","aa":"\u00e9","b":"6","c":"5"}"#.replace("\\u00e9", "\u{e9}")
        );
        assert_eq!(Fields::from_iter([("a", "long"), ("aa", "\u{e9}"), ("b", "6"), ("c", "5")]), set);
        set = Fields::from_iter([("a", "3"), ("b", "4"), ("c", "2")]);
        assert_eq!(format!("{set:?}"), r#"Fields{"a", "b", "c"}"#);
    }

    #[test]
    fn a_field_that_is_set_in_one_entry_is_not_there_in_its_copies() {
        let first = Fields::from_iter([("b", "1"), ("d", "2")]);
        let mut second = first.clone();
        for (name, value) in [("c", "3"), ("a", "4"), ("d", "5")] {
            second.insert(name, value);
        }
        assert_eq!(first.iter().collect::<Vec<_>>(), [("b", "1"), ("d", "2")]);
        assert_eq!(second.iter().collect::<Vec<_>>(), [("a", "4"), ("b", "1"), ("c", "3"), ("d", "5")]);
        assert_ne!(first, second);
        assert_ne!(first, Fields::from_iter([("b", "1"), ("e", "2")]));
    }
}
