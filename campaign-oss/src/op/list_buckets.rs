//! ListBuckets: the buckets of the account.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Paginate, Result};
use chrono::{DateTime, Utc};
use http::{Method, response};

use crate::{
    Oss, Owner, StorageClass,
    encode::Query,
    wire,
    xml::{Reader, XmlFault, required, unreadable},
};
#[cfg(feature = "server")]
use crate::{server, xml::Writer};

/// The most buckets of one page (service document "ListBuckets").
const MAX_KEYS: u32 = 1000;

/// Lists the buckets of the account, in the order of their names (service document "ListBuckets").
///
/// ```
/// use campaign_oss::{Client, ListBuckets};
/// use futures_util::TryStreamExt;
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let pages: Vec<_> = client.pages(ListBuckets::new().prefix("campaign-")).try_collect().await?;
/// for bucket in pages.iter().flat_map(|page| &page.buckets) {
///     println!("{} in {}", bucket.name, bucket.location);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListBuckets {
    /// What their names begin with.
    pub prefix: Option<String>,
    /// The name after which the page begins.
    pub marker: Option<String>,
    /// How many a page holds, 1 to 1,000; 100 if not given.
    pub max_keys: Option<u32>,
}

/// A page of buckets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BucketPage {
    /// Who owns them.
    pub owner: Option<Owner>,
    /// The buckets.
    pub buckets: Vec<BucketSummary>,
    /// The marker of the next page; `None` on the last.
    pub next_marker: Option<String>,
}

/// A bucket in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketSummary {
    /// Its name.
    pub name: String,
    /// Where it is, for example `oss-cn-hangzhou`.
    pub location: String,
    /// The same without `oss-`.
    pub region: Option<String>,
    /// When it was made.
    pub creation_date: DateTime<Utc>,
    /// Its endpoint on the internet, a host.
    pub extranet_endpoint: String,
    /// Its endpoint within the region, a host.
    pub intranet_endpoint: String,
    /// How its objects are stored unless they say otherwise.
    pub storage_class: Option<StorageClass>,
}

impl ListBuckets {
    /// Lists all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lists those whose names begin so.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Begins after this name.
    #[must_use]
    pub fn marker(mut self, marker: impl Into<String>) -> Self {
        self.marker = Some(marker.into());
        self
    }

    /// Sets how many a page holds, 1 to 1,000.
    #[must_use]
    pub fn max_keys(mut self, count: u32) -> Self {
        self.max_keys = Some(count);
        self
    }

    fn read(&self, body: &[u8]) -> Result<BucketPage, XmlFault> {
        let mut page = BucketPage::default();
        let mut truncated = false;
        let most = usize::try_from(self.max_keys.unwrap_or(MAX_KEYS)).unwrap_or(usize::MAX);
        let mut xml = Reader::open(body, "ListAllMyBucketsResult")?;
        while let Some(name) = xml.child()? {
            match name {
                "Owner" => page.owner = Some(Owner::read(&mut xml)?),
                // Without paging parameters the service does not say; then it is all of them.
                "IsTruncated" => truncated = xml.value("IsTruncated")?,
                "NextMarker" => page.next_marker = xml.filled("NextMarker")?,
                "Buckets" => {
                    while let Some(name) = xml.child()? {
                        match name {
                            "Bucket" if page.buckets.len() == most => return Err(XmlFault::TooMany("Bucket")),
                            "Bucket" => page.buckets.push(BucketSummary::read(&mut xml)?),
                            _ => xml.skip()?,
                        }
                    }
                }
                _ => xml.skip()?,
            }
        }
        xml.close()?;
        match (truncated, &page.next_marker) {
            (true, None) => Err(XmlFault::Missing("NextMarker")),
            (false, Some(_)) => Ok(BucketPage { next_marker: None, ..page }),
            _ => Ok(page),
        }
    }
}

impl BucketSummary {
    fn read(xml: &mut Reader<'_>) -> Result<Self, XmlFault> {
        let (mut name, mut location, mut region, mut made) = (None, None, None, None);
        let (mut extranet, mut intranet, mut class) = (None, None, None);
        while let Some(element) = xml.child()? {
            match element {
                "Name" => name = Some(xml.text("Name")?),
                "Location" => location = Some(xml.text("Location")?),
                "Region" => region = xml.filled("Region")?,
                "CreationDate" => made = Some(xml.time("CreationDate")?),
                "ExtranetEndpoint" => extranet = Some(xml.text("ExtranetEndpoint")?),
                "IntranetEndpoint" => intranet = Some(xml.text("IntranetEndpoint")?),
                "StorageClass" => class = xml.filled("StorageClass")?.map(|word| StorageClass::from(word.as_str())),
                _ => xml.skip()?,
            }
        }
        Ok(Self {
            name: required(name, "Name")?,
            location: required(location, "Location")?,
            region,
            creation_date: required(made, "CreationDate")?,
            extranet_endpoint: required(extranet, "ExtranetEndpoint")?,
            intranet_endpoint: required(intranet, "IntranetEndpoint")?,
            storage_class: class,
        })
    }

    #[cfg(feature = "server")]
    fn write(&self, xml: &mut Writer) {
        xml.open("Bucket");
        xml.time("CreationDate", self.creation_date);
        xml.text("ExtranetEndpoint", &self.extranet_endpoint);
        xml.text("IntranetEndpoint", &self.intranet_endpoint);
        xml.text("Location", &self.location);
        xml.text("Name", &self.name);
        xml.maybe("Region", self.region.as_deref());
        xml.maybe("StorageClass", self.storage_class.as_ref().map(StorageClass::as_str));
        xml.close("Bucket");
    }
}

impl Operation for ListBuckets {
    type Service = Oss;
    type Output = BucketPage;
    const NAME: &'static str = "ListBuckets";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &Oss) -> Result<http::Request<Body>> {
        if self.max_keys.is_some_and(|count| !(1..=MAX_KEYS).contains(&count)) {
            return Err(Error::invalid("a page of buckets holds 1 to 1,000"));
        }
        let query = Query::default()
            .maybe("prefix", self.prefix.as_deref())
            .maybe("marker", self.marker.as_deref())
            .maybe("max-keys", self.max_keys.map(|count| count.to_string()).as_deref());
        Ok(wire::request(Method::GET, service.service_uri(&query)?, Body::empty()))
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<BucketPage> {
        self.read(&body).map_err(unreadable)
    }
}

impl Paginate for ListBuckets {
    fn next(&self, output: &BucketPage) -> Result<Option<Self>> {
        let marker = output.next_marker.clone().filter(|marker| !marker.is_empty());
        Ok(marker.map(|marker| Self { marker: Some(marker), ..self.clone() }))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for ListBuckets {
    fn read_request(service: &Oss, request: &http::request::Parts, _: Bytes) -> Result<Self> {
        server::service_only(service, request)?;
        Ok(Self {
            prefix: server::parameter(request, "prefix")?,
            marker: server::parameter(request, "marker")?,
            max_keys: server::max_keys(request)?,
        })
    }

    fn write_response(&self, output: &BucketPage) -> Result<http::Response<Bytes>> {
        let mut xml = Writer::declared("ListAllMyBucketsResult");
        xml.text("Prefix", self.prefix.as_deref().unwrap_or_default());
        xml.text("Marker", self.marker.as_deref().unwrap_or_default());
        xml.value("MaxKeys", self.max_keys.unwrap_or(server::DEFAULT_MAX_KEYS));
        xml.value("IsTruncated", output.next_marker.is_some());
        xml.text("NextMarker", output.next_marker.as_deref().unwrap_or_default());
        if let Some(owner) = &output.owner {
            owner.write(&mut xml);
        }
        xml.open("Buckets");
        for bucket in &output.buckets {
            bucket.write(&mut xml);
        }
        xml.close("Buckets");
        Ok(wire::respond_xml(xml.finish()))
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::testing::{law_of_the_service, service};

    fn page(next: Option<&str>) -> BucketPage {
        let bucket = BucketSummary {
            name: "campaign-site".to_owned(),
            location: "oss-cn-hangzhou".to_owned(),
            region: Some("cn-hangzhou".to_owned()),
            creation_date: "2024-02-17T18:12:43Z".parse().unwrap(),
            extranet_endpoint: "oss-cn-hangzhou.aliyuncs.com".to_owned(),
            intranet_endpoint: "oss-cn-hangzhou-internal.aliyuncs.com".to_owned(),
            storage_class: Some(StorageClass::Standard),
        };
        let bare = BucketSummary { region: None, storage_class: None, ..bucket.clone() };
        let owner = Some(Owner { id: "1".to_owned(), display_name: "1".to_owned() });
        BucketPage { owner, buckets: vec![bucket, bare], next_marker: next.map(str::to_owned) }
    }

    #[test]
    fn the_law_holds() {
        law_of_the_service(&ListBuckets::new(), &BucketPage::default());
        law_of_the_service(&ListBuckets::new().prefix("a b").marker("c").max_keys(2), &page(Some("campaign-site")));
    }

    #[test]
    fn pages_follow_the_marker_until_there_is_none() {
        let list = ListBuckets::new().prefix("c");
        assert_eq!(list.next(&page(Some("x"))).unwrap(), Some(list.clone().marker("x")));
        assert_eq!((list.next(&page(None)).unwrap(), list.next(&page(Some(""))).unwrap()), (None, None));
    }

    #[test]
    fn a_page_of_none_or_of_too_many_is_not_asked_for() {
        for count in [0, 1001] {
            assert!(ListBuckets::new().max_keys(count).request(&service()).is_err());
        }
    }

    #[test]
    fn a_page_that_goes_on_without_saying_where_is_refused() {
        let body = b"<ListAllMyBucketsResult><IsTruncated>true</IsTruncated><NextMarker/></ListAllMyBucketsResult>";
        assert!(matches!(ListBuckets::new().read(body), Err(XmlFault::Missing("NextMarker"))));
    }
}
