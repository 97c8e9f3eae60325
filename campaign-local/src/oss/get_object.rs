//! GetObject, HeadObject, GetObjectMeta, and the pages of a website.

use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use campaign_client::{Operation, Serve};
use campaign_oss::op::get_object::{GetObject, Object as Answer};
use campaign_oss::op::head_object::HeadObject;
use campaign_oss::server::Refusal;
use campaign_oss::{Code, ContentRange, ObjectMeta};
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::access::{Caller, Deed};
use super::body::written;
use super::bucket::Bucket;
use super::conditions::{self, Met, Part};
use super::object::Object;
use super::operations::{Asked, Cloud, Moments, Running, parameters};
use super::stop::{Stop, internal, no_key};
use super::website::{Page, page};
use crate::store::View;

const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// Parameters that replace a header of the answer (service document "GetObject").
const OVERRIDES: [(&str, HeaderName); 6] = [
    ("response-content-type", header::CONTENT_TYPE),
    ("response-content-language", header::CONTENT_LANGUAGE),
    ("response-expires", header::EXPIRES),
    ("response-cache-control", header::CACHE_CONTROL),
    ("response-content-disposition", header::CONTENT_DISPOSITION),
    ("response-content-encoding", header::CONTENT_ENCODING),
];

/// GetObject.
pub(super) fn get(cloud: Arc<Cloud>, asked: Asked, _: Body) -> Running {
    Box::pin(async move {
        let overrides = overrides(&asked)?;
        let at = Moments::begin(cloud, asked, GetObject::NAME).await?;
        let mut response = give(&at, at.asked.key().to_owned(), StatusCode::OK).await?;
        if response.status().is_success() {
            for (name, value) in overrides {
                response.headers_mut().insert(name, value);
            }
        }
        at.end()?;
        Ok(response)
    })
}

/// HeadObject.
pub(super) fn head(cloud: Arc<Cloud>, asked: Asked, _: Body) -> Running {
    Box::pin(async move {
        let at = Moments::begin(cloud, asked, HeadObject::NAME).await?;
        let response = give(&at, at.asked.key().to_owned(), StatusCode::OK).await?;
        at.end()?;
        Ok(response)
    })
}

/// GetObjectMeta: HeadObject with fewer headers.
pub(super) fn meta(cloud: Arc<Cloud>, asked: Asked, _: Body) -> Running {
    Box::pin(async move {
        let at = Moments::begin(cloud, asked, "GetObjectMeta").await?;
        let (bucket, key, caller) = (at.asked.bucket().to_owned(), at.asked.key().to_owned(), at.asked.caller);
        let object = at.read(move |read| readable(read, caller, &bucket, &key)).await?;
        let mut meta = ObjectMeta::default();
        meta.content_length = Some(object.content.length);
        meta.etag = Some(object.etag());
        meta.last_modified = Some(object.modified());
        meta.crc64 = Some(object.crc64);
        at.end()?;
        let head = HeadObject::new(at.asked.bucket(), at.asked.key());
        Ok(head.write_response(&meta).map_err(|error| internal(&error))?.map(|_| Body::empty()))
    })
}

/// A page of the bucket's website; the request comes back if the bucket has none for it.
pub(super) async fn browse(cloud: &Arc<Cloud>, asked: Asked) -> Result<Result<Response, Asked>, Stop> {
    // Who signed nothing chooses no headers.
    overrides(&asked)?;
    let (bucket, key) = (asked.bucket().to_owned(), asked.key().to_owned());
    let look = cloud.store.read(move |read| {
        let Some(website) = Bucket::find(read, &bucket)?.map(|found| found.website(&bucket)).transpose()?.flatten()
        else {
            return Ok(None);
        };
        let exists = |key: &str| Ok::<_, Stop>(Object::find(read, &bucket, key)?.is_some());
        page(&website, &key, exists)
    });
    let Some(page) = look.await? else { return Ok(Err(asked)) };
    let at = Moments::begin(Arc::clone(cloud), asked, GetObject::NAME).await?;
    let response = match page {
        Page::Object(key, status) => give(&at, key, status).await?,
        Page::Missing(key) => give(&at, key, StatusCode::OK).await?,
        Page::Redirect => {
            // Who may not read the folder's index is not told that there is one.
            let (bucket, caller) = (at.asked.bucket().to_owned(), at.asked.caller);
            let may = at.read(move |read| Ok(caller.may(Deed::Read, Bucket::existing(read, &bucket)?.acl, None)?));
            may.await?;
            redirect(&at.asked)?
        }
    };
    at.end()?;
    Ok(Ok(response))
}

/// "Go to the folder": the key with a slash, its query kept.
fn redirect(asked: &Asked) -> Result<Response, Stop> {
    // Encoded as keys are; behind the bucket, which may have been sent in the host.
    let whole = asked.resource.canonical_path();
    let own = whole.splitn(3, '/').nth(2).unwrap_or_default();
    let query = asked.parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let location = format!("{}{own}/{query}", asked.base);
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    let location = HeaderValue::try_from(location)
        .map_err(|_| Refusal::new(Code::InvalidObjectName, "The specified object is not valid."))?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// The object, if it is there and may be read.
fn readable(view: &impl View, caller: Caller, bucket: &str, key: &str) -> Result<Object, Stop> {
    let acl = Bucket::existing(view, bucket)?.acl;
    let object = Object::find(view, bucket, key)?;
    caller.may(Deed::Read, acl, object.as_ref().map(Object::acl))?;
    Ok(object.ok_or_else(|| no_key(key))?)
}

/// What is given out of an object.
struct Given {
    object: Object,
    range: Range<u64>,
    partial: bool,
    /// The bytes, if one piece holds them.
    bytes: Option<Bytes>,
}

/// The answer with an object; an error page has its own status, and neither conditions nor ranges.
async fn give(at: &Moments, key: String, status: StatusCode) -> Result<Response, Stop> {
    let is_head = at.asked.parts.method == http::Method::HEAD;
    let (bucket, caller, headers) = (at.asked.bucket().to_owned(), at.asked.caller, at.asked.parts.headers.clone());
    let look = move |view: &crate::store::Read| {
        let object = readable(view, caller, &bucket, &key)?;
        let length = object.content.length;
        let mut given = Given { object, range: 0..length, partial: false, bytes: None };
        if status == StatusCode::OK {
            match conditions::met(&headers, given.object.etag().as_str(), given.object.modified()) {
                Met::Yes => {}
                Met::NotModified => return Ok(Err(not_modified(&given.object))),
                Met::Failed => {
                    let message = "At least one of the pre-conditions you specified did not hold.";
                    return Err(Refusal::new(Code::PreconditionFailed, message).into());
                }
            }
            // Only what is sent has parts (RFC 9110, section 14.2).
            match if is_head { Part::Whole } else { conditions::part(&headers, length) } {
                Part::Whole => {}
                Part::Bytes(range) => (given.range, given.partial) = (range, true),
                Part::Unsatisfiable => {
                    let message = "The requested range cannot be satisfied.";
                    return Err(Refusal::new(Code::InvalidRange, message).into());
                }
            }
        }
        if !is_head {
            given.bytes = given.object.content.in_one_piece(view, &given.range)?;
        }
        Ok::<_, Stop>(Ok(given))
    };
    match at.read(look.clone()).await? {
        Err(not_modified) => return Ok(not_modified),
        Ok(given) if is_head || given.bytes.is_some() => return answer(&at.asked, status, given, None),
        Ok(_) => {}
    }
    // Several pieces: all of one state, whatever happens while they are sent.
    let snapshot = at.cloud.store.snapshot().await?;
    match snapshot.read(look).await? {
        Err(not_modified) => Ok(not_modified),
        Ok(given) => {
            let pieces = given.object.content.stream(snapshot, given.range.clone());
            answer(&at.asked, status, given, Some(Body::from_stream(pieces)))
        }
    }
}

fn answer(asked: &Asked, status: StatusCode, given: Given, stream: Option<Body>) -> Result<Response, Stop> {
    let Given { object, range, partial, bytes } = given;
    let mut meta = object.meta();
    let total = object.content.length;
    if partial {
        meta.content_range = Some(ContentRange { first: range.start, last: range.end - 1, total });
    }
    let get = GetObject::new(asked.bucket(), asked.key());
    let written_meta = get.write_response(&Answer { body: Bytes::new(), meta });
    let mut response = written_meta.map_err(|error| internal(&error))?.map(|_| Body::empty());
    if status != StatusCode::OK {
        *response.status_mut() = status;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    headers.insert(CONTENT_MD5, written(object.md5()));
    *response.body_mut() = stream.or_else(|| bytes.map(Body::from)).unwrap_or_else(Body::empty);
    Ok(response)
}

fn not_modified(object: &Object) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    let meta = object.meta();
    let fields = [
        (header::ETAG, Some(object.etag().to_string())),
        (header::LAST_MODIFIED, Some(httpdate::fmt_http_date(object.modified().into()))),
        (header::CACHE_CONTROL, meta.cache_control),
        (header::EXPIRES, meta.expires),
    ];
    for (name, value) in fields {
        // They were headers when the object was put.
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The headers that the request wants in place of the object's.
fn overrides(asked: &Asked) -> Result<Vec<(HeaderName, HeaderValue)>, Stop> {
    let mut overrides = Vec::new();
    for (name, value) in parameters(&asked.parts) {
        let Some((_, header)) = OVERRIDES.iter().find(|(parameter, _)| *parameter == name) else { continue };
        if asked.caller == Caller::Anonymous {
            let message = "Headers of the answer cannot be chosen by requests without a signature.";
            return Err(Refusal::new(Code::InvalidRequest, message).into());
        }
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| super::stop::invalid(format!("The value of {name} cannot be a header.")))?;
        overrides.push((header.clone(), value));
    }
    Ok(overrides)
}
