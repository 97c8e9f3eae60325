//! The operations, one module each: the call and what it answers.

pub mod delete_bucket;
pub mod delete_bucket_website;
pub mod delete_multiple_objects;
pub mod delete_object;
pub mod get_bucket_acl;
pub mod get_bucket_info;
pub mod get_bucket_website;
pub mod get_object;
pub mod head_object;
pub mod list_buckets;
pub mod list_objects_v2;
pub mod put_bucket;
pub mod put_bucket_acl;
pub mod put_bucket_website;
pub mod put_object;
