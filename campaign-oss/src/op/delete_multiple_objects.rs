//! DeleteMultipleObjects: removes many objects in one request.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result};
use http::{Method, response};

#[cfg(feature = "server")]
use crate::server;
use crate::{
    Oss,
    encode::{self, Query},
    resource::check_key,
    wire,
    xml::{Reader, Writer, XmlFault, required, unreadable},
};

/// The most objects of one request (service document "DeleteMultipleObjects").
pub const MAX_OBJECTS: usize = 1000;

/// Removes up to 1,000 objects (service document "DeleteMultipleObjects"). Objects that are not there count as removed.
///
/// What the answer does not name was not removed: [`remainder`](Self::remainder) is the call for the rest. A
/// [`quiet`](Self::quiet) answer names nothing; then the status alone says that all went.
///
/// ```
/// use campaign_oss::{Client, DeleteMultipleObjects};
///
/// # async fn example(client: &Client, stale: Vec<String>) -> campaign_client::Result<()> {
/// for keys in stale.chunks(1000) {
///     let call = DeleteMultipleObjects::new("campaign-site", keys.iter().cloned());
///     let deleted = client.send(&call).await?;
///     if let Some(rest) = call.remainder(&deleted) {
///         client.send(&rest).await?;
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteMultipleObjects {
    /// The bucket.
    pub bucket: String,
    /// The objects, 1 to 1,000.
    pub objects: Vec<ObjectIdentifier>,
    /// True to be told nothing of what was removed.
    pub quiet: bool,
}

/// An object, or one version of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectIdentifier {
    /// Its key.
    pub key: String,
    /// The version to remove for good, in a bucket that keeps versions.
    pub version_id: Option<String>,
}

impl From<String> for ObjectIdentifier {
    fn from(key: String) -> Self {
        Self { key, version_id: None }
    }
}

impl From<&str> for ObjectIdentifier {
    fn from(key: &str) -> Self {
        Self::from(key.to_owned())
    }
}

/// An object that was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedObject {
    /// Its key.
    pub key: String,
    /// The version that was asked for.
    pub version_id: Option<String>,
    /// True if a delete marker was made or removed.
    pub delete_marker: bool,
    /// The version of that marker.
    pub delete_marker_version_id: Option<String>,
}

impl DeletedObject {
    /// An object of a bucket that keeps no versions.
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), version_id: None, delete_marker: false, delete_marker_version_id: None }
    }
}

impl DeleteMultipleObjects {
    /// Removes these objects of `bucket`.
    pub fn new<I>(bucket: impl Into<String>, objects: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<ObjectIdentifier>,
    {
        Self { bucket: bucket.into(), objects: objects.into_iter().map(Into::into).collect(), quiet: false }
    }

    /// Asks for an answer without a list.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// The same call for what `deleted`, its answer, does not name; `None` if nothing is left or the call was quiet.
    #[must_use]
    pub fn remainder(&self, deleted: &[DeletedObject]) -> Option<Self> {
        let gone: std::collections::HashSet<(&str, Option<&str>)> =
            deleted.iter().map(|object| (object.key.as_str(), object.version_id.as_deref())).collect();
        let left = self.objects.iter().filter(|o| !gone.contains(&(o.key.as_str(), o.version_id.as_deref())));
        let objects: Vec<_> = left.cloned().collect();
        (!self.quiet && !objects.is_empty()).then(|| Self { objects, ..self.clone() })
    }

    fn read(&self, body: &[u8]) -> Result<Vec<DeletedObject>, XmlFault> {
        // A quiet answer has no body.
        if body.is_empty() && self.quiet {
            return Ok(Vec::new());
        }
        let (mut deleted, mut encoded) = (Vec::new(), false);
        let mut xml = Reader::open(body, "DeleteResult")?;
        while let Some(name) = xml.child()? {
            match name {
                "Deleted" if deleted.len() == self.objects.len() => return Err(XmlFault::TooMany("Deleted")),
                "Deleted" => deleted.push(DeletedObject::read(&mut xml)?),
                "EncodingType" => encoded = xml.text("EncodingType")? == "url",
                _ => xml.skip()?,
            }
        }
        xml.close()?;
        let asked: std::collections::HashSet<&str> = self.objects.iter().map(|object| object.key.as_str()).collect();
        for object in &mut deleted {
            if encoded {
                object.key = encode::decode(&object.key).ok_or(XmlFault::Value("Key"))?.into_owned();
            }
            if !asked.contains(object.key.as_str()) {
                return Err(XmlFault::Contradiction("an object is named that was not to be removed"));
            }
        }
        Ok(deleted)
    }
}

impl DeletedObject {
    fn read(xml: &mut Reader<'_>) -> Result<Self, XmlFault> {
        let (mut key, mut version, mut marker, mut marker_version) = (None, None, None, None);
        while let Some(name) = xml.child()? {
            match name {
                "Key" => key = Some(xml.text("Key")?),
                "VersionId" => version = xml.filled("VersionId")?,
                "DeleteMarker" => marker = Some(xml.value("DeleteMarker")?),
                "DeleteMarkerVersionId" => marker_version = xml.filled("DeleteMarkerVersionId")?,
                _ => xml.skip()?,
            }
        }
        Ok(Self {
            key: required(key, "Key")?,
            version_id: version,
            delete_marker: marker.unwrap_or(false),
            delete_marker_version_id: marker_version,
        })
    }
}

impl Operation for DeleteMultipleObjects {
    type Service = Oss;
    type Output = Vec<DeletedObject>;
    const NAME: &'static str = "DeleteMultipleObjects";

    fn class(&self) -> Class {
        Class::Idempotent
    }

    fn request(&self, service: &Oss) -> Result<http::Request<Body>> {
        if !(1..=MAX_OBJECTS).contains(&self.objects.len()) {
            return Err(Error::invalid("one request removes 1 to 1,000 objects"));
        }
        let mut xml = Writer::new("Delete");
        xml.value("Quiet", self.quiet);
        for object in &self.objects {
            check_key(&object.key)?;
            xml.open("Object");
            xml.text("Key", &object.key);
            xml.maybe("VersionId", object.version_id.as_deref());
            xml.close("Object");
        }
        let query = Query::default().flag("delete").pair("encoding-type", "url");
        Ok(wire::document(Method::POST, service.bucket_uri(&self.bucket, &query)?, xml.finish()))
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<Vec<DeletedObject>> {
        self.read(&body).map_err(unreadable)
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for DeleteMultipleObjects {
    fn read_request(service: &Oss, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        let mut read = Self { bucket: server::bucket(service, request)?, objects: Vec::new(), quiet: false };
        server::understood(|| {
            let mut xml = Reader::open(&body, "Delete")?;
            while let Some(name) = xml.child()? {
                match name {
                    "Quiet" => read.quiet = xml.value("Quiet")?,
                    "Object" if read.objects.len() == MAX_OBJECTS => return Err(XmlFault::TooMany("Object")),
                    "Object" => {
                        let (mut key, mut version_id) = (None, None);
                        while let Some(name) = xml.child()? {
                            match name {
                                "Key" => key = Some(xml.text("Key")?),
                                "VersionId" => version_id = xml.filled("VersionId")?,
                                _ => xml.skip()?,
                            }
                        }
                        read.objects.push(ObjectIdentifier { key: required(key, "Key")?, version_id });
                    }
                    _ => xml.skip()?,
                }
            }
            xml.close()?;
            if read.objects.is_empty() {
                return Err(XmlFault::Missing("Object"));
            }
            Ok(read)
        })
    }

    /// Keys are percent-encoded, as this operation asks. A client that did not ask must be answered with
    /// [`document`](DeleteMultipleObjects::document).
    fn write_response(&self, output: &Vec<DeletedObject>) -> Result<http::Response<Bytes>> {
        if self.quiet {
            return Ok(wire::respond(http::StatusCode::OK));
        }
        Ok(wire::respond_xml(Self::document(output, true)))
    }
}

#[cfg(feature = "server")]
impl DeleteMultipleObjects {
    /// The document that names what was removed; keys are percent-encoded if the client asked for it by
    /// `encoding-type=url`.
    #[must_use]
    pub fn document(deleted: &[DeletedObject], encoded: bool) -> String {
        let mut xml = Writer::declared("DeleteResult");
        if encoded {
            xml.text("EncodingType", "url");
        }
        for object in deleted {
            xml.open("Deleted");
            if encoded {
                let mut key = String::new();
                encode::push_component(&mut key, &object.key);
                xml.text("Key", &key);
            } else {
                xml.text("Key", &object.key);
            }
            xml.maybe("VersionId", object.version_id.as_deref());
            if object.delete_marker {
                xml.value("DeleteMarker", true);
            }
            xml.maybe("DeleteMarkerVersionId", object.delete_marker_version_id.as_deref());
            xml.close("Deleted");
        }
        xml.finish()
    }
}

#[cfg(all(test, feature = "server"))]
mod tests;
