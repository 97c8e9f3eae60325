//! The kinds of queries, as they are on the wire. `query_builders` makes them.

use super::{GeoPoint, InnerHits, Query, Text};
use crate::Value;
use crate::wire::{enumeration, enumeration_field, messages};

enumeration! {
    /// How many of the words must be there.
    pub enum Operator {
        /// Any, or as many as the query says.
        Or = 1,
        /// All.
        And = 2,
    }
}

enumeration! {
    /// How the scores of nested rows make one.
    pub enum ScoreMode {
        /// Not at all.
        None = 1,
        /// Their mean.
        Avg = 2,
        /// The greatest.
        Max = 3,
        /// Their sum.
        Total = 4,
        /// The least.
        Min = 5,
    }
}

enumeration_field!(Operator, ScoreMode);

messages! {
    /// All rows.
    #[derive(Copy, Eq, Default)]
    pub struct MatchAllQuery {}

    /// Words of a text. Of a field that is not TEXT, the whole value.
    pub struct MatchQuery {
        /// The field.
        pub field: String = 1,
        /// The words.
        pub text: Text = 2,
        /// How many words must be there, under [`Operator::Or`].
        pub minimum_should_match: Option<i32> = 3,
        /// Whether all must be there.
        pub operator: Option<Operator> = 4,
        /// What the score is multiplied by.
        pub weight: Option<f32> = 5,
        /// How many words must be there, as a number or a share such as `75%`.
        pub minimum_should_match_rule: Option<String> = 6,
    }

    /// Words of a text, one after another.
    pub struct MatchPhraseQuery {
        /// The field.
        pub field: String = 1,
        /// The words.
        pub text: Text = 2,
        /// What the score is multiplied by.
        pub weight: Option<f32> = 3,
        /// How many other words may stand between them.
        pub slop: Option<i32> = 4,
    }

    /// Exactly a value; of a TEXT field, one of its words.
    pub struct TermQuery {
        /// The field.
        pub field: String = 1,
        /// The value.
        pub term: Value = 2,
        /// What the score is multiplied by.
        pub weight: Option<f32> = 3,
    }

    /// Exactly one of some values.
    pub struct TermsQuery {
        /// The field.
        pub field: String = 1,
        /// The values, 1 to 1,024.
        pub terms: Vec<Value> = 2,
        /// What the score is multiplied by.
        pub weight: Option<f32> = 3,
    }

    /// Values between bounds. A bound that is not there is none.
    pub struct RangeQuery {
        /// The field.
        pub field: String = 1,
        /// The lower bound.
        pub range_from: Option<Value> = 2,
        /// The upper bound.
        pub range_to: Option<Value> = 3,
        /// Whether the lower bound is part of the range.
        pub include_lower: Option<bool> = 4,
        /// Whether the upper bound is part of the range.
        pub include_upper: Option<bool> = 5,
    }

    /// Values that begin so.
    pub struct PrefixQuery {
        /// The field.
        pub field: String = 1,
        /// How they begin, 1,000 bytes at most.
        pub prefix: Text = 2,
        /// What the score is multiplied by.
        pub weight: Option<f32> = 3,
    }

    /// Values that end so.
    pub struct SuffixQuery {
        /// The field.
        pub field: String = 1,
        /// How they end.
        pub suffix: Text = 2,
        /// What the score is multiplied by.
        pub weight: Option<f32> = 3,
    }

    /// Values that fit a pattern.
    pub struct WildcardQuery {
        /// The field.
        pub field: String = 1,
        /// The pattern, 32 characters at most: `*` stands for any text, `?` for one character.
        pub pattern: Text = 2,
        /// What the score is multiplied by.
        pub weight: Option<f32> = 3,
    }

    /// Queries joined.
    #[derive(Default)]
    pub struct BoolQuery {
        /// All of these must fit.
        pub must: Vec<Query> = 1,
        /// None of these may fit.
        pub must_not: Vec<Query> = 2,
        /// All of these must fit, without a score.
        pub filter: Vec<Query> = 3,
        /// Some of these should fit.
        pub should: Vec<Query> = 4,
        /// How many of `should` must fit. Without it, one if there is neither `must` nor `filter`.
        pub minimum_should_match: Option<i32> = 5,
        /// The same as a number or a share such as `75%`.
        pub minimum_should_match_rule: Option<String> = 6,
        /// What the score is multiplied by.
        pub weight: Option<f32> = 7,
    }

    /// A query whose hits all score the same.
    pub struct ConstScoreQuery {
        /// The query.
        pub filter: Query = 1,
    }

    /// A field as a factor.
    pub struct FieldValueFactor {
        /// The field, a number.
        pub field: String = 1,
    }

    /// A query whose scores are multiplied by a field. The service advises [`FunctionsScoreQuery`](super::FunctionsScoreQuery).
    pub struct FunctionScoreQuery {
        /// The query.
        pub query: Query = 1,
        /// The factor.
        pub field_value_factor: Option<FieldValueFactor> = 2,
    }

    /// A query of the rows inside a NESTED field.
    pub struct NestedQuery {
        /// The field.
        pub path: String = 1,
        /// The query.
        pub query: Query = 2,
        /// How the scores of the rows inside make that of the row.
        pub score_mode: Option<ScoreMode> = 3,
        /// What the score is multiplied by.
        pub weight: Option<f32> = 4,
        /// Which of the rows inside are told with the hit.
        pub inner_hits: Option<InnerHits> = 5,
    }

    /// Places in a rectangle.
    pub struct GeoBoundingBoxQuery {
        /// The field.
        pub field: String = 1,
        /// The corner in the north west.
        pub top_left: GeoPoint = 2,
        /// The corner in the south east.
        pub bottom_right: GeoPoint = 3,
    }

    /// Places near another.
    pub struct GeoDistanceQuery {
        /// The field.
        pub field: String = 1,
        /// The other.
        pub center_point: GeoPoint = 2,
        /// How near, in metres.
        pub metres: f64 = 3,
    }

    /// Places in a polygon.
    pub struct GeoPolygonQuery {
        /// The field.
        pub field: String = 1,
        /// Its corners, three or more.
        pub points: Vec<GeoPoint> = 2,
    }

    /// Rows that have the field.
    pub struct ExistsQuery {
        /// The field.
        pub field: String = 1,
    }

    /// The nearest vectors.
    ///
    /// ```
    /// use campaign_tablestore::search::{KnnVectorQuery, Query};
    ///
    /// let near = KnnVectorQuery::new("portrait", 10, [0.1, -0.4, 0.9]).filter(Query::term("state", "open"));
    /// # let _ = near;
    /// ```
    pub struct KnnVectorQuery {
        /// The field, a VECTOR.
        pub field: String = 1,
        /// How many, 1,000 at most (service document "Search index limits").
        pub top_k: Option<i32> = 2,
        /// What they shall be near to: as many numbers as the field's vectors have.
        pub float32_query_vector: Vec<f32> = 4,
        /// Which rows are looked at.
        pub filter: Option<Query> = 5,
        /// What the score is multiplied by.
        pub weight: Option<f32> = 6,
        /// The least score.
        pub min_score: Option<f32> = 7,
        /// How many are looked at.
        pub num_candidates: Option<i32> = 8,
    }

    /// The best of several queries.
    pub struct DisMaxQuery {
        /// The queries.
        pub queries: Vec<Query> = 1,
        /// What share of the scores of the others is added, from 0 to 1.
        pub tie_breaker: Option<f32> = 2,
        /// What the score is multiplied by.
        pub weight: Option<f32> = 3,
    }
}
