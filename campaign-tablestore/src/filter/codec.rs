//! Filters to and from the bytes of their protobuf messages.

use bytes::Bytes;
use prost::Message;

use super::wire::{self, ComparatorType, FilterType, LogicalOperator, VariantType};
use super::{
    CastType, ColumnFilter, Combinator, Comparator, Filter, FilterError, MAX_CONDITIONS, MAX_DEPTH, ValueTransfer,
};
use crate::plain_buffer::{decode_value, encode_value};

impl Filter {
    /// The bytes of the filter's message, as reads and conditions hold them. How many comparisons they are is left to the
    /// service to judge.
    ///
    /// # Errors
    ///
    /// [`FilterError`] if the service does not take such a filter.
    pub fn encode(&self) -> Result<Vec<u8>, FilterError> {
        self.conditions(0)?;
        Ok(self.to_wire().encode_to_vec())
    }

    /// Reads the bytes of a filter's message, as a server does.
    ///
    /// # Errors
    ///
    /// [`FilterError`] if the bytes are no such message, the service does not take such a filter, or it has more than
    /// [`MAX_CONDITIONS`] comparisons.
    pub fn decode(bytes: &[u8]) -> Result<Self, FilterError> {
        Self::decode_bytes(Bytes::copy_from_slice(bytes))
    }

    /// As [`decode`](Self::decode), without a copy.
    pub(crate) fn decode_bytes(bytes: Bytes) -> Result<Self, FilterError> {
        let filter = Self::from_wire(&message(bytes, "Filter")?, 0)?;
        let conditions = filter.conditions(0)?;
        if conditions > MAX_CONDITIONS {
            return Err(FilterError::TooManyConditions(conditions));
        }
        Ok(filter)
    }

    fn to_wire(&self) -> wire::Filter {
        let (kind, filter) = match self {
            Self::Column(column) => (FilterType::SingleColumnValue, column.to_wire().encode_to_vec()),
            Self::Composite { combinator, filters } => {
                let composite = wire::CompositeColumnValueFilter {
                    combinator: Some((*combinator).to_wire().into()),
                    sub_filters: filters.iter().map(Self::to_wire).collect(),
                };
                (FilterType::CompositeColumnValue, composite.encode_to_vec())
            }
            Self::Pagination { offset, limit } => {
                let page = wire::ColumnPaginationFilter {
                    offset: i32::try_from(*offset).ok(),
                    limit: i32::try_from(*limit).ok(),
                };
                (FilterType::ColumnPagination, page.encode_to_vec())
            }
        };
        wire::Filter { kind: Some(kind.into()), filter: Some(filter.into()) }
    }

    fn from_wire(outer: &wire::Filter, depth: usize) -> Result<Self, FilterError> {
        if depth > MAX_DEPTH {
            return Err(FilterError::TooDeep);
        }
        let field = |field| FilterError::BadField { message: "Filter", field };
        let inner = outer.filter.clone().ok_or(field("filter"))?;
        match known::<FilterType>(outer.kind).ok_or(field("type"))? {
            FilterType::SingleColumnValue => {
                let column = message(inner, "SingleColumnValueFilter")?;
                Ok(Self::Column(ColumnFilter::from_wire(column)?))
            }
            FilterType::CompositeColumnValue => {
                let composite: wire::CompositeColumnValueFilter = message(inner, "CompositeColumnValueFilter")?;
                let combinator = known(composite.combinator).map(Combinator::from_wire);
                Ok(Self::Composite {
                    combinator: combinator
                        .ok_or(FilterError::BadField { message: "CompositeColumnValueFilter", field: "combinator" })?,
                    filters: composite
                        .sub_filters
                        .iter()
                        .map(|filter| Self::from_wire(filter, depth + 1))
                        .collect::<Result<_, _>>()?,
                })
            }
            FilterType::ColumnPagination => {
                let page: wire::ColumnPaginationFilter = message(inner, "ColumnPaginationFilter")?;
                let number = |number: Option<i32>, field| {
                    let bad = FilterError::BadField { message: "ColumnPaginationFilter", field };
                    number.and_then(|number| u32::try_from(number).ok()).ok_or(bad)
                };
                Ok(Self::Pagination { offset: number(page.offset, "offset")?, limit: number(page.limit, "limit")? })
            }
        }
    }
}

impl ColumnFilter {
    fn to_wire(&self) -> wire::SingleColumnValueFilter {
        wire::SingleColumnValueFilter {
            comparator: Some(self.comparator.to_wire().into()),
            column_name: Some(self.column.to_string()),
            column_value: Some(encode_value(&self.value).into()),
            filter_if_missing: Some(self.filter_if_missing),
            latest_version_only: Some(self.latest_version_only),
            value_trans_rule: self.value_transfer.as_ref().map(|transfer| wire::ValueTransferRule {
                regex: Some(transfer.regex.clone()),
                cast_type: transfer.cast.map(|cast| cast.to_wire().into()),
            }),
        }
    }

    fn from_wire(filter: wire::SingleColumnValueFilter) -> Result<Self, FilterError> {
        let field = |field| FilterError::BadField { message: "SingleColumnValueFilter", field };
        let value = filter.column_value.ok_or(field("column_value"))?;
        Ok(Self {
            column: filter.column_name.ok_or(field("column_name"))?.into(),
            comparator: known(filter.comparator).map(Comparator::from_wire).ok_or(field("comparator"))?,
            value: decode_value(&value).map_err(FilterError::BadValue)?,
            filter_if_missing: filter.filter_if_missing.ok_or(field("filter_if_missing"))?,
            latest_version_only: filter.latest_version_only.ok_or(field("latest_version_only"))?,
            value_transfer: filter.value_trans_rule.map(ValueTransfer::from_wire).transpose()?,
        })
    }
}

impl ValueTransfer {
    fn from_wire(rule: wire::ValueTransferRule) -> Result<Self, FilterError> {
        let field = |field| FilterError::BadField { message: "ValueTransferRule", field };
        let cast = match rule.cast_type {
            None => None,
            some => Some(known(some).map(CastType::from_wire).ok_or(field("cast_type"))?),
        };
        Ok(Self { regex: rule.regex.ok_or(field("regex"))?, cast })
    }
}

/// Both directions between an enumeration here and on the wire, from one list.
macro_rules! same {
    ($here:ident, $wire:ident: $($name:ident = $other:ident),*) => {
        impl $here {
            const fn to_wire(self) -> $wire {
                match self {
                    $(Self::$name => $wire::$other,)*
                }
            }

            const fn from_wire(value: $wire) -> Self {
                match value {
                    $($wire::$other => Self::$name,)*
                }
            }
        }
    };
}
same!(Combinator, LogicalOperator: Not = Not, And = And, Or = Or);
same!(CastType, VariantType: Integer = Integer, Double = Double, String = String, Null = Null, Binary = Blob);
same!(Comparator, ComparatorType:
    Equal = Equal, NotEqual = NotEqual, GreaterThan = GreaterThan, GreaterEqual = GreaterEqual,
    LessThan = LessThan, LessEqual = LessEqual, Exist = Exist, NotExist = NotExist);

/// The value of an enumeration, if it is there and known.
fn known<T: TryFrom<i32>>(value: Option<i32>) -> Option<T> {
    value.and_then(|value| T::try_from(value).ok())
}

fn message<M: Message + Default>(bytes: Bytes, name: &'static str) -> Result<M, FilterError> {
    // prost says what is wrong with the bytes; that they are not the message is all a caller can use.
    M::decode(bytes).map_err(|_| FilterError::NotAMessage(name))
}
