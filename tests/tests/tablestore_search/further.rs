//! Nearest vectors, scores by functions, rows inside fields told with the hit, grids and groups of several fields.

use campaign_tablestore::search::{
    DecayFunction, DecayParam, DecayPlaces, DecayShape, FieldSort, FieldValueFunction, FunctionsScoreQuery, GeoPoint,
    GroupBy, GroupByResult, GroupKey, InnerHits, KnnVectorQuery, NestedFilter, NestedQuery, Query, ScoreFunction,
    SortOrder, Sorter, TimeSpan, TimeUnit,
};

use crate::bed::{Bed, ids, search};

async fn best(bed: &Bed, query: impl Into<Query>) -> String {
    bed.page(search(query).sort_by([Sorter::score()])).await
}

#[tokio::test]
async fn the_nearest_vectors_are_found_the_nearest_first() {
    let bed = Bed::books().await;
    let near = |count| KnnVectorQuery::new("form", count, [1.0, 0.0]);
    // Each part of an index gives so many, so that there may be more.
    assert_eq!(bed.page(search(near(2)).sort_by([Sorter::score()]).limit(2)).await, "a b");
    assert_eq!(best(&bed, near(10)).await, "a b c");
    assert_eq!(best(&bed, near(1).filter(Query::term("state", "closed"))).await, "c");
}

#[tokio::test]
async fn functions_change_the_scores() {
    let bed = Bed::books().await;
    let with = |function| FunctionsScoreQuery::new(Query::exists("pages"), [function]);
    let pages = FieldValueFunction { field: "pages".to_owned(), factor: Some(2.0), modifier: None, missing: Some(0.0) };
    let by_pages = ScoreFunction { field_value_factor: Some(pages), ..ScoreFunction::default() };
    assert_eq!(best(&bed, with(by_pages)).await, "c b e a d");
    let closed =
        ScoreFunction { weight: Some(10.0), filter: Some(Query::term("state", "closed")), ..ScoreFunction::default() };
    assert_eq!(best(&bed, with(closed)).await, "c d a b e");
    let near = DecayPlaces { origin: Some(GeoPoint::new(30.25, 120.15)), scale: Some(100_000.0), offset: None };
    let near = DecayFunction::new("place", DecayShape::Gauss, &DecayParam::Place(near));
    let near = ScoreFunction { decay: Some(near), ..ScoreFunction::default() };
    assert_eq!(best(&bed, FunctionsScoreQuery::new(Query::exists("place"), [near])).await, "a e b c");
}

#[tokio::test]
async fn rows_inside_a_field_are_told_with_the_hit_and_sort_it() {
    let bed = Bed::books().await;
    let fives = NestedQuery::new("parts", Query::term("parts.size", 5)).inner_hits(InnerHits::new().limit(3));
    let page = bed.client.send(&search(fives).sort_by([Sorter::primary_key(SortOrder::Asc)])).await.unwrap();
    assert_eq!(ids(&page.rows().unwrap()), "a b");
    let told = page.hits.iter().map(|hit| {
        let inner = &hit.inner_hits[0];
        (inner.path.as_str(), inner.hits.iter().map(|hit| hit.nested_doc_offset.unwrap()).collect::<Vec<_>>())
    });
    assert_eq!(told.collect::<Vec<_>>(), [("parts", vec![1]), ("parts", vec![0])]);
    let of_y = FieldSort::new("parts.size", SortOrder::Asc)
        .nested_filter(NestedFilter::new("parts", Query::term("parts.name", "y")));
    assert_eq!(bed.page(search(Query::exists("parts")).sort_by([of_y])).await, "c a b");
}

async fn grouped(bed: &Bed, by: GroupBy) -> GroupByResult {
    let page = bed.client.send(&search(Query::all()).limit(0).group_by(by)).await.unwrap();
    page.group_bys.into_iter().next().unwrap()
}

#[tokio::test]
async fn places_are_grouped_by_a_grid_and_times_in_a_zone() {
    let bed = Bed::books().await;
    let squares = grouped(&bed, GroupBy::geo_grid("by", "place", 3)).await.groups;
    let shown = squares.iter().map(|group| match &group.key {
        GroupKey::GeoGrid(hash, Some(_)) => format!("{hash} {}", group.row_count),
        other => panic!("no square: {other:?}"),
    });
    assert_eq!(shown.collect::<Vec<_>>(), ["wtm 2", "wtw 1", "wx4 1"]);
    let months = GroupBy::date_histogram("by", "day", TimeSpan::new(1, TimeUnit::Month)).time_zone("+08:00");
    let begins: Vec<_> =
        grouped(&bed, months).await.groups.into_iter().map(|group| (group.key, group.row_count)).collect();
    // The first of the month in China is still the last of the one before in UTC.
    let hours = |day: i64| GroupKey::DateHistogram((day * 24 - 8) * 3_600_000);
    assert_eq!(begins, [(hours(20_758), 3), (hours(20_788), 1)]);
}

#[tokio::test]
async fn groups_of_several_fields_come_page_by_page() {
    let bed = Bed::books().await;
    let by = |size| {
        let sources = [GroupBy::field("state", "state"), GroupBy::field("sold", "sold")];
        GroupBy::composite("by", sources).size(size)
    };
    let whole = grouped(&bed, by(100)).await;
    assert_eq!((whole.source_names.join(" ").as_str(), &whole.next_token), ("state sold", &None));
    let shown = |groups: &[campaign_tablestore::search::Group]| -> Vec<String> {
        let text = |keys: &[Option<campaign_tablestore::search::Text>]| {
            keys.iter().map(|key| key.as_deref().unwrap_or("-").to_owned()).collect::<Vec<_>>().join(" ")
        };
        let one = |group: &campaign_tablestore::search::Group| match &group.key {
            GroupKey::Composite(keys) => format!("{} {}", text(keys), group.row_count),
            other => panic!("no combination: {other:?}"),
        };
        groups.iter().map(one).collect()
    };
    let all = shown(&whole.groups);
    for expected in ["open true 1", "open false 1", "closed true 1", "withdrawn false 1"] {
        assert!(all.iter().any(|group| group == expected), "{all:?}");
    }
    let (mut found, mut next) = (Vec::new(), by(2));
    loop {
        let page = grouped(&bed, next).await;
        assert!(page.groups.len() <= 2);
        found.extend(shown(&page.groups));
        let Some(token) = page.next_token else { break };
        next = by(2).token(token);
    }
    assert_eq!(found, all);
}
