//! Rows inside nested fields: the values in them, the queries of them and what is told of those that fit.

use campaign_tablestore::search::{
    FieldSchema, FieldType, InnerHits, NestedFilter, NestedQuery, OrderOnly, Query, ScoreMode, SearchHit,
    SearchInnerHit, Sort, SortOrder, Sorter,
};
use campaign_tablestore::server::Refusal;
use serde_json::Value as Json;

use super::best::Best;
use super::document::{Document, Scalar};
use super::evaluate::{Scope, count, inside, score};
use super::highlight;
use super::order::{Ranked, Ranking};
use crate::tablestore::check::invalid;

/// Rows of a nested field that are told unless the query says otherwise (service document "Nested query").
const TOLD: i32 = 3;

/// The values at a path, through nested fields; of the rows in the filter's field only those that fit it.
pub(super) fn values(
    document: Document<'_>,
    scope: Scope<'_>,
    path: &str,
    filter: Option<&NestedFilter>,
) -> Vec<Scalar> {
    let Some(name) = path.strip_prefix(scope.prefix) else { return Vec::new() };
    for field in scope.fields {
        if field.name == name {
            return document.values(field);
        }
        let rest = name.strip_prefix(field.name.as_str()).is_some_and(|rest| rest.starts_with('.'));
        if rest && field.field_type == FieldType::Nested {
            let here = format!("{}{}.", scope.prefix, field.name);
            let inner = scope.inside(&field.fields, &here);
            let filter_here = filter.filter(|filter| here.strip_suffix('.') == Some(&filter.path));
            let rows = document.inner(field).into_iter().filter(|row| {
                filter_here.is_none_or(|filter| score(&filter.filter, Document::Inner(row), inner).is_some())
            });
            return rows.flat_map(|row| values(Document::Inner(&row), inner, path, filter)).collect();
        }
    }
    Vec::new()
}

/// The nested field of a query, by its path.
pub(super) fn field_of<'a>(path: &str, scope: Scope<'a>) -> Result<&'a FieldSchema, Refusal> {
    let field = scope.field(path).filter(|field| field.field_type == FieldType::Nested);
    field.ok_or_else(|| invalid(format!("[{}] is not a nested field", crate::log::printable(path))))
}

/// The rows inside that fit, with their places and scores.
fn fitting(query: &NestedQuery, document: Document<'_>, scope: Scope<'_>) -> Vec<(usize, Json, f64)> {
    let Ok(field) = field_of(&query.path, scope) else { return Vec::new() };
    let prefix = format!("{}.", query.path);
    let inner = scope.inside(&field.fields, &prefix);
    let rows = document.inner(field).into_iter().enumerate();
    let found = rows.filter_map(|(at, row)| {
        let score = score(&query.query, Document::Inner(&row), inner)?;
        Some((at, row, score))
    });
    found.collect()
}

/// The score of a document by the rows inside it, or none if none of them fits.
pub(super) fn joined(query: &NestedQuery, document: Document<'_>, scope: Scope<'_>) -> Option<f64> {
    let scores: Vec<f64> = fitting(query, document, scope).into_iter().map(|(_, _, score)| score).collect();
    let sum: f64 = scores.iter().sum();
    let joined = match query.score_mode.unwrap_or(ScoreMode::Avg) {
        ScoreMode::None => 0.0,
        ScoreMode::Avg => sum / count(scores.len().max(1)),
        ScoreMode::Max => scores.iter().copied().reduce(f64::max).unwrap_or(0.0),
        ScoreMode::Min => scores.iter().copied().reduce(f64::min).unwrap_or(0.0),
        ScoreMode::Total => sum,
    };
    (!scores.is_empty()).then(|| joined * f64::from(query.weight.unwrap_or(1.0)))
}

/// Refuses what inner hits cannot ask for. `scope` is that of the rows inside.
pub(super) fn check_hits(hits: &InnerHits, scope: Scope<'_>) -> Result<(), Refusal> {
    if hits.offset.unwrap_or(0) < 0 || hits.limit.unwrap_or(TOLD) < 0 {
        return Err(invalid("[inner_hits.offset] and [inner_hits.limit] must not be negative"));
    }
    Ranking::new(&order(hits), scope)?;
    highlight::check(hits.highlight.as_ref(), scope)
}

/// The rows that fit the nested queries of `query` which ask for them. Those of a nested query inside another one are told
/// with the outer rows, or with the document if the outer query asks for none.
pub(super) fn hits(query: &Query, document: Document<'_>, scope: Scope<'_>) -> Result<Vec<SearchInnerHit>, Refusal> {
    let Query::Nested(nested) = query else {
        let found = inside(query).into_iter().map(|query| hits(query, document, scope));
        return Ok(found.collect::<Result<Vec<_>, _>>()?.concat());
    };
    let field = field_of(&nested.path, scope)?;
    let prefix = format!("{}.", nested.path);
    let inner = scope.inside(&field.fields, &prefix);
    let rows = fitting(nested, document, scope);
    let Some(asked) = &nested.inner_hits else {
        let found = rows.iter().map(|(_, row, _)| hits(&nested.query, Document::Inner(row), inner));
        return Ok(found.collect::<Result<Vec<_>, _>>()?.concat());
    };
    let number = |number: Option<i32>, otherwise: i32| usize::try_from(number.unwrap_or(otherwise)).unwrap_or(0);
    let (skipped, limit) = (number(asked.offset, 0), number(asked.limit, TOLD));
    let order = order(asked);
    let ranking = Ranking::new(&order, inner)?;
    let mut best = Best::new(ranking, skipped.saturating_add(limit));
    for (place, (_, row, score)) in rows.iter().enumerate() {
        let keys = ranking.keys(Document::Inner(row), *score);
        best.add(Ranked { keys, at: place }, None);
    }
    let shown = best.sorted().into_iter().skip(skipped).filter_map(|ranked| rows.get(ranked.at));
    let told = shown.map(|(at, row, score)| {
        let row = Document::Inner(row);
        Ok(SearchHit {
            score: Some(*score),
            highlight: highlight::fields(asked.highlight.as_ref(), &nested.query, row, inner),
            inner_hits: hits(&nested.query, row, inner)?,
            nested_doc_offset: i32::try_from(*at).ok(),
        })
    });
    Ok(vec![SearchInnerHit { path: nested.path.clone(), hits: told.collect::<Result<_, Refusal>>()? }])
}

/// The order that is asked for; without one, the best first.
fn order(hits: &InnerHits) -> Sort {
    let best = Sorter { score: Some(OrderOnly { order: Some(SortOrder::Desc) }), ..Sorter::default() };
    hits.sort.clone().unwrap_or_else(|| Sort::from_iter([best]))
}
