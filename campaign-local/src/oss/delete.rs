//! DeleteObject, DeleteMultipleObjects.

use campaign_oss::server::Refusal;
use campaign_oss::{Code, DeleteMultipleObjects, DeleteObject, DeletedObject, Deletion};

use super::access::{Caller, Deed};
use super::body::named_digest;
use super::bucket::Bucket;
use super::content::{self, Content};
use super::object::{Object, place};
use super::operations::{Asked, Emulate, Moments};
use super::stop::{Stop, not_emulated};
use crate::store::Write;

/// Deletes an object, if it is there; its content, if pieces of it are left to be removed.
fn delete(write: &mut Write<'_>, caller: Caller, bucket: &str, key: &str) -> Result<Option<Content>, Stop> {
    let acl = Bucket::existing(write, bucket)?.acl;
    let before = Object::find(write, bucket, key)?;
    caller.may(Deed::Write, acl, before.as_ref().map(Object::acl))?;
    let Some(before) = before else { return Ok(None) };
    write.delete(place(bucket, key));
    before.content.abandon(write);
    Ok(Some(before.content))
}

impl Emulate for DeleteObject {
    async fn done(self, at: &Moments) -> Result<(Self, Deletion), Stop> {
        let (bucket, key, caller) = (self.bucket.clone(), self.key.clone(), at.asked.caller);
        let deleted = at.write(move |write| delete(write, caller, &bucket, &key)).await?;
        if let Some(content) = deleted {
            content::discard(&at.cloud.store, content).await;
        }
        Ok((self, Deletion::default()))
    }
}

impl Emulate for DeleteMultipleObjects {
    async fn done(self, at: &Moments) -> Result<(Self, Vec<DeletedObject>), Stop> {
        // The digest was compared; here it must be there (service document "DeleteMultipleObjects").
        if named_digest(&at.asked.parts)?.is_none() {
            return Err(Refusal::new(Code::MissingArgument, "Missing Some Required Arguments.").into());
        }
        at.asked.encoded()?;
        if self.objects.iter().any(|object| object.version_id.is_some()) {
            return Err(not_emulated("VersionId").into());
        }
        let (bucket, caller) = (self.bucket.clone(), at.asked.caller);
        let keys: Vec<String> = self.objects.iter().map(|object| object.key.clone()).collect();
        let output = keys.iter().map(DeletedObject::new).collect();
        let deleted = at.write(move |write| {
            Bucket::existing(write, &bucket)?;
            let delete = |key: &String| delete(write, caller, &bucket, key);
            keys.iter().map(delete).collect::<Result<Vec<_>, _>>()
        });
        for content in deleted.await?.into_iter().flatten() {
            content::discard(&at.cloud.store, content).await;
        }
        Ok((self, output))
    }

    fn document(&self, output: &Vec<DeletedObject>, asked: &Asked) -> Result<Option<String>, Refusal> {
        let encoded = asked.encoded()?;
        Ok((!self.quiet).then(|| Self::document(output, encoded)))
    }
}
