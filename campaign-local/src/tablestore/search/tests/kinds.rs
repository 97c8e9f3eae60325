//! The queries that need more than a row's own values.

use campaign_tablestore::Value;
use campaign_tablestore::search::{
    BoolQuery, CombineMode, DecayFunction, DecayNumbers, DecayParam, DecayPlaces, DecayShape, FieldSchema, FieldSort,
    FieldType, FieldValueFunction, FragmentOrder, FunctionScoreMode, FunctionsScoreQuery, GeoPoint, Highlight,
    HighlightEncoder, HighlightParameter, InnerHits, KnnVectorQuery, Modifier, NestedQuery, Query, RangeQuery,
    ScoreFunction, SortOrder, Sorter, VectorDataType, VectorMetric, VectorOptions,
};

use super::cloud::{Cloud, ids, row, search};

fn inner() -> FieldSchema {
    let fields = [
        FieldSchema::new("name", FieldType::Text).enable_highlighting(true),
        FieldSchema::new("age", FieldType::Long),
        FieldSchema::nested("pets", [FieldSchema::new("kind", FieldType::Keyword)]),
    ];
    FieldSchema::nested("in", fields)
}

#[test]
fn the_inner_rows_that_fit_are_told_with_their_places_and_marks() {
    let people = r#"[{"name":"Ann Lee","age":30,"pets":[{"kind":"cat"},{"kind":"dog"}]},
        {"name":"Bob Roe","age":20},{"name":"Cid Lee","age":40,"pets":{"kind":"dog"}}]"#;
    let cloud = Cloud::new([inner()]).with([row(1).with("in", people)]);
    let told = |hits: InnerHits, query: Query| {
        let query = NestedQuery::new("in", query).inner_hits(hits);
        let page = cloud.find(&search(BoolQuery::new().must(query))).unwrap();
        page.hits[0].inner_hits.clone()
    };
    let mark = HighlightParameter::new("in.name").pre_tag("<b>").post_tag("</b>");
    let oldest = FieldSort::new("in.age", SortOrder::Desc);
    let hits = InnerHits {
        sort: Some([Sorter::from(oldest)].into_iter().collect()),
        highlight: Some(Highlight::from_iter([mark])),
        ..InnerHits::default()
    };
    let found = told(hits.clone(), Query::words("in.name", "lee"));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].path, "in");
    let told_of = |at: usize| (found[0].hits[at].nested_doc_offset, &*found[0].hits[at].highlight[0].fragments[0]);
    assert_eq!(told_of(0), (Some(2), "Cid <b>Lee</b>"));
    assert_eq!(told_of(1), (Some(0), "Ann <b>Lee</b>"));
    let second = told(InnerHits { offset: Some(1), limit: Some(1), ..hits }, Query::exists("in.age"));
    assert_eq!(second[0].hits.iter().map(|hit| hit.nested_doc_offset).collect::<Vec<_>>(), [Some(0)]);

    let dogs = NestedQuery::new("in.pets", Query::term("in.pets.kind", "dog")).inner_hits(InnerHits::default());
    let found = told(InnerHits::default(), dogs.clone().into());
    let inside: Vec<_> = found[0].hits.iter().map(|hit| (hit.nested_doc_offset, &hit.inner_hits)).collect();
    assert_eq!(inside.len(), 2);
    assert_eq!((inside[0].0, inside[0].1[0].hits[0].nested_doc_offset), (Some(0), Some(1)));
    assert_eq!((inside[1].0, inside[1].1[0].hits[0].nested_doc_offset), (Some(2), Some(0)));
    assert_eq!(inside[0].1[0].path, "in.pets");
    // An outer query that asks for none leaves the inner one's to the row.
    let page = cloud.find(&search(Query::nested("in", dogs))).unwrap();
    assert_eq!(page.hits[0].inner_hits.iter().map(|hits| hits.hits.len()).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn fragments_come_in_the_order_of_the_text_or_the_best_first_and_safe_for_html() {
    let field = FieldSchema::new("t", FieldType::Text).enable_highlighting(true);
    let cloud = Cloud::new([field]).with([row(1).with("t", "<a> b c d a b a e")]);
    let fragments = |order, encoder| {
        let mark = HighlightParameter { fragments_order: order, ..HighlightParameter::new("t") };
        let mark = mark.number_of_fragments(2).fragment_size(8).pre_tag("[").post_tag("]");
        let highlight = Highlight { parameters: vec![mark], encoder };
        let page = cloud.find(&search(Query::words("t", "A")).highlight(highlight)).unwrap();
        page.hits[0].highlight[0].fragments.iter().map(|text| (**text).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(fragments(None, None), ["<[a]> b c ", "d [a] b [a] "]);
    assert_eq!(fragments(Some(FragmentOrder::Score), None), ["d [a] b [a] ", "<[a]> b c "]);
    assert_eq!(fragments(None, Some(HighlightEncoder::Html))[0], "&lt;[a]&gt; b c ");
}

fn scores(cloud: &Cloud, query: impl Into<Query>) -> Vec<(i64, f64)> {
    let page = cloud.find(&search(query).sort_by([Sorter::score()])).unwrap();
    ids(&page).into_iter().zip(page.hits.iter().map(|hit| (hit.score.unwrap() * 1e6).round() / 1e6)).collect()
}

fn numbers() -> Cloud {
    let fields = [FieldSchema::new("n", FieldType::Double), FieldSchema::new("g", FieldType::GeoPoint)];
    let cloud = Cloud::new(fields).with((1..4).map(|id| row(id).with("n", f64::from(i32::try_from(id).unwrap()))));
    cloud.with([row(4).with("g", "0,1")])
}

#[test]
fn functions_change_scores_by_a_field() {
    let cloud = numbers();
    let by = |modifier, missing| ScoreFunction {
        field_value_factor: Some(FieldValueFunction {
            field: "n".to_owned(),
            factor: Some(2.0),
            modifier: Some(modifier),
            missing,
        }),
        ..ScoreFunction::default()
    };
    let squares = FunctionsScoreQuery::new(Query::all(), [by(Modifier::Square, None)]);
    assert_eq!(scores(&cloud, squares.clone()), [(3, 36.0), (2, 16.0), (1, 4.0), (4, 1.0)]);
    let least = FunctionsScoreQuery { min_score: Some(5.0), max_score: Some(20.0), ..squares };
    assert_eq!(scores(&cloud, least), [(3, 20.0), (2, 16.0)]);
    // Without a mode, the query's own score is multiplied.
    let heavy = campaign_tablestore::search::TermQuery::new("n", 2.0).weight(3.0);
    let own = FunctionsScoreQuery::new(heavy, [by(Modifier::None, None)]);
    assert_eq!(scores(&cloud, own), [(2, 12.0)]);
    let inverse = FunctionsScoreQuery::new(Query::all(), [by(Modifier::Reciprocal, Some(0.5))]);
    assert_eq!(scores(&cloud, inverse), [(4, 1.0), (1, 0.5), (2, 0.25), (3, 0.166_667)]);
    // The logarithm of nothing is no number and counts 0.
    let log = FunctionsScoreQuery::new(Query::all(), [by(Modifier::Log, Some(0.0))]);
    assert_eq!(scores(&cloud, log).last(), Some(&(4, 0.0)));
}

#[test]
fn functions_are_joined_and_only_for_the_rows_of_their_filters() {
    let cloud = numbers();
    let weight = |weight, from: f64| ScoreFunction {
        weight: Some(weight),
        filter: Some(RangeQuery::new("n").from(from).into()),
        ..ScoreFunction::default()
    };
    let query = |score_mode, combine_mode| FunctionsScoreQuery {
        score_mode: Some(score_mode),
        combine_mode: Some(combine_mode),
        ..FunctionsScoreQuery::new(Query::all(), [weight(4.0, 2.0), weight(2.0, 3.0)])
    };
    for (score_mode, combine_mode, third, second) in [
        (FunctionScoreMode::Avg, CombineMode::Multiply, 3.0, 4.0),
        (FunctionScoreMode::Max, CombineMode::Sum, 5.0, 5.0),
        (FunctionScoreMode::Sum, CombineMode::Avg, 3.5, 2.5),
        (FunctionScoreMode::Min, CombineMode::Replace, 2.0, 4.0),
        (FunctionScoreMode::Multiply, CombineMode::Max, 8.0, 4.0),
        (FunctionScoreMode::First, CombineMode::Min, 1.0, 1.0),
    ] {
        let found = scores(&cloud, query(score_mode, combine_mode));
        let of = |id| found.iter().find(|(other, _)| *other == id).unwrap().1;
        assert_eq!((of(3), of(2)), (third, second), "{score_mode:?} {combine_mode:?}");
    }
}

#[test]
fn a_decay_leaves_all_within_its_offset_and_its_share_at_the_scale() {
    let cloud = numbers();
    let decay = |shape, origin| {
        let param = DecayNumbers { origin: Some(origin), scale: Some(1.0), offset: Some(1.0) };
        let decay = DecayFunction { decay: Some(0.25), ..DecayFunction::new("n", shape, &DecayParam::Number(param)) };
        FunctionsScoreQuery::new(Query::all(), [ScoreFunction { decay: Some(decay), ..ScoreFunction::default() }])
    };
    // 1 and the row without the field count 1; 2 is at the offset, 3 at the scale beyond it.
    for shape in [DecayShape::Gauss, DecayShape::Exp, DecayShape::Linear] {
        assert_eq!(scores(&cloud, decay(shape, 1.0)), [(1, 1.0), (2, 1.0), (4, 1.0), (3, 0.25)], "{shape:?}");
    }
    let of_three = |shape| scores(&cloud, decay(shape, 0.0)).last().copied().unwrap().1;
    assert_eq!(of_three(DecayShape::Gauss), 0.003_906);
    assert_eq!(of_three(DecayShape::Exp), 0.0625);
    assert_eq!(of_three(DecayShape::Linear), 0.0);
    let param = DecayPlaces { origin: Some(GeoPoint::new(0.0, 0.0)), scale: Some(111_195.08), offset: None };
    let decay = DecayFunction::new("g", DecayShape::Linear, &DecayParam::Place(param));
    let function = ScoreFunction { decay: Some(decay), ..ScoreFunction::default() };
    let found = scores(&cloud, FunctionsScoreQuery::new(Query::exists("g"), [function]));
    assert!((found[0].1 - 0.5).abs() < 1e-5, "{found:?}");
}

fn vectors(metric: VectorMetric) -> Cloud {
    let options =
        VectorOptions { data_type: Some(VectorDataType::Float32), dimension: Some(2), metric_type: Some(metric) };
    let fields =
        [FieldSchema::new("v", FieldType::Vector).vector_options(options), FieldSchema::new("n", FieldType::Long)];
    let bytes: Vec<u8> = [0.0_f32, 3.0].iter().flat_map(|number| number.to_le_bytes()).collect();
    Cloud::new(fields).with([
        row(1).with("v", "[1, 0]").with("n", 1),
        row(2).with("v", "[2, 2]").with("n", 2),
        row(3).with("v", Value::Binary(bytes)).with("n", 3),
        row(4).with("v", "[1, 2, 3]").with("n", 4),
        row(5).with("v", "none").with("n", 5),
        row(6).with("n", 6),
    ])
}

#[test]
fn the_nearest_vectors_come_first_and_those_of_another_dimension_never() {
    let nearest = |metric, vector: [f32; 2]| {
        let query = KnnVectorQuery::new("v", 10, vector);
        scores(&vectors(metric), query).into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(nearest(VectorMetric::Euclidean, [1.0, 0.0]), [1, 2, 3]);
    assert_eq!(nearest(VectorMetric::Cosine, [0.0, 0.1]), [3, 2, 1]);
    assert_eq!(nearest(VectorMetric::DotProduct, [1.0, 0.5]), [2, 3, 1]);
    let cloud = vectors(VectorMetric::Cosine);
    let query = KnnVectorQuery::new("v", 10, [1.0, 0.0]);
    assert_eq!(scores(&cloud, query.clone())[0], (1, 1.0));
    assert_eq!(cloud.ids(query.clone().filter(RangeQuery::new("n").from(2))), [2, 3]);
    assert_eq!(cloud.ids(query.clone().min_score(0.6)), [1, 2]);
    assert_eq!(cloud.ids(BoolQuery::new().must(query).must_not(Query::term("n", 1))), [2, 3]);
    assert_eq!(cloud.ids(Query::exists("v")), [1, 2, 3, 4]);
}

#[test]
fn of_many_vectors_as_many_are_found_as_are_asked_for_at_least() {
    let options = VectorOptions { data_type: None, dimension: Some(1), metric_type: Some(VectorMetric::Euclidean) };
    let cloud = Cloud::new([FieldSchema::new("v", FieldType::Vector).vector_options(options)])
        .with((0..200).map(|id| row(id).with("v", format!("[{id}]"))));
    let query = KnnVectorQuery::new("v", 5, [70.0]);
    let first = cloud.find(&search(query).limit(5).sort_by([Sorter::score()])).unwrap();
    assert_eq!(ids(&first), [70, 69, 71, 68, 72]);
    // Two parts give five each.
    assert_eq!(first.total_hits, Some(10));
}

#[test]
fn an_address_of_version_4_is_found_as_one_of_version_6_too() {
    let cloud = Cloud::new([FieldSchema::new("ip", FieldType::Ip)]).with([
        row(1).with("ip", "192.168.1.1"),
        row(2).with("ip", "::FFFF:192.168.1.1"),
        row(3).with("ip", "192.168.1.20"),
        row(4).with("ip", "FC00:0000:130F:0000:0000:09C0:876A:130B"),
        row(5).with("ip", "no address"),
    ]);
    assert_eq!(cloud.ids(Query::term("ip", "192.168.1.1")), [1, 2]);
    assert_eq!(cloud.ids(Query::terms("ip", ["fc00:0:130f::9c0:876a:130b", "10.0.0.1"])), [4]);
    assert_eq!(cloud.ids(RangeQuery::new("ip").from("192.168.1.2").to("192.168.1.255")), [3]);
    assert_eq!(cloud.ids(Query::exists("ip")), [1, 2, 3, 4]);
    let sorted = cloud.find(&search(Query::all()).sort_by([Sorter::descending("ip")])).unwrap();
    assert_eq!(ids(&sorted), [4, 3, 1, 2, 5]);
}
