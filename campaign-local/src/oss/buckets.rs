//! PutBucket.

use campaign_oss::op::put_bucket::PutBucket;
use campaign_oss::server::Refusal;
use campaign_oss::{BucketAcl, Code, StorageClass};

use super::bucket::Bucket;
use super::operations::{Emulate, Moments};
use super::stop::{Stop, invalid, not_emulated};

/// Where objects of a bucket are kept unless it says otherwise: in one zone (service document "PutBucket").
const ONE_ZONE: &str = "LRS";
const SEVERAL_ZONES: &str = "ZRS";

impl Emulate for PutBucket {
    async fn done(self, at: &Moments) -> Result<(Self, ()), Stop> {
        at.asked.caller.owns()?;
        let class = self.storage_class.clone().unwrap_or(StorageClass::Standard);
        match &class {
            StorageClass::Standard | StorageClass::Ia => {}
            StorageClass::Other(_) => return Err(invalid("The storage class is none.").into()),
            _ => return Err(not_emulated("storage classes that are restored before they are read").into()),
        }
        let redundancy = self.data_redundancy_type.clone().unwrap_or_else(|| ONE_ZONE.to_owned());
        if redundancy != ONE_ZONE && redundancy != SEVERAL_ZONES {
            return Err(invalid("The data redundancy type is none.").into());
        }
        let (name, acl, now) = (self.bucket.clone(), self.acl, at.now);
        let named = self.storage_class.is_some() || self.data_redundancy_type.is_some();
        let made = at.write(move |write| {
            let bucket = match Bucket::find(write, &name)? {
                // One's own bucket again: as it is, save for the ACL.
                Some(found) => {
                    if named && (found.storage_class != class.as_str() || found.redundancy != redundancy) {
                        let message = "The requested bucket name is not available.";
                        return Err(Refusal::new(Code::BucketAlreadyExists, message).with("BucketName", name).into());
                    }
                    Bucket { acl: acl.unwrap_or(found.acl), ..found }
                }
                None => Bucket::new(now, acl.unwrap_or(BucketAcl::Private), &class, &redundancy),
            };
            bucket.save(write, &name);
            Ok(())
        });
        made.await?;
        Ok((self, ()))
    }
}
