//! The last steps of a publish: what the folder no longer holds is deleted, and what is over is forgotten.

use crate::{
    Client, DeleteMultipleObjects, MAX_OBJECTS,
    site::{
        Event, Outcome, SiteError, Watch, address::addresses, compare::immutable, headers::is_page_name,
        manifest::Manifest, work::Work,
    },
};

/// How often a key that the answer misses is asked for.
const TRIES: usize = 2;

/// A site whose files are all there, with stale objects still beside them.
#[derive(Debug, Clone)]
#[must_use = "stale objects are still there: delete them once the caches have forgotten the pages that need them"]
pub struct Uploaded {
    pub(crate) work: Work,
}

impl Uploaded {
    /// What was done so far.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.work.outcome
    }

    /// The addresses under `base` that caches must be asked to forget now: those of objects that were replaced, here or by
    /// an earlier publish that did not get further. New objects are not among them.
    ///
    /// # Errors
    /// [`SiteError::BadAddress`].
    pub fn addresses(&self, base: &str) -> Result<Vec<String>, SiteError> {
        self.work.addresses(base)
    }

    /// Deletes what is stale, first the pages. Call it when the caches have forgotten [`Self::addresses`], for it also forgets
    /// that they were to; until then a later publish gives them again.
    ///
    /// # Errors
    /// [`SiteError::NotDeleted`], [`SiteError::Call`].
    pub async fn delete_stale(mut self, client: &Client, watch: Watch<'_>) -> Result<Deleted, SiteError> {
        let work = &mut self.work;
        let mut stale: Vec<&String> = work.stale.keys().collect();
        stale.sort_by_key(|key| (**key != work.index, !is_page_name(key)));
        for batch in stale.chunks(MAX_OBJECTS) {
            let keys = batch.iter().map(|key| [&work.prefix, key.as_str()].concat());
            let mut left = Some(DeleteMultipleObjects::new(&work.bucket, keys));
            for _ in 0..TRIES {
                let Some(call) = left else { break };
                left = call.remainder(&client.send(&call).await?);
            }
            if let Some(call) = left {
                return Err(SiteError::NotDeleted {
                    keys: call.objects.into_iter().map(|object| object.key).collect(),
                });
            }
            work.outcome.deleted += batch.len();
            batch.iter().for_each(|key| watch(Event::Deleted { key }));
        }
        let gone = work.stale.iter().filter(|(_, entry)| !entry.as_ref().is_some_and(immutable));
        work.refresh = gone.map(|(key, _)| key.clone()).collect();
        work.stale.clear();
        work.finish(client).await?;
        Ok(Deleted { work: self.work })
    }
}

/// A site that stands in the bucket as in the folder.
#[derive(Debug, Clone)]
#[must_use = "it is not forgotten yet that caches are to forget what was deleted"]
pub struct Deleted {
    work: Work,
}

impl Deleted {
    /// The addresses under `base` that caches must be asked to forget now: those of objects that were deleted, without those
    /// that never change.
    ///
    /// # Errors
    /// [`SiteError::BadAddress`].
    pub fn addresses(&self, base: &str) -> Result<Vec<String>, SiteError> {
        self.work.addresses(base)
    }

    /// Ends the publish. Call it when the caches have forgotten [`Self::addresses`].
    ///
    /// # Errors
    /// [`SiteError::Call`].
    pub async fn finish(mut self, client: &Client) -> Result<Outcome, SiteError> {
        self.work.refresh.clear();
        self.work.finish(client).await?;
        Ok(self.work.outcome)
    }
}

impl Work {
    fn addresses(&self, base: &str) -> Result<Vec<String>, SiteError> {
        addresses(base, &self.index, self.refresh.iter().map(String::as_str))
    }

    async fn finish(&mut self, client: &Client) -> Result<(), SiteError> {
        let mut manifest = Manifest::whole(&self.files, &self.kept);
        manifest.refresh.clone_from(&self.refresh);
        self.write(client, &manifest).await
    }
}
