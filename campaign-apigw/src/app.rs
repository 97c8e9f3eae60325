//! [`App`]: who calls, and what signs.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// The longest AppKey that is taken, in bytes.
const LONGEST_KEY: usize = 128;

/// How a signature is made ("Digest signature authentication").
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum SignatureMethod {
    /// HMAC-SHA256, which a request without `X-Ca-Signature-Method` is taken to be signed with.
    #[default]
    HmacSha256,
    /// HMAC-SHA1, which older callers use.
    HmacSha1,
}

impl SignatureMethod {
    /// The method as it stands in `X-Ca-Signature-Method`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha256 => "HmacSHA256",
            Self::HmacSha1 => "HmacSHA1",
        }
    }
}

impl fmt::Display for SignatureMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is neither `HmacSHA256` nor `HmacSHA1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature method is neither HmacSHA256 nor HmacSHA1")]
pub struct NotAMethod;

impl FromStr for SignatureMethod {
    type Err = NotAMethod;

    fn from_str(text: &str) -> Result<Self, NotAMethod> {
        match text {
            "HmacSHA256" => Ok(Self::HmacSha256),
            "HmacSHA1" => Ok(Self::HmacSha1),
            _ => Err(NotAMethod),
        }
    }
}

/// Why a key and a secret are no [`App`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadApp {
    /// The key cannot stand in a header.
    #[error("an AppKey is 1 to 128 visible ASCII characters")]
    Key,
    /// There is no secret.
    #[error("the AppSecret is empty")]
    Secret,
}

/// An application that calls APIs: its AppKey and what its AppSecret has become, ready to sign and
/// to verify.
///
/// A cheap clone of one value. The secret itself is not kept; the keyed state made from it is wiped
/// when the last clone goes. `Debug` shows the key's last characters and no secret.
///
/// ```
/// use campaign_apigw::App;
///
/// let app = App::new("203753385", "not-shown")?;
/// assert_eq!(app.key(), "203753385");
/// assert_eq!(format!("{app:?}"), r#"App { key: "…85", secret: "***" }"#);
/// # Ok::<(), campaign_apigw::BadApp>(())
/// ```
#[derive(Clone)]
pub struct App(Arc<Keyed>);

struct Keyed {
    key: HeaderValue,
    sha256: Hmac<Sha256>,
    sha1: Hmac<Sha1>,
}

impl App {
    /// The application with this AppKey and AppSecret, as the console shows them.
    ///
    /// # Errors
    /// [`BadApp`] if the key is not 1 to 128 visible ASCII characters or the secret is empty.
    pub fn new(key: &str, secret: impl Into<SecretString>) -> Result<Self, BadApp> {
        const ANY_LENGTH: &str = "hmac takes a key of any length";
        let secret = secret.into();
        let bytes = secret.expose_secret().as_bytes();
        let visible = !key.is_empty() && key.len() <= LONGEST_KEY && key.bytes().all(|byte| byte.is_ascii_graphic());
        let key = HeaderValue::from_str(key).ok().filter(|_| visible).ok_or(BadApp::Key)?;
        if bytes.is_empty() {
            return Err(BadApp::Secret);
        }
        Ok(Self(Arc::new(Keyed {
            key,
            sha256: Hmac::new_from_slice(bytes).expect(ANY_LENGTH),
            sha1: Hmac::new_from_slice(bytes).expect(ANY_LENGTH),
        })))
    }

    /// The AppKey.
    #[must_use]
    pub fn key(&self) -> &str {
        self.0.key.to_str().expect("only visible ASCII was taken")
    }

    pub(crate) fn key_header(&self) -> &HeaderValue {
        &self.0.key
    }

    /// The signature of a [`string_to_sign`](crate::string_to_sign), in Base64 with padding.
    #[must_use]
    pub fn signature(&self, method: SignatureMethod, string_to_sign: &[u8]) -> Signature {
        match method {
            SignatureMethod::HmacSha256 => {
                Signature::new(&self.0.sha256.clone().chain_update(string_to_sign).finalize().into_bytes())
            }
            SignatureMethod::HmacSha1 => {
                Signature::new(&self.0.sha1.clone().chain_update(string_to_sign).finalize().into_bytes())
            }
        }
    }
}

/// Room for a signature in Base64, in whole words.
const LETTERS: usize = 48;

/// A signature in Base64.
#[derive(Clone, Copy)]
pub struct Signature {
    // Base64 of the 32 bytes of HMAC-SHA256, the longest, takes 44; zeros follow.
    text: [u8; LETTERS],
    length: usize,
}

impl Signature {
    fn new(bytes: &[u8]) -> Self {
        let mut text = [0; LETTERS];
        let length = STANDARD.encode_slice(bytes, &mut text).expect("48 letters hold 32 bytes");
        Self { text, length }
    }

    /// The text, for `X-Ca-Signature`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[..self.length]).expect("Base64 is ASCII")
    }

    /// True if `sent` is this signature. The time it takes does not tell how far they agree.
    #[must_use]
    pub fn matches(&self, sent: &[u8]) -> bool {
        if sent.len() != self.length {
            return false;
        }
        let mut text = [0; LETTERS];
        text[..sent.len()].copy_from_slice(sent);
        // Equal texts are equal bytes: Base64 in one form only. Word by word, which takes an eighth of the steps.
        words(&self.text).ct_eq(&words(&text)).into()
    }
}

fn words(text: &[u8; LETTERS]) -> [u64; LETTERS / 8] {
    let (words, _) = text.as_chunks();
    std::array::from_fn(|at| u64::from_ne_bytes(words[at]))
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(***)")
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key();
        // Never more than a quarter of it, whatever was put there by mistake.
        let shown = (key.len() / 4).min(4);
        let tail = &key[key.len() - shown..];
        f.debug_struct("App").field("key", &format!("…{tail}")).field("secret", &"***").finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_no_header_holds_and_an_empty_secret_are_refused() {
        for key in ["", "LTAI\r", "a b", "\u{e9}", &"k".repeat(129)] {
            assert_eq!(App::new(key, "secret").unwrap_err(), BadApp::Key, "{key:?}");
        }
        assert_eq!(App::new("key", "").unwrap_err(), BadApp::Secret);
        assert!(App::new(&"k".repeat(128), "s").is_ok());
    }

    #[test]
    fn a_signature_matches_itself_and_nothing_that_differs_anywhere() {
        let app = App::new("key", "secret").unwrap();
        for method in [SignatureMethod::HmacSha256, SignatureMethod::HmacSha1] {
            let signature = app.signature(method, b"text");
            let right = signature.as_str().as_bytes();
            assert!(signature.matches(right));
            for at in 0..right.len() {
                let mut wrong = right.to_vec();
                wrong[at] ^= 1;
                assert!(!signature.matches(&wrong) && !signature.matches(&right[..at]), "{method} {at}");
            }
            for more in [1, LETTERS - right.len(), LETTERS] {
                assert!(!signature.matches(&[right, &vec![0; more]].concat()), "{method} {more}");
            }
        }
    }

    #[test]
    fn debug_shows_no_secret_and_a_quarter_of_the_key_at_most() {
        let shown = format!("{:?}", App::new("CANARY-5c1d", "CANARY-5c1d").unwrap());
        assert!(!shown.contains("CANARY") && !shown.contains("5c1d"), "{shown}");
        assert!(shown.contains("…1d"), "{shown}");
    }
}
