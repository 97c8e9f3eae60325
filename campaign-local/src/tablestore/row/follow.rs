//! What happens with a changed row, inside the commit that changes it.
//!
//! To let something follow the rows, add it to [`FOLLOWERS`].

use campaign_tablestore::server::Refusal;
use campaign_tablestore::{CellChange, PrimaryKey, Row, StreamAction};

use super::key::row_key;
use crate::store::Write;
use crate::tablestore::index::follow::keep_indexes;
use crate::tablestore::row;
use crate::tablestore::stream::follow::keep_record;
use crate::tablestore::table::Table;

/// One row's change.
#[derive(Debug)]
pub(crate) struct Changed<'a> {
    pub(crate) table: &'a Table,
    pub(crate) key: &'a PrimaryKey,
    /// The row as it was.
    pub(crate) before: Option<&'a Row>,
    /// The row as it is from now on.
    pub(crate) after: Option<&'a Row>,
    /// What was asked for.
    pub(crate) action: StreamAction,
    /// Of an update of a table with a stream: what became of the cells, with their versions and with sums for increments.
    pub(crate) cells: &'a [CellChange],
    /// When, in milliseconds since 1970.
    pub(crate) now: i64,
}

type Follower = fn(&mut Write<'_>, &Changed<'_>) -> Result<(), Refusal>;

/// Who is told, in this order.
///
/// Indexes look at the row as it was kept, so the table comes after them.
const FOLLOWERS: &[Follower] = &[keep_indexes, keep, keep_record];

/// Tells all of them. One that refuses refuses the change.
pub(crate) fn follow(write: &mut Write<'_>, changed: &Changed<'_>) -> Result<(), Refusal> {
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
