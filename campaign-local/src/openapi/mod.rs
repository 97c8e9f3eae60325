//! The OpenAPI: the management calls of the cloud's own services, at one address for all.
//!
//! A request names its call in `x-acs-action` and `x-acs-version` and is signed with ACS3-HMAC-SHA256. Checked are the signature
//! over headers, query and the body's hash, the date (15 minutes either way), the security token, and that its nonce is new.
//! Answers and errors are JSON.
//!
//! There are the three calls of the CDN that refresh: RefreshObjectCaches (files and directories), DescribeRefreshTasks,
//! DescribeRefreshQuota. Any other is refused with `InvalidAction.NotFound`. A day allows 2,000 files and 100 directories; the day begins
//! at midnight in China. Tasks are seen for three days. Neither outlives the process: a restart has all of its quota again.
//!
//! | file | what |
//! |---|---|
//! | `handle` | [`OpenApi`]: one request from arrival to answer |
//! | `admit` | who may call |
//! | `nonces` | what was used already |
//! | `actions` | the calls |
//! | `tasks` | refreshes and the day's quota |
//!
//! Sources: service documents "Request structure and signature V3", "Common error codes" and those of the calls.

mod actions;
mod admit;
mod handle;
mod nonces;
mod tasks;

pub use handle::{MAX_REQUEST_BYTES, OpenApi};
pub use tasks::RefreshOptions;
