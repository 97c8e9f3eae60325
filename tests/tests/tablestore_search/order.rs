//! What a page holds: its order, its part of the rows, their columns, what is told with them.

use campaign_tablestore::search::{
    ColumnsToGet, FieldSort, FunctionScoreQuery, GeoDistanceSort, GeoPoint, Highlight, HighlightEncoder,
    HighlightParameter, Query, RangeQuery, ReturnType, SortMode, SortOrder, Sorter,
};
use campaign_tablestore::{Row, Search, search::SearchPage};

use crate::bed::{Bed, INDEX, TABLE, ids, search};

#[tokio::test]
async fn rows_come_in_the_order_that_is_asked_for() {
    let bed = Bed::books().await;
    let near = GeoDistanceSort::new("place", [GeoPoint::new(30.25, 120.15)], SortOrder::Asc);
    let orders: [(&str, Vec<Sorter>, &str); 9] = [
        ("up, rows without a value last, equal ones by their keys", vec![Sorter::ascending("pages")], "d a b e c f"),
        ("down, rows without a value last too", vec![Sorter::descending("pages")], "c b e a d f"),
        (
            "rows without a value first",
            vec![FieldSort::new("price", SortOrder::Asc).missing_value("_first").into()],
            "c f a b e d",
        ),
        (
            "rows without a value as one with this value",
            vec![FieldSort::new("price", SortOrder::Asc).missing_value(3.0).into()],
            "a b e c f d",
        ),
        ("by a text as a whole", vec![Sorter::descending("state"), Sorter::ascending("pages")], "e a b d c f"),
        ("by two fields", vec![Sorter::ascending("state"), Sorter::descending("pages")], "c d b a e f"),
        ("by keys, the last first", vec![Sorter::primary_key(SortOrder::Desc)], "f e d c b a"),
        ("by distance", vec![near.into()], "a e b c d f"),
        (
            "by the least of the rows inside",
            vec![FieldSort::new("parts.size", SortOrder::Asc).mode(SortMode::Min).into()],
            "a c b d e f",
        ),
    ];
    for (what, sorters, expected) in orders {
        assert_eq!(bed.page(search(Query::all()).sort_by(sorters)).await, expected, "{what}");
    }
    let by_pages = FunctionScoreQuery::new(Query::exists("pages"), "pages");
    assert_eq!(bed.page(search(by_pages).sort_by([Sorter::score()])).await, "c b e a d", "the best first");
}

#[tokio::test]
async fn a_page_is_as_long_as_asked_and_the_next_goes_on_behind_it() {
    let bed = Bed::books().await;
    let by_pages = || search(Query::all()).sort_by([Sorter::ascending("pages")]).limit(4);
    let first = bed.client.send(&by_pages().count_hits()).await.unwrap();
    assert_eq!((ids(&first.rows().unwrap()).as_str(), first.total_hits, first.row_count()), ("d a b e", Some(6), 4));
    assert!(first.is_all_succeeded && first.hits.len() == 4);
    let next = search(Query::all()).limit(4).token(first.next_token.unwrap());
    let last = bed.client.send(&next).await.unwrap();
    assert_eq!((ids(&last.rows().unwrap()).as_str(), last.total_hits), ("c f", None), "nobody asked to count");
    assert_eq!(last.next_token, None);
    assert_eq!(bed.page(by_pages().offset(1).limit(2)).await, "a b");
    assert_eq!(bed.page(by_pages().offset(5)).await, "f");
    assert_eq!(bed.page(by_pages().offset(100)).await, "");
    let none = bed.client.send(&by_pages().limit(0).count_hits()).await.unwrap();
    assert_eq!((none.total_hits, none.row_count(), none.next_token), (Some(6), 0, None));
    let empty = bed.client.send(&search(Query::term("state", "lost")).count_hits()).await.unwrap();
    assert_eq!((empty.total_hits, empty.row_count()), (Some(0), 0));
}

#[tokio::test]
async fn collapse_keeps_the_first_row_of_each_value() {
    let bed = Bed::books().await;
    let collapsed =
        search(Query::exists("state")).sort_by([Sorter::descending("pages")]).collapse("state").count_hits();
    let page = bed.client.send(&collapsed).await.unwrap();
    assert_eq!((ids(&page.rows().unwrap()).as_str(), page.total_hits), ("c b e", Some(5)));
}

async fn first(bed: &Bed, columns: Option<ColumnsToGet>) -> Row {
    let mut search = Search::new(TABLE, INDEX, Query::term("pages", 20));
    search.columns_to_get = columns;
    let page: SearchPage = bed.client.send(&search).await.unwrap();
    let rows = page.rows().unwrap();
    assert_eq!(ids(&rows), "a");
    rows.into_iter().next().unwrap()
}

#[tokio::test]
async fn a_row_has_the_columns_that_are_asked_for() {
    let bed = Bed::books().await;
    let names = |row: Row| row.columns.iter().map(|column| column.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(first(&bed, None).await), [""; 0]);
    assert_eq!(names(first(&bed, Some(ColumnsToGet::of(ReturnType::None))).await), [""; 0]);
    assert_eq!(names(first(&bed, Some(ColumnsToGet::named(["state", "nothing", "pages"]))).await), ["pages", "state"]);
    let all = first(&bed, Some(ColumnsToGet::of(ReturnType::All))).await;
    assert_eq!(all.columns.len(), 11);
    assert_eq!(all.get("title").and_then(|title| title.as_str()), Some("Summer night by the sea"));
    let indexed = first(&bed, Some(ColumnsToGet::of(ReturnType::AllFromIndex))).await;
    assert_eq!(indexed.get("price").and_then(|price| price.as_f64()), Some(1.5));
    let nothing = search(Query::all()).offset(5).columns_to_get(ColumnsToGet::of(ReturnType::AllFromIndex));
    let page = bed.client.send(&nothing).await.unwrap();
    assert!(page.rows().unwrap()[0].columns.is_empty(), "a column that is not in the index does not come from it");
}

#[tokio::test]
async fn words_that_were_found_stand_between_tags() {
    let bed = Bed::books().await;
    let parameter =
        HighlightParameter::new("title").pre_tag("<b>").post_tag("</b>").number_of_fragments(1).fragment_size(100);
    let highlight = Highlight::from_iter([parameter]).encoder(HighlightEncoder::Plain);
    let sea = search(Query::words("title", "winter night")).sort_by([Sorter::ascending("pages")]).highlight(highlight);
    let page = bed.client.send(&sea).await.unwrap();
    assert_eq!(ids(&page.rows().unwrap()), "d a b c");
    let shown = page.hits.iter().map(|hit| (hit.highlight[0].field.as_str(), &*hit.highlight[0].fragments[0]));
    let expected = [
        "夏の海 at <b>night</b>",
        "Summer <b>night</b> by the sea",
        "The sea, a summer and the <b>night</b>",
        "<b>Winter</b> sea",
    ];
    assert_eq!(shown.collect::<Vec<_>>(), expected.map(|text| ("title", text)));
}

#[tokio::test]
async fn a_filter_after_the_query_hides_rows_and_leaves_the_numbers() {
    use campaign_tablestore::search::{Aggregation, AggregationValue};
    let bed = Bed::books().await;
    let filtered = search(Query::exists("pages")).aggregation(Aggregation::max("most", "pages"));
    let filtered = filtered.filter(RangeQuery::new("pages").below(20));
    let page = bed.client.send(&filtered).await.unwrap();
    assert_eq!(ids(&page.rows().unwrap()), "d");
    assert_eq!(page.aggregation("most").unwrap().value, AggregationValue::Max(Some(50.0)));
}
