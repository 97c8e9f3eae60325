//! Writes elements one after the other.

use std::fmt::{Display, Write as _};

use chrono::{DateTime, SecondsFormat, Utc};

use super::Element;

/// One document, growing.
pub(crate) struct Writer {
    text: String,
    root: &'static str,
}

impl Writer {
    /// Begins a document as the official clients do: without a declaration.
    pub(crate) fn new(root: &'static str) -> Self {
        let mut writer = Self { text: String::with_capacity(512), root };
        writer.open(root);
        writer
    }

    /// Begins a document as the service does: with a declaration.
    #[cfg(feature = "server")]
    pub(crate) fn declared(root: &'static str) -> Self {
        let mut writer = Self { text: String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), root };
        writer.open(root);
        writer
    }

    pub(crate) fn open(&mut self, name: &str) {
        self.text.push('<');
        self.text.push_str(name);
        self.text.push('>');
    }

    pub(crate) fn close(&mut self, name: &str) {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    /// An element that holds `text`.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.open(name);
        for character in text.chars() {
            match character {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                // A reader would take a bare carriage return for a line feed; the others cannot stand there at all.
                '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => {
                    write!(self.text, "&#{};", u32::from(character)).expect("writing to a String does not fail");
                }
                _ => self.text.push(character),
            }
        }
        self.close(name);
    }

    /// An element that holds a number or another value whose text needs no escaping.
    pub(crate) fn value(&mut self, name: &str, value: impl Display) {
        self.open(name);
        write!(self.text, "{value}").expect("writing to a String does not fail");
        self.close(name);
    }

    /// An element, if there is a text for it.
    pub(crate) fn maybe(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// An element that was read before.
    pub(crate) fn element(&mut self, element: &Element) {
        if element.children.is_empty() {
            return self.text(&element.name, &element.text);
        }
        self.open(&element.name);
        for child in &element.children {
            self.element(child);
        }
        self.close(&element.name);
    }

    /// A point in time as the service writes it, in milliseconds.
    #[cfg_attr(not(feature = "server"), expect(dead_code, reason = "only answers hold times"))]
    pub(crate) fn time(&mut self, name: &str, time: DateTime<Utc>) {
        self.value(name, time.to_rfc3339_opts(SecondsFormat::Millis, true));
    }

    pub(crate) fn finish(mut self) -> String {
        self.close(self.root);
        self.text
    }
}
