//! Reads elements one after the other.

use chrono::{DateTime, Utc};
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::{Element, MAX_ATTRIBUTES, MAX_BYTES, MAX_DEPTH, XmlFault};

/// Walks through the elements of one document.
///
/// [`child`](Self::child) enters the next element inside the present one; then [`text`](Self::text) or a value reads it,
/// [`skip`](Self::skip) passes over it, or further `child` calls walk through it, the last of which leaves it.
pub(crate) struct Reader<'a> {
    events: quick_xml::Reader<&'a [u8]>,
    depth: usize,
    name: String,
}

impl<'a> Reader<'a> {
    /// Begins a document whose outermost element is `root`.
    pub(crate) fn open(document: &'a [u8], root: &'static str) -> Result<Self, XmlFault> {
        if document.len() > MAX_BYTES {
            return Err(XmlFault::TooLong);
        }
        let text = std::str::from_utf8(document).map_err(|_| XmlFault::NotUtf8)?;
        let mut events = quick_xml::Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
        events.config_mut().expand_empty_elements = true;
        let mut reader = Self { events, depth: 0, name: String::new() };
        loop {
            match reader.event()? {
                Event::Decl(declaration) => {
                    let utf8 = match declaration.encoding() {
                        None => true,
                        Some(Ok(name)) => name.eq_ignore_ascii_case("utf-8"),
                        Some(Err(_)) => false,
                    };
                    if !utf8 {
                        return Err(XmlFault::NotUtf8);
                    }
                }
                Event::Start(start) => {
                    reader.enter(&start)?;
                    return if reader.name == root { Ok(reader) } else { Err(XmlFault::NotA(root)) };
                }
                Event::Text(text) if is_blank(&text) => {}
                Event::Comment(_) => {}
                // An empty document and one that is something else altogether.
                _ => return Err(XmlFault::NotA(root)),
            }
        }
    }

    /// Enters the next element inside the present one and gives its name; `None` when the present one is over and left.
    pub(crate) fn child(&mut self) -> Result<Option<&str>, XmlFault> {
        loop {
            match self.event()? {
                Event::Start(start) => {
                    self.enter(&start)?;
                    return Ok(Some(&self.name));
                }
                Event::End(_) => {
                    self.depth -= 1;
                    return Ok(None);
                }
                Event::Text(text) if is_blank(&text) => {}
                Event::Comment(_) => {}
                _ => return Err(XmlFault::Malformed),
            }
        }
    }

    /// Reads the text of the present element, called `name` in errors, and leaves it.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<String, XmlFault> {
        let mut all = String::new();
        loop {
            match self.event()? {
                Event::Text(text) => all.push_str(&text.xml10_content()),
                Event::CData(text) => all.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => all.push(character(&reference)?),
                Event::Comment(_) => {}
                Event::End(_) => {
                    self.depth -= 1;
                    return Ok(all);
                }
                Event::Start(_) => return Err(XmlFault::Value(name)),
                _ => return Err(XmlFault::Malformed),
            }
        }
    }

    /// The text of the present element; `None` if it is empty.
    pub(crate) fn filled(&mut self, name: &'static str) -> Result<Option<String>, XmlFault> {
        self.text(name).map(|text| Some(text).filter(|text| !text.is_empty()))
    }

    /// A number, or another value with a text form, without white space around it.
    pub(crate) fn value<T: std::str::FromStr>(&mut self, name: &'static str) -> Result<T, XmlFault> {
        self.text(name)?.parse().map_err(|_| XmlFault::Value(name))
    }

    /// A point in time in the form of RFC 3339.
    pub(crate) fn time(&mut self, name: &'static str) -> Result<DateTime<Utc>, XmlFault> {
        let text = self.text(name)?;
        DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc()).map_err(|_| XmlFault::Value(name))
    }

    /// Passes over the present element and all inside it.
    pub(crate) fn skip(&mut self) -> Result<(), XmlFault> {
        let outside = self.depth - 1;
        while self.depth > outside {
            match self.event()? {
                Event::Start(start) => self.enter(&start)?,
                Event::End(_) => self.depth -= 1,
                Event::GeneralRef(reference) => {
                    character(&reference)?;
                }
                Event::Text(_) | Event::CData(_) | Event::Comment(_) => {}
                _ => return Err(XmlFault::Malformed),
            }
        }
        Ok(())
    }

    /// Reads the present element with all inside it, and leaves it. Text beside elements is white space.
    pub(crate) fn element(&mut self) -> Result<Element, XmlFault> {
        let mut open = vec![Element::new(self.name.clone(), "")];
        loop {
            match self.event()? {
                Event::Start(start) => {
                    self.enter(&start)?;
                    open.push(Element::new(self.name.clone(), ""));
                }
                Event::End(_) => {
                    self.depth -= 1;
                    let mut done = open.pop().ok_or(XmlFault::Malformed)?;
                    if !done.children.is_empty() {
                        if !is_blank(&done.text) {
                            return Err(XmlFault::Malformed);
                        }
                        done.text.clear();
                    }
                    match open.last_mut() {
                        Some(outer) => outer.children.push(done),
                        None => return Ok(done),
                    }
                }
                Event::Comment(_) => {}
                event => {
                    let text = open.last_mut().map(|inner| &mut inner.text).ok_or(XmlFault::Malformed)?;
                    match event {
                        Event::Text(piece) => text.push_str(&piece.xml10_content()),
                        Event::CData(piece) => text.push_str(&piece.xml10_content()),
                        Event::GeneralRef(reference) => text.push(character(&reference)?),
                        _ => return Err(XmlFault::Malformed),
                    }
                }
            }
        }
    }

    /// Checks that nothing follows the outermost element, which has been left.
    pub(crate) fn close(mut self) -> Result<(), XmlFault> {
        loop {
            match self.event()? {
                Event::Eof => return Ok(()),
                Event::Text(text) if is_blank(&text) => {}
                Event::Comment(_) => {}
                _ => return Err(XmlFault::Malformed),
            }
        }
    }

    fn event(&mut self) -> Result<Event<'a>, XmlFault> {
        match self.events.read_event() {
            Ok(Event::DocType(_)) => Err(XmlFault::Forbidden("a document type")),
            Ok(Event::PI(_)) => Err(XmlFault::Forbidden("a processing instruction")),
            Ok(Event::Eof) if self.depth > 0 => Err(XmlFault::Malformed),
            Ok(event) => Ok(event),
            Err(_) => Err(XmlFault::Malformed),
        }
    }

    fn enter(&mut self, start: &BytesStart<'_>) -> Result<(), XmlFault> {
        if self.depth == MAX_DEPTH {
            return Err(XmlFault::TooDeep);
        }
        if start.attributes_raw().len() > MAX_ATTRIBUTES {
            return Err(XmlFault::TooLong);
        }
        self.depth += 1;
        self.name.clear();
        self.name.push_str(start.local_name().into_inner());
        Ok(())
    }
}

/// The character that a reference stands for.
fn character(reference: &BytesRef<'_>) -> Result<char, XmlFault> {
    if reference.is_char_ref() {
        let character = reference.resolve_char_ref().ok().flatten();
        return character.filter(|c| *c != '\0').ok_or(XmlFault::Malformed);
    }
    match &**reference {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(XmlFault::Forbidden("an entity")),
    }
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::Writer, *};

    fn read(document: &str) -> Result<Vec<(String, String)>, XmlFault> {
        let mut xml = Reader::open(document.as_bytes(), "R")?;
        let mut all = Vec::new();
        while let Some(name) = xml.child()? {
            let name = name.to_owned();
            if name == "Skip" {
                xml.skip()?;
            } else {
                all.push((name, xml.text("text")?));
            }
        }
        xml.close()?;
        Ok(all)
    }

    #[test]
    fn elements_are_read_in_order_whatever_stands_between() {
        let document = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- c --><o:R xmlns:o='u'>\n <A>1</A><B/>\
                        <Skip><X>&amp;<Y/></X></Skip><A> 2 &#x4e2d;<![CDATA[<&>]]><!-- c --></A></o:R>\n";
        let pairs = [("A", "1"), ("B", ""), ("A", " 2 中<&>")];
        assert_eq!(read(document).unwrap(), pairs.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn what_is_no_plain_document_is_a_fault() {
        let deep = format!("<R>{}", "<a>".repeat(100_000));
        let wide = format!("<R {}/>", "a='1' ".repeat(100_000));
        for bad in [
            "",
            "text",
            "{}",
            "<Q/>",
            "<R>",
            "<R></Q>",
            "<R/><R/>",
            "<R/>text",
            "<R>text</R>",
            "<R><A>&b;</A></R>",
            "<R><A>a&b</A></R>",
            "<R><A>&#0;</A></R>",
            "<R><A>&#xd800;</A></R>",
            "<R><A><B/></A></R>",
            "<R><A><![CDATA[x</A></R>",
            "<R><Skip>&b;</Skip></R>",
            "<!DOCTYPE R><R/>",
            "<?pi?><R/>",
            "<R><?pi?></R>",
            "<?xml version='1.0' encoding='UTF-7'?><R/>",
            &deep,
            &wide,
        ] {
            assert!(read(bad).is_err(), "{}", bad.chars().take(40).collect::<String>());
        }
        assert!(matches!(Reader::open(b"<R>\xff</R>", "R"), Err(XmlFault::NotUtf8)));
    }

    proptest! {
        #[test]
        fn what_the_writer_writes_is_read_back(name in "[A-Z][a-z]{0,9}", text in any::<String>()) {
            let text = text.replace(['\0', '\u{fffe}', '\u{ffff}'], "");
            prop_assume!(name != "Skip");
            let mut xml = Writer::new("R");
            xml.text(&name, &text);
            prop_assert_eq!(read(&xml.finish()).unwrap(), vec![(name, text)]);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>(), tags in "(<[/RA]{1,3}>|&[a#x0-9;]{1,4}|[a<>&;!-]){0,40}") {
            let _ = Reader::open(&bytes, "R").map(|mut xml| xml.skip());
            let _ = read(&tags);
            let _ = read(&format!("<R>{tags}</R>"));
        }
    }
}
