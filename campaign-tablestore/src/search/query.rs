//! Which rows: the queries of a search index.

use super::{
    BoolQuery, ConstScoreQuery, DisMaxQuery, ExistsQuery, FunctionScoreQuery, FunctionsScoreQuery, GeoBoundingBoxQuery,
    GeoDistanceQuery, GeoPoint, GeoPolygonQuery, KnnVectorQuery, MatchAllQuery, MatchPhraseQuery, MatchQuery,
    NestedQuery, PrefixQuery, RangeQuery, SuffixQuery, TermQuery, TermsQuery, Text, WildcardQuery,
};
use crate::wire::{Fields, Slot, Wire};
use crate::{Value, WireFault};

/// Makes the enum, its numbers on the wire and the conversions from its parts.
macro_rules! queries {
    ($($(#[$doc:meta])* $name:ident($body:ident) = $number:literal,)+) => {
        /// Which rows a search finds (service document "Search", its page on each kind of query).
        ///
        /// ```
        /// use campaign_tablestore::search::{BoolQuery, Query, RangeQuery};
        ///
        /// let query = BoolQuery::new()
        ///     .must(Query::term("state", "open"))
        ///     .must(RangeQuery::new("age").from(18))
        ///     .must_not(Query::exists("erased"));
        /// # let _: Query = query.into();
        /// ```
        #[derive(Debug, Clone, PartialEq)]
        pub enum Query {
            $($(#[$doc])* $name(Box<$body>),)+
        }

        impl Wire for Query {
            fn write(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$name(body) => {
                        Slot::put_slot(&$number, 1, out);
                        body.as_ref().put_slot(2, out);
                    })+
                }
            }

            fn read(fields: &Fields) -> Result<Self, WireFault> {
                let number: i32 = Slot::take_slot(fields, 1, "query.type")?;
                match number {
                    $($number => Ok(Self::$name(Box::new(Slot::take_slot(fields, 2, "query.query")?))),)+
                    other => Err(WireFault::OutOfRange { field: "query.type", value: other.into() }),
                }
            }
        }

        $(impl From<$body> for Query {
            fn from(body: $body) -> Self {
                Self::$name(Box::new(body))
            }
        })+
    };
}

queries! {
    /// Words of a text.
    Match(MatchQuery) = 1,
    /// Words of a text, one after another.
    MatchPhrase(MatchPhraseQuery) = 2,
    /// Exactly a value.
    Term(TermQuery) = 3,
    /// Values between bounds.
    Range(RangeQuery) = 4,
    /// Values that begin so.
    Prefix(PrefixQuery) = 5,
    /// Queries joined.
    Bool(BoolQuery) = 6,
    /// A query whose hits all score the same.
    ConstScore(ConstScoreQuery) = 7,
    /// A query whose scores are multiplied by a field.
    FunctionScore(FunctionScoreQuery) = 8,
    /// A query of the rows inside a field.
    Nested(NestedQuery) = 9,
    /// Values that fit a pattern.
    Wildcard(WildcardQuery) = 10,
    /// All rows.
    MatchAll(MatchAllQuery) = 11,
    /// Places in a rectangle.
    GeoBoundingBox(GeoBoundingBoxQuery) = 12,
    /// Places near another.
    GeoDistance(GeoDistanceQuery) = 13,
    /// Places in a polygon.
    GeoPolygon(GeoPolygonQuery) = 14,
    /// Exactly one of some values.
    Terms(TermsQuery) = 15,
    /// Rows that have the field.
    Exists(ExistsQuery) = 16,
    /// The nearest vectors.
    KnnVector(KnnVectorQuery) = 17,
    /// A query whose scores are changed by functions.
    FunctionsScore(FunctionsScoreQuery) = 18,
    /// Values that end so.
    Suffix(SuffixQuery) = 19,
    /// The best of several queries.
    DisMax(DisMaxQuery) = 20,
}

impl Query {
    /// All rows.
    #[must_use]
    pub fn all() -> Self {
        MatchAllQuery {}.into()
    }

    /// Rows whose `field` is exactly `value`; of a text, one of its words.
    pub fn term(field: impl Into<String>, value: impl Into<Value>) -> Self {
        TermQuery::new(field, value).into()
    }

    /// Rows whose `field` is one of `values`, 1,024 at most.
    pub fn terms<V: Into<Value>>(field: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        TermsQuery::new(field, values).into()
    }

    /// Rows whose `field` holds a word of `text`; see [`MatchQuery`] for all of them.
    pub fn words(field: impl Into<String>, text: impl Into<Text>) -> Self {
        MatchQuery::new(field, text).into()
    }

    /// Rows whose `field` holds the words of `text`, one after another.
    pub fn phrase(field: impl Into<String>, text: impl Into<Text>) -> Self {
        MatchPhraseQuery::new(field, text).into()
    }

    /// Rows whose `field` begins with `prefix`, of 1,000 bytes at most.
    pub fn prefix(field: impl Into<String>, prefix: impl Into<Text>) -> Self {
        PrefixQuery::new(field, prefix).into()
    }

    /// Rows whose `field` ends with `suffix`. The service demands a field of the type FUZZY_KEYWORD.
    pub fn suffix(field: impl Into<String>, suffix: impl Into<Text>) -> Self {
        SuffixQuery::new(field, suffix).into()
    }

    /// Rows whose `field` fits `pattern`, of 32 characters at most: `*` stands for any text, `?` for one character.
    pub fn wildcard(field: impl Into<String>, pattern: impl Into<Text>) -> Self {
        WildcardQuery::new(field, pattern).into()
    }

    /// Rows that have `field`.
    pub fn exists(field: impl Into<String>) -> Self {
        ExistsQuery { field: field.into() }.into()
    }

    /// Rows in whose nested field `path` a row fits `query`. Fields in `query` have the path before their names.
    pub fn nested(path: impl Into<String>, query: impl Into<Self>) -> Self {
        NestedQuery::new(path, query).into()
    }

    /// Rows whose `field` is at most `metres` from `center`.
    pub fn within(field: impl Into<String>, center: GeoPoint, metres: f64) -> Self {
        GeoDistanceQuery { field: field.into(), center_point: center, metres }.into()
    }
}
