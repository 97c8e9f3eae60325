//! The rows of a range, a page at a time.

use std::ops::ControlFlow;

use campaign_tablestore::op::get_range::Direction;
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{PrimaryKey, Row, Token};

use super::key::row_key;
use super::wanted::{Piece, Wanted};
use crate::store::{Order, View};
use crate::tablestore::at::At;
use crate::tablestore::check::{self, Place, invalid};
use crate::tablestore::row::{self, Versions};
use crate::tablestore::table::Table;

/// Rows and bytes that one call scans at most (service document "General limits").
const SCANNED_ROWS: usize = 5000;
const SCANNED_BYTES: usize = 4 << 20;

/// Where a page begins and ends.
#[derive(Debug)]
pub(crate) struct Bounds<'a> {
    pub(crate) direction: Direction,
    /// The first key.
    pub(crate) start: &'a PrimaryKey,
    /// The key after the last.
    pub(crate) end: &'a PrimaryKey,
    pub(crate) limit: Option<u32>,
}

/// A page. Under a filter `limit` counts what is returned; the service's documents leave that open.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) rows: Vec<Row>,
    scanned: usize,
    /// The size of all rows that were looked at.
    pub(crate) bytes: usize,
    /// The first row that is not in it.
    pub(crate) next: Option<PrimaryKey>,
    /// Where that goes on in its columns: the last row of the page is a piece of it.
    pub(crate) token: Option<Token>,
}

/// Reads the page that begins at the start of `bounds`.
pub(crate) fn read_range(
    view: &impl View,
    table: &Table,
    bounds: &Bounds<'_>,
    wanted: &Wanted,
    at: &At,
) -> Result<Page, Refusal> {
    let (start, end) = (bounds.start, bounds.end);
    check::key(table, start, Place::Bound)?;
    check::key(table, end, Place::Bound)?;
    let (start, end) = (row_key(table.number, start), row_key(table.number, end));
    let first = start.clone();
    let (lower, upper, order) = match bounds.direction {
        Direction::Forward if start >= end => {
            return Err(invalid("Begin key must less than end key in FORWARD"));
        }
        Direction::Backward if start <= end => {
            return Err(invalid("Begin key must more than end key in BACKWARD"));
        }
        Direction::Forward => (start, end, Order::Forward),
        // From the start, which is in, down to the end, which is not: no key begins another one, so a
        // zero more stands right behind a key.
        Direction::Backward => ([end, vec![0]].concat(), [start, vec![0]].concat(), Order::Backward),
    };
    if bounds.limit == Some(0) {
        return Err(invalid(check::LIMIT));
    }
    wanted.check()?;
    let mut behind = wanted.behind(&first)?;

    let limit = bounds.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(SCANNED_ROWS);
    let versions = Versions::of(table, at.now);
    let mut page = Page::default();
    let mut refused = None;
    view.scan(lower.as_slice()..upper.as_slice(), order, &mut |place, bytes| {
        let row = match row::load(bytes, versions) {
            Ok(Some(row)) => row,
            Ok(None) => return ControlFlow::Continue(()),
            Err(refusal) => {
                refused = Some(refusal);
                return ControlFlow::Break(());
            }
        };
        // Only the first row may have been begun before; if it is gone, there is nothing to go on with.
        let behind = behind.take().filter(|_| place == first);
        let whole = row::size(&row);
        let key = row.primary_key.clone();
        let Piece { row, next } = match wanted.piece(table, row, place, behind.as_ref()) {
            Ok(piece) => piece,
            Err(refusal) => {
                refused = Some(refusal);
                return ControlFlow::Break(());
            }
        };
        // Of a row in pieces, what is returned counts; of others, what was looked at.
        let in_pieces = behind.is_some() || next.is_some();
        let size = row.as_ref().filter(|_| in_pieces).map_or(whole, row::size);
        let full = page.scanned > 0 && (page.bytes + size > SCANNED_BYTES || next.is_some());
        if page.rows.len() >= limit || page.scanned >= SCANNED_ROWS || full {
            page.next = Some(key);
            return ControlFlow::Break(());
        }
        page.scanned += 1;
        page.bytes += size;
        page.rows.extend(row);
        if next.is_some() {
            (page.next, page.token) = (Some(key), next);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    if let Some(refusal) = refused {
        return Err(refusal);
    }
    Ok(page)
}
