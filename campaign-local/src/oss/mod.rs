//! OSS on a laptop: the service's calls, semantics and texts over the embedded store.
//!
//! Keys are not routes: host, path and method of every request are read here. Every signature is
//! verified, V4 and V1, in headers and in URLs; the path and the query are decoded and encoded again
//! for that, because clients differ in what they escape. There is one owner, who signs; everybody
//! else may what the ACLs of buckets and objects say, and sees the website of a bucket that has one.
//!
//! What is not emulated is refused and not pretended: every call that `operations` does not list, and
//! every parameter and header that `refused` does.
//!
//! | file | what |
//! |---|---|
//! | `emulator` | [`Emulator`]: from an HTTP request to an HTTP answer |
//! | `address` | which bucket and key a request is about |
//! | `operations` | the list of operations |
//! | `refused` | the parameters and headers of what is not emulated |
//! | `buckets` | PutBucket, GetBucketInfo, DeleteBucket, ListBuckets |
//! | `settings` | ACL and website of a bucket |
//! | `put_object`, `get_object`, `delete` | objects |
//! | `list_objects` | ListObjectsV2 |
//! | `older` | what only older clients call: ListObjects, GetBucketLocation |
//! | `access` | who may do what |
//! | `website` | what a bucket with a website answers to a browser |
//! | `conditions` | conditions and ranges of a read |
//! | `listing` | a page of keys |
//! | `bucket`, `object` | both as they are kept |
//! | `content` | contents, in pieces |
//! | `body` | documents and digests of requests |
//! | `stop` | refusals and faults |
//!
//! Sources: service documents "OSS API reference", "Error responses", "Limits", "Static website hosting";
//! the official clients for what they send.

mod access;
mod address;
mod body;
mod bucket;
mod buckets;
mod conditions;
mod content;
mod delete;
mod emulator;
mod get_object;
mod list_objects;
mod listing;
mod object;
mod older;
mod operations;
mod put_object;
mod refused;
mod settings;
mod stop;
mod website;

pub use emulator::Emulator;
