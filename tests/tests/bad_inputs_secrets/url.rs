//! A URL whose query is a signature, and so as good as a key.

use bytes::Bytes;
use campaign_client::{
    Body, Class, Client, Endpoint, Error, Operation, Retry, Service, ServiceError, Signing, transport::Hyper,
};
use campaign_tests::socket::{Reply, Socket, Then};
use http::response;

use super::{
    canary::assert_absent,
    client::{SECRET, keys, said},
    log,
};

/// A service whose signature stands in the URL.
#[derive(Debug)]
struct Presigned(Endpoint);

impl Service for Presigned {
    const NAME: &'static str = "Presigned";

    fn endpoint(&self) -> &Endpoint {
        &self.0
    }

    fn sign(&self, request: &mut http::Request<Body>, signing: &Signing<'_>) -> campaign_client::Result<()> {
        let query = signing.credentials.secret().replace(['/', '+'], "x");
        *request.uri_mut() = self.0.uri(&format!("/object?signature={query}"))?;
        Ok(())
    }

    fn verify(
        &self,
        _: &http::Request<Body>,
        _: &response::Parts,
        _: &Bytes,
        _: &Signing<'_>,
    ) -> campaign_client::Result<()> {
        Ok(())
    }

    fn read_error(&self, response: &response::Parts, _: &[u8]) -> ServiceError {
        ServiceError::new(response.status, "", "")
    }
}

#[derive(Debug)]
struct Fetch;

impl Operation for Fetch {
    type Service = Presigned;
    type Output = ();
    const NAME: &'static str = "Fetch";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &Presigned) -> campaign_client::Result<http::Request<Body>> {
        let mut request = http::Request::new(Body::empty());
        *request.uri_mut() = service.endpoint().uri("/object")?;
        Ok(request)
    }

    fn response(&self, _: &response::Parts, _: Bytes) -> campaign_client::Result<()> {
        Err(Error::unreadable("whatever it is"))
    }
}

#[tokio::test]
async fn a_url_that_is_a_secret_is_in_no_error() {
    let log = log();
    let secret = SECRET.replace(['/', '+'], "x");
    let broken = |bytes: &'static str, then| vec![Reply { bytes: bytes.into(), then }; 3];
    let reset = Socket::new(broken("HTTP/1.1 200 x\r\n", Then::Reset)).await;
    let error =
        Socket::new(broken("HTTP/1.1 500 x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", Then::Close)).await;
    let moved = "HTTP/1.1 302 x\r\nlocation: /object?again\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let moved = Socket::new(broken(moved, Then::Close)).await;
    let unread =
        Socket::new(broken("HTTP/1.1 200 x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", Then::Close)).await;
    for endpoint in ["http://127.0.0.1:1", reset.endpoint(), error.endpoint(), moved.endpoint(), unread.endpoint()] {
        let client = Client::builder(Presigned(endpoint.parse().unwrap()))
            .transport(Hyper::new().unwrap())
            .credentials(keys())
            .retry(Retry::default().base(std::time::Duration::ZERO))
            .build()
            .unwrap();
        let url = client.presign(&Fetch, std::time::Duration::from_secs(60)).await.unwrap();
        assert!(url.to_string().contains(&secret));
        assert_absent(&secret, &said(&client.send(&Fetch).await.unwrap_err()));
    }
    assert_absent(&secret, &log.text());
}
