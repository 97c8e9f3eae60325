//! What is refused before a row is looked at: by an index without rows.

use campaign_tablestore::search::{
    Aggregation, By, ByComposite, DecayFunction, DecayNumbers, DecayParam, DecayShape, FieldSchema, FieldSort,
    FieldType, FunctionsScoreQuery, GroupBy, Highlight, HighlightParameter, InnerHits, KnnVectorQuery, MatchQuery,
    NestedFilter, NestedQuery, Query, RandomFunction, ScoreFunction, SortOrder, Sorter, TimeSpan, TimeUnit,
    VectorMetric, VectorOptions,
};
use campaign_tablestore::{Code, Search};

use super::cloud::{Cloud, search};

fn cloud() -> Cloud {
    let options = VectorOptions { data_type: None, dimension: Some(2), metric_type: Some(VectorMetric::Cosine) };
    Cloud::new([
        FieldSchema::new("n", FieldType::Long),
        FieldSchema::new("k", FieldType::Keyword),
        FieldSchema::new("t", FieldType::Text),
        FieldSchema::new("d", FieldType::Date),
        FieldSchema::new("off", FieldType::Long).sort_and_agg(false),
        FieldSchema::new("v", FieldType::Vector).vector_options(options),
        FieldSchema::nested("in", [FieldSchema::new("x", FieldType::Long)]),
    ])
}

fn refused(name: &str, search: &Search) {
    match cloud().find(search) {
        Err(refusal) => {
            assert!([Code::ParameterInvalid, Code::UnsupportOperation].contains(&refusal.code), "{name}: {refusal:?}")
        }
        Ok(_) => panic!("{name} is taken"),
    }
}

#[test]
fn a_query_that_cannot_be_evaluated_is_refused_wherever_it_stands() {
    let decay = |scale| {
        let param = DecayParam::Number(DecayNumbers { origin: Some(0.0), scale, offset: None });
        let decay = DecayFunction::new("n", DecayShape::Gauss, &param);
        ScoreFunction { decay: Some(decay), ..ScoreFunction::default() }
    };
    let functions = |functions: Vec<ScoreFunction>| Query::from(FunctionsScoreQuery::new(Query::all(), functions));
    let both = ScoreFunction { random: Some(RandomFunction {}), ..decay(Some(1.0)) };
    let knn = |vector: Vec<f32>, top_k| Query::from(KnnVectorQuery::new("v", top_k, vector));
    for (name, query) in [
        ("no terms", Query::terms("k", Vec::<&str>::new())),
        ("too many terms", Query::terms("n", 0..1025)),
        ("a long prefix", Query::prefix("k", "x".repeat(1001))),
        ("a long pattern", Query::wildcard("k", "x".repeat(33))),
        ("the suffix of a keyword", Query::suffix("k", "x")),
        ("a share that is none", MatchQuery::new("t", "a").minimum_should_match_rule("half".to_owned()).into()),
        ("a path that is not nested", Query::nested("k", Query::all())),
        ("no functions", functions(Vec::new())),
        ("four functions", functions(vec![ScoreFunction::default(); 4])),
        ("a function that is two", functions(vec![both])),
        ("a decay without a scale", functions(vec![decay(None)])),
        ("a decay of scale 0", functions(vec![decay(Some(0.0))])),
        ("a vector of another dimension", knn(vec![1.0], 1)),
        ("too many nearest", knn(vec![1.0, 2.0], 1001)),
        ("the nearest of a keyword", KnnVectorQuery::new("k", 1, [1.0, 2.0]).into()),
        ("the nearest inside a nested field", Query::nested("in", knn(vec![1.0, 2.0], 1))),
        (
            "inner hits by a field that is not there",
            NestedQuery::new("in", Query::all())
                .inner_hits(InnerHits {
                    sort: Some([Sorter::ascending("in.y")].into_iter().collect()),
                    ..InnerHits::default()
                })
                .into(),
        ),
    ] {
        refused(name, &search(query.clone()));
        let inside = campaign_tablestore::search::BoolQuery::new().should(query);
        refused(name, &search(campaign_tablestore::search::ConstScoreQuery { filter: inside.into() }));
    }
    assert!(cloud().find(&search(knn(vec![1.0, 2.0], 1))).is_ok());
    assert!(cloud().find(&search(functions(vec![decay(Some(1.0))]))).is_ok());
}

#[test]
fn orders_numbers_and_groups_that_a_field_does_not_allow_are_refused() {
    let all = || search(Query::all());
    let filter = |path: &str| NestedFilter { path: path.to_owned(), filter: Query::all() };
    let by = |field: &str| FieldSort::new(field, SortOrder::Asc);
    for (name, search) in [
        ("sorting by a text", all().sort_by([by("t")])),
        ("sorting by a field that is not for that", all().sort_by([by("off")])),
        ("an empty sorter", all().sort_by([Sorter::default()])),
        ("a second field that is a text", all().sort_by([FieldSort { missing_field: Some("t".into()), ..by("n") }])),
        ("a filter of another field", all().sort_by([by("n").nested_filter(filter("in"))])),
        ("a filter that is not nested", all().sort_by([by("in.x").nested_filter(filter("k"))])),
        ("the sum of a keyword", all().aggregation(Aggregation::sum("a", "k"))),
        ("a count of a text", all().aggregation(Aggregation::count("a", "t"))),
        ("a share of 101 %", all().aggregation(Aggregation::percentiles("a", "n", [101.0]))),
        ("no rows at the top", all().aggregation(Aggregation::top_rows("a", 0, None))),
        ("a missing value of another type", all().aggregation(Aggregation::sum("a", "n").missing("x"))),
        ("groups of a text", all().group_by(GroupBy::field("g", "t"))),
        ("no groups", all().group_by(GroupBy::field("g", "k").size(0))),
        ("too many groups", all().group_by(GroupBy::field("g", "k").size(2001))),
        ("steps of nothing", all().group_by(GroupBy::histogram("g", "n", 0, 0, 1))),
        ("too many steps", all().group_by(GroupBy::histogram("g", "n", 1, 0, 2001))),
        (
            "days of a number",
            all().group_by(GroupBy::date_histogram("g", "n", TimeSpan { value: 1, unit: TimeUnit::Day })),
        ),
        (
            "a group inside that is refused",
            all().group_by(GroupBy::filters("g", [Query::all()]).group_by(GroupBy::field("h", "t"))),
        ),
        ("the mark of a keyword", all().highlight(Highlight::from_iter([HighlightParameter::new("k")]))),
        ("one row for each text", all().collapse("t")),
        ("a token that is none", all().token(vec![0, 1, 2])),
        ("a negative offset", all().offset(-1)),
        ("more rows than an index gives", all().limit(1001)),
    ] {
        refused(name, &search);
    }
}

#[test]
fn fields_that_inner_hits_highlight_count_with_those_of_the_search() {
    let text = |name: &str| FieldSchema::new(name, FieldType::Text).enable_highlighting(true);
    let cloud = Cloud::new([text("t"), FieldSchema::nested("in", [text("s")])]);
    let marked = |field: &str, count| Highlight::from_iter(vec![HighlightParameter::new(field); count]);
    let both = |outer: usize, inner: usize| {
        let hits = InnerHits { highlight: Some(marked("in.s", inner)), ..InnerHits::default() };
        let query = NestedQuery::new("in", Query::words("in.s", "a")).inner_hits(hits);
        cloud.find(&search(campaign_tablestore::search::BoolQuery::new().must(query)).highlight(marked("t", outer)))
    };
    assert!(both(5, 5).is_ok());
    let refusal = both(5, 6).unwrap_err();
    assert_eq!(refusal.to_string(), "OTSParameterInvalid: the number of highlighted fields must not exceed 10");
}

#[test]
fn a_composite_takes_fields_and_steps_only_and_no_foreign_token() {
    let composite = |sources: Vec<GroupBy>, next_token: Option<&str>| {
        let by = By::Composite(ByComposite {
            sources,
            size: None,
            aggregations: Vec::new(),
            group_bys: Vec::new(),
            next_token: next_token.map(Into::into),
            suggested_size: Some(100_000),
        });
        search(Query::all()).group_by(GroupBy { name: "c".to_owned(), by })
    };
    refused("no source", &composite(Vec::new(), None));
    refused("queries", &composite(vec![GroupBy::filters("f", [Query::all()])], None));
    refused("a source with a size", &composite(vec![GroupBy::field("k", "k").size(5)], None));
    let inside = GroupBy::field("k", "k").aggregation(Aggregation::sum("n", "n"));
    refused("a source with something inside", &composite(vec![inside], None));
    refused("a token that is none", &composite(vec![GroupBy::field("k", "k")], Some("?")));
    assert!(cloud().find(&composite(vec![GroupBy::field("k", "k")], None)).is_ok());
}

#[test]
fn more_groups_than_a_search_makes_are_refused_whether_they_have_rows_or_not() {
    // 400 steps in each of 400.
    let steps = |name: &str| {
        let mut group_by = GroupBy::histogram(name, "n", 1, 0, 399);
        if let By::Histogram(by) = &mut group_by.by {
            by.min_doc_count = Some(0);
        }
        group_by
    };
    assert!(cloud().find(&search(Query::all()).group_by(steps("a"))).is_ok());
    refused("steps in steps", &search(Query::all()).group_by(steps("a").group_by(steps("b"))));

    // 400 values with each of 400.
    let array = |name: &str| FieldSchema::new(name, FieldType::Long).is_array(true);
    let numbers = format!("{:?}", (0..400).collect::<Vec<_>>());
    let row = super::cloud::row(1).with("a", numbers.as_str()).with("b", numbers.as_str());
    let cloud = Cloud::new([array("a"), array("b")]).with([row]);
    let composite = |sources| {
        let by = ByComposite {
            sources,
            size: None,
            aggregations: Vec::new(),
            group_bys: Vec::new(),
            next_token: None,
            suggested_size: None,
        };
        search(Query::all()).group_by(GroupBy { name: "c".to_owned(), by: By::Composite(by) })
    };
    assert!(cloud.find(&composite(vec![GroupBy::field("a", "a")])).is_ok());
    let refusal = cloud.find(&composite(vec![GroupBy::field("a", "a"), GroupBy::field("b", "b")])).unwrap_err();
    assert_eq!(refusal.code, Code::ParameterInvalid);
}
