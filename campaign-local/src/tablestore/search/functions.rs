//! FunctionsScoreQuery: scores changed by up to three functions.
//!
//! What the documents leave open: without a mode, results are multiplied; a row without the field of a function counts 1, as
//! the document says of decays; a result that is no number is 0.

use std::hash::{DefaultHasher, Hash, Hasher};

use campaign_tablestore::search::{
    CombineMode, DecayFunction, DecayParam, DecayShape, FieldType, FieldValueFunction, FunctionScoreMode,
    FunctionsScoreQuery, Modifier, MultiValueMode, ScoreFunction, TimeSpan, TimeUnit,
};
use campaign_tablestore::server::Refusal;

use super::document::{Document, Scalar, asked};
use super::evaluate::{Scope, count, score};
use super::geo;
use crate::tablestore::check::invalid;

/// What is left at the distance of the scale, unless the function says otherwise.
const DECAY: f64 = 0.5;

/// Refuses a function that cannot be evaluated.
pub(super) fn check(function: &ScoreFunction, scope: Scope<'_>) -> Result<(), Refusal> {
    let given = [function.field_value_factor.is_some(), function.random.is_some(), function.decay.is_some()];
    if given.iter().filter(|given| **given).count() > 1 {
        return Err(invalid("a function must be one of field_value_factor, random and decay"));
    }
    let refused = |path: &str| {
        let name = crate::log::printable(path);
        Err(invalid(format!("functions score query is not supported for field[{name}]")))
    };
    let kind = |path: &str| scope.field(path).map(|field| field.field_type);
    if let Some(factor) = &function.field_value_factor
        && !matches!(kind(&factor.field), Some(FieldType::Long | FieldType::Double))
    {
        return refused(&factor.field);
    }
    let Some(decay) = &function.decay else { return Ok(()) };
    let param = decay.param_of().ok().flatten().ok_or_else(|| invalid("the parameter of a decay is invalid"))?;
    let fits = matches!(
        (&param, kind(&decay.field)),
        (DecayParam::Number(_), Some(FieldType::Long | FieldType::Double))
            | (DecayParam::Date(_), Some(FieldType::Date))
            | (DecayParam::Place(_), Some(FieldType::GeoPoint))
    );
    if !fits {
        return refused(&decay.field);
    }
    if decay.shape.is_none() || Bell::of(decay, &param, scope).is_none() {
        return Err(invalid("a decay must have a shape, an origin, a scale above 0 and a decay in (0, 1)"));
    }
    Ok(())
}

/// The changed score, or none if the document does not fit.
pub(super) fn changed(query: &FunctionsScoreQuery, document: Document<'_>, scope: Scope<'_>) -> Option<f64> {
    let found = score(&query.query, document, scope)?;
    let results: Vec<f64> = query.functions.iter().filter_map(|function| result(function, document, scope)).collect();
    let sum: f64 = results.iter().sum();
    let joined = match query.score_mode.unwrap_or(FunctionScoreMode::Multiply) {
        _ if results.is_empty() => 1.0,
        FunctionScoreMode::Avg => sum / count(results.len()),
        FunctionScoreMode::Sum => sum,
        FunctionScoreMode::Max => results.into_iter().fold(f64::NEG_INFINITY, f64::max),
        FunctionScoreMode::Min => results.into_iter().fold(f64::INFINITY, f64::min),
        FunctionScoreMode::Multiply => results.into_iter().product(),
        FunctionScoreMode::First => results.first().copied().unwrap_or(1.0),
    };
    let joined = query.max_score.map_or(joined, |most| joined.min(f64::from(most)));
    let changed = match query.combine_mode.unwrap_or(CombineMode::Multiply) {
        CombineMode::Multiply => found * joined,
        CombineMode::Avg => f64::midpoint(found, joined),
        CombineMode::Max => found.max(joined),
        CombineMode::Sum => found + joined,
        CombineMode::Min => found.min(joined),
        CombineMode::Replace => joined,
    };
    query.min_score.is_none_or(|least| changed >= f64::from(least)).then_some(changed)
}

/// What one function says; none if it is not for this document.
fn result(function: &ScoreFunction, document: Document<'_>, scope: Scope<'_>) -> Option<f64> {
    if function.filter.as_ref().is_some_and(|filter| score(filter, document, scope).is_none()) {
        return None;
    }
    let result = if let Some(factor) = &function.field_value_factor {
        by_field(factor, document, scope).unwrap_or(1.0)
    } else if let Some(decay) = &function.decay {
        by_distance(decay, document, scope).unwrap_or(1.0)
    } else if function.random.is_some() {
        random(document, scope.seed)
    } else {
        1.0
    };
    let result = if result.is_finite() { result } else { 0.0 };
    Some(result * f64::from(function.weight.unwrap_or(1.0)))
}

fn by_field(factor: &FieldValueFunction, document: Document<'_>, scope: Scope<'_>) -> Option<f64> {
    let values = document.values(scope.field(&factor.field)?);
    let value = values.iter().find_map(Scalar::number).or(factor.missing)?;
    let value = value * f64::from(factor.factor.unwrap_or(1.0));
    Some(match factor.modifier.unwrap_or(Modifier::None) {
        Modifier::None => value,
        Modifier::Log => value.log10(),
        Modifier::Log1p => (value + 1.0).log10(),
        Modifier::Log2p => (value + 2.0).log10(),
        Modifier::Ln => value.ln(),
        Modifier::Ln1p => value.ln_1p(),
        Modifier::Ln2p => (value + 2.0).ln(),
        Modifier::Square => value * value,
        Modifier::Sqrt => value.sqrt(),
        Modifier::Reciprocal => value.recip(),
    })
}

/// The parameters of a decay as numbers: metres, milliseconds or the field's own.
struct Bell {
    scale: f64,
    offset: f64,
    decay: f64,
    shape: DecayShape,
}

impl Bell {
    fn of(decay: &DecayFunction, param: &DecayParam, scope: Scope<'_>) -> Option<Self> {
        origin(decay, param, scope)?;
        let (scale, offset) = match param {
            DecayParam::Number(param) => (param.scale?, param.offset.unwrap_or(0.0)),
            DecayParam::Place(param) => (param.scale?, param.offset.unwrap_or(0.0)),
            DecayParam::Date(param) => (milliseconds(param.scale?)?, param.offset.map_or(Some(0.0), milliseconds)?),
        };
        let left = decay.decay.unwrap_or(DECAY);
        let fits = scale > 0.0 && offset >= 0.0 && left > 0.0 && left < 1.0;
        fits.then_some(Self { scale, offset, decay: left, shape: decay.shape? })
    }

    /// What is left at a distance: all within the offset, and `decay` at the scale beyond it.
    fn at(&self, distance: f64) -> f64 {
        let beyond = (distance - self.offset).max(0.0) / self.scale;
        match self.shape {
            DecayShape::Gauss => self.decay.powf(beyond * beyond),
            DecayShape::Exp => self.decay.powf(beyond),
            DecayShape::Linear => (1.0 - (1.0 - self.decay) * beyond).max(0.0),
        }
    }
}

/// The origin as a value of the field.
fn origin(decay: &DecayFunction, param: &DecayParam, scope: Scope<'_>) -> Option<Scalar> {
    Some(match param {
        DecayParam::Number(param) => Scalar::Double(param.origin?),
        DecayParam::Place(param) => Scalar::Place(param.origin?),
        DecayParam::Date(param) => match (&param.origin_string, param.origin_long) {
            (Some(text), _) => asked(scope.field(&decay.field)?, &text.as_str().into())?,
            // A number is of nanoseconds (official Java SDK).
            (None, Some(nanoseconds)) => Scalar::Date(nanoseconds.div_euclid(1_000_000)),
            (None, None) => return None,
        },
    })
}

fn milliseconds(span: TimeSpan) -> Option<f64> {
    let unit = match span.unit {
        TimeUnit::Day => 86_400_000.0,
        TimeUnit::Hour => 3_600_000.0,
        TimeUnit::Minute => 60_000.0,
        TimeUnit::Second => 1000.0,
        TimeUnit::Millisecond => 1.0,
        // A day is the largest unit (official Java SDK).
        TimeUnit::Year | TimeUnit::Quarter | TimeUnit::Month | TimeUnit::Week => return None,
    };
    Some(f64::from(span.value) * unit)
}

fn by_distance(decay: &DecayFunction, document: Document<'_>, scope: Scope<'_>) -> Option<f64> {
    let param = decay.param_of().ok()??;
    let bell = Bell::of(decay, &param, scope)?;
    let origin = origin(decay, &param, scope)?;
    let values = document.values(scope.field(&decay.field)?);
    let distance = if let Scalar::Place(origin) = origin {
        let away = values.iter().filter_map(|value| match value {
            Scalar::Place(place) => Some(geo::distance(*place, origin)),
            _ => None,
        });
        of_several(away.collect(), decay.multi_value_mode)?
    } else {
        let value = of_several(values.iter().filter_map(Scalar::number).collect(), decay.multi_value_mode)?;
        (value - origin.number()?).abs()
    };
    Some(bell.at(distance))
}

/// The one of several values, or of the distances of several places, that counts: the least unless the function says.
fn of_several(values: Vec<f64>, mode: Option<MultiValueMode>) -> Option<f64> {
    let (sum, many) = (values.iter().sum::<f64>(), count(values.len()));
    let least = values.iter().copied().reduce(f64::min)?;
    Some(match mode.unwrap_or(MultiValueMode::Min) {
        MultiValueMode::Min => least,
        MultiValueMode::Max => values.into_iter().fold(f64::NEG_INFINITY, f64::max),
        MultiValueMode::Sum => sum,
        MultiValueMode::Avg => sum / many,
    })
}

/// A number from 0 up to 1 that stays the same for a document on all pages of a search.
fn random(document: Document<'_>, seed: u64) -> f64 {
    let mut hasher = DefaultHasher::new();
    seed.hash(&mut hasher);
    match document {
        Document::Row(row) => row.primary_key.hash(&mut hasher),
        Document::Inner(row) => row.to_string().hash(&mut hasher),
    }
    f64::from(u32::try_from(hasher.finish() >> 32).unwrap_or(0)) / (f64::from(u32::MAX) + 1.0)
}
