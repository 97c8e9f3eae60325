//! Numbers about the rows that fit, made while the rows go by.
//!
//! What is held: a count and a few numbers; 8 bytes for each different value of a DistinctCount and for each value of
//! Percentiles; the keys of the first rows of TopRows.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use campaign_tablestore::search::{
    Aggregation, AggregationResult, AggregationValue, FieldSchema, FieldType, Function, Metric, Percentile,
    Percentiles, Sort, TopRows,
};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{PrimaryKey, Row, Value};

use super::best::Best;
use super::document::{Document, Scalar, asked};
use super::evaluate::{Scope, count};
use super::nested;
use super::order::{Ranked, Ranking};
use crate::tablestore::check::invalid;

/// Rows of a TopRows, and aggregations of one level. No document has the first number.
const TOP_ROWS: i32 = 100;
const AGGREGATIONS: usize = 5;

/// The order of TopRows without one.
const NO_ORDER: &Sort = &Sort { sorters: Vec::new(), disable_default_pk_sorter: None };

/// Which fields can be aggregated.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kinds {
    Numbers,
    NumbersAndDates,
    /// All but texts and what has no value.
    Values,
}

/// The values of a field, as aggregations and group-bys take them.
#[derive(Clone, Debug)]
pub(super) struct Values<'a> {
    path: &'a str,
    missing: Option<Scalar>,
    scope: Scope<'a>,
    pub(super) schema: &'a FieldSchema,
}

impl<'a> Values<'a> {
    pub(super) fn new(path: &'a str, missing: Option<&Value>, kinds: Kinds, scope: Scope<'a>) -> Result<Self, Refusal> {
        let schema = scope.path(path).filter(|field| field.sort_and_agg != Some(false)).filter(|field| {
            let number = matches!(field.field_type, FieldType::Long | FieldType::Double);
            match kinds {
                Kinds::Numbers => number,
                Kinds::NumbersAndDates => number || field.field_type == FieldType::Date,
                Kinds::Values => !matches!(field.field_type, FieldType::Text | FieldType::Nested | FieldType::Vector),
            }
        });
        let name = crate::log::printable(path);
        let schema = schema.ok_or_else(|| invalid(format!("aggregation is not supported for field[{name}]")))?;
        let missing = missing.map(|missing| {
            asked(schema, missing).ok_or_else(|| invalid(format!("[missing] is not a value of field[{name}]")))
        });
        Ok(Self { path, missing: missing.transpose()?, scope, schema })
    }

    /// Those of a row; in one without the field, the value for that.
    pub(super) fn of(&self, row: &Row) -> Vec<Scalar> {
        let mut found = nested::values(Document::Row(row), self.scope, self.path, None);
        if found.is_empty() {
            found.extend(self.missing.clone());
        }
        found
    }
}

/// Aggregations that are being made.
#[derive(Clone, Debug)]
pub(super) struct Aggregations<'a>(Vec<(&'a str, Running<'a>)>);

#[derive(Clone, Debug)]
enum Running<'a> {
    Numbers { of: Values<'a>, function: &'a Function, count: usize, sum: f64, least: f64, greatest: f64 },
    Count(Values<'a>, i64),
    Different(Values<'a>, HashSet<u64>),
    Top(Ranking<'a>, Best<'a, PrimaryKey>),
    Shares { of: Values<'a>, percents: Vec<f64>, numbers: Vec<f64> },
}

impl<'a> Aggregations<'a> {
    pub(super) fn new(aggregations: &'a [Aggregation], scope: Scope<'a>) -> Result<Self, Refusal> {
        if aggregations.len() > AGGREGATIONS {
            return Err(invalid(format!("the number of aggregations must not exceed {AGGREGATIONS}")));
        }
        let mut names = HashSet::new();
        for Aggregation { name, .. } in aggregations {
            // Both are refused (functional tests of the official Go client); the texts are ours.
            if name.is_empty() {
                return Err(invalid("the name of an aggregation must not be empty"));
            }
            if !names.insert(name) {
                let name = crate::log::printable(name);
                return Err(invalid(format!("there are two aggregations of the name [{name}]")));
            }
        }
        let running =
            |aggregation: &'a Aggregation| Ok((aggregation.name.as_str(), Running::new(&aggregation.function, scope)?));
        aggregations.iter().map(running).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn add(&mut self, row: &Row, score: f64) {
        self.0.iter_mut().for_each(|(_, running)| running.add(row, score));
    }

    pub(super) fn done(self) -> Vec<AggregationResult> {
        let result =
            |(name, running): (&str, Running<'_>)| AggregationResult { name: name.to_owned(), value: running.done() };
        self.0.into_iter().map(result).collect()
    }
}

/// A field that is not there, and a sum of what cannot be added, have texts of their own (functional tests of the official
/// Go client).
fn check(function: &Function, scope: Scope<'_>) -> Result<(), Refusal> {
    let (kind, path) = match function {
        Function::Avg(of) => ("avg", &of.field),
        Function::Max(of) => ("max", &of.field),
        Function::Min(of) => ("min", &of.field),
        Function::Sum(of) => ("sum", &of.field),
        Function::Count(of) => ("count", &of.field),
        Function::DistinctCount(of) => ("distinct count", &of.field),
        Function::TopRows(_) | Function::Percentiles(_) => return Ok(()),
    };
    let name = crate::log::printable(path);
    let Some(field) = scope.path(path) else {
        return Err(invalid(format!("[{kind} agg] field: {name} does not exist")));
    };
    let wrong = match field.field_type {
        FieldType::Boolean => "boolean",
        FieldType::Keyword => "keyword",
        FieldType::GeoPoint => "geo_point",
        FieldType::Nested => "nested",
        _ => return Ok(()),
    };
    if kind == "sum" {
        return Err(invalid(format!("[sum agg] field_name:{name} type:{wrong} is invalid, allow [long, double]")));
    }
    Ok(())
}

impl<'a> Running<'a> {
    fn new(function: &'a Function, scope: Scope<'a>) -> Result<Self, Refusal> {
        check(function, scope)?;
        let values = |of: &'a Metric, kinds| Values::new(&of.field, of.missing.as_ref(), kinds, scope);
        Ok(match function {
            Function::Avg(of) | Function::Max(of) | Function::Min(of) | Function::Sum(of) => Self::Numbers {
                of: values(of, Kinds::NumbersAndDates)?,
                function,
                count: 0,
                sum: 0.0,
                least: f64::INFINITY,
                greatest: f64::NEG_INFINITY,
            },
            Function::Count(of) => Self::Count(Values::new(&of.field, None, Kinds::Values, scope)?, 0),
            Function::DistinctCount(of) => Self::Different(values(of, Kinds::Values)?, HashSet::new()),
            Function::TopRows(of) => {
                let ranking = Ranking::new(of.sort.as_ref().unwrap_or(NO_ORDER), scope)?;
                Self::Top(ranking, Best::new(ranking, top_rows(of)?))
            }
            Function::Percentiles(of) => Self::Shares {
                of: Values::new(&of.field, of.missing.as_ref(), Kinds::NumbersAndDates, scope)?,
                percents: percents(of)?,
                numbers: Vec::new(),
            },
        })
    }

    fn add(&mut self, row: &Row, score: f64) {
        match self {
            Self::Numbers { of, count, sum, least, greatest, .. } => {
                for number in of.of(row).iter().filter_map(Scalar::number) {
                    *count += 1;
                    *sum += number;
                    *least = least.min(number);
                    *greatest = greatest.max(number);
                }
            }
            Self::Count(of, count) => *count += i64::try_from(of.of(row).len()).unwrap_or(0),
            Self::Different(of, seen) => {
                for value in of.of(row) {
                    let mut hasher = DefaultHasher::new();
                    value.key().hash(&mut hasher);
                    seen.insert(hasher.finish());
                }
            }
            Self::Top(ranking, best) => {
                let keys = ranking.keys(Document::Row(row), score);
                best.add(Ranked { keys, at: row.primary_key.clone() }, None);
            }
            Self::Shares { of, numbers, .. } => numbers.extend(of.of(row).iter().filter_map(Scalar::number)),
        }
    }

    fn done(self) -> AggregationValue {
        let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        match self {
            Self::Numbers { function, count: many, sum, least, greatest, .. } => {
                let some = |number: f64| (many > 0).then_some(number);
                match function {
                    Function::Max(_) => AggregationValue::Max(some(greatest)),
                    Function::Min(_) => AggregationValue::Min(some(least)),
                    Function::Avg(_) => AggregationValue::Avg(some(sum / count(many.max(1)))),
                    _ => AggregationValue::Sum(Some(sum)),
                }
            }
            Self::Count(_, count) => AggregationValue::Count(count),
            Self::Different(_, seen) => AggregationValue::DistinctCount(whole(seen.len())),
            // The key only: the rows of an aggregation are for looking up.
            Self::Top(_, best) => {
                AggregationValue::TopRows(best.sorted().into_iter().map(|ranked| Row::new(ranked.at)).collect())
            }
            Self::Shares { of, percents, mut numbers } => {
                numbers.sort_by(f64::total_cmp);
                let is_whole = of.schema.field_type != FieldType::Double;
                let items = percents.into_iter().filter_map(|percent| {
                    let value = at_share(&numbers, percent / 100.0)?;
                    let value = if is_whole { Value::Integer(truncated(value)) } else { Value::Double(value) };
                    Some(Percentile { percent, value })
                });
                AggregationValue::Percentiles(items.collect())
            }
        }
    }
}

fn top_rows(of: &TopRows) -> Result<usize, Refusal> {
    let limit = of.limit.unwrap_or(1);
    let fits = usize::try_from(limit).ok().filter(|_| (1..=TOP_ROWS).contains(&limit));
    fits.ok_or_else(|| invalid(format!("[top_rows.limit] must be in [1, {TOP_ROWS}]")))
}

fn percents(of: &Percentiles) -> Result<Vec<f64>, Refusal> {
    let mut percents = of.percentiles.clone();
    percents.sort_by(f64::total_cmp);
    if percents.is_empty() || percents.iter().any(|percent| !(0.0..=100.0).contains(percent)) {
        return Err(invalid("percentiles must be in [0, 100]"));
    }
    Ok(percents)
}

/// The value at a share of sorted numbers, half-way between neighbours.
fn at_share(numbers: &[f64], share: f64) -> Option<f64> {
    let last = numbers.len().checked_sub(1)?;
    let place = (share * count(numbers.len()) - 0.5).clamp(0.0, count(last));
    let below = usize::try_from(truncated(place)).ok()?;
    let low = *numbers.get(below)?;
    let high = *numbers.get((below + 1).min(last))?;
    Some(low + (high - low) * place.fract())
}

#[allow(clippy::cast_possible_truncation, reason = "the fraction is what is to be left out")]
pub(super) const fn truncated(number: f64) -> i64 {
    number as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_lies_between_the_values_beside_it() {
        let numbers: Vec<f64> = (0..10).map(f64::from).collect();
        let at = |percent: f64| at_share(&numbers, percent / 100.0).unwrap();
        assert_eq!([at(0.0), at(50.0), at(90.0), at(100.0)], [0.0, 4.5, 8.5, 9.0]);
        assert_eq!(at_share(&[7.0], 0.3), Some(7.0));
        assert_eq!(at_share(&[], 0.5), None);
    }
}
