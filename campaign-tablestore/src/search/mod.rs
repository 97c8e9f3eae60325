//! Search indexes: what they hold, what is asked of them and what they answer.
//!
//! | file | what |
//! |---|---|
//! | `schema`, `analyzer` | [`FieldSchema`], [`IndexSchema`], [`Analyzer`] |
//! | `query`, `queries`, `functions`, `query_builders` | [`Query`] and its kinds |
//! | `sort` | [`Sort`] |
//! | `hit` | [`ColumnsToGet`], [`Highlight`], [`SearchHit`] |
//! | `aggregation` | [`Aggregation`] and its result |
//! | `group_by`, `group_builders`, `groups` | [`GroupBy`] and its result |
//! | `page` | the answer, read when it is asked for |
//! | `request` | how a [`Search`](crate::Search) is made, its rows as a stream |
//! | `scan` | all rows of an index, read in parallel |
//!
//! Sources: service documents "Search", "CreateSearchIndex", "ParallelScan" and their pages on each query and aggregation;
//! where a document has no numbers, the messages of the official SDKs.

mod aggregation;
mod analyzer;
mod functions;
mod group_builders;
mod group_by;
mod groups;
mod hit;
mod page;
mod queries;
mod query;
mod query_builders;
mod request;
mod scan;
mod schema;
mod sort;
mod text;
mod values;

#[cfg(all(test, feature = "server"))]
pub(crate) mod tests;

pub use aggregation::{
    Aggregation, AggregationResult, AggregationValue, CountOf, Function, Metric, Percentile, Percentiles, TopRows,
};
pub use analyzer::Analyzer;
pub use functions::{
    CombineMode, DecayDates, DecayFunction, DecayNumbers, DecayParam, DecayParamKind, DecayPlaces, DecayShape,
    FieldValueFunction, FunctionScoreMode, FunctionsScoreQuery, Modifier, MultiValueMode, RandomFunction,
    ScoreFunction,
};
pub use group_by::{
    AggregationOrder, By, ByComposite, ByDateHistogram, ByField, ByFilter, ByGeoDistance, ByGeoGrid, ByHistogram,
    ByRange, FieldRange, GroupBy, GroupOrder, GroupSorter, NumberRange, TimeSpan, TimeUnit,
};
pub use groups::{Group, GroupByKind, GroupByResult, GroupKey};
pub use hit::{
    ColumnsToGet, FragmentOrder, Highlight, HighlightEncoder, HighlightField, HighlightParameter, InnerHits,
    ReturnType, SearchHit, SearchInnerHit,
};
pub use page::{ScanPage, SearchPage};
pub use queries::{
    BoolQuery, ConstScoreQuery, DisMaxQuery, ExistsQuery, FieldValueFactor, FunctionScoreQuery, GeoBoundingBoxQuery,
    GeoDistanceQuery, GeoPolygonQuery, KnnVectorQuery, MatchAllQuery, MatchPhraseQuery, MatchQuery, NestedQuery,
    Operator, PrefixQuery, RangeQuery, ScoreMode, SuffixQuery, TermQuery, TermsQuery, WildcardQuery,
};
pub use query::Query;
pub use scan::IndexScan;
pub use schema::{
    FieldSchema, FieldType, IndexOptions, IndexSchema, IndexSetting, IndexState, JsonType, SyncPhase, TextSimilarity,
    VectorDataType, VectorMetric, VectorOptions,
};
pub use sort::{
    FieldSort, GeoDistanceSort, GeoDistanceType, NestedFilter, OrderOnly, Sort, SortMode, SortOrder, Sorter,
};
pub use text::{GeoGrid, GeoPoint, GeoPosition, NotAPlace, Text};
