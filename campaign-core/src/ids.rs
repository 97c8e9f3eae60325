//! The names an entry is known by: submission id, call id, row key and payload digest.
//!
//! Each is a newtype that is valid by construction, so that a store or a receipt never meets
//! a name it cannot write out.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Fewest characters of a submission id.
const ID_MIN: usize = 8;
/// Most characters of a submission id.
const ID_MAX: usize = 64;

/// The text is not a name of the wanted type. It holds what was expected, never the text itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    expected: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl std::error::Error for Malformed {}

/// Made by the page once per payload and sent as `Idempotency-Key`: `[A-Za-z0-9_-]{8,64}`.
///
/// ```
/// use campaign_core::SubmissionId;
///
/// let id: SubmissionId = "01JC0000000000000000000001".parse()?;
/// assert_eq!(id.as_str(), "01JC0000000000000000000001");
/// assert!("../../x".parse::<SubmissionId>().is_err());
/// # Ok::<(), campaign_core::Malformed>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SubmissionId(String);

impl SubmissionId {
    /// The id as sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SubmissionId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if (ID_MIN..=ID_MAX).contains(&text.len()) && text.bytes().all(legal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Malformed { expected: "8 to 64 characters of A-Z a-z 0-9 _ -" })
        }
    }
}

/// Where an entry is stored: 64 lower-case hexadecimal digits, the only primary-key column.
///
/// It is a keyed hash of campaign, scope and unique value:
/// two entries of one person meet in one row, keys spread evenly over partitions, and a person's
/// row can be found again for erasure without an index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RowKey(String);

impl RowKey {
    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(hex(bytes))
    }

    /// The 64 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RowKey {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        unhex::<32>(text)
            .map(|_| Self(text.to_owned()))
            .ok_or(Malformed { expected: "64 lower-case hexadecimal digits" })
    }
}

/// A keyed hash of what was sent, by which a changed payload under a known id is told from a repeat.
///
/// Written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl FromStr for Digest {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        unhex(text).map(Self).ok_or(Malformed { expected: "64 lower-case hexadecimal digits" })
    }
}

/// A random name of one call of the intake, by which the call knows its own row again.
///
/// Written as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallId([u8; 16]);

impl CallId {
    /// A fresh id from the operating system's random source.
    ///
    /// That source, not a generator in this process: a snapshot of a warm function instance may
    /// be started many times, and a copied generator would make the same ids.
    ///
    /// # Errors
    /// The operating system gave no random bytes.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }
}

impl FromStr for CallId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        unhex(text).map(Self).ok_or(Malformed { expected: "32 lower-case hexadecimal digits" })
    }
}

/// `Display`, `TryFrom<String>` and `Into<String>` of a name that is written as text.
macro_rules! text {
    ($name:ident, $self:ident => $text:expr) => {
        impl fmt::Display for $name {
            fn fmt(&$self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&$text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = Malformed;

            fn try_from(text: String) -> Result<Self, Malformed> {
                text.parse()
            }
        }
    };
}

text!(SubmissionId, self => self.0);
text!(RowKey, self => self.0);
text!(Digest, self => hex(&self.0));
text!(CallId, self => hex(&self.0));

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallId({self})")
    }
}

/// Lower-case hexadecimal digits of `bytes`.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

/// Reads exactly `2 * N` lower-case hexadecimal digits.
fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}

/// The value of a lower-case hexadecimal digit.
pub(crate) fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_8_to_64_characters_of_the_legal_set() {
        for legal in ["01234567", "A_b-C_d-", &"z".repeat(64)] {
            assert_eq!(legal.parse::<SubmissionId>().unwrap().as_str(), legal);
        }
        for illegal in
            ["", "0123456", &"z".repeat(65), "1' OR '1'='1", "../../x.", "ключключ", "abcd efgh", "abcdefg\n"]
        {
            assert!(illegal.parse::<SubmissionId>().is_err(), "{illegal:?}");
        }
    }

    #[test]
    fn a_row_key_is_64_lower_case_hexadecimal_digits() {
        let key = "0123456789abcdef".repeat(4);
        assert_eq!(key.parse::<RowKey>().unwrap().to_string(), key);
        for illegal in [key.to_uppercase(), key[1..].to_owned(), format!("{key}0"), key.replace('a', "g")] {
            assert!(illegal.parse::<RowKey>().is_err(), "{illegal}");
        }
    }

    #[test]
    fn names_survive_a_round_trip_through_their_text() {
        let call = CallId::random().unwrap();
        assert_eq!(call.to_string().parse::<CallId>().unwrap(), call);
        let digest = Digest::from_bytes([0xa5; 32]);
        assert_eq!(serde_json::to_string(&digest).unwrap(), format!("\"{}\"", "a5".repeat(32)));
        assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
    }

    #[test]
    fn calls_get_different_ids() {
        assert_ne!(CallId::random().unwrap(), CallId::random().unwrap());
    }
}
