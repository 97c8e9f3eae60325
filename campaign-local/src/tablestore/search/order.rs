//! The order of rows, and of the rows inside a nested field.

use std::cmp::Ordering;

use campaign_tablestore::Value;
use campaign_tablestore::search::{FieldSort, FieldType, NestedFilter, Sort, SortMode, SortOrder, Sorter};
use campaign_tablestore::server::Refusal;

use super::document::{Document, Scalar, asked};
use super::evaluate::{Scope, count};
use super::index::field;
use super::validate;
use super::{geo, nested};
use crate::tablestore::check::invalid;

/// Sorters of one order; a bound of the emulator's, for the keys of each are kept for every row of a page.
const SORTERS: usize = 32;

/// What a row is sorted by, for one sorter; none where it has no value.
pub(super) type Key = Option<Value>;

/// Where something stands in an order: what it is sorted by, and what decides between equals.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ranked<T> {
    pub(super) keys: Vec<Key>,
    pub(super) at: T,
}

/// An order over the fields that are in scope.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ranking<'a> {
    sort: &'a Sort,
    scope: Scope<'a>,
}

impl<'a> Ranking<'a> {
    /// Refuses sorters that the fields cannot be sorted by.
    pub(super) fn new(sort: &'a Sort, scope: Scope<'a>) -> Result<Self, Refusal> {
        if sort.sorters.len() > SORTERS {
            return Err(invalid(format!("campaign-local sorts by {SORTERS} sorters at most")));
        }
        for sorter in &sort.sorters {
            if let Some(sort) = &sorter.field {
                check_field(&sort.field, scope)?;
                if let Some(field) = &sort.missing_field {
                    check_field(field, scope)?;
                }
                check_filter(sort.nested_filter.as_ref(), &sort.field, scope)?;
            } else if let Some(sort) = &sorter.geo_distance {
                let is_place = scope.path(&sort.field).is_some_and(|field| field.field_type == FieldType::GeoPoint);
                if !is_place || sort.points.is_empty() {
                    let name = crate::log::printable(&sort.field);
                    return Err(invalid(format!("sort by distance is not supported for field[{name}]")));
                }
                check_filter(sort.nested_filter.as_ref(), &sort.field, scope)?;
            } else if sorter.score.is_none() && sorter.primary_key.is_none() && sorter.doc.is_none() {
                return Err(invalid("a sorter must be given"));
            }
        }
        Ok(Self { sort, scope })
    }

    /// What a document with this score is sorted by.
    pub(super) fn keys(&self, document: Document<'_>, score: f64) -> Vec<Key> {
        self.sort.sorters.iter().map(|sorter| self.key(sorter, document, score)).collect()
    }

    fn key(&self, sorter: &Sorter, document: Document<'_>, score: f64) -> Key {
        if let Some(sort) = &sorter.field {
            return self.by_field(sort, document);
        }
        if let Some(sort) = &sorter.geo_distance {
            let places = nested::values(document, self.scope, &sort.field, sort.nested_filter.as_ref());
            let distances = places.iter().flat_map(|place| match place {
                Scalar::Place(place) => sort.points.iter().map(|point| geo::distance(*place, *point)).collect(),
                _ => Vec::new(),
            });
            return one(distances.map(Scalar::Double).collect(), sort.mode, sort.order);
        }
        sorter.score.is_some().then_some(Value::Double(score))
    }

    fn by_field(&self, sort: &FieldSort, document: Document<'_>) -> Key {
        let values = |path: &str| {
            let found = nested::values(document, self.scope, path, sort.nested_filter.as_ref());
            one(found, sort.mode, sort.order)
        };
        let found = values(&sort.field).or_else(|| values(sort.missing_field.as_ref()?));
        found.or_else(|| {
            let missing = sort.missing_value.as_ref().filter(|value| !is_place(value))?;
            value(&asked(self.scope.path(&sort.field)?, missing)?)
        })
    }

    /// Equals by all sorters stand in the order of their keys or places.
    pub(super) fn compare<T: Ord>(&self, a: &Ranked<T>, b: &Ranked<T>) -> Ordering {
        let pairs = a.keys.iter().zip(&b.keys).zip(&self.sort.sorters);
        let by_sorters = pairs.map(|((left, right), sorter)| {
            let place = sorter.primary_key.as_ref().or(sorter.doc.as_ref());
            let is_place = sorter.field.is_none() && sorter.geo_distance.is_none() && sorter.score.is_none();
            match place.filter(|_| is_place) {
                Some(place) => turned(a.at.cmp(&b.at), place.order),
                None => compare(left.as_ref(), right.as_ref(), sorter),
            }
        });
        by_sorters.fold(Ordering::Equal, Ordering::then).then_with(|| a.at.cmp(&b.at))
    }
}

fn check_field(path: &str, scope: Scope<'_>) -> Result<(), Refusal> {
    let no_order = [FieldType::Text, FieldType::GeoPoint, FieldType::Nested, FieldType::Vector];
    let found = scope.path(path).filter(|field| field.sort_and_agg != Some(false));
    if found.is_some_and(|field| !no_order.contains(&field.field_type)) {
        return Ok(());
    }
    Err(invalid(format!("sort is not supported for field[{}]", crate::log::printable(path))))
}

fn check_filter(filter: Option<&NestedFilter>, path: &str, scope: Scope<'_>) -> Result<(), Refusal> {
    let Some(filter) = filter else { return Ok(()) };
    let is_inside = path.strip_prefix(&*filter.path).is_some_and(|rest| rest.starts_with('.'));
    let name = filter.path.strip_prefix(scope.prefix).filter(|_| is_inside);
    let nested = name.and_then(|name| field(scope.fields, name)).filter(|field| field.field_type == FieldType::Nested);
    let nested = nested.ok_or_else(|| {
        let (path, filter) = (crate::log::printable(path), crate::log::printable(&filter.path));
        invalid(format!("field[{path}] is not inside the nested field[{filter}] of its filter"))
    })?;
    let prefix = format!("{}.", filter.path);
    validate::query(&filter.filter, scope.inside(&nested.fields, &prefix), validate::Place::Inside)
}

fn is_place(value: &Value) -> bool {
    matches!(value.as_str(), Some("_first" | "_last"))
}

/// The one of several values that counts: upwards the least, downwards the greatest, unless the sorter says otherwise.
fn one(values: Vec<Scalar>, mode: Option<SortMode>, order: Option<SortOrder>) -> Key {
    let down = order == Some(SortOrder::Desc);
    let chosen = match mode.unwrap_or(if down { SortMode::Max } else { SortMode::Min }) {
        SortMode::Min => values.into_iter().min_by(Scalar::order),
        SortMode::Max => values.into_iter().max_by(Scalar::order),
        SortMode::Avg => {
            let numbers: Vec<f64> = values.iter().filter_map(Scalar::number).collect();
            (!numbers.is_empty()).then(|| Scalar::Double(numbers.iter().sum::<f64>() / count(numbers.len())))
        }
    };
    value(&chosen?)
}

/// A value as a token keeps it.
fn value(scalar: &Scalar) -> Key {
    Some(match scalar {
        Scalar::Long(number) | Scalar::Date(number) => Value::Integer(*number),
        Scalar::Double(number) => Value::Double(*number),
        Scalar::Boolean(truth) => Value::Boolean(*truth),
        Scalar::Text(text) => Value::String(text.clone()),
        Scalar::Ip(address) => Value::Binary(address.octets().to_vec()),
        Scalar::Place(_) => return None,
    })
}

fn compare(a: Option<&Value>, b: Option<&Value>, sorter: &Sorter) -> Ordering {
    let (order, first) = match sorter {
        Sorter { field: Some(sort), .. } => {
            (sort.order, sort.missing_value.as_ref().and_then(Value::as_str) == Some("_first"))
        }
        Sorter { geo_distance: Some(sort), .. } => (sort.order, false),
        Sorter { score: Some(sort), .. } => (Some(sort.order.unwrap_or(SortOrder::Desc)), false),
        _ => (None, false),
    };
    match (a, b) {
        (Some(a), Some(b)) => turned(values(a, b), order),
        (None, None) => Ordering::Equal,
        // Rows without a value stand last whichever way it goes, unless they are to stand first.
        (None, Some(_)) if first => Ordering::Less,
        (Some(_), None) if first => Ordering::Greater,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "a whole number meets a fraction only where a mean or another field stands in"
)]
fn values(a: &Value, b: &Value) -> Ordering {
    let number = |value: &Value| value.as_f64().or_else(|| Some(value.as_i64()? as f64));
    match (a, b) {
        (Value::Integer(a), Value::Integer(b)) => a.cmp(b),
        (Value::Boolean(a), Value::Boolean(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Binary(a), Value::Binary(b)) => a.cmp(b),
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => a.type_name().cmp(b.type_name()),
        },
    }
}

fn turned(order: Ordering, by: Option<SortOrder>) -> Ordering {
    if by == Some(SortOrder::Desc) { order.reverse() } else { order }
}
