//! What is wrong with a field: a pointer, a stable code and parameters, never the value.

use std::{collections::BTreeMap, fmt};

use serde::{Serialize, Serializer};

/// Declares the codes with the text each has in answers.
macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $text:literal,)*) => {
        /// What is wrong. The texts are stable: pages look up their messages by them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* #[doc = concat!(" `", $text, "`")] $code,)*
        }

        impl Code {
            /// The code as it stands in answers.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $text,)*
                }
            }
        }
    };
}

codes! {
    /// Absent, `null` or blank.
    Required = "required",
    /// Not a JSON string.
    Type = "type",
    /// Fewer code points than `min`.
    TooShort = "too_short",
    /// More code points than `max`.
    TooLong = "too_long",
    /// Not an e-mail address.
    Email = "format.email",
    /// Not an E.164 number.
    E164 = "format.e164",
    /// Not an assigned ISO 3166-1 alpha-2 code in upper case.
    Country = "format.country",
    /// Not a real day written `YYYY-MM-DD`.
    Date = "format.date",
    /// Before `earliest`.
    TooEarly = "too_early",
    /// After `latest`.
    TooLate = "too_late",
    /// None of `allowed`.
    NotInEnum = "not_in_enum",
    /// Consent to other terms than the current `terms`.
    ConsentStale = "consent.stale",
    /// The form has no such field.
    UnknownField = "unknown_field",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One violation: which field, what is wrong, and the numbers a message needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Where, as a JSON Pointer (RFC 6901) into the body: `/name`.
    pub pointer: String,
    /// What.
    pub code: Code,
    /// What the rule asks for, such as `max`. Taken from the form, never from the body.
    pub params: BTreeMap<&'static str, serde_json::Value>,
}

impl Violation {
    pub(crate) fn new(field: &str, code: Code) -> Self {
        Self { pointer: pointer(field), code, params: BTreeMap::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<serde_json::Value>) -> Self {
        self.params.insert(name, value.into());
        self
    }
}

/// The pointer to a member of the outer object: `~` is written `~0` and `/` is written `~1`.
fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_escape_tilde_and_slash() {
        assert_eq!(pointer("a/b~c~1"), "/a~1b~0c~01");
        assert_eq!(pointer(""), "/");
    }

    #[test]
    fn a_violation_is_written_as_pointer_code_and_params() {
        let violation = Violation::new("name", Code::TooLong).with("max", 80);
        let json = serde_json::to_string(&violation).unwrap();
        assert_eq!(json, r#"{"pointer":"/name","code":"too_long","params":{"max":80}}"#);
    }
}
