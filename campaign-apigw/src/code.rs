//! The gateway's error codes ("Error codes", table of serverless and dedicated instances).
//!
//! A code is a letter for who refused (A authorisation, B business, D backend, I input, N network,
//! S signature, T throttling, X the gateway itself), the HTTP status and two letters.

use std::fmt;
use std::str::FromStr;

use http::StatusCode;

use crate::Class;

/// A code that this version of the crate has no name for; made by parsing only.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OtherCode([u8; 6]);

impl OtherCode {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII is taken in by Code::from_str")
    }
}

impl fmt::Debug for OtherCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! codes {
    ($($code:ident $status:literal $text:literal),* $(,)?) => {
        /// Code of an error that the gateway made itself.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = concat!("HTTP ", $status, ": ", $text, ".")] $code,)*
            /// A code that is not in this list.
            Other(OtherCode),
        }

        impl Code {
            /// Every code that has a name.
            pub const NAMED: &[Self] = &[$(Self::$code),*];

            /// The code as it stands in `X-Ca-Error-Code`.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$code => stringify!($code),)*
                    Self::Other(other) => other.as_str(),
                }
            }

            fn named(text: &str) -> Option<Self> {
                match text {
                    $(stringify!($code) => Some(Self::$code),)*
                    _ => None,
                }
            }

            fn template(&self) -> &'static str {
                match self {
                    $(Self::$code => $text,)*
                    Self::Other(_) => "{}",
                }
            }
        }
    };
}

codes! {
    I400HD 400 "Invalid Header {}",
    I400MH 400 "Header {} is Required",
    I400BD 400 "Invalid Body: {}",
    I400PA 400 "Invalid Request Path {}",
    I405UM 405 "Unsupported Method {}",
    I400RU 400 "Invalid Request Uri {}",
    I403PT 403 "Invalid protocol {} unsupported",
    I413RL 413 "Request body too Large {}",
    I413UL 413 "Request URL too Large {}",
    I400CT 400 "Invalid Content-Type {}",
    I404DO 404 "Invalid Domain {}",
    I410GG 410 "Group's instance invalid {}",
    I400SG 400 "Invalid Stage {}",
    I404NF 404 "API not found {}",
    I404NR 404 "Resource not found {}",
    I404SR 404 "Stage route not found {}",
    I400MP 400 "Invalid Parameter Required {}",
    I400IP 400 "Invalid Parameter {}",
    I400I5 400 "Invalid Content-MD5 {}",
    I400NC 400 "X-Ca-Nonce is required {}",
    I400JP 400 "Invalid JWT {}",
    I400JR 400 "JWT required {}",
    I403JI 403 "JWT claim jti required {}",
    I403JU 403 "JWT claim jti used before {}",
    I403AA 403 "Unauthorized {}",
    X400PM 400 "Invalid plugin meta {}",
    X500ED 500 "Expired API definition {}",
    X500AM 500 "Invalid API meta {}",
    X403DG 403 "Bad domain or group {}",
    X500ER 500 "Internal Error {}",
    X503BZ 503 "Service Busy {}",
    X504VE 504 "VPC mapping failed {}",
    X504TO 504 "Service timeout {}",
    B451DO 451 "Domain unavailable for legal reasons {}",
    B451GO 451 "Group unavailable for legal reasons {}",
    B403OD 403 "Provider Account Overdue {}",
    B403MO 403 "Marketplace account overdue {}",
    B403MQ 403 "Marketplace quota exhausted {}",
    B403ME 403 "Marketplace purchase expired {}",
    B403MI 403 "Marketplace purchase invalid {}",
    A400AC 400 "Invalid AppCode {}",
    A401AC 401 "Invalid AppCode {}",
    A400IK 400 "Invalid AppKey {}",
    A403IS 403 "Invalid Signature, Server StringToSign:{}",
    A403EP 403 "App authorization expired {}",
    A403PR 403 "Plugin authorization needed {}",
    A400MA 400 "Need authorization, X-Ca-Key or Authorization: APPCODE is required {}",
    A403JT 403 "Invalid JWT {}",
    A403JK 403 "No JWK for the JWT {}",
    A403JE 403 "JWT expired {}",
    A403IP 403 "Forbidden by IP policy {}",
    A403VN 403 "VPC not allowed {}",
    A403AC 403 "Forbidden by access control {}",
    A403CO 403 "CORS origin forbidden {}",
    A403IN 403 "Access from the internet is disabled {}",
    A403FC 403 "Function Compute AssumeRole failed {}",
    S403NU 403 "Nonce Used {}",
    S403TE 403 "X-Ca-Timestamp is expired {}",
    T429ID 429 "Throttled by INNER DOMAIN Flow Control {}",
    T429IN 429 "Throttled by INSTANCE Flow Control {}",
    T429GR 429 "Throttled by GROUP Flow Control {}",
    T429PA 429 "Throttled by API Flow Control {}",
    T429PR 429 "Throttled by PLUGIN Flow Control {}",
    T429SR 429 "Throttled by SERVER Flow Control {}",
    T429MR 429 "Throttled by MARKETPLACE Flow Control {}",
    D502FC 502 "Function Compute response invalid {}",
    D503BB 503 "Backend circuit breaker busy {}",
    D503CB 503 "Backend circuit breaker open {}",
    D504RE 504 "Backend domain name not resolved {}",
    D504IL 504 "Backend address illegal {}",
    D504CO 504 "Backend connect failed {}",
    D504CS 504 "Backend TLS failed {}",
    D504TO 504 "Backend timeout {}",
    N502RE 502 "Response transport failed {}",
}

impl Code {
    /// The HTTP status that goes with the code: its three digits.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_bytes(&self.as_str().as_bytes()[1..4]).expect("every code holds an HTTP status")
    }

    /// The text for `X-Ca-Error-Message`; `detail` is what the code's text leaves open, for example
    /// the name of a header, or empty.
    #[must_use]
    pub fn message(&self, detail: &str) -> String {
        self.template().replace("{}", detail).trim_end_matches([' ', ':']).to_owned()
    }

    /// Whether a request refused with this code may be sent again.
    ///
    /// Throttling, an open circuit breaker and a backend that was never connected left the request
    /// unexecuted; any other code of a failed backend leaves it open; the rest is refused for good.
    /// After a circuit breaker wait at least a second: it stays open for 90 s.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::D503BB | Self::D503CB | Self::D504RE | Self::D504IL | Self::D504CO => Class::Unexecuted,
            _ if self.status() == StatusCode::TOO_MANY_REQUESTS => Class::Unexecuted,
            _ if self.status().is_server_error() => Class::Ambiguous,
            _ => Class::Never,
        }
    }
}

/// The text is not a capital letter, an HTTP status and two capital letters or digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an error code of API Gateway")]
pub struct NotACode;

impl FromStr for Code {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        if let Some(code) = Self::named(text) {
            return Ok(code);
        }
        let code: [u8; 6] = text.as_bytes().try_into().map_err(|_| NotACode)?;
        let letters = code[0].is_ascii_uppercase()
            && code[4..].iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let status = StatusCode::from_bytes(&code[1..4]).is_ok();
        if letters && status { Ok(Self::Other(OtherCode(code))) } else { Err(NotACode) }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
