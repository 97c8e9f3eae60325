//! Where a read goes on.

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;

use crate::WireFault;
use crate::wire::{Field, Raw};

/// Where a read goes on, as an answer said: bytes of the service's own, to be sent back as they came.
///
/// It can be kept, and be gone on with in another process. `Debug` shows its length only: it may hold the key of a row, or the
/// values by which rows are ordered.
///
/// ```
/// use campaign_tablestore::{GetRow, PrimaryKey, Token};
///
/// # fn example(answered: Token) {
/// let kept: Vec<u8> = answered.to_vec();
/// let rest = GetRow::new("histories", PrimaryKey::new().with("id", "h-1")).token(kept);
/// # let _ = rest;
/// # }
/// assert_eq!(format!("{:?}", Token::from("e-1")), "Token(3 bytes)");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Token(Bytes);

impl Token {
    /// The bytes, which share the buffer of the answer.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({} bytes)", self.0.len())
    }
}

impl Deref for Token {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<B: Into<Bytes>> From<B> for Token {
    fn from(bytes: B) -> Self {
        Self(bytes.into())
    }
}

impl Field for Token {
    fn put(&self, tag: u32, out: &mut Vec<u8>) {
        self.0.put(tag, out);
    }

    fn take(raw: &Raw, depth: usize, name: &'static str) -> Result<Self, WireFault> {
        Bytes::take(raw, depth, name).map(Self)
    }
}
