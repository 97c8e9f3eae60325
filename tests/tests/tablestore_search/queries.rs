//! Each kind of query finds the rows that a reader of the table expects.

use campaign_tablestore::search::{
    BoolQuery, ConstScoreQuery, DisMaxQuery, FunctionScoreQuery, GeoBoundingBoxQuery, GeoPoint, GeoPolygonQuery,
    MatchPhraseQuery, MatchQuery, NestedQuery, Operator, Query, RangeQuery, ScoreMode, TermQuery,
};

use crate::bed::Bed;

const HANGZHOU: GeoPoint = GeoPoint::new(30.25, 120.15);

async fn check(queries: impl IntoIterator<Item = (Query, &'static str)>) {
    let bed = Bed::books().await;
    for (at, (query, expected)) in queries.into_iter().enumerate() {
        let shown = format!("query {at}: {}", kind(&query));
        assert_eq!(bed.find(query).await, expected, "{shown}");
    }
}

fn kind(query: &Query) -> String {
    let text = format!("{query:?}");
    text.chars().take(120).collect()
}

#[tokio::test]
async fn values_are_found_by_terms_ranges_and_being_there() {
    check([
        (Query::all(), "a b c d e f"),
        (Query::term("state", "open"), "a b"),
        (Query::term("state", "ope"), ""),
        (Query::term("pages", 35), "b e"),
        (Query::term("price", 2.5), "b e"),
        (Query::term("sold", true), "a c"),
        (Query::term("day", "2026-11-11"), "c"),
        (Query::term("tags", "blue"), "a b"),
        (TermQuery::new("id", "a").into(), ""),
        (Query::terms("state", ["closed", "withdrawn", "lost"]), "c d e"),
        (Query::terms("pages", [20, 18]), "a d"),
        (RangeQuery::new("pages").from(20).to(35).into(), "a b e"),
        (RangeQuery::new("pages").above(20).below(50).into(), "b e"),
        (RangeQuery::new("pages").below(20).into(), "d"),
        (RangeQuery::new("price").above(2.0).into(), "b d e"),
        (RangeQuery::new("state").from("p").into(), "e"),
        (RangeQuery::new("day").from("2026-11-02").below("2026-12-24").into(), "b c"),
        (Query::exists("price"), "a b d e"),
        (Query::exists("tags"), "a b c"),
        (Query::exists("parts"), "a b c"),
    ])
    .await;
}

#[tokio::test]
async fn texts_are_found_by_words_phrases_beginnings_ends_and_patterns() {
    check([
        (Query::term("title", "summer"), "a b"),
        (Query::words("title", "SUMMER winter"), "a b c"),
        (Query::words("title", "海"), "d"),
        (Query::words("state", "open"), "a b"),
        (MatchQuery::new("title", "night sea").operator(Operator::And).into(), "a b"),
        (MatchQuery::new("title", "winter night sea").minimum_should_match(2).into(), "a b c"),
        (MatchQuery::new("title", "winter night sea").minimum_should_match_rule("100%").into(), ""),
        (Query::phrase("title", "summer night"), "a"),
        (Query::phrase("title", "night summer"), ""),
        (Query::phrase("title", "the sea"), "a b"),
        (MatchPhraseQuery::new("title", "summer night").slop(2).into(), "a b"),
        (Query::prefix("state", "clo"), "c d"),
        (Query::prefix("isbn", "978"), "a b"),
        (Query::prefix("title", "wint"), "c"),
        (Query::suffix("isbn", "-2"), "b d"),
        (Query::wildcard("isbn", "97?-*-1"), "a c"),
        (Query::wildcard("state", "*o*"), "a b c d"),
        (Query::wildcard("state", "o"), ""),
        // The same column as a whole, in a field of its own.
        (Query::term("titles", "Winter sea"), "c"),
        (Query::wildcard("titles", "* sea"), "a c"),
    ])
    .await;
}

#[tokio::test]
async fn queries_are_joined() {
    let sea = || Query::words("title", "sea");
    check([
        (BoolQuery::new().must(sea()).must(Query::term("state", "open")).into(), "a b"),
        (BoolQuery::new().must(sea()).must_not(Query::term("tags", "blue")).into(), "c"),
        (BoolQuery::new().filter(sea()).filter(RangeQuery::new("pages").above(20)).into(), "b c"),
        (BoolQuery::new().should(Query::term("pages", 18)).should(Query::term("sold", true)).into(), "a c d"),
        (
            BoolQuery::new()
                .should(sea())
                .should(Query::term("sold", true))
                .should(Query::term("state", "closed"))
                .minimum_should_match(2)
                .into(),
            "a c",
        ),
        (BoolQuery::new().must(sea()).should(Query::term("pages", 18)).into(), "a b c"),
        (BoolQuery::new().must_not(Query::exists("state")).into(), "f"),
        (BoolQuery::new().must(BoolQuery::new().must_not(BoolQuery::new().must(sea()))).into(), "d e f"),
        (ConstScoreQuery::new(sea()).into(), "a b c"),
        (FunctionScoreQuery::new(sea(), "pages").into(), "a b c"),
        (DisMaxQuery::new([Query::term("pages", 18), Query::term("pages", 50)]).into(), "c d"),
    ])
    .await;
}

#[tokio::test]
async fn rows_inside_a_field_fit_each_by_itself() {
    let both = || BoolQuery::new().must(Query::term("parts.name", "x")).must(Query::term("parts.size", 5));
    check([
        (Query::nested("parts", Query::term("parts.name", "x")), "a b"),
        (Query::nested("parts", Query::term("parts.size", 5)), "a b"),
        (NestedQuery::new("parts", both()).score_mode(ScoreMode::Max).into(), "b"),
        (Query::nested("parts", RangeQuery::new("parts.size").below(5)), "a c"),
    ])
    .await;
}

#[tokio::test]
async fn places_are_found_by_distance_rectangle_and_polygon() {
    let corners = [(29.0, 119.0), (29.0, 121.0), (31.0, 121.0), (31.0, 119.0)];
    let points = corners.map(|(latitude, longitude)| GeoPoint::new(latitude, longitude));
    let (top_left, bottom_right) = (GeoPoint::new(32.0, 120.0), GeoPoint::new(30.0, 122.0));
    check([
        (Query::within("place", HANGZHOU, 1_000.0), "a"),
        (Query::within("place", HANGZHOU, 10_000.0), "a e"),
        (Query::within("place", HANGZHOU, 200_000.0), "a b e"),
        (GeoBoundingBoxQuery::new("place", top_left, bottom_right).into(), "a b e"),
        (GeoPolygonQuery::new("place", points).into(), "a e"),
    ])
    .await;
}
