//! What a filter does to a row, for emulators of the service.
//!
//! Documented by the service: rows without the column, versions, and the operators. Not documented, and decided here: a
//! value of another type than the column's is not equal to it and neither greater nor less; only attribute columns are
//! looked at; a page counts the versions of a column as one column. A value transfer rule takes the first group of the
//! first match, or the whole match where the expression has no group; where the column is no text, nothing matches or the
//! part is not of the type it is converted to, the comparison fails.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::VecDeque;

use regex::{Regex, RegexBuilder};
use thiserror::Error;

use super::{CastType, ColumnFilter, Combinator, Comparator, Filter, ValueTransfer};
use crate::{Row, Value};

/// Bytes of a compiled expression, at most.
const PATTERN_BYTES: usize = 1 << 20;

/// Compiled expressions that a thread keeps: a filter has at most ten and is asked about many rows.
const PATTERNS: usize = 16;

/// The expression of a value transfer rule is none, or too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the regular expression of a value transfer rule cannot be compiled")]
pub struct BadPattern;

impl Filter {
    /// Whether a row passes. A page of columns lets every row pass.
    ///
    /// # Errors
    ///
    /// [`BadPattern`] if the expression of any value transfer rule cannot be compiled, whether or not it would decide.
    pub fn matches(&self, row: &Row) -> Result<bool, BadPattern> {
        self.check_patterns()?;
        self.passes(row)
    }

    /// Does to a row of an answer what the filter says: whether it stays, and which of its columns.
    ///
    /// # Errors
    ///
    /// As [`matches`](Self::matches).
    pub fn apply(&self, row: &mut Row) -> Result<bool, BadPattern> {
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

    fn check_patterns(&self) -> Result<(), BadPattern> {
        match self {
            Self::Column(ColumnFilter { value_transfer: Some(rule), .. }) => pattern(&rule.regex).map(drop),
            Self::Composite { filters, .. } => filters.iter().try_for_each(Self::check_patterns),
            Self::Column(_) | Self::Pagination { .. } => Ok(()),
        }
    }

    fn passes(&self, row: &Row) -> Result<bool, BadPattern> {
        match self {
            Self::Column(filter) => filter.passes(row),
            Self::Composite { combinator, filters } => {
                // What a filter would answer if none of its parts did otherwise.
                let all = *combinator == Combinator::And;
                for filter in filters {
                    if filter.passes(row)? != all {
                        return Ok(*combinator == Combinator::Or);
                    }
                }
                Ok(*combinator != Combinator::Or)
            }
            Self::Pagination { .. } => Ok(true),
        }
    }
}

impl ColumnFilter {
    fn passes(&self, row: &Row) -> Result<bool, BadPattern> {
        let mut versions = row.versions(&self.column).map(|column| &column.value).peekable();
        let missing = versions.peek().is_none();
        let looked_at = if self.latest_version_only { 1 } else { usize::MAX };
        match self.comparator {
            Comparator::Exist => Ok(!missing),
            Comparator::NotExist => Ok(missing),
            _ if missing => Ok(!self.filter_if_missing),
            _ => {
                for value in versions.take(looked_at) {
                    if self.compare(value)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    fn compare(&self, column: &Value) -> Result<bool, BadPattern> {
        match &self.value_transfer {
            None => Ok(self.holds(column)),
            Some(rule) => Ok(rule.part_of(column)?.is_some_and(|part| self.holds(&part))),
        }
    }

    fn holds(&self, column: &Value) -> bool {
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

impl ValueTransfer {
    /// The part of a column that is compared, as the value it is converted to.
    fn part_of(&self, column: &Value) -> Result<Option<Value>, BadPattern> {
        let pattern = pattern(&self.regex)?;
        let Value::String(text) = column else { return Ok(None) };
        let Some(found) = pattern.captures(text) else { return Ok(None) };
        let Some(part) = found.get(1).or_else(|| found.get(0).filter(|_| found.len() == 1)) else { return Ok(None) };
        let part = part.as_str();
        Ok(match self.cast {
            None | Some(CastType::String) => Some(Value::from(part)),
            Some(CastType::Integer) => part.parse::<i64>().ok().map(Value::from),
            Some(CastType::Double) => part.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
            Some(CastType::Binary) => Some(Value::from(part.as_bytes().to_vec())),
            Some(CastType::Null) => None,
        })
    }
}

thread_local! {
    /// The last used expressions, the newest first.
    static COMPILED: RefCell<VecDeque<Regex>> = const { RefCell::new(VecDeque::new()) };
}

/// The expression, compiled once for all rows that it is asked about.
fn pattern(text: &str) -> Result<Regex, BadPattern> {
    COMPILED.with_borrow_mut(|compiled| {
        if let Some(found) = compiled.iter().find(|pattern| pattern.as_str() == text) {
            return Ok(found.clone());
        }
        let new = RegexBuilder::new(text).size_limit(PATTERN_BYTES).build().map_err(|_| BadPattern)?;
        compiled.truncate(PATTERNS - 1);
        compiled.push_front(new.clone());
        Ok(new)
    })
}
