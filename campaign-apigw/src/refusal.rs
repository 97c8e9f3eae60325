//! [`Refusal`]: why a verifier turns a request away, in the gateway's codes.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::parameters::ParameterFault;
use crate::{Code, header};

/// Bytes of a message; clients take headers of 16 KiB in all and more.
const LONGEST_MESSAGE: usize = 8 << 10;

/// Why a request is refused.
///
/// `Display` and `Debug` do not hold the string to sign, which holds the caller's parameters.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// `A400MA`: it does not say whose it is.
    KeyMissing,
    /// `A400IK`: nobody has this AppKey, or not any more.
    KeyUnknown,
    /// `I400MH`: a header is missing that this verifier requires.
    HeaderMissing(HeaderName),
    /// `I400NC`: there is no nonce.
    NonceMissing,
    /// `I400HD`: a header cannot be read; the text says what it must be.
    HeaderIllegal(HeaderName, &'static str),
    /// `S403TE`: signed too long ago, or too far ahead.
    Expired,
    /// `I400I5`: `Content-MD5` is not that of the body, or it is missing.
    ContentMd5,
    /// `A403IS`: what is signed leaves a doubt, whatever the signature is.
    Unsigned(Doubt),
    /// `A403IS`: the signature is another. It holds the string to sign as it was computed here.
    Signature(Vec<u8>),
    /// `I403AA`: the app may not call this API.
    NotAuthorised,
    /// `S403NU`: the nonce was used before.
    NonceUsed,
    /// `X503BZ`: whether the nonce was used cannot be told now; the request was not carried out.
    Busy,
}

/// What a signature leaves open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Doubt {
    /// There is no signature.
    #[error("X-Ca-Signature is missing")]
    NoSignature,
    /// The method is unknown, or not taken here.
    #[error("X-Ca-Signature-Method must be one that is accepted here")]
    Method,
    /// A header is there twice.
    #[error("the header `{0}` is repeated")]
    Repeated(HeaderName),
    /// A header of the gateway is there and not signed, so that anybody may have put it there.
    #[error("the header `{0}` is not signed")]
    NotSigned(HeaderName),
    /// The list of signed headers is too long, names one twice, or one that is not there.
    #[error("X-Ca-Signature-Headers must name headers of the request, each once, 100 at most")]
    List,
    /// The parameters.
    #[error("{0}")]
    Parameters(#[from] ParameterFault),
}

impl Refusal {
    /// The gateway's code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::KeyMissing => Code::A400MA,
            Self::KeyUnknown => Code::A400IK,
            Self::HeaderMissing(_) => Code::I400MH,
            Self::NonceMissing => Code::I400NC,
            Self::HeaderIllegal(..) => Code::I400HD,
            Self::Expired => Code::S403TE,
            Self::ContentMd5 => Code::I400I5,
            Self::Unsigned(_) | Self::Signature(_) => Code::A403IS,
            Self::NotAuthorised => Code::I403AA,
            Self::NonceUsed => Code::S403NU,
            Self::Busy => Code::X503BZ,
        }
    }

    /// The text for `X-Ca-Error-Message`. That of a wrong signature holds the string to sign, each
    /// line feed as `#`: it is for the caller, who sent its parts, and not for a log.
    #[must_use]
    pub fn message(&self) -> HeaderValue {
        let mut text = self.summary().into_bytes();
        if let Self::Signature(string) = self {
            text.extend_from_slice(b", Server StringToSign:`");
            text.extend(string.iter().map(|byte| match byte {
                b'\n' => b'#',
                0..=31 | 127 => b'?',
                other => *other,
            }));
            text.push(b'`');
            text.truncate(LONGEST_MESSAGE);
        }
        HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static("Invalid request"))
    }

    /// How long a caller should wait before it sends the request again, if that can help.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    /// Sets `X-Ca-Error-Code` and `X-Ca-Error-Message`, and `Retry-After` where it helps.
    pub fn write_to(&self, headers: &mut HeaderMap) {
        let code = HeaderValue::from_str(self.code().as_str()).expect("codes are letters and digits");
        headers.insert(header::ERROR_CODE, code);
        headers.insert(header::ERROR_MESSAGE, self.message());
        if let Some(wait) = self.retry_after() {
            headers.insert(http::header::RETRY_AFTER, HeaderValue::from(wait.as_secs()));
        }
    }

    /// The message without the string to sign.
    fn summary(&self) -> String {
        match self {
            Self::HeaderMissing(name) => self.code().message(&format!("`{name}`")),
            Self::HeaderIllegal(name, why) => self.code().message(&format!("`{name}` {why}")),
            Self::Unsigned(doubt) => format!("Invalid Signature, {doubt}"),
            Self::Signature(_) => "Invalid Signature".to_owned(),
            _ => self.code().message(""),
        }
    }
}

impl From<Doubt> for Refusal {
    fn from(doubt: Doubt) -> Self {
        Self::Unsigned(doubt)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.summary())
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refusal({self})")
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_header_holds_the_string_to_sign() {
        let refusal = Refusal::Signature("GET\n\nx:\tcanary\u{e9}".into());
        assert_eq!(
            refusal.message().as_bytes(),
            "Invalid Signature, Server StringToSign:`GET##x:?canary\u{e9}`".as_bytes()
        );
        let shown = format!("{refusal} {refusal:?}");
        assert!(!shown.contains("canary") && shown.contains("A403IS: Invalid Signature"), "{shown}");
    }

    #[test]
    fn every_message_is_a_header_and_says_what_its_code_says() {
        for refusal in [
            Refusal::KeyMissing,
            Refusal::HeaderMissing(header::TIMESTAMP),
            Refusal::HeaderIllegal(header::NONCE, "must be shorter"),
            Refusal::Unsigned(Doubt::Repeated(header::KEY)),
            Refusal::Busy,
        ] {
            let mut headers = HeaderMap::new();
            refusal.write_to(&mut headers);
            assert_eq!(headers[header::ERROR_CODE], refusal.code().as_str());
            assert!(headers[header::ERROR_MESSAGE].to_str().is_ok_and(|text| text.len() > 10), "{refusal}");
            assert_eq!(headers.contains_key("retry-after"), refusal == Refusal::Busy);
        }
        let long = Refusal::Signature(vec![b'x'; 1 << 20]);
        assert_eq!(long.message().len(), LONGEST_MESSAGE);
    }
}
