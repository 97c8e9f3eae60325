//! Names shared by the rows of one answer.

use std::collections::HashMap;

use crate::row::Name;

/// Gives the same [`Name`] for the same text.
///
/// The rows of an answer have nearly the same columns in the same order, so the name after the one given last is tried
/// first; the map decides otherwise.
#[derive(Default)]
pub(crate) struct Names<'a> {
    names: Vec<Name>,
    places: HashMap<&'a str, usize>,
    next: usize,
}

impl<'a> Names<'a> {
    /// To be called before each row.
    pub(crate) const fn start_row(&mut self) {
        self.next = 0;
    }

    pub(super) fn share(&mut self, text: &'a str) -> Name {
        if let Some(name) = self.names.get(self.next).filter(|name| **name == *text) {
            self.next += 1;
            return name.clone();
        }
        if let Some((place, name)) = self.places.get(text).and_then(|place| Some((*place, self.names.get(*place)?))) {
            self.next = place + 1;
            return name.clone();
        }
        let name = Name::from(text);
        self.places.insert(text, self.names.len());
        self.names.push(name.clone());
        self.next = self.names.len();
        name
    }
}
