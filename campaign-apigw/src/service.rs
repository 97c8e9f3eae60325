//! [`ApiGateway`]: the gateway as a service of the shared client.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use campaign_client::{
    Body, Credentials, Effect, Endpoint, Error, ErrorKind, Pace, Place, Result, Service, ServiceError, Signing,
    Verdict, retry,
};
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode, header::DATE, response};
use secrecy::SecretString;

use crate::explain::{Explanation, explain, server_string, signed_string};
use crate::signed::{accept, payload};
use crate::{App, Class, Code, GatewayError, SignatureMethod, Signer, content_md5, header};

/// A group of APIs: where they answer and how their requests are signed.
///
/// The client's credentials are those of the APP: the AppKey as key id, the AppSecret as secret;
/// [`Credentials::anonymous`] leaves requests unsigned, for APIs that anybody may call.
///
/// ```no_run
/// # #[cfg(feature = "hyper")]
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use campaign_apigw::{ApiGateway, Call, Client};
/// use campaign_client::Credentials;
///
/// let client = Client::builder(ApiGateway::new("https://api.example.com")?)
///     .credentials(Credentials::new("203753385", std::env::var("APP_SECRET")?))
///     .build()?;
/// let entry = Call::post("/partners/double11/entries")
///     .json(r#"{"name":"Ada"}"#)
///     .idempotency_key("01JC0000000000000000000001")?;
/// println!("{}", client.send(&entry).await?.status());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ApiGateway {
    endpoint: Endpoint,
    method: SignatureMethod,
    signers: Cache,
}

impl ApiGateway {
    /// The APIs at `endpoint`, for example `https://GROUP.REGION.alicloudapi.com` or a domain of your
    /// own. Requests are signed with HMAC-SHA256.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if it is no endpoint, see [`Endpoint::new`].
    pub fn new(endpoint: &str) -> Result<Self> {
        Ok(Self::at(Endpoint::new(endpoint)?))
    }

    /// The same at an endpoint that was made before, for example by [`Endpoint::insecure`].
    #[must_use]
    pub fn at(endpoint: Endpoint) -> Self {
        Self { endpoint, method: SignatureMethod::default(), signers: Cache::default() }
    }

    /// Signs with another method.
    #[must_use]
    pub fn method(mut self, method: SignatureMethod) -> Self {
        (self.method, self.signers) = (method, Cache::default());
        self
    }
}

impl Service for ApiGateway {
    const NAME: &'static str = "API Gateway";

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn sign(&self, request: &mut http::Request<Body>, signing: &Signing<'_>) -> Result<()> {
        if signing.place != Place::Header {
            return Err(Error::invalid(
                "requests to API Gateway are signed in their headers; there are no signed URLs",
            ));
        }
        let mut headers = std::mem::take(request.headers_mut());
        accept(&mut headers);
        let signed = self.signers.signer(signing.credentials, self.method).and_then(|signer| {
            let Some(signer) = signer else { return Ok(()) };
            let payload = payload(&headers, request.body()).map_err(Error::invalid)?;
            let (method, uri) = (request.method(), request.uri());
            signer
                .sign_head(method, uri, &mut headers, payload, signing.now, signing.nonce)
                .map_err(|e| Error::invalid("the request cannot be signed").with_source(e))?;
            Ok(())
        });
        *request.headers_mut() = headers;
        signed
    }

    /// The gateway signs no answers: a digest that the backend sends is checked. A refused signature is
    /// judged here, where the request is known.
    fn verify(
        &self,
        request: &http::Request<Body>,
        response: &response::Parts,
        body: &Bytes,
        signing: &Signing<'_>,
    ) -> Result<()> {
        if let Some(error) = refused_signature(response) {
            let explanation = self.explain(request, signing, error.message());
            let error = Error::from_service(self.read_error(response, body));
            return Err(error.with_message(format!("the signature is refused: {explanation}")));
        }
        let digest = response.headers.get(header::CONTENT_MD5).filter(|_| !body.is_empty());
        if digest.is_some_and(|digest| digest.as_bytes() != content_md5(body).as_bytes()) {
            return Err(Error::unreadable("the answer's Content-MD5 is not that of its body"));
        }
        Ok(())
    }

    /// What the gateway made itself, and what may pass: the rest is the backend's word.
    fn is_error(&self, response: &response::Parts, _: &[u8]) -> bool {
        match GatewayError::from_head(response.status, &response.headers) {
            Some(error) => error.code() != Some(Code::A403IS),
            None => matches!(response.status.as_u16(), 408 | 429 | 500..),
        }
    }

    fn read_error(&self, response: &response::Parts, _: &[u8]) -> ServiceError {
        let Some(error) = GatewayError::from_head(response.status, &response.headers) else {
            let id = response.headers.get(header::REQUEST_ID).and_then(|id| id.to_str().ok());
            return ServiceError::new(response.status, "", "answered by the backend, not the gateway")
                .with_request_id(id);
        };
        let code = error.code().map(|code| code.as_str().to_owned()).unwrap_or_default();
        let (kind, verdict) = meaning(&error);
        ServiceError::new(response.status, code, error.shown_message())
            .with_request_id(Some(error.request_id()).filter(|id| !id.is_empty()))
            .with_meaning(kind, verdict)
            .with_server_time(server_time(&response.headers))
    }
}

impl ApiGateway {
    /// Compares what the gateway signed with what was signed here at that time.
    fn explain(&self, request: &http::Request<Body>, signing: &Signing<'_>, message: &str) -> Explanation {
        let mut again = request.clone();
        // Each attempt has a nonce of its own; that of this one is only in the gateway's text.
        let nonce = server_string(message)
            .and_then(|text| text.split('#').find_map(|line| line.strip_prefix("x-ca-nonce:")))
            .unwrap_or("not-known-here");
        if self.sign(&mut again, &Signing { nonce, ..*signing }).is_err() {
            return Explanation::NotTold;
        }
        let body = again.body().bytes().cloned().unwrap_or_default();
        match signed_string(again.method(), again.uri(), again.headers(), &body) {
            Ok(ours) => explain(&ours, message),
            Err(_) => Explanation::NotTold,
        }
    }
}

fn refused_signature(response: &response::Parts) -> Option<GatewayError> {
    let error = GatewayError::from_head(response.status, &response.headers)?;
    (error.code() == Some(Code::A403IS)).then_some(error)
}

/// What an error of the gateway means ("Error codes"; where it says nothing, the code's class).
fn meaning(error: &GatewayError) -> (ErrorKind, Verdict) {
    // A classic instance answers some errors with another status than their code's.
    let status = error.code().map_or(error.status(), |code| code.status());
    let (kind, _) = retry::by_status(if status.is_success() { StatusCode::INTERNAL_SERVER_ERROR } else { status });
    match (error.code(), error.class()) {
        (Some(Code::S403TE), _) => (kind, Verdict::Skewed),
        // Taken back, or its time is over: there may be another app to call as.
        (Some(Code::A403EP | Code::A400IK), _) => (ErrorKind::Denied, Verdict::Expired),
        // Each attempt has a nonce of its own: something on the way sent this one twice, and the other was taken.
        (Some(Code::S403NU), _) => (kind, Verdict::AMBIGUOUS),
        (Some(Code::D504RE | Code::D504IL | Code::D504CO), Class::Unexecuted) => (kind, Verdict::UNEXECUTED),
        (_, Class::Unexecuted) => {
            (ErrorKind::Throttled, Verdict::Again { effect: Effect::None, pace: Pace::Throttled })
        }
        (_, Class::Ambiguous) => (kind, Verdict::AMBIGUOUS),
        (_, Class::Never) => (kind, Verdict::Final),
    }
}

/// The gateway's clock, by the `Date` of its answer.
fn server_time(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    // RFC 9110 §5.6.7: the preferred form of an HTTP date is a fixed-length RFC 5322 date in GMT.
    let date = DateTime::parse_from_rfc2822(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some(date.to_utc())
}

/// The signer used last. A client signs as one app for as long as its credentials last.
#[derive(Default)]
struct Cache(Mutex<Option<(Credentials, Signer)>>);

impl Cache {
    /// The signer of `credentials`, made only if the last one was another; `None` for nobody.
    fn signer(&self, credentials: &Credentials, method: SignatureMethod) -> Result<Option<Signer>> {
        if credentials.is_anonymous() {
            return Ok(None);
        }
        // The slot is replaced whole, so a panic elsewhere does not spoil it.
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, signer)) = slot.as_ref().filter(|(last, _)| last.is_clone_of(credentials)) {
            return Ok(Some(signer.clone()));
        }
        let app = App::new(credentials.access_key_id(), SecretString::from(credentials.secret()))
            .map_err(|e| Error::invalid("the credentials are not those of an APP").with_source(e))?;
        let signer = Signer::new(app).method(method);
        *slot = Some((credentials.clone(), signer.clone()));
        Ok(Some(signer))
    }
}

/// A clone begins with nothing kept.
impl Clone for Cache {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cache")
    }
}
