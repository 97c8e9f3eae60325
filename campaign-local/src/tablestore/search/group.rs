//! Groups of the rows that fit.

use std::collections::BTreeMap;

use campaign_tablestore::search::{
    AggregationResult, By, FieldType, Group, GroupBy, GroupByKind, GroupByResult, GroupKey, GroupSorter, NumberRange,
    SortOrder, TimeSpan, TimeUnit,
};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Row, Value};
use chrono::{DateTime, Datelike, Months, NaiveDate};

use super::aggregate::{self, Kinds, truncated, values};
use super::document::{Document, Scalar};
use super::evaluate::{Scope, score};
use super::geo;
use super::index::{SearchIndex, field};
use crate::tablestore::check::{invalid, unsupported};

/// Group-bys of one level, groups unless one says otherwise and at most (service document "Search index limits").
const GROUP_BYS: usize = 5;
const SIZE: i32 = 10;
const MOST: i32 = 2000;

/// A group that is being made.
type Made<'a> = (GroupKey, Vec<&'a Row>);

/// The results of all of them.
pub(super) fn all(group_bys: &[GroupBy], rows: &[&Row], index: &SearchIndex) -> Result<Vec<GroupByResult>, Refusal> {
    if group_bys.len() > GROUP_BYS {
        return Err(invalid(format!("the number of group bys must not exceed {GROUP_BYS}")));
    }
    group_bys.iter().map(|group_by| one(group_by, rows, index)).collect()
}

fn one(group_by: &GroupBy, rows: &[&Row], index: &SearchIndex) -> Result<GroupByResult, Refusal> {
    let (kind, made) = match &group_by.by {
        By::Field(by) => {
            check_kind(&by.field, index, |of| of != FieldType::GeoPoint)?;
            (GroupByKind::Field, by_value(&by.field, rows, index)?)
        }
        By::Range(by) => {
            values(&by.field, None, Kinds::Numbers, &[], index)?;
            let number = |row: &Row| numbers(&by.field, row, index);
            (GroupByKind::Range, by_ranges(&by.ranges, rows, &number))
        }
        By::GeoDistance(by) => {
            check_kind(&by.field, index, |of| of == FieldType::GeoPoint)?;
            let origin = campaign_tablestore::search::GeoPoint::new(by.origin.latitude, by.origin.longitude);
            let distances = |row: &Row| {
                let places = Document::Row(row).all(&index.schema().fields, &by.field).into_iter();
                let places = places.filter_map(|place| match place {
                    Scalar::Place(place) => Some(geo::distance(place, origin)),
                    _ => None,
                });
                places.collect()
            };
            (GroupByKind::GeoDistance, by_ranges(&by.ranges, rows, &distances))
        }
        By::Filter(by) => {
            let scope = Scope { fields: &index.schema().fields, prefix: "" };
            let mut made = Vec::new();
            for filter in &by.filters {
                let mut group = Vec::new();
                for row in rows {
                    if score(filter, Document::Row(row), scope)?.is_some() {
                        group.push(*row);
                    }
                }
                made.push((GroupKey::Filter, group));
            }
            (GroupByKind::Filter, made)
        }
        By::Histogram(by) => {
            if by.offset.is_some() || by.missing.is_some() {
                return Err(unsupported("a histogram with an offset or a missing value"));
            }
            let range = by.field_range.as_ref().ok_or_else(|| invalid("[field_range] must not be null"))?;
            (GroupByKind::Histogram, histogram(&by.field, &by.interval, &range.min, &range.max, rows, index)?)
        }
        By::DateHistogram(by) => {
            let plain =
                by.offset.is_none() && by.missing.is_none() && by.field_range.is_none() && by.time_zone.is_none();
            if !plain {
                return Err(unsupported("a date histogram with range, zone, offset or missing value"));
            }
            check_kind(&by.field, index, |of| of == FieldType::Date)?;
            (GroupByKind::DateHistogram, by_dates(&by.field, by.interval, rows, index)?)
        }
        By::GeoGrid(_) => return Err(unsupported("a group-by over a grid")),
        By::Composite(_) => return Err(unsupported("a composite group-by")),
    };
    let (aggregations, group_bys) = group_by.by.inside();
    let groups = made.into_iter().map(|(key, rows)| {
        Ok(Group {
            key,
            row_count: i64::try_from(rows.len()).unwrap_or(i64::MAX),
            aggregations: aggregate::all(aggregations, &rows, index)?,
            group_bys: all(group_bys, &rows, index)?,
        })
    });
    let mut groups = groups.collect::<Result<Vec<Group>, Refusal>>()?;
    arrange(&group_by.by, &mut groups)?;
    let name = group_by.name.clone();
    Ok(GroupByResult { name, kind: Some(kind), groups, source_names: Vec::new(), next_token: None })
}

/// Sorts the groups, and leaves out what is not asked for.
fn arrange(by: &By, groups: &mut Vec<Group>) -> Result<(), Refusal> {
    let (sorters, least) = match by {
        By::Field(by) => (&by.sort, by.min_doc_count.unwrap_or(1)),
        By::Histogram(by) => (&by.sort, by.min_doc_count.unwrap_or(1)),
        By::DateHistogram(by) => (&by.sort, by.min_doc_count.unwrap_or(1)),
        _ => return Ok(()),
    };
    groups.retain(|group| group.row_count >= least);
    if sorters.is_empty() && matches!(by, By::Field(_)) {
        // The largest first; groups of one size stay in the order of their keys.
        groups.sort_by_key(|group| std::cmp::Reverse(group.row_count));
    }
    for sorter in sorters.iter().rev() {
        sort_by(groups, sorter)?;
    }
    if let By::Field(by) = by {
        let size = by.size.unwrap_or(SIZE);
        if !(1..=MOST).contains(&size) {
            return Err(invalid(format!("[group_by.size] must be in [1, {MOST}]")));
        }
        groups.truncate(usize::try_from(size).unwrap_or(0));
    }
    Ok(())
}

fn sort_by(groups: &mut [Group], sorter: &GroupSorter) -> Result<(), Refusal> {
    let down = |order: Option<SortOrder>| order == Some(SortOrder::Desc);
    if let Some(by) = &sorter.row_count {
        groups.sort_by(|a, b| turned(a.row_count.cmp(&b.row_count), down(by.order)));
    } else if let Some(by) = &sorter.aggregation {
        let value = |group: &Group| {
            let found = group.aggregations.iter().find(|result: &&AggregationResult| result.name == by.name);
            found.and_then(|result| result.value.as_f64()).unwrap_or(f64::NEG_INFINITY)
        };
        groups.sort_by(|a, b| turned(value(a).total_cmp(&value(b)), down(by.order)));
    } else if let Some(by) = &sorter.key {
        // They were made in the order of their keys; a sorter before this one may have moved them.
        groups.sort_by(|a, b| turned(keys(&a.key, &b.key), down(by.order)));
    } else {
        return Err(invalid("a group sorter must be given"));
    }
    Ok(())
}

fn keys(a: &GroupKey, b: &GroupKey) -> std::cmp::Ordering {
    match (a, b) {
        (GroupKey::Field(a), GroupKey::Field(b)) => match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(a), Ok(b)) => a.total_cmp(&b),
            _ => a.cmp(b),
        },
        (GroupKey::DateHistogram(a), GroupKey::DateHistogram(b)) => a.cmp(b),
        (GroupKey::Histogram(a), GroupKey::Histogram(b)) => {
            let number = |value: &Value| value.as_f64().or_else(|| Scalar::Long(value.as_i64()?).number());
            number(a).unwrap_or(0.0).total_cmp(&number(b).unwrap_or(0.0))
        }
        _ => std::cmp::Ordering::Equal,
    }
}

fn turned(order: std::cmp::Ordering, down: bool) -> std::cmp::Ordering {
    if down { order.reverse() } else { order }
}

fn check_kind(path: &str, index: &SearchIndex, fits: impl Fn(FieldType) -> bool) -> Result<(), Refusal> {
    values(path, None, Kinds::Values, &[], index)?;
    if field(&index.schema().fields, path).is_some_and(|field| fits(field.field_type)) {
        return Ok(());
    }
    Err(invalid(format!("group by is not supported for field[{}]", crate::log::printable(path))))
}

fn numbers(path: &str, row: &Row, index: &SearchIndex) -> Vec<f64> {
    Document::Row(row).all(&index.schema().fields, path).iter().filter_map(Scalar::number).collect()
}

fn by_value<'a>(path: &str, rows: &[&'a Row], index: &SearchIndex) -> Result<Vec<Made<'a>>, Refusal> {
    let mut groups: Vec<(Scalar, Vec<&Row>)> = Vec::new();
    let mut places = BTreeMap::new();
    for row in rows {
        let mut found = values(path, None, Kinds::Values, &[*row], index)?;
        found.sort_by(Scalar::order);
        found.dedup();
        for value in found {
            let place = *places.entry(value.key()).or_insert_with(|| {
                groups.push((value, Vec::new()));
                groups.len() - 1
            });
            if let Some((_, group)) = groups.get_mut(place) {
                group.push(*row);
            }
        }
    }
    groups.sort_by(|(a, _), (b, _)| a.order(b));
    Ok(groups.into_iter().map(|(key, rows)| (GroupKey::Field(key.key().into()), rows)).collect())
}

fn by_ranges<'a>(ranges: &[NumberRange], rows: &[&'a Row], numbers: &dyn Fn(&Row) -> Vec<f64>) -> Vec<Made<'a>> {
    let group = |range: &NumberRange| {
        let (from, to) = (range.from.unwrap_or(f64::NEG_INFINITY), range.to.unwrap_or(f64::INFINITY));
        let rows = rows.iter().filter(|row| numbers(row).iter().any(|number| (from..to).contains(number)));
        (GroupKey::Range { from: range.from, to: range.to }, rows.copied().collect())
    };
    ranges.iter().map(group).collect()
}

fn histogram<'a>(
    path: &str,
    interval: &Value,
    min: &Value,
    max: &Value,
    rows: &[&'a Row],
    index: &SearchIndex,
) -> Result<Vec<Made<'a>>, Refusal> {
    values(path, None, Kinds::Numbers, &[], index)?;
    let number = |value: &Value| value.as_f64().or_else(|| Scalar::Long(value.as_i64()?).number());
    let (Some(step), Some(min), Some(max)) = (number(interval), number(min), number(max)) else {
        return Err(invalid("interval and range of a histogram must be numbers"));
    };
    if !(step > 0.0 && min <= max) || (max - min) / step > f64::from(MOST) {
        return Err(invalid(format!("a histogram must have a step and {MOST} groups at most")));
    }
    let mut groups: BTreeMap<i64, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let mut steps: Vec<i64> =
            numbers(path, row, index).iter().map(|number| truncated((number / step).floor())).collect();
        steps.sort_unstable();
        steps.dedup();
        steps.retain(|at| (truncated((min / step).floor())..=truncated((max / step).floor())).contains(at));
        steps.into_iter().for_each(|at| groups.entry(at).or_default().push(*row));
    }
    let key = |at: i64| match interval {
        Value::Integer(step) => Value::Integer(at.saturating_mul(*step)),
        _ => Value::Double(Scalar::Long(at).number().unwrap_or(0.0) * step),
    };
    Ok(groups.into_iter().map(|(at, rows)| (GroupKey::Histogram(key(at)), rows)).collect())
}

fn by_dates<'a>(path: &str, span: TimeSpan, rows: &[&'a Row], index: &SearchIndex) -> Result<Vec<Made<'a>>, Refusal> {
    if span.value < 1 {
        return Err(invalid("the interval of a date histogram must be positive"));
    }
    let mut groups: BTreeMap<i64, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let mut begins: Vec<i64> = values(path, None, Kinds::Values, &[*row], index)?
            .iter()
            .filter_map(|value| match value {
                Scalar::Date(time) => begin(*time, span),
                _ => None,
            })
            .collect();
        begins.sort_unstable();
        begins.dedup();
        begins.into_iter().for_each(|at| groups.entry(at).or_default().push(*row));
    }
    Ok(groups.into_iter().map(|(at, rows)| (GroupKey::DateHistogram(at), rows)).collect())
}

/// When the step that a time is in begins, in UTC; weeks begin on Monday.
fn begin(time: i64, span: TimeSpan) -> Option<i64> {
    const DAY: i64 = 86_400_000;
    let months = |each: i32| {
        let date = DateTime::from_timestamp_millis(time)?.date_naive();
        let month = (date.year() - 1970) * 12 + i32::try_from(date.month0()).ok()?;
        let start = month - month.rem_euclid(each.checked_mul(span.value)?);
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1)?;
        let date = match u32::try_from(start) {
            Ok(months) => epoch.checked_add_months(Months::new(months))?,
            Err(_) => epoch.checked_sub_months(Months::new(start.unsigned_abs()))?,
        };
        Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis())
    };
    let (unit, first) = match span.unit {
        TimeUnit::Year => return months(12),
        TimeUnit::Quarter => return months(3),
        TimeUnit::Month => return months(1),
        // 1970-01-05 was a Monday.
        TimeUnit::Week => (7 * DAY, 4 * DAY),
        TimeUnit::Day => (DAY, 0),
        TimeUnit::Hour => (3_600_000, 0),
        TimeUnit::Minute => (60_000, 0),
        TimeUnit::Second => (1000, 0),
        TimeUnit::Millisecond => (1, 0),
    };
    let step = i64::from(span.value).checked_mul(unit)?;
    time.checked_sub((time.checked_sub(first)?).rem_euclid(step))
}
