//! How queries are made: required parts in `new`, the rest by setters named after them.

use super::{
    BoolQuery, ConstScoreQuery, DisMaxQuery, ExistsQuery, FieldValueFactor, FunctionScoreQuery, GeoBoundingBoxQuery,
    GeoDistanceQuery, GeoPoint, GeoPolygonQuery, InnerHits, KnnVectorQuery, MatchPhraseQuery, MatchQuery, NestedQuery,
    Operator, PrefixQuery, Query, RangeQuery, ScoreMode, SuffixQuery, TermQuery, TermsQuery, Text, WildcardQuery,
};
use crate::Value;
use crate::wire::setters;

impl MatchQuery {
    /// Any of the words of `text`.
    pub fn new(field: impl Into<String>, text: impl Into<Text>) -> Self {
        Self {
            field: field.into(),
            text: text.into(),
            minimum_should_match: None,
            operator: None,
            weight: None,
            minimum_should_match_rule: None,
        }
    }

    setters! {
        /// The same with all words or any.
        operator: Operator,
        /// The same with at least so many words.
        minimum_should_match: i32,
        /// The same with at least so many words, as a number or a share such as `75%`.
        minimum_should_match_rule: String,
        /// The same with its score multiplied.
        weight: f32,
    }
}

impl MatchPhraseQuery {
    /// The words of `text`, one after another.
    pub fn new(field: impl Into<String>, text: impl Into<Text>) -> Self {
        Self { field: field.into(), text: text.into(), weight: None, slop: None }
    }

    setters! {
        /// The same with up to so many words between them.
        slop: i32,
        /// The same with its score multiplied.
        weight: f32,
    }
}

impl TermQuery {
    /// Exactly `value`.
    pub fn new(field: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { field: field.into(), term: value.into(), weight: None }
    }

    setters! {
        /// The same with its score multiplied.
        weight: f32,
    }
}

impl TermsQuery {
    /// One of `values`, 1 to 1,024.
    pub fn new<V: Into<Value>>(field: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        Self { field: field.into(), terms: values.into_iter().map(Into::into).collect(), weight: None }
    }

    setters! {
        /// The same with its score multiplied.
        weight: f32,
    }
}

impl RangeQuery {
    /// Any value of the field.
    pub fn new(field: impl Into<String>) -> Self {
        Self { field: field.into(), range_from: None, range_to: None, include_lower: None, include_upper: None }
    }

    /// The same from `value` on, which is part of the range.
    #[must_use]
    pub fn from(mut self, value: impl Into<Value>) -> Self {
        (self.range_from, self.include_lower) = (Some(value.into()), Some(true));
        self
    }

    /// The same above `value`.
    #[must_use]
    pub fn above(mut self, value: impl Into<Value>) -> Self {
        (self.range_from, self.include_lower) = (Some(value.into()), Some(false));
        self
    }

    /// The same up to `value`, which is part of the range.
    #[must_use]
    pub fn to(mut self, value: impl Into<Value>) -> Self {
        (self.range_to, self.include_upper) = (Some(value.into()), Some(true));
        self
    }

    /// The same below `value`.
    #[must_use]
    pub fn below(mut self, value: impl Into<Value>) -> Self {
        (self.range_to, self.include_upper) = (Some(value.into()), Some(false));
        self
    }
}

macro_rules! of_text {
    ($($name:ident: $text:ident;)+) => {$(
        impl $name {
            #[doc = concat!("Values with this ", stringify!($text), ".")]
            pub fn new(field: impl Into<String>, $text: impl Into<Text>) -> Self {
                Self { field: field.into(), $text: $text.into(), weight: None }
            }

            setters! {
                /// The same with its score multiplied.
                weight: f32,
            }
        }
    )+};
}
of_text! { PrefixQuery: prefix; SuffixQuery: suffix; WildcardQuery: pattern; }

impl BoolQuery {
    /// Nothing joined yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, and `query` must fit.
    #[must_use]
    pub fn must(mut self, query: impl Into<Query>) -> Self {
        self.must.push(query.into());
        self
    }

    /// The same, and `query` must not fit.
    #[must_use]
    pub fn must_not(mut self, query: impl Into<Query>) -> Self {
        self.must_not.push(query.into());
        self
    }

    /// The same, and `query` must fit, without a score.
    #[must_use]
    pub fn filter(mut self, query: impl Into<Query>) -> Self {
        self.filter.push(query.into());
        self
    }

    /// The same, and `query` should fit.
    #[must_use]
    pub fn should(mut self, query: impl Into<Query>) -> Self {
        self.should.push(query.into());
        self
    }

    setters! {
        /// The same with at least so many of those that should fit.
        minimum_should_match: i32,
        /// The same with its score multiplied.
        weight: f32,
    }
}

impl NestedQuery {
    /// Rows in whose field `path` a row fits `query`.
    pub fn new(path: impl Into<String>, query: impl Into<Query>) -> Self {
        Self { path: path.into(), query: query.into(), score_mode: None, weight: None, inner_hits: None }
    }

    setters! {
        /// The same with the scores of the rows inside joined so.
        score_mode: ScoreMode,
        /// The same with its score multiplied.
        weight: f32,
        /// The same with the rows inside told.
        inner_hits: InnerHits,
    }
}

impl KnnVectorQuery {
    /// The `top_k` nearest to `vector`.
    pub fn new(field: impl Into<String>, top_k: i32, vector: impl Into<Vec<f32>>) -> Self {
        Self {
            field: field.into(),
            top_k: Some(top_k),
            float32_query_vector: vector.into(),
            filter: None,
            weight: None,
            min_score: None,
            num_candidates: None,
        }
    }

    setters! {
        /// The same among the rows that fit.
        filter: Query,
        /// The same with its score multiplied.
        weight: f32,
        /// The same with at least this score.
        min_score: f32,
        /// The same looking at so many.
        num_candidates: i32,
    }
}

impl ConstScoreQuery {
    /// Rows that fit `filter`; all score 1.
    pub fn new(filter: impl Into<Query>) -> Self {
        Self { filter: filter.into() }
    }
}

impl FunctionScoreQuery {
    /// Rows that fit `query`, their scores multiplied by a field that is a number.
    pub fn new(query: impl Into<Query>, field: impl Into<String>) -> Self {
        Self { query: query.into(), field_value_factor: Some(FieldValueFactor { field: field.into() }) }
    }
}

impl DisMaxQuery {
    /// Rows that fit one of the queries, with the best score of those that they fit.
    pub fn new<Q: Into<Query>>(queries: impl IntoIterator<Item = Q>) -> Self {
        Self { queries: queries.into_iter().map(Into::into).collect(), tie_breaker: None, weight: None }
    }

    setters! {
        /// The same with this share, from 0 to 1, of the other scores added.
        tie_breaker: f32,
        /// The same with its score multiplied.
        weight: f32,
    }
}

impl ExistsQuery {
    /// Rows that have `field`.
    pub fn new(field: impl Into<String>) -> Self {
        Self { field: field.into() }
    }
}

impl GeoBoundingBoxQuery {
    /// Places between two corners, that in the north west and that in the south east.
    pub fn new(field: impl Into<String>, top_left: GeoPoint, bottom_right: GeoPoint) -> Self {
        Self { field: field.into(), top_left, bottom_right }
    }
}

impl GeoDistanceQuery {
    /// Places that are at most `metres` from `center`.
    pub fn new(field: impl Into<String>, center: GeoPoint, metres: f64) -> Self {
        Self { field: field.into(), center_point: center, metres }
    }
}

impl GeoPolygonQuery {
    /// Places inside of these corners, three or more.
    pub fn new(field: impl Into<String>, points: impl IntoIterator<Item = GeoPoint>) -> Self {
        Self { field: field.into(), points: points.into_iter().collect() }
    }
}
