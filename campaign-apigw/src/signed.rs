//! [`Signed`]: a transport that signs what goes through it.

use async_trait::async_trait;
use campaign_client::{Body, Clock, Download, Transport, TransportError, TransportErrorKind};
use http::{HeaderMap, HeaderValue, header::ACCEPT};

use crate::explain::explain;
use crate::head::Head;
use crate::sign::Payload;
use crate::{Code, GatewayError, SignError, Signer, header};

/// A transport that signs each request as an APP and gives it to another.
///
/// Each time a request goes through it, it is signed with the time it is and a nonce of its own, so a
/// caller that sends again is never taken for a replay. A request without `Accept` gets `*/*`: one
/// that is added after signing would break the signature. If the gateway refuses the signature, the
/// answer's extensions hold the [`Explanation`](crate::Explanation).
///
/// It sends once and corrects no clock; [`ApiGateway`](crate::ApiGateway) repeats and corrects.
///
/// ```no_run
/// # #[cfg(feature = "hyper")]
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use campaign_apigw::{App, Explanation, Signed, Signer};
/// use campaign_client::{Body, Transport, transport::Hyper};
/// use http::Request;
///
/// let app = App::new("203753385", std::env::var("APP_SECRET")?)?;
/// let transport = Signed::new(Signer::new(app), Hyper::new()?);
/// let request = Request::get("https://api.example.com/v1/me").body(Body::empty())?;
/// let answer = transport.send(request).await?;
/// if let Some(why) = answer.extensions().get::<Explanation>() {
///     eprintln!("{why}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Signed<T> {
    signer: Signer,
    inner: T,
    clock: Clock,
}

impl<T: Transport> Signed<T> {
    /// Signs with `signer` by the machine's clock, and sends through `inner`.
    #[must_use]
    pub fn new(signer: Signer, inner: T) -> Self {
        Self { signer, inner, clock: Clock::system() }
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

#[async_trait]
impl<T: Transport> Transport for Signed<T> {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        let (mut parts, body) = request.into_parts();
        let invalid = |message| TransportError::new(TransportErrorKind::Invalid, message);
        accept(&mut parts.headers);
        let payload = payload(&parts.headers, &body).map_err(invalid)?;
        let nonce = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
        let text = self
            .signer
            .sign_head(&parts.method, &parts.uri, &mut parts.headers, payload, self.clock.now(), &nonce)
            .map_err(|error: SignError| invalid("the request cannot be signed").with_source(error))?;
        let mut response = self.inner.send(http::Request::from_parts(parts, body)).await?;
        if let Some(error) = GatewayError::from_response(&response).filter(|e| e.code() == Some(Code::A403IS)) {
            let explanation = explain(&text, error.message());
            response.extensions_mut().insert(explanation);
        }
        Ok(response)
    }
}

/// Says that any answer is welcome, unless the caller says otherwise.
pub(crate) fn accept(headers: &mut HeaderMap) {
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
}

/// A body as far as signing looks at it.
pub(crate) fn payload<'a>(headers: &HeaderMap, body: &'a Body) -> Result<Payload<'a>, &'static str> {
    match body.bytes() {
        Some(bytes) => Ok(Payload::Bytes(bytes)),
        None if Head::read(headers).is_form() => Err("a form that is signed has its body in memory"),
        None if headers.contains_key(header::CONTENT_MD5) => Ok(Payload::Elsewhere),
        None => Err("a body that is not in memory is signed by its digest: set Content-MD5"),
    }
}
