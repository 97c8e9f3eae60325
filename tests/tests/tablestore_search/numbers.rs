//! Aggregations and group-bys, read as types.

use campaign_tablestore::Value;
use campaign_tablestore::search::{
    Aggregation, AggregationValue, GeoPoint, Group, GroupBy, GroupKey, GroupSorter, NumberRange, Percentile, Query,
    SearchPage, Sort, SortOrder, Sorter, TimeSpan, TimeUnit,
};

use crate::bed::{Bed, ids, search};

async fn numbers(
    bed: &Bed,
    query: Query,
    aggregations: impl IntoIterator<Item = Aggregation>,
) -> Vec<AggregationValue> {
    let search = aggregations.into_iter().fold(search(query).limit(0), |search, of| search.aggregation(of));
    let page = bed.client.send(&search).await.unwrap();
    assert_eq!(page.row_count(), 0);
    page.aggregations.into_iter().map(|result| result.value).collect()
}

#[tokio::test]
async fn numbers_are_about_all_rows_that_fit() {
    let bed = Bed::books().await;
    let found = numbers(
        &bed,
        Query::all(),
        [
            Aggregation::avg("mean", "pages"),
            Aggregation::max("most", "pages"),
            Aggregation::min("least", "pages"),
            Aggregation::sum("sum", "price"),
            Aggregation::sum("sum of all", "price").missing(1.0),
        ],
    );
    let expected = [
        AggregationValue::Avg(Some(31.6)),
        AggregationValue::Max(Some(50.0)),
        AggregationValue::Min(Some(18.0)),
        AggregationValue::Sum(Some(10.5)),
        AggregationValue::Sum(Some(12.5)),
    ];
    assert_eq!(found.await, expected);
    let by_pages = Sort::from_iter([Sorter::descending("pages")]);
    let found = numbers(
        &bed,
        Query::exists("pages"),
        [
            Aggregation::count("states", "state"),
            Aggregation::distinct_count("different states", "state"),
            Aggregation::percentiles("middle", "pages", [50.0]),
            Aggregation::top_rows("longest", 2, by_pages),
        ],
    )
    .await;
    assert_eq!(found[..2], [AggregationValue::Count(5), AggregationValue::DistinctCount(3)]);
    assert_eq!(found[2], AggregationValue::Percentiles(vec![Percentile { percent: 50.0, value: Value::Integer(35) }]));
    let AggregationValue::TopRows(rows) = &found[3] else { panic!("no rows") };
    assert_eq!(ids(rows), "c b");
}

#[tokio::test]
async fn of_no_rows_there_is_no_mean_and_the_count_is_zero() {
    let bed = Bed::books().await;
    let of = [
        Aggregation::avg("mean", "pages"),
        Aggregation::max("most", "pages"),
        Aggregation::count("count", "pages"),
        Aggregation::distinct_count("different", "pages"),
    ];
    let found = numbers(&bed, Query::term("state", "lost"), of).await;
    let expected = [
        AggregationValue::Avg(None),
        AggregationValue::Max(None),
        AggregationValue::Count(0),
        AggregationValue::DistinctCount(0),
    ];
    assert_eq!(found, expected);
}

async fn groups(bed: &Bed, query: Query, by: GroupBy) -> Vec<Group> {
    let name = by.name.clone();
    let page: SearchPage = bed.client.send(&search(query).limit(0).group_by(by)).await.unwrap();
    page.group_by(&name).unwrap().groups.clone()
}

fn shown(groups: &[Group]) -> Vec<String> {
    let key = |key: &GroupKey| match key {
        GroupKey::Field(text) => text.to_string(),
        GroupKey::Range { from, to } => format!("{from:?}..{to:?}"),
        GroupKey::Filter => "filter".to_owned(),
        GroupKey::Histogram(value) => format!("{}", value.as_i64().unwrap()),
        GroupKey::DateHistogram(time) => {
            chrono::DateTime::from_timestamp_millis(*time).unwrap().date_naive().to_string()
        }
        other => panic!("no such group was asked for: {other:?}"),
    };
    groups.iter().map(|group| format!("{} {}", key(&group.key), group.row_count)).collect()
}

#[tokio::test]
async fn rows_are_grouped_by_values_ranges_queries_steps_and_distances() {
    let bed = Bed::books().await;
    let groups = async |by| shown(&groups(&bed, Query::all(), by).await);
    assert_eq!(groups(GroupBy::field("by", "state")).await, ["closed 2", "open 2", "withdrawn 1"]);
    assert_eq!(groups(GroupBy::field("by", "tags")).await, ["blue 2", "green 1", "red 1"]);
    assert_eq!(groups(GroupBy::field("by", "tags").size(1)).await, ["blue 2"]);
    let ranges = GroupBy::ranges("by", "pages", [(0.0, 20.0), (20.0, 40.0), (40.0, 100.0)]);
    assert_eq!(
        groups(ranges).await,
        ["Some(0.0)..Some(20.0) 1", "Some(20.0)..Some(40.0) 3", "Some(40.0)..Some(100.0) 1"]
    );
    let ends = GroupBy::ranges("by", "pages", [NumberRange::from(..20.0), (35.0..).into()]);
    assert_eq!(groups(ends).await, ["None..Some(20.0) 1", "Some(35.0)..None 3"]);
    let filters = GroupBy::filters("by", [Query::term("state", "open"), Query::exists("price")]);
    assert_eq!(groups(filters).await, ["filter 2", "filter 4"]);
    let steps = groups(GroupBy::histogram("by", "pages", 10, 0, 60)).await;
    let filled: Vec<_> = steps.iter().filter(|step| !step.ends_with(" 0")).collect();
    assert_eq!(filled, ["10 1", "20 1", "30 2", "50 1"]);
    let months = GroupBy::date_histogram("by", "day", TimeSpan::new(1, TimeUnit::Month));
    assert_eq!(groups(months).await, ["2026-11-01 3", "2026-12-01 1"]);
    let near =
        GroupBy::distances("by", "place", GeoPoint::new(30.25, 120.15), [(0.0, 10_000.0), (10_000.0, 10_000_000.0)]);
    let near = groups(near).await;
    assert_eq!(near, ["Some(0.0)..Some(10000.0) 2", "Some(10000.0)..Some(10000000.0) 2"]);
}

#[tokio::test]
async fn groups_have_numbers_and_groups_of_their_own() {
    let bed = Bed::books().await;
    let by = GroupBy::field("by", "state")
        .aggregation(Aggregation::avg("mean", "pages"))
        .group_by(GroupBy::field("inside", "sold").aggregation(Aggregation::sum("sum", "price")));
    let found = groups(&bed, Query::term("state", "open"), by).await;
    assert_eq!(shown(&found), ["open 2"]);
    assert_eq!(found[0].aggregations[0].value, AggregationValue::Avg(Some(27.5)));
    let inside = &found[0].group_bys[0];
    assert_eq!(
        (inside.name.as_str(), shown(&inside.groups)),
        ("inside", vec!["false 1".to_owned(), "true 1".to_owned()])
    );
    let sums: Vec<_> = inside.groups.iter().map(|group| group.aggregations[0].value.as_f64()).collect();
    assert_eq!(sums, [Some(2.5), Some(1.5)]);
}

#[tokio::test]
async fn groups_come_in_the_order_that_is_asked_for() {
    let bed = Bed::books().await;
    let by_state = || GroupBy::field("by", "state").aggregation(Aggregation::max("most", "pages"));
    let orders = [
        (vec![GroupSorter::key(SortOrder::Desc)], "withdrawn open closed"),
        (vec![GroupSorter::row_count(SortOrder::Asc), GroupSorter::key(SortOrder::Desc)], "withdrawn open closed"),
        (
            vec![GroupSorter::aggregation("most", SortOrder::Desc), GroupSorter::key(SortOrder::Asc)],
            "closed open withdrawn",
        ),
    ];
    for (at, (sorters, expected)) in orders.into_iter().enumerate() {
        let by = sorters.into_iter().fold(by_state(), GroupBy::sort_by);
        let found = groups(&bed, Query::all(), by).await;
        let keys: Vec<_> =
            found.iter().map(|group| if let GroupKey::Field(key) = &group.key { &**key } else { "" }).collect();
        assert_eq!(keys.join(" "), expected, "order {at}");
    }
}
