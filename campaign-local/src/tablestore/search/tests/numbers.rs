//! Aggregations and groups.

use std::collections::{BTreeMap, BTreeSet};

use campaign_tablestore::search::{
    Aggregation, AggregationValue, By, ByComposite, ByDateHistogram, ByGeoGrid, ByHistogram, FieldRange, FieldSchema,
    FieldType, GroupBy, GroupByResult, GroupKey, GroupOrder, GroupSorter, Query, SortOrder, Sorter, Text, TimeSpan,
    TimeUnit,
};
use campaign_tablestore::{Row, Search, Value};
use proptest::prelude::*;

use super::cloud::{Cloud, row, search};

/// The values of one row: `n`, some of them in an array, and `k`.
type Parts = (Vec<i64>, Option<String>);

fn fields() -> [FieldSchema; 4] {
    [
        FieldSchema::new("n", FieldType::Long).is_array(true),
        FieldSchema::new("k", FieldType::Keyword),
        FieldSchema::new("d", FieldType::Date).date_format("yyyy-MM-dd HH:mm:ss"),
        FieldSchema::new("g", FieldType::GeoPoint),
    ]
}

fn made((id, (n, k)): (usize, &Parts)) -> Row {
    let made = row(i64::try_from(id).unwrap()).with("n", format!("{n:?}"));
    match k {
        Some(k) => made.with("k", k.as_str()),
        None => made,
    }
}

fn counted(all: impl Into<Query>) -> Search {
    search(all).limit(0)
}

/// Key, rows and the sum inside of each group.
fn told(result: &GroupByResult) -> Vec<(GroupKey, i64, f64)> {
    let sum = |group: &campaign_tablestore::search::Group| {
        group.aggregations.first().and_then(|result| result.value.as_f64()).unwrap_or(0.0)
    };
    result.groups.iter().map(|group| (group.key.clone(), group.row_count, sum(group))).collect()
}

fn field(text: &str) -> GroupKey {
    GroupKey::Field(text.into())
}

#[allow(clippy::cast_precision_loss, reason = "the numbers are small")]
fn float(number: i64) -> f64 {
    number as f64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn numbers_and_groups_are_those_of_a_naive_count(
        rows in proptest::collection::vec(
            (proptest::collection::vec(-5..6_i64, 0..4), proptest::option::of("[abc]")), 0..25),
        from in -5..6_i64,
        missing in proptest::option::of(-5..6_i64),
        percent in 0..101_i32,
        page in 1..5_i32,
    ) {
        let cloud = Cloud::new(fields()).with(rows.iter().enumerate().map(made));
        let query = campaign_tablestore::search::RangeQuery::new("n").from(from);
        let with = |aggregation: Aggregation| match missing {
            Some(value) => aggregation.missing(value),
            None => aggregation,
        };
        let found = cloud.find(
            &counted(query.clone())
                .aggregation(with(Aggregation::sum("sum", "n")))
                .aggregation(with(Aggregation::avg("avg", "n")))
                .aggregation(with(Aggregation::min("min", "n")))
                .aggregation(with(Aggregation::distinct_count("different", "n")))
                .aggregation(Aggregation::count("count", "k"))
                .group_by(GroupBy::field("k", "k").aggregation(Aggregation::sum("sum", "n")))
                .group_by(GroupBy::ranges("range", "n", [(-5.0, 0.0), (0.0, 3.0)])),
        ).unwrap();

        let fitting: Vec<&Parts> = rows.iter().filter(|(n, _)| n.iter().any(|n| *n >= from)).collect();
        let numbers: Vec<i64> = fitting.iter().flat_map(|(n, _)| n.clone()).collect();
        let some = |number: f64| (!numbers.is_empty()).then_some(number);
        let sum: i64 = numbers.iter().sum();
        let value = |name: &str| found.aggregation(name).unwrap().value.clone();
        prop_assert_eq!(found.total_hits, Some(i64::try_from(fitting.len()).unwrap()));
        prop_assert_eq!(value("sum"), AggregationValue::Sum(Some(float(sum))));
        prop_assert_eq!(value("avg"), AggregationValue::Avg(some(float(sum) / float(i64::try_from(numbers.len()).unwrap()))));
        prop_assert_eq!(value("min"), AggregationValue::Min(numbers.iter().min().copied().map(float)));
        let different: BTreeSet<i64> = numbers.iter().copied().collect();
        prop_assert_eq!(value("different"), AggregationValue::DistinctCount(i64::try_from(different.len()).unwrap()));
        let keywords = i64::try_from(fitting.iter().filter(|(_, k)| k.is_some()).count()).unwrap();
        prop_assert_eq!(value("count"), AggregationValue::Count(keywords));

        let mut groups: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for (n, k) in &fitting {
            if let Some(k) = k {
                let group = groups.entry(k).or_default();
                *group = (group.0 + 1, group.1 + n.iter().sum::<i64>());
            }
        }
        let mut expected: Vec<_> = groups.iter().map(|(k, (rows, sum))| (field(k), *rows, float(*sum))).collect();
        expected.sort_by_key(|(_, rows, _)| std::cmp::Reverse(*rows));
        prop_assert_eq!(told(found.group_by("k").unwrap()), expected);
        let within = |low: i64, high: i64| {
            i64::try_from(fitting.iter().filter(|(n, _)| n.iter().any(|n| (low..high).contains(n))).count()).unwrap()
        };
        let ranges: Vec<i64> = found.group_by("range").unwrap().groups.iter().map(|group| group.row_count).collect();
        prop_assert_eq!(ranges, [within(-5, 0), within(0, 3)]);

        // Of all rows, those without a value counted as the value for that.
        let found = cloud.find(
            &counted(Query::all())
                .aggregation(with(Aggregation::max("max", "n")))
                .aggregation(with(Aggregation::percentiles("share", "n", [f64::from(percent)])))
                .aggregation(Aggregation::top_rows("first", 3, Some([Sorter::descending("k")].into_iter().collect()))),
        ).unwrap();
        let mut all: Vec<i64> =
            rows.iter().flat_map(|(n, _)| if n.is_empty() { missing.into_iter().collect() } else { n.clone() }).collect();
        all.sort_unstable();
        let value = |name: &str| found.aggregation(name).unwrap().value.clone();
        prop_assert_eq!(value("max"), AggregationValue::Max(all.last().copied().map(float)));
        let AggregationValue::Percentiles(shares) = value("share") else { panic!("percentiles") };
        prop_assert_eq!(shares.is_empty(), all.is_empty());
        for share in shares {
            // At least so many are not above it, and not many more are below it.
            let share_value = share.value.as_i64().unwrap();
            let count = |of: &dyn Fn(i64) -> bool| float(i64::try_from(all.iter().filter(|n| of(**n)).count()).unwrap());
            let all = float(i64::try_from(all.len()).unwrap());
            prop_assert!(count(&|n| n <= share_value + 1) + 1.0 >= all * f64::from(percent) / 100.0);
            prop_assert!(count(&|n| n < share_value - 1) <= all * f64::from(percent) / 100.0 + 1.0);
        }
        let mut by_k: Vec<(usize, &Parts)> = rows.iter().enumerate().collect();
        by_k.sort_by(|(_, (_, a)), (_, (_, b))| b.cmp(a));
        let AggregationValue::TopRows(first) = value("first") else { panic!("rows") };
        let first: Vec<i64> = first.iter().map(|row| row.key("id").unwrap().as_i64().unwrap()).collect();
        prop_assert_eq!(first, by_k.iter().take(3).map(|(id, _)| i64::try_from(*id).unwrap()).collect::<Vec<_>>());

        // The pages of a composite are all groups of both keys, in their order.
        let mut expected: BTreeMap<(Option<&str>, Option<i64>), i64> = BTreeMap::new();
        for (n, k) in &rows {
            let keys: BTreeSet<Option<i64>> = if n.is_empty() { [None].into() } else { n.iter().copied().map(Some).collect() };
            for n in keys {
                *expected.entry((k.as_deref(), n)).or_default() += 1;
            }
        }
        let (mut found, mut token) = (Vec::new(), None);
        loop {
            let by = GroupBy { name: "both".to_owned(), by: By::Composite(composite(page, token)) };
            let answer = cloud.find(&counted(Query::all()).group_by(by)).unwrap();
            let result = answer.group_by("both").unwrap();
            prop_assert_eq!(&result.source_names, &["k", "n"]);
            prop_assert!(result.groups.len() <= usize::try_from(page).unwrap());
            found.extend(result.groups.iter().map(|group| {
                let GroupKey::Composite(keys) = &group.key else { panic!("a composite key") };
                let text = |at: usize| keys[at].as_ref().map(|text| (**text).to_owned());
                ((text(0), text(1).map(|text| text.parse::<i64>().unwrap())), group.row_count)
            }));
            token = result.next_token.clone();
            if token.is_none() {
                break;
            }
        }
        let expected: Vec<_> = expected.into_iter().map(|((k, n), rows)| ((k.map(str::to_owned), n), rows)).collect();
        prop_assert_eq!(found, expected);
    }
}

fn composite(size: i32, next_token: Option<Text>) -> ByComposite {
    ByComposite {
        sources: vec![GroupBy::field("k", "k"), GroupBy::field("n", "n")],
        size: Some(size),
        aggregations: Vec::new(),
        group_bys: Vec::new(),
        next_token,
        suggested_size: None,
    }
}

fn histogram(change: impl FnOnce(&mut ByHistogram)) -> GroupBy {
    let mut group_by = GroupBy::histogram("h", "n", 5, 0, 10);
    if let By::Histogram(by) = &mut group_by.by {
        change(by);
    }
    group_by
}

fn steps(cloud: &Cloud, group_by: GroupBy) -> Vec<(i64, i64)> {
    let found = cloud.find(&counted(Query::all()).group_by(group_by)).unwrap();
    let key = |key: &GroupKey| match key {
        GroupKey::Histogram(value) => value.as_i64().unwrap(),
        GroupKey::DateHistogram(at) => *at,
        other => panic!("{other:?}"),
    };
    found.group_bys[0].groups.iter().map(|group| (key(&group.key), group.row_count)).collect()
}

#[test]
fn a_histogram_counts_as_the_example_of_its_document() {
    // 1, 1, 5, 5, 8 and 10 in steps of 5.
    let cloud = Cloud::new([FieldSchema::new("n", FieldType::Long)]);
    let cloud =
        cloud.with([1, 1, 5, 5, 8, 10].iter().enumerate().map(|(id, n)| row(i64::try_from(id).unwrap()).with("n", *n)));
    let cloud = cloud.with([row(9)]);
    assert_eq!(steps(&cloud, histogram(|_| ())), [(0, 2), (5, 3), (10, 1)]);
    assert_eq!(steps(&cloud, histogram(|by| by.offset = Some(1.into()))), [(1, 4), (6, 2)]);
    assert_eq!(steps(&cloud, histogram(|by| by.missing = Some(6.into()))), [(0, 2), (5, 4), (10, 1)]);
    assert_eq!(steps(&cloud, histogram(|by| by.min_doc_count = Some(2))), [(0, 2), (5, 3)]);
    let wide = |min_doc_count| {
        histogram(|by| {
            by.field_range = Some(FieldRange { min: (-5).into(), max: 15.into() });
            by.min_doc_count = min_doc_count;
        })
    };
    assert_eq!(steps(&cloud, wide(Some(0))), [(-5, 0), (0, 2), (5, 3), (10, 1), (15, 0)]);
    assert_eq!(steps(&cloud, wide(None)), [(0, 2), (5, 3), (10, 1)]);
    let largest =
        GroupSorter { row_count: Some(GroupOrder { order: Some(SortOrder::Desc) }), ..GroupSorter::default() };
    assert_eq!(steps(&cloud, histogram(|by| by.sort = vec![largest])), [(5, 3), (0, 2), (10, 1)]);
    let halves = histogram(|by| {
        by.interval = 2.5.into();
        by.field_range = Some(FieldRange { min: 0.0.into(), max: 10.0.into() });
    });
    let found = cloud.find(&counted(Query::all()).group_by(halves)).unwrap();
    let keys: Vec<_> = found.group_bys[0].groups.iter().map(|group| group.key.clone()).collect();
    assert_eq!(keys, [0.0, 5.0, 7.5, 10.0].map(|key| GroupKey::Histogram(Value::Double(key))));
}

#[test]
fn steps_of_time_begin_where_the_zone_and_the_offset_have_them() {
    let times = ["2024-02-28 15:59:59", "2024-02-28 16:00:00", "2024-02-29 15:00:00", "2024-03-05 00:00:00"];
    let rows = times.iter().enumerate().map(|(id, time)| row(i64::try_from(id).unwrap()).with("d", *time));
    let cloud = Cloud::new(fields()).with(rows).with([row(9)]);
    let at = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis();
    let by = |unit, change: &dyn Fn(&mut ByDateHistogram)| {
        let mut group_by = GroupBy::date_histogram("d", "d", TimeSpan { value: 1, unit });
        if let By::DateHistogram(by) = &mut group_by.by {
            change(by);
        }
        steps(&cloud, group_by)
    };
    assert_eq!(
        by(TimeUnit::Day, &|_| ()),
        [(at("2024-02-28T00:00:00Z"), 2), (at("2024-02-29T00:00:00Z"), 1), (at("2024-03-05T00:00:00Z"), 1)]
    );
    // In Shanghai a day begins at 16:00 UTC.
    assert_eq!(
        by(TimeUnit::Day, &|by| by.time_zone = Some("+08:00".to_owned())),
        [(at("2024-02-27T16:00:00Z"), 1), (at("2024-02-28T16:00:00Z"), 2), (at("2024-03-04T16:00:00Z"), 1)]
    );
    let later = |by: &mut ByDateHistogram| by.offset = Some(TimeSpan { value: 16, unit: TimeUnit::Hour });
    assert_eq!(by(TimeUnit::Day, &later).first(), Some(&(at("2024-02-27T16:00:00Z"), 1)));
    let range = |by: &mut ByDateHistogram| {
        by.field_range = Some(FieldRange { min: "2024-02-29 10:00:00".into(), max: "2024-03-02 00:00:00".into() });
        by.missing = Some("2024-03-01 12:00:00".into());
        by.min_doc_count = Some(0);
    };
    assert_eq!(
        by(TimeUnit::Day, &range),
        [(at("2024-02-29T00:00:00Z"), 1), (at("2024-03-01T00:00:00Z"), 1), (at("2024-03-02T00:00:00Z"), 0)]
    );
    assert_eq!(by(TimeUnit::Month, &|_| ()), [(at("2024-02-01T00:00:00Z"), 3), (at("2024-03-01T00:00:00Z"), 1)]);
    let months = |by: &mut ByDateHistogram| {
        let ends = ("2024-01-31 00:00:00", "2024-04-01 00:00:00");
        by.field_range = Some(FieldRange { min: ends.0.into(), max: ends.1.into() });
        by.min_doc_count = Some(0);
        by.time_zone = Some("-01:00".to_owned());
    };
    assert_eq!(
        by(TimeUnit::Month, &months),
        [(at("2024-01-01T01:00:00Z"), 0), (at("2024-02-01T01:00:00Z"), 3), (at("2024-03-01T01:00:00Z"), 1)]
    );
}

#[test]
fn a_grid_counts_the_places_in_each_of_its_cells() {
    let places = ["57.64911,10.40744", "57.6492,10.4075", "0.1,0.1"];
    let rows = places.iter().enumerate().map(|(id, place)| row(i64::try_from(id).unwrap()).with("g", *place));
    let cloud = Cloud::new(fields()).with(rows);
    let grid = |precision, size| GroupBy {
        name: "g".to_owned(),
        by: By::GeoGrid(ByGeoGrid {
            field: "g".to_owned(),
            precision: Some(precision),
            size,
            aggregations: Vec::new(),
            group_bys: Vec::new(),
        }),
    };
    let found = |group_by| {
        let found = cloud.find(&counted(Query::all()).group_by(group_by)).unwrap();
        let groups = found.group_bys[0].groups.iter().map(|group| match &group.key {
            GroupKey::GeoGrid(hash, Some(_)) => (hash.clone(), group.row_count),
            other => panic!("{other:?}"),
        });
        groups.collect::<Vec<_>>()
    };
    assert_eq!(found(grid(3, None)), [("u4p".to_owned(), 2), ("s00".to_owned(), 1)]);
    assert_eq!(found(grid(3, Some(1))), [("u4p".to_owned(), 2)]);
    assert_eq!(found(grid(12, None)).len(), 3);
}

#[test]
fn groups_are_made_inside_groups_and_sorted_by_what_is_in_them() {
    let rows = [("a", 1), ("a", 9), ("b", 4), ("c", 4)];
    let rows = rows
        .iter()
        .enumerate()
        .map(|(id, (k, n))| row(i64::try_from(id).unwrap()).with("k", *k).with("n", format!("[{n}]")));
    let cloud = Cloud::new(fields()).with(rows);
    let mut by_k =
        GroupBy::field("k", "k").aggregation(Aggregation::min("min", "n")).group_by(GroupBy::field("n", "n"));
    if let By::Field(by) = &mut by_k.by {
        let by_min =
            campaign_tablestore::search::AggregationOrder { name: "min".to_owned(), order: Some(SortOrder::Desc) };
        let by_key = GroupOrder { order: Some(SortOrder::Desc) };
        by.sort = vec![
            GroupSorter { aggregation: Some(by_min), ..GroupSorter::default() },
            GroupSorter { key: Some(by_key), ..GroupSorter::default() },
        ];
    }
    let found = cloud.find(&counted(Query::all()).group_by(by_k)).unwrap();
    let result = found.group_by("k").unwrap();
    assert_eq!(told(result), [(field("c"), 1, 4.0), (field("b"), 1, 4.0), (field("a"), 2, 1.0)]);
    let inside: Vec<_> = told(&result.groups[2].group_bys[0]).into_iter().map(|(key, rows, _)| (key, rows)).collect();
    assert_eq!(inside, [(field("1"), 1), (field("9"), 1)]);
}
