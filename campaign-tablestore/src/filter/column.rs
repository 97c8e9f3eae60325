//! The comparison of one column with a value.

use crate::{Name, Value};

/// Compares the attribute column of a name with a value (service document "Filter", "SingleColumnValueFilter").
///
/// Unless told otherwise, a row without the column passes and only the newest version is looked at; these are the
/// defaults of the official SDKs.
///
/// ```
/// use campaign_tablestore::{ColumnFilter, GetRange};
///
/// let adults = ColumnFilter::greater_equal("age", 18).filter_if_missing(true);
/// let range = GetRange::all("entries", ["id"]).filter(adults);
/// # let _ = range;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnFilter {
    /// The column.
    pub column: Name,
    /// The comparison.
    pub comparator: Comparator,
    /// The value on the right of the comparison.
    pub value: Value,
    /// Whether a row without the column is left out (`true`) or passes (`false`).
    pub filter_if_missing: bool,
    /// Whether only the newest version is compared (`true`), or one matching version is enough (`false`).
    pub latest_version_only: bool,
    /// What to take from the column before comparing.
    pub value_transfer: Option<ValueTransfer>,
}

/// How a column is compared with a value ("ComparatorType").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparator {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `>`
    GreaterThan,
    /// `>=`
    GreaterEqual,
    /// `<`
    LessThan,
    /// `<=`
    LessEqual,
    /// The column is there. The value is not looked at.
    Exist,
    /// The column is not there. The value is not looked at.
    NotExist,
}

/// Takes a part of a string column and compares that ("ValueTransferRule").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueTransfer {
    /// A regular expression with one group: the part to compare.
    pub regex: String,
    /// The type to which the part is converted.
    pub cast: Option<CastType>,
}

/// The type to which a part of a string is converted ("VariantType").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CastType {
    /// A signed 64-bit number.
    Integer,
    /// A 64-bit floating-point number.
    Double,
    /// Text.
    String,
    /// No value.
    Null,
    /// Bytes.
    Binary,
}

impl ColumnFilter {
    /// Compares a column with a value.
    #[must_use]
    pub fn new(column: impl Into<Name>, comparator: Comparator, value: impl Into<Value>) -> Self {
        Self {
            column: column.into(),
            comparator,
            value: value.into(),
            filter_if_missing: false,
            latest_version_only: true,
            value_transfer: None,
        }
    }

    /// `column = value`
    #[must_use]
    pub fn equal(column: impl Into<Name>, value: impl Into<Value>) -> Self {
        Self::new(column, Comparator::Equal, value)
    }

    /// `column <> value`
    #[must_use]
    pub fn not_equal(column: impl Into<Name>, value: impl Into<Value>) -> Self {
        Self::new(column, Comparator::NotEqual, value)
    }

    /// `column > value`
    #[must_use]
    pub fn greater_than(column: impl Into<Name>, value: impl Into<Value>) -> Self {
        Self::new(column, Comparator::GreaterThan, value)
    }

    /// `column >= value`
    #[must_use]
    pub fn greater_equal(column: impl Into<Name>, value: impl Into<Value>) -> Self {
        Self::new(column, Comparator::GreaterEqual, value)
    }

    /// `column < value`
    #[must_use]
    pub fn less_than(column: impl Into<Name>, value: impl Into<Value>) -> Self {
        Self::new(column, Comparator::LessThan, value)
    }

    /// `column <= value`
    #[must_use]
    pub fn less_equal(column: impl Into<Name>, value: impl Into<Value>) -> Self {
        Self::new(column, Comparator::LessEqual, value)
    }

    /// The column is there.
    #[must_use]
    pub fn exist(column: impl Into<Name>) -> Self {
        // The message must have a value; SDKs send the integer 0.
        Self::new(column, Comparator::Exist, 0)
    }

    /// The column is not there.
    #[must_use]
    pub fn not_exist(column: impl Into<Name>) -> Self {
        Self::new(column, Comparator::NotExist, 0)
    }

    /// Whether a row without the column is left out (`true`) or passes (`false`, the default).
    #[must_use]
    pub const fn filter_if_missing(mut self, value: bool) -> Self {
        self.filter_if_missing = value;
        self
    }

    /// Whether only the newest version is compared (`true`, the default), or one matching version is enough.
    #[must_use]
    pub const fn latest_version_only(mut self, value: bool) -> Self {
        self.latest_version_only = value;
        self
    }

    /// Compares what the group of `regex` finds in the column, converted to `cast`, rather than the column itself.
    #[must_use]
    pub fn value_transfer(mut self, regex: impl Into<String>, cast: CastType) -> Self {
        self.value_transfer = Some(ValueTransfer { regex: regex.into(), cast: Some(cast) });
        self
    }
}
