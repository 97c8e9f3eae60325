//! Orders and tokens.

use std::cmp::{Ordering, Reverse};

use campaign_tablestore::search::{
    FieldSchema, FieldSort, FieldType, FunctionsScoreQuery, GeoDistanceSort, GeoPoint, NestedFilter, Query,
    RandomFunction, ScoreFunction, SortMode, SortOrder, Sorter,
};
use campaign_tablestore::{Row, Search};
use proptest::prelude::*;

use super::cloud::{Cloud, ids, row, search};

fn fields() -> [FieldSchema; 3] {
    [
        FieldSchema::new("n", FieldType::Long),
        FieldSchema::new("m", FieldType::Long),
        FieldSchema::new("k", FieldType::Keyword),
    ]
}

/// What a row is made of.
type Parts = (Option<i64>, Option<i64>, Option<String>);

fn parts() -> impl Strategy<Value = Parts> {
    let small = || proptest::option::of(-2..3_i64);
    (small(), small(), proptest::option::of("[ab]{0,2}"))
}

fn made((id, (n, m, k)): (usize, &Parts)) -> Row {
    let mut made = row(i64::try_from(id).unwrap());
    if let Some(n) = n {
        made = made.with("n", *n);
    }
    if let Some(m) = m {
        made = made.with("m", *m);
    }
    match k {
        Some(k) => made.with("k", k.as_str()),
        None => made,
    }
}

/// Follows the tokens, and calls `between` after each page.
fn pages(cloud: &mut Cloud, first: Search, mut between: impl FnMut(&mut Cloud, usize)) -> Vec<i64> {
    let (mut found, mut next) = (Vec::new(), first);
    for page_number in 0.. {
        let page = cloud.find(&next).unwrap();
        found.extend(ids(&page));
        let Some(token) = page.next_token else { break };
        next = next.token(token);
        between(cloud, page_number);
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn rows_come_as_sorting_all_of_them_has_it_and_pages_are_one_answer(
        rows in proptest::collection::vec(parts(), 0..30),
        limit in 1..8_i32,
        downwards in any::<bool>(),
        first in any::<bool>(),
        collapse in any::<bool>(),
    ) {
        let mut cloud = Cloud::new(fields()).with(rows.iter().enumerate().map(made));
        let order = if downwards { SortOrder::Desc } else { SortOrder::Asc };
        let missing = if first { "_first" } else { "_last" };
        let by_n = FieldSort { missing_value: Some(missing.into()), ..FieldSort::new("n", order) };
        let by_k = FieldSort { missing_value: Some("aa".into()), ..FieldSort::new("k", SortOrder::Desc) };
        let sorters = || [Sorter::from(by_n.clone()), Sorter::from(by_k.clone())];

        // A second evaluation over a vector.
        let mut expected: Vec<(usize, &Parts)> = rows.iter().enumerate().collect();
        expected.sort_by(|(a, (n, _, k)), (b, (o, _, l))| {
            let by_n = match (n, o) {
                (Some(n), Some(o)) => if downwards { o.cmp(n) } else { n.cmp(o) },
                (None, None) => Ordering::Equal,
                (None, Some(_)) => if first { Ordering::Less } else { Ordering::Greater },
                (Some(_), None) => if first { Ordering::Greater } else { Ordering::Less },
            };
            let text = |text: &Option<String>| Reverse(text.clone().unwrap_or_else(|| "aa".to_owned()));
            by_n.then_with(|| text(k).cmp(&text(l))).then_with(|| a.cmp(b))
        });
        let id = |(id, _): &(usize, &Parts)| i64::try_from(*id).unwrap();

        if collapse {
            let mut seen = Vec::new();
            expected.retain(|(_, (_, m, _))| !seen.contains(m) && { seen.push(*m); true });
            let found = cloud.find(&search(Query::all()).sort_by(sorters()).collapse("m").limit(limit)).unwrap();
            let limit = usize::try_from(limit).unwrap();
            prop_assert_eq!(ids(&found), expected.iter().take(limit).map(id).collect::<Vec<_>>());
            prop_assert_eq!(found.next_token, None);
        } else {
            let expected: Vec<i64> = expected.iter().map(id).collect();
            let whole = cloud.find(&search(Query::all()).sort_by(sorters())).unwrap();
            prop_assert_eq!(ids(&whole), expected.clone());
            prop_assert_eq!(whole.total_hits, Some(i64::try_from(rows.len()).unwrap()));
            let paged = pages(&mut cloud, search(Query::all()).sort_by(sorters()).limit(limit), |_, _| ());
            prop_assert_eq!(paged, expected);
        }
    }

    #[test]
    fn writes_between_pages_neither_repeat_nor_leave_out_a_row_that_was_there_all_the_time(
        rows in proptest::collection::vec(-3..4_i64, 1..40),
        limit in 1..6_i32,
        deleted in proptest::collection::vec(0..40_usize, 0..8),
        added in proptest::collection::vec(-3..4_i64, 0..8),
    ) {
        let row = |id: usize, n: i64| row(i64::try_from(id).unwrap()).with("n", n);
        let mut cloud = Cloud::new(fields()).with(rows.iter().enumerate().map(|(id, n)| row(id, *n)));
        let first = search(Query::all()).sort_by([Sorter::descending("n")]).limit(limit);
        let found = pages(&mut cloud, first, |cloud, page| {
            if let Some(id) = deleted.get(page) {
                cloud.delete(i64::try_from(*id).unwrap());
            }
            if let Some(n) = added.get(page) {
                cloud.put(&row(100 + page, *n));
            }
        });
        let mut once = found.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), found.len());
        for id in (0..rows.len()).filter(|id| !deleted.contains(id)) {
            prop_assert!(once.contains(&i64::try_from(id).unwrap()), "{id} of {found:?}");
        }
    }
}

#[test]
fn a_page_in_a_random_order_goes_on_in_the_same_order() {
    let mut cloud = Cloud::new(fields()).with((0..50).map(row));
    let random = ScoreFunction { random: Some(RandomFunction {}), ..ScoreFunction::default() };
    let query = FunctionsScoreQuery::new(Query::all(), [random]);
    let first = || search(query.clone()).sort_by([Sorter::score()]);
    let (one, other) = (pages(&mut cloud, first().limit(7), |_, _| ()), ids(&cloud.find(&first()).unwrap()));
    let mut sorted = one.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..50).collect::<Vec<_>>());
    assert_ne!(one, other, "two searches of 50 rows in one random order");
    assert_ne!(one, sorted);
}

#[test]
fn a_row_without_the_field_is_sorted_by_the_second_one() {
    let rows = [row(1).with("n", 5), row(2).with("m", 3), row(3).with("n", 1).with("m", 9), row(4)];
    let cloud = Cloud::new(fields()).with(rows);
    let sort = FieldSort { missing_field: Some("m".to_owned()), ..FieldSort::new("n", SortOrder::Asc) };
    assert_eq!(ids(&cloud.find(&search(Query::all()).sort_by([sort.clone()])).unwrap()), [3, 2, 1, 4]);
    let sort = FieldSort { missing_value: Some(4.into()), ..sort };
    assert_eq!(ids(&cloud.find(&search(Query::all()).sort_by([sort])).unwrap()), [3, 2, 4, 1]);
}

#[test]
fn rows_are_sorted_by_the_inner_rows_that_fit_the_filter() {
    let inner = [FieldSchema::new("x", FieldType::Long), FieldSchema::new("kind", FieldType::Keyword)];
    let cloud = Cloud::new([FieldSchema::nested("in", inner)]).with([
        row(1).with("in", r#"[{"x":1,"kind":"a"},{"x":9,"kind":"b"}]"#),
        row(2).with("in", r#"[{"x":5,"kind":"a"},{"x":2,"kind":"b"}]"#),
        row(3).with("in", r#"[{"x":0,"kind":"a"}]"#),
    ]);
    let by = |filter: Option<Query>, mode, order| {
        let nested_filter = filter.map(|filter| NestedFilter { path: "in".to_owned(), filter });
        let sort = FieldSort { nested_filter, mode: Some(mode), ..FieldSort::new("in.x", order) };
        ids(&cloud.find(&search(Query::all()).sort_by([sort])).unwrap())
    };
    assert_eq!(by(None, SortMode::Max, SortOrder::Desc), [1, 2, 3]);
    let of_b = || Some(Query::term("in.kind", "b"));
    assert_eq!(by(of_b(), SortMode::Min, SortOrder::Asc), [2, 1, 3]);
    assert_eq!(by(of_b(), SortMode::Min, SortOrder::Desc), [1, 2, 3]);
    assert_eq!(by(None, SortMode::Avg, SortOrder::Asc), [3, 2, 1]);
}

#[test]
fn rows_are_sorted_by_the_distance_from_the_nearest_of_some_places() {
    let cloud = Cloud::new([FieldSchema::new("g", FieldType::GeoPoint)]).with([
        row(1).with("g", "0,0"),
        row(2).with("g", "0,10"),
        row(3).with("g", "0,4"),
    ]);
    let sort = GeoDistanceSort {
        field: "g".to_owned(),
        points: vec![GeoPoint::new(0.0, 9.0), GeoPoint::new(0.0, 3.5)],
        order: Some(SortOrder::Asc),
        mode: None,
        distance_type: None,
        nested_filter: None,
    };
    assert_eq!(ids(&cloud.find(&search(Query::all()).sort_by([sort])).unwrap()), [3, 2, 1]);
}

#[test]
fn an_offset_leaves_rows_out_and_a_token_goes_on_behind_them() {
    let mut cloud = Cloud::new(fields()).with((0..10).map(row));
    let order = || [Sorter::primary_key(SortOrder::Desc)];
    let first = search(Query::all()).sort_by(order()).offset(3).limit(2);
    assert_eq!(ids(&cloud.find(&first).unwrap()), [6, 5]);
    assert_eq!(pages(&mut cloud, first, |_, _| ()), [6, 5, 4, 3, 2, 1, 0]);
    assert_eq!(cloud.find(&search(Query::all()).limit(0)).unwrap().total_hits, Some(10));
}
