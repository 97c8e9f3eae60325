//! GetBucketAcl: who may read and write a bucket.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
use http::{Method, response};

use crate::{
    BucketAcl, Oss, Owner,
    encode::Query,
    wire,
    xml::{Reader, XmlFault, required, unreadable},
};
#[cfg(feature = "server")]
use crate::{server, xml::Writer};

/// Asks who may read and write a bucket (service document "GetBucketAcl").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetBucketAcl {
    /// The bucket.
    pub bucket: String,
}

/// Who owns a bucket, and who may read and write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketAccess {
    /// Who owns it.
    pub owner: Owner,
    /// Who may.
    pub acl: BucketAcl,
}

impl GetBucketAcl {
    /// Asks for the ACL of `bucket`.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self { bucket: bucket.into() }
    }
}

/// Reads `AccessControlList`.
pub(crate) fn read_grant(xml: &mut Reader<'_>) -> Result<Option<BucketAcl>, XmlFault> {
    let mut acl = None;
    while let Some(name) = xml.child()? {
        match name {
            "Grant" => acl = Some(BucketAcl::from_text(&xml.text("Grant")?).ok_or(XmlFault::Value("Grant"))?),
            _ => xml.skip()?,
        }
    }
    Ok(acl)
}

/// Writes `AccessControlList`.
#[cfg(feature = "server")]
pub(crate) fn write_grant(acl: BucketAcl, xml: &mut Writer) {
    xml.open("AccessControlList");
    xml.text("Grant", acl.as_str());
    xml.close("AccessControlList");
}

fn read(body: &[u8]) -> Result<BucketAccess, XmlFault> {
    let (mut owner, mut acl) = (None, None);
    let mut xml = Reader::open(body, "AccessControlPolicy")?;
    while let Some(name) = xml.child()? {
        match name {
            "Owner" => owner = Some(Owner::read(&mut xml)?),
            "AccessControlList" => acl = read_grant(&mut xml)?,
            _ => xml.skip()?,
        }
    }
    xml.close()?;
    Ok(BucketAccess { owner: required(owner, "Owner")?, acl: required(acl, "Grant")? })
}

impl Operation for GetBucketAcl {
    type Service = Oss;
    type Output = BucketAccess;
    const NAME: &'static str = "GetBucketAcl";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &Oss) -> Result<http::Request<Body>> {
        let uri = service.bucket_uri(&self.bucket, &Query::default().flag("acl"))?;
        Ok(wire::request(Method::GET, uri, Body::empty()))
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<BucketAccess> {
        read(&body).map_err(unreadable)
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for GetBucketAcl {
    fn read_request(service: &Oss, request: &http::request::Parts, _: Bytes) -> Result<Self> {
        Ok(Self { bucket: server::bucket(service, request)? })
    }

    fn write_response(&self, output: &BucketAccess) -> Result<http::Response<Bytes>> {
        let mut xml = Writer::declared("AccessControlPolicy");
        output.owner.write(&mut xml);
        write_grant(output.acl, &mut xml);
        Ok(wire::respond_xml(xml.finish()))
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::testing::law;

    #[test]
    fn the_law_holds() {
        let owner = Owner { id: "1".to_owned(), display_name: "a & b".to_owned() };
        law(&GetBucketAcl::new("campaign-site"), &BucketAccess { owner, acl: BucketAcl::PublicRead });
    }
}
