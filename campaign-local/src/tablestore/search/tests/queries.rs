//! Queries against a naive predicate, and the steps that only show inside.

use campaign_tablestore::search::{
    Analyzer, BoolQuery, ConstScoreQuery, DisMaxQuery, FieldSchema, FieldType, GeoPoint, Query, RangeQuery,
};
use campaign_tablestore::{PrimaryKey, Row, Value};
use proptest::prelude::*;

use super::super::dates;
use super::super::document::Document;
use super::super::evaluate::{Scope, score};
use super::super::geo;
use super::super::words::words;

fn fields() -> Vec<FieldSchema> {
    vec![
        FieldSchema::new("n", FieldType::Long),
        FieldSchema::new("k", FieldType::FuzzyKeyword),
        FieldSchema::new("t", FieldType::Text),
        FieldSchema::nested("in", [FieldSchema::new("x", FieldType::Long), FieldSchema::new("y", FieldType::Long)]),
    ]
}

/// What a row is made of; `inner` is `x` and `y` of each row inside.
#[derive(Clone, Debug)]
struct Parts {
    n: Option<i64>,
    k: String,
    t: String,
    inner: Vec<(i64, i64)>,
}

fn parts() -> impl Strategy<Value = Parts> {
    let inner = proptest::collection::vec((0..3_i64, 0..3_i64), 0..3);
    (proptest::option::of(-3..4_i64), "[ab]{0,3}", "[ab]( [ab]){0,3}", inner).prop_map(|(n, k, t, inner)| Parts {
        n,
        k,
        t,
        inner,
    })
}

fn row(parts: &Parts) -> Row {
    let inner: Vec<String> = parts.inner.iter().map(|(x, y)| format!(r#"{{"x":{x},"y":{y}}}"#)).collect();
    let row = Row::new(PrimaryKey::new().with("id", 1)).with("k", parts.k.as_str()).with("t", parts.t.as_str());
    let row = row.with("in", format!("[{}]", inner.join(",")));
    match parts.n {
        Some(n) => row.with("n", n),
        None => row,
    }
}

/// The same for a row inside.
fn inside(query: &Query, x: i64, y: i64) -> bool {
    match query {
        Query::Term(query) if query.field == "in.x" => query.term.as_i64() == Some(x),
        Query::Term(query) => query.term.as_i64() == Some(y),
        Query::Bool(query) => query.must.iter().all(|query| inside(query, x, y)),
        other => panic!("not generated: {other:?}"),
    }
}

/// `*` is any text, `?` one character: by trying all ways.
fn like(text: &[u8], pattern: &[u8]) -> bool {
    match (text, pattern) {
        ([], []) => true,
        (_, [b'*', rest @ ..]) => (0..=text.len()).any(|at| like(&text[at..], rest)),
        ([letter, text @ ..], [other, rest @ ..]) => (*other == b'?' || letter == other) && like(text, rest),
        _ => false,
    }
}

/// What the query says, written down a second time without fields, words or scores.
fn naive(query: &Query, parts: &Parts) -> bool {
    let is = |query: &Query| naive(query, parts);
    let Parts { n, k, t, inner } = parts;
    let n = *n;
    match query {
        Query::MatchAll(_) => true,
        Query::Term(query) if query.field == "n" => n == query.term.as_i64(),
        Query::Term(query) => Some(k.as_str()) == query.term.as_str(),
        Query::Terms(query) => query.terms.iter().any(|term| n.is_some() && n == term.as_i64()),
        Query::Prefix(query) => k.starts_with(&*query.prefix),
        Query::Suffix(query) => k.ends_with(&*query.suffix),
        Query::Wildcard(query) => like(k.as_bytes(), query.pattern.as_bytes()),
        Query::Nested(query) => inner.iter().any(|(x, y)| inside(&query.query, *x, *y)),
        Query::DisMax(query) => query.queries.iter().any(is),
        Query::ConstScore(query) => is(&query.filter),
        Query::Match(query) => query.text.split(' ').any(|word| t.split(' ').any(|other| other == word)),
        Query::MatchPhrase(query) => format!(" {t} ").contains(&format!(" {} ", &*query.text)),
        Query::Exists(_) => n.is_some(),
        Query::Range(query) => n.is_some_and(|n| {
            let from = query.range_from.as_ref().and_then(Value::as_i64);
            let to = query.range_to.as_ref().and_then(Value::as_i64);
            from.is_none_or(|from| n >= from) && to.is_none_or(|to| n < to)
        }),
        Query::Bool(query) => {
            let alone = query.must.is_empty() && query.filter.is_empty() && !query.should.is_empty();
            let least = query.minimum_should_match.map_or(usize::from(alone), |least| usize::try_from(least).unwrap());
            query.must.iter().chain(&query.filter).all(is)
                && !query.must_not.iter().any(is)
                && query.should.iter().filter(|query| is(query)).count() >= least
        }
        other => panic!("not generated: {other:?}"),
    }
}

fn query() -> impl Strategy<Value = Query> {
    let leaf = prop_oneof![
        Just(Query::all()),
        (-3..4_i64).prop_map(|n| Query::term("n", n)),
        "[ab]{0,2}".prop_map(|k| Query::term("k", k)),
        "[ab]{0,2}".prop_map(|k| Query::prefix("k", k)),
        "[ab]{0,2}".prop_map(|k| Query::suffix("k", k)),
        "[ab?*]{0,4}".prop_map(|k| Query::wildcard("k", k)),
        proptest::collection::vec(-3..4_i64, 1..4).prop_map(|terms| Query::terms("n", terms)),
        (0..3_i64).prop_map(|x| Query::nested("in", Query::term("in.x", x))),
        (0..3_i64, 0..3_i64).prop_map(|(x, y)| {
            Query::nested("in", BoolQuery::new().must(Query::term("in.x", x)).must(Query::term("in.y", y)))
        }),
        "[ab]( [ab]){0,2}".prop_map(|t| Query::words("t", t)),
        "[ab]( [ab]){0,2}".prop_map(|t| Query::phrase("t", t)),
        Just(Query::exists("n")),
        (-3..4_i64, -3..4_i64).prop_map(|(from, to)| RangeQuery::new("n").from(from).below(to).into()),
        (-3..4_i64).prop_map(|from| RangeQuery::new("n").from(from).into()),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let some = || proptest::collection::vec(inner.clone(), 0..3);
        let least = proptest::option::of(0..3_i32);
        let joined = (some(), some(), some(), some(), least).prop_map(
            |(must, must_not, filter, should, minimum_should_match)| {
                BoolQuery { must, must_not, filter, should, minimum_should_match, ..BoolQuery::default() }.into()
            },
        );
        let best = proptest::collection::vec(inner.clone(), 1..3)
            .prop_map(|queries| DisMaxQuery { queries, tie_breaker: None, weight: None }.into());
        prop_oneof![4 => joined, 1 => best, 1 => inner.clone().prop_map(|filter| ConstScoreQuery { filter }.into())]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn a_row_fits_a_query_exactly_when_it_fits_a_naive_predicate(
        query in query(),
        parts in parts(),
    ) {
        let (fields, row) = (fields(), row(&parts));
        let found = score(&query, Document::Row(&row), Scope::of(&fields, 0));
        prop_assert_eq!(found.is_some(), naive(&query, &parts));
    }
}

#[test]
fn words_are_runs_of_letters_and_digits_in_lower_case_and_single_characters_of_chinese() {
    let field = FieldSchema::new("t", FieldType::Text);
    let text = "Hello, 菊花茶 no.7";
    let found: Vec<String> = words(&field, text).into_iter().map(|word| word.text).collect();
    assert_eq!(found, ["hello", "菊", "花", "茶", "no", "7"]);
    assert!(words(&field, text).iter().all(|word| text[word.start..word.end].to_lowercase() == word.text));
    let field = field.analyzer(&Analyzer::SingleWord { case_sensitive: Some(true), delimit_word: Some(true) });
    let found: Vec<String> = words(&field, "Word123go 7up").into_iter().map(|word| word.text).collect();
    assert_eq!(found, ["Word", "123", "go", "7", "up"]);
}

#[test]
fn a_date_is_read_by_its_format_exactly() {
    let formats = ["yyyy-MM-dd".to_owned(), "yyyy-MM-dd'T'HH:mm:ss.SSSSSS".to_owned()];
    assert_eq!(dates::parse(&formats, "1970-01-02"), Some(86_400_000));
    assert_eq!(dates::parse(&formats, "1970-01-01T00:00:01.500999"), Some(1500));
    for bad in ["1970-1-02", "1970-01-02x", "1970-13-01", "", "1970-01-0"] {
        assert_eq!(dates::parse(&formats, bad), None, "{bad}");
    }
    assert!(dates::is_known("epoch_millis") && !dates::is_known("EEE yyyy"));
}

#[test]
fn a_date_is_read_as_the_examples_of_its_document() {
    let parse = |format: &str, text: &str| dates::parse(&[format.to_owned()], text);
    // Each is 2008-08-08 12:15:20 UTC.
    let (second, millis) = (1_218_197_720_000, 1_218_197_720_123);
    assert_eq!(parse("epoch_second", "1218197720"), Some(second));
    assert_eq!(parse("epoch_millis", "1218197720123"), Some(millis));
    assert_eq!(parse("epoch_micros", "1218197720123456"), Some(millis));
    assert_eq!(parse("epoch_nanos", "1218197720123456789"), Some(millis));
    assert_eq!(parse("yyyyMMdd HHmmss", "20080808 121520"), Some(second));
    assert_eq!(parse("yyyy-MM-dd HH:mm:ss.SSS", "2008-08-08 12:15:20.123"), Some(millis));
    for (format, text) in [
        ("yyyy-MM-dd'T'HH:mm:ss.SSSX", "2008-08-08T12:15:20.123Z"),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSX", "2008-08-08T20:15:20.123+08"),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSx", "2008-08-08T04:15:20.123-0800"),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSXX", "2008-08-08T17:45:20.123+0530"),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2008-08-08T20:15:20.123+08:00"),
    ] {
        assert_eq!(parse(format, text), Some(millis), "{format} {text}");
    }
    assert_eq!(parse("HH:mmx", "12:00Z"), None);
    assert_eq!(parse("HH:mmXXX", "12:00+0800"), None);
    assert_eq!(parse("HH:mmXX", "12:00+24"), None);
}

#[test]
fn places_are_near_and_inside_as_on_a_globe() {
    let point = GeoPoint::new;
    let degree = geo::distance(point(0.0, 0.0), point(0.0, 1.0));
    assert!((degree - 111_195.0).abs() < 1.0, "{degree}");
    assert!(geo::in_box(point(0.0, 179.5), point(1.0, 179.0), point(-1.0, -179.0)));
    assert!(!geo::in_box(point(0.0, 0.0), point(1.0, 179.0), point(-1.0, -179.0)));
    // The official SDKs' tests: a place on the lower edge is outside, one on the upper edge inside.
    assert!(!geo::in_box(point(30.2, 114.0), point(30.9, 112.0), point(30.2, 119.0)));
    assert!(geo::in_box(point(30.9, 114.0), point(30.9, 112.0), point(30.2, 119.0)));
    let square = [point(0.0, 0.0), point(0.0, 2.0), point(2.0, 2.0), point(2.0, 0.0)];
    assert!(geo::in_polygon(point(1.0, 1.0), &square) && !geo::in_polygon(point(3.0, 1.0), &square));
}
