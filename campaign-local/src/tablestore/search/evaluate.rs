//! Which rows fit a query, and how well.
//!
//! Scores are simple: each word or value that is found counts 1, times the query's weight; BoolQuery adds those of `must` and
//! `should`, the others do what their documents say with the scores inside them. The service's own scores (BM25) differ.
//! A field that the index has not is found in no row.

use campaign_tablestore::search::{
    BoolQuery, FieldSchema, FieldType, MatchQuery, NestedQuery, Operator, Query, RangeQuery, ScoreMode,
};
use campaign_tablestore::server::Refusal;

use super::document::{Document, Scalar, asked};
use super::geo;
use super::words::words;
use crate::tablestore::check::{invalid, unsupported};

/// Values of a TermsQuery, characters of a pattern, bytes of a prefix (service document "Search index limits").
const TERMS: usize = 1024;
const PATTERN: usize = 32;
const PREFIX: usize = 1000;

/// Where names are looked up: the fields, and what stands before their names in a query.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) fields: &'a [FieldSchema],
    pub(super) prefix: &'a str,
}

impl<'a> Scope<'a> {
    fn field(&self, path: &str) -> Option<&'a FieldSchema> {
        let name = path.strip_prefix(self.prefix)?;
        self.fields.iter().find(|field| field.name == name)
    }
}

/// The score of a document, or none if it does not fit.
pub(super) fn score(query: &Query, document: Document<'_>, scope: Scope<'_>) -> Result<Option<f64>, Refusal> {
    let plain = |fits: bool, weight: Option<f32>| fits.then(|| f64::from(weight.unwrap_or(1.0)));
    let any = |path: &str, fits: &dyn Fn(&FieldSchema, &Scalar) -> bool| {
        let Some(field) = scope.field(path).filter(|field| field.index != Some(false)) else { return false };
        document.values(field).iter().any(|value| fits(field, value))
    };
    Ok(match query {
        Query::MatchAll(_) => Some(1.0),
        Query::Match(query) => match_words(query, document, scope)?,
        Query::MatchPhrase(query) => {
            let slop = usize::try_from(query.slop.unwrap_or(0)).unwrap_or(0);
            plain(any(&query.field, &|field, value| has_phrase(field, value, &query.text, slop)), query.weight)
        }
        Query::Term(query) => plain(any(&query.field, &|field, value| is(field, value, &query.term)), query.weight),
        Query::Terms(query) => {
            if query.terms.is_empty() || query.terms.len() > TERMS {
                return Err(invalid(format!("the number of terms must be in [1, {TERMS}]")));
            }
            let fits = |field: &FieldSchema, value: &Scalar| query.terms.iter().any(|term| is(field, value, term));
            plain(any(&query.field, &fits), query.weight)
        }
        Query::Range(query) => plain(any(&query.field, &|field, value| in_range(field, value, query)), None),
        Query::Prefix(query) => {
            if query.prefix.len() > PREFIX {
                return Err(invalid(format!("the length of prefix must not exceed {PREFIX}")));
            }
            let fits = |text: &str| text.starts_with(&*query.prefix);
            plain(any(&query.field, &|field, value| text_fits(field, value, &fits)), query.weight)
        }
        Query::Suffix(query) => {
            if scope.field(&query.field).is_some_and(|field| field.field_type != FieldType::FuzzyKeyword) {
                return Err(invalid(format!("suffix query is not supported for field[{}]", query.field)));
            }
            let fits = |text: &str| text.ends_with(&*query.suffix);
            plain(any(&query.field, &|field, value| text_fits(field, value, &fits)), query.weight)
        }
        Query::Wildcard(query) => {
            if query.pattern.chars().count() > PATTERN {
                return Err(invalid(format!("the length of wildcard must not exceed {PATTERN}")));
            }
            let pattern: Vec<char> = query.pattern.chars().collect();
            let fits = |text: &str| is_like(&text.chars().collect::<Vec<_>>(), &pattern);
            plain(any(&query.field, &|field, value| text_fits(field, value, &fits)), query.weight)
        }
        Query::Exists(query) => {
            let field = scope.field(&query.field);
            let there = field.is_some_and(|field| match field.field_type {
                FieldType::Nested => !document.inner(field).is_empty(),
                _ => !document.values(field).is_empty(),
            });
            plain(there, None)
        }
        Query::GeoBoundingBox(query) => {
            let fits = |_: &FieldSchema, value: &Scalar| match value {
                Scalar::Place(place) => geo::in_box(*place, query.top_left, query.bottom_right),
                _ => false,
            };
            plain(any(&query.field, &fits), None)
        }
        Query::GeoDistance(query) => {
            let fits = |_: &FieldSchema, value: &Scalar| match value {
                Scalar::Place(place) => geo::distance(*place, query.center_point) <= query.metres,
                _ => false,
            };
            plain(any(&query.field, &fits), None)
        }
        Query::GeoPolygon(query) => {
            if query.points.len() < 3 {
                return Err(invalid("a polygon has three points or more"));
            }
            let fits = |_: &FieldSchema, value: &Scalar| match value {
                Scalar::Place(place) => geo::in_polygon(*place, &query.points),
                _ => false,
            };
            plain(any(&query.field, &fits), None)
        }
        Query::Bool(query) => joined(query, document, scope)?,
        Query::ConstScore(query) => score(&query.filter, document, scope)?.map(|_| 1.0),
        Query::FunctionScore(query) => {
            let found = score(&query.query, document, scope)?;
            let factor = query.field_value_factor.as_ref().and_then(|factor| scope.field(&factor.field));
            let factor = factor.and_then(|field| document.values(field).iter().find_map(Scalar::number));
            found.map(|score| score * factor.unwrap_or(1.0))
        }
        Query::DisMax(query) => {
            let scores =
                query.queries.iter().map(|query| score(query, document, scope)).collect::<Result<Vec<_>, _>>()?;
            let scores: Vec<f64> = scores.into_iter().flatten().collect();
            scores.iter().copied().reduce(f64::max).map(|best| {
                let rest: f64 = scores.iter().sum::<f64>() - best;
                (best + rest * f64::from(query.tie_breaker.unwrap_or(0.0))) * f64::from(query.weight.unwrap_or(1.0))
            })
        }
        Query::Nested(query) => in_nested(query, document, scope)?,
        Query::KnnVector(_) => return Err(unsupported("KnnVectorQuery")),
        Query::FunctionsScore(_) => return Err(unsupported("FunctionsScoreQuery")),
    })
}

/// A value itself; of a text, a word of it.
fn is(field: &FieldSchema, value: &Scalar, term: &campaign_tablestore::Value) -> bool {
    let Some(term) = asked(field, term) else { return false };
    match (field.field_type, value, &term) {
        (FieldType::Text, Scalar::Text(text), Scalar::Text(term)) => {
            words(field, text).iter().any(|word| word.text == *term)
        }
        _ => *value == term,
    }
}

/// Whether the value, or of a text one of its words, fits.
fn text_fits(field: &FieldSchema, value: &Scalar, fits: &dyn Fn(&str) -> bool) -> bool {
    let Scalar::Text(text) = value else { return false };
    if field.field_type == FieldType::Text {
        return words(field, text).iter().any(|word| fits(&word.text));
    }
    fits(text)
}

fn in_range(field: &FieldSchema, value: &Scalar, query: &RangeQuery) -> bool {
    let bound = |bound: &Option<campaign_tablestore::Value>| bound.as_ref().map(|bound| asked(field, bound));
    let (from, to) = (bound(&query.range_from), bound(&query.range_to));
    let above = match from {
        None => true,
        Some(None) => false,
        Some(Some(from)) => {
            let order = value.order(&from);
            order.is_gt() || (order.is_eq() && query.include_lower.unwrap_or(true))
        }
    };
    let below = match to {
        None => true,
        Some(None) => false,
        Some(Some(to)) => {
            let order = value.order(&to);
            order.is_lt() || (order.is_eq() && query.include_upper.unwrap_or(false))
        }
    };
    above && below
}

fn match_words(query: &MatchQuery, document: Document<'_>, scope: Scope<'_>) -> Result<Option<f64>, Refusal> {
    let Some(field) = scope.field(&query.field) else { return Ok(None) };
    let weight = f64::from(query.weight.unwrap_or(1.0));
    let values = document.values(field);
    if field.field_type != FieldType::Text {
        let whole = campaign_tablestore::Value::from(&*query.text);
        return Ok(values.iter().any(|value| is(field, value, &whole)).then_some(weight));
    }
    let asked = words(field, &query.text);
    let least = match query.operator {
        Some(Operator::And) => asked.len(),
        _ => share(query.minimum_should_match, query.minimum_should_match_rule.as_deref(), asked.len())?.unwrap_or(1),
    };
    let best = values.iter().map(|value| {
        let Scalar::Text(text) = value else { return 0 };
        let found = words(field, text);
        asked.iter().filter(|word| found.iter().any(|other| other.text == word.text)).count()
    });
    let best = best.max().unwrap_or(0);
    Ok((best >= least.max(1)).then(|| count(best) * weight))
}

/// How many of `all` must be there, by a number or a share such as `75%`.
fn share(number: Option<i32>, rule: Option<&str>, all: usize) -> Result<Option<usize>, Refusal> {
    if let Some(percent) = rule.and_then(|rule| rule.strip_suffix('%')) {
        let percent: usize = percent.parse().map_err(|_| invalid("minimum_should_match is invalid"))?;
        return Ok(Some(all * percent.min(100) / 100));
    }
    let number = match rule {
        Some(rule) => Some(rule.parse().map_err(|_| invalid("minimum_should_match is invalid"))?),
        None => number,
    };
    number.map(|number| usize::try_from(number).map_err(|_| invalid("minimum_should_match is invalid"))).transpose()
}

fn has_phrase(field: &FieldSchema, value: &Scalar, phrase: &str, slop: usize) -> bool {
    let Scalar::Text(text) = value else { return is(field, value, &phrase.into()) };
    if field.field_type != FieldType::Text {
        return text == phrase;
    }
    let (found, asked) = (words(field, text), words(field, phrase));
    let Some((first, rest)) = asked.split_first() else { return false };
    let starts = found.iter().enumerate().filter(|(_, word)| word.text == first.text);
    starts.into_iter().any(|(start, _)| {
        let (mut at, mut left) = (start, slop);
        rest.iter().all(|word| {
            let after = found.get(at + 1..).unwrap_or_default();
            let Some(skipped) = after.iter().take(left + 1).position(|other| other.text == word.text) else {
                return false;
            };
            (at, left) = (at + 1 + skipped, left - skipped);
            true
        })
    })
}

/// `*` is any text, `?` one character.
fn is_like(text: &[char], pattern: &[char]) -> bool {
    let (mut at, mut place, mut back) = (0, 0, None);
    while at < text.len() {
        match pattern.get(place) {
            Some('*') => {
                back = Some((place, at));
                place += 1;
            }
            Some(letter) if *letter == '?' || text.get(at) == Some(letter) => (at, place) = (at + 1, place + 1),
            _ => match back {
                Some((star, from)) => {
                    back = Some((star, from + 1));
                    (at, place) = (from + 1, star + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(place).all(|letter| *letter == '*')
}

fn joined(query: &BoolQuery, document: Document<'_>, scope: Scope<'_>) -> Result<Option<f64>, Refusal> {
    let mut total = 0.0;
    for must in &query.must {
        let Some(found) = score(must, document, scope)? else { return Ok(None) };
        total += found;
    }
    for filter in &query.filter {
        if score(filter, document, scope)?.is_none() {
            return Ok(None);
        }
    }
    for must_not in &query.must_not {
        if score(must_not, document, scope)?.is_some() {
            return Ok(None);
        }
    }
    let mut fitting = 0;
    for should in &query.should {
        if let Some(found) = score(should, document, scope)? {
            total += found;
            fitting += 1;
        }
    }
    let alone = query.must.is_empty() && query.filter.is_empty() && !query.should.is_empty();
    let least = share(query.minimum_should_match, query.minimum_should_match_rule.as_deref(), query.should.len())?;
    let fits = fitting >= least.unwrap_or(usize::from(alone));
    Ok(fits.then(|| total * f64::from(query.weight.unwrap_or(1.0))))
}

fn in_nested(query: &NestedQuery, document: Document<'_>, scope: Scope<'_>) -> Result<Option<f64>, Refusal> {
    if query.inner_hits.is_some() {
        return Err(unsupported("inner hits"));
    }
    let Some(field) = scope.field(&query.path).filter(|field| field.field_type == FieldType::Nested) else {
        return Err(invalid(format!("[{}] is not a nested field", crate::log::printable(&query.path))));
    };
    let prefix = format!("{}.", query.path);
    let inside = Scope { fields: &field.fields, prefix: &prefix };
    let mut scores = Vec::new();
    for row in document.inner(field) {
        scores.extend(score(&query.query, Document::Inner(&row), inside)?);
    }
    let sum: f64 = scores.iter().sum();
    let joined = match query.score_mode.unwrap_or(ScoreMode::Avg) {
        ScoreMode::None => 0.0,
        ScoreMode::Avg => sum / count(scores.len().max(1)),
        ScoreMode::Max => scores.iter().copied().reduce(f64::max).unwrap_or(0.0),
        ScoreMode::Min => scores.iter().copied().reduce(f64::min).unwrap_or(0.0),
        ScoreMode::Total => sum,
    };
    Ok((!scores.is_empty()).then(|| joined * f64::from(query.weight.unwrap_or(1.0))))
}

#[allow(clippy::cast_precision_loss, reason = "there are never 2^53 rows or words")]
pub(super) const fn count(number: usize) -> f64 {
    number as f64
}
