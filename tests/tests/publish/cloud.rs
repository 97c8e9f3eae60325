//! A local cloud with a bucket, and a client whose requests are counted and can be cut off.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use campaign_client::{Body, Credentials, Download, Transport, TransportError, TransportErrorKind};
use campaign_local::Local;
use campaign_oss::{
    BucketAcl, Client, ErrorDocument, HeadObject, IndexDocument, ListObjectsV2, Oss, PutBucket, PutBucketWebsite,
    PutObject, Website,
    site::{Outcome, Plan, SiteError},
};
use futures_util::TryStreamExt as _;
use http::Request;

pub(crate) const BUCKET: &str = "campaign-site";
const MANIFEST: &str = ".campaign-site.json";

/// Everything a publish does, with nobody to refresh.
pub(crate) async fn carry_out(plan: Plan, client: &Client) -> Result<Outcome, SiteError> {
    plan.upload(client, &|_| ()).await?.delete_stale(client, &|_| ()).await?.finish(client).await
}

/// What a browser gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

#[allow(dead_code, reason = "each suite uses its part")]
impl Served {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// Lets so many requests through, and keeps what they were.
#[derive(Debug)]
pub(crate) struct Gate {
    inner: Arc<dyn Transport>,
    left: AtomicUsize,
    log: Mutex<Vec<String>>,
}

#[async_trait]
impl Transport for Gate {
    async fn send(&self, request: Request<Body>) -> Result<http::Response<Download>, TransportError> {
        // Of a kind that is not tried again: whoever is dead does not try either.
        let dead = || TransportError::new(TransportErrorKind::Insecure, "the publisher was killed");
        self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).map_err(|_| dead())?;
        let line = format!("{} {}", request.method(), request.uri().path_and_query().map_or("", |path| path.as_str()));
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        self.inner.send(request).await
    }
}

#[derive(Debug)]
pub(crate) struct Cloud {
    local: Local,
    gate: Arc<Gate>,
}

#[allow(dead_code, reason = "each suite uses its part")]
impl Cloud {
    /// With an empty bucket that everybody can read.
    pub(crate) async fn start() -> Self {
        let local = Local::builder().start().await.unwrap();
        let inner: Arc<dyn Transport> = Arc::new(local.oss_transport());
        let gate = Arc::new(Gate { inner, left: AtomicUsize::new(usize::MAX), log: Mutex::default() });
        let cloud = Self { local, gate };
        let client = cloud.owner();
        client.send(&PutBucket::new(BUCKET).acl(BucketAcl::PublicRead)).await.unwrap();
        let index = Some(IndexDocument::new("index.html").in_folders());
        let website = Website { index, error: Some(ErrorDocument::new("404.html")), ..Website::default() };
        client.send(&PutBucketWebsite::new(BUCKET, website)).await.unwrap();
        cloud
    }

    fn client_over(&self, transport: Arc<dyn Transport>, credentials: Credentials) -> Client {
        let service = Oss::new("http://127.0.0.1", self.local.settings().region.as_str()).unwrap();
        Client::builder(service).credentials(credentials).transport(transport).build().unwrap()
    }

    /// The publisher's, through the gate.
    pub(crate) fn client(&self) -> Client {
        self.client_over(self.gate.clone(), self.local.credentials())
    }

    /// Past the gate.
    pub(crate) fn owner(&self) -> Client {
        self.client_over(self.gate.inner.clone(), self.local.credentials())
    }

    /// How many requests went through.
    pub(crate) fn requests(&self) -> usize {
        self.gate.log.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The requests since the last call, and from now on as many as `left`.
    pub(crate) fn allow(&self, left: usize) -> Vec<String> {
        self.gate.left.store(left, Ordering::SeqCst);
        std::mem::take(&mut *self.gate.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) async fn put(&self, key: &str, content: &str) {
        self.owner().send(&PutObject::new(BUCKET, key, content.to_owned())).await.unwrap();
    }

    /// All keys but the manifests.
    pub(crate) async fn keys(&self) -> Vec<String> {
        let pages: Vec<_> = self.owner().pages(ListObjectsV2::new(BUCKET)).try_collect().await.unwrap();
        let keys = pages.into_iter().flat_map(|page| page.contents).map(|object| object.key);
        keys.filter(|key| !key.ends_with(MANIFEST)).collect()
    }

    /// Every object with what it is served with; the manifest too.
    pub(crate) async fn snapshot(&self) -> BTreeMap<String, (String, Option<String>, Option<String>)> {
        let pages: Vec<_> = self.owner().pages(ListObjectsV2::new(BUCKET)).try_collect().await.unwrap();
        let mut all = BTreeMap::new();
        for object in pages.into_iter().flat_map(|page| page.contents) {
            let head = self.owner().send(&HeadObject::new(BUCKET, &object.key)).await.unwrap();
            let etag = object.etag.to_string();
            all.insert(object.key, (etag, head.content_type.clone(), head.cache_control.clone()));
        }
        all
    }

    /// What a browser gets at this address; `None` if nothing answers 200.
    pub(crate) async fn served(&self, key: &str) -> Option<Served> {
        let anonymous = self.client_over(self.gate.inner.clone(), Credentials::anonymous());
        let answer = anonymous.stream(&campaign_oss::GetObject::new(BUCKET, key)).await.ok()?;
        let (parts, body) = answer.into_parts();
        let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.to_string(), value.to_str().unwrap().to_owned())
        };
        let headers = parts.headers.iter().map(text).collect();
        Some(Served { status: parts.status.as_u16(), headers, body: body.collect(64 << 20).await.unwrap().to_vec() })
    }
}
