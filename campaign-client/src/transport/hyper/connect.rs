//! Makes a connection, TLS included, within one bound of time.

use std::{
    error::Error as StdError,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use tower_service::Service;

use crate::transport::{TransportError, network::CONNECT_TIMEOUT};

#[cfg(feature = "rustls")]
type Inner = hyper_rustls::HttpsConnector<HttpConnector>;
#[cfg(not(feature = "rustls"))]
type Inner = HttpConnector;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Connects by TCP, and by TLS to `https` where that is built in.
#[derive(Clone)]
pub(super) struct Connect(Inner);

impl Connect {
    #[cfg(not(feature = "rustls"))]
    #[allow(clippy::unnecessary_wraps, reason = "with TLS it can fail")]
    pub(super) const fn new(http: HttpConnector) -> Result<Self, TransportError> {
        Ok(Self(http))
    }

    /// Certificates are judged as the platform does.
    #[cfg(feature = "rustls")]
    pub(super) fn new(mut http: HttpConnector) -> Result<Self, TransportError> {
        use std::sync::Arc;

        use rustls::crypto::{CryptoProvider, aws_lc_rs};

        use crate::transport::TransportErrorKind;

        http.enforce_http(false);
        let provider = CryptoProvider::get_default().cloned();
        let https = hyper_rustls::HttpsConnectorBuilder::new()
            .with_provider_and_platform_verifier(provider.unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider())))
            .map_err(|e| {
                TransportError::new(TransportErrorKind::Invalid, "the TLS library cannot be set up").with_source(e)
            })?;
        Ok(Self(https.https_or_http().enable_http1().wrap_connector(http)))
    }
}

impl Service<Uri> for Connect {
    type Response = <Inner as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.0.call(uri);
        Box::pin(async move {
            let connected = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await;
            // The inner error is another type with TLS than without; `?` makes either the one outside.
            let stream = connected.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            Ok(stream)
        })
    }
}
