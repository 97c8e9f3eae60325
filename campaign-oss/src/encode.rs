//! Percent-encoding as OSS signs it: every byte but letters, digits, `-`, `.`, `_` and `~` becomes `%XX`; the path keeps `/`
//! too (service document "Signature V4", and the official Go and Python SDKs).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &COMPONENT.remove(b'/');

/// Appends an object key to a path, its slashes kept.
pub(crate) fn push_path(text: &mut String, key: &str) {
    text.extend(utf8_percent_encode(key, PATH));
}

/// Appends a name or value of the query.
pub(crate) fn push_component(text: &mut String, part: &str) {
    text.extend(utf8_percent_encode(part, COMPONENT));
}

/// The text that `encoded` stands for; `None` if an escape is cut or the bytes are not UTF-8.
pub(crate) fn decode(encoded: &str) -> Option<Cow<'_, str>> {
    let mut rest = encoded.as_bytes();
    while let Some(at) = rest.iter().position(|b| *b == b'%') {
        let digits = rest.get(at + 1..at + 3)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        rest = &rest[at + 3..];
    }
    percent_decode_str(encoded).decode_utf8().ok()
}

/// The query of a request, written as it is signed.
#[derive(Debug, Default)]
pub(crate) struct Query(String);

impl Query {
    /// A sub-resource: a name without a value.
    pub(crate) fn flag(mut self, name: &str) -> Self {
        self.begin(name);
        self
    }

    /// A parameter.
    pub(crate) fn pair(mut self, name: &str, value: &str) -> Self {
        self.begin(name);
        self.0.push('=');
        push_component(&mut self.0, value);
        self
    }

    /// A parameter, if it is set.
    pub(crate) fn maybe(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.pair(name, value),
            None => self,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn begin(&mut self, name: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        push_component(&mut self.0, name);
    }
}

/// The parameters of a query, still encoded; `name` and `name=` are the same.
pub(crate) fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_whole_escapes_of_utf8_are_decoded() {
        assert_eq!(decode("a%2Bb+c%20%e6%b4%bb").unwrap(), "a+b+c 活");
        for bad in ["a%2", "a%", "%zz", "a%ff", "%E6%B4"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_sub_resource_has_no_equals_sign_and_a_parameter_has_one() {
        let query = Query::default().flag("acl").pair("prefix", "a b/中").pair("marker", "").maybe("x", None);
        assert_eq!(query.as_str(), "acl&prefix=a%20b%2F%E4%B8%AD&marker=");
        let read: Vec<_> = parameters(query.as_str()).collect();
        assert_eq!(read, [("acl", ""), ("prefix", "a%20b%2F%E4%B8%AD"), ("marker", "")]);
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_visible_and_decodes_to_itself(text in any::<String>()) {
            let (mut path, mut component) = (String::new(), String::new());
            push_path(&mut path, &text);
            push_component(&mut component, &text);
            prop_assert_eq!(decode(&path).unwrap(), text.as_str());
            prop_assert_eq!(decode(&component).unwrap(), text.as_str());
            prop_assert!(component.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
            prop_assert_eq!(path.replace('/', "%2F"), component);
        }

        #[test]
        fn decoding_takes_any_text(text in any::<String>()) {
            let _ = decode(&text);
        }
    }
}
