//! Numbers about the rows that fit.

use std::collections::HashSet;

use campaign_tablestore::search::{
    Aggregation, AggregationResult, AggregationValue, FieldType, Function, Metric, Percentile, Percentiles, TopRows,
};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Row, Value};

use super::document::{Document, Scalar, asked};
use super::evaluate::count;
use super::index::{SearchIndex, field};
use super::order::{Hit, sort};
use crate::tablestore::check::invalid;

/// Rows of a TopRows, and aggregations of one level. No document has the first number.
const TOP_ROWS: i32 = 100;
const AGGREGATIONS: usize = 5;

/// Which fields can be aggregated.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kinds {
    Numbers,
    NumbersAndDates,
    /// All but texts and what has no value.
    Values,
}

/// The results of all of them.
pub(super) fn all(
    aggregations: &[Aggregation],
    rows: &[&Row],
    index: &SearchIndex,
) -> Result<Vec<AggregationResult>, Refusal> {
    if aggregations.len() > AGGREGATIONS {
        return Err(invalid(format!("the number of aggregations must not exceed {AGGREGATIONS}")));
    }
    let result = |aggregation: &Aggregation| {
        Ok(AggregationResult { name: aggregation.name.clone(), value: value(&aggregation.function, rows, index)? })
    };
    aggregations.iter().map(result).collect()
}

fn value(function: &Function, rows: &[&Row], index: &SearchIndex) -> Result<AggregationValue, Refusal> {
    let numbers = |of: &Metric| {
        let values = values(&of.field, of.missing.as_ref(), Kinds::NumbersAndDates, rows, index)?;
        Ok::<Vec<f64>, Refusal>(values.iter().filter_map(Scalar::number).collect())
    };
    Ok(match function {
        Function::Avg(of) => {
            let numbers = numbers(of)?;
            let mean = (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / count(numbers.len()));
            AggregationValue::Avg(mean)
        }
        Function::Max(of) => AggregationValue::Max(numbers(of)?.into_iter().reduce(f64::max)),
        Function::Min(of) => AggregationValue::Min(numbers(of)?.into_iter().reduce(f64::min)),
        Function::Sum(of) => AggregationValue::Sum(Some(numbers(of)?.iter().sum())),
        Function::Count(of) => {
            let values = values(&of.field, None, Kinds::Values, rows, index)?;
            AggregationValue::Count(i64::try_from(values.len()).unwrap_or(i64::MAX))
        }
        Function::DistinctCount(of) => {
            let values = values(&of.field, of.missing.as_ref(), Kinds::Values, rows, index)?;
            let different: HashSet<String> = values.iter().map(Scalar::key).collect();
            AggregationValue::DistinctCount(i64::try_from(different.len()).unwrap_or(i64::MAX))
        }
        Function::TopRows(of) => AggregationValue::TopRows(top_rows(of, rows, index)?),
        Function::Percentiles(of) => AggregationValue::Percentiles(percentiles(of, rows, index)?),
    })
}

/// The values of a field in all rows.
pub(super) fn values(
    path: &str,
    missing: Option<&Value>,
    kinds: Kinds,
    rows: &[&Row],
    index: &SearchIndex,
) -> Result<Vec<Scalar>, Refusal> {
    let fields = &index.schema().fields;
    let schema = field(fields, path).filter(|field| field.sort_and_agg != Some(false)).filter(|field| {
        let number = matches!(field.field_type, FieldType::Long | FieldType::Double);
        match kinds {
            Kinds::Numbers => number,
            Kinds::NumbersAndDates => number || field.field_type == FieldType::Date,
            Kinds::Values => !matches!(field.field_type, FieldType::Text | FieldType::Nested | FieldType::Vector),
        }
    });
    let Some(schema) = schema else {
        return Err(invalid(format!("aggregation is not supported for field[{}]", crate::log::printable(path))));
    };
    let missing = missing.and_then(|missing| asked(schema, missing));
    let mut all = Vec::new();
    for row in rows {
        let found = Document::Row(row).all(fields, path);
        if found.is_empty() {
            all.extend(missing.clone());
        }
        all.extend(found);
    }
    Ok(all)
}

fn top_rows(of: &TopRows, rows: &[&Row], index: &SearchIndex) -> Result<Vec<Row>, Refusal> {
    let limit = of.limit.unwrap_or(1);
    if !(1..=TOP_ROWS).contains(&limit) {
        return Err(invalid(format!("[top_rows.limit] must be in [1, {TOP_ROWS}]")));
    }
    let mut hits: Vec<Hit<'_>> = rows.iter().map(|row| Hit { row, score: 1.0 }).collect();
    if let Some(order) = &of.sort {
        sort(&mut hits, order, index)?;
    }
    // The key only: the rows of an aggregation are for looking up.
    let keys = hits.iter().take(usize::try_from(limit).unwrap_or(0));
    Ok(keys.map(|hit| Row::new(hit.row.primary_key.clone())).collect())
}

fn percentiles(of: &Percentiles, rows: &[&Row], index: &SearchIndex) -> Result<Vec<Percentile>, Refusal> {
    let mut values = values(&of.field, of.missing.as_ref(), Kinds::NumbersAndDates, rows, index)?;
    values.sort_by(Scalar::order);
    let whole = !matches!(values.first(), Some(Scalar::Double(_)));
    let numbers: Vec<f64> = values.iter().filter_map(Scalar::number).collect();
    let mut shares = of.percentiles.clone();
    shares.sort_by(f64::total_cmp);
    if shares.iter().any(|share| !(0.0..=100.0).contains(share)) {
        return Err(invalid("percentiles must be in [0, 100]"));
    }
    let items = shares.into_iter().filter_map(|percent| {
        let value = at_share(&numbers, percent / 100.0)?;
        let value = if whole { Value::Integer(truncated(value)) } else { Value::Double(value) };
        Some(Percentile { percent, value })
    });
    Ok(items.collect())
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
