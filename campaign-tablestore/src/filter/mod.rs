//! Filters: which rows a read returns, and which rows a write may touch.
//!
//! A filter compares attribute columns with values ([`ColumnFilter`]), joins such comparisons, or takes a page of a row's
//! columns. As part of a [`Condition`](crate::Condition) it guards a write; there it cannot be a page.
//!
//! Sources: service documents "Filter" and "ColumnPaginationFilter"; limits from "General limits" and "Error codes".

mod codec;
mod column;
#[cfg(feature = "server")]
mod evaluate;
mod wire;

#[cfg(test)]
mod tests;

pub use column::{CastType, ColumnFilter, Comparator, ValueTransfer};
#[cfg(feature = "server")]
pub use evaluate::BadPattern;

use thiserror::Error;

use crate::plain_buffer::DecodeError;

/// The most comparisons of one filter that the service documents (service document "General limits"), and that the server half
/// reads. The functional tests of the official Java client have the service take 32 filters, joins and comparisons together: so
/// the client sends more, and leaves it to the service to refuse them.
pub const MAX_CONDITIONS: usize = 10;

/// Filters inside filters, at most. By no source the service takes so many filters that they could be deeper.
const MAX_DEPTH: usize = 32;

/// Which rows, or which columns of a row (service documents "Filter" and "ColumnPaginationFilter").
///
/// ```
/// use campaign_tablestore::{ColumnFilter, Filter};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let filter = Filter::all([
///     ColumnFilter::equal("state", "pending").filter_if_missing(true).into(),
///     Filter::not(ColumnFilter::less_than("age", 18)),
/// ]);
/// assert_eq!(Filter::decode(&filter.encode()?)?, filter);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Compares a column with a value.
    Column(ColumnFilter),
    /// Joins filters. The service takes exactly one for [`Combinator::Not`] and documents exactly two for the others, so
    /// [`all`](Self::all) and [`any`](Self::any) join pairs of pairs, up to [`MAX_CONDITIONS`]; more than those they join at
    /// once, as the official clients do.
    Composite {
        /// How they are joined.
        combinator: Combinator,
        /// What is joined.
        filters: Vec<Self>,
    },
    /// Takes a page of a row's columns. Stands alone.
    Pagination {
        /// How many columns to leave out first, at most [`i32::MAX`].
        offset: u32,
        /// How many columns to take, at most [`i32::MAX`].
        limit: u32,
    },
}

/// How filters are joined ("LogicalOperator").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combinator {
    /// The one does not match.
    Not,
    /// All match.
    And,
    /// At least one matches.
    Or,
}

impl Filter {
    /// Matches when all of `filters` match. At least one must be given.
    #[must_use]
    pub fn all<F: Into<Self>>(filters: impl IntoIterator<Item = F>) -> Self {
        Self::join(Combinator::And, filters)
    }

    /// Matches when any of `filters` matches. At least one must be given.
    #[must_use]
    pub fn any<F: Into<Self>>(filters: impl IntoIterator<Item = F>) -> Self {
        Self::join(Combinator::Or, filters)
    }

    /// Matches when `filter` does not.
    #[must_use]
    pub fn not(filter: impl Into<Self>) -> Self {
        Self::Composite { combinator: Combinator::Not, filters: vec![filter.into()] }
    }

    /// Takes `limit` columns of each row after the first `offset`, in the order of their names.
    #[must_use]
    pub const fn columns_page(offset: u32, limit: u32) -> Self {
        Self::Pagination { offset, limit }
    }

    fn join<F: Into<Self>>(combinator: Combinator, filters: impl IntoIterator<Item = F>) -> Self {
        let filters: Vec<Self> = filters.into_iter().map(Into::into).collect();
        if filters.len() > MAX_CONDITIONS {
            // Pairs would count twice among the 32 filters that the service takes, and could be nested too deep to be dropped.
            return Self::Composite { combinator, filters };
        }
        let joined =
            filters.into_iter().reduce(|first, second| Self::Composite { combinator, filters: vec![first, second] });
        // Joining nothing is refused when it is encoded.
        joined.unwrap_or(Self::Composite { combinator, filters: Vec::new() })
    }

    /// Checks what the service demands of every filter, and counts the comparisons.
    fn conditions(&self, depth: usize) -> Result<usize, FilterError> {
        if depth > MAX_DEPTH {
            return Err(FilterError::TooDeep);
        }
        match self {
            Self::Column(_) => Ok(1),
            Self::Pagination { .. } if depth > 0 => Err(FilterError::MisplacedPagination),
            Self::Pagination { offset, limit } => {
                let fits = i32::try_from(*offset).is_ok() && i32::try_from(*limit).is_ok();
                if fits { Ok(0) } else { Err(FilterError::PageOutOfRange) }
            }
            Self::Composite { combinator, filters } => {
                let fits = match combinator {
                    Combinator::Not => filters.len() == 1,
                    // Official SDKs send more than two.
                    Combinator::And | Combinator::Or => filters.len() >= 2,
                };
                if !fits {
                    return Err(FilterError::SubFilters { combinator: *combinator, count: filters.len() });
                }
                filters.iter().try_fold(0, |sum, filter| Ok(sum + filter.conditions(depth + 1)?))
            }
        }
    }
}

impl From<ColumnFilter> for Filter {
    fn from(filter: ColumnFilter) -> Self {
        Self::Column(filter)
    }
}

/// A filter or condition is not one the service takes, or its bytes are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FilterError {
    /// More comparisons than [`MAX_CONDITIONS`], in a request that a server reads.
    #[error("a filter has {0} comparisons; the service documents 10 at most")]
    TooManyConditions(usize),
    /// Not exactly one filter to negate, or less than two to join.
    #[error("{combinator:?} joins {count} filters; Not takes exactly one, And and Or take two or more")]
    SubFilters {
        /// How they are joined.
        combinator: Combinator,
        /// How many they are.
        count: usize,
    },
    /// A page of columns inside another filter or in a condition.
    #[error("a page of columns cannot be part of a filter or of a condition")]
    MisplacedPagination,
    /// Offset or limit of a page is over `i32::MAX`.
    #[error("offset and limit of a page must be at most 2147483647")]
    PageOutOfRange,
    /// Filters nested too deep.
    #[error("a filter is nested deeper than 32")]
    TooDeep,
    /// The bytes are not the protobuf message that must stand here.
    #[error("the bytes are no {0} message")]
    NotAMessage(&'static str),
    /// A required field is missing, or its value is unknown.
    #[error("field {field} of {message} is missing or has an unknown value")]
    BadField {
        /// The message.
        message: &'static str,
        /// The field.
        field: &'static str,
    },
    /// The value to compare with cannot be read.
    #[error("the value of a filter cannot be read")]
    BadValue(#[source] DecodeError),
}
