//! The calls that the search vectors hold.

use campaign_client::Serve;
use campaign_tablestore::search::{
    Aggregation, Analyzer, BoolQuery, ColumnsToGet, FieldSchema, FieldType, GroupBy, IndexSchema, IndexSetting, Query,
    RangeQuery, ReturnType, Sort, SortOrder, Sorter, VectorDataType, VectorMetric, VectorOptions,
};
use campaign_tablestore::{
    ComputeSplits, CreateSearchIndex, DeleteSearchIndex, DescribeSearchIndex, ListSearchIndex, ParallelScan, Search,
    TableStore,
};
use serde_json::Value;

use crate::bytes;

/// What takes a call of any operation.
pub(crate) trait Check {
    fn call<O: Serve<Service = TableStore>>(&self, operation: &O);
}

/// Gives the call of a vector to `check`; false if the vector holds none of these.
pub(crate) fn call(vector: &Value, check: &impl Check) -> bool {
    let search = |query: Query| Search::new("submissions", "idx", query);
    let total = |on| {
        let mut search = search(Query::all());
        search.search_query.get_total_count = Some(on);
        search
    };
    match vector["name"].as_str().unwrap() {
        "create_search_index" => check.call(&create()),
        "list_search_index" => check.call(&ListSearchIndex::of("submissions")),
        "describe_search_index" => check.call(&DescribeSearchIndex::new("submissions", "idx")),
        "delete_search_index" => check.call(&DeleteSearchIndex::new("submissions", "idx")),
        "search_bool_sort_total" => check.call(&all_of_bool()),
        "search_match_all_token" => {
            let token = bytes(vector["input"]["token_hex"].as_str().unwrap());
            let all = ColumnsToGet::of(ReturnType::All);
            check.call(&total(false).limit(100).token(token).columns_to_get(all));
        }
        "search_aggs_group_by" => check.call(
            &total(false)
                .limit(0)
                .aggregation(Aggregation::max("mx", "n").missing(0))
                .aggregation(Aggregation::count("cnt", "id"))
                .group_by(GroupBy::field("g", "id").size(10)),
        ),
        "compute_splits" => check.call(&ComputeSplits::new("submissions", "idx")),
        "parallel_scan" => check.call(
            &ParallelScan::new("submissions", "idx", Query::all())
                .session_id("sess-1")
                .columns_to_get(ColumnsToGet::of(ReturnType::AllFromIndex))
                .limit(1000)
                .alive_time(60)
                .part(0, 2),
        ),
        _ => return false,
    }
    true
}

fn create() -> CreateSearchIndex {
    let words = Analyzer::SingleWord { case_sensitive: Some(true), delimit_word: Some(true) };
    let vector = VectorOptions {
        data_type: Some(VectorDataType::Float32),
        dimension: Some(4),
        metric_type: Some(VectorMetric::Cosine),
    };
    let mut nested = FieldSchema::nested("nest", [FieldSchema::new("a", FieldType::Keyword)]);
    nested.index = None;
    let mut embedding = FieldSchema::new("vec", FieldType::Vector).vector_options(vector);
    embedding.index = None;
    let schema = IndexSchema {
        fields: vec![
            FieldSchema::new("id", FieldType::Keyword).sort_and_agg(true).store(true),
            FieldSchema::new("n", FieldType::Long).sort_and_agg(true).store(true),
            FieldSchema::new("t", FieldType::Text).analyzer(&words),
            FieldSchema::new("geo", FieldType::GeoPoint),
            nested,
            FieldSchema::new("when", FieldType::Date).date_format("yyyy-MM-dd'T'HH:mm:ss.SSSSSS"),
            embedding,
        ],
        index_setting: Some(IndexSetting {
            number_of_shards: Some(1),
            routing_fields: vec!["id".to_owned()],
            ..IndexSetting::default()
        }),
        index_sort: Some(Sort::from_iter([Sorter::descending("n")])),
    };
    CreateSearchIndex::new("submissions", "idx", schema).time_to_live(94_608_000)
}

fn all_of_bool() -> Search {
    let query = BoolQuery::new()
        .must(Query::term("id", "sub-1"))
        .must(RangeQuery::new("n").from(1).below(100))
        .must_not(Query::exists("gone"))
        .should(Query::words("t", "hello 世界"))
        .should(Query::prefix("id", "su"))
        .minimum_should_match(1);
    Search::new("submissions", "idx", query)
        .columns_to_get(ColumnsToGet::named(["n", "t"]))
        .sort_by([Sorter::ascending("n"), Sorter::primary_key(SortOrder::Desc)])
        .offset(10)
        .limit(20)
        .count_hits()
}
