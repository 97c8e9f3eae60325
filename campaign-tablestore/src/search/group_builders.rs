//! How group-bys are made.

use std::ops::{Range, RangeFrom, RangeTo};

use super::{
    Aggregation, AggregationOrder, By, ByDateHistogram, ByField, ByFilter, ByGeoDistance, ByHistogram, ByRange,
    FieldRange, GeoPosition, GroupBy, GroupOrder, GroupSorter, NumberRange, Query, SortOrder, TimeSpan, TimeUnit,
};
use crate::Value;

impl GroupBy {
    /// By the values of a field, the largest groups first.
    pub fn field(name: impl Into<String>, field: impl Into<String>) -> Self {
        let by = ByField {
            field: field.into(),
            size: None,
            sort: Vec::new(),
            aggregations: Vec::new(),
            group_bys: Vec::new(),
            min_doc_count: None,
        };
        Self { name: name.into(), by: By::Field(by) }
    }

    /// By ranges of a number; each ends before its second number. A range may be open at one end:
    /// `NumberRange::from(65.0..)`.
    pub fn ranges<R: Into<NumberRange>>(
        name: impl Into<String>,
        field: impl Into<String>,
        ranges: impl IntoIterator<Item = R>,
    ) -> Self {
        let ranges = ranges.into_iter().map(Into::into).collect();
        let by = ByRange { field: field.into(), ranges, aggregations: Vec::new(), group_bys: Vec::new() };
        Self { name: name.into(), by: By::Range(by) }
    }

    /// By the distance of a GEO_POINT from a place, in ranges of metres.
    pub fn distances<R: Into<NumberRange>>(
        name: impl Into<String>,
        field: impl Into<String>,
        origin: impl Into<GeoPosition>,
        ranges: impl IntoIterator<Item = R>,
    ) -> Self {
        let by = ByGeoDistance {
            field: field.into(),
            origin: origin.into(),
            ranges: ranges.into_iter().map(Into::into).collect(),
            aggregations: Vec::new(),
            group_bys: Vec::new(),
        };
        Self { name: name.into(), by: By::GeoDistance(by) }
    }

    /// By queries; a row may be in several groups.
    pub fn filters<Q: Into<Query>>(name: impl Into<String>, filters: impl IntoIterator<Item = Q>) -> Self {
        let filters = filters.into_iter().map(Into::into).collect();
        let by = ByFilter { filters, aggregations: Vec::new(), group_bys: Vec::new() };
        Self { name: name.into(), by: By::Filter(by) }
    }

    /// By steps of a number between two bounds.
    pub fn histogram(
        name: impl Into<String>,
        field: impl Into<String>,
        interval: impl Into<Value>,
        min: impl Into<Value>,
        max: impl Into<Value>,
    ) -> Self {
        let by = ByHistogram {
            field: field.into(),
            interval: interval.into(),
            missing: None,
            min_doc_count: None,
            sort: Vec::new(),
            field_range: Some(FieldRange { min: min.into(), max: max.into() }),
            aggregations: Vec::new(),
            group_bys: Vec::new(),
            offset: None,
        };
        Self { name: name.into(), by: By::Histogram(by) }
    }

    /// By steps of a time.
    pub fn date_histogram(name: impl Into<String>, field: impl Into<String>, interval: TimeSpan) -> Self {
        let by = ByDateHistogram {
            field: field.into(),
            interval,
            field_range: None,
            missing: None,
            min_doc_count: None,
            time_zone: None,
            sort: Vec::new(),
            aggregations: Vec::new(),
            group_bys: Vec::new(),
            offset: None,
        };
        Self { name: name.into(), by: By::DateHistogram(by) }
    }

    /// The same with a number about each group.
    #[must_use]
    pub fn aggregation(mut self, aggregation: Aggregation) -> Self {
        self.by.inside_mut().0.push(aggregation);
        self
    }

    /// The same with groups inside each group.
    #[must_use]
    pub fn group_by(mut self, group_by: Self) -> Self {
        self.by.inside_mut().1.push(group_by);
        self
    }

    /// The same in this order, where the kind takes one: by the values of a field, by steps of a number or a time. A second
    /// call adds an order for groups that the first leaves equal.
    #[must_use]
    pub fn sort_by(mut self, sorter: GroupSorter) -> Self {
        match &mut self.by {
            By::Field(by) => by.sort.push(sorter),
            By::Histogram(by) => by.sort.push(sorter),
            By::DateHistogram(by) => by.sort.push(sorter),
            By::Range(_) | By::Filter(_) | By::GeoDistance(_) | By::GeoGrid(_) | By::Composite(_) => {}
        }
        self
    }

    /// The same with at most so many groups, 2,000 at most, where the kind takes a number.
    #[must_use]
    pub fn size(mut self, groups: i32) -> Self {
        match &mut self.by {
            By::Field(by) => by.size = Some(groups),
            By::GeoGrid(by) => by.size = Some(groups),
            By::Composite(by) => by.size = Some(groups),
            By::Range(_) | By::Filter(_) | By::GeoDistance(_) | By::Histogram(_) | By::DateHistogram(_) => {}
        }
        self
    }
}

impl GroupSorter {
    /// By their keys.
    #[must_use]
    pub const fn key(order: SortOrder) -> Self {
        Self { key: Some(GroupOrder { order: Some(order) }), row_count: None, aggregation: None }
    }

    /// By how many rows they have.
    #[must_use]
    pub const fn row_count(order: SortOrder) -> Self {
        Self { key: None, row_count: Some(GroupOrder { order: Some(order) }), aggregation: None }
    }

    /// By the aggregation of this name inside them, which is a number.
    pub fn aggregation(name: impl Into<String>, order: SortOrder) -> Self {
        let by = AggregationOrder { name: name.into(), order: Some(order) };
        Self { key: None, row_count: None, aggregation: Some(by) }
    }
}

impl TimeSpan {
    /// So many of a unit.
    #[must_use]
    pub const fn new(value: i32, unit: TimeUnit) -> Self {
        Self { value, unit }
    }
}

impl From<(f64, f64)> for NumberRange {
    fn from((from, to): (f64, f64)) -> Self {
        Self { from: Some(from), to: Some(to) }
    }
}

impl From<Range<f64>> for NumberRange {
    fn from(range: Range<f64>) -> Self {
        Self { from: Some(range.start), to: Some(range.end) }
    }
}

impl From<RangeFrom<f64>> for NumberRange {
    fn from(range: RangeFrom<f64>) -> Self {
        Self { from: Some(range.start), to: None }
    }
}

impl From<RangeTo<f64>> for NumberRange {
    fn from(range: RangeTo<f64>) -> Self {
        Self { from: None, to: Some(range.end) }
    }
}
