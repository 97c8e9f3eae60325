//! GetBucketInfo: what is known of a bucket.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
use chrono::{DateTime, Utc};
use http::{Method, response};

use super::get_bucket_acl::read_grant;
#[cfg(feature = "server")]
use super::get_bucket_acl::write_grant;
use crate::{
    BucketAcl, Oss, Owner, StorageClass,
    encode::Query,
    wire,
    xml::{Reader, XmlFault, required, unreadable},
};
#[cfg(feature = "server")]
use crate::{server, xml::Writer};

/// Reads what is known of a bucket (service document "GetBucketInfo").
///
/// ```
/// use campaign_oss::{Client, Code, GetBucketInfo};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// match client.send(&GetBucketInfo::new("campaign-site")).await {
///     Ok(info) => println!("{} in {}", info.name, info.location),
///     Err(error) if Code::of(&error) == Some(Code::NoSuchBucket) => println!("not made yet"),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetBucketInfo {
    /// The bucket.
    pub bucket: String,
}

/// What is known of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BucketInfo {
    /// Its name.
    pub name: String,
    /// Where it is: the region's id after `oss-`, for example `oss-cn-hangzhou`.
    pub location: String,
    /// When it was made.
    pub creation_date: DateTime<Utc>,
    /// Its endpoint on the internet, a host.
    pub extranet_endpoint: String,
    /// Its endpoint within the region, a host.
    pub intranet_endpoint: String,
    /// Who may read and write it.
    pub acl: BucketAcl,
    /// Who owns it.
    pub owner: Owner,
    /// How its objects are stored unless they say otherwise.
    pub storage_class: Option<StorageClass>,
    /// `LRS` (one zone) or `ZRS` (several zones).
    pub data_redundancy_type: Option<String>,
    /// `Enabled` or `Suspended`; `None` if it never kept versions.
    pub versioning: Option<String>,
    /// True if public access is blocked, whatever the ACL says.
    pub block_public_access: Option<bool>,
}

impl BucketInfo {
    /// A private bucket of this name, place, owner and time; `location` as in `oss-cn-hangzhou`.
    pub fn new(name: impl Into<String>, location: &str, owner: Owner, creation_date: DateTime<Utc>) -> Self {
        Self {
            name: name.into(),
            location: location.to_owned(),
            creation_date,
            extranet_endpoint: format!("{location}.aliyuncs.com"),
            intranet_endpoint: format!("{location}-internal.aliyuncs.com"),
            acl: BucketAcl::Private,
            owner,
            storage_class: None,
            data_redundancy_type: None,
            versioning: None,
            block_public_access: None,
        }
    }

    fn read(xml: &mut Reader<'_>) -> Result<Self, XmlFault> {
        let (mut name, mut location, mut made, mut extranet, mut intranet) = (None, None, None, None, None);
        let (mut acl, mut owner, mut class, mut redundancy, mut versioning, mut block) =
            (None, None, None, None, None, None);
        while let Some(element) = xml.child()? {
            match element {
                "Name" => name = Some(xml.text("Name")?),
                "Location" => location = Some(xml.text("Location")?),
                "CreationDate" => made = Some(xml.time("CreationDate")?),
                "ExtranetEndpoint" => extranet = Some(xml.text("ExtranetEndpoint")?),
                "IntranetEndpoint" => intranet = Some(xml.text("IntranetEndpoint")?),
                "AccessControlList" => acl = read_grant(xml)?,
                "Owner" => owner = Some(Owner::read(xml)?),
                "StorageClass" => class = xml.filled("StorageClass")?.map(|word| StorageClass::from(word.as_str())),
                "DataRedundancyType" => redundancy = xml.filled("DataRedundancyType")?,
                "Versioning" => versioning = xml.filled("Versioning")?,
                "BlockPublicAccess" => block = Some(xml.value("BlockPublicAccess")?),
                _ => xml.skip()?,
            }
        }
        Ok(Self {
            name: required(name, "Name")?,
            location: required(location, "Location")?,
            creation_date: required(made, "CreationDate")?,
            extranet_endpoint: required(extranet, "ExtranetEndpoint")?,
            intranet_endpoint: required(intranet, "IntranetEndpoint")?,
            acl: required(acl, "Grant")?,
            owner: required(owner, "Owner")?,
            storage_class: class,
            data_redundancy_type: redundancy,
            versioning,
            block_public_access: block,
        })
    }

    #[cfg(feature = "server")]
    fn write(&self, xml: &mut Writer) {
        xml.open("Bucket");
        xml.time("CreationDate", self.creation_date);
        xml.text("ExtranetEndpoint", &self.extranet_endpoint);
        xml.text("IntranetEndpoint", &self.intranet_endpoint);
        xml.text("Location", &self.location);
        xml.maybe("StorageClass", self.storage_class.as_ref().map(StorageClass::as_str));
        xml.maybe("DataRedundancyType", self.data_redundancy_type.as_deref());
        xml.text("Name", &self.name);
        xml.maybe("Versioning", self.versioning.as_deref());
        if let Some(block) = self.block_public_access {
            xml.value("BlockPublicAccess", block);
        }
        self.owner.write(xml);
        write_grant(self.acl, xml);
        xml.close("Bucket");
    }
}

impl GetBucketInfo {
    /// Asks for `bucket`.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self { bucket: bucket.into() }
    }
}

fn read(body: &[u8]) -> Result<BucketInfo, XmlFault> {
    let mut info = None;
    let mut xml = Reader::open(body, "BucketInfo")?;
    while let Some(name) = xml.child()? {
        match name {
            "Bucket" => info = Some(BucketInfo::read(&mut xml)?),
            _ => xml.skip()?,
        }
    }
    xml.close()?;
    required(info, "Bucket")
}

impl Operation for GetBucketInfo {
    type Service = Oss;
    type Output = BucketInfo;
    const NAME: &'static str = "GetBucketInfo";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &Oss) -> Result<http::Request<Body>> {
        let uri = service.bucket_uri(&self.bucket, &Query::default().flag("bucketInfo"))?;
        Ok(wire::request(Method::GET, uri, Body::empty()))
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<BucketInfo> {
        read(&body).map_err(unreadable)
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for GetBucketInfo {
    fn read_request(service: &Oss, request: &http::request::Parts, _: Bytes) -> Result<Self> {
        Ok(Self { bucket: server::bucket(service, request)? })
    }

    fn write_response(&self, output: &BucketInfo) -> Result<http::Response<Bytes>> {
        let mut xml = Writer::declared("BucketInfo");
        output.write(&mut xml);
        Ok(wire::respond_xml(xml.finish()))
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::testing::law;

    #[test]
    fn the_law_holds() {
        let owner = Owner { id: "1".to_owned(), display_name: "1".to_owned() };
        let made = "2024-07-31T10:56:21.123Z".parse().unwrap();
        let plain = BucketInfo::new("campaign-site", "oss-cn-hangzhou", owner, made);
        let full = BucketInfo {
            acl: BucketAcl::PublicRead,
            storage_class: Some(StorageClass::Ia),
            data_redundancy_type: Some("ZRS".to_owned()),
            versioning: Some("Enabled".to_owned()),
            block_public_access: Some(false),
            ..plain.clone()
        };
        law(&GetBucketInfo::new("campaign-site"), &plain);
        law(&GetBucketInfo::new("campaign-site"), &full);
    }
}
