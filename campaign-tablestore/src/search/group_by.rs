//! Group-bys: the rows that were found, by what they have in common. `group_builders` makes them.

use super::{Aggregation, GeoPosition, Query, SortOrder, Text};
use crate::wire::{Fields, Slot, Wire, enumeration, enumeration_field, messages};
use crate::{Value, WireFault};

enumeration! {
    /// A unit of time.
    pub enum TimeUnit {
        /// Years.
        Year = 1,
        /// Quarters of a year.
        Quarter = 2,
        /// Months.
        Month = 3,
        /// Weeks.
        Week = 4,
        /// Days.
        Day = 5,
        /// Hours.
        Hour = 6,
        /// Minutes.
        Minute = 7,
        /// Seconds.
        Second = 8,
        /// Milliseconds.
        Millisecond = 9,
    }
}

enumeration_field!(TimeUnit);

messages! {
    /// An order of groups: by the first that is there of each.
    #[derive(Default)]
    pub struct GroupSorter {
        /// By their keys.
        pub key: Option<GroupOrder> = 1,
        /// By their rows.
        pub row_count: Option<GroupOrder> = 2,
        /// By an aggregation inside them.
        pub aggregation: Option<AggregationOrder> = 3,
    }

    /// Up or down.
    #[derive(Copy, Eq)]
    pub struct GroupOrder {
        /// Up or down.
        pub order: Option<SortOrder> = 1,
    }

    /// By an aggregation.
    pub struct AggregationOrder {
        /// Its name.
        pub name: String = 1,
        /// Up or down.
        pub order: Option<SortOrder> = 2,
    }

    /// From a number on, up to and without another. An end that is not there is none.
    #[derive(Copy)]
    pub struct NumberRange {
        /// The first.
        pub from: Option<f64> = 1,
        /// What it ends before.
        pub to: Option<f64> = 2,
    }

    /// From a value up to another.
    pub struct FieldRange {
        /// The least.
        pub min: Value = 1,
        /// The greatest.
        pub max: Value = 2,
    }

    /// A time's length.
    #[derive(Copy, Eq)]
    pub struct TimeSpan {
        /// How many.
        pub value: i32 = 1,
        /// Of which unit.
        pub unit: TimeUnit = 2,
    }

    /// By the values of a field.
    pub struct ByField {
        /// The field.
        pub field: String = 1,
        /// Groups, at most: 10 unless it is said, up to 2,000.
        pub size: Option<i32> = 2,
        /// Their order; without it, the largest first.
        pub sort: Vec<GroupSorter> = list 3,
        /// Numbers about each group.
        pub aggregations: Vec<Aggregation> = list 4,
        /// Groups inside each group.
        pub group_bys: Vec<GroupBy> = list 5,
        /// Rows that a group must have to be told.
        pub min_doc_count: Option<i64> = 6,
    }

    /// By ranges of a number.
    pub struct ByRange {
        /// The field.
        pub field: String = 1,
        /// The ranges.
        pub ranges: Vec<NumberRange> = 2,
        /// Numbers about each group.
        pub aggregations: Vec<Aggregation> = list 3,
        /// Groups inside each group.
        pub group_bys: Vec<GroupBy> = list 4,
    }

    /// By queries.
    pub struct ByFilter {
        /// The queries.
        pub filters: Vec<Query> = 1,
        /// Numbers about each group.
        pub aggregations: Vec<Aggregation> = list 2,
        /// Groups inside each group.
        pub group_bys: Vec<GroupBy> = list 3,
    }

    /// By the distance from a place.
    pub struct ByGeoDistance {
        /// The field.
        pub field: String = 1,
        /// The place.
        pub origin: GeoPosition = 2,
        /// The distances in metres.
        pub ranges: Vec<NumberRange> = 3,
        /// Numbers about each group.
        pub aggregations: Vec<Aggregation> = list 4,
        /// Groups inside each group.
        pub group_bys: Vec<GroupBy> = list 5,
    }

    /// By steps of a number.
    pub struct ByHistogram {
        /// The field.
        pub field: String = 1,
        /// The step.
        pub interval: Value = 2,
        /// Its value in rows without it.
        pub missing: Option<Value> = 3,
        /// Rows that a group must have to be told.
        pub min_doc_count: Option<i64> = 4,
        /// Their order; without it, the least first.
        pub sort: Vec<GroupSorter> = list 5,
        /// From where to where groups are made.
        pub field_range: Option<FieldRange> = 6,
        /// Numbers about each group.
        pub aggregations: Vec<Aggregation> = list 7,
        /// Groups inside each group.
        pub group_bys: Vec<GroupBy> = list 8,
        /// What the first step begins with.
        pub offset: Option<Value> = 9,
    }

    /// By steps of a time.
    pub struct ByDateHistogram {
        /// The field.
        pub field: String = 1,
        /// The step.
        pub interval: TimeSpan = 2,
        /// From where to where groups are made.
        pub field_range: Option<FieldRange> = 3,
        /// Its value in rows without it.
        pub missing: Option<Value> = 4,
        /// Rows that a group must have to be told.
        pub min_doc_count: Option<i64> = 5,
        /// The time zone, such as `+08:00`.
        pub time_zone: Option<String> = 6,
        /// Their order; without it, the least first.
        pub sort: Vec<GroupSorter> = list 7,
        /// Numbers about each group.
        pub aggregations: Vec<Aggregation> = list 8,
        /// Groups inside each group.
        pub group_bys: Vec<GroupBy> = list 9,
        /// What the first step begins with.
        pub offset: Option<TimeSpan> = 10,
    }

    /// By squares of a geohash grid.
    pub struct ByGeoGrid {
        /// The field.
        pub field: String = 1,
        /// Characters of the geohash, 1 to 12.
        pub precision: Option<i32> = 2,
        /// Groups, at most.
        pub size: Option<i32> = 3,
        /// Numbers about each group.
        pub aggregations: Vec<Aggregation> = list 4,
        /// Groups inside each group.
        pub group_bys: Vec<GroupBy> = list 5,
    }

    /// By several group-bys together.
    pub struct ByComposite {
        /// The group-bys.
        pub sources: Vec<GroupBy> = list 1,
        /// Groups, at most.
        pub size: Option<i32> = 2,
        /// Numbers about each group.
        pub aggregations: Vec<Aggregation> = list 4,
        /// Groups inside each group.
        pub group_bys: Vec<GroupBy> = list 5,
        /// Where to go on.
        pub next_token: Option<Text> = 6,
        /// Groups that are aimed at.
        pub suggested_size: Option<i32> = 7,
    }
}

/// The rows by what they have in common, by a name.
///
/// ```
/// use campaign_tablestore::search::{Aggregation, GroupBy, GroupSorter, NumberRange, SortOrder};
///
/// let by_country = GroupBy::field("by_country", "country")
///     .aggregation(Aggregation::avg("age", "age"))
///     .sort_by(GroupSorter::aggregation("age", SortOrder::Desc))
///     .size(20);
/// let by_age = GroupBy::ranges("by_age", "age", [NumberRange::from(..18.0), (18.0..65.0).into(), (65.0..).into()]);
/// # let _ = (by_country, by_age);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GroupBy {
    /// The name, by which the result is found.
    pub name: String,
    /// By what.
    pub by: By,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident($body:ident) = $number:literal,)+) => {
        /// By what.
        #[derive(Debug, Clone, PartialEq)]
        pub enum By {
            $($(#[$doc])* $variant($body),)+
        }

        impl By {
            /// The aggregations and group-bys inside each group.
            #[must_use]
            pub fn inside(&self) -> (&[Aggregation], &[GroupBy]) {
                match self { $(Self::$variant(body) => (&body.aggregations, &body.group_bys),)+ }
            }

            pub(super) fn inside_mut(&mut self) -> (&mut Vec<Aggregation>, &mut Vec<GroupBy>) {
                match self { $(Self::$variant(body) => (&mut body.aggregations, &mut body.group_bys),)+ }
            }
        }

        impl Wire for GroupBy {
            fn write(&self, out: &mut Vec<u8>) {
                self.name.put_slot(1, out);
                match &self.by {
                    $(By::$variant(body) => {
                        Slot::put_slot(&$number, 2, out);
                        body.put_slot(3, out);
                    })+
                }
            }

            fn read(fields: &Fields) -> Result<Self, WireFault> {
                let number: i32 = Slot::take_slot(fields, 2, "group_by.type")?;
                let by = match number {
                    $($number => By::$variant(Slot::take_slot(fields, 3, "group_by.body")?),)+
                    other => return Err(WireFault::OutOfRange { field: "group_by.type", value: other.into() }),
                };
                Ok(Self { name: Slot::take_slot(fields, 1, "group_by.name")?, by })
            }
        }
    };
}
kinds! {
    /// The values of a field.
    Field(ByField) = 1,
    /// Ranges of a number.
    Range(ByRange) = 2,
    /// Queries.
    Filter(ByFilter) = 3,
    /// The distance from a place.
    GeoDistance(ByGeoDistance) = 4,
    /// Steps of a number.
    Histogram(ByHistogram) = 5,
    /// Steps of a time.
    DateHistogram(ByDateHistogram) = 6,
    /// Squares of a geohash grid.
    GeoGrid(ByGeoGrid) = 7,
    /// Several group-bys together.
    Composite(ByComposite) = 8,
}
