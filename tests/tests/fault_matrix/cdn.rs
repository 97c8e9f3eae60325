//! The CDN's calls: how each is prepared, made, and how often its effect is found afterwards.

use std::sync::Arc;

use axum::Router;
use bytes::Bytes;
use campaign_cdn::{
    Cdn, Client, Code, DescribeRefreshQuota, DescribeRefreshTasks, RefreshObjectCaches, TaskStatus, server::Refusal,
};
use campaign_client::{Body, Class, Clock, Credentials, Endpoint, Operation, Result, Transport, transport::InProcess};
use campaign_local::{
    cdn::{CdnOptions, Domain, Domains},
    fault::{Faults, Hop},
    openapi::{OpenApi, RefreshOptions},
};
use chrono::{DateTime, Utc};

use super::subject::{Subject, Word};

const BEFORE: &str = "https://www.example.com/before.html";
const PAGE: &str = "https://www.example.com/index.html";

/// A call of the CDN, by the matrix's name of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CdnCall {
    DescribeRefreshTasks,
    DescribeRefreshQuota,
    RefreshObjectCaches,
}

impl CdnCall {
    /// The call of this name; `None` if it does not exist yet.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "cdn:DescribeRefreshTasks" => Self::DescribeRefreshTasks,
            "cdn:DescribeRefreshQuota" => Self::DescribeRefreshQuota,
            "cdn:RefreshObjectCaches" => Self::RefreshObjectCaches,
            _ => return None,
        })
    }
}

impl Subject for CdnCall {
    type Service = Cdn;
    const HOP: Hop = Hop::Openapi;
    const SIGNS_ANSWERS: bool = false;

    fn service(endpoint: Endpoint) -> Result<Cdn> {
        Ok(Cdn::at(endpoint))
    }

    fn emulator(keys: Vec<Credentials>, faults: Faults, clock: Clock) -> Result<Arc<dyn Transport>> {
        let domains = Domains::new();
        domains.set("any", Domain::new("*", "site")).expect("a domain");
        let options = CdnOptions::default();
        let cdn = campaign_local::cdn::Cdn::new(
            domains,
            Router::new(),
            "cn-hangzhou",
            faults.clone(),
            clock.clone(),
            options,
        );
        let openapi = OpenApi::new(cdn, keys, faults, clock, RefreshOptions::default())?;
        Ok(Arc::new(InProcess::new(openapi.router())))
    }

    fn operation_of(request: &http::Request<Body>) -> String {
        let action = request.headers().get("x-acs-action");
        action.and_then(|action| action.to_str().ok()).unwrap_or_default().to_owned()
    }

    fn says(word: Word) -> Option<http::Response<Bytes>> {
        let (code, message) = match word {
            Word::Busy => (Code::Throttling, "Request was denied due to request throttling."),
            Word::Flow => (Code::QuotaPerMinuteExceededRefresh, "You tried to refresh too frequently."),
            Word::Internal => (Code::InternalError, "The request processing has failed due to some unknown error."),
            Word::BadParameter => (Code::InvalidParameter, "The specified parameter is not valid."),
            Word::BadSignature => {
                (Code::SignatureDoesNotMatch, "Specified signature is not matched with our calculation.")
            }
            Word::Missing => (Code::InvalidDomainNotFound, "The domain provided does not belong to you."),
            Word::Skewed => (Code::InvalidTimeStampExpired, "Specified time stamp or date value is expired."),
            Word::Expired => (Code::InvalidSecurityTokenExpired, "Specified SecurityToken is expired."),
            // No code of the service says so: whatever stands before it does.
            Word::Timeout => {
                let timeout = http::Response::builder().status(http::StatusCode::REQUEST_TIMEOUT).body(Bytes::new());
                return Some(timeout.expect("a status"));
            }
            Word::Moving => return None,
        };
        Some(Refusal::new(code, message).response("injected", "cdn.aliyuncs.com"))
    }

    fn sent_at(response: &mut http::Response<Bytes>, _: &str, date: DateTime<Utc>) {
        let date = date.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        response.headers_mut().insert(http::header::DATE, date.parse().expect("a date is a header value"));
    }

    async fn look(client: &Client) -> Result<()> {
        client.send(&DescribeRefreshQuota).await.map(drop)
    }

    fn operation(self) -> &'static str {
        match self {
            Self::DescribeRefreshTasks => DescribeRefreshTasks::NAME,
            Self::DescribeRefreshQuota => DescribeRefreshQuota::NAME,
            Self::RefreshObjectCaches => RefreshObjectCaches::NAME,
        }
    }

    fn class(self) -> Class {
        match self {
            Self::DescribeRefreshTasks => DescribeRefreshTasks::all().class(),
            Self::DescribeRefreshQuota => DescribeRefreshQuota.class(),
            Self::RefreshObjectCaches => RefreshObjectCaches::files([PAGE]).class(),
        }
    }

    async fn prepare(self, client: &Client) -> Result<()> {
        client.send(&RefreshObjectCaches::files([BEFORE])).await.map(drop)
    }

    async fn call(self, client: &Client) -> Result<()> {
        match self {
            Self::DescribeRefreshTasks => {
                let found = client.send(&DescribeRefreshTasks::all()).await?;
                let [task] = found.tasks.as_slice() else { panic!("what was found: {found:?}") };
                assert_eq!(
                    (task.object_path.as_str(), &task.status),
                    (BEFORE, &TaskStatus::Complete),
                    "what was found"
                );
            }
            Self::DescribeRefreshQuota => {
                let quota = client.send(&DescribeRefreshQuota).await?;
                assert_eq!((quota.url.remain, quota.dir.remain), (1999, 100), "what was left");
            }
            Self::RefreshObjectCaches => {
                let submitted = client.send(&RefreshObjectCaches::files([PAGE])).await?;
                assert_eq!(submitted.refresh_task_id.len(), 1, "what was submitted");
            }
        }
        Ok(())
    }

    /// A page that was refreshed twice is as fresh as one that was refreshed once.
    async fn effects(self, client: &Client) -> Result<Option<usize>> {
        let refreshed = client.send(&DescribeRefreshTasks::all().object_path(PAGE)).await?.total_count > 0;
        Ok((self == Self::RefreshObjectCaches).then_some(usize::from(refreshed)))
    }
}
