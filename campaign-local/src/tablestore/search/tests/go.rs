//! What the functional tests of the official Go client ask of numbers and groups.

use campaign_tablestore::search::{
    Aggregation, FieldSchema, FieldType, GeoPoint, GroupBy, GroupKey, Highlight, HighlightEncoder, HighlightParameter,
    NumberRange, Query,
};

use super::cloud::{Cloud, row, search};

fn cloud() -> Cloud {
    let fields = [
        FieldSchema::new("n", FieldType::Long),
        FieldSchema::new("k", FieldType::Keyword),
        FieldSchema::new("g", FieldType::GeoPoint),
        FieldSchema::new("t", FieldType::Text).enable_highlighting(true),
    ];
    let rows = (0..10).map(|id| row(id).with("n", id).with("g", "30,120").with("t", "<b>it's</b> one"));
    Cloud::new(fields).with(rows)
}

#[test]
fn aggregations_are_refused_in_the_words_of_the_service() {
    for (aggregations, text) in [
        (vec![Aggregation::avg("a", "x")], "[avg agg] field: x does not exist"),
        (vec![Aggregation::distinct_count("a", "x")], "[distinct count agg] field: x does not exist"),
        (vec![Aggregation::sum("a", "k")], "[sum agg] field_name:k type:keyword is invalid, allow [long, double]"),
        (vec![Aggregation::sum("a", "g")], "[sum agg] field_name:g type:geo_point is invalid, allow [long, double]"),
        (vec![Aggregation::max("a", "k")], "aggregation is not supported for field[k]"),
        (vec![Aggregation::max("", "n")], "the name of an aggregation must not be empty"),
        (vec![Aggregation::max("a", "n"), Aggregation::min("a", "n")], "there are two aggregations of the name [a]"),
    ] {
        let asked = aggregations.into_iter().fold(search(Query::all()), campaign_tablestore::Search::aggregation);
        let Err(refusal) = cloud().find(&asked) else { panic!("taken, and not refused as: {text}") };
        assert_eq!(refusal.message, text);
    }
}

#[test]
fn ranges_come_in_their_order_and_distances_as_they_are_asked_for() {
    let ranges = [NumberRange::from(3.0..4.0), (..3.0).into(), (4.0..).into()];
    let place = GeoPoint::new(30.0, 120.0);
    let asked = search(Query::all())
        .group_by(GroupBy::ranges("n", "n", ranges))
        .group_by(GroupBy::distances("g", "g", place, ranges));
    let found = cloud().find(&asked).unwrap();
    let told = |name: &str| {
        let groups = &found.group_by(name).unwrap().groups;
        groups.iter().map(|group| (group.key.clone(), group.row_count)).collect::<Vec<_>>()
    };
    let range = |from, to| GroupKey::Range { from, to };
    let (below, middle, above) = (range(None, Some(3.0)), range(Some(3.0), Some(4.0)), range(Some(4.0), None));
    assert_eq!(told("n"), [(below, 3), (middle.clone(), 1), (above.clone(), 6)]);
    assert_eq!(told("g"), [(middle, 0), (range(Some(0.0), Some(3.0)), 10), (above, 0)]);
}

#[test]
fn html_is_written_so_that_no_text_ends_an_element() {
    let mut highlight = Highlight::from_iter([HighlightParameter::new("t")]);
    highlight.encoder = Some(HighlightEncoder::Html);
    let found = cloud().find(&search(Query::words("t", "one")).limit(1).highlight(highlight)).unwrap();
    let fragment: &str = &found.hits[0].highlight[0].fragments[0];
    assert_eq!(fragment, "&lt;b&gt;it&#x27;s&lt;&#x2F;b&gt; <em>one</em>");
}
