//! The order of the rows.

use super::{GeoPoint, Query};
use crate::Value;
use crate::wire::{enumeration, enumeration_field, messages, setters};

enumeration! {
    /// Up or down.
    pub enum SortOrder {
        /// The least first.
        Asc = 0,
        /// The greatest first.
        Desc = 1,
    }
}

enumeration! {
    /// Which of several values of a field is sorted by.
    pub enum SortMode {
        /// The least.
        Min = 0,
        /// The greatest.
        Max = 1,
        /// Their mean.
        Avg = 2,
    }
}

enumeration! {
    /// How a distance is measured.
    pub enum GeoDistanceType {
        /// On the sphere.
        Arc = 0,
        /// On a plane, faster and less exact.
        Plane = 1,
    }
}

enumeration_field!(SortOrder, SortMode, GeoDistanceType);

messages! {
    /// An order: by the first sorter, where that leaves rows equal by the second, and so on.
    #[derive(Default)]
    pub struct Sort {
        /// The sorters.
        pub sorters: Vec<Sorter> = 1,
        /// Whether rows that are equal are left in no order instead of in that of their keys.
        pub disable_default_pk_sorter: Option<bool> = 2,
    }

    /// One of the sorters.
    #[derive(Default)]
    pub struct Sorter {
        /// By a field.
        pub field: Option<FieldSort> = 1,
        /// By a distance.
        pub geo_distance: Option<GeoDistanceSort> = 2,
        /// By the score.
        pub score: Option<OrderOnly> = 3,
        /// By the primary key.
        pub primary_key: Option<OrderOnly> = 4,
        /// By the place in the index.
        pub doc: Option<OrderOnly> = 5,
    }

    /// An order without more.
    #[derive(Copy, Eq)]
    pub struct OrderOnly {
        /// Up or down.
        pub order: Option<SortOrder> = 1,
    }

    /// By a field.
    pub struct FieldSort {
        /// The field.
        pub field: String = 1,
        /// Up or down.
        pub order: Option<SortOrder> = 2,
        /// Which of several values.
        pub mode: Option<SortMode> = 3,
        /// Which rows of a nested field.
        pub nested_filter: Option<NestedFilter> = 4,
        /// The value in rows without the field; `_first` and `_last` put them first and last.
        pub missing_value: Option<Value> = 5,
        /// The field to take in rows without the field.
        pub missing_field: Option<String> = 6,
    }

    /// By the distance from places.
    pub struct GeoDistanceSort {
        /// The field.
        pub field: String = 1,
        /// The places.
        pub points: Vec<GeoPoint> = 2,
        /// Up or down.
        pub order: Option<SortOrder> = 3,
        /// Which of several distances.
        pub mode: Option<SortMode> = 4,
        /// How it is measured.
        pub distance_type: Option<GeoDistanceType> = 5,
        /// Which rows of a nested field.
        pub nested_filter: Option<NestedFilter> = 6,
    }

    /// Which rows of a nested field are sorted by.
    pub struct NestedFilter {
        /// The nested field.
        pub path: String = 1,
        /// Which of its rows.
        pub filter: Query = 2,
    }
}

impl FieldSort {
    /// By `field`.
    pub fn new(field: impl Into<String>, order: SortOrder) -> Self {
        Self {
            field: field.into(),
            order: Some(order),
            mode: None,
            nested_filter: None,
            missing_value: None,
            missing_field: None,
        }
    }

    setters! {
        /// The same by one of several values.
        mode: SortMode,
        /// The same by some rows of a nested field.
        nested_filter: NestedFilter,
        /// The same with this value in rows without the field; `_first` and `_last` put them first and last.
        missing_value: Value,
        /// The same with this field taken in rows without the field.
        missing_field: String,
    }
}

impl GeoDistanceSort {
    /// By the distance of `field` from the nearest of `points`.
    pub fn new(field: impl Into<String>, points: impl IntoIterator<Item = GeoPoint>, order: SortOrder) -> Self {
        Self {
            field: field.into(),
            points: points.into_iter().collect(),
            order: Some(order),
            mode: None,
            distance_type: None,
            nested_filter: None,
        }
    }

    setters! {
        /// The same by one of several distances.
        mode: SortMode,
        /// The same measured so.
        distance_type: GeoDistanceType,
        /// The same by some rows of a nested field.
        nested_filter: NestedFilter,
    }
}

impl NestedFilter {
    /// The rows of the nested field `path` that fit `filter`. Fields in it have the path before their names.
    pub fn new(path: impl Into<String>, filter: impl Into<Query>) -> Self {
        Self { path: path.into(), filter: filter.into() }
    }
}

impl Sorter {
    /// By the score, the best first.
    #[must_use]
    pub fn score() -> Self {
        Self { score: Some(OrderOnly { order: Some(SortOrder::Desc) }), ..Self::default() }
    }

    /// By the primary key.
    #[must_use]
    pub fn primary_key(order: SortOrder) -> Self {
        Self { primary_key: Some(OrderOnly { order: Some(order) }), ..Self::default() }
    }

    /// By `field`, the least first.
    pub fn ascending(field: impl Into<String>) -> Self {
        FieldSort::new(field, SortOrder::Asc).into()
    }

    /// By `field`, the greatest first.
    pub fn descending(field: impl Into<String>) -> Self {
        FieldSort::new(field, SortOrder::Desc).into()
    }
}

impl From<FieldSort> for Sorter {
    fn from(sort: FieldSort) -> Self {
        Self { field: Some(sort), ..Self::default() }
    }
}

impl From<GeoDistanceSort> for Sorter {
    fn from(sort: GeoDistanceSort) -> Self {
        Self { geo_distance: Some(sort), ..Self::default() }
    }
}

impl<S: Into<Sorter>> FromIterator<S> for Sort {
    fn from_iter<I: IntoIterator<Item = S>>(sorters: I) -> Self {
        Self { sorters: sorters.into_iter().map(Into::into).collect(), disable_default_pk_sorter: None }
    }
}
