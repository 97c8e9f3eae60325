//! Calls whose answers come in pages.

use crate::{Operation, Result};

/// A call that answers one page at a time.
///
/// [`Client::pages`](crate::Client::pages) follows it to the end.
pub trait Paginate: Operation + Clone + PartialEq {
    /// The call for the page after `output`; `None` after the last. An empty continuation token
    /// counts as none, or the pages would never end.
    ///
    /// # Errors
    /// If the continuation cannot be followed.
    fn next(&self, output: &Self::Output) -> Result<Option<Self>>;
}
