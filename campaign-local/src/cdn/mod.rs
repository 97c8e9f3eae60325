//! The CDN: a cache in front of the buckets.
//!
//! [`Cdn`] is a [`tower::Service`] over `http` messages. A [`Domain`] says which bucket a host name shows; a domain `*` stands
//! for every other name, so that `http://127.0.0.1:PORT/` works on a laptop. The origin is asked anonymously, as
//! `BUCKET.oss-REGION.aliyuncs.com`, in this process; any service of requests to answers can stand in its place.
//!
//! * **What is kept:** 200 answers to GET, which is also asked for HEAD, with a `Cache-Control` that gives a time: `s-maxage` before `max-age`, and never
//!   `no-cache`, `no-store`, `private` or zero. Without `Cache-Control` nothing is kept. The service itself falls back to `Expires`,
//!   `Last-Modified` and `ETag`; here a page that forgot its header shows at once.
//! * **Under which name:** host, path and query, in one spelling; without the query if the domain ignores parameters.
//! * **Who fetches:** the first of those who miss the same thing; the others wait for it. What it reads it reads at the origin's
//!   speed, into memory, and a slow reader holds nobody. What is too large is passed on unread, to each on its own.
//! * **Refreshing:** what is kept goes, and what is being fetched is not kept, so that no request that begins after a task is
//!   complete sees what was there before.
//! * **Compression:** none. The origin is asked for, and gives, what is stored.
//!
//! `X-Cache` is `HIT` or `MISS`; the service puts the kind of hit and the place behind it. Stale answers are never given.
//!
//! | file | what |
//! |---|---|
//! | `domain` | [`Domain`], [`Domains`]: which bucket a host name shows |
//! | `key` | under which name something is kept |
//! | `policy` | what is kept, and how long |
//! | `object` | something kept, and the answers made from it |
//! | `shelf` | all that is kept, what is being fetched, and what is to be refreshed |
//! | `fetch` | one request to the origin |
//! | `handle` | [`Cdn`]: one request from arrival to answer |
//! | `refusal` | the CDN's own answers |
//!
//! Sources: service documents "Cache rules", "FAQ about caching" and "RefreshObjectCaches"; RFC 9110 and RFC 9111.

mod domain;
mod fetch;
mod handle;
mod key;
mod object;
mod policy;
mod refusal;
mod shelf;

pub use domain::{BadDomain, Domain, Domains};
pub use handle::{Cdn, CdnOptions};
