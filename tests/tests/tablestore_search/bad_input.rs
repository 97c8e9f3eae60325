//! What is refused, and with which error.

use bytes::Bytes;
use campaign_client::ErrorKind;
use campaign_tablestore::search::{
    Aggregation, Analyzer, BoolQuery, ColumnsToGet, FieldSchema, FieldType, GeoPoint, GeoPolygonQuery, GroupBy,
    Highlight, HighlightParameter, IndexSchema, MatchQuery, Query, ReturnType, Sorter, TimeSpan, TimeUnit,
};
use campaign_tablestore::{
    Code, ComputeSplits, CreateSearchIndex, DeleteSearchIndex, DescribeSearchIndex, ListSearchIndex, ParallelScan,
    Search, UpdateSearchIndex,
};

use crate::bed::{Bed, INDEX, TABLE, code, schema, search};

const INVALID: Option<Code> = Some(Code::ParameterInvalid);

#[tokio::test]
async fn a_query_beyond_a_limit_is_refused_and_one_at_the_limit_is_not() {
    let bed = Bed::books().await;
    let numbers = |count: i64| Query::terms("pages", 0..count);
    // With the query that they are in.
    let many = |count| Query::from((0..count).fold(BoolQuery::new(), |all, n| all.should(Query::term("pages", n))));
    let queries = [
        (Query::terms("pages", [0_i64; 0]), INVALID),
        (numbers(1024), None),
        (numbers(1025), INVALID),
        (Query::wildcard("state", "*".repeat(32)), None),
        (Query::wildcard("state", "*".repeat(33)), INVALID),
        (Query::prefix("state", "p".repeat(1000)), None),
        (Query::prefix("state", "p".repeat(1001)), INVALID),
        (Query::suffix("state", "n"), INVALID),
        (Query::nested("state", Query::all()), INVALID),
        (Query::nested("lost", Query::all()), INVALID),
        (GeoPolygonQuery::new("place", [GeoPoint::new(1.0, 1.0); 2]).into(), INVALID),
        (MatchQuery::new("title", "sea").minimum_should_match(-1).into(), INVALID),
        (MatchQuery::new("title", "sea").minimum_should_match_rule("half").into(), INVALID),
        (BoolQuery::new().must(numbers(1025)).into(), INVALID),
        (many(1023), None),
        (many(1024), INVALID),
        (BoolQuery::new().should(Query::all()).minimum_should_match(-1).into(), INVALID),
    ];
    for (at, (query, expected)) in queries.into_iter().enumerate() {
        assert_eq!(code(bed.client.send(&search(query)).await), expected, "query {at}");
    }
}

#[tokio::test]
async fn a_search_beyond_a_limit_is_refused_and_one_at_the_limit_is_not() {
    let bed = Bed::books().await;
    let all = || search(Query::all());
    let from_table = || all().columns_to_get(ColumnsToGet::of(ReturnType::All));
    let from_index = || all().columns_to_get(ColumnsToGet::of(ReturnType::AllFromIndex));
    let highlight = |field: &str| all().highlight(Highlight::from_iter([HighlightParameter::new(field)]));
    let six = |search: Search, count: usize| {
        (0..count).fold(search, |search, at| search.aggregation(Aggregation::count(at.to_string(), "pages")))
    };
    let never = TimeSpan::new(0, TimeUnit::Day);
    let marked = |fields: usize, fragments: i32| {
        let field = HighlightParameter { number_of_fragments: Some(fragments), ..HighlightParameter::new("title") };
        all().highlight(Highlight::from_iter(vec![field; fields]))
    };
    let sorted = |count: usize| all().sort_by(vec![Sorter::ascending("pages"); count]);
    let filters = |count: usize| all().group_by(GroupBy::filters("by", vec![Query::all(); count]));
    let step = |n: u32| (f64::from(n), f64::from(n + 1));
    let ranges = |count: u32| all().group_by(GroupBy::ranges("by", "pages", (0..count).map(step)));
    let distances = |count: u32| {
        let from = GeoPoint::new(0.0, 0.0);
        all().group_by(GroupBy::distances("by", "place", from, (0..count).map(step)))
    };
    let searches = [
        (from_table().limit(100), None),
        (from_table().limit(101), INVALID),
        (all().columns_to_get(ColumnsToGet::named(["note"])).limit(101), INVALID),
        (from_index().limit(1000), None),
        (from_index().limit(1001), INVALID),
        (all().offset(99_990).limit(10), None),
        (all().offset(99_991).limit(10), INVALID),
        (all().offset(i32::MAX).limit(10), INVALID),
        (all().token("no token"), INVALID),
        (all().token(vec![0xff; 9]), INVALID),
        (all().sort_by([Sorter::ascending("title")]), INVALID),
        (all().sort_by([Sorter::ascending("lost")]), INVALID),
        (highlight("title"), None),
        (highlight("state"), INVALID),
        (marked(10, 50), None),
        (marked(11, 1), INVALID),
        (marked(10, 51), INVALID),
        (sorted(32), None),
        (sorted(33), INVALID),
        (filters(10), None),
        (filters(11), INVALID),
        (ranges(100), None),
        (ranges(101), INVALID),
        (distances(10), None),
        (distances(11), INVALID),
        (six(all(), 5), None),
        (six(all(), 6), INVALID),
        (all().aggregation(Aggregation::avg("mean", "state")), INVALID),
        (all().aggregation(Aggregation::percentiles("share", "pages", [101.0])), INVALID),
        (all().aggregation(Aggregation::percentiles("share", "pages", [f64::NAN])), INVALID),
        (all().aggregation(Aggregation::top_rows("top", 0, None)), INVALID),
        (all().group_by(GroupBy::field("by", "title")), INVALID),
        (all().group_by(GroupBy::field("by", "state").size(0)), INVALID),
        (all().group_by(GroupBy::field("by", "state").size(i32::MAX)), INVALID),
        (all().group_by(GroupBy::histogram("by", "pages", 0, 0, 10)), INVALID),
        (all().group_by(GroupBy::histogram("by", "pages", -1, 0, 10)), INVALID),
        (all().group_by(GroupBy::histogram("by", "pages", 1, 0, i64::MAX)), INVALID),
        (all().group_by(GroupBy::histogram("by", "pages", f64::NAN, 0, 10)), INVALID),
        (all().group_by(GroupBy::date_histogram("by", "day", never)), INVALID),
        (Search::new("lost", INDEX, Query::all()), INVALID),
        (Search::new(TABLE, "lost", Query::all()), Some(Code::MetaNotMatch)),
    ];
    for (at, (search, expected)) in searches.into_iter().enumerate() {
        assert_eq!(code(bed.client.send(&search).await), expected, "search {at}");
    }
}

#[tokio::test]
async fn a_scan_beyond_a_limit_is_refused_and_one_at_the_limit_is_not() {
    let bed = Bed::books().await;
    let scan = || ParallelScan::new(TABLE, INDEX, Query::all());
    let session = bed.client.send(&ComputeSplits::new(TABLE, INDEX)).await.unwrap();
    let scans = [
        (scan(), None),
        (scan().session_id(session.session_id.clone()).part(0, session.splits_size).limit(2000), None),
        (scan().limit(2001), INVALID),
        (scan().limit(0), INVALID),
        (scan().limit(-1), INVALID),
        (scan().part(-1, 1), INVALID),
        (scan().part(1, 1), INVALID),
        (scan().part(0, 0), INVALID),
        (scan().part(0, i32::MAX), INVALID),
        (scan().session_id("no session"), INVALID),
        (scan().session_id(Bytes::from_static(b"\xff\xff")), INVALID),
        (scan().token("no token"), INVALID),
        (scan().columns_to_get(ColumnsToGet::of(ReturnType::All)), INVALID),
        (ParallelScan::new(TABLE, "lost", Query::all()), Some(Code::MetaNotMatch)),
    ];
    for (at, (scan, expected)) in scans.into_iter().enumerate() {
        assert_eq!(code(bed.client.send(&scan).await), expected, "scan {at}");
    }
    // A session whose time is at the end of all times is one that is not known, or has ended.
    for time in [i64::MAX, i64::MIN] {
        let scan = scan().session_id(Bytes::from(format!("session-{time}")));
        if let Err(error) = bed.client.send(&scan).await {
            assert!(matches!(Code::of(&error), Some(Code::ParameterInvalid | Code::SessionExpired)), "{error}");
        }
    }
    assert_eq!(code(bed.client.send(&ComputeSplits::new(TABLE, "lost")).await), Some(Code::MetaNotMatch));
    assert_eq!(code(bed.client.send(&ComputeSplits::new("lost", INDEX)).await), INVALID);
    let nameless = ComputeSplits { search_index_splits_options: None, ..ComputeSplits::new(TABLE, INDEX) };
    assert_eq!(code(bed.client.send(&nameless).await), INVALID);
}

#[tokio::test]
async fn an_index_that_cannot_be_is_refused_and_nothing_is_made() {
    let bed = Bed::books().await;
    let field = |name: &str| FieldSchema::new(name, FieldType::Long);
    let create = |fields: Vec<FieldSchema>| CreateSearchIndex::new(TABLE, "new", IndexSchema::from_iter(fields));
    let deep = |levels: usize| (0..levels).fold(field("leaf"), |inside, _| FieldSchema::nested("inside", [inside]));
    let mut wrong_words = FieldSchema::new("title", FieldType::Text)
        .analyzer(&Analyzer::Fuzzy { min_chars: Some(1), max_chars: Some(2) });
    wrong_words.analyzer_parameter = Some(Bytes::from_static(b"\xff"));
    let creates = [
        create(vec![]),
        create((0..1001).map(|n| field(&format!("f{n}"))).collect()),
        create(vec![field("n"), field("n")]),
        create(vec![field("")]),
        create(vec![deep(6)]),
        create(vec![deep(14)]),
        create(vec![wrong_words]),
        create(vec![field("n")]).time_to_live(86_399),
        create(vec![field("n")]).time_to_live(0),
        create(vec![field("n")]).time_to_live(-2),
        CreateSearchIndex::new(TABLE, INDEX, schema()),
        CreateSearchIndex::new("lost", "new", schema()),
        CreateSearchIndex::new(TABLE, "no name", schema()),
        CreateSearchIndex::new(TABLE, "", schema()),
    ];
    for (at, create) in creates.into_iter().enumerate() {
        assert_eq!(code(bed.client.send(&create).await), INVALID, "index {at}");
    }
    let listed = bed.client.send(&ListSearchIndex::of(TABLE)).await.unwrap();
    assert_eq!(listed.len(), 1);
    let update = |seconds| UpdateSearchIndex::new(TABLE, INDEX).time_to_live(seconds);
    assert_eq!(code(bed.client.send(&update(86_399)).await), INVALID);
    let described = bed.client.send(&DescribeSearchIndex::new(TABLE, INDEX)).await.unwrap();
    assert_eq!(described.time_to_live, Some(-1));
    let gone = [
        code(bed.client.send(&DescribeSearchIndex::new(TABLE, "lost")).await),
        code(bed.client.send(&DeleteSearchIndex::new(TABLE, "lost")).await),
        code(bed.client.send(&UpdateSearchIndex::new(TABLE, "lost").time_to_live(-1)).await),
    ];
    assert_eq!(gone, [Some(Code::MetaNotMatch); 3]);
}

#[tokio::test]
async fn what_can_be_seen_before_sending_is_not_sent() {
    let bed = Bed::books().await;
    bed.forget();
    let all = || search(Query::all());
    let mut both = all().token("token");
    both.search_query.sort = all().sort_by([Sorter::ascending("pages")]).search_query.sort;
    for (at, search) in
        [all().limit(-1), all().offset(-1), both, Search::new("no name", INDEX, Query::all())].into_iter().enumerate()
    {
        let error = bed.client.send(&search).await.unwrap_err();
        assert_eq!((error.kind(), Code::of(&error)), (ErrorKind::Invalid, None), "search {at}");
    }
    assert_eq!(bed.sent("Search"), 0);
}
