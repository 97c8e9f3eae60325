//! The quick reader of what pages send: one object of texts.
//!
//! It takes only what is right beyond doubt. Everything else, right or wrong, it leaves to the strict reader, which knows
//! all of JSON and says what is wrong.

use std::borrow::Cow;

use super::{Member, Value};
use crate::{name::start, words::either};

/// Most members: each name is compared with all before it, which is quick while they are few.
pub(super) const MOST: usize = 64;
/// Room for the members of most forms.
const USUAL: usize = 16;

/// The members as they stand, if `text` is an object of few members, all on one line: names of one character and more,
/// free of escapes, each a text without `\u` or `null`, no name twice. `None` says nothing about the text.
pub(super) fn read(text: &str) -> Option<Vec<Member<'_>>> {
    // All bytes in one pass, many at a step.
    let (low, high) = text.bytes().fold((u8::MAX, 0), |(low, high), byte| (byte.min(low), byte.max(high)));
    if low < b' ' {
        return None;
    }
    let bytes = text.as_bytes();
    let mut cursor = Cursor { text, bytes, at: 0, printable: high <= b'~', marks: Marks { bytes, from: 0, word: 0 } };
    let mut members: Vec<Member<'_>> = Vec::with_capacity(USUAL);
    let mut seen = 0_u64;
    if cursor.token()? != b'{' {
        return None;
    }
    loop {
        if cursor.token()? != b'"' || members.len() == MOST {
            return None;
        }
        cursor.marks.next();
        let begin = cursor.at;
        let (name, end) = cursor.run()?;
        if name.is_empty() || end != b'"' {
            return None;
        }
        let start = match bytes.get(begin..)?.first_chunk() {
            Some(bytes) => {
                // What stands behind a short name is shifted out.
                let beyond = 64 - 8 * name.len().min(8);
                u64::from_be_bytes(*bytes) >> beyond << beyond
            }
            None => start(name),
        };
        // Names whose starts differ in this one of 64 bits differ; only the others are compared.
        let bit = 1 << (start.wrapping_mul(SPREAD) >> 58);
        if seen & bit != 0 && members.iter().any(|other| other.start == start && other.name == name) {
            return None;
        }
        seen |= bit;
        members.push(Member { start, name: Cow::Borrowed(name), value: cursor.value()? });
        match cursor.token()? {
            b',' => {}
            b'}' => break,
            _ => return None,
        }
    }
    cursor.space();
    (cursor.at == text.len()).then_some(members)
}

/// Odd, with its bits spread evenly: 2^64 divided by the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The places of all quotation marks and backslashes, in order; eight bytes are looked at in one step.
struct Marks<'a> {
    bytes: &'a [u8],
    /// The place behind the bytes of `word`.
    from: usize,
    /// Has the highest bit of every byte set that is a mark not yet given.
    word: u64,
}

impl Marks<'_> {
    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.word == 0 {
            let rest = self.bytes.get(self.from..).filter(|rest| !rest.is_empty())?;
            let bytes = rest.first_chunk().copied().unwrap_or_else(|| {
                let mut last = [0; 8];
                last[..rest.len()].copy_from_slice(rest);
                last
            });
            let word = u64::from_le_bytes(bytes);
            self.word = either(word, b'"', b'\\');
            self.from += 8;
        }
        let bit = self.word.trailing_zeros() as usize;
        self.word &= self.word - 1;
        Some(self.from - 8 + bit / 8)
    }
}

/// A place in a text that holds no controls. No mark of the text before it is still to be given.
struct Cursor<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// The text is printable ASCII.
    printable: bool,
    marks: Marks<'a>,
}

impl<'a> Cursor<'a> {
    #[inline]
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// The next byte that is no blank. If it is a mark, that is the caller's to take.
    #[inline]
    fn token(&mut self) -> Option<u8> {
        self.space();
        self.byte()
    }

    #[inline]
    fn space(&mut self) {
        while self.bytes.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
    }

    /// Text up to a mark, and the mark.
    #[inline]
    fn run(&mut self) -> Option<(&'a str, u8)> {
        let end = self.marks.next()?;
        let run = self.text.get(self.at..end)?;
        self.at = end + 1;
        Some((run, *self.bytes.get(end)?))
    }

    /// What stands behind a name.
    #[inline]
    fn value(&mut self) -> Option<Value<'a>> {
        // Mostly without blanks.
        if self.bytes.get(self.at..self.at + 2) == Some(b":\"") {
            self.at += 2;
        } else {
            if self.token()? != b':' {
                return None;
            }
            match self.token()? {
                b'"' => {}
                b'n' => {
                    let rest = self.bytes.get(self.at..)?;
                    self.at += 3;
                    return rest.starts_with(b"ull").then_some(Value::Null);
                }
                _ => return None,
            }
        }
        self.marks.next();
        let (run, end) = self.run()?;
        match end {
            b'"' if self.printable => Some(Value::Printable(run)),
            b'"' => Some(Value::Text(Cow::Borrowed(run))),
            _ => self.escaped(run).map(|text| Value::Text(Cow::Owned(text))),
        }
    }

    /// The text that begins with `run`, from behind its first backslash on.
    fn escaped(&mut self, run: &str) -> Option<String> {
        let mut text = String::with_capacity(2 * run.len() + 64);
        text.push_str(run);
        loop {
            text.push(match self.byte()? {
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'/' => '/',
                byte @ (b'"' | b'\\') => {
                    self.marks.next();
                    char::from(byte)
                }
                _ => return None,
            });
            let (run, end) = self.run()?;
            text.push_str(run);
            if end == b'"' {
                return Some(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::body::{Body, strict};

    fn same(text: &str) -> bool {
        let (quick, strict) = (read(text).map(Body), strict::read(text).map(Body));
        assert!(quick.is_none() || quick == strict.ok(), "{text:?}");
        quick.is_some()
    }

    #[test]
    fn what_pages_send_is_read_quickly_and_as_the_strict_reader_reads_it() {
        for text in [
            r#"{"name":"Ada"}"#,
            r#" { "name" : "Ada" , "b":null, "a":"" } "#,
            r#"{"comment":"two\nlines\r\n\"quoted\" \\ \/ \b\f\t","name":"\u00fc"}"#.replace("\\u00fc", "\u{fc}").as_str(),
            r#"{"utm_source":"a","utm_sourcf":"b","utm_sour":"c","utm_source_":"d","u":"f"}"#,
            r##"{"a":"#one","b":"]","c":"]]\\\\]\"#\"","d":"\/\/","e":"\\"}"##,
            "{\"a\":\"\u{7f}\u{80}\u{ff}\u{100}\u{fffd}\u{10ffff} and some more\"}",
        ] {
            assert!(same(text), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_or_rare_is_left_to_the_strict_reader() {
        let many: String = (0..65).map(|n| format!(r#","n{n}":"""#)).collect();
        for text in [
            "",
            "{",
            "{}",
            "{}}",
            r#"{"":"e"}"#,
            r#"{"a"#,
            "{\"a\":\n\"1\"}",
            r#"{"a":"1"}}"#,
            r#"{"a":"1"} x"#,
            r#"{"a":"1",}"#,
            r#"{"a":"1" "b":"2"}"#,
            r#"{"a" "1"}"#,
            r#"{"a":1}"#,
            r#"{"a":nul"#,
            r#"{"a":nulL}"#,
            r#"{"a":"1","b":"2","a":"3"}"#,
            r#"{"\u0061":"1"}"#,
            r#"{"a":"\u0061"}"#,
            r#"{"a":"\x"}"#,
            r#"{"a":"\"#,
            r#"{"a":"without an end"#,
            "{\"a\":\"line\nfeed\"}",
            "{\"a\":\"a control behind an escape\\n\u{1f}\"}",
            "{\"a\u{0}\":\"\"}",
            &format!("{{{}}}", &many[1..]),
        ] {
            assert!(!same(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn both_readers_agree(text in r#"\{( ?"[ab\\\PC]{0,9}" ?: ?("([ -~\n]|\\[nrtbfu"/\\]|\PC){0,20}"|null|1),?){0,4}\}?"#) {
            same(&text);
        }
    }
}
