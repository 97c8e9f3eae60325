#![doc = include_str!("../README.md")]

mod code;
mod condition;
pub mod crc64;
mod encode;
mod error_body;
mod integrity;
mod listed_object;
mod object_meta;
pub mod op;
mod owner;
mod range;
mod resource;
#[cfg(feature = "server")]
pub mod server;
mod service;
pub mod sign;
#[cfg(feature = "site")]
pub mod site;
mod tagging;
#[cfg(all(test, feature = "server"))]
mod testing;
mod text;
mod website;
mod wire;
mod xml;

pub use code::Code;
pub use condition::Conditions;
pub use integrity::ChecksumFault;
pub use listed_object::ListedObject;
pub use object_meta::{ContentRange, ObjectMeta};
pub use op::{
    delete_bucket::DeleteBucket,
    delete_bucket_website::DeleteBucketWebsite,
    delete_multiple_objects::{DeleteMultipleObjects, DeletedObject, MAX_OBJECTS, ObjectIdentifier},
    delete_object::{DeleteObject, Deletion},
    get_bucket_acl::{BucketAccess, GetBucketAcl},
    get_bucket_info::{BucketInfo, GetBucketInfo},
    get_bucket_website::GetBucketWebsite,
    get_object::{GetObject, Object},
    head_object::HeadObject,
    list_buckets::{BucketPage, BucketSummary, ListBuckets},
    list_objects_v2::{ListObjectsV2, ListPage},
    put_bucket::PutBucket,
    put_bucket_acl::PutBucketAcl,
    put_bucket_website::PutBucketWebsite,
    put_object::{PutObject, Stored},
};
pub use owner::Owner;
pub use range::{ByteRange, RangeFault};
pub use resource::{MAX_KEY_BYTES, Resource};
pub use service::{Addressing, Oss};
pub use text::{BucketAcl, ETag, ObjectAcl, StorageClass};
pub use website::{ErrorDocument, IndexDocument, Website};
pub use xml::{Element, XmlFault};

/// What every client is made of: credentials, retries, transports, errors. One dependency is enough.
pub use campaign_client as client;

/// A client of OSS; see [`campaign_client::Client`].
pub type Client = campaign_client::Client<Oss>;
