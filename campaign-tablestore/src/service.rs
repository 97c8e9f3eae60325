//! Table Store as a service of the shared client.

use std::time::Duration;

use bytes::Bytes;
use campaign_client::{Body, Endpoint, Error, Place, Result, Retry, Service, ServiceError, Signing};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, response};

use crate::{
    Code,
    deflate::{self, DeflateFault},
    sign::{self, AnswerChecks, AnswerFault, Signature, header},
    wire::ErrorMessage,
};

/// An instance of Table Store: where it answers, how requests are signed, how answers are checked.
///
/// ```
/// use campaign_tablestore::TableStore;
///
/// let service = TableStore::new("https://campaign.cn-hangzhou.ots.aliyuncs.com", "campaign")?.v4("cn-hangzhou")?;
/// assert_eq!(service.instance(), "campaign");
/// assert!(TableStore::new("https://campaign.cn-hangzhou.ots.aliyuncs.com", "1nstance").is_err());
/// # Ok::<(), campaign_client::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TableStore {
    endpoint: Endpoint,
    instance: HeaderValue,
    signature: Signature,
    answer_checks: AnswerChecks,
    deflates_requests: bool,
    headers: HeaderMap,
    keys: sign::KeyCache,
}

impl TableStore {
    /// The instance of this name at `endpoint`, for example `https://INSTANCE.REGION.ots.aliyuncs.com`. Requests are signed
    /// with V2 unless [`v4`](Self::v4) says otherwise, and answers are checked.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if `endpoint` is not one (see [`Endpoint::new`]) or
    /// `instance` is not 3 to 16 letters, digits and hyphens, a letter first (service document "General limits").
    pub fn new(endpoint: &str, instance: &str) -> Result<Self> {
        Self::at(Endpoint::new(endpoint)?, instance)
    }

    /// The same at an endpoint that was made before, for example by [`Endpoint::insecure`].
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn at(endpoint: Endpoint, instance: &str) -> Result<Self> {
        let bytes = instance.as_bytes();
        let legal = (3..=16).contains(&bytes.len())
            && bytes.first().is_some_and(u8::is_ascii_alphabetic)
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-');
        let value = HeaderValue::from_str(instance).ok().filter(|_| legal).ok_or_else(|| {
            Error::invalid("the instance name must be 3 to 16 letters, digits and hyphens and begin with a letter")
        })?;
        Ok(Self {
            endpoint,
            instance: value,
            signature: Signature::V2,
            answer_checks: AnswerChecks::ALL,
            deflates_requests: false,
            headers: HeaderMap::new(),
            keys: sign::KeyCache::default(),
        })
    }

    /// Signs with V4 for `region`, for example `cn-hangzhou`.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if the region is not lower-case letters, digits and
    /// hyphens.
    pub fn v4(mut self, region: &str) -> Result<Self> {
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if region.is_empty() || region.len() > 64 || !region.bytes().all(legal) {
            return Err(Error::invalid("V4 signs for a region: give its id, for example cn-hangzhou"));
        }
        self.signature = Signature::V4 { region: region.to_owned() };
        // A key kept for another region would be taken for this one's.
        self.keys = sign::KeyCache::default();
        Ok(self)
    }

    /// Sends `name` with every request, for example `x-ots-request-tag`. Headers that begin with `x-ots-` are signed.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if it is not a header, or one that the client sets.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self> {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|e| Error::invalid("the extra header has no legal name").with_source(e))?;
        if OWN_HEADERS.contains(&name.as_str()) {
            return Err(Error::invalid(format!("the header {name} is set by the client")));
        }
        let value = HeaderValue::from_str(value)
            .ok()
            .filter(|value| value.to_str().is_ok())
            .ok_or_else(|| Error::invalid(format!("the value of the header {name} is not visible ASCII")))?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Checks of answers what `checks` says: digest, date and signature, each switched by itself. The checksums of rows are
    /// verified all the same.
    #[must_use]
    pub const fn answer_checks(mut self, checks: AnswerChecks) -> Self {
        self.answer_checks = checks;
        self
    }

    /// Believes answers unseen: [`answer_checks`](Self::answer_checks) with [`AnswerChecks::NONE`]. For a proxy that changes
    /// answers.
    #[must_use]
    pub const fn without_answer_checks(self) -> Self {
        self.answer_checks(AnswerChecks::NONE)
    }

    /// Compresses requests of 1 KiB and more, where that makes them smaller. It takes the processor time that it saves the
    /// network; inside a data centre that is seldom worth it. The service's limits are those of the uncompressed request.
    #[must_use]
    pub const fn deflate_requests(mut self) -> Self {
        self.deflates_requests = true;
        self
    }

    /// Asks the service to compress its answers. They are inflated up to the client's `max_answer` and no further.
    #[must_use]
    pub fn deflate_answers(mut self) -> Self {
        self.headers.insert(header::RESPONSE_COMPRESSION, HeaderValue::from_static(deflate::NAME));
        self
    }

    /// The name of the instance.
    #[must_use]
    pub fn instance(&self) -> &str {
        self.instance.to_str().unwrap_or_default()
    }

    /// Which signature requests carry.
    #[must_use]
    pub const fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Whether large requests are compressed.
    pub(crate) const fn deflates_requests(&self) -> bool {
        self.deflates_requests
    }

    /// The headers sent with every request.
    pub(crate) const fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}

/// Up to so many bytes an answer is inflated again for its digest; it was inflated within the client's limit before.
const MAX_INFLATED: u64 = u64::MAX;

/// Headers that belong to the protocol or the transport.
const OWN_HEADERS: &[&str] = &[
    "x-ots-accesskeyid",
    "x-ots-apiversion",
    "x-ots-contentmd5",
    "x-ots-date",
    "x-ots-instancename",
    "x-ots-signature",
    "x-ots-signaturev4",
    "x-ots-signdate",
    "x-ots-signregion",
    "x-ots-ststoken",
    // For these there are `deflate_requests` and `deflate_answers`.
    "x-ots-request-compress-type",
    "x-ots-request-compress-size",
    "x-ots-response-compress-type",
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
];

impl Service for TableStore {
    const NAME: &'static str = "Table Store";

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn sign(&self, request: &mut http::Request<Body>, signing: &Signing<'_>) -> Result<()> {
        let key = self.keys.key(signing.credentials, &self.signature, signing.now);
        sign::sign_request(request, signing, &self.instance, &self.signature, &key)
    }

    fn verify(
        &self,
        request: &http::Request<Body>,
        response: &response::Parts,
        body: &Bytes,
        signing: &Signing<'_>,
    ) -> Result<()> {
        let checks = self.answer_checks;
        if checks == AnswerChecks::NONE {
            return Ok(());
        }
        debug_assert_eq!(signing.place, Place::Header, "nothing else is signed");
        let key = self.keys.key(signing.credentials, &self.signature, signing.now);
        let id = signing.credentials.access_key_id();
        let path = request.uri().path();
        let verify = |body| sign::verify_answer(checks, path, &response.headers, body, id, &key, signing.now);
        let verified = match verify(body) {
            // No document says of which form of a compressed body the digest is. The official Java SDK makes it of the
            // inflated one.
            Err(AnswerFault::Digest) if response.headers.contains_key(header::RESPONSE_COMPRESSION) => {
                verify(&self.content(response, body, MAX_INFLATED)?)
            }
            verified => verified,
        };
        verified.map_err(|fault| Error::unreadable("the answer cannot be trusted").with_source(fault))
    }

    fn content(&self, response: &response::Parts, body: &Bytes, limit: u64) -> Result<Bytes> {
        let Some(kind) = response.headers.get(header::RESPONSE_COMPRESSION) else { return Ok(body.clone()) };
        let inflated = if self.headers.contains_key(header::RESPONSE_COMPRESSION) {
            deflate::inflate(body, kind, response.headers.get(header::RESPONSE_SIZE), limit)
        } else {
            Err(DeflateFault::NotAsked)
        };
        inflated.map_err(|fault| Error::unreadable("the answer cannot be inflated").with_source(fault))
    }

    fn is_error(&self, response: &response::Parts, body: &[u8]) -> bool {
        !response.status.is_success() || ErrorMessage::is_in(body)
    }

    fn read_error(&self, response: &response::Parts, body: &[u8]) -> ServiceError {
        let status = response.status;
        let request_id = response.headers.get(header::REQUEST_ID).and_then(|id| id.to_str().ok());
        let Some((code, message)) = ErrorMessage::read(body) else {
            let message = if status.is_redirection() {
                "a redirect, which is never followed"
            } else {
                "the answer is not an error message of Table Store; something between may have written it"
            };
            return ServiceError::new(status, "", message).with_request_id(request_id);
        };
        let (kind, verdict) = Code::from_text(&code).meaning_of(&message, status);
        ServiceError::new(status, code, message)
            .with_request_id(request_id)
            .with_meaning(kind, verdict)
            .with_server_time(server_time(&response.headers))
    }

    fn retry(&self) -> Retry {
        let mut retry = Retry::default()
            .base(Duration::from_millis(25))
            .cap(Duration::from_secs(5))
            .deadline(Duration::from_secs(10))
            .attempt_timeout(Duration::from_secs(5));
        // A partition moves for up to some seconds: six attempts wait 3.1 s on average and 6.2 s at most.
        retry.moving_attempts = 6;
        retry
    }
}

/// The service's clock, by its own header or that of HTTP.
fn server_time(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    text(&header::DATE).and_then(sign::parse_date).or_else(|| {
        // RFC 9110 §5.6.7: the preferred form of an HTTP date is a fixed-length RFC 5322 date in GMT.
        DateTime::parse_from_rfc2822(text(&http::header::DATE)?).ok().map(|date| date.to_utc())
    })
}

#[cfg(test)]
mod tests;
