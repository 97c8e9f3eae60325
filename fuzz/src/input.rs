//! One input, as it is made, reported and run again.

use std::fmt;

/// Which reader gets the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Every reader of rows, matrices, values and filters.
    Rows,
    /// The request of an operation.
    Request,
    /// The answer to a request of an operation.
    Answer,
    /// Both readers of compressed bodies.
    Deflate,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Which reader gets it.
    pub side: Side,
    /// The operation; empty for [`Side::Rows`] and [`Side::Deflate`].
    pub operation: &'static str,
    /// The request that an answer answers; the headers of a compressed body: its form, a space, its length; else empty.
    pub request: Vec<u8>,
    /// The bytes to read.
    pub bytes: Vec<u8>,
}

/// As the arguments of `replay`.
impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.side {
            Side::Rows => f.write_str("rows")?,
            Side::Request => write!(f, "{}.request", self.operation)?,
            Side::Answer => write!(f, "{}.answer {}", self.operation, Hex(&self.request))?,
            Side::Deflate => write!(f, "deflate {}", Hex(&self.request))?,
        }
        write!(f, " {}", Hex(&self.bytes))
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            // An argument that no shell loses.
            return f.write_str("-");
        }
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Bytes as [`Input`] shows them.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    if text == "-" {
        return Some(Vec::new());
    }
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| <&[u8; 2]>::try_from(pair).ok().and_then(|[a, b]| Some(digit(a)? << 4 | digit(b)?))).collect()
}
