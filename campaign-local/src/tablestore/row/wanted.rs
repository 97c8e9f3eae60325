//! Which columns and versions of a row a read asks for, and what it gets.

use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Column, Filter, Name, PrimaryKey, Row, TimeRange, Token};

use super::key::row_key;
use super::piece::{self, Cell};
use crate::store::View;
use crate::tablestore::at::At;
use crate::tablestore::check::{self, Place, bad_pattern, invalid};
use crate::tablestore::row;
use crate::tablestore::table::Table;

/// Names in `columns_to_get` (official SDK tests; the document says 128).
const COLUMNS_TO_GET: usize = 1024;

/// What a read gets of a row.
#[derive(Debug, Default)]
pub(crate) struct Piece {
    /// None if there is no row, nothing of it was asked for, or the filter drops it.
    pub(crate) row: Option<Row>,
    /// Where to go on, if there is more of it than one answer has.
    pub(crate) next: Option<Token>,
}

/// What of the row of this key a read gets.
pub(crate) fn read_row(
    view: &impl View,
    table: &Table,
    key: &PrimaryKey,
    wanted: &Wanted,
    at: &At,
) -> Result<Piece, Refusal> {
    check::key(table, key, Place::Row)?;
    wanted.check()?;
    let place = row_key(table.number, key);
    let behind = wanted.behind(&place)?;
    let row = row::find(view, table, key, at)?;
    Ok(row.map(|row| wanted.piece(table, row, &place, behind.as_ref())).transpose()?.unwrap_or_default())
}

/// Which columns and versions of a row are asked for.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) columns: Vec<Name>,
    pub(crate) time_range: Option<TimeRange>,
    pub(crate) max_versions: Option<u32>,
    pub(crate) start: Option<Name>,
    pub(crate) end: Option<Name>,
    pub(crate) filter: Option<Filter>,
    /// Where to go on in a wide row.
    pub(crate) token: Option<Token>,
    /// Bytes of one row that an answer has; a row of more is read in pieces.
    pub(crate) bytes: usize,
}

/// What of a row GetRow, GetRange and each table of BatchGetRow ask for, which name it alike.
macro_rules! wanted {
    ($get:ident, $token:expr, $bytes:expr) => {
        $crate::tablestore::row::wanted::Wanted {
            columns: $get.columns_to_get,
            time_range: $get.time_range,
            max_versions: $get.max_versions,
            start: $get.start_column,
            end: $get.end_column,
            filter: $get.filter,
            token: $token,
            bytes: $bytes,
        }
    };
}

pub(super) use wanted;

impl Wanted {
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if self.max_versions.is_none() && self.time_range.is_none() {
            return Err(invalid("No version condition is specified while querying row."));
        }
        if self.max_versions == Some(0) {
            return Err(invalid("The max versions must be greater than 0."));
        }
        if matches!(self.time_range, Some(TimeRange::At(_))) && self.max_versions.is_some() {
            // The service refuses it (functional tests of the official Go client); the text is ours.
            return Err(invalid("A specific time and max versions exclude each other."));
        }
        if self.columns.len() > COLUMNS_TO_GET {
            return Err(invalid(format!(
                "The number of columns to get exceeds the limit, limit count: {COLUMNS_TO_GET}, column count: {}.",
                self.columns.len()
            )));
        }
        Ok(())
    }

    /// The cell behind which to go on in the row that is kept under `place`.
    pub(crate) fn behind(&self, place: &[u8]) -> Result<Option<Cell>, Refusal> {
        let token = self.token.as_ref().filter(|token| !token.is_empty());
        token.map(|token| Cell::read(token, place)).transpose()
    }

    /// As much of what is wanted of `row`, which is kept under `place`, as an answer has. The filter is that of the whole row.
    pub(crate) fn piece(&self, table: &Table, row: Row, place: &[u8], behind: Option<&Cell>) -> Result<Piece, Refusal> {
        let Some(mut row) = self.of(table, row)? else { return Ok(Piece::default()) };
        if let Some(cell) = behind {
            piece::behind(&mut row, cell);
            if row.columns.is_empty() {
                return Ok(Piece::default());
            }
        }
        let next = piece::cut(&mut row, self.bytes, place);
        Ok(Piece { row: Some(row), next })
    }

    /// What of `row` is returned; none if nothing of it was asked for, or the filter drops it.
    fn of(&self, table: &Table, mut row: Row) -> Result<Option<Row>, Refusal> {
        let had_columns = !row.columns.is_empty();
        let bounded = self.start.is_some() || self.end.is_some();
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
        // A row of which all is asked for is there also when none of its cells is of the time (functional tests of the
        // official Go client).
        let asks_for_all = self.columns.is_empty() && !(bounded && had_columns);
        if row.columns.is_empty() && !asks_for_key && !asks_for_all {
            return Ok(None);
        }
        let Some(filter) = &self.filter else { return Ok(Some(row)) };
        let stays = filter.apply(&mut row).map_err(|_| bad_pattern())?;
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
