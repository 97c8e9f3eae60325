//! Bad inputs as the OSS client meets them: hostile XML, names, headers and answers.
//!
//! | file | what |
//! |---|---|
//! | `xml` | documents that expand, nest, lie or are none |
//! | `names` | buckets, keys, ranges and expiries that cannot be, and headers that would hold two lines |
//! | `answers` | ranges, checksums and tags of downloads that contradict themselves; compressed objects; a secret in an error |
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod names;
mod xml;
