//! Finds tags and their attributes in a page: as much of HTML as a hand-written form has.

use std::ops::Range;

/// A start tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag<'a> {
    /// The name as written.
    pub(crate) name: &'a str,
    /// Name and value of each attribute as written, a value without its quotes.
    pub(crate) attributes: Vec<(&'a str, Option<&'a str>)>,
    /// Where in the text it stands, from `<` to `>`.
    pub(crate) at: Range<usize>,
}

impl<'a> Tag<'a> {
    /// The value of an attribute; empty for one without value.
    pub(crate) fn value(&self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(own, _)| *own == name).map(|(_, value)| value.unwrap_or_default())
    }
}

/// The start tags of a text, in order. Comments are left out.
pub(crate) fn tags(text: &str) -> Vec<Tag<'_>> {
    let mut tags = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find('<').map(|at| from + at) {
        let rest = &text[start..];
        if rest.starts_with("<!--") {
            from = rest.find("-->").map_or(text.len(), |end| start + end + 3);
        } else if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            let tag = tag(text, start);
            from = tag.at.end;
            tags.push(tag);
        } else {
            from = start + 1;
        }
    }
    tags
}

/// The tag that begins at `start`.
fn tag(text: &str, start: usize) -> Tag<'_> {
    let until = |from: usize, ends: &[char]| text[from..].find(ends).map_or(text.len(), |at| from + at);
    let spaces = [' ', '\t', '\n', '\r'];
    let name_end = until(start + 1, &[' ', '\t', '\n', '\r', '>', '/']);
    let mut tag = Tag { name: &text[start + 1..name_end], attributes: Vec::new(), at: start..text.len() };
    let mut at = name_end;
    loop {
        at += text[at..].len() - text[at..].trim_start_matches(|c| spaces.contains(&c) || c == '/').len();
        if at >= text.len() || text[at..].starts_with('>') {
            tag.at.end = (at + 1).min(text.len());
            return tag;
        }
        let end = until(at + 1, &[' ', '\t', '\n', '\r', '>', '/', '=']);
        let name = &text[at..end];
        at = end;
        let value = text[at..].strip_prefix('=').map(|value| match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let close = until(at + 2, &[quote]);
                let value = &text[at + 2..close];
                at = (close + 1).min(text.len());
                value
            }
            _ => {
                let close = until(at + 1, &[' ', '\t', '\n', '\r', '>']);
                let value = &text[at + 1..close];
                at = close;
                value
            }
        });
        tag.attributes.push((name, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_its_attributes_in_any_quotes_and_over_lines() {
        let text = "<p>a < b <input name=\"a>b\" required\n  value='c \"d\"' id=e> <!-- <input name=f> --></p><br/>";
        let tags = tags(text);
        assert_eq!(tags.iter().map(|tag| tag.name).collect::<Vec<_>>(), ["p", "input", "br"]);
        let expected = [("name", Some("a>b")), ("required", None), ("value", Some("c \"d\"")), ("id", Some("e"))];
        assert_eq!(tags[1].attributes, expected);
        assert!(text[tags[1].at.clone()].starts_with("<input") && text[tags[1].at.clone()].ends_with("id=e>"));
    }

    #[test]
    fn a_text_that_ends_inside_a_tag_is_read_to_its_end() {
        for text in ["<", "<i", "<i ", "<i a", "<i a=", "<i a=\"", "<i a='b", "<i a=b", "<!--", "<i a=\"ü"] {
            for tag in tags(text) {
                assert!(tag.at.end <= text.len(), "{text}");
            }
        }
    }
}
