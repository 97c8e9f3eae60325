//! Who may call.

use campaign_cdn::Code;
use campaign_cdn::server::Refusal;
use campaign_client::Credentials;
use campaign_client::acs3::{self, VerifyError};
use chrono::{DateTime, Utc};
use http::HeaderMap;
use http::request::Parts;
use subtle::ConstantTimeEq;

use super::nonces::{Bad, Nonces};

/// Checks signature, date, token and nonce of a request that arrived at `now`, signed with one of `keys`.
pub(super) fn admit(
    parts: &Parts,
    body: &[u8],
    keys: &[Credentials],
    nonces: &Nonces,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let find = |id: &str| keys.iter().find(|key| key.access_key_id() == id);
    let id = acs3::verify(parts, body, |id| find(id).map(Credentials::secret), now).map_err(refusal)?;
    let key = find(&id).ok_or_else(|| refusal(VerifyError::UnknownKey))?;
    // A token that is not the key's own is no token.
    let own = match (one(&parts.headers, "x-acs-security-token"), key.token()) {
        (None, None) => true,
        (Some(sent), Some(own)) => bool::from(sent.as_bytes().ct_eq(own.as_bytes())),
        _ => false,
    };
    if !own {
        let text = "Specified SecurityToken mismatch with the AccessKey.";
        return Err(Refusal::new(Code::InvalidSecurityTokenMismatchWithAccessKey, text));
    }
    if key.expires().is_some_and(|end| end <= now) {
        return Err(Refusal::new(Code::InvalidSecurityTokenExpired, "Specified SecurityToken is expired."));
    }
    let nonce = one(&parts.headers, "x-acs-signature-nonce").unwrap_or_default();
    nonces.take(&id, nonce, now).map_err(|bad| match bad {
        Bad::Malformed => {
            Refusal::new(Code::IncompleteSignature, "The signature nonce is missing or not 8 to 128 characters.")
        }
        Bad::Used => Refusal::new(Code::SignatureNonceUsed, "Specified signature nonce was used already."),
        Bad::Full => Refusal::new(Code::Throttling, "Request was denied due to request throttling."),
    })
}

fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// In the words of service document "Common error codes", as far as it has them.
fn refusal(error: VerifyError) -> Refusal {
    let (code, text) = match error {
        VerifyError::Incomplete | VerifyError::SignedHeaders => {
            (Code::IncompleteSignature, format!("The request signature does not conform to Aliyun standards: {error}."))
        }
        VerifyError::UnknownKey => (Code::InvalidAccessKeyIdNotFound, "Specified access key is not found.".to_owned()),
        VerifyError::Date => {
            (Code::InvalidTimeStampFormat, "Specified time stamp or date value is not well formatted.".to_owned())
        }
        VerifyError::Expired => {
            (Code::InvalidTimeStampExpired, "Specified time stamp or date value is expired.".to_owned())
        }
        _ => {
            (Code::SignatureDoesNotMatch, format!("Specified signature is not matched with our calculation: {error}."))
        }
    };
    Refusal::new(code, text)
}
