//! What the rows of a group have in common: which groups a row is in.

use campaign_tablestore::Row;
use campaign_tablestore::search::{
    By, ByComposite, FieldType, GeoPoint, GroupBy, GroupKey, GroupSorter, NumberRange, Query, SortOrder,
};
use campaign_tablestore::server::Refusal;

use super::aggregate::{Kinds, Values};
use super::document::{Document, Scalar};
use super::evaluate::{Scope, score};
use super::geo;
use super::group::{ALL_GROUPS, too_many};
use super::steps::{Steps, Times};
use super::validate;
use crate::tablestore::check::invalid;

/// Ranges, ranges of distances and filters of a group-by (service document "Search index limits").
const RANGES: usize = 100;
const DISTANCES: usize = 10;
const FILTERS: usize = 10;

/// Group-bys of a composite; no document has the number.
const SOURCES: usize = 5;

/// A key, and bytes that compare as the keys of its group-by do.
pub(super) type Marked = (Vec<u8>, GroupKey);

/// By what.
#[derive(Clone, Debug)]
pub(super) enum Source<'a> {
    Field(Values<'a>),
    Ranges(Values<'a>, &'a [NumberRange]),
    Distances(Values<'a>, GeoPoint, &'a [NumberRange]),
    Filters(&'a [Query], Scope<'a>),
    Steps(Steps<'a>),
    Times(Times<'a>),
    Grid(Values<'a>, usize),
    /// Each with whether it is sorted downwards.
    Together(Vec<(Self, bool)>),
}

fn number(what: &str, is: usize, most: usize) -> Result<(), Refusal> {
    if is > most {
        return Err(invalid(format!("the number of {what} of a group by must not exceed {most}")));
    }
    Ok(())
}

impl<'a> Source<'a> {
    pub(super) fn new(group_by: &'a GroupBy, scope: Scope<'a>) -> Result<Self, Refusal> {
        match &group_by.by {
            By::Range(by) => number("ranges", by.ranges.len(), RANGES)?,
            By::GeoDistance(by) => number("ranges", by.ranges.len(), DISTANCES)?,
            By::Filter(by) => number("filters", by.filters.len(), FILTERS)?,
            _ => {}
        }
        Ok(match &group_by.by {
            By::Field(by) => Self::Field(values(&by.field, scope, |of| of != FieldType::GeoPoint)?),
            By::Range(by) => Self::Ranges(Values::new(&by.field, None, Kinds::Numbers, scope)?, &by.ranges),
            By::GeoDistance(by) => {
                let origin = GeoPoint::new(by.origin.latitude, by.origin.longitude);
                Self::Distances(values(&by.field, scope, |of| of == FieldType::GeoPoint)?, origin, &by.ranges)
            }
            By::Filter(by) => {
                by.filters.iter().try_for_each(|filter| validate::query(filter, scope, validate::Place::Inside))?;
                Self::Filters(&by.filters, scope)
            }
            By::Histogram(by) => {
                if by.field_range.is_none() {
                    return Err(invalid("[field_range] must not be null"));
                }
                Self::Steps(Steps::new(by, scope)?)
            }
            By::DateHistogram(by) => Self::Times(Times::new(by, scope)?),
            By::GeoGrid(by) => {
                let precision = by.precision.and_then(|precision| usize::try_from(precision).ok());
                let precision = precision.filter(|precision| (1..=geo::FINEST).contains(precision));
                let precision = precision.ok_or_else(|| invalid("[precision] of a geo grid must be in [1, 12]"))?;
                Self::Grid(values(&by.field, scope, |of| of == FieldType::GeoPoint)?, precision)
            }
            By::Composite(by) => together(by, scope)?,
        })
    }

    /// The groups that a row is in, each once.
    pub(super) fn keys(&self, row: &Row) -> Result<Vec<Marked>, Refusal> {
        let mut keys = self.all_keys(row)?;
        keys.sort_by(|(a, _), (b, _)| a.cmp(b));
        keys.dedup_by(|(a, _), (b, _)| a == b);
        Ok(keys)
    }

    fn all_keys(&self, row: &Row) -> Result<Vec<Marked>, Refusal> {
        Ok(match self {
            Self::Field(values) => values.of(row).iter().map(by_value).collect(),
            Self::Ranges(values, ranges) => {
                let numbers: Vec<f64> = values.of(row).iter().filter_map(Scalar::number).collect();
                in_ranges(ranges, &numbers, by_range)
            }
            Self::Distances(values, origin, ranges) => {
                let distances: Vec<f64> = places(values, row).map(|place| geo::distance(place, *origin)).collect();
                in_ranges(ranges, &distances, by_distance)
            }
            Self::Filters(filters, scope) => {
                let filters = filters.iter().enumerate();
                let fitting = filters.filter(|(_, filter)| score(filter, Document::Row(row), *scope).is_some());
                fitting.map(|(at, _)| (place_of(at), GroupKey::Filter)).collect()
            }
            Self::Steps(steps) => steps.of(row).into_iter().map(|at| (in_order(at), steps.key(at))).collect(),
            Self::Times(times) => times.of(row).into_iter().map(by_time).collect(),
            Self::Grid(values, precision) => {
                let cells = places(values, row).map(|place| geo::cell(place, *precision));
                cells.map(|(hash, grid)| (hash.clone().into_bytes(), GroupKey::GeoGrid(hash, Some(grid)))).collect()
            }
            Self::Together(sources) => return product(sources, row),
        })
    }

    /// The groups that are there without rows.
    pub(super) fn all(&self) -> Vec<Marked> {
        match self {
            Self::Ranges(_, ranges) => ranges.iter().enumerate().map(by_range).collect(),
            Self::Distances(_, _, ranges) => ranges.iter().enumerate().map(by_distance).collect(),
            Self::Filters(filters, _) => (0..filters.len()).map(|at| (place_of(at), GroupKey::Filter)).collect(),
            Self::Steps(steps) => steps.all().into_iter().map(|at| (in_order(at), steps.key(at))).collect(),
            Self::Times(times) => times.all().into_iter().map(by_time).collect(),
            Self::Field(_) | Self::Grid(..) | Self::Together(_) => Vec::new(),
        }
    }
}

fn values<'a>(path: &'a str, scope: Scope<'a>, fits: impl Fn(FieldType) -> bool) -> Result<Values<'a>, Refusal> {
    let values = Values::new(path, None, Kinds::Values, scope)?;
    if fits(values.schema.field_type) {
        return Ok(values);
    }
    Err(invalid(format!("group by is not supported for field[{}]", crate::log::printable(path))))
}

fn places(values: &Values<'_>, row: &Row) -> impl Iterator<Item = GeoPoint> {
    values.of(row).into_iter().filter_map(|value| if let Scalar::Place(place) = value { Some(place) } else { None })
}

fn by_value(value: &Scalar) -> Marked {
    let mut bytes = Vec::new();
    value.comparable(&mut bytes);
    (bytes, GroupKey::Field(value.key().into()))
}

/// In the order of their numbers, whatever the order they are given in (functional tests of the official Go client).
fn by_range((at, range): (usize, &NumberRange)) -> Marked {
    let (from, to) = ends(range);
    let bytes = [in_order_of(from).as_slice(), &in_order_of(to), &place_of(at)].concat();
    (bytes, GroupKey::Range { from: range.from, to: range.to })
}

/// In the order they are given in; no distance is below 0.
fn by_distance((at, range): (usize, &NumberRange)) -> Marked {
    let (from, _) = ends(range);
    (place_of(at), GroupKey::Range { from: Some(from.max(0.0)), to: range.to })
}

fn ends(range: &NumberRange) -> (f64, f64) {
    (range.from.unwrap_or(f64::NEG_INFINITY), range.to.unwrap_or(f64::INFINITY))
}

/// Bytes that compare as [`f64::total_cmp`] does.
fn in_order_of(number: f64) -> [u8; 8] {
    let bits = number.to_bits();
    (if number.is_sign_negative() { !bits } else { bits | 1 << 63 }).to_be_bytes()
}

fn in_ranges(ranges: &[NumberRange], numbers: &[f64], by: fn((usize, &NumberRange)) -> Marked) -> Vec<Marked> {
    let fitting = ranges.iter().enumerate().filter(|(_, range)| {
        let (from, to) = ends(range);
        numbers.iter().any(|number| (from..to).contains(number))
    });
    fitting.map(by).collect()
}

fn by_time(at: i64) -> Marked {
    (in_order(at), GroupKey::DateHistogram(at))
}

fn place_of(at: usize) -> Vec<u8> {
    (at as u64).to_be_bytes().to_vec()
}

fn in_order(number: i64) -> Vec<u8> {
    (number ^ i64::MIN).to_be_bytes().to_vec()
}

/// The group-bys of a composite: of fields and of steps, each with nothing inside (official Java SDK).
fn together<'a>(by: &'a ByComposite, scope: Scope<'a>) -> Result<Source<'a>, Refusal> {
    if by.sources.is_empty() || by.sources.len() > SOURCES {
        return Err(invalid(format!("the number of group bys in a composite must be in [1, {SOURCES}]")));
    }
    let source = |group_by: &'a GroupBy| {
        let (aggregations, group_bys) = group_by.by.inside();
        let (sort, source, more) = match &group_by.by {
            By::Field(by) => (&by.sort, Source::new(group_by, scope)?, by.size.is_some() || by.min_doc_count.is_some()),
            By::Histogram(by) => (&by.sort, Source::Steps(Steps::new(by, scope)?), by.min_doc_count.is_some()),
            By::DateHistogram(by) => (&by.sort, Source::Times(Times::new(by, scope)?), by.min_doc_count.is_some()),
            _ => return Err(invalid("a composite takes group bys of fields, histograms and date histograms")),
        };
        let down = match sort.as_slice() {
            [] => false,
            [GroupSorter { key: Some(by), row_count: None, aggregation: None }] => by.order == Some(SortOrder::Desc),
            _ => return Err(invalid("the group bys of a composite are sorted by their keys only")),
        };
        if more || !aggregations.is_empty() || !group_bys.is_empty() {
            return Err(invalid(
                "the group bys of a composite have no size, no least number of rows and nothing inside",
            ));
        }
        Ok((source, down))
    };
    by.sources.iter().map(source).collect::<Result<_, _>>().map(Source::Together)
}

/// A row is in the groups of each key of the first with each key of the second, and so on. A row without a value has none as
/// its key, which comes first.
fn product(sources: &[(Source<'_>, bool)], row: &Row) -> Result<Vec<Marked>, Refusal> {
    let mut groups = vec![(Vec::new(), Vec::new())];
    for (source, down) in sources {
        let mut keys: Vec<_> =
            source.keys(row)?.into_iter().map(|(bytes, key)| (with_mark(1, &bytes), text(&key))).collect();
        if keys.is_empty() {
            keys.push((with_mark(0, &[]), None));
        }
        if *down {
            keys.iter_mut().flat_map(|(bytes, _)| bytes).for_each(|byte| *byte = !*byte);
        }
        if groups.len().saturating_mul(keys.len()) > ALL_GROUPS {
            return Err(too_many());
        }
        let longer = groups.iter().flat_map(|(bytes, texts)| {
            keys.iter().map(move |(more, text)| {
                ([bytes.as_slice(), more].concat(), [texts.as_slice(), std::slice::from_ref(text)].concat())
            })
        });
        groups = longer.collect();
    }
    Ok(groups.into_iter().map(|(bytes, texts)| (bytes, GroupKey::Composite(texts))).collect())
}

fn with_mark(mark: u8, bytes: &[u8]) -> Vec<u8> {
    [&[mark], bytes].concat()
}

fn text(key: &GroupKey) -> Option<campaign_tablestore::search::Text> {
    Some(match key {
        GroupKey::Field(text) => text.clone(),
        GroupKey::DateHistogram(at) => at.to_string().into(),
        GroupKey::Histogram(value) => match (value.as_i64(), value.as_f64()) {
            (Some(number), _) => number.to_string().into(),
            (_, Some(number)) => format!("{number:?}").into(),
            _ => return None,
        },
        _ => return None,
    })
}
