//! How group-bys are made.

use std::ops::{Range, RangeFrom, RangeTo};

use super::{
    Aggregation, AggregationOrder, By, ByComposite, ByDateHistogram, ByField, ByFilter, ByGeoDistance, ByGeoGrid,
    ByHistogram, ByRange, FieldRange, GeoPosition, GroupBy, GroupOrder, GroupSorter, NumberRange, Query, SortOrder,
    Text, TimeSpan, TimeUnit,
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

    /// By ranges of a number, 100 at most (service document "Search index limits"); each ends before its second number. A
    /// range may be open at one end: `NumberRange::from(65.0..)`.
    pub fn ranges<R: Into<NumberRange>>(
        name: impl Into<String>,
        field: impl Into<String>,
        ranges: impl IntoIterator<Item = R>,
    ) -> Self {
        let ranges = ranges.into_iter().map(Into::into).collect();
        let by = ByRange { field: field.into(), ranges, aggregations: Vec::new(), group_bys: Vec::new() };
        Self { name: name.into(), by: By::Range(by) }
    }

    /// By the distance of a GEO_POINT from a place, in ranges of metres, 10 at most (service document "Search index limits").
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

    /// By queries, 10 at most (service document "Search index limits"); a row may be in several groups.
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

    /// By squares of a geohash grid, each named by so many characters, 1 to 12.
    pub fn geo_grid(name: impl Into<String>, field: impl Into<String>, precision: i32) -> Self {
        let by = ByGeoGrid {
            field: field.into(),
            precision: Some(precision),
            size: None,
            aggregations: Vec::new(),
            group_bys: Vec::new(),
        };
        Self { name: name.into(), by: By::GeoGrid(by) }
    }

    /// By several group-bys together: one group for each combination of their keys. There may be more groups than an answer
    /// holds; its [`next_token`](super::GroupByResult::next_token) leads on, by [`token`](Self::token).
    pub fn composite(name: impl Into<String>, sources: impl IntoIterator<Item = Self>) -> Self {
        let by = ByComposite {
            sources: sources.into_iter().collect(),
            size: None,
            aggregations: Vec::new(),
            group_bys: Vec::new(),
            next_token: None,
            suggested_size: None,
        };
        Self { name: name.into(), by: By::Composite(by) }
    }

    /// The same going on where a result's `next_token` says; only a composite does.
    #[must_use]
    pub fn token(mut self, token: impl Into<Text>) -> Self {
        if let By::Composite(by) = &mut self.by {
            by.next_token = Some(token.into());
        }
        self
    }

    /// The same with only those groups that have so many rows, where the kind takes a number: values of a field, steps of a
    /// number or a time. With 0, also steps without rows.
    #[must_use]
    pub fn min_row_count(mut self, rows: i64) -> Self {
        match &mut self.by {
            By::Field(by) => by.min_doc_count = Some(rows),
            By::Histogram(by) => by.min_doc_count = Some(rows),
            By::DateHistogram(by) => by.min_doc_count = Some(rows),
            By::Range(_) | By::Filter(_) | By::GeoDistance(_) | By::GeoGrid(_) | By::Composite(_) => {}
        }
        self
    }

    /// The same with steps of a time that begin in this zone, such as `+08:00`; other kinds have none.
    #[must_use]
    pub fn time_zone(mut self, zone: impl Into<String>) -> Self {
        if let By::DateHistogram(by) = &mut self.by {
            by.time_zone = Some(zone.into());
        }
        self
    }

    /// The same with a number about each group; up to five.
    #[must_use]
    pub fn aggregation(mut self, aggregation: Aggregation) -> Self {
        self.by.inside_mut().0.push(aggregation);
        self
    }

    /// The same with groups inside each group; up to five group-bys.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kind_does_not_take_changes_nothing() {
        let kinds = [
            GroupBy::ranges("by", "n", [NumberRange::from(..1.0)]),
            GroupBy::filters("by", [Query::all()]),
            GroupBy::geo_grid("by", "place", 5),
            GroupBy::composite("by", [GroupBy::field("state", "state")]),
        ];
        for by in kinds {
            let same = by.clone().sort_by(GroupSorter::key(SortOrder::Asc)).min_row_count(2).time_zone("+08:00");
            assert_eq!(same, by);
        }
        let field = GroupBy::field("by", "state");
        assert_eq!(field.clone().token("next").time_zone("+08:00"), field);
    }

    #[test]
    fn what_a_kind_takes_is_in_it() {
        let field =
            GroupBy::field("by", "state").size(3).min_row_count(2).sort_by(GroupSorter::row_count(SortOrder::Asc));
        let By::Field(field) = field.by else { panic!("another kind") };
        assert_eq!((field.size, field.min_doc_count, field.sort.len()), (Some(3), Some(2), 1));
        let days = GroupBy::date_histogram("by", "day", TimeSpan::new(1, TimeUnit::Day)).time_zone("+08:00");
        let By::DateHistogram(days) = days.by else { panic!("another kind") };
        assert_eq!((days.time_zone.as_deref(), days.interval.value), (Some("+08:00"), 1));
        let both = GroupBy::composite("by", [GroupBy::field("state", "state")]).size(7).token("next");
        let By::Composite(both) = both.by else { panic!("another kind") };
        assert_eq!((both.size, both.next_token.as_deref(), both.sources.len()), (Some(7), Some("next"), 1));
    }
}
