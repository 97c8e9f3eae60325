//! Bodies of requests that are documents, and digests.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use campaign_oss::Code;
use campaign_oss::server::Refusal;
use http::{HeaderValue, request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use md5::{Digest, Md5};

use super::content::NotReceived;
use super::stop::Stop;

/// Bytes of a document: a thousand keys of 1,023 bytes, percent-encoded or escaped, have room.
const DOCUMENT: usize = 8 << 20;

/// Bytes of a refused request that are still taken, so that the client finds its answer.
const DRAINED: u64 = 32 << 20;

/// Reads a body that is a document.
pub(super) async fn read_document(body: Body) -> Result<Bytes, Stop> {
    match Limited::new(body, DOCUMENT).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Refusal::new(Code::MalformedXml, "The XML you provided is too long.").into())
        }
        Err(_) => Err(NotReceived::CutOff.into()),
    }
}

/// Takes the rest of a refused request: closing at once would reset the connection, and the answer
/// could be lost.
pub(super) async fn drain(mut body: Body) {
    let mut taken = 0;
    while let Some(Ok(frame)) = body.frame().await {
        taken += frame.data_ref().map_or(0, Bytes::len) as u64;
        if taken > DRAINED {
            return;
        }
    }
}

/// The digest that a request names for its body.
pub(super) fn named_digest(parts: &request::Parts) -> Result<Option<[u8; 16]>, Refusal> {
    let Some(value) = parts.headers.get("content-md5") else { return Ok(None) };
    let digest = STANDARD.decode(value.as_bytes()).ok().and_then(|digest| digest.try_into().ok());
    digest.map(Some).ok_or_else(|| wrong_digest(value))
}

/// Refuses a body that is not the one its request names the digest of.
pub(super) fn digest_is_right(parts: &request::Parts, body: &[u8]) -> Result<(), Refusal> {
    match named_digest(parts)? {
        Some(named) if named != <[u8; 16]>::from(Md5::digest(body)) => Err(mismatch(parts)),
        _ => Ok(()),
    }
}

/// The refusal of a body with another digest.
pub(super) fn mismatch(parts: &request::Parts) -> Refusal {
    let empty = HeaderValue::from_static("");
    wrong_digest(parts.headers.get("content-md5").unwrap_or(&empty))
}

fn wrong_digest(named: &HeaderValue) -> Refusal {
    let named = String::from_utf8_lossy(named.as_bytes()).into_owned();
    Refusal::new(Code::InvalidDigest, "The Content-MD5 you specified was invalid.").with("Content-MD5", named)
}

/// A digest as headers have it.
pub(super) fn written(md5: [u8; 16]) -> HeaderValue {
    HeaderValue::try_from(STANDARD.encode(md5)).expect("base64 is visible ASCII")
}
