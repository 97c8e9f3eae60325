//! The emulated OSS, called through the client in this process. That official SDKs get the right
//! answers is tested in `interop/`.

#![expect(clippy::unwrap_used, reason = "a test: a panic is a finding")]

mod faults;
mod objects;
mod site;
mod sockets;

use axum::body::Body;
use campaign_client::{Clock, Operation, Retry};
use campaign_local::Local;
use campaign_local::fault::{Fault, FaultSettings, Hop, Scripted};
use campaign_oss::{Client, Code, GetObject, Oss, PutBucket, PutObject};
use chrono::DateTime;
use http_body_util::BodyExt;
use tower::ServiceExt;

pub(crate) const START: i64 = 1_793_923_200_000;
pub(crate) const BUCKET: &str = "campaign-site";

/// A cloud whose clock stands still, and a client of it that tries once.
pub(crate) struct Bed {
    pub(crate) cloud: Local,
    pub(crate) client: Client,
}

/// A cloud with the bucket.
pub(crate) async fn bed() -> Bed {
    let clock = Clock::fixed(DateTime::from_timestamp_millis(START).unwrap());
    let cloud = Local::builder().clock(clock.clone()).start().await.unwrap();
    let client = Client::builder(Oss::new("http://127.0.0.1", &cloud.settings().region).unwrap())
        .credentials(cloud.credentials())
        .transport(cloud.oss_transport())
        .clock(clock)
        .retry(Retry::never())
        .build()
        .unwrap();
    client.send(&PutBucket::new(BUCKET)).await.unwrap();
    Bed { cloud, client }
}

pub(crate) fn put(key: &str, body: impl Into<bytes::Bytes>) -> PutObject {
    PutObject::new(BUCKET, key, body.into())
}

pub(crate) fn get(key: &str) -> GetObject {
    GetObject::new(BUCKET, key)
}

impl Bed {
    pub(crate) async fn read(&self, key: &str) -> Vec<u8> {
        self.client.send(&get(key)).await.unwrap().body.to_vec()
    }

    pub(crate) async fn refused<O: Operation<Service = Oss>>(&self, operation: O) -> Code {
        Code::of(&self.client.send(&operation).await.err().expect("it was not refused")).unwrap()
    }

    pub(crate) fn script(&self, operation: &str, fault: Fault) {
        let entry = Scripted { hop: Hop::Oss, operation: Some(operation.to_owned()), key: None, fault };
        self.cloud.faults().set(FaultSettings { plan: None, script: vec![entry] }).unwrap();
    }

    /// A request that nobody signed, to the bucket's host.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = http::Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let host = format!("{BUCKET}.oss-cn-hangzhou.aliyuncs.com");
        for (name, value) in [("host", host.as_str())].iter().chain(headers) {
            let name: http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let response = self.cloud.oss().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body: String::from_utf8_lossy(&body).into() }
    }
}

/// An answer that was read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}
