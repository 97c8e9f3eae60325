//! The words of a marketing campaign, without any network.

pub mod ids;
pub mod store;

pub use ids::{CallId, Digest, Malformed, RowKey, SubmissionId};
