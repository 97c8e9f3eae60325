//! What happens with a changed row, inside the commit that changes it.
//!
//! To let something follow the rows, add it to [`FOLLOWERS`].

use campaign_tablestore::server::Refusal;
use campaign_tablestore::{PrimaryKey, Row};

use super::follow_index::keep_indexes;
use super::key::row_key;
use super::row;
use super::table::Table;
use crate::store::Write;

/// One row's change.
#[derive(Debug)]
pub(super) struct Changed<'a> {
    pub(super) table: &'a Table,
    pub(super) key: &'a PrimaryKey,
    /// The row as it is from now on.
    pub(super) after: Option<&'a Row>,
}

type Follower = fn(&mut Write<'_>, &Changed<'_>) -> Result<(), Refusal>;

/// Who is told, in this order.
/// Indexes look at the row as it was kept, so the table comes after them.
const FOLLOWERS: &[Follower] = &[keep_indexes, keep];

/// Tells all of them. One that refuses refuses the change.
pub(super) fn follow(write: &mut Write<'_>, changed: &Changed<'_>) -> Result<(), Refusal> {
    FOLLOWERS.iter().try_for_each(|follower| follower(write, changed))
}

/// The table itself: keeps the row, or keeps it no longer.
fn keep(write: &mut Write<'_>, changed: &Changed<'_>) -> Result<(), Refusal> {
    let place = row_key(changed.table.number, changed.key);
    match changed.after {
        Some(row) => write.put(place, row::save(row)),
        // Also where no row was: one whose columns have all expired is none, and yet still kept.
        None => write.delete(place),
    }
    Ok(())
}
