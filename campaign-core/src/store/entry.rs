//! What a row holds.

use std::{collections::BTreeMap, fmt};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{CallId, Digest, SubmissionId, name::FieldName};

/// The accepted fields of an entry: name to normalised value, in name order.
///
/// The values are personal data: `Debug` shows the names only.
// A list in order and not a map: it is made in order, and takes one allocation where a map takes several.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(FieldName, String)>);

impl Fields {
    /// No fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a field.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let name = name.into();
        match self.find(&name) {
            Ok(at) => self.0[at].1 = value.into(),
            Err(at) => self.0.insert(at, (name.into(), value.into())),
        }
    }

    /// These fields, which are in name order, no name twice.
    pub(crate) fn in_order(fields: Vec<(FieldName, String)>) -> Self {
        debug_assert!(fields.is_sorted_by(|(a, _), (b, _)| **a < **b), "the fields are in name order");
        Self(fields)
    }

    /// Where the field is, or where it would have to be put.
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| (**other).cmp(name))
    }

    /// The value of a field, `None` if it was left out.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name).ok().map(|at| self.0[at].1.as_str())
    }

    /// Name and value of every field, in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, value.as_str()))
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fields")?;
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let pairs: BTreeMap<String, String> =
            pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value)).collect())
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
        assert_eq!(format!("{set:?}"), r#"Fields{"a", "b", "c"}"#);
    }
}
