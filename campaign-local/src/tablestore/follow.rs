//! What happens with a changed row, inside the commit that changes it.
//!
//! To let something follow the rows, add it to [`FOLLOWERS`].

use campaign_tablestore::server::Refusal;
use campaign_tablestore::{CellChange, PrimaryKey, Row, StreamAction};

use super::follow_index::keep_indexes;
use super::follow_stream::keep_record;
use super::key::row_key;
use super::row;
use super::table::Table;
use crate::store::Write;

/// One row's change.
#[derive(Debug)]
pub(super) struct Changed<'a> {
    pub(super) table: &'a Table,
    pub(super) key: &'a PrimaryKey,
    /// The row as it was.
    pub(super) before: Option<&'a Row>,
    /// The row as it is from now on.
    pub(super) after: Option<&'a Row>,
    /// What was asked for.
    pub(super) action: StreamAction,
    /// Of an update of a table with a stream: what became of the cells, with their versions and with sums for increments.
    pub(super) cells: &'a [CellChange],
    /// When, in milliseconds since 1970.
    pub(super) now: i64,
}

type Follower = fn(&mut Write<'_>, &Changed<'_>) -> Result<(), Refusal>;

/// Who is told, in this order.
///
/// Indexes look at the row as it was kept, so the table comes after them.
const FOLLOWERS: &[Follower] = &[keep_indexes, keep, keep_record];

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
