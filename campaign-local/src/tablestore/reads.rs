//! GetRow, GetRange.

use std::ops::ControlFlow;

use campaign_tablestore::op::get_range::{Direction, GetRange, RangePage};
use campaign_tablestore::op::get_row::{GetRow, GetRowOutput};
use campaign_tablestore::schema::CapacityUnit;
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Column, Filter, Name, PrimaryKey, Row, TimeRange};

use super::check::{self, Place, invalid, unsupported};
use super::key::row_key;
use super::operations::{Emulate, Moments, Stop};
use super::row::{self, Versions, units};
use super::table::{self, Table};
use crate::store::{Order, View};

/// Rows and bytes that one GetRange scans at most (service document "Limits").
const SCANNED_ROWS: usize = 5000;
const SCANNED_BYTES: usize = 4 << 20;

/// Names in `columns_to_get` (official SDK tests; the document says 128).
const COLUMNS_TO_GET: usize = 1024;

impl Emulate for GetRow {
    fn about(&self) -> Vec<u8> {
        [self.table_name.as_bytes(), &[0], &row_key(0, &self.primary_key)].concat()
    }

    async fn done(self, at: &Moments) -> Result<(Self, GetRowOutput), Stop> {
        check::no_transaction(self.transaction_id.as_deref())?;
        no_token(self.token.as_deref())?;
        let (get, now) = (self.clone(), at.now);
        let output = at.read(move |read, service| {
            check::table_name(&get.table_name)?;
            let table = table::existing(read, service, &get.table_name)?;
            check::key(&table, &get.primary_key, Place::Row)?;
            let wanted = Wanted {
                columns: get.columns_to_get,
                time_range: get.time_range,
                max_versions: get.max_versions,
                start: get.start_column,
                end: get.end_column,
                filter: get.filter,
            };
            wanted.check()?;
            let bytes = read.get(&row_key(table.number, &get.primary_key))?;
            let row = bytes.map(|bytes| row::load(&bytes, Versions::of(&table, now))).transpose()?.flatten();
            let row = row.map(|row| wanted.of(&table, row)).transpose()?.flatten();
            let consumed = CapacityUnit::new(units(row.as_ref().map_or(0, row::size)), 0);
            Ok(GetRowOutput { consumed, row, next_token: None })
        });
        let output = output.await?;
        Ok((self, output))
    }
}

impl Emulate for GetRange {
    fn about(&self) -> Vec<u8> {
        [self.table_name.as_bytes(), &[0], &row_key(0, &self.inclusive_start_primary_key)].concat()
    }

    async fn done(self, at: &Moments) -> Result<(Self, RangePage), Stop> {
        check::no_transaction(self.transaction_id.as_deref())?;
        no_token(self.token.as_deref())?;
        let (get, now) = (self.clone(), at.now);
        let page = at.read(move |read, service| {
            check::table_name(&get.table_name)?;
            let table = table::existing(read, service, &get.table_name)?;
            range(read, &table, get, now)
        });
        let page = page.await?;
        Ok((self, page))
    }
}

fn range(read: &impl View, table: &Table, get: GetRange, now: i64) -> Result<RangePage, Refusal> {
    let (start, end) = (&get.inclusive_start_primary_key, &get.exclusive_end_primary_key);
    check::key(table, start, Place::Bound)?;
    check::key(table, end, Place::Bound)?;
    let (start, end) = (row_key(table.number, start), row_key(table.number, end));
    let (lower, upper, order) = match get.direction {
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
    if get.limit == Some(0) {
        return Err(invalid("The limit must be greater than 0."));
    }
    let wanted = Wanted {
        columns: get.columns_to_get,
        time_range: get.time_range,
        max_versions: get.max_versions,
        start: get.start_column,
        end: get.end_column,
        filter: get.filter,
    };
    wanted.check()?;

    let limit = get.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(SCANNED_ROWS);
    let versions = Versions::of(table, now);
    let mut page = Page { rows: Vec::new(), scanned: 0, bytes: 0, next: None };
    let mut refused = None;
    read.scan(lower.as_slice()..upper.as_slice(), order, &mut |_, bytes| {
        let row = match row::load(bytes, versions) {
            Ok(Some(row)) => row,
            Ok(None) => return ControlFlow::Continue(()),
            Err(refusal) => {
                refused = Some(refusal);
                return ControlFlow::Break(());
            }
        };
        let size = row::size(&row);
        let full = page.scanned > 0 && page.bytes + size > SCANNED_BYTES;
        if page.rows.len() >= limit || page.scanned >= SCANNED_ROWS || full {
            page.next = Some(row.primary_key);
            return ControlFlow::Break(());
        }
        page.scanned += 1;
        page.bytes += size;
        match wanted.of(table, row) {
            Ok(row) => page.rows.extend(row),
            Err(refusal) => {
                refused = Some(refusal);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    })?;
    if let Some(refusal) = refused {
        return Err(refusal);
    }
    Ok(RangePage::new(CapacityUnit::new(units(page.bytes), 0), &page.rows, page.next))
}

/// A page while it is gathered. Under a filter `limit` counts what is returned; the service's
/// documents leave that open.
struct Page {
    rows: Vec<Row>,
    scanned: usize,
    bytes: usize,
    next: Option<PrimaryKey>,
}

/// Which columns and versions of a row are asked for.
struct Wanted {
    columns: Vec<Name>,
    time_range: Option<TimeRange>,
    max_versions: Option<u32>,
    start: Option<Name>,
    end: Option<Name>,
    filter: Option<Filter>,
}

impl Wanted {
    fn check(&self) -> Result<(), Refusal> {
        if self.max_versions.is_none() && self.time_range.is_none() {
            return Err(invalid("No version condition is specified while querying row."));
        }
        if self.max_versions == Some(0) {
            return Err(invalid("The max versions must be greater than 0."));
        }
        if self.columns.len() > COLUMNS_TO_GET {
            return Err(invalid(format!(
                "The number of columns to get exceeds the limit, limit count: {COLUMNS_TO_GET}, column count: {}.",
                self.columns.len()
            )));
        }
        Ok(())
    }

    /// What of `row` is returned; none if nothing of it was asked for, or the filter drops it.
    fn of(&self, table: &Table, mut row: Row) -> Result<Option<Row>, Refusal> {
        let had_columns = !row.columns.is_empty();
        row.columns.retain(|column| self.has(column));
        if let Some(most) = self.max_versions {
            let (mut name, mut count) = (None, 0);
            row.columns.retain(|column| {
                if name.as_ref() != Some(&column.name) {
                    name = Some(column.name.clone());
                    count = 0;
                }
                count += 1;
                count <= most
            });
        }
        // A name of the primary key asks for the key, which is always returned whole.
        let asks_for_key = table.key_schema().iter().any(|key| self.columns.iter().any(|name| *name == *key.name));
        let asks_for_all = self.columns.is_empty() && !had_columns;
        if row.columns.is_empty() && !asks_for_key && !asks_for_all {
            return Ok(None);
        }
        let Some(filter) = &self.filter else { return Ok(Some(row)) };
        let stays = filter.apply(&mut row).map_err(|_| unsupported("filters with a value transfer rule"))?;
        Ok(Some(row).filter(|_| stays))
    }

    fn has(&self, column: &Column) -> bool {
        let named = self.columns.is_empty() || self.columns.contains(&column.name);
        let after = self.start.as_ref().is_none_or(|start| column.name >= *start);
        let before = self.end.as_ref().is_none_or(|end| column.name < *end);
        let timely = match (self.time_range, column.timestamp) {
            (Some(TimeRange::Between { start, end }), Some(at)) => (start..end).contains(&at),
            (Some(TimeRange::At(time)), Some(at)) => time == at,
            _ => true,
        };
        named && after && before && timely
    }
}

/// Wide rows are returned whole, so there is nothing to go on with.
fn no_token(token: Option<&[u8]>) -> Result<(), Refusal> {
    if token.is_none_or(<[u8]>::is_empty) { Ok(()) } else { Err(invalid("The token is invalid.")) }
}
