//! PutObject.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use campaign_client::{Operation, Serve};
use campaign_oss::op::put_object::{PutObject, Stored};
use campaign_oss::server::Refusal;
use campaign_oss::{Code, StorageClass};
use http::{HeaderName, header};

use super::access::{Caller, Deed};
use super::body::{drain, mismatch, named_digest, written};
use super::bucket::Bucket;
use super::content::{self, Received};
use super::object::Object;
use super::operations::{Asked, Cloud, Moments, Running, empty, unreadable};
use super::stop::{Stop, internal, invalid, not_emulated, too_large};
use crate::serve::Unframed;

/// Bytes of an object (service document "Limits").
const MOST: u64 = 5 << 30;

/// Bytes of an object's metadata, names and values together (service document "Limits").
const METADATA: usize = 8 << 10;

const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// PutObject: the content first, then in one commit the object and the end of the one before it.
pub(super) fn put(cloud: Arc<Cloud>, asked: Asked, body: Body) -> Running {
    Box::pin(async move {
        let (at, put, digest) = match admitted(cloud, asked).await {
            Ok(admitted) => admitted,
            Err(stop) => {
                if !matches!(stop, Stop::Cut) {
                    drain(body).await;
                }
                return Err(stop);
            }
        };
        let received = content::receive(&at.cloud.store, body, MOST).await?;
        let (content, md5) = (received.content, received.md5);
        let result = match digest {
            Some(named) if named != md5 => Err(mismatch(&at.asked.parts).into()),
            _ => keep(&at, put.clone(), received).await,
        };
        let stored = match result {
            Ok(stored) => stored,
            Err(stop) => {
                content::discard(&at.cloud.store, content).await;
                return Err(stop);
            }
        };
        at.end()?;
        let mut response = put.write_response(&stored).map_err(|error| internal(&error))?;
        response.headers_mut().insert(CONTENT_MD5, written(md5));
        Ok(empty(response))
    })
}

/// All that can be said before the content comes.
async fn admitted(cloud: Arc<Cloud>, asked: Asked) -> Result<(Moments, PutObject, Option<[u8; 16]>), Stop> {
    if asked.parts.extensions.get::<Unframed>().is_some() {
        let message = "You must provide the Content-Length HTTP header.";
        return Err(Refusal::new(Code::MissingContentLength, message).into());
    }
    let length = asked.parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > MOST) {
        return Err(too_large().into());
    }
    let digest = named_digest(&asked.parts)?;
    let put = PutObject::read_request(&cloud.service, &asked.parts, Bytes::new()).map_err(|e| unreadable(&e))?;
    check(&put)?;
    if asked.caller == Caller::Anonymous && put.acl.is_some() {
        asked.caller.owns()?;
    }
    let at = Moments::begin(cloud, asked, PutObject::NAME).await?;
    let (bucket, key, caller) = (put.bucket.clone(), put.key.clone(), at.asked.caller);
    let may = at.read(move |read| {
        let acl = Bucket::existing(read, &bucket)?.acl;
        let before = Object::find(read, &bucket, &key)?;
        Ok(caller.may(Deed::Write, acl, before.map(|object| object.acl()))?)
    });
    may.await?;
    Ok((at, put, digest))
}

fn check(put: &PutObject) -> Result<(), Refusal> {
    if put.metadata.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > METADATA {
        return Err(invalid("Your metadata headers exceed the maximum allowed metadata size."));
    }
    match &put.storage_class {
        None | Some(StorageClass::Standard | StorageClass::Ia) => Ok(()),
        Some(StorageClass::Archive | StorageClass::ColdArchive | StorageClass::DeepColdArchive) => {
            Err(not_emulated("storage classes that are restored before they are read"))
        }
        Some(other) => Err(invalid(format!("no such storage class: {}", crate::log::printable(other.as_str())))),
    }
}

async fn keep(at: &Moments, put: PutObject, received: Received) -> Result<Stored, Stop> {
    let (caller, now) = (at.asked.caller, at.now);
    let written = at.write(move |write| {
        let (name, key) = (put.bucket.clone(), put.key.clone());
        let bucket = Bucket::existing(write, &name)?;
        let before = Object::find(write, &name, &key)?;
        caller.may(Deed::Write, bucket.acl, before.as_ref().map(Object::acl))?;
        if put.forbid_overwrite && before.is_some() {
            let message = "The object you specified already exists and can not be overwritten.";
            return Err(Refusal::new(Code::FileAlreadyExists, message).into());
        }
        let class = put.storage_class.as_ref().map_or(bucket.storage_class, |class| class.as_str().to_owned());
        let sums = (received.md5, received.crc64);
        let object = Object::new(put, received.keep(write), sums, now, class);
        object.save(write, &name, &key);
        let before = before.map(|before| before.content);
        if let Some(before) = before {
            before.abandon(write);
        }
        Ok((Stored { etag: object.etag(), crc64: Some(object.crc64), version_id: None }, before))
    });
    let (stored, before) = written.await?;
    if let Some(before) = before {
        content::discard(&at.cloud.store, before).await;
    }
    Ok(stored)
}
