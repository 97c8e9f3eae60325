//! The strict reader of a request body: one JSON object, and nothing two readers could disagree on.

mod plain;
mod strict;

use std::{borrow::Cow, fmt};

use crate::name::{Key, start};

/// Most bytes of a body.
pub const MAX_BODY: usize = 64 * 1024;
/// Deepest nesting, the outer object included.
pub const MAX_DEPTH: usize = 16;

/// Why a body cannot be read. It never holds a piece of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyError {
    /// More than [`MAX_BODY`] bytes.
    TooLarge,
    /// Not UTF-8.
    NotUtf8,
    /// Begins with a byte-order mark (RFC 8259 §8.1 forbids it).
    ByteOrderMark,
    /// Something other than an object, or nothing.
    NotAnObject,
    /// An object holds a name twice, perhaps hidden by an escape.
    RepeatedName,
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// Not JSON (RFC 8259), or more than one document.
    Syntax {
        /// Line of the fault, from 1.
        line: usize,
        /// Column of the fault in bytes, from 1; 0 at the start of a line.
        column: usize,
    },
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "the body is larger than {MAX_BODY} bytes"),
            Self::NotUtf8 => f.write_str("the body is not UTF-8"),
            Self::ByteOrderMark => f.write_str("the body begins with a byte-order mark"),
            Self::NotAnObject => f.write_str("the body is not a JSON object"),
            Self::RepeatedName => f.write_str("a member name is repeated"),
            Self::TooDeep => write!(f, "the body is nested deeper than {MAX_DEPTH} levels"),
            Self::Syntax { line, column } => write!(f, "the body is not JSON at line {line}, column {column}"),
        }
    }
}

impl std::error::Error for BodyError {}

/// A member's value, as far as a form needs to know it.
#[derive(Clone)]
pub(crate) enum Value<'a> {
    Null,
    Text(Cow<'a, str>),
    /// A text known to be printable ASCII.
    Printable(&'a str),
    /// A number, boolean, array or object: no kind of field takes one, so nothing is kept.
    Other,
}

impl Value<'_> {
    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Null | Self::Other => None,
            Self::Text(text) => Some(text),
            Self::Printable(text) => Some(text),
        }
    }
}

/// Whatever is known of a text.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.text(), other.text()) {
            (None, None) => matches!(self, Self::Null) == matches!(other, Self::Null),
            (here, there) => here == there,
        }
    }
}

/// A member of the outer object.
#[derive(Clone)]
struct Member<'a> {
    start: u64,
    name: Cow<'a, str>,
    value: Value<'a>,
}

impl<'a> Member<'a> {
    fn new(name: Cow<'a, str>, value: Value<'a>) -> Self {
        Self { start: start(&name), name, value }
    }

    fn key(&self) -> Key<'_> {
        Key { start: self.start, name: &self.name }
    }
}

/// The members of a body. The values are personal data: `Debug` shows names only.
///
/// It borrows from the bytes it was read from: only texts with an escape are copied.
///
/// ```
/// use campaign_core::body::{Body, BodyError};
///
/// let body = Body::read(br#"{"name": "Ada"}"#)?;
/// assert_eq!(Body::read(br#"{"name": "a", "nam\u0065": "b"}"#).unwrap_err(), BodyError::RepeatedName);
/// # Ok::<(), BodyError>(())
/// ```
#[derive(Clone)]
pub struct Body<'a>(Vec<Member<'a>>);

impl<'a> Body<'a> {
    /// Reads a body. Memory is bounded by [`MAX_BODY`], the stack by [`MAX_DEPTH`].
    ///
    /// Of a body that is too large only the beginning is looked at: if that cannot become one
    /// strict object, this is what is reported, else the size.
    ///
    /// # Errors
    /// The body is too large or not exactly one well-formed object; see [`BodyError`].
    pub fn read(bytes: &'a [u8]) -> Result<Self, BodyError> {
        let beginning = bytes.get(..MAX_BODY).unwrap_or(bytes);
        let read = Self::parse(beginning);
        if beginning.len() < bytes.len() && read.as_ref().err().is_none_or(|fault| fault.at_end) {
            return Err(BodyError::TooLarge);
        }
        read.map_err(|fault| fault.error)
    }

    fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        let text = str::from_utf8(bytes)
            .map_err(|error| Fault { error: BodyError::NotUtf8, at_end: error.error_len().is_none() })?;
        if text.starts_with('\u{feff}') {
            return Err(Fault { error: BodyError::ByteOrderMark, at_end: false });
        }
        // Looked at before serde_json does: with its feature `arbitrary_precision`, which any
        // crate of a build can switch on, a bare number would come to the visitor as a map.
        let start = text.trim_start_matches([' ', '\t', '\n', '\r']);
        if !start.starts_with('{') {
            return Err(Fault { error: BodyError::NotAnObject, at_end: start.is_empty() });
        }
        plain::read(text).map_or_else(|| strict::read(text), Ok).map(Self)
    }

    /// The value of the member with this name.
    #[inline]
    pub(crate) fn get(&self, name: Key<'_>) -> Option<&Value<'a>> {
        if self.0.len() > plain::MOST {
            // In name order: only the strict reader takes so many.
            return self.0.binary_search_by(|member| member.key().cmp(&name)).ok().map(|at| &self.0[at].value);
        }
        self.0.iter().find(|member| member.key().is(name)).map(|found| &found.value)
    }

    /// How many members there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Every member, in no particular order.
    pub(crate) fn members(&self) -> impl Iterator<Item = (Key<'_>, &Value<'a>)> {
        self.0.iter().map(|member| (member.key(), &member.value))
    }

    /// The names of the members, in order.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.0.iter().map(|member| &*member.name).collect();
        names.sort_unstable();
        names
    }
}

/// Whatever the order of the members.
impl PartialEq for Body<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().all(|member| other.get(member.key()) == Some(&member.value))
    }
}

impl Eq for Body<'_> {}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")?;
        f.debug_set().entries(self.names()).finish()
    }
}

/// A body that cannot be read, and whether more bytes could have mended it.
struct Fault {
    error: BodyError,
    at_end: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> BodyError {
        Body::read(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn text_and_null_are_kept_and_other_values_are_only_checked() {
        let body = Body::read(br#" {"a":"x\u0000","b":null,"c":1.5,"d":[{"e":[]}],"f":true} "#).unwrap();
        let get = |name| body.get(Key::new(name));
        assert!(get("a") == Some(&Value::Text("x\0".into())));
        assert!(get("b") == Some(&Value::Null));
        assert!(["c", "d", "f"].iter().all(|name| get(name) == Some(&Value::Other)));
        assert_eq!(body.len(), 5);
    }

    #[test]
    fn a_repeated_name_is_found_at_every_level_and_behind_an_escape() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"x":{"a":1,"a":2}}"#, r#"{"x":[[{"":1,"":2}]]}"#]
        {
            assert_eq!(fault(text), BodyError::RepeatedName, "{text}");
        }
    }

    #[test]
    fn sixteen_levels_are_read_and_a_hundred_thousand_do_not_exhaust_the_stack() {
        let nested = |levels: usize| format!("{{\"a\":{}1{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert!(Body::read(nested(16).as_bytes()).is_ok());
        assert_eq!(fault(&nested(17)), BodyError::TooDeep);
        assert_eq!(fault(&format!("{{\"a\":{}", "[".repeat(60_000))), BodyError::TooDeep);
        assert_eq!(fault(&"{\"a\":".repeat(10_000)), BodyError::TooDeep);
        assert_eq!(fault(&format!("{{\"a\":{}", "[".repeat(100_000))), BodyError::TooDeep);
    }

    #[test]
    fn only_one_object_is_a_body() {
        for text in ["", " ", "[]", "null", "\"x\"", "1", "true", "name=Ada", "\u{a0}{}"] {
            assert_eq!(fault(text), BodyError::NotAnObject, "{text}");
        }
        for text in [
            "{",
            "{}x",
            "{}{}",
            "{} {}",
            "{\"a\":1,}",
            "{a:1}",
            "{'a':1}",
            "{\"a\":007}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":1e400}",
            "{\"a\":\"\n\"}",
        ] {
            assert!(matches!(fault(text), BodyError::Syntax { .. }), "{text}");
        }
        assert_eq!(fault("\u{feff}{}"), BodyError::ByteOrderMark);
        assert_eq!(Body::read(b"{\"a\":\"\xff\"}"), Err(BodyError::NotUtf8));
        assert_eq!(Body::read(b"\xff\xfe{\0}\0"), Err(BodyError::NotUtf8));
    }

    #[test]
    fn the_limit_is_64_kib() {
        let padded = |size: usize| format!("{{}}{}", " ".repeat(size - 2));
        assert!(Body::read(padded(MAX_BODY).as_bytes()).is_ok());
        assert_eq!(fault(&padded(MAX_BODY + 1)), BodyError::TooLarge);
    }

    #[test]
    fn a_body_that_is_too_large_and_wrong_from_the_start_is_called_wrong() {
        let padded = |text: &str| text.to_owned() + &"x".repeat(MAX_BODY);
        assert_eq!(fault(&padded("[")), BodyError::NotAnObject);
        assert_eq!(fault(&padded("{\"a\":1,\"a\":1,\"")), BodyError::RepeatedName);
        assert_eq!(Body::read(&[&b"{\"a\":\"\xff"[..], &[b'x'; MAX_BODY]].concat()), Err(BodyError::NotUtf8));
        // Cut in the middle of a string, of white space, of a character.
        assert_eq!(fault(&padded("{\"a\":\"")), BodyError::TooLarge);
        assert_eq!(fault(&" ".repeat(MAX_BODY + 1)), BodyError::TooLarge);
        assert_eq!(fault(&format!("{{\"a\":\"{}", "\u{20ac}".repeat(MAX_BODY))), BodyError::TooLarge);
    }

    #[test]
    fn neither_the_error_nor_debug_shows_a_value() {
        let body = Body::read(br#"{"email":"canary@example.com"}"#).unwrap();
        assert_eq!(format!("{body:?}"), r#"Body{"email"}"#);
        assert_eq!(fault(r#"{"email":"canary" x"#).to_string(), "the body is not JSON at line 1, column 19");
    }
}
