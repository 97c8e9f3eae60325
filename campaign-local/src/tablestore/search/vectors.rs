//! KnnVectorQuery: the rows whose vectors are the nearest, by comparing all of them.
//!
//! The service keeps an index in parts and each gives its nearest, so that more rows are found than were asked for (service
//! document "KNN vector query"); here a row is in one of two parts, by its key.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use campaign_tablestore::PrimaryKey;
use campaign_tablestore::Row;
use campaign_tablestore::search::{KnnVectorQuery, Query, VectorMetric};

use super::document::Document;
use super::evaluate::{Scope, inside, score};

const PARTS: u64 = 2;

/// The rows that a vector query found, and how near they are.
#[derive(Debug)]
pub(super) struct Near<'a> {
    query: &'a KnnVectorQuery,
    /// Rows of a part, at most.
    most: usize,
    parts: [Vec<(f64, PrimaryKey)>; 2],
    found: BTreeMap<PrimaryKey, f64>,
}

impl<'a> Near<'a> {
    /// The vector queries in `query`, before a row is looked at. `limit` is that of the search: at least as many are found.
    pub(super) fn all(query: &'a Query, limit: i32) -> Vec<Self> {
        if let Query::KnnVector(query) = query {
            let most = usize::try_from(query.top_k.unwrap_or(0).max(limit)).unwrap_or(0);
            return vec![Self { query, most, parts: [Vec::new(), Vec::new()], found: BTreeMap::new() }];
        }
        inside(query).into_iter().flat_map(|inside| Self::all(inside, limit)).collect()
    }

    pub(super) fn is_of(&self, query: &KnnVectorQuery) -> bool {
        std::ptr::eq(self.query, query)
    }

    pub(super) fn score(&self, key: &PrimaryKey) -> Option<f64> {
        self.found.get(key).copied()
    }

    /// Looks at a row.
    pub(super) fn add(&mut self, row: &Row, scope: Scope<'_>) {
        let document = Document::Row(row);
        let Some(field) = scope.field(&self.query.field) else { return };
        if self.query.filter.as_ref().is_some_and(|filter| score(filter, document, scope).is_none()) {
            return;
        }
        let asked = &self.query.float32_query_vector;
        let Some(vector) = document.vector(field).filter(|vector| vector.len() == asked.len()) else { return };
        let metric = field.vector_options.and_then(|options| options.metric_type).unwrap_or(VectorMetric::Euclidean);
        let near = nearness(metric, asked, &vector);
        if near.is_nan() || near < f64::from(self.query.min_score.unwrap_or(0.0)) {
            return;
        }
        let mut hasher = DefaultHasher::new();
        row.primary_key.hash(&mut hasher);
        let [first, second] = &mut self.parts;
        let part = if hasher.finish().is_multiple_of(PARTS) { first } else { second };
        let place = part.partition_point(|(other, _)| *other >= near);
        if place < self.most {
            part.insert(place, (near, row.primary_key.clone()));
            part.truncate(self.most);
        }
    }

    /// All rows have been looked at.
    pub(super) fn finish(&mut self) {
        let weight = f64::from(self.query.weight.unwrap_or(1.0));
        let found = self.parts.iter_mut().flat_map(std::mem::take);
        self.found = found.map(|(near, key)| (key, near * weight)).collect();
    }
}

/// 1 for the same direction or place, less the further away. The service's document has the formulas as pictures only; these
/// are the ones search engines have.
fn nearness(metric: VectorMetric, a: &[f32], b: &[f32]) -> f64 {
    let sum =
        |of: &dyn Fn(f64, f64) -> f64| -> f64 { a.iter().zip(b).map(|(a, b)| of(f64::from(*a), f64::from(*b))).sum() };
    let product = sum(&|a, b| a * b);
    match metric {
        VectorMetric::Euclidean => 1.0 / (1.0 + sum(&|a, b| (a - b) * (a - b))),
        VectorMetric::DotProduct => f64::midpoint(1.0, product),
        VectorMetric::Cosine => {
            let lengths = (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt();
            f64::midpoint(1.0, product / lengths)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_vector_is_the_nearest_by_each_measure() {
        let (a, other, opposite) = ([0.6_f32, 0.8], [0.8_f32, 0.6], [-0.6_f32, -0.8]);
        for metric in [VectorMetric::Euclidean, VectorMetric::Cosine, VectorMetric::DotProduct] {
            let near = |b: &[f32]| nearness(metric, &a, b);
            assert!((near(&a) - 1.0).abs() < 1e-6, "{metric:?}");
            assert!(near(&a) > near(&other) && near(&other) > near(&opposite), "{metric:?}");
        }
        assert!((nearness(VectorMetric::Euclidean, &[0.0, 0.0], &[3.0, 4.0]) - 1.0 / 26.0).abs() < 1e-9);
        assert!(nearness(VectorMetric::Cosine, &[0.0, 0.0], &a).is_nan());
    }
}
