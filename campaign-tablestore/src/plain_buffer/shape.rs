//! What a row must look like at its place in the protocol.

use super::cell::{CellOp, CellRef, ValueRef};
use super::error::DecodeFault;
use crate::row::MAX_KEY_COLUMNS;

/// The place of a buffer in the protocol. It decides what its rows may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// Rows the service returns. Keys hold values only; a returned counter may carry its operation; no delete marker.
    Answer,
    /// A key to read, a bound of a range, or the key a range goes on from: may hold INF_MIN and INF_MAX, has no columns.
    Key,
    /// The row of PutRow: may leave a key column to the service; columns are plain values.
    Put,
    /// The row of UpdateRow: columns are values, deletions or increments.
    Update,
    /// The key of DeleteRow, with its delete marker.
    Delete,
    /// A row of a stream: any of these, also without a primary key.
    Record,
}

impl Shape {
    /// Checks a whole row.
    pub(super) fn check(
        self,
        key: &[CellRef<'_>],
        columns: &[CellRef<'_>],
        delete_marker: bool,
    ) -> Result<(), DecodeFault> {
        if key.is_empty() && self != Self::Record {
            return Err(DecodeFault::NoPrimaryKey);
        }
        if key.len() > MAX_KEY_COLUMNS {
            return Err(DecodeFault::TooManyKeyColumns);
        }
        for (at, cell) in key.iter().enumerate() {
            self.check_key_cell(cell)?;
            if key.iter().take(at).any(|earlier| earlier.name == cell.name) {
                return Err(DecodeFault::RepeatedKeyColumn);
            }
        }
        if !columns.is_empty() && matches!(self, Self::Key | Self::Delete) {
            return Err(DecodeFault::UnexpectedColumns);
        }
        for cell in columns {
            self.check_column(cell)?;
        }
        if matches!(self, Self::Answer | Self::Put) && has_repeated_column(columns) {
            return Err(DecodeFault::RepeatedColumn);
        }
        match self {
            Self::Delete if !delete_marker => Err(DecodeFault::BadDeleteMarker),
            Self::Delete | Self::Record => Ok(()),
            _ if delete_marker => Err(DecodeFault::BadDeleteMarker),
            _ => Ok(()),
        }
    }

    fn check_key_cell(self, cell: &CellRef<'_>) -> Result<(), DecodeFault> {
        if let Some(op) = cell.op {
            return Err(DecodeFault::BadOperation(op.tag()));
        }
        if cell.timestamp.is_some() {
            return Err(DecodeFault::UnexpectedTimestamp);
        }
        let value = cell.value.ok_or(DecodeFault::ValueMismatch)?;
        let fits = match value {
            ValueRef::Integer(_) | ValueRef::String(_) | ValueRef::Binary(_) => true,
            ValueRef::InfMin | ValueRef::InfMax => self == Self::Key,
            ValueRef::AutoIncrement => matches!(self, Self::Put | Self::Update),
            ValueRef::Double(_) | ValueRef::Boolean(_) => false,
        };
        if fits { Ok(()) } else { Err(DecodeFault::BadValueType(value.type_tag())) }
    }

    fn check_column(self, cell: &CellRef<'_>) -> Result<(), DecodeFault> {
        if cell.timestamp.is_some_and(i64::is_negative) {
            return Err(DecodeFault::NegativeTimestamp);
        }
        if let Some(value @ (ValueRef::InfMin | ValueRef::InfMax | ValueRef::AutoIncrement)) = cell.value {
            return Err(DecodeFault::BadValueType(value.type_tag()));
        }
        let Some(op) = cell.op else {
            return if cell.value.is_some() { Ok(()) } else { Err(DecodeFault::ValueMismatch) };
        };
        let allowed = match self {
            Self::Answer => op == CellOp::Increment,
            Self::Update | Self::Record => true,
            Self::Put | Self::Key | Self::Delete => false,
        };
        if !allowed {
            return Err(DecodeFault::BadOperation(op.tag()));
        }
        match (op, cell.value, cell.timestamp) {
            (CellOp::DeleteAllVersions, None, None) | (CellOp::DeleteOneVersion, None, Some(_)) => Ok(()),
            // Some SDKs write a timestamp beside an increment, and answers carry one.
            (CellOp::Increment, Some(ValueRef::Integer(_)), _) => Ok(()),
            (CellOp::DeleteAllVersions, None, Some(_)) => Err(DecodeFault::UnexpectedTimestamp),
            (CellOp::DeleteOneVersion, None, None) => Err(DecodeFault::MissingTimestamp),
            _ => Err(DecodeFault::ValueMismatch),
        }
    }
}

/// Above this many columns out of order, they are sorted rather than compared pairwise.
const PAIRWISE: usize = 32;

/// Whether two columns have one name and one timestamp (or both none).
///
/// The service orders columns by name and versions newest first; then one comparison per column decides.
fn has_repeated_column(columns: &[CellRef<'_>]) -> bool {
    let version = |cell: &CellRef<'_>| cell.timestamp;
    let ordered = columns.windows(2).all(|pair| {
        let [a, b] = pair else { return true };
        a.name < b.name || (a.name == b.name && version(a) > version(b))
    });
    if ordered {
        return false;
    }
    if columns.len() <= PAIRWISE {
        return columns.iter().enumerate().any(|(at, cell)| {
            columns.iter().take(at).any(|other| other.name == cell.name && version(other) == version(cell))
        });
    }
    let mut sorted: Vec<_> = columns.iter().map(|cell| (cell.name, version(cell))).collect();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
}
