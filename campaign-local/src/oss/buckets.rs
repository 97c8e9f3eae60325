//! PutBucket, GetBucketInfo, DeleteBucket, ListBuckets.

use std::ops::ControlFlow;

use campaign_oss::server::Refusal;
use campaign_oss::{
    BucketAcl, BucketInfo, BucketPage, BucketSummary, Code, DeleteBucket, GetBucketInfo, ListBuckets, Owner, PutBucket,
    StorageClass,
};
use chrono::{DateTime, Utc};

use super::bucket::{self, Bucket};
use super::list_objects::page_size;
use super::listing::{Wanted, list};
use super::object;
use super::operations::{Cloud, Emulate, Moments};
use super::stop::{Stop, invalid, not_emulated};
use crate::store::{Order, StoreError, View, space};

/// The one account: ids are digits.
const OWNER: &str = "1000000000000001";

/// Buckets of an account in a region (service document "Limits").
const BUCKETS: usize = 100;

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
                Some(mut found) => {
                    if named && (found.storage_class != class.as_str() || found.redundancy != redundancy) {
                        let message = "The requested bucket name is not available.";
                        return Err(Refusal::new(Code::BucketAlreadyExists, message).with("BucketName", name).into());
                    }
                    found.acl = acl.unwrap_or(found.acl);
                    found
                }
                None if count(write)? >= BUCKETS => {
                    let message = "You have attempted to create more buckets than allowed.";
                    return Err(Refusal::new(Code::TooManyBuckets, message).into());
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

impl Emulate for GetBucketInfo {
    async fn done(self, at: &Moments) -> Result<(Self, BucketInfo), Stop> {
        at.asked.caller.owns()?;
        let name = self.bucket.clone();
        let bucket = at.read(move |read| Bucket::existing(read, &name)).await?;
        let mut info = BucketInfo::new(self.bucket.as_str(), &location(&at.cloud), owner(), created(&bucket));
        info.acl = bucket.acl;
        info.storage_class = Some(StorageClass::from(bucket.storage_class.as_str()));
        info.data_redundancy_type = Some(bucket.redundancy);
        Ok((self, info))
    }
}

impl Emulate for DeleteBucket {
    async fn done(self, at: &Moments) -> Result<(Self, ()), Stop> {
        at.asked.caller.owns()?;
        let name = self.bucket.clone();
        let deleted = at.write(move |write| {
            Bucket::existing(write, &name)?;
            let objects = object::all(&name);
            let mut is_empty = true;
            write.scan(objects.as_slice()..space::end_of(&objects).as_slice(), Order::Forward, &mut |_, _| {
                is_empty = false;
                ControlFlow::Break(())
            })?;
            if !is_empty {
                let message = "The bucket you tried to delete is not empty.";
                return Err(Refusal::new(Code::BucketNotEmpty, message).with("BucketName", name).into());
            }
            write.delete(bucket::place(&name));
            Ok(())
        });
        deleted.await?;
        Ok((self, ()))
    }
}

impl Emulate for ListBuckets {
    async fn done(self, at: &Moments) -> Result<(Self, BucketPage), Stop> {
        at.asked.caller.owns()?;
        let wanted = Wanted {
            prefix: self.prefix.clone().unwrap_or_default(),
            delimiter: String::new(),
            after: self.marker.clone().unwrap_or_default(),
            most: page_size(self.max_keys)?,
        };
        let page = at.read(move |read| Ok(list(read, bucket::ALL, &wanted, Bucket::load)?)).await?;
        let location = location(&at.cloud);
        let summary = |(name, bucket): (String, Bucket)| BucketSummary {
            name,
            location: location.clone(),
            region: Some(at.cloud.service.region().to_owned()),
            creation_date: created(&bucket),
            extranet_endpoint: format!("{location}.aliyuncs.com"),
            intranet_endpoint: format!("{location}-internal.aliyuncs.com"),
            storage_class: Some(StorageClass::from(bucket.storage_class.as_str())),
        };
        let buckets = page.keys.into_iter().map(summary).collect();
        Ok((self, BucketPage { owner: Some(owner()), buckets, next_marker: page.next }))
    }
}

/// How many buckets there are.
fn count(view: &impl View) -> Result<usize, StoreError> {
    let mut count = 0;
    view.scan(bucket::ALL..space::end_of(bucket::ALL).as_slice(), Order::Forward, &mut |_, _| {
        count += 1;
        ControlFlow::Continue(())
    })?;
    Ok(count)
}

/// Who owns all there is.
pub(super) fn owner() -> Owner {
    Owner { id: OWNER.to_owned(), display_name: OWNER.to_owned() }
}

/// Where all there is lies, as buckets name it.
pub(super) fn location(cloud: &Cloud) -> String {
    format!("oss-{}", cloud.service.region())
}

fn created(bucket: &Bucket) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(bucket.created).unwrap_or_default()
}
