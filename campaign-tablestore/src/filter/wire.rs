//! The protobuf messages of filters.
//!
//! Every field is optional here, also those the service requires: only so can a missing field be told from a zero.

use bytes::Bytes;
use prost::{Enumeration, Message};

#[derive(Clone, PartialEq, Message)]
pub(super) struct Filter {
    #[prost(enumeration = "FilterType", optional, tag = "1")]
    pub(super) kind: Option<i32>,
    /// The message of the kind.
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub(super) filter: Option<Bytes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub(super) enum FilterType {
    SingleColumnValue = 1,
    CompositeColumnValue = 2,
    ColumnPagination = 3,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SingleColumnValueFilter {
    #[prost(enumeration = "ComparatorType", optional, tag = "1")]
    pub(super) comparator: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(super) column_name: Option<String>,
    /// A value without a length before it.
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub(super) column_value: Option<Bytes>,
    #[prost(bool, optional, tag = "4")]
    pub(super) filter_if_missing: Option<bool>,
    #[prost(bool, optional, tag = "5")]
    pub(super) latest_version_only: Option<bool>,
    #[prost(message, optional, tag = "6")]
    pub(super) value_trans_rule: Option<ValueTransferRule>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub(super) enum ComparatorType {
    Equal = 1,
    NotEqual = 2,
    GreaterThan = 3,
    GreaterEqual = 4,
    LessThan = 5,
    LessEqual = 6,
    Exist = 7,
    NotExist = 8,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ValueTransferRule {
    #[prost(string, optional, tag = "1")]
    pub(super) regex: Option<String>,
    #[prost(enumeration = "VariantType", optional, tag = "2")]
    pub(super) cast_type: Option<i32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub(super) enum VariantType {
    Integer = 0,
    Double = 1,
    String = 3,
    Null = 6,
    Blob = 7,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct CompositeColumnValueFilter {
    #[prost(enumeration = "LogicalOperator", optional, tag = "1")]
    pub(super) combinator: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub(super) sub_filters: Vec<Filter>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub(super) enum LogicalOperator {
    Not = 1,
    And = 2,
    Or = 3,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct ColumnPaginationFilter {
    #[prost(int32, optional, tag = "1")]
    pub(super) offset: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub(super) limit: Option<i32>,
}
