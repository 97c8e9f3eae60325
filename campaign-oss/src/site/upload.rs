//! The first step of a publish: everything that the site needs is put, and nothing is taken away.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{StreamExt as _, stream};

use crate::{
    Client, PutObject,
    site::{
        Event, Plan, Reason, SiteError, Uploaded, Watch,
        folder::File,
        manifest::{Entry, Manifest, State},
        read::Content,
        work::Work,
    },
};

/// After as many failures the rest is not tried.
const MAX_FAILED: usize = 10;

impl Plan {
    /// Puts the files, in their order, several at the same time but never two kinds: before a page is put, whatever it may
    /// refer to is there. `watch` hears of every file.
    ///
    /// The bucket's objects are then those of the folder and the stale ones. Ask the caches to forget
    /// [`Uploaded::addresses`] next, and only then [delete what is stale](Uploaded::delete_stale): a cache may still give a
    /// page that needs it.
    ///
    /// Cut off anywhere, it leaves a site whose pages find what they refer to; planned and carried out again, it completes.
    ///
    /// # Errors
    /// [`SiteError::RefusedMassDelete`] before anything is sent; [`SiteError::Incomplete`] if files could not be put;
    /// [`SiteError::Call`].
    pub async fn upload(mut self, client: &Client, watch: Watch<'_>) -> Result<Uploaded, SiteError> {
        self.check()?;
        let put = std::mem::take(&mut self.put);
        let concurrency = self.concurrency;
        let mut work = Work::new(self);
        let ours = work.ours();
        let mut waiting: BTreeMap<usize, Reason> = put.iter().map(|(_, at, reason)| (*at, *reason)).collect();
        if !put.is_empty() {
            // First of all, so that whatever is put is known to be ours.
            work.remember(client, &ours, &waiting).await?;
        }
        for rank in put.chunk_by(|a, b| a.0 == b.0) {
            let mut failed = Vec::new();
            {
                let work = &work;
                let mut running = stream::iter(rank)
                    .map(|&(_, at, _)| async move { (at, work.put(client, &work.files[at]).await) })
                    .buffer_unordered(concurrency);
                while let Some((at, result)) = running.next().await {
                    let file = &work.files[at];
                    match result {
                        Ok(()) => {
                            waiting.remove(&at);
                            watch(Event::Put { key: &file.key, size: file.stamp.size });
                        }
                        Err(error) => failed.push((file.key.clone(), error)),
                    }
                    if failed.len() == MAX_FAILED {
                        break;
                    }
                }
            }
            if !failed.is_empty() {
                // The failures say more than that this could not be written either.
                drop(work.remember(client, &ours, &waiting).await);
                return Err(SiteError::Incomplete { failed });
            }
            let sizes = rank.iter().map(|(_, at, _)| work.files[*at].stamp.size);
            work.outcome.bytes += sizes.sum::<u64>();
            work.outcome.put += rank.len();
        }
        work.remember(client, &ours, &waiting).await?;
        Ok(Uploaded { work })
    }
}

impl Work {
    /// Writes the manifest of files some of which are waiting to be put.
    async fn remember(
        &mut self,
        client: &Client,
        ours: &BTreeMap<String, Entry>,
        waiting: &BTreeMap<usize, Reason>,
    ) -> Result<(), SiteError> {
        let mut manifest = Manifest::of(&self.files, ours, |at, file| match waiting.get(&at) {
            None => State::Put(file.headers.clone()),
            Some(Reason::Headers | Reason::HeadersUnknown) => State::Unsure,
            Some(_) => State::Intended(file.headers.clone()),
        });
        // What is not ours and will be deleted is forgotten with its deletion, but for this.
        let others = self.stale.iter().filter(|(_, entry)| entry.is_none()).map(|(key, _)| key.clone());
        manifest.refresh = self.refresh.iter().cloned().chain(others).collect::<BTreeSet<_>>();
        self.write(client, &manifest).await
    }

    async fn put(&self, client: &Client, file: &File) -> Result<(), SiteError> {
        let content = Content::of(file).await?;
        let put = PutObject::new(&self.bucket, [&*self.prefix, &*file.key].concat(), content.body.clone())
            .content_type(&file.headers.content_type)
            .cache_control(&file.headers.cache_control)
            .content_md5(STANDARD.encode(file.md5.0));
        match client.send(&put).await {
            Ok(_) => Ok(()),
            Err(_) if content.changed() => Err(SiteError::FileChanged { path: file.path.clone() }),
            Err(error) => Err(error.into()),
        }
    }
}
