//! Every kind of query, group-by and result, there and back.

use bytes::Bytes;

use super::*;
use crate::op::search::{Search, SearchFilter};
use crate::schema::CapacityUnit;
use crate::testing::law;
use crate::wire::Wire;
use crate::{PrimaryKey, Row, Value};

const HERE: GeoPoint = GeoPoint::new(30.25, -120.5);

/// One query of every kind, with all its fields.
pub(crate) fn queries() -> Vec<Query> {
    let inner = InnerHits {
        sort: Some(Sort::from_iter([Sorter::score()])),
        offset: Some(1),
        limit: Some(2),
        highlight: Some(Highlight::from_iter([HighlightParameter::new("n.t").pre_tag("<b>").post_tag("</b>")])),
    };
    let function = ScoreFunction {
        field_value_factor: Some(FieldValueFunction {
            field: "pv".to_owned(),
            factor: Some(1.5),
            modifier: Some(Modifier::Log1p),
            missing: Some(0.0),
        }),
        random: Some(RandomFunction {}),
        decay: Some(DecayFunction {
            field: "at".to_owned(),
            shape: Some(DecayShape::Gauss),
            param_kind: Some(DecayParamKind::Numeric),
            param: Some(Bytes::from_static(b"param")),
            decay: Some(0.5),
            multi_value_mode: Some(MultiValueMode::Avg),
        }),
        weight: Some(2.0),
        filter: Some(Query::exists("a")),
    };
    vec![
        MatchQuery::new("t", "one two").operator(Operator::And).minimum_should_match(1).weight(2.0).into(),
        MatchQuery::new("t", "one two").minimum_should_match_rule("75%").into(),
        MatchPhraseQuery::new("t", "one two").slop(1).weight(2.0).into(),
        Query::term("k", "a"),
        RangeQuery::new("n").from(1).below(9.5).into(),
        RangeQuery::new("n").above("a").to(true).into(),
        Query::prefix("k", "a"),
        BoolQuery::new()
            .must(Query::all())
            .must_not(Query::words("t", "x"))
            .filter(Query::phrase("t", "x y"))
            .should(Query::all())
            .minimum_should_match(1)
            .weight(1.0)
            .into(),
        ConstScoreQuery { filter: Query::all() }.into(),
        FunctionScoreQuery {
            query: Query::all(),
            field_value_factor: Some(FieldValueFactor { field: "pv".to_owned() }),
        }
        .into(),
        NestedQuery::new("n", Query::term("n.a", 1)).score_mode(ScoreMode::Max).weight(3.0).inner_hits(inner).into(),
        Query::wildcard("k", "a*?"),
        Query::all(),
        GeoBoundingBoxQuery { field: "g".to_owned(), top_left: HERE, bottom_right: GeoPoint::new(0.0, 180.0) }.into(),
        Query::within("g", HERE, 1000.0),
        GeoPolygonQuery { field: "g".to_owned(), points: vec![HERE, HERE, HERE] }.into(),
        Query::terms("k", ["a", "b"]),
        Query::exists("k"),
        KnnVectorQuery::new("v", 3, [1.0, -0.5])
            .filter(Query::all())
            .weight(1.0)
            .min_score(0.1)
            .num_candidates(9)
            .into(),
        FunctionsScoreQuery {
            score_mode: Some(FunctionScoreMode::First),
            combine_mode: Some(CombineMode::Replace),
            min_score: Some(0.0),
            max_score: Some(9.0),
            ..FunctionsScoreQuery::new(Query::all(), [function])
        }
        .into(),
        Query::suffix("k", "z"),
        DisMaxQuery { queries: vec![Query::all(), Query::exists("k")], tie_breaker: Some(0.5), weight: Some(1.0) }
            .into(),
    ]
}

fn group_bys() -> Vec<GroupBy> {
    let sort = vec![
        GroupSorter { key: Some(GroupOrder { order: Some(SortOrder::Asc) }), ..GroupSorter::default() },
        GroupSorter {
            aggregation: Some(AggregationOrder { name: "s".to_owned(), order: Some(SortOrder::Desc) }),
            ..GroupSorter::default()
        },
    ];
    let mut by_field = GroupBy::field("f", "k").size(3).aggregation(Aggregation::sum("s", "n"));
    if let By::Field(by) = &mut by_field.by {
        by.sort = sort;
        by.min_doc_count = Some(1);
    }
    let distance = ByGeoDistance {
        field: "g".to_owned(),
        origin: HERE.into(),
        ranges: vec![NumberRange { from: None, to: Some(5.0) }],
        aggregations: vec![],
        group_bys: vec![],
    };
    let grid = ByGeoGrid {
        field: "g".to_owned(),
        precision: Some(5),
        size: Some(10),
        aggregations: vec![],
        group_bys: vec![],
    };
    let composite = ByComposite {
        sources: vec![GroupBy::field("a", "k"), GroupBy::field("b", "n")],
        size: Some(5),
        aggregations: vec![],
        group_bys: vec![],
        next_token: Some("t".into()),
        suggested_size: Some(50),
    };
    let by = |by| GroupBy { name: "g".to_owned(), by };
    vec![
        by_field,
        GroupBy::ranges("r", "n", [(0.0, 1.0), (f64::NEG_INFINITY, 2.5)]),
        GroupBy::filters("q", [Query::all()]).group_by(GroupBy::field("inner", "k")),
        by(By::GeoDistance(distance)),
        GroupBy::histogram("h", "n", 2, 0, 10),
        GroupBy::date_histogram("d", "at", TimeSpan { value: 1, unit: TimeUnit::Day }),
        by(By::GeoGrid(grid)),
        by(By::Composite(composite)),
    ]
}

#[test]
fn the_law_of_search_holds_for_every_query_sort_aggregation_and_group_by() {
    for query in queries() {
        law(&Search::new("t", "i", query), &SearchPage::default());
    }
    let nested = NestedFilter { path: "n".to_owned(), filter: Query::all() };
    let near = GeoDistanceSort {
        field: "g".to_owned(),
        points: vec![HERE],
        order: Some(SortOrder::Asc),
        mode: Some(SortMode::Min),
        distance_type: Some(GeoDistanceType::Plane),
        nested_filter: None,
    };
    let by_field =
        FieldSort::new("n", SortOrder::Desc).mode(SortMode::Avg).nested_filter(nested).missing_value("_last");
    let mut full = Search::new("t", "i", Query::all())
        .columns_to_get(ColumnsToGet::named(["a", "b"]))
        .sort_by([Sorter::from(by_field), near.into(), Sorter::score(), Sorter::primary_key(SortOrder::Desc)])
        .limit(0)
        .offset(7)
        .count_hits()
        .collapse("k")
        .highlight(Highlight {
            encoder: Some(HighlightEncoder::Html),
            ..Highlight::from_iter([HighlightParameter::new("t").number_of_fragments(1).fragment_size(18)])
        })
        .timeout_ms(500)
        .aggregation(Aggregation::max("a", "n").missing(0))
        .aggregation(Aggregation::min("b", "n"))
        .aggregation(Aggregation::avg("c", "n"))
        .aggregation(Aggregation::count("d", "n"))
        .aggregation(Aggregation::distinct_count("e", "n"))
        .aggregation(Aggregation::top_rows("f", 2, Sort::from_iter([Sorter::ascending("n")])))
        .aggregation(Aggregation::percentiles("g", "n", [50.0, 99.9]).missing(1.5));
    full.search_query.group_bys = group_bys();
    full.search_query.track_total_count = Some(-1);
    full.search_query.filter = Some(SearchFilter { query: Query::all() });
    full.routing_values = vec![PrimaryKey::new().with("id", 1)];
    law(&full, &page());
    law(&Search::new("t", "i", Query::all()).token(&b"\x00\xff"[..]), &SearchPage::default());
}

fn page() -> SearchPage {
    let row = Row::new(PrimaryKey::new().with("id", "a")).with_version("n", 1, 5);
    let result = |name: &str, value| AggregationResult { name: name.to_owned(), value };
    let group = |key| Group {
        key,
        row_count: 2,
        aggregations: vec![result("s", AggregationValue::Sum(Some(2.5)))],
        group_bys: vec![],
    };
    let by = |kind, key| GroupByResult {
        name: "g".to_owned(),
        kind: Some(kind),
        groups: vec![group(key)],
        source_names: vec![],
        next_token: None,
    };
    let corner = GeoPosition::from(HERE);
    let grid = GeoGrid { top_left: corner.clone(), bottom_right: corner };
    let mut composite = by(GroupByKind::Composite, GroupKey::Composite(vec![Some("x".into()), None]));
    composite.source_names = vec!["a".to_owned(), "b".to_owned()];
    composite.next_token = Some("t".into());
    let mut inside = by(GroupByKind::Filter, GroupKey::Filter);
    inside.groups[0].group_bys = vec![by(GroupByKind::Field, GroupKey::Field("a".into()))];
    SearchPage {
        total_hits: Some(12),
        is_all_succeeded: true,
        hits: vec![SearchHit {
            score: Some(1.5),
            highlight: vec![HighlightField { field: "t".to_owned(), fragments: vec!["<b>x</b>".into()] }],
            inner_hits: vec![SearchInnerHit {
                path: "n".to_owned(),
                hits: vec![SearchHit { nested_doc_offset: Some(3), ..SearchHit::default() }],
            }],
            nested_doc_offset: None,
        }],
        next_token: Some("next".into()),
        aggregations: vec![
            result("a", AggregationValue::Max(Some(-1.0))),
            result("b", AggregationValue::Min(None)),
            result("c", AggregationValue::Avg(Some(0.5))),
            result("d", AggregationValue::Count(3)),
            result("e", AggregationValue::DistinctCount(2)),
            result("f", AggregationValue::TopRows(vec![row.clone()])),
            result("g", AggregationValue::Percentiles(vec![Percentile { percent: 50.0, value: Value::Integer(4) }])),
            result("new", AggregationValue::Other(99, Bytes::from_static(b"?"))),
        ],
        group_bys: vec![
            by(GroupByKind::Field, GroupKey::Field("a".into())),
            by(GroupByKind::Range, GroupKey::Range { from: Some(0.0), to: None }),
            inside,
            by(GroupByKind::GeoDistance, GroupKey::Range { from: None, to: Some(5.0) }),
            by(GroupByKind::Histogram, GroupKey::Histogram(Value::Double(0.5))),
            by(GroupByKind::DateHistogram, GroupKey::DateHistogram(-1)),
            by(GroupByKind::GeoGrid, GroupKey::GeoGrid("wx4g".to_owned(), Some(grid))),
            composite,
        ],
        consumed: Some(CapacityUnit::new(1, 0)),
        reserved_consumed: Some(CapacityUnit::default()),
        ..SearchPage::default()
    }
    .with_rows(&[row])
}

#[test]
fn a_group_by_of_an_unknown_kind_is_told_without_groups_and_an_unknown_query_is_refused() {
    let unknown = [0x0a, 1, b'g', 0x10, 99, 0x1a, 2, 0xff, 0xff];
    let result = GroupByResult::from_bytes(Bytes::copy_from_slice(&unknown)).unwrap();
    assert_eq!((result.name.as_str(), result.kind, result.groups.len()), ("g", None, 0));
    let query = Query::from_bytes(Bytes::from_static(&[0x08, 99, 0x12, 0]));
    assert!(matches!(query, Err(crate::WireFault::OutOfRange { field: "query.type", value: 99 })));
}

#[test]
fn queries_nested_too_deep_are_refused() {
    let nested = |depth| (0..depth).fold(Query::all(), |query, _| ConstScoreQuery { filter: query }.into());
    assert!(Query::from_bytes(nested(10).to_bytes().into()).is_ok());
    assert!(matches!(Query::from_bytes(nested(1000).to_bytes().into()), Err(crate::WireFault::TooDeep)));
}

#[test]
fn debug_shows_no_value_that_is_looked_for_or_found() {
    let text = format!("{:?} {:?}", Query::term("k", "alice"), page());
    let more = format!("{:?}{:?}", MatchQuery::new("k", "alice"), Query::within("g", HERE, 1.0));
    assert!(
        !text.contains("alice") && !more.contains("alice") && !more.contains("30.25") && !text.contains("<b>"),
        "{text}"
    );
}

#[test]
fn a_place_is_latitude_and_longitude_on_the_earth() {
    assert_eq!("30.3, 117.0".parse(), Ok(GeoPoint::new(30.3, 117.0)));
    for bad in ["", "1", "1;2", "91,0", "0,181", "NaN,0", "a,b"] {
        assert_eq!(bad.parse::<GeoPoint>(), Err(NotAPlace), "{bad}");
    }
}

#[test]
fn the_next_page_holds_the_token_and_no_order() {
    use campaign_client::Paginate;
    let search = Search::new("t", "i", Query::all()).sort_by([Sorter::ascending("n")]).offset(5).limit(10);
    let next = search.next(&page()).unwrap().unwrap();
    assert_eq!(next, Search::new("t", "i", Query::all()).limit(10).token("next"));
    assert!(next.next(&page()).is_err(), "a token that leads to itself would never end");
    assert_eq!(next.next(&SearchPage::default()).unwrap(), None);
}
