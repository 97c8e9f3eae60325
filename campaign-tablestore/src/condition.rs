//! The condition of a write: whether the row must be there, and what its columns must hold.

use bytes::Bytes;
use prost::{Enumeration, Message};

use crate::filter::{Filter, FilterError};

/// What must hold for a write to be done (service document "Conditional update"): existence is checked first, then the
/// columns, and the row is written in the same step. If it does not hold the service answers
/// [`Code::ConditionCheckFail`](crate::Code::ConditionCheckFail), and nothing is changed.
///
/// ```
/// use campaign_tablestore::{ColumnFilter, Condition};
///
/// // Only if nobody took it.
/// let once = Condition::expect_not_exist();
/// // Only while it is pending.
/// let pending = ColumnFilter::equal("state", "pending").filter_if_missing(true);
/// let confirm = Condition::expect_exist().column(pending);
/// # assert_ne!(once, confirm);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condition {
    /// Whether the row must exist.
    pub row_existence: RowExistence,
    /// What the columns must hold. No page of columns.
    pub column_condition: Option<Filter>,
}

/// Whether a row must exist ("RowExistenceExpectation").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowExistence {
    /// It may exist or not.
    #[default]
    Ignore,
    /// It must exist.
    ExpectExist,
    /// It must not exist.
    ExpectNotExist,
}

impl Condition {
    /// Nothing is demanded; the same as `Condition::default()`.
    #[must_use]
    pub const fn ignore() -> Self {
        Self { row_existence: RowExistence::Ignore, column_condition: None }
    }

    /// The row must exist.
    #[must_use]
    pub const fn expect_exist() -> Self {
        Self { row_existence: RowExistence::ExpectExist, column_condition: None }
    }

    /// The row must not exist.
    #[must_use]
    pub const fn expect_not_exist() -> Self {
        Self { row_existence: RowExistence::ExpectNotExist, column_condition: None }
    }

    /// The columns must hold this as well.
    #[must_use]
    pub fn column(mut self, filter: impl Into<Filter>) -> Self {
        self.column_condition = Some(filter.into());
        self
    }

    /// The bytes of the condition's message, as writes hold them.
    ///
    /// # Errors
    ///
    /// [`FilterError`] if the service does not take such a column condition.
    pub fn encode(&self) -> Result<Vec<u8>, FilterError> {
        Ok(self.to_wire()?.encode_to_vec())
    }

    /// Reads the bytes of a condition's message.
    ///
    /// # Errors
    ///
    /// [`FilterError`] if the bytes are no such message, or the service does not take such a column condition.
    pub fn decode(bytes: &[u8]) -> Result<Self, FilterError> {
        let message = WireCondition::decode(Bytes::copy_from_slice(bytes));
        Self::from_wire(message.map_err(|_| FilterError::NotAMessage("Condition"))?)
    }

    /// The message, to be a field of a request.
    pub(crate) fn to_wire(&self) -> Result<WireCondition, FilterError> {
        let row_existence = match self.row_existence {
            RowExistence::Ignore => WireExistence::Ignore,
            RowExistence::ExpectExist => WireExistence::ExpectExist,
            RowExistence::ExpectNotExist => WireExistence::ExpectNotExist,
        };
        let column_condition = match &self.column_condition {
            Some(Filter::Pagination { .. }) => return Err(FilterError::MisplacedPagination),
            Some(filter) => Some(filter.encode()?.into()),
            None => None,
        };
        Ok(WireCondition { row_existence: Some(row_existence.into()), column_condition })
    }

    /// Reads the message out of a request.
    pub(crate) fn from_wire(message: WireCondition) -> Result<Self, FilterError> {
        let existence = message.row_existence.and_then(|value| WireExistence::try_from(value).ok());
        let row_existence = match existence {
            Some(WireExistence::Ignore) => RowExistence::Ignore,
            Some(WireExistence::ExpectExist) => RowExistence::ExpectExist,
            Some(WireExistence::ExpectNotExist) => RowExistence::ExpectNotExist,
            None => return Err(FilterError::BadField { message: "Condition", field: "row_existence" }),
        };
        let column_condition = match message.column_condition.map(Filter::decode_bytes).transpose()? {
            Some(Filter::Pagination { .. }) => return Err(FilterError::MisplacedPagination),
            filter => filter,
        };
        Ok(Self { row_existence, column_condition })
    }

    /// Whether the condition holds for the row that is stored, or for there being none.
    ///
    /// A column condition on a row that does not exist, which the service does not document, is that of a row without
    /// columns.
    ///
    /// # Errors
    ///
    /// [`BadPattern`](crate::BadPattern) if an expression of the column condition cannot be compiled.
    #[cfg(feature = "server")]
    pub fn holds(&self, stored: Option<&crate::Row>) -> Result<bool, crate::BadPattern> {
        let columns = match (&self.column_condition, stored) {
            (None, _) => true,
            (Some(filter), Some(row)) => filter.matches(row)?,
            (Some(filter), None) => filter.matches(&crate::Row::default())?,
        };
        Ok(columns
            && match self.row_existence {
                RowExistence::Ignore => true,
                RowExistence::ExpectExist => stored.is_some(),
                RowExistence::ExpectNotExist => stored.is_none(),
            })
    }
}

/// The protobuf message. Fields are optional, so that a missing one can be told from a zero.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct WireCondition {
    #[prost(enumeration = "WireExistence", optional, tag = "1")]
    row_existence: Option<i32>,
    /// A filter's message.
    #[prost(bytes = "bytes", optional, tag = "2")]
    column_condition: Option<Bytes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
enum WireExistence {
    Ignore = 0,
    ExpectExist = 1,
    ExpectNotExist = 2,
}
