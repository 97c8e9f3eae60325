//! DescribeRefreshQuota: how much may be refreshed today, and how much of it is left.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
use http::response;
use serde::Deserialize;

use crate::{
    Cdn,
    wire::{self, number},
};

/// Asks how much may be refreshed today, and how much of it is left (service document "DescribeRefreshQuota").
///
/// ```
/// use campaign_cdn::{Client, DescribeRefreshQuota};
///
/// # async fn example(client: &Client) -> campaign_cdn::client::Result<()> {
/// let quota = client.send(&DescribeRefreshQuota).await?;
/// println!("{} of {} addresses are left today", quota.url.remain, quota.url.quota);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DescribeRefreshQuota;

/// What one day allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing more to it")]
pub struct Allowance {
    /// In all.
    pub quota: u64,
    /// Left today.
    pub remain: u64,
}

/// The answer to [`DescribeRefreshQuota`]. What older versions of the service do not send is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefreshQuota {
    /// Files.
    pub url: Allowance,
    /// Directories.
    pub dir: Allowance,
    /// Regular expressions.
    pub regex: Option<Allowance>,
    /// Addresses refreshed without regard to their parameters.
    pub ignore_params: Option<Allowance>,
    /// Files loaded ahead.
    pub preload: Option<Allowance>,
    /// Addresses blocked.
    pub block: Option<Allowance>,
    /// The id of the request, for the service's support.
    pub request_id: String,
}

impl RefreshQuota {
    /// What is left of files and directories, and nothing said of the rest.
    pub fn new(url: Allowance, dir: Allowance, request_id: impl Into<String>) -> Self {
        Self { url, dir, regex: None, ignore_params: None, preload: None, block: None, request_id: request_id.into() }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(deserialize_with = "number::deserialize")]
    url_quota: u64,
    #[serde(deserialize_with = "number::deserialize")]
    url_remain: u64,
    #[serde(deserialize_with = "number::deserialize")]
    dir_quota: u64,
    #[serde(deserialize_with = "number::deserialize")]
    dir_remain: u64,
    #[serde(default, deserialize_with = "number::option::deserialize")]
    regex_quota: Option<u64>,
    #[serde(default, deserialize_with = "number::option::deserialize")]
    regex_remain: Option<u64>,
    #[serde(default, deserialize_with = "number::option::deserialize")]
    ignore_params_quota: Option<u64>,
    #[serde(default, deserialize_with = "number::option::deserialize")]
    ignore_params_remain: Option<u64>,
    #[serde(default, deserialize_with = "number::option::deserialize")]
    preload_quota: Option<u64>,
    #[serde(default, deserialize_with = "number::option::deserialize")]
    preload_remain: Option<u64>,
    #[serde(default, deserialize_with = "number::option::deserialize")]
    block_quota: Option<u64>,
    // A sample of the document spells it so.
    #[serde(default, alias = "blockRemain", deserialize_with = "number::option::deserialize")]
    block_remain: Option<u64>,
    request_id: String,
}

/// As the document's table has it: texts.
#[cfg(feature = "server")]
#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct Written<'a> {
    url_quota: String,
    url_remain: String,
    dir_quota: String,
    dir_remain: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    regex_quota: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regex_remain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ignore_params_quota: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ignore_params_remain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preload_quota: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preload_remain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block_quota: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block_remain: Option<String>,
    request_id: &'a str,
}

impl Operation for DescribeRefreshQuota {
    type Service = Cdn;
    type Output = RefreshQuota;
    const NAME: &'static str = "DescribeRefreshQuota";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &Cdn) -> Result<http::Request<Body>> {
        wire::in_query(service, Self::NAME, &Vec::new())
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<RefreshQuota> {
        let answer: Answer = wire::answered(&body)?;
        let both = |quota: Option<u64>, remain: Option<u64>| Some(Allowance { quota: quota?, remain: remain? });
        Ok(RefreshQuota {
            url: Allowance { quota: answer.url_quota, remain: answer.url_remain },
            dir: Allowance { quota: answer.dir_quota, remain: answer.dir_remain },
            regex: both(answer.regex_quota, answer.regex_remain),
            ignore_params: both(answer.ignore_params_quota, answer.ignore_params_remain),
            preload: both(answer.preload_quota, answer.preload_remain),
            block: both(answer.block_quota, answer.block_remain),
            request_id: answer.request_id,
        })
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for DescribeRefreshQuota {
    fn read_request(_: &Cdn, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::Given::read(request, &body).map(|_| Self)
    }

    fn write_response(&self, output: &RefreshQuota) -> Result<http::Response<Bytes>> {
        let quota = |of: Option<Allowance>| of.map(|of| of.quota.to_string());
        let remain = |of: Option<Allowance>| of.map(|of| of.remain.to_string());
        wire::respond(&Written {
            url_quota: output.url.quota.to_string(),
            url_remain: output.url.remain.to_string(),
            dir_quota: output.dir.quota.to_string(),
            dir_remain: output.dir.remain.to_string(),
            regex_quota: quota(output.regex),
            regex_remain: remain(output.regex),
            ignore_params_quota: quota(output.ignore_params),
            ignore_params_remain: remain(output.ignore_params),
            preload_quota: quota(output.preload),
            preload_remain: remain(output.preload),
            block_quota: quota(output.block),
            block_remain: remain(output.block),
            request_id: &output.request_id,
        })
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::testing::law;

    const fn of(quota: u64, remain: u64) -> Allowance {
        Allowance { quota, remain }
    }

    fn read(body: &str) -> Result<RefreshQuota> {
        let parts = http::Response::new(()).into_parts().0;
        DescribeRefreshQuota.response(&parts, Bytes::copy_from_slice(body.as_bytes()))
    }

    #[test]
    fn the_law_holds() {
        let few = RefreshQuota::new(of(2000, 0), of(100, 99), "R-1");
        law(&DescribeRefreshQuota, &few);
        let some = Some(of(20, 10));
        law(
            &DescribeRefreshQuota,
            &RefreshQuota { regex: some, ignore_params: some, preload: some, block: some, ..few },
        );
    }

    /// The sample of the service document "DescribeRefreshQuota".
    #[test]
    fn the_documents_sample_is_read_with_texts_and_with_numbers() {
        let texts = r#"{"DirQuota":"100","DirRemain":"99","RequestId":"42E0554B-80F4-4921-AED6-ACFB22CAAAD0","UrlQuota":"2000",
            "UrlRemain":"1996","PreloadQuota":"500","PreloadRemain":"400","BlockQuota":300,"blockRemain":100}"#;
        let quota = read(texts).unwrap();
        assert_eq!((quota.url, quota.dir), (of(2000, 1996), of(100, 99)));
        assert_eq!((quota.preload, quota.block, quota.regex), (Some(of(500, 400)), Some(of(300, 100)), None));
        assert_eq!(read(&texts.replace("\"1996\"", "1996")).unwrap(), quota);
    }

    #[test]
    fn a_negative_or_missing_number_is_unreadable() {
        let body = |remain: &str| {
            format!(r#"{{"DirQuota":"100","DirRemain":"99","RequestId":"R","UrlQuota":"2000","UrlRemain":{remain}}}"#)
        };
        assert!(read(&body("\"1\"")).is_ok());
        for remain in ["\"-1\"", "-1", "\"\"", "null", "1.5"] {
            let error = read(&body(remain)).unwrap_err();
            assert_eq!(error.kind(), campaign_client::ErrorKind::Unreadable, "{remain}");
        }
        assert!(read(r#"{"RequestId":"R"}"#).is_err());
    }
}
