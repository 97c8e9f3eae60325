//! Which rows fit a query, and how well. The query has been checked: see `validate`.
//!
//! Scores are simple: each word or value that is found counts 1, times the query's weight; BoolQuery adds those of `must` and
//! `should`, the others do what their documents say with the scores inside them. The service's own scores (BM25) differ.
//! A field that the index has not is found in no row.

use campaign_tablestore::Value;
use campaign_tablestore::search::{
    BoolQuery, DisMaxQuery, FieldSchema, FieldType, MatchQuery, Operator, Query, RangeQuery,
};

use super::document::{Document, Scalar, asked};
use super::vectors::Near;
use super::words::words;
use super::{functions, geo, index, nested};

/// Where names are looked up: the fields, and what stands before their names in a query; and what the query has of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    pub(super) fields: &'a [FieldSchema],
    pub(super) prefix: &'a str,
    /// The rows that the vector queries found.
    pub(super) near: &'a [Near<'a>],
    /// What random scores are made of.
    pub(super) seed: u64,
}

impl<'a> Scope<'a> {
    /// The fields of an index.
    pub(super) const fn of(fields: &'a [FieldSchema], seed: u64) -> Self {
        Self { fields, prefix: "", near: &[], seed }
    }

    /// The fields of a nested one.
    pub(super) const fn inside<'b>(self, fields: &'b [FieldSchema], prefix: &'b str) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope { fields, prefix, near: &[], seed: self.seed }
    }

    /// The field of this name.
    pub(super) fn field(&self, path: &str) -> Option<&'a FieldSchema> {
        let name = path.strip_prefix(self.prefix)?;
        self.fields.iter().find(|field| field.name == name)
    }

    /// The same, also through nested fields.
    pub(super) fn path(&self, path: &str) -> Option<&'a FieldSchema> {
        index::field(self.fields, path.strip_prefix(self.prefix)?)
    }
}

/// The queries that a query is made of.
pub(super) fn inside(query: &Query) -> Vec<&Query> {
    match query {
        Query::Bool(query) => {
            let all = query.must.iter().chain(&query.must_not).chain(&query.filter).chain(&query.should);
            all.collect()
        }
        Query::ConstScore(query) => vec![&query.filter],
        Query::FunctionScore(query) => vec![&query.query],
        Query::FunctionsScore(query) => vec![&query.query],
        Query::DisMax(query) => query.queries.iter().collect(),
        Query::Nested(query) => vec![&query.query],
        _ => Vec::new(),
    }
}

/// The score of a document, or none if it does not fit.
pub(super) fn score(query: &Query, document: Document<'_>, scope: Scope<'_>) -> Option<f64> {
    let plain = |fits: bool, weight: Option<f32>| fits.then(|| f64::from(weight.unwrap_or(1.0)));
    let any = |path: &str, fits: &dyn Fn(&FieldSchema, &Scalar) -> bool| {
        let Some(field) = scope.field(path).filter(|field| field.index != Some(false)) else { return false };
        document.values(field).iter().any(|value| fits(field, value))
    };
    let place = |path: &str, fits: &dyn Fn(campaign_tablestore::search::GeoPoint) -> bool| {
        any(path, &|_, value| matches!(value, Scalar::Place(place) if fits(*place)))
    };
    match query {
        Query::MatchAll(_) => Some(1.0),
        Query::Match(query) => match_words(query, document, scope),
        Query::MatchPhrase(query) => {
            let slop = usize::try_from(query.slop.unwrap_or(0)).unwrap_or(0);
            plain(any(&query.field, &|field, value| has_phrase(field, value, &query.text, slop)), query.weight)
        }
        Query::Term(query) => plain(any(&query.field, &|field, value| is(field, value, &query.term)), query.weight),
        Query::Terms(query) => {
            let fits = |field: &FieldSchema, value: &Scalar| query.terms.iter().any(|term| is(field, value, term));
            plain(any(&query.field, &fits), query.weight)
        }
        Query::Range(query) => plain(any(&query.field, &|field, value| in_range(field, value, query)), None),
        Query::Prefix(query) => {
            let fits = |text: &str| text.starts_with(&*query.prefix);
            plain(any(&query.field, &|field, value| text_fits(field, value, &fits)), query.weight)
        }
        Query::Suffix(query) => {
            let fits = |text: &str| text.ends_with(&*query.suffix);
            plain(any(&query.field, &|field, value| text_fits(field, value, &fits)), query.weight)
        }
        Query::Wildcard(query) => {
            let fits = |text: &str| is_like(text, &query.pattern);
            plain(any(&query.field, &|field, value| text_fits(field, value, &fits)), query.weight)
        }
        Query::Exists(query) => {
            let there = scope.field(&query.field).is_some_and(|field| match field.field_type {
                FieldType::Nested => !document.inner(field).is_empty(),
                FieldType::Vector => document.vector(field).is_some(),
                _ => !document.values(field).is_empty(),
            });
            plain(there, None)
        }
        Query::GeoBoundingBox(query) => {
            let fits = |at| geo::in_box(at, query.top_left, query.bottom_right);
            plain(place(&query.field, &fits), None)
        }
        Query::GeoDistance(query) => {
            let fits = |at| geo::distance(at, query.center_point) <= query.metres;
            plain(place(&query.field, &fits), None)
        }
        Query::GeoPolygon(query) => plain(place(&query.field, &|at| geo::in_polygon(at, &query.points)), None),
        Query::Bool(query) => joined(query, document, scope),
        Query::ConstScore(query) => score(&query.filter, document, scope).map(|_| 1.0),
        Query::FunctionScore(query) => {
            let found = score(&query.query, document, scope)?;
            let factor = query.field_value_factor.as_ref().and_then(|factor| scope.field(&factor.field));
            let factor = factor.and_then(|field| document.values(field).iter().find_map(Scalar::number));
            Some(found * factor.unwrap_or(1.0))
        }
        Query::FunctionsScore(query) => functions::changed(query, document, scope),
        Query::DisMax(query) => best(query, document, scope),
        Query::Nested(query) => nested::joined(query, document, scope),
        Query::KnnVector(query) => {
            let Document::Row(row) = document else { return None };
            scope.near.iter().find(|near| near.is_of(query))?.score(&row.primary_key)
        }
    }
}

fn best(query: &DisMaxQuery, document: Document<'_>, scope: Scope<'_>) -> Option<f64> {
    let scores: Vec<f64> = query.queries.iter().filter_map(|query| score(query, document, scope)).collect();
    let best = scores.iter().copied().reduce(f64::max)?;
    let rest: f64 = scores.iter().sum::<f64>() - best;
    Some((best + rest * f64::from(query.tie_breaker.unwrap_or(0.0))) * f64::from(query.weight.unwrap_or(1.0)))
}

/// A value itself; of a text, a word of it.
fn is(field: &FieldSchema, value: &Scalar, term: &Value) -> bool {
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
    let bound = |bound: &Option<Value>| bound.as_ref().map(|bound| asked(field, bound));
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

fn match_words(query: &MatchQuery, document: Document<'_>, scope: Scope<'_>) -> Option<f64> {
    let field = scope.field(&query.field).filter(|field| field.index != Some(false))?;
    let weight = f64::from(query.weight.unwrap_or(1.0));
    let values = document.values(field);
    if field.field_type != FieldType::Text {
        let whole = Value::from(&*query.text);
        return values.iter().any(|value| is(field, value, &whole)).then_some(weight);
    }
    let asked = words(field, &query.text);
    let least = match query.operator {
        Some(Operator::And) => asked.len(),
        _ => share(query.minimum_should_match, query.minimum_should_match_rule.as_deref(), asked.len()).unwrap_or(1),
    };
    let best = values.iter().map(|value| {
        let Scalar::Text(text) = value else { return 0 };
        let found = words(field, text);
        asked.iter().filter(|word| found.iter().any(|other| other.text == word.text)).count()
    });
    let best = best.max().unwrap_or(0);
    (best >= least.max(1)).then(|| count(best) * weight)
}

/// How many of `all` must be there, by a number or a share such as `75%`.
fn share(number: Option<i32>, rule: Option<&str>, all: usize) -> Option<usize> {
    if let Some(percent) = rule.and_then(|rule| rule.strip_suffix('%')) {
        return Some(all * percent.parse::<usize>().ok()?.min(100) / 100);
    }
    match rule {
        Some(rule) => rule.parse().ok(),
        None => usize::try_from(number?).ok(),
    }
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
pub(super) fn is_like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
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

fn joined(query: &BoolQuery, document: Document<'_>, scope: Scope<'_>) -> Option<f64> {
    let fits = |query: &Query| score(query, document, scope).is_some();
    let mut total = 0.0;
    for must in &query.must {
        total += score(must, document, scope)?;
    }
    if !query.filter.iter().all(fits) || query.must_not.iter().any(fits) {
        return None;
    }
    let should: Vec<f64> = query.should.iter().filter_map(|query| score(query, document, scope)).collect();
    total += should.iter().sum::<f64>();
    let alone = query.must.is_empty() && query.filter.is_empty() && !query.should.is_empty();
    let least = share(query.minimum_should_match, query.minimum_should_match_rule.as_deref(), query.should.len());
    let enough = should.len() >= least.unwrap_or(usize::from(alone));
    enough.then(|| total * f64::from(query.weight.unwrap_or(1.0)))
}

#[allow(clippy::cast_precision_loss, reason = "there are never 2^53 rows or words")]
pub(super) const fn count(number: usize) -> f64 {
    number as f64
}
