//! The MD5 of an object's content.
//!
//! It is what a listing says of an object that was put in one request (OSS: "PutObject", `ETag`), so it is what a folder
//! can be compared with at the cost of a listing. It guards against accidents, not against a forger of the folder, whose
//! content is published whatever it is.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An MD5: 16 bytes, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Md5(pub(crate) [u8; 16]);

impl Md5 {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        use md5::Digest as _;
        Self(md5::Md5::digest(bytes).into())
    }

    /// Of an `ETag`, with or without quotes, in either case; `None` if it is not an MD5, as of a multipart upload.
    pub(crate) fn from_etag(etag: &str) -> Option<Self> {
        let hex = etag.trim_matches('"').as_bytes();
        if hex.len() != 32 {
            return None;
        }
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
            *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Md5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Md5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Md5 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Md5 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_etag(&text).ok_or_else(|| de::Error::custom("an MD5 is 32 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_is_read_in_either_case_and_with_quotes() {
        // RFC 1321, appendix A.5.
        let abc = Md5::of(b"abc");
        assert_eq!(abc.to_string(), "900150983CD24FB0D6963F7D28E17F72");
        assert_eq!(Md5::from_etag("\"900150983cd24fb0d6963f7d28e17f72\""), Some(abc));
        for other in [
            "",
            "\"\"",
            "900150983CD24FB0D6963F7D28E17F7",
            "900150983CD24FB0D6963F7D28E17F72-2",
            "é5678901234567890123456789012345",
        ] {
            assert_eq!(Md5::from_etag(other), None, "{other}");
        }
    }
}
