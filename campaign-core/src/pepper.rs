//! The campaign's secret, and the keyed hashes made with it.

use std::{env, fmt};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{Digest, RowKey, SubmissionId, ids::nibble};

/// Fewest bytes of a pepper: the output of SHA-256 (RFC 2104 §3 asks for no less).
const MIN_BYTES: usize = 32;
/// The environment variable that holds it.
const VARIABLE: &str = "CAMPAIGN_PEPPER";

/// Hash inputs of different purpose never meet: each begins with its own label.
const ROW_KEY: &str = "campaign/row-key/1";
const DIGEST: &str = "campaign/digest/1";
const RECEIPT: &str = "campaign/receipt/1";

/// A secret of at least 32 bytes. Whoever has it can find a known person's row; without it row keys
/// and digests say nothing about people.
///
/// Losing it means that repeats are no longer recognised and nobody can be erased, so it is kept as
/// long as the entries are. `Debug` does not show it, and it is overwritten when dropped.
///
/// ```
/// use campaign_core::Pepper;
///
/// let pepper = Pepper::from_hex(&"0f".repeat(32))?;
/// assert_eq!(format!("{pepper:?}"), "Pepper(..)");
/// # Ok::<(), campaign_core::PepperError>(())
/// ```
// The state of HMAC once it has read the key, so that no hash reads it again; overwritten when dropped, by the feature
// `zeroize` of its crates. In a box, because moving a pepper would leave copies behind.
#[derive(Clone)]
pub struct Pepper(Box<Hmac<Sha256>>);

/// A text or value that is no pepper. It never holds a piece of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PepperError {
    /// Fewer than 32 bytes.
    TooShort,
    /// Not pairs of hexadecimal digits.
    NotHex,
    /// The environment variable `CAMPAIGN_PEPPER` is not set, or not Unicode.
    NotSet,
}

impl fmt::Display for PepperError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => {
                write!(f, "a pepper has at least {MIN_BYTES} bytes ({} hexadecimal digits)", 2 * MIN_BYTES)
            }
            Self::NotHex => f.write_str("a pepper is written in hexadecimal digits"),
            Self::NotSet => write!(f, "the environment variable {VARIABLE} does not hold a pepper"),
        }
    }
}

impl std::error::Error for PepperError {}

impl Pepper {
    /// A pepper of these bytes.
    ///
    /// # Errors
    /// Fewer than 32 bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, PepperError> {
        let bytes = Zeroizing::new(bytes.into());
        if bytes.len() < MIN_BYTES {
            return Err(PepperError::TooShort);
        }
        let keyed = Hmac::new_from_slice(&bytes).expect("hmac takes a key of any length");
        Ok(Self(Box::new(keyed)))
    }

    /// A pepper written in hexadecimal digits of either case; white space around it is dropped, for
    /// files end with a line feed.
    ///
    /// # Errors
    /// Something else than pairs of digits, or fewer than 32 pairs.
    pub fn from_hex(text: &str) -> Result<Self, PepperError> {
        let digits = text.trim().as_bytes();
        if !digits.len().is_multiple_of(2) {
            return Err(PepperError::NotHex);
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
        for pair in digits.chunks_exact(2) {
            let digit = |at: usize| nibble(pair[at].to_ascii_lowercase()).ok_or(PepperError::NotHex);
            bytes.push(digit(0)? << 4 | digit(1)?);
        }
        Self::new(std::mem::take(&mut *bytes))
    }

    /// The pepper in the environment variable `CAMPAIGN_PEPPER`, in hexadecimal digits.
    ///
    /// # Errors
    /// As [`from_hex`](Self::from_hex), or the variable is not set.
    pub fn from_env() -> Result<Self, PepperError> {
        let text = Zeroizing::new(env::var(VARIABLE).map_err(|_| PepperError::NotSet)?);
        Self::from_hex(&text)
    }

    /// Where the entry with this unique value is stored. `value` is the normalised unique value,
    /// `scope` what divides a campaign; see [`Campaign::row_key`](crate::Campaign::row_key).
    pub(crate) fn row_key(&self, campaign: &str, scope: &str, value: &str) -> RowKey {
        RowKey::from_bytes(&self.mac(ROW_KEY, &[campaign.as_bytes(), scope.as_bytes(), value.as_bytes()]))
    }

    /// The digest of a payload, given as canonical JSON.
    pub(crate) fn digest(&self, json: &[u8]) -> Digest {
        Digest::from_bytes(self.mac(DIGEST, &[json]))
    }

    /// The receipt number of a submission: 16 characters of Crockford's base 32 in groups of four,
    /// so that it can be read out over a telephone.
    pub(crate) fn receipt(&self, campaign: &str, id: &SubmissionId) -> String {
        const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let mac = self.mac(RECEIPT, &[campaign.as_bytes(), id.as_str().as_bytes()]);
        let mut number = String::with_capacity(19);
        // 16 digits of 5 bits are the first 10 bytes.
        for (group, bytes) in mac[..10].chunks_exact(5).enumerate() {
            let bits = bytes.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            for at in 0..8 {
                if at % 4 == 0 && (group, at) != (0, 0) {
                    number.push('-');
                }
                let digit = usize::try_from(bits >> (35 - 5 * at) & 31).expect("five bits fit");
                number.push(char::from(DIGITS[digit]));
            }
        }
        number
    }

    /// HMAC-SHA256 over the label and the parts, each behind its length as four big-endian bytes, so
    /// that no two lists of parts make the same input.
    fn mac(&self, label: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::clone(&self.0);
        for part in std::iter::once(label.as_bytes()).chain(parts.iter().copied()) {
            let length =
                u32::try_from(part.len()).expect("parts come from a body of at most 64 KiB or a campaign's definition");
            mac.update(&length.to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes 0 to 31.
    fn pepper() -> Pepper {
        Pepper::new((0..32).collect::<Vec<u8>>()).unwrap()
    }

    // Computed with Python's standard library:
    //   data = b"".join(struct.pack(">I", len(part)) + part for part in [label, *parts])
    //   hmac.new(bytes(range(32)), data, "sha256").hexdigest()

    #[test]
    fn a_row_key_is_the_keyed_hash_of_label_campaign_scope_and_value() {
        let key = pepper().row_key("double11", "", "ada@example.com");
        assert_eq!(key.as_str(), "92ff7a65e0eae93efb8eda0677fc0c198b0b83b6c60a332c8ea36103dfb03e96");
        let key = pepper().row_key("double11", "01JC0000000000000000000001", "");
        assert_eq!(key.as_str(), "a4b7acfa50f3ca59b6be6425fd9909e7d1a5af6837eda2193734a5f144606e25");
    }

    #[test]
    fn a_digest_is_the_keyed_hash_of_label_and_json() {
        let json = "{\"comment\":\"a\\nb\\\"\\\\/\u{2028}\",\"name\":\"Ad\u{e9}\",\"terms\":\"tc-2026-11-01\"}";
        let expected = "1e86f22a0890ceaca55462a801c07f2ffaea304fc632a37299f70e184be44424";
        assert_eq!(pepper().digest(json.as_bytes()).to_string(), expected);
    }

    /// The first 80 bits of the hash in Crockford's alphabet, by Python as well.
    #[test]
    fn a_receipt_is_sixteen_characters_of_the_keyed_hash_of_campaign_and_id() {
        let id = "01JC0000000000000000000001".parse().unwrap();
        assert_eq!(pepper().receipt("double11", &id), "32DX-EETY-M0W3-5RM5");
    }

    #[test]
    fn parts_cannot_be_shifted_into_one_another() {
        let pepper = pepper();
        assert_ne!(pepper.row_key("ab", "c", "d"), pepper.row_key("a", "bc", "d"));
        assert_ne!(pepper.row_key("a", "b", ""), pepper.row_key("a", "", "b"));
    }

    /// Compiles only if the states of the hash, of which HMAC keeps two, are overwritten when dropped.
    #[test]
    fn the_keyed_states_are_overwritten_when_dropped() {
        fn overwritten<T: zeroize::ZeroizeOnDrop>() {}
        overwritten::<<Sha256 as hmac::EagerHash>::Core>();
    }

    #[test]
    fn a_pepper_is_read_from_hexadecimal_digits() {
        let text = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
        assert_eq!(Pepper::from_hex(&format!(" {text}\n")).unwrap().digest(b""), pepper().digest(b""));
        assert_eq!(Pepper::from_hex(&text[2..]).unwrap_err(), PepperError::TooShort);
        assert_eq!(Pepper::from_hex("").unwrap_err(), PepperError::TooShort);
        for text in [&text[1..], &text.replace('0', "g"), &text.replace("00", "\u{e9}")] {
            assert_eq!(Pepper::from_hex(text).unwrap_err(), PepperError::NotHex, "{text}");
        }
        assert_eq!(Pepper::new([0; 31]).unwrap_err(), PepperError::TooShort);
    }
}
