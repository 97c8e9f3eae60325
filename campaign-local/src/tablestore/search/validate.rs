//! Queries that the service does not take, refused before a row is looked at.

use campaign_tablestore::search::{FieldType, KnnVectorQuery, Query, ScoreFunction};
use campaign_tablestore::server::Refusal;

use super::evaluate::{Scope, inside};
use super::{functions, nested};
use crate::tablestore::check::{invalid, unsupported};

/// Queries of a search, values of a TermsQuery, characters of a pattern, bytes of a prefix or suffix, nearest vectors (service
/// document "Search index limits"), and functions of a FunctionsScoreQuery (official Java SDK).
const QUERIES: usize = 1024;
const TERMS: usize = 1024;
const PATTERN: usize = 32;
const PREFIX: usize = 1000;
const NEAREST: i32 = 1000;
const FUNCTIONS: usize = 3;

/// Where a query stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    /// It says which rows are found: the nearest vectors can be among them.
    Search,
    /// It is part of something else.
    Inside,
}

/// Refuses more queries than a search can have, those inside others counted.
pub(super) fn number<'a>(queries: impl IntoIterator<Item = &'a Query>) -> Result<(), Refusal> {
    fn count(query: &Query) -> usize {
        inside(query).into_iter().map(count).sum::<usize>() + 1
    }
    if queries.into_iter().map(count).sum::<usize>() > QUERIES {
        return Err(invalid(format!("the number of queries must not exceed {QUERIES}")));
    }
    Ok(())
}

/// Refuses a query that cannot be evaluated.
pub(super) fn query(query: &Query, scope: Scope<'_>, place: Place) -> Result<(), Refusal> {
    check(query, scope, place)?;
    if let Query::Nested(nested) = query {
        let field = nested::field_of(&nested.path, scope)?;
        let prefix = format!("{}.", nested.path);
        let inner = scope.inside(&field.fields, &prefix);
        if let Some(hits) = &nested.inner_hits {
            nested::check_hits(hits, inner)?;
        }
        return self::query(&nested.query, inner, Place::Inside);
    }
    inside(query).into_iter().try_for_each(|inside| self::query(inside, scope, place))
}

fn check(query: &Query, scope: Scope<'_>, place: Place) -> Result<(), Refusal> {
    match query {
        Query::Terms(query) if query.terms.is_empty() || query.terms.len() > TERMS => {
            Err(invalid(format!("the number of terms must be in [1, {TERMS}]")))
        }
        Query::Prefix(query) if query.prefix.len() > PREFIX => {
            Err(invalid(format!("the length of prefix must not exceed {PREFIX}")))
        }
        Query::Suffix(query) => {
            if scope.field(&query.field).is_some_and(|field| field.field_type != FieldType::FuzzyKeyword) {
                let name = crate::log::printable(&query.field);
                return Err(invalid(format!("suffix query is not supported for field[{name}]")));
            }
            if query.suffix.len() > PREFIX {
                return Err(invalid(format!("the length of suffix must not exceed {PREFIX}")));
            }
            Ok(())
        }
        Query::Wildcard(query) if query.pattern.chars().count() > PATTERN => {
            Err(invalid(format!("the length of wildcard must not exceed {PATTERN}")))
        }
        Query::GeoPolygon(query) if query.points.len() < 3 => Err(invalid("a polygon has three points or more")),
        Query::Match(query) => share(query.minimum_should_match, query.minimum_should_match_rule.as_deref()),
        Query::Bool(query) => share(query.minimum_should_match, query.minimum_should_match_rule.as_deref()),
        Query::KnnVector(query) if place == Place::Search => nearest(query, scope),
        Query::KnnVector(_) => Err(unsupported("KnnVectorQuery inside filters, group-bys and nested fields")),
        Query::FunctionsScore(query) => {
            if query.functions.is_empty() || query.functions.len() > FUNCTIONS {
                return Err(invalid(format!("the number of functions must be in [1, {FUNCTIONS}]")));
            }
            query.functions.iter().try_for_each(|function| check_function(function, scope))
        }
        _ => Ok(()),
    }
}

fn share(number: Option<i32>, rule: Option<&str>) -> Result<(), Refusal> {
    let rule = rule.map(|rule| rule.strip_suffix('%').unwrap_or(rule).parse::<usize>().is_ok());
    if rule == Some(false) || number.is_some_and(|number| number < 0) {
        return Err(invalid("minimum_should_match is invalid"));
    }
    Ok(())
}

fn nearest(query: &KnnVectorQuery, scope: Scope<'_>) -> Result<(), Refusal> {
    let field = scope.field(&query.field).filter(|field| field.field_type == FieldType::Vector);
    let Some(options) = field.and_then(|field| field.vector_options) else {
        let name = crate::log::printable(&query.field);
        return Err(invalid(format!("knn vector query is not supported for field[{name}]")));
    };
    if !query.top_k.is_some_and(|most| (1..=NEAREST).contains(&most)) {
        return Err(invalid(format!("[top_k] must be in [1, {NEAREST}]")));
    }
    let dimension = options.dimension.and_then(|dimension| usize::try_from(dimension).ok());
    if dimension != Some(query.float32_query_vector.len()) {
        return Err(invalid("the query vector must have the dimension of the field"));
    }
    query.filter.as_ref().map_or(Ok(()), |filter| self::query(filter, scope, Place::Inside))
}

fn check_function(function: &ScoreFunction, scope: Scope<'_>) -> Result<(), Refusal> {
    if let Some(filter) = &function.filter {
        query(filter, scope, Place::Inside)?;
    }
    functions::check(function, scope)
}
