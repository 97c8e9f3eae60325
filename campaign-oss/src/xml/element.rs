//! Elements that are carried without being understood.

/// An element with the elements or the text inside it, kept to be written back as it was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// Its name, without a namespace.
    pub name: String,
    /// Its text; empty if it holds elements.
    pub text: String,
    /// The elements inside it, in order.
    pub children: Vec<Self>,
}

impl Element {
    /// An element that holds `text`.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), children: Vec::new() }
    }

    /// The first element of this name inside it.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }
}
