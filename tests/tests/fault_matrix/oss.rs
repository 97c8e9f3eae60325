//! OSS's calls: how each is prepared, made, and how often its effect is found afterwards.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use campaign_client::{Body, Class, Clock, Credentials, Endpoint, Operation, Result, Transport, transport::InProcess};
use campaign_local::{
    fault::{Faults, Hop},
    oss::Emulator,
    store::Store,
};
use campaign_oss::{
    Client, Code, DeleteBucket, DeleteMultipleObjects, DeleteObject, GetBucketInfo, GetBucketWebsite, GetObject,
    HeadObject, IndexDocument, ListBuckets, ListObjectsV2, Oss, PutBucket, PutBucketWebsite, PutObject, Website,
    server::{Refusal, resource_at},
};
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use http::Method;

use super::{
    subject::{Subject, Word},
    wire::Damage,
};

const REGION: &str = "cn-hangzhou";
pub(crate) const BUCKET: &str = "site";
const CONTENT: &str = "what is in the object";

/// A call of OSS, by the matrix's name of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OssCall {
    GetObject,
    HeadObject,
    ListObjectsV2,
    GetBucketInfo,
    GetBucketWebsite,
    PutObject,
    DeleteObject,
    DeleteMultipleObjects,
    PutBucketWebsite,
    PutBucket,
    PutForbidOverwrite,
    DeleteBucket,
}

impl OssCall {
    /// The call of this name; `None` if it does not exist yet.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name.strip_prefix("oss:")? {
            "GetObject" => Self::GetObject,
            "HeadObject" => Self::HeadObject,
            "ListObjectsV2" => Self::ListObjectsV2,
            "GetBucketInfo" => Self::GetBucketInfo,
            "GetBucketWebsite" => Self::GetBucketWebsite,
            "PutObject" => Self::PutObject,
            "DeleteObject" => Self::DeleteObject,
            "DeleteMultipleObjects" => Self::DeleteMultipleObjects,
            "PutBucketWebsite" => Self::PutBucketWebsite,
            "PutBucket" => Self::PutBucket,
            "PutObject+forbid-overwrite" => Self::PutForbidOverwrite,
            "DeleteBucket" => Self::DeleteBucket,
            _ => return None,
        })
    }
}

fn get(key: &str) -> GetObject {
    GetObject::new(BUCKET, key)
}

fn put(key: &str) -> PutObject {
    PutObject::new(BUCKET, key, CONTENT)
}

fn delete_two() -> DeleteMultipleObjects {
    DeleteMultipleObjects::new(BUCKET, ["r", "s"])
}

fn website(index: &str) -> Website {
    Website { index: Some(IndexDocument::new(index)), ..Website::default() }
}

async fn is_there(client: &Client, key: &str) -> Result<bool> {
    match client.send(&get(key)).await {
        Ok(found) => {
            assert_eq!(found.body, CONTENT, "half an object, or another");
            Ok(true)
        }
        Err(error) if Code::of(&error) == Some(Code::NoSuchKey) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn has_bucket(client: &Client, bucket: &str) -> Result<bool> {
    match client.send(&GetBucketInfo::new(bucket)).await {
        Ok(_) => Ok(true),
        Err(error) if Code::of(&error) == Some(Code::NoSuchBucket) => Ok(false),
        Err(error) => Err(error),
    }
}

impl Subject for OssCall {
    type Service = Oss;
    const HOP: Hop = Hop::Oss;
    const SIGNS_ANSWERS: bool = false;

    fn service(endpoint: Endpoint) -> Result<Oss> {
        Oss::at(endpoint, REGION)
    }

    fn emulator(keys: Vec<Credentials>, faults: Faults, clock: Clock) -> Result<Arc<dyn Transport>> {
        let store = Store::in_memory().expect("memory can be opened");
        Ok(Arc::new(InProcess::new(Emulator::new(REGION, keys, store, faults, clock)?.router())))
    }

    /// The bucket is before the host if that is a name, else in the path.
    fn operation_of(request: &http::Request<Body>) -> String {
        let host = request.uri().host().unwrap_or_default();
        let bucket = host.strip_suffix(".service.example.com");
        let resource = resource_at(bucket, request.uri().path()).expect("the client encodes paths");
        let query = request.uri().query().unwrap_or_default();
        let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
        let name = match (resource.bucket.is_some(), resource.key.is_some(), request.method()) {
            (true, true, &Method::GET) => GetObject::NAME,
            (true, true, &Method::HEAD) => HeadObject::NAME,
            (true, true, &Method::PUT) => PutObject::NAME,
            (true, true, &Method::DELETE) => DeleteObject::NAME,
            (true, false, &Method::GET) if has("bucketInfo") => GetBucketInfo::NAME,
            (true, false, &Method::GET) if has("website") => GetBucketWebsite::NAME,
            (true, false, &Method::GET) => ListObjectsV2::NAME,
            (true, false, &Method::PUT) if has("website") => PutBucketWebsite::NAME,
            (true, false, &Method::PUT) => PutBucket::NAME,
            (true, false, &Method::POST) => DeleteMultipleObjects::NAME,
            (true, false, &Method::DELETE) => DeleteBucket::NAME,
            (false, ..) => ListBuckets::NAME,
            other => panic!("no call is {other:?}"),
        };
        name.to_owned()
    }

    fn says(word: Word) -> Option<http::Response<Bytes>> {
        let (code, message) = match word {
            Word::Busy => (Code::SlowDown, "Please reduce your request rate."),
            Word::Internal => (Code::InternalError, "We encountered an internal error. Please try again."),
            Word::Timeout => (Code::RequestTimeout, "Your socket connection to the server was not read from in time."),
            Word::Moving => (Code::OperationAborted, "A conflicting operation is in progress."),
            Word::BadParameter => (Code::InvalidArgument, "Invalid argument."),
            Word::BadSignature => (Code::SignatureDoesNotMatch, "The request signature does not match."),
            Word::Missing => (Code::NoSuchBucket, "The specified bucket does not exist."),
            Word::Skewed => (Code::RequestTimeTooSkewed, "The difference between the times is too large."),
            Word::Expired => (Code::SecurityTokenExpired, "The security token you provided has expired."),
            // 429 comes from what stands before the service.
            Word::Flow => return None,
        };
        Some(Refusal::new(code, message).response(&Method::GET, "injected", "site.oss-cn-hangzhou.aliyuncs.com"))
    }

    fn without_body(response: http::Response<Bytes>) -> http::Response<Bytes> {
        let document = STANDARD.encode(response.body());
        let mut response = response.map(|_| Bytes::new());
        response.headers_mut().insert("x-oss-err", document.parse().expect("base64 is a header value"));
        response
    }

    fn sent_at(response: &mut http::Response<Bytes>, _: &str, date: DateTime<Utc>) {
        let date = date.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        response.headers_mut().insert(http::header::DATE, date.parse().expect("a date is a header value"));
    }

    async fn look(client: &Client) -> Result<()> {
        client.send(&ListBuckets::new()).await.map(drop)
    }

    fn operation(self) -> &'static str {
        match self {
            Self::GetObject => GetObject::NAME,
            Self::HeadObject => HeadObject::NAME,
            Self::ListObjectsV2 => ListObjectsV2::NAME,
            Self::GetBucketInfo => GetBucketInfo::NAME,
            Self::GetBucketWebsite => GetBucketWebsite::NAME,
            Self::PutObject | Self::PutForbidOverwrite => PutObject::NAME,
            Self::DeleteObject => DeleteObject::NAME,
            Self::DeleteMultipleObjects => DeleteMultipleObjects::NAME,
            Self::PutBucketWebsite => PutBucketWebsite::NAME,
            Self::PutBucket => PutBucket::NAME,
            Self::DeleteBucket => DeleteBucket::NAME,
        }
    }

    fn class(self) -> Class {
        match self {
            Self::GetObject => get("r").class(),
            Self::HeadObject => HeadObject::new(BUCKET, "r").class(),
            Self::ListObjectsV2 => ListObjectsV2::new(BUCKET).class(),
            Self::GetBucketInfo => GetBucketInfo::new(BUCKET).class(),
            Self::GetBucketWebsite => GetBucketWebsite::new(BUCKET).class(),
            Self::PutObject => put("e").class(),
            Self::PutForbidOverwrite => put("e").forbid_overwrite().class(),
            Self::DeleteObject => DeleteObject::new(BUCKET, "r").class(),
            Self::DeleteMultipleObjects => delete_two().class(),
            Self::PutBucketWebsite => PutBucketWebsite::new(BUCKET, website("new.html")).class(),
            Self::PutBucket => PutBucket::new("new").class(),
            Self::DeleteBucket => DeleteBucket::new("old").class(),
        }
    }

    /// A checksum covers objects. A body that should be empty is not looked at.
    fn notices(self, damage: Damage) -> Option<bool> {
        let has_document = !matches!(
            self,
            Self::HeadObject
                | Self::PutObject
                | Self::PutForbidOverwrite
                | Self::DeleteObject
                | Self::PutBucketWebsite
                | Self::PutBucket
                | Self::DeleteBucket
        );
        let is_summed = matches!(self, Self::GetObject | Self::PutObject | Self::PutForbidOverwrite);
        match damage {
            Damage::Signature => None,
            Damage::Checksum => is_summed.then_some(true),
            Damage::Body => Some(has_document),
            Damage::Short | Damage::Broken | Damage::Stalled => Some(true),
        }
    }

    async fn prepare(self, client: &Client) -> Result<()> {
        client.send(&PutBucket::new(BUCKET)).await?;
        for key in ["b", "r", "s"] {
            client.send(&put(key)).await?;
        }
        client.send(&PutBucketWebsite::new(BUCKET, website("old.html"))).await?;
        if self == Self::DeleteBucket {
            client.send(&PutBucket::new("old")).await?;
        }
        Ok(())
    }

    async fn call(self, client: &Client) -> Result<()> {
        match self {
            Self::GetObject => assert_eq!(client.send(&get("r")).await?.body, CONTENT, "what was read"),
            Self::HeadObject => {
                let found = client.send(&HeadObject::new(BUCKET, "r")).await?;
                assert_eq!(found.content_length, Some(CONTENT.len() as u64), "what was read");
            }
            Self::ListObjectsV2 => {
                let pages: Vec<_> = client.pages(ListObjectsV2::new(BUCKET)).try_collect().await?;
                let keys: Vec<_> = pages.iter().flat_map(|page| &page.contents).map(|found| &found.key).collect();
                assert_eq!(keys, ["b", "r", "s"], "what was listed");
            }
            Self::GetBucketInfo => {
                assert_eq!(client.send(&GetBucketInfo::new(BUCKET)).await?.name, BUCKET, "what was read");
            }
            Self::GetBucketWebsite => {
                let found = client.send(&GetBucketWebsite::new(BUCKET)).await?;
                assert_eq!(found, website("old.html"), "what was read");
            }
            Self::PutObject => drop(client.send(&put("e")).await?),
            Self::PutForbidOverwrite => drop(client.send(&put("e").forbid_overwrite()).await?),
            Self::DeleteObject => drop(client.send(&DeleteObject::new(BUCKET, "r")).await?),
            Self::DeleteMultipleObjects => {
                assert_eq!(client.send(&delete_two()).await?.len(), 2, "what was deleted");
            }
            Self::PutBucketWebsite => client.send(&PutBucketWebsite::new(BUCKET, website("new.html"))).await?,
            Self::PutBucket => client.send(&PutBucket::new("new")).await?,
            Self::DeleteBucket => client.send(&DeleteBucket::new("old")).await?,
        }
        Ok(())
    }

    /// What is done twice leaves the same as what is done once, so an effect is found or not.
    async fn effects(self, client: &Client) -> Result<Option<usize>> {
        assert!(is_there(client, "b").await?, "an object that has no part in it");
        let found = match self {
            Self::GetObject | Self::HeadObject | Self::ListObjectsV2 | Self::GetBucketInfo | Self::GetBucketWebsite => {
                return Ok(None);
            }
            Self::PutObject | Self::PutForbidOverwrite => is_there(client, "e").await?,
            Self::DeleteObject => !is_there(client, "r").await?,
            Self::DeleteMultipleObjects => {
                let left = (is_there(client, "r").await?, is_there(client, "s").await?);
                assert_eq!(left.0, left.1, "one of the two was deleted");
                !left.0
            }
            Self::PutBucketWebsite => client.send(&GetBucketWebsite::new(BUCKET)).await? == website("new.html"),
            Self::PutBucket => has_bucket(client, "new").await?,
            Self::DeleteBucket => !has_bucket(client, "old").await?,
        };
        Ok(Some(usize::from(found)))
    }
}
