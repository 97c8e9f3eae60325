//! What only older clients call: ListObjects, GetBucketLocation.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use campaign_oss::server::Refusal;
use http::{HeaderValue, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use quick_xml::escape::escape;

use super::bucket::Bucket;
use super::buckets::{location, owner};
use super::list_objects::{listed, page, page_size};
use super::listing::Wanted;
use super::operations::{Asked, Cloud, Moments, Running};
use super::stop::invalid;

/// What stays as it is in an encoded name (service document "ListObjects").
const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// GetBucketLocation.
pub(super) fn get_location(cloud: Arc<Cloud>, asked: Asked, _: Body) -> Running {
    Box::pin(async move {
        asked.caller.owns()?;
        let at = Moments::begin(cloud, asked, "GetBucketLocation").await?;
        let bucket = at.asked.bucket().to_owned();
        at.read(move |read| Bucket::existing(read, &bucket)).await?;
        at.end()?;
        let mut xml = Document::new("LocationConstraint");
        xml.0.push_str(&escape(location(&at.cloud)));
        Ok(xml.answer("LocationConstraint"))
    })
}

/// ListObjects.
pub(super) fn list_objects(cloud: Arc<Cloud>, asked: Asked, _: Body) -> Running {
    Box::pin(async move {
        let encoded = asked.encoded()?;
        let text = |name| asked.parameter(name).unwrap_or_default();
        let wanted = Wanted {
            prefix: text("prefix"),
            delimiter: text("delimiter"),
            after: text("marker"),
            most: page_size(max_keys(&asked)?)?,
        };
        let at = Moments::begin(cloud, asked, "ListObjects").await?;
        let page = page(&at, at.asked.bucket(), wanted.clone()).await?;
        at.end()?;

        let name = |text: &str| if encoded { utf8_percent_encode(text, NAME).to_string() } else { text.to_owned() };
        let mut xml = Document::new("ListBucketResult");
        xml.text("Name", at.asked.bucket());
        xml.text("Prefix", &name(&wanted.prefix));
        xml.text("Marker", &name(&wanted.after));
        xml.text("MaxKeys", &wanted.most.to_string());
        xml.text("Delimiter", &name(&wanted.delimiter));
        if encoded {
            xml.text("EncodingType", "url");
        }
        xml.text("IsTruncated", if page.next.is_some() { "true" } else { "false" });
        if let Some(next) = &page.next {
            xml.text("NextMarker", &name(next));
        }
        let owner = owner();
        for (key, object) in &page.keys {
            let object = listed(key, object);
            xml.open("Contents");
            xml.text("Key", &name(&object.key));
            xml.text("LastModified", &object.last_modified.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
            xml.text("ETag", &object.etag.to_string());
            xml.text("Type", object.object_type.as_deref().unwrap_or_default());
            xml.text("Size", &object.size.to_string());
            xml.text("StorageClass", object.storage_class.as_ref().map_or("", |class| class.as_str()));
            xml.open("Owner");
            xml.text("ID", &owner.id);
            xml.text("DisplayName", &owner.display_name);
            xml.close("Owner");
            xml.close("Contents");
        }
        for prefix in &page.prefixes {
            xml.open("CommonPrefixes");
            xml.text("Prefix", &name(prefix));
            xml.close("CommonPrefixes");
        }
        Ok(xml.answer("ListBucketResult"))
    })
}

fn max_keys(asked: &Asked) -> Result<Option<u32>, Refusal> {
    let Some(text) = asked.parameter("max-keys") else { return Ok(None) };
    text.parse().map(Some).map_err(|_| invalid("Argument max-keys must be an integer."))
}

/// A document as it is written.
struct Document(String);

impl Document {
    fn new(root: &str) -> Self {
        let mut document = Self("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned());
        document.open(root);
        document
    }

    fn open(&mut self, name: &str) {
        self.0.extend(["<", name, ">"]);
    }

    fn close(&mut self, name: &str) {
        self.0.extend(["</", name, ">"]);
    }

    fn text(&mut self, name: &str, text: &str) {
        self.open(name);
        self.0.push_str(&escape(text));
        self.close(name);
    }

    fn answer(mut self, root: &str) -> Response {
        self.close(root);
        let mut response = Response::new(Body::from(self.0));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        response
    }
}
