//! PutBucketAcl, GetBucketAcl, PutBucketWebsite, GetBucketWebsite, DeleteBucketWebsite.

use campaign_oss::server::Refusal;
use campaign_oss::{
    BucketAccess, Code, DeleteBucketWebsite, GetBucketAcl, GetBucketWebsite, PutBucketAcl, PutBucketWebsite, Website,
};

use super::bucket::Bucket;
use super::buckets::owner;
use super::operations::{Emulate, Moments};
use super::stop::{Stop, not_emulated};

impl Emulate for PutBucketAcl {
    async fn done(self, at: &Moments) -> Result<(Self, ()), Stop> {
        let acl = self.acl;
        change(at, &self.bucket, move |bucket| {
            bucket.acl = acl;
            Ok(())
        })
        .await?;
        Ok((self, ()))
    }
}

impl Emulate for GetBucketAcl {
    async fn done(self, at: &Moments) -> Result<(Self, BucketAccess), Stop> {
        let acl = existing(at, &self.bucket).await?.acl;
        Ok((self, BucketAccess { owner: owner(), acl }))
    }
}

impl Emulate for PutBucketWebsite {
    async fn done(self, at: &Moments) -> Result<(Self, ()), Stop> {
        if !self.website.rules.is_empty() {
            return Err(not_emulated("RoutingRules").into());
        }
        let (name, website) = (self.bucket.clone(), self.website.clone());
        change(at, &self.bucket, move |bucket| bucket.set_website(&name, Some(&website))).await?;
        Ok((self, ()))
    }
}

impl Emulate for GetBucketWebsite {
    async fn done(self, at: &Moments) -> Result<(Self, Website), Stop> {
        let website = existing(at, &self.bucket).await?.website(&self.bucket)?;
        let website = website.ok_or_else(|| {
            let message = "The specified bucket does not have a website configuration.";
            Refusal::new(Code::NoSuchWebsiteConfiguration, message).with("BucketName", self.bucket.as_str())
        })?;
        Ok((self, website))
    }
}

impl Emulate for DeleteBucketWebsite {
    async fn done(self, at: &Moments) -> Result<(Self, ()), Stop> {
        let name = self.bucket.clone();
        change(at, &self.bucket, move |bucket| bucket.set_website(&name, None)).await?;
        Ok((self, ()))
    }
}

/// The bucket, for its owner.
async fn existing(at: &Moments, name: &str) -> Result<Bucket, Stop> {
    at.asked.caller.owns()?;
    let name = name.to_owned();
    at.read(move |read| Bucket::existing(read, &name)).await
}

/// Changes the bucket, for its owner.
async fn change(
    at: &Moments,
    name: &str,
    change: impl FnOnce(&mut Bucket) -> Result<(), Stop> + Send + 'static,
) -> Result<(), Stop> {
    at.asked.caller.owns()?;
    let name = name.to_owned();
    let changed = at.write(move |write| {
        let mut bucket = Bucket::existing(write, &name)?;
        change(&mut bucket)?;
        bucket.save(write, &name);
        Ok(())
    });
    changed.await
}
