//! A runtime on a free port and a client with one connection to it.

use std::net::SocketAddr;

use bytes::Bytes;
use campaign_fc::{Body, Runtime};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower_service::Service;

pub(crate) struct Started {
    pub(crate) address: SocketAddr,
    pub(crate) end: oneshot::Sender<()>,
    pub(crate) ended: JoinHandle<()>,
}

impl Started {
    pub(crate) async fn new<S>(service: S) -> Self
    where
        S: Service<Request<Body>, Response = http::Response<Body>> + Clone + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self::with(Runtime::new(service)).await
    }

    pub(crate) async fn with<S>(runtime: Runtime<S>) -> Self
    where
        S: Service<Request<Body>, Response = http::Response<Body>> + Clone + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ending) = oneshot::channel();
        let ended = tokio::spawn(runtime.serve(listener, async {
            let _ = ending.await;
        }));
        Self { address, end, ended }
    }
}

pub(crate) struct Client(SendRequest<Full<Bytes>>);

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", "f");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        self.0.ready().await.unwrap();
        let (parts, body) = self.0.send_request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}
