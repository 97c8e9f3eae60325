//! The strict reader: all of JSON, and what is wrong with a text that is none.

use std::{
    borrow::Cow,
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{BodyError, Fault, MAX_DEPTH, Member, Value};

/// Reads any object, its members in the order of their names, and says what is wrong.
pub(super) fn read(text: &str) -> Result<Vec<Member<'_>>, Fault> {
    let noted = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    let members = Members(Level { depth: 1, fault: &noted });
    let read = (&mut reader).deserialize_map(members).and_then(|members| reader.end().map(|()| members));
    let members = read.map_err(|error| Fault {
        error: noted.get().unwrap_or(BodyError::Syntax { line: error.line(), column: error.column() }),
        at_end: error.is_eof(),
    })?;
    Ok(members.into_iter().map(|(name, value)| Member::new(name, value)).collect())
}

/// What every level shares: how deep it is, and where a fault of ours is noted, because an error
/// that passes through serde keeps its text only.
#[derive(Clone, Copy)]
struct Level<'a> {
    depth: usize,
    fault: &'a Cell<Option<BodyError>>,
}

impl Level<'_> {
    fn fail<E: de::Error>(self, fault: BodyError) -> E {
        self.fault.set(Some(fault));
        E::custom(fault)
    }

    /// The level of the members of an array or object met here.
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.fail(BodyError::TooDeep));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

/// The outer object: members are kept.
struct Members<'a>(Level<'a>);

impl<'de> Visitor<'de> for Members<'_> {
    type Value = BTreeMap<Cow<'de, str>, Value<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = BTreeMap::new();
        while let Some(name) = map.next_key_seed(Name)? {
            let value = map.next_value_seed(Inner(self.0))?;
            if members.insert(name, value).is_some() {
                return Err(self.0.fail(BodyError::RepeatedName));
            }
        }
        Ok(members)
    }
}

/// A member's name, borrowed if it is written without an escape.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// A value inside: text is kept; whatever is nested is only checked.
struct Inner<'a>(Level<'a>);

impl<'de> DeserializeSeed<'de> for Inner<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Inner<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let inside = self.0.deeper()?;
        while array.next_element_seed(Inner(inside))?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let inside = self.0.deeper()?;
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key_seed(Name)? {
            map.next_value_seed(Inner(inside))?;
            if !names.insert(name) {
                return Err(inside.fail(BodyError::RepeatedName));
            }
        }
        Ok(Value::Other)
    }
}
