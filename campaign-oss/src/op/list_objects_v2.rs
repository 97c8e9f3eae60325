//! ListObjectsV2: the objects of a bucket, page by page.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Paginate, Result};
use http::{Method, response};

use crate::{
    ListedObject, Oss,
    encode::{self, Query},
    wire,
    xml::{Reader, XmlFault, required, unreadable},
};
#[cfg(feature = "server")]
use crate::{server, xml::Writer};

/// The most entries of one page (service document "ListObjectsV2").
const MAX_KEYS: u32 = 1000;

/// Lists the objects of a bucket in the byte order of their keys (service document "ListObjectsV2").
///
/// Names travel percent-encoded, so that any key comes back as it is. A page that holds more than was asked for, goes on
/// without saying where, or holds a key that does not begin with the prefix is refused.
///
/// ```
/// use campaign_oss::{Client, ListObjectsV2};
/// use futures_util::{StreamExt, TryStreamExt};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// // All objects below a prefix.
/// let mut pages = client.pages(ListObjectsV2::new("campaign-site").prefix("assets/").max_keys(1000));
/// while let Some(page) = pages.next().await {
///     for object in page?.contents {
///         println!("{} {}", object.key, object.size);
///     }
/// }
/// // One folder: its objects and the folders in it.
/// let page = client.send(&ListObjectsV2::new("campaign-site").delimiter("/")).await?;
/// println!("{} objects, {} folders", page.contents.len(), page.common_prefixes.len());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListObjectsV2 {
    /// The bucket.
    pub bucket: String,
    /// What their keys begin with.
    pub prefix: Option<String>,
    /// Keys that go on past this after the prefix are put together under [`ListPage::common_prefixes`].
    pub delimiter: Option<String>,
    /// The key after which the list begins.
    pub start_after: Option<String>,
    /// Where an earlier page ended.
    pub continuation_token: Option<String>,
    /// How many entries a page holds, 1 to 1,000; 100 if not given.
    pub max_keys: Option<u32>,
    /// True to be told each object's owner.
    pub fetch_owner: bool,
}

/// A page of objects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListPage {
    /// The objects.
    pub contents: Vec<ListedObject>,
    /// What keys beyond the delimiter begin with, the delimiter included.
    pub common_prefixes: Vec<String>,
    /// Where the next page begins; `None` on the last.
    pub next_continuation_token: Option<String>,
}

impl ListObjectsV2 {
    /// Lists all objects of `bucket`.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            prefix: None,
            delimiter: None,
            start_after: None,
            continuation_token: None,
            max_keys: None,
            fetch_owner: false,
        }
    }

    /// Lists those whose keys begin so.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Puts keys that go on past `delimiter` together.
    #[must_use]
    pub fn delimiter(mut self, delimiter: impl Into<String>) -> Self {
        self.delimiter = Some(delimiter.into());
        self
    }

    /// Begins after this key.
    #[must_use]
    pub fn start_after(mut self, key: impl Into<String>) -> Self {
        self.start_after = Some(key.into());
        self
    }

    /// Begins where an earlier page ended.
    #[must_use]
    pub fn continuation_token(mut self, token: impl Into<String>) -> Self {
        self.continuation_token = Some(token.into());
        self
    }

    /// Sets how many entries a page holds, 1 to 1,000.
    #[must_use]
    pub fn max_keys(mut self, count: u32) -> Self {
        self.max_keys = Some(count);
        self
    }

    /// Asks for each object's owner.
    #[must_use]
    pub fn fetch_owner(mut self) -> Self {
        self.fetch_owner = true;
        self
    }

    fn read(&self, body: &[u8]) -> Result<ListPage, XmlFault> {
        let mut page = ListPage::default();
        let (mut truncated, mut encoded) = (None, false);
        let most = usize::try_from(self.max_keys.unwrap_or(MAX_KEYS)).unwrap_or(usize::MAX);
        let mut xml = Reader::open(body, "ListBucketResult")?;
        while let Some(name) = xml.child()? {
            match name {
                "Contents" => page.contents.push(ListedObject::read(&mut xml)?),
                "CommonPrefixes" => {
                    while let Some(name) = xml.child()? {
                        match name {
                            "Prefix" => page.common_prefixes.push(xml.text("Prefix")?),
                            _ => xml.skip()?,
                        }
                    }
                }
                "EncodingType" => encoded = xml.text("EncodingType")? == "url",
                "IsTruncated" => truncated = Some(xml.value("IsTruncated")?),
                "NextContinuationToken" => {
                    page.next_continuation_token = xml.filled("NextContinuationToken")?;
                }
                _ => xml.skip()?,
            }
            if page.contents.len() + page.common_prefixes.len() > most {
                return Err(XmlFault::TooMany("Contents"));
            }
        }
        xml.close()?;
        if encoded {
            for object in &mut page.contents {
                decode(&mut object.key, "Key")?;
            }
            for prefix in &mut page.common_prefixes {
                decode(prefix, "Prefix")?;
            }
        }
        let prefix = self.prefix.as_deref().unwrap_or_default();
        let outside = |key: &String| !key.starts_with(prefix);
        if page.contents.iter().map(|object| &object.key).chain(&page.common_prefixes).any(outside) {
            return Err(XmlFault::Contradiction("a key does not begin with the prefix that was asked for"));
        }
        match (required(truncated, "IsTruncated")?, &page.next_continuation_token) {
            (true, None) => Err(XmlFault::Missing("NextContinuationToken")),
            (false, Some(_)) => Ok(ListPage { next_continuation_token: None, ..page }),
            _ => Ok(page),
        }
    }
}

fn decode(text: &mut String, name: &'static str) -> Result<(), XmlFault> {
    if text.contains('%') {
        *text = encode::decode(text).ok_or(XmlFault::Value(name))?.into_owned();
    }
    Ok(())
}

impl Operation for ListObjectsV2 {
    type Service = Oss;
    type Output = ListPage;
    const NAME: &'static str = "ListObjectsV2";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &Oss) -> Result<http::Request<Body>> {
        if self.max_keys.is_some_and(|count| !(1..=MAX_KEYS).contains(&count)) {
            return Err(Error::invalid("a page of objects holds 1 to 1,000"));
        }
        let query = Query::default()
            .pair("list-type", "2")
            .pair("encoding-type", "url")
            .maybe("prefix", self.prefix.as_deref())
            .maybe("delimiter", self.delimiter.as_deref())
            .maybe("start-after", self.start_after.as_deref())
            .maybe("continuation-token", self.continuation_token.as_deref())
            .maybe("max-keys", self.max_keys.map(|count| count.to_string()).as_deref())
            .maybe("fetch-owner", self.fetch_owner.then_some("true"));
        Ok(wire::request(Method::GET, service.bucket_uri(&self.bucket, &query)?, Body::empty()))
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<ListPage> {
        self.read(&body).map_err(unreadable)
    }
}

impl Paginate for ListObjectsV2 {
    fn next(&self, output: &ListPage) -> Result<Option<Self>> {
        let token = output.next_continuation_token.clone().filter(|token| !token.is_empty());
        Ok(token.map(|token| Self { continuation_token: Some(token), ..self.clone() }))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for ListObjectsV2 {
    fn read_request(service: &Oss, request: &http::request::Parts, _: Bytes) -> Result<Self> {
        Ok(Self {
            bucket: server::bucket(service, request)?,
            prefix: server::parameter(request, "prefix")?,
            delimiter: server::parameter(request, "delimiter")?,
            start_after: server::parameter(request, "start-after")?,
            continuation_token: server::parameter(request, "continuation-token")?,
            max_keys: server::max_keys(request)?,
            fetch_owner: server::parameter(request, "fetch-owner")?.as_deref() == Some("true"),
        })
    }

    /// Names are percent-encoded, as this operation asks. A client that did not ask must be answered with
    /// [`ListPage::document`].
    fn write_response(&self, output: &ListPage) -> Result<http::Response<Bytes>> {
        Ok(wire::respond_xml(output.document(self, true)))
    }
}

#[cfg(feature = "server")]
impl ListPage {
    /// The document that answers `list`; names are percent-encoded if the client asked for it by `encoding-type=url`.
    #[must_use]
    pub fn document(&self, list: &ListObjectsV2, encoded: bool) -> String {
        let name = |text: &str| {
            let mut encoded_text = String::new();
            if encoded {
                encode::push_component(&mut encoded_text, text);
            } else {
                encoded_text.push_str(text);
            }
            encoded_text
        };
        let echo = |text: &Option<String>| name(text.as_deref().unwrap_or_default());
        let mut xml = Writer::declared("ListBucketResult");
        xml.text("Name", &list.bucket);
        xml.text("Prefix", &echo(&list.prefix));
        xml.text("StartAfter", &echo(&list.start_after));
        xml.maybe("ContinuationToken", list.continuation_token.as_deref());
        xml.value("MaxKeys", list.max_keys.unwrap_or(server::DEFAULT_MAX_KEYS));
        xml.text("Delimiter", &echo(&list.delimiter));
        if encoded {
            xml.text("EncodingType", "url");
        }
        xml.value("IsTruncated", self.next_continuation_token.is_some());
        xml.maybe("NextContinuationToken", self.next_continuation_token.as_deref());
        for object in &self.contents {
            object.write(&name(&object.key), &mut xml);
        }
        for prefix in &self.common_prefixes {
            xml.open("CommonPrefixes");
            xml.text("Prefix", &name(prefix));
            xml.close("CommonPrefixes");
        }
        xml.value("KeyCount", self.contents.len() + self.common_prefixes.len());
        xml.finish()
    }
}

#[cfg(all(test, feature = "server"))]
mod tests;
