//! [`Signer`]: signs a request as an official client does.

use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

use crate::head::Head;
use crate::header;
use crate::parameters::ParameterFault;
use crate::string_to_sign::{Path, content_md5, is_never_listed, parameters, write};
use crate::{App, SignatureMethod};

/// Bytes a nonce may have.
pub(crate) const NONCE: std::ops::RangeInclusive<usize> = 8..=128;

/// Why a request cannot be signed. Nothing of it is said: it may hold what is secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The nonce is too short, too long or cannot stand in a header.
    #[error("a nonce is 8 to 128 visible ASCII characters")]
    Nonce,
    /// A header that is to be signed is there twice; what the gateway signs then is not documented.
    #[error("a header that is to be signed is there more than once")]
    RepeatedHeader,
    /// The parameters cannot be signed without doubt.
    #[error("the parameters cannot be signed: {0}")]
    Parameters(#[from] ParameterFault),
    /// The header cannot be inside the signature: it is there anyway, or holds the signature.
    #[error("this header cannot be listed: the signature covers it anyway, or it holds the signature")]
    NotListed,
}

/// Signs requests of one [`App`]: pure, so the time and the nonce come in as arguments.
///
/// Set are `X-Ca-Key`, `X-Ca-Timestamp`, `X-Ca-Nonce`, `X-Ca-Signature-Method`,
/// `X-Ca-Signature-Headers`, `X-Ca-Signature`, and `Content-MD5` for a body that is no form. Signed
/// are all `X-Ca-*` headers that are there, those given to [`also`](Self::also), method, `Accept`,
/// `Content-MD5`, `Content-Type`, `Date`, path and parameters. Signing again replaces the signature.
///
/// Set `Accept` yourself: an HTTP client that adds one later breaks the signature.
///
/// ```
/// use campaign_apigw::{App, Signer};
/// use chrono::DateTime;
/// use http::{Request, header::ACCEPT};
///
/// let signer = Signer::new(App::new("203753385", "c0ffee-App-S3cret-for-tests+/=")?);
/// let mut request = Request::get("https://api.example.com/v1/me?a=1").header(ACCEPT, "*/*").body("")?;
/// let now = DateTime::from_timestamp_millis(1_700_000_000_000).expect("a time");
/// signer.sign(&mut request, now, "0986df27-be8f-5076-81f3-ae933157adc5")?;
/// assert_eq!(request.headers()["x-ca-timestamp"], "1700000000000");
/// assert!(request.headers()["x-ca-signature"].is_sensitive());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Signer {
    app: App,
    method: SignatureMethod,
    also: Vec<HeaderName>,
}

/// A body as far as signing looks at it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Payload<'a> {
    Bytes(&'a [u8]),
    /// It is not in memory; its digest, if any, is in `Content-MD5` already.
    #[cfg_attr(not(feature = "transport"), expect(dead_code, reason = "only a transport has such bodies"))]
    Elsewhere,
}

impl Signer {
    /// Signs for `app` with HMAC-SHA256.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app, method: SignatureMethod::HmacSha256, also: Vec::new() }
    }

    /// Signs with another method.
    #[must_use]
    pub const fn method(mut self, method: SignatureMethod) -> Self {
        self.method = method;
        self
    }

    /// Signs this header too, where it is there.
    ///
    /// # Errors
    /// [`SignError::NotListed`] for a header that every signature covers, or that holds one.
    pub fn also(mut self, name: HeaderName) -> Result<Self, SignError> {
        if is_never_listed(name.as_str()) {
            return Err(SignError::NotListed);
        }
        self.also.push(name);
        Ok(self)
    }

    /// Whose requests are signed.
    #[must_use]
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// Signs `request` as sent at `now`. The `nonce`, 8 to 128 visible ASCII characters, is one that
    /// this app never used before, for example a UUID.
    ///
    /// # Errors
    /// [`SignError`]; the request has no valid signature then.
    pub fn sign<B: AsRef<[u8]>>(
        &self,
        request: &mut Request<B>,
        now: DateTime<Utc>,
        nonce: &str,
    ) -> Result<(), SignError> {
        let mut headers = std::mem::take(request.headers_mut());
        let body = Payload::Bytes(request.body().as_ref());
        let signed = self.sign_head(request.method(), request.uri(), &mut headers, body, now, nonce);
        *request.headers_mut() = headers;
        signed.map(drop)
    }

    /// The same for a head and a body that are apart; gives the string to sign.
    pub(crate) fn sign_head(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &mut HeaderMap,
        body: Payload<'_>,
        now: DateTime<Utc>,
        nonce: &str,
    ) -> Result<Vec<u8>, SignError> {
        let signed = self.try_sign(method, uri, headers, body, now, nonce);
        if signed.is_err() {
            headers.remove(header::SIGNATURE);
        }
        signed
    }

    fn try_sign(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &mut HeaderMap,
        body: Payload<'_>,
        now: DateTime<Utc>,
        nonce: &str,
    ) -> Result<Vec<u8>, SignError> {
        let plain = NONCE.contains(&nonce.len()) && nonce.bytes().all(|byte| byte.is_ascii_graphic());
        let nonce = HeaderValue::from_str(nonce).ok().filter(|_| plain).ok_or(SignError::Nonce)?;
        // Room for all that is set here: a map grows by hashing everything again.
        headers.reserve(8);
        headers.insert(header::KEY, self.app.key_header().clone());
        headers.insert(header::TIMESTAMP, HeaderValue::from(now.timestamp_millis()));
        headers.insert(header::NONCE, nonce);
        headers.insert(header::SIGNATURE_METHOD, HeaderValue::from_static(self.method.as_str()));
        let (bytes, digest) = match body {
            // "Content-MD5 is only for a body that is no form."
            Payload::Bytes(bytes) if bytes.is_empty() || Head::read(headers).is_form() => {
                headers.remove(header::CONTENT_MD5);
                (bytes, None)
            }
            Payload::Bytes(bytes) => (bytes, Some(content_md5(bytes))),
            Payload::Elsewhere => (&[][..], None),
        };
        if let Some(digest) = digest {
            headers.insert(header::CONTENT_MD5, HeaderValue::try_from(digest).expect("Base64 is a header value"));
        }
        let head = Head::read(headers);
        let listed = |name: &HeaderName| {
            name.as_str().starts_with("x-ca-") && !is_never_listed(name.as_str()) || self.also.contains(name)
        };
        let mut lines = Vec::with_capacity(8);
        lines.extend(headers.iter().filter(|(name, _)| listed(name)).map(|(name, value)| (name.as_str(), Some(value))));
        lines.sort_unstable_by_key(|(name, _)| *name);
        // A header that is there twice has two lines.
        if head.repeated.is_some() || lines.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(SignError::RepeatedHeader);
        }
        let parameters = parameters(uri, &head, bytes)?;
        if parameters.in_query_and_form() {
            return Err(ParameterFault::InQueryAndForm.into());
        }
        let text = write(method, uri, &head, &lines, &parameters, Path::Raw);
        let mut list = String::with_capacity(lines.len() * 24);
        for (name, _) in &lines {
            if !list.is_empty() {
                list.push(',');
            }
            list.push_str(name);
        }
        let signature = self.app.signature(self.method, &text);
        let list = HeaderValue::try_from(list).expect("names of headers are a header value");
        let mut signature = HeaderValue::from_str(signature.as_str()).expect("Base64 is a header value");
        signature.set_sensitive(true);
        headers.insert(header::SIGNATURE_HEADERS, list);
        headers.insert(header::SIGNATURE, signature);
        Ok(text)
    }
}
