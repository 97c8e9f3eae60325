//! What a filter does to a row, for emulators of the service.
//!
//! Documented by the service: rows without the column, versions, and the operators. Not documented, and decided here: a
//! value of another type than the column's is not equal to it and neither greater nor less; only attribute columns are
//! looked at; a page counts the versions of a column as one column.

use std::cmp::Ordering;

use thiserror::Error;

use super::{ColumnFilter, Combinator, Comparator, Filter};
use crate::{Row, Value};

/// A filter that cannot be evaluated here: it takes a part of a column by a regular expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("filters with a value transfer rule are not supported")]
pub struct UnsupportedFilter;

impl Filter {
    /// Whether a row passes. A page of columns lets every row pass.
    ///
    /// # Errors
    ///
    /// [`UnsupportedFilter`] if any comparison has a value transfer rule, whether or not it would decide.
    pub fn matches(&self, row: &Row) -> Result<bool, UnsupportedFilter> {
        if self.has_transfer() {
            return Err(UnsupportedFilter);
        }
        Ok(self.passes(row))
    }

    /// Does to a row of an answer what the filter says: whether it stays, and which of its columns.
    ///
    /// # Errors
    ///
    /// As [`matches`](Self::matches).
    pub fn apply(&self, row: &mut Row) -> Result<bool, UnsupportedFilter> {
        if let Self::Pagination { offset, limit } = *self {
            let end = u64::from(offset) + u64::from(limit);
            let page = u64::from(offset)..end;
            let mut place = 0;
            let mut last = None;
            row.columns.retain(|column| {
                if last.as_ref().is_some_and(|last| *last != column.name) {
                    place += 1;
                }
                last = Some(column.name.clone());
                page.contains(&place)
            });
        }
        self.matches(row)
    }

    fn has_transfer(&self) -> bool {
        match self {
            Self::Column(filter) => filter.value_transfer.is_some(),
            Self::Composite { filters, .. } => filters.iter().any(Self::has_transfer),
            Self::Pagination { .. } => false,
        }
    }

    fn passes(&self, row: &Row) -> bool {
        match self {
            Self::Column(filter) => filter.passes(row),
            Self::Composite { combinator: Combinator::Not, filters } => {
                !filters.iter().any(|filter| filter.passes(row))
            }
            Self::Composite { combinator: Combinator::And, filters } => filters.iter().all(|filter| filter.passes(row)),
            Self::Composite { combinator: Combinator::Or, filters } => filters.iter().any(|filter| filter.passes(row)),
            Self::Pagination { .. } => true,
        }
    }
}

impl ColumnFilter {
    fn passes(&self, row: &Row) -> bool {
        let mut versions = row.versions(&self.column).map(|column| &column.value).peekable();
        let missing = versions.peek().is_none();
        match self.comparator {
            Comparator::Exist => !missing,
            Comparator::NotExist => missing,
            _ if missing => !self.filter_if_missing,
            _ if self.latest_version_only => versions.take(1).any(|value| self.compare(value)),
            _ => versions.any(|value| self.compare(value)),
        }
    }

    fn compare(&self, column: &Value) -> bool {
        let order = compare(column, &self.value);
        match self.comparator {
            Comparator::Equal => order == Some(Ordering::Equal),
            Comparator::NotEqual => order != Some(Ordering::Equal),
            Comparator::GreaterThan => order == Some(Ordering::Greater),
            Comparator::GreaterEqual => order.is_some_and(Ordering::is_ge),
            Comparator::LessThan => order == Some(Ordering::Less),
            Comparator::LessEqual => order.is_some_and(Ordering::is_le),
            Comparator::Exist => true,
            Comparator::NotExist => false,
        }
    }
}

/// The order of two values of one type: numbers as numbers, text and bytes as unsigned bytes.
fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Integer(a), Value::Integer(b)) => Some(a.cmp(b)),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Boolean(a), Value::Boolean(b)) => Some(a.cmp(b)),
        (Value::String(a), Value::String(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        (Value::Binary(a), Value::Binary(b)) => Some(a.cmp(b)),
        _ => None,
    }
}
