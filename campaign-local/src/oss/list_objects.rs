//! ListObjectsV2.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campaign_oss::server::Refusal;
use campaign_oss::{ListObjectsV2, ListPage, ListedObject, StorageClass};

use super::bucket::Bucket;
use super::buckets::owner;
use super::listing::{Page, Wanted, list};
use super::object::{self, Object};
use super::operations::{Asked, Emulate, Moments};
use super::stop::{Stop, invalid};

/// Entries of a page, unless the request says otherwise, and the most it may say (service document "ListObjectsV2").
const USUAL: usize = 100;
const MOST: usize = 1000;

impl Emulate for ListObjectsV2 {
    async fn done(self, at: &Moments) -> Result<(Self, ListPage), Stop> {
        at.asked.encoded()?;
        // A token goes before the key to start after, which it has outrun.
        let after = match self.continuation_token.as_deref().filter(|token| !token.is_empty()) {
            Some(token) => read_token(token)?,
            None => self.start_after.clone().unwrap_or_default(),
        };
        let wanted = Wanted {
            prefix: self.prefix.clone().unwrap_or_default(),
            delimiter: self.delimiter.clone().unwrap_or_default(),
            after,
            most: page_size(self.max_keys)?,
        };
        let page = page(at, &self.bucket, wanted).await?;
        let mut output = ListPage {
            contents: page.keys.into_iter().map(|(key, object)| listed(&key, &object)).collect(),
            common_prefixes: page.prefixes,
            next_continuation_token: page.next.map(|last| token(&last)),
        };
        if self.fetch_owner {
            output.contents.iter_mut().for_each(|object| object.owner = Some(owner()));
        }
        Ok((self, output))
    }

    fn document(&self, output: &ListPage, asked: &Asked) -> Result<Option<String>, Refusal> {
        Ok(Some(output.document(self, asked.encoded()?)))
    }
}

/// How many entries a page may have.
pub(super) fn page_size(asked: Option<u32>) -> Result<usize, Refusal> {
    let Some(asked) = asked else { return Ok(USUAL) };
    let size = usize::try_from(asked).unwrap_or(usize::MAX);
    if !(1..=MOST).contains(&size) {
        return Err(invalid(format!("Argument max-keys must be an integer between 1 and {MOST}.")));
    }
    Ok(size)
}

/// The page, if the caller may list the bucket.
pub(super) async fn page(at: &Moments, bucket: &str, wanted: Wanted) -> Result<Page<Object>, Stop> {
    let (bucket, caller) = (bucket.to_owned(), at.asked.caller);
    let page = at.read(move |read| {
        caller.may_list(Bucket::existing(read, &bucket)?.acl)?;
        Ok(list(read, &object::all(&bucket), &wanted, Object::load)?)
    });
    page.await
}

/// An object as a listing tells it.
pub(super) fn listed(key: &str, object: &Object) -> ListedObject {
    let mut listed = ListedObject::new(key, object.content.length, object.etag(), object.modified());
    listed.object_type = Some("Normal".to_owned());
    listed.storage_class = Some(StorageClass::from(object.storage_class.as_str()));
    listed
}

/// A token is the last entry of its page: no state, good for ever.
fn token(last: &str) -> String {
    URL_SAFE_NO_PAD.encode(last)
}

fn read_token(token: &str) -> Result<String, Refusal> {
    let last = URL_SAFE_NO_PAD.decode(token).ok().and_then(|last| String::from_utf8(last).ok());
    last.filter(|last| !last.is_empty()).ok_or_else(|| invalid("The continuation token is invalid."))
}
