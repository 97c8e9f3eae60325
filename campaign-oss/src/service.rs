//! OSS as a service of the shared client.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use campaign_client::{Body, Download, Endpoint, Error, ErrorKind, Result, Service, ServiceError, Signing};
use http::{HeaderName, Uri, response, uri::Authority};

use crate::{
    Code,
    encode::{Query, push_path},
    error_body::{self, ErrorBody},
    integrity,
    resource::{check_bucket, check_key},
    sign::{self, Signature},
};

/// How a bucket is named in a URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Addressing {
    /// `BUCKET.ENDPOINT/KEY`: what OSS itself wants.
    VirtualHost,
    /// `ENDPOINT/BUCKET/KEY`: for addresses, proxies and emulators. OSS refuses it on its own domains.
    Path,
    /// `CUSTOM-DOMAIN/KEY`: the endpoint is a domain bound to this one bucket.
    Cname {
        /// The bucket.
        bucket: String,
    },
}

/// OSS in a region: where it answers, how buckets are addressed, how requests are signed.
///
/// ```
/// use campaign_oss::{Addressing, Oss};
///
/// let oss = Oss::new("https://oss-cn-hangzhou.aliyuncs.com", "cn-hangzhou")?;
/// assert_eq!(oss.addressing(), &Addressing::VirtualHost);
/// assert_eq!(Oss::new("http://127.0.0.1:8089", "cn-hangzhou")?.addressing(), &Addressing::Path);
/// # Ok::<(), campaign_client::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Oss {
    endpoint: Endpoint,
    region: String,
    addressing: Addressing,
    signature: Signature,
    signed_headers: Vec<HeaderName>,
    checks_sums: bool,
    signers: sign::SignerCache,
}

impl Oss {
    /// OSS at `endpoint`, for example `https://oss-cn-hangzhou.aliyuncs.com`, in `region`, for example `cn-hangzhou` (or
    /// `oss-cn-hangzhou`, as buckets name their location). Requests are signed with V4 unless [`v1`](Self::v1) says otherwise.
    ///
    /// Buckets stand before the host. An address and `localhost` have no room there: the bucket then begins the path.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if `endpoint` is not one (see [`Endpoint::new`]) or `region` is not lower-case letters, digits
    /// and hyphens.
    pub fn new(endpoint: &str, region: &str) -> Result<Self> {
        Self::at(Endpoint::new(endpoint)?, region)
    }

    /// The same at an endpoint that was made before, for example by [`Endpoint::insecure`].
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn at(endpoint: Endpoint, region: &str) -> Result<Self> {
        let region = region.strip_prefix("oss-").unwrap_or(region);
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if region.is_empty() || region.len() > 64 || !region.bytes().all(legal) {
            return Err(Error::invalid("the region must be its id, for example cn-hangzhou"));
        }
        let addressing = if endpoint.is_address() || endpoint.host() == "localhost" {
            Addressing::Path
        } else {
            Addressing::VirtualHost
        };
        Ok(Self {
            endpoint,
            region: region.to_owned(),
            addressing,
            signature: Signature::V4,
            signed_headers: Vec::new(),
            checks_sums: true,
            signers: sign::SignerCache::default(),
        })
    }

    /// Signs with V1, for servers that know nothing else.
    #[must_use]
    pub const fn v1(mut self) -> Self {
        self.signature = Signature::V1;
        self
    }

    /// Names the bucket in the path: `ENDPOINT/BUCKET/KEY`.
    #[must_use]
    pub fn path_style(mut self) -> Self {
        self.addressing = Addressing::Path;
        self
    }

    /// Names the bucket before the host, also before `localhost`: `BUCKET.ENDPOINT/KEY`.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the endpoint is an address.
    pub fn virtual_host(mut self) -> Result<Self> {
        if self.endpoint.is_address() {
            return Err(Error::invalid("no bucket can stand before an address: use path style"));
        }
        self.addressing = Addressing::VirtualHost;
        Ok(self)
    }

    /// Takes the endpoint for a custom domain that is bound to `bucket`. Calls to other buckets, and to none, are refused.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the endpoint is an address or `bucket` is no bucket's name.
    pub fn cname(mut self, bucket: &str) -> Result<Self> {
        check_bucket(bucket)?;
        if self.endpoint.is_address() {
            return Err(Error::invalid("an address is not a custom domain: use path style"));
        }
        self.addressing = Addressing::Cname { bucket: bucket.to_owned() };
        Ok(self)
    }

    /// Signs these headers too, where a request has them: with V4 only `x-oss-*`, `content-type` and `content-md5` are signed
    /// unless asked for, so `range`, `host` or `cache-control` could be changed on the way.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if one is no header's name.
    pub fn sign_headers<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let parse = |name: &str| {
            HeaderName::from_bytes(name.as_bytes())
                .map_err(|e| Error::invalid("a header to sign has no legal name").with_source(e))
        };
        self.signed_headers = names.into_iter().map(parse).collect::<Result<_>>()?;
        if self.signed_headers.contains(&http::header::AUTHORIZATION) {
            return Err(Error::invalid("the signature cannot sign the header it stands in"));
        }
        Ok(self)
    }

    /// Believes uploads and downloads without comparing checksums, for a proxy that changes bodies.
    #[must_use]
    pub const fn without_checksums(mut self) -> Self {
        self.checks_sums = false;
        self
    }

    /// The region, without `oss-`.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// How buckets are addressed.
    #[must_use]
    pub const fn addressing(&self) -> &Addressing {
        &self.addressing
    }

    /// Which signature requests carry.
    #[must_use]
    pub const fn signature(&self) -> Signature {
        self.signature
    }

    /// The URI of an object in `bucket`.
    pub(crate) fn object_uri(&self, bucket: &str, key: &str, query: &Query) -> Result<Uri> {
        check_bucket(bucket)?;
        check_key(key)?;
        self.uri(Some(bucket), key, query)
    }

    /// The URI of `bucket`.
    pub(crate) fn bucket_uri(&self, bucket: &str, query: &Query) -> Result<Uri> {
        check_bucket(bucket)?;
        self.uri(Some(bucket), "", query)
    }

    /// The URI of the service.
    pub(crate) fn service_uri(&self, query: &Query) -> Result<Uri> {
        self.uri(None, "", query)
    }

    fn uri(&self, bucket: Option<&str>, key: &str, query: &Query) -> Result<Uri> {
        let mut path = String::with_capacity(key.len() + query.as_str().len() + 72);
        path.push('/');
        let host = match (&self.addressing, bucket) {
            (Addressing::VirtualHost, Some(bucket)) => Some(self.endpoint.subdomain(bucket)?),
            (Addressing::Path, Some(bucket)) => {
                path.push_str(bucket);
                path.push('/');
                None
            }
            (Addressing::Cname { bucket: bound }, asked) => {
                if asked != Some(bound) {
                    return Err(Error::invalid("the custom domain is bound to another bucket than the call names"));
                }
                None
            }
            (_, None) => None,
        };
        push_path(&mut path, key);
        if !query.as_str().is_empty() {
            path.push('?');
            path.push_str(query.as_str());
        }
        host.as_ref().unwrap_or(&self.endpoint).uri(&path)
    }

    /// The bucket of a URI with this `authority`, if its path does not begin with it.
    fn bucket_before_path<'a>(&'a self, authority: Option<&'a Authority>) -> Option<&'a str> {
        match &self.addressing {
            Addressing::VirtualHost => authority?.host().strip_suffix(self.endpoint.host())?.strip_suffix('.'),
            Addressing::Path => None,
            Addressing::Cname { bucket } => Some(bucket),
        }
    }
}

impl Service for Oss {
    const NAME: &'static str = "OSS";

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn sign(&self, request: &mut http::Request<Body>, signing: &Signing<'_>) -> Result<()> {
        if signing.credentials.is_anonymous() {
            sign::unsign(request);
            return match signing.place {
                campaign_client::Place::Header => Ok(()),
                _ => Err(nobody()),
            };
        }
        let signer = self.signers.signer(signing.credentials, self.signature, &self.region, signing.now);
        let authority = request.uri().authority().cloned();
        let target = sign::Target {
            signature: self.signature,
            bucket: self.bucket_before_path(authority.as_ref()),
            additional: &self.signed_headers,
        };
        sign::sign_request(request, signing, &target, &signer)
    }

    fn verify(
        &self,
        request: &http::Request<Body>,
        response: &response::Parts,
        body: &Bytes,
        _: &Signing<'_>,
    ) -> Result<()> {
        if self.checks_sums { integrity::verify(request, response, body) } else { Ok(()) }
    }

    /// An object may be an error document too, but comes with its tag. The error of a HEAD stands in a header.
    fn is_error(&self, response: &response::Parts, body: &[u8]) -> bool {
        let headers = &response.headers;
        !response.status.is_success()
            || headers.contains_key("x-oss-err")
            || (!headers.contains_key(http::header::ETAG) && ErrorBody::is_in(body))
    }

    fn read_error(&self, response: &response::Parts, body: &[u8]) -> ServiceError {
        let status = response.status;
        let header = |name: &str| response.headers.get(name).and_then(|value| value.to_str().ok());
        // The answer to a HEAD has no body; the document stands in a header then.
        let decoded = header("x-oss-err").filter(|text| text.len() <= 2 * error_body::MAX_BYTES);
        let decoded = decoded.filter(|_| body.is_empty()).and_then(|text| STANDARD.decode(text).ok());
        let read = ErrorBody::read(decoded.as_deref().unwrap_or(body));
        let date = header("date").and_then(sign::date::parse_http);
        let Ok(error) = read else {
            let message = match status.as_u16() {
                304 | 412 => "the condition of the request does not hold",
                300..=399 => "a redirect, which is never followed",
                _ if body.is_empty() => "the answer is empty",
                _ => "the answer is not an error message of OSS; something between may have written it",
            };
            let (kind, verdict) = Code::of_status(status).meaning_of("", status);
            return ServiceError::new(status, "", message)
                .with_request_id(header("x-oss-request-id"))
                .with_meaning(kind, verdict);
        };
        let (kind, verdict) = Code::from_text(&error.code).meaning_of(&error.message, status);
        let message = match &error.endpoint {
            // Never followed: whoever wrote the answer would get the next request and its token.
            Some(endpoint) => format!("{} (the bucket's endpoint is {endpoint})", error.message),
            None => error.message,
        };
        ServiceError::new(status, error.code, message)
            .with_request_id(header("x-oss-request-id").or(error.request_id.as_deref()))
            .with_meaning(kind, verdict)
            .with_server_time(error.server_time.or(date))
    }

    fn guard(&self, response: &response::Parts, download: Download) -> Download {
        if self.checks_sums { integrity::guard(response, download) } else { download }
    }
}

fn nobody() -> Error {
    Error::new(ErrorKind::Credentials).with_message("a signed URL needs credentials")
}

#[cfg(test)]
mod tests;
