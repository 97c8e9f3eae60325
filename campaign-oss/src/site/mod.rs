//! Publishes a folder as a static site: only what differs, in an order that never breaks a page, and again after any
//! interruption.
//!
//! A [`Site`] is a folder and how it is served. [`Site::plan`] compares it with a bucket; the [`Plan`] is shown, or carried
//! out in three steps, between which the caller asks the caches in front of the bucket to forget what changed:
//!
//! ```no_run
//! use campaign_oss::{Client, site::Site};
//!
//! # async fn refresh(addresses: Vec<String>) -> Result<(), Box<dyn std::error::Error>> { Ok(()) }
//! # async fn publish(oss: &Client) -> Result<(), Box<dyn std::error::Error>> {
//! let site = Site::new("public")?.prefix("spring")?.cache_control("assets/**", "public, max-age=31536000, immutable")?;
//! let plan = site.plan(oss, "example-bucket").await?;
//! println!("{plan}");
//! let uploaded = plan.upload(oss, &|_| ()).await?;
//! refresh(uploaded.addresses("https://www.example.com/spring/")?).await?;
//! let deleted = uploaded.delete_stale(oss, &|_| ()).await?;
//! refresh(deleted.addresses("https://www.example.com/spring/")?).await?;
//! deleted.finish(oss).await?;
//! # Ok(())
//! # }
//! ```
//!
//! What is known of a site lies in the bucket, in the object `.campaign-site.json` under the prefix, which only the bucket's
//! owner can read. One publisher at a time: two leave a site of both.

mod address;
mod compare;
mod definition;
mod delete;
mod digest;
mod error;
mod folder;
mod headers;
mod key;
mod listing;
mod manifest;
mod md5;
mod notice;
mod plan;
mod read;
mod upload;
mod work;

pub use self::{
    compare::{Reason, Stale},
    definition::{DEFAULT_CONCURRENCY, DEFAULT_DELETE_LIMIT, Site},
    delete::{Deleted, Uploaded},
    error::SiteError,
    headers::{HASHED, Headers, OTHER, PAGE},
    notice::{Skipped, Warning},
    plan::{Plan, Put},
    work::{Event, Outcome, Watch},
};
