//! The list of operations, and what each must provide.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use campaign_client::Serve;
use campaign_oss::server::Refusal;
use campaign_oss::{
    Code, DeleteBucket, DeleteBucketWebsite, DeleteMultipleObjects, DeleteObject, GetBucketAcl, GetBucketInfo,
    GetBucketWebsite, ListBuckets, ListObjectsV2, Oss, PutBucket, PutBucketAcl, PutBucketWebsite, Resource, XmlFault,
};
use http::{Method, request};
use percent_encoding::percent_decode_str;

use super::access::Caller;
use super::body::{digest_is_right, read_document};
use super::stop::{Stop, internal, invalid, not_emulated};
use super::{get_object, older, put_object, refused};
use crate::fault::{Faults, Hop};
use crate::stop::Fate;
use crate::store::{Read, Store, Write};

/// A request that was admitted.
#[derive(Debug)]
pub(super) struct Asked {
    /// Its head, with its resource in the extensions.
    pub(super) parts: request::Parts,
    pub(super) resource: Resource,
    pub(super) caller: Caller,
    /// What stands in the path before a key, as it was sent.
    pub(super) base: String,
}

impl Asked {
    /// The parameter of this name, decoded; empty for one without a value.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        parameters(&self.parts).find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// Whether it is a call by its query, so that no browser would have sent it.
    pub(super) fn is_call(&self) -> bool {
        const EMULATED: [&str; 6] = ["acl", "bucketInfo", "delete", "location", "objectMeta", "website"];
        parameters(&self.parts).any(|(name, _)| EMULATED.contains(&&*name) || refused::PARAMETERS.contains(&&*name))
    }

    /// Whether names in the answer's document are to be percent-encoded.
    ///
    /// # Errors
    /// The refusal of another encoding.
    pub(super) fn encoded(&self) -> Result<bool, Refusal> {
        match self.parameter("encoding-type").as_deref() {
            None | Some("") => Ok(false),
            Some("url") => Ok(true),
            Some(_) => Err(invalid("Invalid Encoding Method specified in Request.")),
        }
    }

    pub(super) fn bucket(&self) -> &str {
        self.resource.bucket.as_deref().unwrap_or_default()
    }

    pub(super) fn key(&self) -> &str {
        self.resource.key.as_deref().unwrap_or_default()
    }
}

/// The parameters of a request, decoded.
pub(super) fn parameters(parts: &request::Parts) -> impl Iterator<Item = (String, String)> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs.map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

/// What runs a request.
pub(super) type Run = fn(Arc<Cloud>, Asked, Body) -> Running;
pub(super) type Running = Pin<Box<dyn Future<Output = Result<Response, Stop>> + Send>>;

/// What runs this request.
///
/// # Errors
/// The refusal of a call that is not emulated, or is none.
pub(super) fn find(asked: &Asked) -> Result<Run, Refusal> {
    refused::check(asked)?;
    let has = |name| asked.parameter(name).is_some();
    let method = asked.parts.method.as_str();
    let run: Run = match (&asked.resource.bucket, &asked.resource.key, method) {
        (None, _, "GET") => run::<ListBuckets>,
        (Some(_), None, "GET") if has("acl") => run::<GetBucketAcl>,
        (Some(_), None, "GET") if has("bucketInfo") => run::<GetBucketInfo>,
        (Some(_), None, "GET") if has("location") => older::get_location,
        (Some(_), None, "GET") if has("website") => run::<GetBucketWebsite>,
        (Some(_), None, "GET") if asked.parameter("list-type").as_deref() == Some("2") => run::<ListObjectsV2>,
        (Some(_), None, "GET") => older::list_objects,
        (Some(_), None, "PUT") if has("acl") => run::<PutBucketAcl>,
        (Some(_), None, "PUT") if has("website") => run::<PutBucketWebsite>,
        (Some(_), None, "PUT") => run::<PutBucket>,
        (Some(_), None, "DELETE") if has("website") => run::<DeleteBucketWebsite>,
        (Some(_), None, "DELETE") => run::<DeleteBucket>,
        (Some(_), None, "POST") if has("delete") => run::<DeleteMultipleObjects>,
        (Some(_), None, "POST") => return Err(not_emulated("PostObject")),
        (Some(_), Some(_), _) if has("acl") => return Err(not_emulated("acl")),
        (Some(_), Some(_), "HEAD") if has("objectMeta") => get_object::meta,
        (Some(_), Some(_), "GET") => get_object::get,
        (Some(_), Some(_), "HEAD") => get_object::head,
        (Some(_), Some(_), "PUT") => put_object::put,
        (Some(_), Some(_), "DELETE") => run::<DeleteObject>,
        // No bucket has cross-origin rules here.
        (Some(_), _, "OPTIONS") => {
            return Err(Refusal::new(Code::AccessForbidden, "CORSResponse: CORS is not enabled for this bucket."));
        }
        _ => {
            let message = "The specified method is not allowed against this resource.";
            return Err(Refusal::new(Code::MethodNotAllowed, message).with("Method", method));
        }
    };
    Ok(run)
}

/// What all requests share.
#[derive(Debug)]
pub(super) struct Cloud {
    /// Requests are read as this service's, which is never called.
    pub(super) service: Oss,
    pub(super) store: Store,
    pub(super) faults: Faults,
    pub(super) clock: campaign_client::Clock,
}

/// An operation whose messages are documents.
pub(super) trait Emulate: Serve<Service = Oss> + 'static {
    /// Does it.
    fn done(self, at: &Moments) -> impl Future<Output = Result<(Self, Self::Output), Stop>> + Send;

    /// The answer's document, where it depends on more than the operation knows.
    fn document(&self, output: &Self::Output, asked: &Asked) -> Result<Option<String>, Refusal> {
        let _ = (output, asked);
        Ok(None)
    }
}

fn run<O: Emulate + Send>(cloud: Arc<Cloud>, asked: Asked, body: Body) -> Running
where
    O::Output: Send,
{
    Box::pin(async move {
        let body = read_document(body).await?;
        digest_is_right(&asked.parts, &body)?;
        let operation = O::read_request(&cloud.service, &asked.parts, body).map_err(|error| unreadable(&error))?;
        let at = Moments::begin(cloud, asked, O::NAME).await?;
        let (operation, output) = operation.done(&at).await?;
        at.end()?;
        let response = operation.write_response(&output).map_err(|error| internal(&error))?;
        Ok(match operation.document(&output, &at.asked)? {
            Some(document) => response.map(|_| Body::from(document)),
            None => response.map(Body::from),
        })
    })
}

/// A request that is not the operation it should be.
pub(super) fn unreadable(error: &campaign_client::Error) -> Refusal {
    let source: &dyn std::error::Error = error;
    if source.source().is_some_and(|source| source.is::<XmlFault>()) {
        let message = "The XML you provided was not well-formed or did not validate against our published schema.";
        return Refusal::new(Code::MalformedXml, message);
    }
    invalid(error.to_string())
}

/// One request's view of the cloud: its time, and the fault that is to hurt it at its commit.
#[derive(Debug)]
pub(super) struct Moments {
    pub(super) cloud: Arc<Cloud>,
    pub(super) asked: Asked,
    /// Milliseconds since 1970: one moment for all that the request does.
    pub(super) now: i64,
    fate: Fate,
}

impl Moments {
    /// Decides what befalls the request, once; by what it is about, so that the timing of threads
    /// cannot change it.
    pub(super) async fn begin(cloud: Arc<Cloud>, asked: Asked, operation: &str) -> Result<Self, Stop> {
        let about = [asked.bucket().as_bytes(), &[0], asked.key().as_bytes()].concat();
        let fault = cloud.faults.decide(Hop::Oss, operation, &about);
        let fate = Fate::meet(fault).await?;
        // The service's times have seconds, and say `.000Z` in documents; oss2 reads no other.
        let now = cloud.clock.now().timestamp() * 1000;
        Ok(Self { cloud, asked, now, fate })
    }

    /// Runs `work` inside a commit; kept if it is `Ok` and no fault strikes before the commit.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Write<'_>) -> Result<T, Stop> + Send + 'static,
    ) -> Result<T, Stop> {
        let fate = self.fate;
        let write = self.cloud.store.write(move |write| {
            let value = work(write)?;
            fate.at_commit().map(|()| value)
        });
        write.await
    }

    /// Runs `work` over the committed state.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Read) -> Result<T, Stop> + Send + 'static,
    ) -> Result<T, Stop> {
        self.cloud.store.read(work).await
    }

    /// The answer is lost, if that is the request's fault.
    pub(super) fn end(&self) -> Result<(), Stop> {
        self.fate.at_answer()
    }
}

/// Whether a method only reads.
pub(super) fn is_read(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

/// An answer without a body.
pub(super) fn empty(response: http::Response<Bytes>) -> Response {
    response.map(|_| Body::empty())
}
